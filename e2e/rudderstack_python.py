#!/usr/bin/env python3
"""RudderStack's own Python SDK, unmodified and pointed at us: what it sends is stored once, also after a kill.

It sends gzip by default, takes nothing but exactly 200 for success, and breaks on errors that are not JSON objects.

    e2e/rudderstack_python.py --binary target/debug/pomona [--facts 300]
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from pomona import Binary, Checks, free_port

EVENT = "Sent By Rudder For Python"


def send(binary: Binary, listen: str, write_key: str, facts: int) -> list[str]:
    """One company, one person, many events, with a kill in their midst; returns the errors the SDK reported."""
    from rudderstack.analytics.client import Client

    errors: list[str] = []
    client = Client(
        write_key,
        host=f"http://{listen}",
        max_retries=10,
        upload_interval=0.2,
        on_error=lambda error, items: errors.append(str(error)),
    )
    client.identify("rudder-python-user", {"name": "Ada", "email": "ada@rudder-python.test"})
    client.group("rudder-python-user", "rudder-python-account", {"name": "Rudder Python Ltd"})
    for number in range(facts // 2):
        client.track("rudder-python-user", EVENT, {"number": number})
    client.flush()
    binary.kill()
    for number in range(facts // 2, facts):
        client.track("rudder-python-user", EVENT, {"number": number})
    binary.serve(listen=listen)
    client.flush()
    client.join()
    return errors


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", required=True)
    parser.add_argument("--facts", type=int, default=300)
    options = parser.parse_args()
    checks = Checks(f"RudderStack's Python SDK sends {options.facts} facts")
    try:
        import rudderstack.analytics  # noqa: F401
    except ImportError as reason:
        checks.skip("everything", f"{reason}; pip install -r e2e/requirements.txt")
        checks.finish()

    with tempfile.TemporaryDirectory(prefix="pomona-sdk-") as folder:
        binary = Binary(options.binary, Path(folder) / "home")
        write_key = binary.demo(20)["write_key"]
        binary.stop()
        listen = f"127.0.0.1:{free_port()}"
        binary.serve(listen=listen)
        checks.equal("errors that the SDK saw", send(binary, listen, write_key, options.facts), [])
        checks.equal("a clean stop ends with 0", binary.stop(), 0)
        count = binary.query(
            "select count(*) as facts, count(distinct event_id) as ids, count(distinct account_id) as accounts "
            f"from event where name = '{EVENT}'"
        )[0]
        checks.equal("stored", (count["facts"], count["ids"]), (options.facts, options.facts))
        checks.equal("attributed to the account that `group` named", count["accounts"], 1)
    checks.finish()


if __name__ == "__main__":
    main()
