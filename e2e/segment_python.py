#!/usr/bin/env python3
"""Segment's own Python SDK, unmodified and pointed at us: through 503s, a kill and a wrong clock, every call is stored once.

    e2e/segment_python.py --binary target/debug/pomona [--facts 300]
"""

import sdk


def client(url: str, write_key: str, on_error):
    from segment.analytics.client import Client

    return Client(write_key, host=url, gzip=True, max_retries=10, upload_interval=0.2, on_error=on_error)


if __name__ == "__main__":
    clocks = ("segment.analytics.client", "segment.analytics.request")
    sdk.main(sdk.Sdk("Segment for Python", clocks, client), __doc__)
