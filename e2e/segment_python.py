#!/usr/bin/env python3
"""Segment's own Python SDK, unmodified and pointed at us: every call it makes is stored, once.

    e2e/segment_python.py --binary target/debug/pomona [--facts 300]
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from pomona import Binary, Checks

EVENT = "Sent By The Python SDK"


def send(url: str, write_key: str, facts: int) -> list[str]:
    """One company, one person, many events; returns the errors that the SDK reported."""
    from segment.analytics.client import Client

    errors: list[str] = []
    client = Client(
        write_key, host=url, gzip=True, max_retries=3, on_error=lambda error, items: errors.append(str(error))
    )
    client.identify("sdk-python-user", {"name": "Ada", "email": "ada@sdk-python.test"})
    client.group("sdk-python-user", "sdk-python-account", {"name": "SDK Python Ltd"})
    for number in range(facts):
        client.track("sdk-python-user", EVENT, {"number": number})
    client.flush()
    client.shutdown()
    return errors


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", required=True)
    parser.add_argument("--facts", type=int, default=300)
    options = parser.parse_args()
    checks = Checks(f"Segment's Python SDK sends {options.facts} facts")
    try:
        import segment.analytics  # noqa: F401
    except ImportError as reason:
        checks.skip("everything", f"{reason}; pip install -r e2e/requirements.txt")
        checks.finish()

    with tempfile.TemporaryDirectory(prefix="pomona-sdk-") as folder:
        binary = Binary(options.binary, Path(folder) / "home")
        ready = binary.demo(20)
        checks.equal("errors that the SDK saw", send(ready["url"], ready["write_key"], options.facts), [])
        checks.equal("a clean stop ends with 0", binary.stop(), 0)
        count = binary.query(
            "select count(*) as facts, count(distinct event_id) as ids, count(distinct account_id) as accounts "
            f"from event where name = '{EVENT}'"
        )[0]
        checks.equal("stored", (count["facts"], count["ids"]), (options.facts, options.facts))
        checks.equal("attributed to the account that `group` named", count["accounts"], 1)
        named = binary.query("select count(*) as n from account where name = 'SDK Python Ltd'")[0]
        checks.equal("accounts of that name", named["n"], 1)
    checks.finish()


if __name__ == "__main__":
    main()
