#!/usr/bin/env python3
"""Nobody is locked in: a stock DuckDB reads the lake and gives the same numbers as `pomona query`.

    e2e/duckdb_reads.py --binary target/debug/pomona [--accounts 60]
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from pomona import Binary, Checks

QUESTIONS = {
    "events": "select count(*) as n from event",
    "accounts": "select count(distinct account_id) as n from event",
    "people": "select count(distinct user_id) as n from event",
    "quantity": "select cast(sum(quantity) as bigint) as n from event",
    "events by name": "select count(*) as n, name from event group by name order by name",
    "one day": "select count(*) as n from event where occurred_at >= timestamp '2026-01-05' and occurred_at < timestamp '2026-01-06'",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", required=True)
    parser.add_argument("--accounts", type=int, default=60)
    options = parser.parse_args()
    checks = Checks(f"a stock DuckDB reads the lake of {options.accounts} accounts")
    try:
        from lake_reader import read_lake
    except ImportError as reason:
        checks.skip("everything", f"{reason}; pip install -r e2e/requirements.txt")
        checks.finish()

    with tempfile.TemporaryDirectory(prefix="pomona-duckdb-") as folder:
        binary = Binary(options.binary, Path(folder) / "home")
        binary.demo(options.accounts)
        binary.stop()
        for name, sql in QUESTIONS.items():
            ours = [tuple(row.values()) for row in binary.query(sql)]
            how, theirs = read_lake(binary.database(), sql)
            checks.that(f"{name} ({how})", ours == theirs and len(ours) > 0, f"{str(ours)[:60]} / {str(theirs)[:60]}")
        checks.that("there is something to count", ours != [(0,)])
    checks.finish()


if __name__ == "__main__":
    main()
