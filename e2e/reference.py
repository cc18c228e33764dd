#!/usr/bin/env python3
"""The reference pages say what the binary says: its help, its OpenAPI document, its metric catalogue.

    e2e/reference.py --binary target/debug/pomona            compares, and fails where a page is behind
    e2e/reference.py --binary target/debug/pomona --write    brings the pages up to date
"""

from __future__ import annotations

import argparse
import json
import re
import tempfile
import tomllib
from pathlib import Path

from pomona import Binary, Checks, Client

ROOT = Path(__file__).resolve().parent.parent
PAGES = ROOT / "docs/reference"
CATALOGUE = ROOT / "crates/engine/definitions/metrics"
NOTE = "<!-- Written by e2e/reference.py --write; change what it is made from instead. -->\n\n"


def command_line(checks: Checks, binary: Binary) -> str:
    """`--help` of the binary and of every command below it; a command that does something shows an example."""
    text = "# The command line\n\n" + NOTE
    text += "Exit codes: 0 done, 1 failed, 2 not understood. Settings may also come from the environment where the help says so.\n"
    waiting = [[]]
    while waiting:
        command = waiting.pop(0)
        done = binary.run(*command, "--help")
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(command)} --help: {done.stderr}")
        text += f"\n## `{' '.join(['pomona', *command])}`\n\n```text\n{plain(done.stdout)}\n```\n"
        below = subcommands(done.stdout)
        checks.that(f"{' '.join(['pomona', *command])} shows an example", bool(below) or "Example" in done.stdout)
        waiting += [[*command, name] for name in below]
    return text


def plain(help_text: str) -> str:
    return "\n".join(line.rstrip() for line in help_text.strip().splitlines())


def subcommands(help_text: str) -> list[str]:
    listed = re.search(r"^Commands:\n((?:  .*\n|\n)+)", help_text, re.MULTILINE)
    names = re.findall(r"^  ([a-z][a-z-]*)", listed.group(1), re.MULTILINE) if listed else []
    return [name for name in names if name != "help"]


def http_interface(binary: Binary) -> str:
    """A line for each operation of the OpenAPI document."""
    ready = binary.demo(20)
    try:
        status, _, body = Client(ready["url"]).request("GET", "/api/openapi.json")
    finally:
        binary.stop()
    if status != 200:
        raise RuntimeError(f"/api/openapi.json answered {status}")
    document = json.loads(body)
    text = "# The HTTP interface\n\n" + NOTE
    text += "The whole of it, with schemas, is the OpenAPI document that the server gives at `/api/openapi.json` and shows at `/api`.\n"
    text += "\n| | address | what it does |\n|---|---|---|\n"
    for path, operations in sorted(document["paths"].items()):
        for method, operation in operations.items():
            if isinstance(operation, dict) and "responses" in operation:
                said = operation.get("summary") or operation.get("description") or ""
                text += f"| {method.upper()} | `{path}` | {said.strip().splitlines()[0] if said.strip() else ''} |\n"
    return text


def metric_catalogue() -> str:
    text = "# Metrics\n\n" + NOTE
    text += "The catalogue that comes with Pomona. An age of 0 days is the day itself; *as of* a day includes the whole of it.\n"
    for path in sorted(CATALOGUE.glob("*.toml")):
        metrics = tomllib.loads(path.read_text())["metric"]
        text += f"\n## {path.stem.capitalize()}\n\n| metric | unit | better | means |\n|---|---|---|---|\n"
        for metric in metrics:
            means = f"**{metric['name']}.** {' '.join(metric['doc'].split())}".replace("|", "\\|")
            text += f"| `{metric['key']}` | {metric['unit']} | {metric.get('better', '')} | {means} |\n"
    return text


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", required=True)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    checks = Checks("the reference pages are current")
    with tempfile.TemporaryDirectory(prefix="pomona-reference-") as folder:
        binary = Binary(options.binary, Path(folder) / "home")
        pages = {
            "cli.md": command_line(checks, binary),
            "http.md": http_interface(binary),
            "metrics.md": metric_catalogue(),
        }
    for name, text in pages.items():
        path = PAGES / name
        if options.write:
            path.write_text(text)
        current = path.read_text() if path.exists() else ""
        checks.that(name, current == text, "" if current == text else "is behind; run e2e/reference.py --write")
    checks.finish()


if __name__ == "__main__":
    main()
