#!/usr/bin/env python3
"""Kill -9 during ingest and sealing: nothing acknowledged is lost, nothing is stored twice, nothing is invented.

Eight clients post batches of 20 facts, each fact with an id of the client's own, and post the same batch again until
it is acknowledged. Meanwhile the server is killed after 50 to 400 ms of serving and started again on the same home,
many times; it seals every 150 ms, so that many kills fall into a seal. At the end what clients know was acknowledged is compared with what the store, the lake and the API hold.

    e2e/crash.py --binary target/debug/pomona --kills 200
    e2e/crash.py --binary target/debug/pomona --kills 20 --mutant ack-before-commit

With `--mutant` the server acknowledges before it commits (debug builds only), and the check succeeds only if it goes
red: a test that cannot fail proves nothing.
"""

from __future__ import annotations

import argparse
import http.client
import json
import random
import sqlite3
import tempfile
import threading
import time
from contextlib import closing
from pathlib import Path

from pomona import Binary, Checks, Client, free_port, quantile, write_key_header

EVENT = "Crash Tested"
CLIENTS = 8
BATCH = 20
READY_WITHIN = 2.0


class Poster(threading.Thread):
    """A client that posts until told to stop and remembers what was sent and what was acknowledged."""

    def __init__(self, number: int, url: str, write_key: str, stop: threading.Event) -> None:
        super().__init__(daemon=True)
        self.number, self.url, self.stop = number, url, stop
        self.headers = write_key_header(write_key)
        self.sent: set[str] = set()
        self.acknowledged: set[str] = set()
        self.retries = 0
        self.refusal: str | None = None

    def run(self) -> None:
        client, round_number = Client(self.url, timeout=10), 0
        while not self.stop.is_set() and self.refusal is None:
            facts = [f"crash-{self.number}-{round_number}-{place}" for place in range(BATCH)]
            self.sent.update(facts)
            if self.deliver(client, body(facts, self.number)):
                self.acknowledged.update(facts)
            round_number += 1
        client.close()

    def deliver(self, client: Client, batch: bytes) -> bool:
        """Posts the same batch until it is acknowledged; gives up only when the run is over."""
        while not self.stop.is_set():
            try:
                status, _, answer = client.request("POST", "/v1/batch", batch, self.headers)
            except (OSError, http.client.HTTPException):
                status, answer = 0, b""
            if 200 <= status < 300:
                return True
            if 400 <= status < 500 and status != 429:
                self.refusal = f"{status} {answer[:200]!r}"
                return False
            self.retries += 1
            time.sleep(0.005)
        return False


def body(facts: list[str], client: int) -> bytes:
    messages = [
        {
            "type": "track",
            "messageId": fact,
            "userId": f"crash-user-{client}",
            "event": EVENT,
            "properties": {"fact": fact},
            "timestamp": "2026-01-15T10:00:00.000Z",
        }
        for fact in facts
    ]
    return json.dumps({"batch": messages}).encode()


def storm(binary: Binary, posters: list[Poster], kills: int, seed: int, serve: list[str], listen: str) -> list[float]:
    """Kills and restarts the server; returns how long each restart took until it was ready."""
    chance, restarts = random.Random(seed), []
    for _ in range(kills):
        time.sleep(chance.uniform(0.05, 0.4))
        binary.kill()
        begun = time.monotonic()
        binary.serve(*serve, listen=listen, within=60)
        restarts.append(time.monotonic() - begun)
        if any(poster.refusal for poster in posters):
            break
    return restarts


def stored_facts(binary: Binary) -> list[str]:
    rows = binary.query(f"select properties from event where name = '{EVENT}'")
    return [json.loads(row["properties"])["fact"] for row in rows]


def compare(checks: Checks, binary: Binary, sent: set[str], acknowledged: set[str]) -> None:
    """The oracle: the clients' own sets against what is stored."""
    stored = stored_facts(binary)
    distinct = set(stored)
    checks.that("facts were acknowledged at all", len(acknowledged) > BATCH, len(acknowledged))
    checks.that("acknowledged and not stored", acknowledged <= distinct, len(acknowledged - distinct))
    checks.that("stored and never sent", distinct <= sent, len(distinct - sent))
    checks.equal("stored once each", len(stored), len(distinct))
    count = binary.query(
        f"select count(*) as facts, count(distinct event_id) as ids from event where name = '{EVENT}'"
    )[0]
    checks.equal("inbox and lake count the same", (count["facts"], count["ids"]), (len(stored), len(distinct)))


def through_the_api(checks: Checks, url: str, api_token: str, facts: int) -> None:
    """What the running server says over HTTP."""
    sql = f"select count(*), count(distinct event_id) from event where name = '{EVENT}'"
    headers = {"authorization": f"Bearer {api_token}", "content-type": "application/json"}
    status, _, text = Client(url).request("POST", "/api/v1/query", json.dumps({"sql": sql}).encode(), headers)
    counted = tuple(json.loads(text)["rows"][0]) if status == 200 else text[:200]
    checks.equal("the API counts the same", counted, (facts, facts))


def parts(binary: Binary) -> int:
    """Parts ever sealed: the highest id, because merging replaces several by one."""
    with closing(sqlite3.connect(f"file:{binary.database()}?mode=ro", uri=True)) as connection:
        return connection.execute("select coalesce(max(data_file_id), 0) from ducklake_data_file").fetchone()[0]


def integrity(checks: Checks, binary: Binary, parts_before: int) -> None:
    with closing(sqlite3.connect(f"file:{binary.database()}?mode=ro", uri=True)) as connection:
        checks.equal("integrity of the store", connection.execute("pragma integrity_check").fetchone()[0], "ok")
        waiting = connection.execute("select coalesce(sum(events), 0) from inbox").fetchone()[0]
    sealed = parts(binary) - parts_before
    checks.that("parts were sealed meanwhile", sealed > 0, f"{sealed} parts, {waiting} events still in the inbox")


def stock_duckdb(checks: Checks, binary: Binary, facts: int) -> None:
    """What a stock DuckDB reads from the sealed lake, after a clean stop emptied the inbox."""
    try:
        from lake_reader import read_lake
    except ImportError as reason:
        checks.skip("a stock DuckDB counts the same", str(reason))
        return
    how, rows = read_lake(binary.database(), f"select count(*), count(distinct event_id) from event where name = '{EVENT}'")
    with closing(sqlite3.connect(f"file:{binary.database()}?mode=ro", uri=True)) as connection:
        waiting = connection.execute("select coalesce(sum(events), 0) from inbox").fetchone()[0]
    checks.equal("a clean stop leaves nothing in the inbox", waiting, 0)
    checks.equal(f"a stock DuckDB counts the same ({how})", rows[0], (facts, facts))


def judge(checks: Checks, binary: Binary, posters: list[Poster], parts_before: int, mutant: str | None) -> None:
    """What the clients know against what is stored; with a mutant, that something acknowledged is missing."""
    sent = set().union(*(poster.sent for poster in posters))
    acknowledged = set().union(*(poster.acknowledged for poster in posters))
    print(f"sent {len(sent)}, acknowledged {len(acknowledged)}, retries {sum(p.retries for p in posters)}")
    if mutant:
        lost = acknowledged - set(stored_facts(binary))
        checks.that(f"the mutant `{mutant}` is caught", len(lost) > 0, f"{len(lost)} facts lost")
        return
    checks.equal("no batch was refused", [poster.refusal for poster in posters if poster.refusal], [])
    compare(checks, binary, sent, acknowledged)
    integrity(checks, binary, parts_before)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", required=True)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--mutant", help="a planted fault that this check has to catch")
    options = parser.parse_args()
    checks = Checks(f"crash: {options.kills} kills, seed {options.seed}, mutant {options.mutant or 'none'}")
    serve = ["--seal-age-ms", "150"] + (["--mutant", options.mutant] if options.mutant else [])

    with tempfile.TemporaryDirectory(prefix="pomona-crash-") as folder:
        binary = Binary(options.binary, Path(folder) / "home")
        keys = binary.demo(20)
        binary.stop()
        parts_before = parts(binary)
        listen = f"127.0.0.1:{free_port()}"
        binary.serve(*serve, listen=listen)
        stop = threading.Event()
        posters = [Poster(number, f"http://{listen}", keys["write_key"], stop) for number in range(CLIENTS)]
        for poster in posters:
            poster.start()
        restarts = storm(binary, posters, options.kills, options.seed, serve, listen)
        stop.set()
        for poster in posters:
            poster.join(60)
        binary.kill()

        slowest = quantile(restarts, 0.99)
        print(f"restart until ready: p50 {quantile(restarts, 0.5):.2f} s, p99 {slowest:.2f} s, of the {READY_WITHIN} s aimed at {slowest / READY_WITHIN:.2f}")
        judge(checks, binary, posters, parts_before, options.mutant)
        if options.mutant:
            checks.finish()
        checks.equal("every kill was followed by a start", len(restarts), options.kills)
        facts = len(set(stored_facts(binary)))
        binary.serve(listen=listen)
        through_the_api(checks, f"http://{listen}", keys["api_token"], facts)
        checks.equal("a clean stop ends with 0", binary.stop(), 0)
        stock_duckdb(checks, binary, facts)
    checks.finish()


if __name__ == "__main__":
    main()
