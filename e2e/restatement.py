#!/usr/bin/env python3
"""Five years of revenue restated, beside the same in DuckDB's SQL, which must come to the same cents.

The example `restatement` makes the ledger of some accounts with ten items each, bridges sixty months and retains 48
years ending in each of the last months, and writes the lines out. DuckDB then sums the ARR of every account at every
month's end, and takes the changes of every account day by day: the same closing, the same gross retention, and the same
movements (new, returned, lost, and what changed between) to the cent. Twice the accounts must cost about twice.

    e2e/restatement.py --binary target/release/examples/restatement --accounts 100000
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SQL = """
with line as (select * from read_csv('{file}')),
month as (select unnest(range(date '2020-12-31' + interval 1 day, date '2026-01-02', interval 1 month))::date - 1 as day),
arr as (
    select account, day, sum(arr_cents) as arr
    from line join month on begins <= day and day < ends
    group by account, day
),
year as (
    select past.arr as opening, coalesce(now.arr, 0) as closing
    from arr past left join arr now on now.account = past.account and now.day = last_day(past.day + interval 1 year)
    where past.day >= date '2021-01-31' and past.day <= date '2024-12-31'
)
select (select sum(arr) from arr where day = date '2025-12-31') as closing,
       (select sum(least(opening, closing)) from year) as kept
"""

MOVEMENTS = """
with change as (
    select account, day, sum(cents)::hugeint as cents from (
        select account, begins as day, arr_cents as cents from read_csv('{file}')
        union all
        select account, ends, -arr_cents from read_csv('{file}') where ends <= date '2025-12-31'
    ) group by account, day having sum(cents) <> 0
),
walk as (
    select account, day, cents, sum(cents) over before_too - cents as before, sum(cents) over before_too as after,
           row_number() over before_too as nth
    from change window before_too as (partition by account order by day)
)
select coalesce(sum(after) filter (where before = 0 and nth = 1), 0) as new,
       coalesce(sum(after) filter (where before = 0 and nth > 1), 0) as returned,
       coalesce(sum(cents) filter (where after = 0), 0) as lost,
       coalesce(sum(cents) filter (where before <> 0 and after <> 0), 0) as between_both
from walk where day <= date '2025-12-31'
"""


def run(binary: str, accounts: int, file: str | None) -> dict:
    command = [binary, str(accounts)] + ([file] if file else [])
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--binary", required=True)
    arguments.add_argument("--accounts", type=int, default=100_000)
    asked = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        file = str(Path(folder) / "lines.csv")
        ours = run(asked.binary, asked.accounts, file)
        half = run(asked.binary, asked.accounts // 2, None)
        print(f"pomona   {ours['cpu_s']:8.2f} CPU s  {ours['peak_mib']:6} MiB  {ours['items']:,} items, {ours['months']} months")
        print(f"  half   {half['cpu_s']:8.2f} CPU s  {half['peak_mib']:6} MiB  ×{ours['cpu_s'] / max(half['cpu_s'], 0.01):.2f} for twice the accounts")
        try:
            import duckdb
        except ImportError:
            print("duckdb   SKIPPED: pip install duckdb")
            return 0
        before, began = resource.getrusage(resource.RUSAGE_SELF), time.monotonic()
        closing, kept = duckdb.connect().execute(SQL.format(file=file)).fetchone()
        theirs = [int(cents) for cents in duckdb.connect().execute(MOVEMENTS.format(file=file)).fetchone()]
        after = resource.getrusage(resource.RUSAGE_SELF)
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        print(f"duckdb   {cpu:8.2f} CPU s  {after.ru_maxrss // 1024:6} MiB  {time.monotonic() - began:.2f} s by the clock")
    moved = [ours["new"], ours["reactivation"], ours["churn"], ours["expansion"] + ours["contraction"] + ours["price"]]
    same = (int(closing), int(kept)) == (ours["closing_cents"], ours["kept_cents"]) and moved == theirs
    print(f"closing  {ours['closing_cents']:,} and {int(closing):,} cents\nkept     {ours['kept_cents']:,} and {int(kept):,} cents")
    for name, left, right in zip(("new", "returned", "lost", "between"), moved, theirs):
        print(f"{name:8} {left:,} and {right:,} cents")
    print("the same to the cent" if same else "NOT THE SAME")
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
