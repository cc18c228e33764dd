#!/usr/bin/env python3
"""How long it takes from a fact posted over HTTP until somebody can see it, and until the CTA it causes is open.

First, events one after the other, over many accounts: from the first byte of the request until the account's page
shows the metric that counts it. Then survey answers that say 0 of 10: from the request until the account has the CTA
of the playbook. Times are a client's, polling every few milliseconds, and include the answer of the last poll.

    e2e/latency.py --binary target/release/pomona --accounts 500 --facts 1000 [--within 1.0]

With `--within` the check fails where a p99 is longer, in seconds; without it only what never arrives fails.
"""

from __future__ import annotations

import argparse
import json
import re
import tempfile
import time
import urllib.parse
from pathlib import Path

from pomona import Binary, Checks, Client, quantile, write_key_header

PATIENCE = 20.0
POLL = 0.012
SPREAD = 200


class Reader:
    """A member with a browser, and a program with a token."""

    def __init__(self, ready: dict) -> None:
        self.client = Client(ready["url"])
        self.token = {"authorization": f"Bearer {ready['api_token']}", "content-type": "application/json"}
        status, headers, _ = self.client.request("GET", urllib.parse.urlsplit(ready["login"]["admin"]).path)
        assert status in (302, 303), f"the link answered {status}"
        self.cookie = {"cookie": headers["set-cookie"].split(";")[0]}

    def api(self, method: str, path: str, body: dict | None = None) -> dict:
        sent = json.dumps(body).encode() if body is not None else None
        status, _, text = self.client.request(method, path, sent, self.token)
        assert status < 300, f"{method} {path} answered {status}: {text[:200]!r}"
        return json.loads(text)

    def accounts(self, most: int) -> list[dict]:
        found, cursor = [], ""
        while len(found) < most:
            page = self.api("GET", f"/api/v1/accounts?limit=200{cursor}")
            found += page["items"]
            if not page.get("next"):
                break
            cursor = "&cursor=" + urllib.parse.quote(page["next"])
        return [account for account in found if account["status"] == "active"][:most]

    def shown(self, account: int, metric: str) -> str:
        """The value that the account's page shows for a metric."""
        status, _, text = self.client.request("GET", f"/accounts/{account}?tab=metrics", None, self.cookie)
        assert status == 200, f"the account's page answered {status}"
        found = re.search(rf'/metrics/{metric}["?].*?<dd>(.*?)</dd>', text.decode(), re.DOTALL)
        assert found, f"the page does not show {metric}"
        return re.sub(r"<[^>]*>", "", found.group(1)).strip()

    def ctas(self, account: int) -> set[int]:
        return {cta["id"] for cta in self.api("GET", f"/api/v1/ctas?account_id={account}&limit=500")["items"]}


def wait_until(seen, begun: float) -> float | None:
    """Seconds from `begun` until `seen()` holds; nothing when patience ends first."""
    while time.monotonic() - begun < PATIENCE:
        if seen():
            return time.monotonic() - begun
        time.sleep(POLL)
    return None


def events(ready: dict, reader: Reader, accounts: list[dict], facts: int) -> list[float | None]:
    sender, headers, times = Client(ready["url"]), write_key_header(ready["write_key"]), []
    for number in range(facts):
        account = accounts[number % len(accounts)]
        before = reader.shown(account["id"], "events_28d")
        message = {
            "type": "track",
            "messageId": f"latency-{number}",
            "userId": f"latency-user-{account['id']}",
            "event": "Latency Tested",
            "context": {"groupId": account["external_id"]},
        }
        begun = time.monotonic()
        status, _, text = sender.request("POST", "/v1/batch", json.dumps({"batch": [message]}).encode(), headers)
        assert status == 200, f"the event was answered {status}: {text[:200]!r}"
        times.append(wait_until(lambda: reader.shown(account["id"], "events_28d") != before, begun))
    return times


def answers(reader: Reader, accounts: list[dict]) -> list[float | None]:
    """One detractor's answer for each account without the signal that it opens."""
    open_signals = reader.api("GET", "/api/v1/signals?limit=500")["items"]
    unhappy = {signal["account_id"] for signal in open_signals if signal["rule"] == "negative_sentiment"}
    times = []
    for account in accounts:
        if account["id"] in unhappy:
            continue
        before, begun = reader.ctas(account["id"]), time.monotonic()
        path = f"/api/v1/accounts/{account['id']}/responses"
        reader.api("POST", path, {"kind": "nps", "score": 0, "comment": "It stopped working for us."})
        times.append(wait_until(lambda: reader.ctas(account["id"]) - before, begun))
    return times


def judge(checks: Checks, name: str, times: list[float | None], within: float | None) -> None:
    arrived = [seconds for seconds in times if seconds is not None]
    checks.that(f"{name}: all of {len(times)} arrived", len(arrived) == len(times) and len(times) > 0, len(arrived))
    p50, p99 = quantile(arrived, 0.5), quantile(arrived, 0.99)
    print(f"{name}: n = {len(arrived)}, p50 {p50 * 1000:.0f} ms, p99 {p99 * 1000:.0f} ms, longest {max(arrived, default=0) * 1000:.0f} ms")
    if within is not None:
        checks.that(f"{name}: p99 within {within} s", p99 <= within, f"{p99:.3f} s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", required=True)
    parser.add_argument("--accounts", type=int, default=60)
    parser.add_argument("--facts", type=int, default=1000)
    parser.add_argument("--within", type=float)
    options = parser.parse_args()
    checks = Checks(f"from fact to screen: {options.facts} facts, {options.accounts} accounts")
    with tempfile.TemporaryDirectory(prefix="pomona-latency-") as folder:
        binary = Binary(options.binary, Path(folder) / "home")
        ready = binary.demo(options.accounts)
        reader = Reader(ready)
        accounts = reader.accounts(SPREAD)
        judge(checks, "event to page", events(ready, reader, accounts, options.facts), options.within)
        judge(checks, "answer to CTA", answers(reader, accounts), options.within)
        checks.equal("a clean stop ends with 0", binary.stop(), 0)
    checks.finish()


if __name__ == "__main__":
    main()
