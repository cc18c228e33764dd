#!/usr/bin/env python3
"""Feeds the binary what it must not choke on: each fault gets one clear sentence and an exit code or a 4xx status.

Never a panic, never a status of 500 or more, and nothing that was stored before is gone afterwards.

    e2e/bad_input.py --binary target/debug/pomona [--csv ../shared/reference/csv]
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path

from pomona import Binary, Checks, Client, write_key_header

BOMB_BYTES = 200_000_000
UNPRIVILEGED = 65534
AS_SOMEBODY_ELSE = (
    "import os, sys\n"
    "binary = os.open(sys.argv[1], os.O_RDONLY)\n"
    f"os.setgroups([]); os.setgid({UNPRIVILEGED}); os.setuid({UNPRIVILEGED})\n"
    "os.execve(binary, sys.argv[1:], {'HOME': '/nonexistent'})\n"
)


def sentence(checks: Checks, name: str, done: subprocess.CompletedProcess[str], code: int, *words: str) -> None:
    """The command failed with this code, and said so in few lines with these words."""
    said = done.stderr.strip()
    checks.equal(f"{name}: exit code", done.returncode, code)
    clear = 0 < len(said.splitlines()) <= 12 and "panicked" not in said and all(word in said for word in words)
    checks.that(f"{name}: says so", clear, said[:300].replace("\n", " / "))


def usage(checks: Checks, binary: Binary) -> None:
    sentence(checks, "an unknown command", binary.run("prune"), 2, "prune")
    sentence(checks, "an unknown flag", binary.run("serve", "--hoem", "x"), 2, "--hoem")
    sentence(checks, "an address that is none", binary.run("serve", "--listen", "here"), 2, "here")


def port_in_use(checks: Checks, binary: Binary) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = binary.run("serve", "--home", str(binary.home), "--listen", f"127.0.0.1:{port}", timeout=60)
    sentence(checks, "a port in use", done, 1, port)


def home_not_writable(checks: Checks, binary: Binary, folder: Path) -> None:
    blocked = folder / "a-file"
    blocked.write_text("not a folder\n")
    done = binary.run("serve", "--home", str(blocked / "home"), "--listen", "127.0.0.1:0", timeout=60)
    sentence(checks, "a home below a file", done, 1, str(blocked))

    closed = folder / "closed"
    closed.mkdir(mode=0o500)
    arguments = [binary.path, "serve", "--home", str(closed / "home"), "--listen", "127.0.0.1:0"]
    if os.geteuid() == 0:
        folder.chmod(0o755)
        arguments = [sys.executable, "-c", AS_SOMEBODY_ELSE, *arguments]
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)
    sentence(checks, "a home that is not writable", done, 1, str(closed))


def home_in_use(checks: Checks, binary: Binary) -> None:
    """A second server of a home that is served is refused; commands that only ask go on beside the first."""
    for command in (["serve"], ["demo", "--accounts", "3"]):
        done = binary.run(*command, "--home", str(binary.home), "--listen", "127.0.0.1:0", timeout=60)
        named = f"(process {binary.process.pid})"
        sentence(checks, f"a second `{command[0]}` of a home", done, 1, named, str(binary.home))
    rows = binary.query("select count(*) as n from account")
    checks.that("a home that is served answers queries", rows[0]["n"] > 0, rows)


def home_after_a_kill(checks: Checks, binary: Binary) -> None:
    """A server that was killed leaves no claim on its home."""
    binary.kill()
    ready = binary.serve()
    checks.that("a home whose server was killed is served again", ready["url"].startswith("http://"), ready)


def no_home(checks: Checks, binary: Binary, folder: Path) -> None:
    """A command that only reads says that there is no home, and makes none."""
    missing = folder / "nowhere"
    for command in (["snapshot"], ["query", "select 1"], ["revenue"], ["forecast"], ["clv", "fit", "--model", "bg-nbd"], ["config", "validate"]):
        done = binary.run(*command, "--home", str(missing), timeout=60)
        sentence(checks, f"`{' '.join(command)}` without a home", done, 1, str(missing))
        checks.equal(f"`{' '.join(command)}` makes no home", missing.exists(), False)


def demo_in_a_filled_home(checks: Checks, binary: Binary, folder: Path) -> None:
    """A home that somebody filled is no place for a demo, whether anybody can sign in or not."""
    table, home = folder / "one.csv", folder / "filled"
    table.write_text("account_id,name\nacme,Acme\n")
    done = binary.run("import", "csv", "accounts", str(table), "--home", str(home), timeout=60)
    checks.equal("a file of accounts founds a home", done.returncode, 0)
    done = binary.run("demo", "--accounts", "3", "--home", str(home), "--listen", "127.0.0.1:0", timeout=60)
    sentence(checks, "a demo in a filled home", done, 1, str(home), "choose an empty folder", "pomona serve")


def newer_database(checks: Checks, binary: Binary) -> None:
    """A database that a later release has migrated: refused, and not one byte of it changed."""
    path = binary.database()
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        names = [name for (name,) in connection.execute("select name from sqlite_master where type = 'table'")]
        table = next(name for name in names if "migration" in name)
        columns = [row[1] for row in connection.execute(f"pragma table_info({table})")]
        last = connection.execute(f"select * from {table} order by 1 desc limit 1").fetchone()
        later = [later_value(value) if place == 0 else value for place, value in enumerate(last)]
        connection.execute(f"insert into {table} values ({','.join('?' * len(columns))})", later)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("pragma wal_checkpoint(truncate)")
    before = hashlib.sha256(path.read_bytes()).hexdigest()
    done = binary.run("serve", "--home", str(binary.home), "--listen", "127.0.0.1:0", timeout=60)
    sentence(checks, "a database newer than the binary", done, 1, "newer")
    checks.equal("a newer database is left alone", hashlib.sha256(path.read_bytes()).hexdigest() == before, True)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(f"delete from {table} where {columns[0]} = ?", (later[0],))


def later_value(value: object) -> object:
    return value + 1_000_000 if isinstance(value, int) else f"m99999999_999999_{value}"


def definitions(checks: Checks, binary: Binary) -> None:
    """A scorecard over a metric that nobody defines: named by `config validate`, and the server refuses to start."""
    file = binary.home / "definitions/scorecards/default.toml"
    file.parent.mkdir(parents=True)
    file.write_text(
        'key = "default"\nname = "Health"\ndoc = "Over a metric that nobody defines."\n'
        "green_from = 70\nyellow_from = 45\nleast_coverage = 0.4\n"
        '[[dimension]]\nkey = "usage"\nname = "Usage"\nweight = 1\n'
        '[[dimension.measure]]\nmetric = "moonphase"\nweight = 1\nscale = { linear = { worst = 0, best = 1 } }\n'
    )
    home = ("--home", str(binary.home))
    sentence(checks, "a scorecard over an unknown metric", binary.run("config", "validate", *home), 1, "moonphase")
    done = binary.run("serve", *home, "--listen", "127.0.0.1:0", timeout=60)
    sentence(checks, "a server with such a scorecard", done, 1, "moonphase", file.name)
    shutil.rmtree(file.parent.parent)


def questions(checks: Checks, binary: Binary) -> None:
    home = ("--home", str(binary.home))
    sentence(checks, "a column that is not there", binary.run("query", "select nmae from account", *home), 1, "nmae")
    sentence(checks, "a statement that writes", binary.run("query", "delete from account", *home), 1)
    sentence(checks, "a query that is not SQL", binary.run("query", "slect 1", *home), 1)


def http(checks: Checks, ready: dict) -> None:
    client, headers = Client(ready["url"], timeout=60), write_key_header(ready["write_key"])

    def refused(name: str, body: bytes, *statuses: int, more: dict | None = None) -> None:
        status, answer, text = client.request("POST", "/v1/batch", body, headers | (more or {}))
        checks.that(f"{name}: status", status in statuses, status)
        kind = answer.get("content-type", "")
        checks.that(f"{name}: a problem document", kind.startswith("application/problem+json"), f"{kind} {text[:120]!r}")

    refused("broken JSON", b'{"batch": [', 400)
    refused("not UTF-8", b'{"batch": "\xff\xfe"}', 400)
    refused("a batch that is a text", b'{"batch": "everything"}', 400)
    refused("gzip that is none", b"not gzip", 400, more={"content-encoding": "gzip"})
    bomb = gzip.compress(b'{"batch":["' + b"0" * BOMB_BYTES + b'"]}', compresslevel=6)
    refused(f"a bomb: {len(bomb)} bytes that unpack to {BOMB_BYTES}", bomb, 413, more={"content-encoding": "gzip"})
    wrong = [{"type": "track", "event": 7, "userId": [], "messageId": {}}, 3, None, {"type": "flight"}]
    status, _, text = client.request("POST", "/v1/batch", json.dumps({"batch": wrong}).encode(), headers)
    checks.that("messages of wrong types are refused or counted, not fatal", 200 <= status < 500, f"{status} {text[:120]!r}")
    status, _, _ = client.request("POST", "/v1/batch", b'{"batch": []}', headers | write_key_header("wk_wrong"))
    checks.equal("a wrong write key", status, 401)
    status, _, _ = client.request("GET", "/nowhere")
    checks.that("a page that is not there", status in (302, 303, 401, 404), status)
    status, _, _ = client.request("GET", "/healthz")
    checks.equal("afterwards the server is well", status, 200)


def csv_faults(checks: Checks, binary: Binary, folder: Path) -> None:
    """Every file of the reference with faults: a report by line, never a panic; good rows go in."""
    for path in sorted(folder.glob("*.csv")):
        kind = path.stem.split("_")[0]
        done = binary.run("import", "csv", kind, str(path), "--dry-run", "--json", "--home", str(binary.home))
        checks.that(f"{path.name}: exit code", done.returncode in (0, 1), done.returncode)
        checks.that(f"{path.name}: no panic", "panicked" not in done.stderr, done.stderr[:200].replace("\n", " / "))


LOG = "id,date,amount\n"
CLV_FAULTS = {
    "an empty file": ("bg-nbd", "", ("empty",)),
    "zero customers": ("bg-nbd", LOG, ("no purchases",)),
    "one customer": ("bg-nbd", LOG + "a,2024-01-01,5\na,2024-02-01,5\n", ("1 rows given", "at least 2")),
    "no repeat buyers": ("pareto-nbd", LOG + "a,2024-01-01,5\nb,2024-02-01,5\n", ("second time",)),
    "a date that is none": ("mbg-nbd", LOG + "a,-5,5\n", ("line 2", "`date`", "-5")),
    "a day the calendar lacks": ("bg-nbd", LOG + "a,2024-02-30,5\n", ("line 2", "`date`", "calendar")),
    "a purchase in the future": ("bg-nbd", LOG + "a,2024-01-01,5\na,2999-01-01,5\n", ("line 3", "future")),
    "an amount of NaN": ("gamma-gamma", LOG + "a,2024-01-01,NaN\n", ("line 2", "`amount`", "NaN")),
    "infinite spend": ("gamma-gamma", LOG + "a,2024-01-01,inf\n", ("line 2", "`amount`", "inf")),
    "only refunds": ("bg-nbd", LOG + "a,2024-01-01,-5\n", ("refunds",)),
    "a recency beyond the age": ("bg-nbd", "x,t_x,T\n1,5,4\n", ("line 2", "`t_x`")),
    "a negative age": ("bg-nbd", "x,t_x,T\n1,5,-4\n", ("line 2", "`T`")),
    "half a purchase": ("bg-bb", "x,t_x,n\n1.5,3,4\n", ("line 2", "`x`")),
    "survivors who come back": ("sbg", "age,survivors\n0,100\n1,110\n", ("line 3", "`survivors`")),
    "nobody who left": ("bdw", "age,survivors\n0,100\n1,100\n2,100\n3,100\n", ("nobody has left",)),
    "a renewal model on a log": ("sbg", LOG + "a,2024-01-01,5\n", ("seen to leave",)),
    "a column that is missing": ("bg-nbd", "id,amount\na,5\n", ("--column date=",)),
    "a stray quote": ("bg-nbd", LOG + 'a,"2024-01-01,5\n', ("line 2", "quote")),
    "a Parquet file that is none": ("bg-nbd", "PAR1 and then nothing", ("Parquet",)),
    "a workbook": ("bg-nbd", "PK\x03\x04", ("workbook",)),
}


def lifetime_value(checks: Checks, binary: Binary, folder: Path) -> None:
    """Files without an answer: one sentence with the place; degenerate ones: an answer that says so."""
    path = folder / "faulty.csv"

    def clv(command: str, model: str, *more: str) -> subprocess.CompletedProcess[str]:
        return binary.run("clv", command, "--model", model, "--input", str(path), *more)

    for name, (model, text, words) in CLV_FAULTS.items():
        path.write_text(text)
        sentence(checks, f"clv, {name}", clv("fit", model), 1, *words)
    sentence(checks, "clv, a file that is not there", binary.run("clv", "fit", "--model", "bg-nbd", "--input", "no"), 1, "no")

    rows = [f"c{i},2024-0{1 + m}-{1 + i % 28:02d},{10 + i % 7}" for i in range(90) for m in range(1 + i % 5)]
    path.write_text(LOG + "\n".join(sorted(rows, key=lambda row: row[::-1])) + "\n")
    for wrong in (("--horizon", "0"), ("--horizon", "-1"), ("--horizon", "NaN"), ("--discount", "inf"), ("--confidence", "1")):
        sentence(checks, f"clv, {' '.join(wrong)}", clv("predict", "bg-nbd", *wrong), 2, wrong[0].strip("-").split("-")[0])
    sentence(checks, "clv, a model nobody knows", clv("fit", "arima"), 2, "pareto-nbd")
    done = clv("report", "bg-nbd", "--calibration-end", "2031-01-01")
    sentence(checks, "clv, nothing held out", done, 1, "nothing is held out")
    for model in ("bg-nbd", "mbg-nbd", "pareto-nbd", "bg-bb", "gamma-gamma"):
        done = clv("predict", model, "--time-unit", "month", "--json")
        checks.equal(f"clv, unordered rows, {model}: exit code", done.returncode, 0)
        sane(checks, f"clv, unordered rows, {model}", done.stdout)
    path.write_text("x,t_x,T\n" + "3,20,30\n" * 40)
    done = clv("fit", "bg-nbd", "--json")
    checks.that("clv, identical rows: labelled", done.returncode == 0 and "null" in done.stdout, done.stderr[:200])
    path.write_text("x,t_x,T\n" + "".join(f"{1 + i % 9},{30 - i % 3 / 7},30\n" for i in range(300)))
    done = clv("predict", "mbg-nbd", "--json")
    label = "not_detected" in done.stdout or "null" in done.stdout
    checks.that("clv, nobody drops out: labelled", done.returncode == 0 and label, done.stderr[:200])
    sane(checks, "clv, nobody drops out", done.stdout)


def sane(checks: Checks, name: str, text: str) -> None:
    """JSON without NaN, its probabilities between 0 and 1, its amounts not below zero."""
    try:
        answer = json.loads(text, parse_constant=lambda word: (_ for _ in ()).throw(ValueError(word)))
    except ValueError as error:
        checks.that(f"{name}: JSON without NaN", False, error)
        return
    cells = [(key, value) for row in answer["customers"] for key, value in row.items() if isinstance(value, (int, float))]
    wrong = [cell for cell in cells if cell[1] < 0 or (cell[0].startswith("p_alive") and cell[1] > 1)]
    checks.that(f"{name}: {len(cells)} numbers in range", bool(cells) and not wrong, wrong[:3])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", required=True)
    parser.add_argument("--csv", default="../shared/reference/csv", type=Path)
    options = parser.parse_args()
    checks = Checks("bad input")
    with tempfile.TemporaryDirectory(prefix="pomona-bad-") as name:
        folder = Path(name)
        binary = Binary(options.binary, folder / "home")
        ready = binary.demo(20)
        http(checks, ready)
        home_in_use(checks, binary)
        home_after_a_kill(checks, binary)
        checks.equal("a clean stop ends with 0", binary.stop(), 0)
        stored = binary.query("select count(*) as n from event")
        usage(checks, binary)
        port_in_use(checks, binary)
        home_not_writable(checks, binary, folder)
        no_home(checks, binary, folder)
        demo_in_a_filled_home(checks, binary, folder)
        newer_database(checks, binary)
        definitions(checks, binary)
        questions(checks, binary)
        lifetime_value(checks, binary, folder)
        if options.csv.is_dir():
            csv_faults(checks, binary, options.csv)
        else:
            checks.skip("CSV files with faults", f"no folder {options.csv}")
        checks.equal("nothing is lost", binary.query("select count(*) as n from event"), stored)
        checks.that("no panic in the log", "panicked" not in binary.log_tail(100_000))
    checks.finish()


if __name__ == "__main__":
    main()
