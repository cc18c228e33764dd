#!/usr/bin/env python3
"""Bombs, garbage and cancelled imports: memory stays bounded, refusals are quick and say where, a re-run is exact.

A running server is sent gzip bombs, workbooks that become far more than they are, a table with far too many columns, a cell that
does not end and mixed encodings, while its highest memory is watched. Then a large CSV of accounts is imported by the command line and killed at random points; the
import is run once more to its end, and there are exactly as many accounts as rows, each once. What it takes at once is printed.

    e2e/imports.py --binary target/debug/pomona --rows 1000000 --cancels 10
    e2e/imports.py --binary target/debug/pomona --mutant trust-compressed-size

With `--mutant` bodies are measured as they were sent (debug builds only), and the check succeeds only if it goes red.
"""

from __future__ import annotations

import argparse
import gzip
import io
import os
import random
import subprocess
import tempfile
import time
import zipfile
from pathlib import Path

from pomona import Binary, Checks, Client, write_key_header

MEMORY_MIB = 512
REFUSED_WITHIN = 5.0


def bomb(mib: int, fill: bytes = b" ") -> bytes:
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", compresslevel=9) as stream:
        for _ in range(mib):
            stream.write(fill * (1 << 20))
    return packed.getvalue()


def workbook(shared: bytes, rows: bytes, times: int = 1) -> bytes:
    """A workbook of one sheet; what it shares and its rows are XML, the rows so many times."""
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    links = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    sheet = b"<worksheet><sheetData>" + rows * times + b"</sheetData></worksheet>"
    parts = {
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{links}"><sheets><sheet name="S" sheetId="1" r:id="rId1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships><Relationship Id="rId1" Type="{links}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
        "xl/sharedStrings.xml": b"<sst>" + shared + b"</sst>",
        "xl/worksheets/sheet1.xml": sheet,
    }
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return packed.getvalue()


def peak_mib(pid: int) -> float:
    """The highest resident memory of a process so far."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("the kernel tells no VmHWM")


def bombs(checks: Checks, binary: Binary, mutant: str | None) -> bool:
    """Sends what should not be sent; returns whether a bomb was let through."""
    ready = binary.demo(20)
    events = write_key_header(ready["write_key"])
    files = {"authorization": f"Bearer {ready['api_token']}", "content-type": "text/csv"}
    before = peak_mib(binary.process.pid)
    wide = ",".join(f"c{n}" for n in range(100_000)).encode() + b"\n" + b",".join([b"x"] * 100_000) + b"\n"
    endless = b'id,name\nbomb-1,"' + b"x" * (48 << 20)
    mixed = "id,name\nmixed-1,Zo\u00eb\n".encode() + "mixed-2,Zo\u00eb\n".encode("latin-1")
    shared = workbook(b"<si><t>" + b"x" * 32_000 + b"</t></si>", b'<row><c t="s"><v>0</v></c></row>', 1_000_000)
    far = workbook(b"", b'<row><c r="XFD1"><v>1</v></c></row>', 1_000_000)
    sent = [
        ("a bomb among events", "/v1/batch", bomb(400), events, {413}),
        ("a bomb inside a bomb", "/v1/batch", gzip.compress(bomb(400)), events, {400, 413}),
        ("a bomb as a file", "/api/v1/imports/accounts", bomb(400), {**files, "content-encoding": "gzip"}, {400, 413}),
        ("100,000 columns", "/api/v1/imports/accounts", wide, files, {200, 400, 413, 422}),
        ("a cell that does not end", "/api/v1/imports/accounts", endless, files, {200, 400, 413, 422}),
        ("mixed encodings", "/api/v1/imports/accounts", mixed, files, {200, 400, 422}),
        ("a workbook that is a bomb", "/api/v1/imports/accounts", workbook(b"", b" " * (400 << 20)), files, {400, 413, 422}),
        ("a workbook of six million texts", "/api/v1/imports/accounts", workbook(b"<si><t/></si>" * 6_000_000, b""), files, {400, 413, 422}),
        ("a text that a million cells share", "/api/v1/imports/accounts", shared, files, {400, 413, 422}),
        ("a cell far to the right, in every row", "/api/v1/imports/accounts", far, files, {400, 413, 422}),
    ]
    let_through = False
    for name, path, body, headers, allowed in sent[:1] if mutant else sent:
        begun = time.monotonic()
        status, _, answer = Client(ready["url"], timeout=60).request("POST", path, body, headers)
        took = time.monotonic() - begun
        let_through |= status not in allowed
        if mutant is None:
            checks.that(f"{name}: refused or taken in words", status in allowed and len(answer) > 0, f"{status} in {took:.2f} s")
            # What is taken may take its time; what is refused is refused at once.
            if status >= 400:
                checks.that(f"{name}: refused quickly", took <= REFUSED_WITHIN, f"{took:.2f} s")
    peak = peak_mib(binary.process.pid)
    let_through |= peak > MEMORY_MIB
    if mutant is None:
        checks.that(f"memory stayed below {MEMORY_MIB} MiB", peak <= MEMORY_MIB, f"{before:.0f} MiB before, {peak:.0f} MiB at most")
        checks.equal("and the server still takes facts", Client(ready["url"]).request("POST", "/v1/batch", b'{"batch":[]}', events)[0], 200)
    binary.stop()
    return let_through


def cancelled(checks: Checks, binary: Binary, options: argparse.Namespace) -> None:
    """Kills an import at random points, runs it again, and counts."""
    table = binary.home.parent / "accounts.csv"
    with open(table, "w", encoding="utf-8") as out:
        out.write("id,name,mrr,currency\n")
        for row in range(options.rows):
            out.write(f"cancelled-{row},Cancelled {row},{row % 900}.50,EUR\n")
    command = [binary.path, "import", "csv", "accounts", str(table), "--home"]
    begun = time.monotonic()
    done = subprocess.run([*command, str(binary.home.parent / "at-once")], capture_output=True, text=True)
    took = time.monotonic() - begun
    checks.that("the import at once ends well", done.returncode == 0, (done.stdout + done.stderr).strip()[-200:])
    print(f"{options.rows} rows at once in {took:.1f} s, {options.rows / took:,.0f} rows/s")
    command.append(str(binary.home))
    chance, killed, counts = random.Random(options.seed), 0, []
    for number in range(options.cancels):
        running = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            running.wait(chance.uniform(0.5, 3.0 + options.rows / 50_000))
        except subprocess.TimeoutExpired:
            killed += 1
            running.kill() if number == 0 else running.terminate()
            running.wait()
        counts.append(count(binary))
    checks.that("imports were cancelled", killed > 0, f"{killed} of {options.cancels}")
    checks.that("what was confirmed stayed", counts == sorted(counts) and all(each <= options.rows for each in counts), counts)
    done = subprocess.run(command, capture_output=True, text=True)
    checks.that("the import run again ends well", done.returncode == 0, (done.stdout + done.stderr).strip()[-200:])
    named = binary.query("select count(*) as rows, count(distinct external_id) as ids from account where external_id like 'cancelled-%'")[0]
    checks.equal("every row is there, once", (named["rows"], named["ids"]), (options.rows, options.rows))


def count(binary: Binary) -> int:
    return binary.query("select count(*) as n from account where external_id like 'cancelled-%'")[0]["n"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", required=True)
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--cancels", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--mutant", help="a planted fault that this check has to catch")
    options = parser.parse_args()
    checks = Checks(f"bombs, and {options.rows} rows cancelled {options.cancels} times, mutant {options.mutant or 'none'}")
    if not os.path.exists("/proc/self/status"):
        checks.skip("everything", "memory is watched through /proc, which this system does not have")
        checks.finish()
    with tempfile.TemporaryDirectory(prefix="pomona-imports-") as folder:
        binary = Binary(options.binary, Path(folder) / "home")
        if options.mutant:
            plain = binary.path
            wrapper = Path(folder) / "mutant"
            wrapper.write_text(f'#!/bin/sh\nexec {plain} "$@" --mutant {options.mutant}\n')
            wrapper.chmod(0o755)
            binary.path = str(wrapper)
            checks.that(f"the mutant `{options.mutant}` is caught", bombs(checks, binary, options.mutant))
            checks.finish()
        bombs(checks, binary, None)
        cancelled(checks, binary, options)
    checks.finish()


if __name__ == "__main__":
    main()
