#!/usr/bin/env python3
"""How fast, beside a limit or a peer, in one run: every figure is printed with a ratio and none is asserted.

    cargo bench [-- --accounts 20000 --events 833] [-- --quick]
    cargo build --release && e2e/bench.py --binary target/release/pomona

- the big snapshot: `pomona snapshot` of the whole book, and the two event queries in it against DuckDB running the
  same two over the same Parquet files, as CPU seconds and peak memory of each process;
- acknowledged events per second over HTTP in batches of 20 and 500, beside a bare loop that commits blobs of the
  same size to SQLite with the same durability;
- CPU per request and p99 of the portfolio and of an account, and resident memory of the server.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import re
import resource
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse
from datetime import datetime, timedelta, timezone
from pathlib import Path

from pomona import Binary, Client, quantile, write_key_header

TICKS = os.sysconf("SC_CLK_TCK")

# What the metrics over events compute, in the words both engines understand.
ALL_HISTORY = """
select account_id, count(*) as seen, min({age}) as m0 from {event}
where occurred_at < {end} and account_id is not null group by account_id"""
LAST_WEEKS = """
with r as (select account_id, user_id, name, {age} as age_days from {event}
           where occurred_at < {end} and occurred_at >= {since})
select account_id,
    count(distinct user_id) filter (where age_days < 28) as active,
    count(distinct user_id) filter (where age_days between 28 and 55) as active_prior,
    count(*) filter (where age_days < 28) as events, count(*) filter (where age_days between 28 and 55) as prior,
    12 * sum(11 - age_days {over} 7) - 66 * count(*) as slope,
    count(distinct age_days) filter (where age_days < 28) as days,
    count(distinct user_id * 64 + age_days) filter (where age_days < 28) as user_days,
    count(distinct name) filter (where age_days < 28) as features
from r where account_id is not null group by account_id"""


def say(what: str, figure: object = "") -> None:
    print(f"{what:<58}{figure}", flush=True)


def measured(command: list[str]) -> tuple[float, float, float, str]:
    """Runs a command; wall seconds, CPU seconds, peak MiB and its output."""
    begun = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    out, problem = process.communicate()
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)}: {problem.strip()}")
    return time.monotonic() - begun, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, out


def alone(work: str, *arguments: str) -> dict:
    """Runs a piece of this script in a process of its own, so that its CPU and peak are its own."""
    command = [sys.executable, __file__, "--piece", work, *arguments]
    begun = time.monotonic()
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    answer = json.loads(done.stdout)
    answer["wall"] = time.monotonic() - begun
    return answer


def piece_command(*command: str) -> dict:
    wall, cpu, peak, out = measured(list(command))
    return {"seconds": wall, "cpu": cpu, "peak": peak, "lines": out.count("\n")}


def piece_duckdb(lake: str, day: str) -> dict:
    import duckdb

    connection = duckdb.connect()
    connection.execute("set threads to 2")
    end, since = bounds(day)
    words = {
        "event": f"read_parquet('{lake}/main/event/**/*.parquet', hive_partitioning=false)",
        "end": f"timestamptz '{end}'",
        "since": f"timestamptz '{since}'",
        "age": f"((epoch_us(timestamptz '{end}') - epoch_us(occurred_at)) // 86400000000)",
        "over": "//",
    }
    begun = time.monotonic()
    rows = [len(connection.execute(sql.format(**words)).fetchall()) for sql in (ALL_HISTORY, LAST_WEEKS)]
    wall = time.monotonic() - begun
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return {"seconds": wall, "cpu": usage.ru_utime + usage.ru_stime, "peak": usage.ru_maxrss / 1024, "rows": rows}


def bounds(day: str) -> tuple[str, str]:
    """The end of a day and twelve weeks before it, in UTC."""
    end = datetime.fromisoformat(day).replace(tzinfo=timezone.utc) + timedelta(days=1)
    return end.isoformat(sep=" "), (end - timedelta(days=84)).isoformat(sep=" ")


def our_words(day: str) -> dict:
    """The same two questions in our dialect."""
    end, since = bounds(day)
    return {
        "event": "event",
        "end": f"timestamp '{end}'",
        "since": f"timestamp '{since}'",
        "age": f"((cast(timestamp '{end}' as bigint) / 1000 - cast(occurred_at as bigint)) / 86400000000)",
        "over": "/",
    }


def snapshot(binary: Binary) -> None:
    day = time.strftime("%Y-%m-%d", time.gmtime())
    (total,) = binary.query("select count(*) as n from event")
    say("events in the lake", f"{total['n']:,}")
    ours = alone("command", binary.path, "snapshot", "--home", str(binary.home))
    say("pomona snapshot, whole book", f"{ours['seconds']:.2f} s wall, {ours['cpu']:.2f} s CPU, peak {ours['peak']:.0f} MiB")
    scan = alone("command", binary.path, "query", "--home", str(binary.home), "select sum(quantity) from event")
    say("sealed scan of one column", f"{total['n'] / max(scan['cpu'], 0.01) / 1e6:.1f} M events per CPU second, start included")
    try:
        theirs = alone("duckdb", str(binary.home / "lake"), day)
    except (subprocess.CalledProcessError, FileNotFoundError):
        say("DuckDB", "SKIPPED: pip install duckdb")
        return
    questions = [sql.format(**our_words(day)) for sql in (ALL_HISTORY, LAST_WEEKS)]
    same = [alone("command", binary.path, "query", "--home", str(binary.home), question) for question in questions]
    assert [one["lines"] - 1 for one in same] == theirs["rows"], (same, theirs["rows"])
    cpu, peak = sum(one["cpu"] for one in same), max(one["peak"] for one in same)
    say("the two event queries, ours", f"{sum(one['seconds'] for one in same):.2f} s wall, {cpu:.2f} s CPU, peak {peak:.0f} MiB")
    say("the same two, DuckDB", f"{theirs['seconds']:.2f} s wall, {theirs['cpu']:.2f} s CPU, peak {theirs['peak']:.0f} MiB")
    say("ratio of CPU, the event queries", f"{cpu / theirs['cpu']:.2f}")
    say("ratio of CPU, whole snapshot with all records : DuckDB's event queries", f"{ours['cpu'] / theirs['cpu']:.2f}")


def bodies(account: str, batch: int, requests: int, worker: int) -> list[bytes]:
    """Requests ready to be written: each message has an id of its own."""
    stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    made = []
    for number in range(requests):
        messages = [
            f'{{"type":"track","messageId":"{worker}-{number}-{at}-{os.getpid()}","userId":"u{at % 40}",'
            f'"event":"report_viewed","timestamp":"{stamp}","context":{{"groupId":"{account}"}}}}'
            for at in range(batch)
        ]
        made.append(('{"batch":[' + ",".join(messages) + "]}").encode())
    return made


def send(url: str, key: str, account: str, batch: int, requests: int, worker: int, ready, go, answers) -> None:
    address = urllib.parse.urlsplit(url)
    head = "".join(f"{name}: {value}\r\n" for name, value in write_key_header(key).items())
    made = [
        f"POST /v1/batch HTTP/1.1\r\nhost: {address.netloc}\r\n{head}content-length: {len(body)}\r\n\r\n".encode() + body
        for body in bodies(account, batch, requests, worker)
    ]
    ready.release()
    go.wait()
    took, refused = [], 0
    with socket.create_connection((address.hostname, address.port)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for request in made:
            begun = time.monotonic()
            connection.sendall(request)
            answer = connection.recv(4096)
            took.append(time.monotonic() - begun)
            refused += not answer.startswith(b"HTTP/1.1 200")
    answers.put((took, refused))


def rate(ready: dict, account: str, batch: int, requests: int, workers: int = 8, quiet: bool = False) -> float:
    standing, go, answers = multiprocessing.Semaphore(0), multiprocessing.Event(), multiprocessing.Queue()
    arguments = (ready["url"], ready["write_key"], account, batch, requests)
    senders = [
        multiprocessing.Process(target=send, args=(*arguments, worker, standing, go, answers)) for worker in range(workers)
    ]
    for sender in senders:
        sender.start()
    for _ in senders:
        standing.acquire()
    begun = time.monotonic()
    go.set()
    results = [answers.get() for _ in senders]
    wall = time.monotonic() - begun
    for sender in senders:
        sender.join()
    took = [one for times, _ in results for one in times]
    refused = sum(refused for _, refused in results)
    per_second = (len(took) - refused) * batch / wall
    if not quiet:
        times = f"p50 {quantile(took, 0.5) * 1e3:.1f} ms, p99 {quantile(took, 0.99) * 1e3:.1f} ms"
        say(f"acknowledged and durable, batches of {batch}", f"{per_second:,.0f} events/s, {times}, {refused} refused")
    return per_second


def bare_loop(batch: int, bytes_each: int, seconds: float = 2.0) -> float:
    """Commits one blob after another: what this disk allows a single writer that groups nothing."""
    with tempfile.TemporaryDirectory() as folder:
        connection = sqlite3.connect(f"{folder}/bare.db", isolation_level=None)
        connection.execute("pragma journal_mode=wal")
        connection.execute("pragma synchronous=full")
        connection.execute("create table inbox(seq integer primary key, payload blob)")
        blob, commits, begun = os.urandom(bytes_each * batch), 0, time.monotonic()
        while time.monotonic() - begun < seconds:
            connection.execute("insert into inbox(payload) values (?)", (blob,))
            commits += 1
        return commits * batch / (time.monotonic() - begun)


def cpu_of(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def memory_of(process: int, what: str) -> int:
    found = re.search(rf"{what}:\s+(\d+)", Path(f"/proc/{process}/status").read_text())
    return int(found[1]) // 1024 if found else 0


def pages(binary: Binary, ready: dict) -> None:
    assert binary.process is not None
    client = Client(ready["url"], timeout=120)
    headers = {"authorization": f"Bearer {ready['api_token']}"}
    status, _, body = client.request("GET", "/api/v1/accounts?limit=200", None, headers)
    ids = re.findall(r'"id":\s*(\d+)', body.decode()) if status == 200 else ["1"]
    cookie = session(ready)
    for name, path, times in [
        ("portfolio", lambda _: "/accounts", 200),
        ("portfolio, by a segment's expression", lambda _: "/accounts?expression=health+%3C+75+and+arr+%3E+10000", 100),
        ("lifetime value", lambda _: "/lifetime", 50),
        ("goals", lambda _: "/goals", 50),
        ("an account", lambda at: f"/accounts/{ids[at % len(ids)]}", 200),
    ]:
        for at in range(5):
            client.request("GET", path(at), None, cookie)
        before, took = cpu_of(binary.process.pid), []
        for at in range(times):
            begun = time.monotonic()
            status, _, _ = client.request("GET", path(at), None, cookie)
            took.append(time.monotonic() - begun)
        cpu = (cpu_of(binary.process.pid) - before) / times
        say(f"{name} ({status})", f"{cpu * 1e3:.2f} ms CPU per request, p99 {quantile(took, 0.99) * 1e3:.1f} ms")


def session(ready: dict) -> dict:
    """The cookie of the admin, by the login link."""
    client = Client(ready["url"])
    path = urllib.parse.urlsplit(ready["login"]["admin"]).path
    status, headers, _ = client.request("GET", path)
    if status == 200:
        origin = {"origin": ready["url"], "content-type": "application/x-www-form-urlencoded"}
        status, headers, _ = client.request("POST", path, b"", origin)
    return {"cookie": headers.get("set-cookie", "").split(";")[0]}


def settle(binary: Binary, seconds: float) -> None:
    """Waits until the server has computed its history and is idle."""
    assert binary.process is not None
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        before = cpu_of(binary.process.pid)
        time.sleep(3)
        if cpu_of(binary.process.pid) - before < 0.15:
            return


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", default="target/release/pomona")
    parser.add_argument("--home", help="keep the big company here and use it again")
    parser.add_argument("--accounts", type=int, default=20_000)
    parser.add_argument("--events", type=int, default=833, help="per account and year")
    parser.add_argument("--quick", action="store_true", help="500 accounts, seconds instead of minutes")
    parser.add_argument("--piece", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.piece:
        work, *arguments = options.piece
        print(json.dumps({"command": piece_command, "duckdb": piece_duckdb}[work](*arguments)))
        return
    if options.quick:
        options.accounts, options.events = 500, 2_000
    with tempfile.TemporaryDirectory(prefix="pomona-bench-") as folder:
        home = Path(options.home) if options.home else Path(folder) / "home"
        binary = Binary(options.binary, home)
        begun = time.monotonic()
        company = ["--accounts", str(options.accounts), "--events", str(options.events)]
        ready = binary.start("demo", *company, "--listen", "127.0.0.1:0", within=1_800)
        assert binary.process is not None
        say(f"start to serving, {options.accounts:,} accounts", f"{time.monotonic() - begun:.1f} s")
        settle(binary, 60 if options.quick else 600)
        say("resident memory of the server", f"{memory_of(binary.process.pid, 'VmRSS')} MiB, peak {memory_of(binary.process.pid, 'VmHWM')} MiB")
        pages(binary, ready)
        (account,) = binary.query("select external_id from account where status = 'active' order by account_id limit 1")
        for batch, requests in [(1, 400), (20, 1_000), (500, 150)]:
            got = rate(ready, account["external_id"], batch, requests)
            bare = statistics.median(bare_loop(batch, 60) for _ in range(3))
            say(f"a bare loop committing the same blobs, {batch} each", f"{bare:,.0f} events/s, ratio {got / bare:.2f}")
        binary.stop()
        snapshot(binary)


if __name__ == "__main__":
    main()
