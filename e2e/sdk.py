"""What every Python SDK has to survive, unmodified and pointed at us: answers of 503, a server that is killed in
mid-stream and comes back, and a clock that is an hour slow. What it sent is stored, once, at the right time.

The first third is done in a browser before anybody signs in; then `identify`, `group` and `alias` say who it was, so
that only the alias gives those facts to their account and makes them those of one person.
"""

from __future__ import annotations

import argparse
import importlib
import tempfile
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Callable

from faults import FaultProxy, eventually
from pomona import Binary, Checks

SLOW_BY = timedelta(hours=1)
WITHIN = timedelta(minutes=1)


class SlowClock(datetime):
    """A clock that is an hour slow, for the modules of an SDK that ask for the time."""

    @classmethod
    def now(cls, tz=None):
        return super().now(tz) - SLOW_BY


@dataclass(frozen=True)
class Sdk:
    """An SDK: what it is called, the modules that ask for the time, and how a client of it is made."""

    name: str
    clocks: tuple[str, ...]
    client: Callable[[str, str, Callable], object]

    @property
    def event(self) -> str:
        return f"Sent By {self.name}"

    def named(self, what: str) -> str:
        return f"{self.name.lower().replace(' ', '-')}-{what}"


def main(sdk: Sdk, description: str) -> None:
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", required=True)
    parser.add_argument("--facts", type=int, default=300)
    options = parser.parse_args()
    checks = Checks(f"{sdk.name} sends {options.facts} facts")
    try:
        for module in sdk.clocks:
            importlib.import_module(module).datetime = SlowClock
    except ImportError as reason:
        checks.skip("everything", f"{reason}; pip install -r e2e/requirements.txt")
        checks.finish()
    proxy = FaultProxy()
    with tempfile.TemporaryDirectory(prefix="pomona-sdk-") as folder:
        binary = Binary(options.binary, Path(folder) / "home")
        begun = datetime.now()
        send(checks, sdk, binary, proxy, options.facts)
        checks.that("answers of 503 were planted", proxy.planted >= 2, proxy.planted)
        checks.that("requests were cut", proxy.cut >= 1, proxy.cut)
        checks.equal("a clean stop ends with 0", binary.stop(), 0)
        stored(checks, sdk, binary, options.facts, begun)
    proxy.close()
    checks.finish()


def send(checks: Checks, sdk: Sdk, binary: Binary, proxy: FaultProxy, facts: int) -> None:
    """Sends in three parts: in peace, through 503s, and while the server is killed and started again."""
    errors: list[str] = []
    ready = binary.demo(20)
    proxy.aim(ready["url"])
    client = sdk.client(proxy.url, ready["write_key"], lambda error, items: errors.append(str(error)))
    browser, user = sdk.named("browser"), sdk.named("user")
    part = facts // 3
    for number in range(part):
        client.track(event=sdk.event, properties={"number": number}, anonymous_id=browser)
    client.identify(user, {"name": "Ada", "email": f"ada@{sdk.named('account')}.test"})
    client.group(user, sdk.named("account"), {"name": f"{sdk.name} Ltd"})
    client.alias(browser, user)
    client.flush()
    proxy.refuse(2)
    for number in range(part, 2 * part):
        client.track(user, sdk.event, {"number": number})
    client.flush()
    binary.kill()
    proxy.aim(None)
    for number in range(2 * part, facts):
        client.track(user, sdk.event, {"number": number})
    eventually(lambda: proxy.cut > 0)
    proxy.aim(binary.serve()["url"])
    client.flush()
    client.join()
    checks.equal("errors that the SDK saw", errors, [])


def stored(checks: Checks, sdk: Sdk, binary: Binary, facts: int, begun: datetime) -> None:
    row = binary.query(
        "select count(*) as facts, count(distinct event_id) as ids, count(distinct user_id) as people, "
        "count(account_id) as attributed, count(distinct account_id) as accounts, "
        "cast(extract(epoch from min(occurred_at)) as double) as first, "
        f"cast(extract(epoch from max(occurred_at)) as double) as last from event where name = '{sdk.event}'"
    )[0]
    checks.equal("stored, once", (row["facts"], row["ids"]), (facts, facts))
    checks.equal("of the account that `group` named", (row["attributed"], row["accounts"]), (facts, 1))
    checks.equal("of the one person that `alias` made of two", row["people"], 1)
    earliest, latest = begun.timestamp() - WITHIN.seconds, time.time() + WITHIN.seconds
    right = earliest <= row["first"] and row["last"] <= latest
    spans = [datetime.fromtimestamp(at).isoformat(timespec="seconds") for at in (row["first"], row["last"])]
    checks.that("at the right time, by a clock an hour slow", right, " to ".join(spans))
    named = binary.query(f"select count(*) as n from account where name = '{sdk.name} Ltd'")[0]
    checks.equal("accounts of that name", named["n"], 1)
