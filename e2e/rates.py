#!/usr/bin/env python3
"""How fast events are acknowledged and durable, on SQLite and on PostgreSQL, and what it costs to keep them.

    cargo build --release && e2e/rates.py --binary target/release/pomona

On each database, in batches of 1, 20 and 500 from eight senders on this machine's own cores:

- events per second over HTTP, with p50 and p99;
- beside it a bare loop that commits blobs of the same size with the same durability, one after another;
- and the same loop with one row for each event, its key unique, as a table of events would have it.

Then, on SQLite, what sealing and compaction cost for a million events, and how many parts are left. Every figure is printed
and none is asserted, but for one: parts stay few.
"""

from __future__ import annotations

import argparse
import os
import pwd
import resource
import shutil
import sqlite3
import statistics
import subprocess
import tempfile
import time
from contextlib import closing, contextmanager
from pathlib import Path

from bench import bare_loop, cpu_of, rate, say, settle
from pomona import Binary, Checks

BATCHES = [(1, 400), (20, 1_000), (500, 150)]
BLOB = 60  # bytes of an event in a blob
GATHERED = 16  # parts a month gathers before they are merged
ROUNDS = 20
WITHIN = 180.0

ROWS = """create table bare_event(key {blob} primary key, account_id bigint, user_id bigint, name text,
    occurred_at bigint, quantity bigint)"""


def rows_sqlite(batch: int, seconds: float = 2.0) -> float:
    """Commits one row for each event, `batch` at a time, with the durability of the inbox."""
    with tempfile.TemporaryDirectory() as folder, closing(sqlite3.connect(f"{folder}/rows.db", isolation_level=None)) as db:
        db.execute("pragma journal_mode=wal")
        db.execute("pragma synchronous=full")
        db.execute(ROWS.format(blob="blob"))
        stored, begun = 0, time.monotonic()
        while time.monotonic() - begun < seconds:
            events = [(os.urandom(16), 7, at % 40, "report_viewed", stored + at, 1) for at in range(batch)]
            db.execute("begin")
            db.executemany("insert into bare_event values (?, ?, ?, ?, ?, ?)", events)
            db.execute("commit")
            stored += batch
        return stored / (time.monotonic() - begun)


class Postgres:
    """A cluster of our own in a temporary folder, durable as it comes, reachable through a socket only."""

    def __init__(self, programs: Path, folder: Path) -> None:
        self.programs, self.folder = programs, folder
        self.owner = pwd.getpwnam("postgres") if os.geteuid() == 0 else None
        folder.mkdir()
        if self.owner:
            os.chown(folder, self.owner.pw_uid, self.owner.pw_gid)
        self.run("initdb", "--pgdata", str(folder / "data"), "--username=pomona", "--auth=trust", "--encoding=UTF8", "--locale=C")
        settings = ["-k", str(folder), "-c", "listen_addresses="]
        self.server = subprocess.Popen(self.command("postgres", "-D", str(folder / "data"), *settings), **self.quietly())
        for _ in range(600):
            if subprocess.run(self.command("pg_isready", "-h", str(folder)), **self.quietly()).returncode == 0:
                break
            time.sleep(0.1)
        self.run("createdb", "-h", str(folder), "-U", "pomona", "pomona")
        self.run("createdb", "-h", str(folder), "-U", "pomona", "bare")

    @staticmethod
    def programs() -> Path | None:
        found = sorted(Path("/usr/lib/postgresql").glob("*/bin/pgbench"))
        return found[-1].parent if found else (Path(shutil.which("pgbench")).parent if shutil.which("pgbench") else None)

    def command(self, program: str, *arguments: str) -> list[str]:
        path = str(self.programs / program)
        return ["runuser", "-u", "postgres", "--", path, *arguments] if self.owner else [path, *arguments]

    def quietly(self) -> dict:
        return {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": self.folder}

    def run(self, program: str, *arguments: str, text: str | None = None) -> str:
        done = subprocess.run(self.command(program, *arguments), input=text, capture_output=True, text=True, cwd=self.folder)
        if done.returncode:
            raise RuntimeError(f"{program}: {done.stderr.strip()}")
        return done.stdout

    @property
    def url(self) -> str:
        return f"postgres://pomona@{str(self.folder).replace('/', '%2F')}/pomona"

    def committed(self, script: str, seconds: int = 2) -> float:
        """Transactions a second of one client that commits one after another."""
        path = self.folder / "script.sql"
        path.write_text(script)
        arguments = ["-n", "-h", str(self.folder), "-U", "pomona", "-T", str(seconds), "-f", str(path), "bare"]
        out = self.run("pgbench", *arguments)
        return float(next(line for line in out.splitlines() if line.startswith("tps")).split()[2])

    def bare_loop(self, batch: int) -> float:
        sql = "drop table if exists bare; create table bare(seq bigserial primary key, payload bytea);"
        self.run("psql", "-q", "-h", str(self.folder), "-U", "pomona", "bare", text=sql + "alter table bare alter payload set storage external")
        return batch * self.committed(f"insert into bare(payload) values (decode(repeat('5a', {BLOB * batch}), 'hex'));")

    def rows(self, batch: int) -> float:
        sql = "drop table if exists bare_event; create extension if not exists pgcrypto;" + ROWS.format(blob="bytea")
        self.run("psql", "-q", "-h", str(self.folder), "-U", "pomona", "bare", text=sql)
        return batch * self.committed(
            "insert into bare_event select gen_random_bytes(16), 7, at % 40, 'report_viewed', at, 1 "
            f"from generate_series(1, {batch}) at;"
        )

    def stop(self) -> None:
        self.run("pg_ctl", "stop", "-D", str(self.folder / "data"), "-m", "fast")
        self.server.wait(60)


@contextmanager
def stored_in(url: str):
    """Every command of the binary uses this database."""
    os.environ["POMONA_DATABASE_URL"] = url
    try:
        yield
    finally:
        del os.environ["POMONA_DATABASE_URL"]


def rates(binary: Binary, database: str, scale: float, blobs, rows) -> None:
    ready = binary.demo(20)
    account = an_account(binary)
    for batch, requests in BATCHES:
        print(f"-- {database}, batches of {batch}", flush=True)
        got = rate(ready, account, batch, max(int(requests * scale), 5))
        bare = statistics.median(blobs(batch) for _ in range(3))
        say("a bare loop committing the same blobs", f"{bare:,.0f} events/s, ratio {got / bare:.2f}")
        each = rows(batch)
        say("the same loop with one row for each event", f"{each:,.0f} events/s, ratio {got / each:.2f}")
    binary.stop()


def an_account(binary: Binary) -> str:
    return binary.query("select external_id from account where status = 'active' order by account_id limit 1")[0]["external_id"]


def parts(binary: Binary) -> tuple[int, int]:
    """Parts that are read, all of them and in the month that has most."""
    sql = "select path from ducklake_data_file where end_snapshot is null"
    with closing(sqlite3.connect(f"file:{binary.database()}?mode=ro", uri=True)) as connection:
        paths = [Path(path).parent for (path,) in connection.execute(sql)]
    return len(paths), max((paths.count(month) for month in set(paths)), default=0)


def keeping(checks: Checks, binary: Binary, events: int) -> None:
    """Seals in many rounds at shutdown, so that sealing is all that is measured; then waits for compaction."""
    print(f"-- SQLite, keeping {events:,} events", flush=True)
    write_key, sealed = binary.demo(20)["write_key"], 0.0
    binary.stop()
    account = an_account(binary)
    batch, senders = 500, 8
    requests = max(events // ROUNDS // batch // senders, 1)
    for _ in range(ROUNDS):
        ready = binary.serve("--seal-age-ms", "3600000") | {"write_key": write_key}
        assert binary.process is not None
        rate(ready, account, batch, requests, senders, quiet=True)
        settle(binary, WITHIN)
        before, all_before = cpu_of(binary.process.pid), resource.getrusage(resource.RUSAGE_CHILDREN)
        binary.stop()
        all_after = resource.getrusage(resource.RUSAGE_CHILDREN)
        spent = all_after.ru_utime + all_after.ru_stime - all_before.ru_utime - all_before.ru_stime
        sealed += spent - before
    total = ROUNDS * requests * batch * senders
    gathered, most = parts(binary)
    say("sealing, with the shutdown around it", f"{sealed / total * 1e6:.2f} s CPU per million events")
    say(f"parts after {ROUNDS} seals", f"{gathered}, {most} in one month")
    binary.serve("--seal-age-ms", "3600000")
    assert binary.process is not None
    settle(binary, WITHIN)
    begun, cpu = time.monotonic(), cpu_of(binary.process.pid)
    while parts(binary)[1] >= most and time.monotonic() - begun < WITHIN:
        time.sleep(0.05)
    merged = cpu_of(binary.process.pid) - cpu
    left, most_left = parts(binary)
    binary.stop()
    say("compaction, and what else a look around costs", f"{merged / total * 1e6:.2f} s CPU per million events")
    checks.that("parts stay few", most_left <= GATHERED, f"{gathered} became {left}, at most {most_left} in one month")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", default="target/release/pomona")
    parser.add_argument("--events", type=int, default=1_000_000, help="to seal and to compact")
    parser.add_argument("--scale", type=float, default=1.0, help="of the requests that are timed")
    options = parser.parse_args()
    checks = Checks(f"rates on this machine, and {options.events:,} events kept")
    with tempfile.TemporaryDirectory(prefix="pomona-rates-") as folder:
        os.chmod(folder, 0o755)
        blobs = lambda batch: bare_loop(batch, BLOB)  # noqa: E731
        rates(Binary(options.binary, Path(folder) / "sqlite"), "SQLite", options.scale, blobs, rows_sqlite)
        programs = Postgres.programs()
        if programs is None:
            checks.skip("PostgreSQL", "there is no server with pgbench on this machine")
        else:
            cluster = Postgres(programs, Path(folder) / "cluster")
            with stored_in(cluster.url):
                home = Binary(options.binary, Path(folder) / "postgresql")
                rates(home, "PostgreSQL", options.scale, cluster.bare_loop, cluster.rows)
            cluster.stop()
        keeping(checks, Binary(options.binary, Path(folder) / "kept"), options.events)
    checks.finish()


if __name__ == "__main__":
    main()
