#!/usr/bin/env python3
"""The tests of what is acknowledged, at full size, each with the planted fault it has to catch, by one command.

    sudo e2e/durability.py --binary target/debug/pomona

Full size takes hours: 500 kills, 200 power cuts, 200 failing disks, a million rows cancelled ten times. `--scale 0.1`
takes a tenth of everything. Without root, checks that need a file system of their own say SKIPPED by themselves.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent

# The check, its full size, and the fault it has to catch, which is found early or not at all.
CHECKS = [
    ("crash.py", {"--kills": 500}, {"--kills": 20, "--mutant": "ack-before-commit"}),
    ("power_cut.py", {"--cuts": 200}, {"--cuts": 5, "--mutant": "sync-normal"}),
    ("disk_full.py", {"--faults": 200}, {"--mutant": "swallow-errors"}),
    ("imports.py", {"--rows": 1_000_000, "--cancels": 10}, {"--mutant": "trust-compressed-size"}),
]


def closing_line(text: str) -> list[int]:
    """The numbers of `12 passed, 0 failed, 1 skipped`; one failure where a check did not come that far."""
    for line in reversed(text.splitlines()):
        words = line.replace(",", "").split()
        if words[1::2] == ["passed", "failed", "skipped"]:
            return [int(word) for word in words[::2]]
    return [0, 1, 0]


def run(script: str, binary: str, arguments: dict[str, object]) -> list[int]:
    words = [str(word) for pair in arguments.items() for word in pair]
    print(f"\n━━ {script} {' '.join(words)}", flush=True)
    begun = time.monotonic()
    command = [sys.executable, str(HERE / script), "--binary", binary, *words]
    done = subprocess.run(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    print(done.stdout, end="")
    print(f"{script}: {time.monotonic() - begun:.0f} s", flush=True)
    return closing_line(done.stdout)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", required=True, help="a debug build: a release build has no planted faults")
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--only", choices=[script for script, *_ in CHECKS])
    options = parser.parse_args()
    totals = [0, 0, 0]
    for script, full, mutant in CHECKS:
        if options.only in (None, script):
            size = {name: max(int(count * options.scale), 1) for name, count in full.items()}
            for numbers in (run(script, options.binary, size), run(script, options.binary, mutant)):
                totals = [a + b for a, b in zip(totals, numbers)]
    print("\n{} passed, {} failed, {} skipped".format(*totals), flush=True)
    sys.exit(1 if totals[1] else 0)


if __name__ == "__main__":
    main()
