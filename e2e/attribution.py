#!/usr/bin/env python3
"""Events that come before anybody knows whose they are: what the snapshot says before and after, and what it costs.

Two homes begin as one company. In the first, every user is grouped with an account before their events come. In the second, a
fifth of the users are not; their events are sealed as nobody's, and only then is it said where they belong. The two homes
must then say the same of every account, in every metric.

    e2e/attribution.py --binary target/release/pomona --events 1000000
"""

from __future__ import annotations

import argparse
import json
import math
import shutil
import sqlite3
import tempfile
import time
from contextlib import closing
from datetime import datetime, timedelta, timezone
from pathlib import Path

from bench import cpu_of, say
from pomona import Binary, Checks, Client, write_key_header

BATCH = 500
DAYS = 80
LATE = 5  # every fifth user is grouped late
USERS_PER_ACCOUNT = 40
NAMES = ["Report Exported", "Dashboard Viewed", "Invite Sent", "Filter Saved", "File Uploaded", "Comment Added", "Login"]
WITHIN = 300.0


def late(user: int) -> bool:
    return user % LATE == 0


class Company:
    """The accounts of a home, the users we invent for them, and a way to send what they do."""

    def __init__(self, binary: Binary, accounts: list[str], write_key: str) -> None:
        self.binary, self.accounts = binary, accounts
        self.users = len(accounts) * USERS_PER_ACCOUNT
        self.headers = write_key_header(write_key)

    def group(self, url: str, wanted) -> None:
        groups = [
            {"type": "group", "messageId": f"g{user}", "userId": f"u{user}", "groupId": self.accounts[user % len(self.accounts)]}
            for user in range(self.users)
            if wanted(user)
        ]
        self.post(url, groups)

    def act(self, url: str, events: int, until: datetime) -> None:
        """What everybody did, the same in every home. Nothing says where it happened or whose it is."""
        seconds = DAYS * 86_400
        for first in range(0, events, BATCH):
            self.post(url, [
                {
                    "type": "track",
                    "messageId": f"e{number}",
                    "userId": f"u{number * 7919 % self.users}",
                    "event": NAMES[number % len(NAMES)],
                    "timestamp": (until - timedelta(seconds=number * 104_729 % seconds)).isoformat(),
                }
                for number in range(first, min(first + BATCH, events))
            ])

    def post(self, url: str, messages: list[dict]) -> None:
        client = Client(url, timeout=120)
        for first in range(0, len(messages), BATCH):
            body = json.dumps({"batch": messages[first : first + BATCH]}).encode()
            for _ in range(100):
                status, headers, answer = client.request("POST", "/v1/batch", body, self.headers)
                if status == 200:
                    break
                time.sleep(float(headers.get("retry-after") or 1))
            else:
                raise RuntimeError(f"{status}: {answer[:200]!r}")
        client.close()

    def snapshot(self) -> dict[str, dict]:
        """Every account in every metric, without a model: each home has learned its own, once, from what was known then."""
        with closing(sqlite3.connect(self.binary.database())) as connection:
            connection.execute("delete from lifetime_model")
            connection.commit()
        done = self.binary.run("snapshot", "--home", str(self.binary.home), "--json", timeout=1_800)
        if done.returncode:
            raise RuntimeError(done.stderr)
        return {row["account"]: row for row in map(json.loads, done.stdout.splitlines())}

    def nobodys(self) -> int:
        return self.binary.query("select count(*) as n from event where account_id is null")[0]["n"]

    def total(self) -> int:
        return self.binary.query("select count(*) as n from event")[0]["n"]

    def parts(self, after: int = 0) -> tuple[int, int, int]:
        """Parts catalogued after one, their bytes, and the last."""
        with closing(sqlite3.connect(f"file:{self.binary.database()}?mode=ro", uri=True)) as connection:
            sql = "select count(*), coalesce(sum(file_size_bytes), 0), coalesce(max(data_file_id), 0) from ducklake_data_file"
            return connection.execute(f"{sql} where data_file_id > ?", (after,)).fetchone()


def figures(book: dict[str, dict], metric: str) -> float:
    return math.fsum(row["metrics"].get(metric) or 0 for row in book.values())


def differences(one: dict[str, dict], other: dict[str, dict]) -> list[str]:
    """Where two snapshots differ: account and metric."""
    found = sorted(set(one) ^ set(other))
    for account in sorted(set(one) & set(other)):
        a, b = one[account], other[account]
        found += [f"{account} {key}" for key in a if key != "metrics" and a[key] != b[key]]
        found += [f"{account} {key}" for key in a["metrics"] if a["metrics"][key] != b["metrics"][key]]
    return found


def attributed(company: Company, url: str) -> bool:
    """Groups the late users and waits until nothing is nobody's any more."""
    company.group(url, late)
    deadline = time.monotonic() + WITHIN
    while time.monotonic() < deadline:
        with closing(sqlite3.connect(f"file:{company.binary.database()}?mode=ro", uri=True)) as connection:
            (left,) = connection.execute("select sum(unattributed) from source").fetchone()
        if left == 0:
            return True
        time.sleep(0.2)
    return False


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", required=True)
    parser.add_argument("--events", type=int, default=20_000)
    parser.add_argument("--accounts", type=int, default=20)
    options = parser.parse_args()
    checks = Checks(f"{options.events:,} events, a fifth of them nobody's at first")
    with tempfile.TemporaryDirectory(prefix="pomona-attribution-") as folder:
        binary = Binary(options.binary, Path(folder) / "late")
        write_key = binary.demo(options.accounts)["write_key"]
        binary.stop()
        accounts = [row["external_id"] for row in binary.query("select external_id from account order by account_id")]
        shutil.copytree(binary.home, Path(folder) / "early")
        until = datetime.now(timezone.utc).replace(microsecond=0) - timedelta(hours=1)

        early = Company(Binary(options.binary, Path(folder) / "early"), accounts, write_key)
        url = early.binary.serve()["url"]
        early.group(url, lambda _: True)
        early.act(url, options.events, until)
        early.binary.stop()
        wanted = early.snapshot()

        company = Company(binary, accounts, write_key)
        url = binary.serve()["url"]
        company.group(url, lambda user: not late(user))
        company.act(url, options.events, until)
        binary.stop()
        before, nobodys, total = company.snapshot(), company.nobodys(), company.total()
        share = nobodys / options.events
        checks.that("a fifth belonged to nobody", abs(share - 1 / LATE) < 0.02, f"{nobodys:,}, {share:.1%}")
        checks.that("so the snapshots differed", differences(wanted, before) != [], f"{len(differences(wanted, before)):,} values")

        parts, held, last = company.parts()
        url = binary.serve()["url"]
        assert binary.process is not None
        cpu, begun = cpu_of(binary.process.pid), time.monotonic()
        done = attributed(company, url)
        cpu, wall = cpu_of(binary.process.pid) - cpu, time.monotonic() - begun
        checks.that("everything found its account", done, f"within {wall:.1f} s")
        binary.stop()
        after = company.snapshot()
        new, rewritten, _ = company.parts(last)
        checks.equal("nobody's afterwards", company.nobodys(), 0)
        checks.equal("no event was lost or doubled", company.total(), total)
        wrong = differences(wanted, after)
        checks.that("the snapshot is that of a home that knew from the start", wrong == [], wrong[:5] or f"{len(after)} accounts")
        for metric in ["events_28d", "active_users_28d"]:
            say(f"{metric} of all accounts, before and after", f"{figures(before, metric):,.0f} and {figures(after, metric):,.0f}")
        say("the lake before", f"{parts} parts, {held / 1e6:.1f} MB")
        say("rewritten", f"{new} parts, {rewritten / 1e6:.1f} MB, for {nobodys:,} events")
        say("cost of attributing, snapshots of the accounts included", f"{cpu:.2f} s CPU, {wall:.1f} s wall, of which up to 60 s is waiting")
        say("cost per million events attributed", f"{cpu / nobodys * 1e6:.1f} s CPU")
    checks.finish()


if __name__ == "__main__":
    main()
