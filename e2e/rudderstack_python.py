#!/usr/bin/env python3
"""RudderStack's own Python SDK, unmodified and pointed at us: through 503s, a kill and a wrong clock, every call is stored once.

It sends gzip by default, takes nothing but exactly 200 for success, and breaks on errors that are not JSON objects.

    e2e/rudderstack_python.py --binary target/debug/pomona [--facts 300]
"""

import sdk


def client(url: str, write_key: str, on_error):
    from rudderstack.analytics.client import Client

    return Client(write_key, host=url, max_retries=10, upload_interval=0.2, on_error=on_error)


if __name__ == "__main__":
    clocks = ("rudderstack.analytics.client", "rudderstack.analytics.request")
    sdk.main(sdk.Sdk("RudderStack for Python", clocks, client), __doc__)
