#!/usr/bin/env python3
"""A whole book of somebody else's, through the CSV import and `pomona revenue`, beside the same sums in plain Python.

RavenStack is a synthetic SaaS company of 500 accounts and 5,000 subscriptions over two years (River @ Rivalytics). Its
accounts, subscriptions and tickets are imported from the files as they are. Then every movement, retention and cohort of
24 months and of the last year must be what a few lines of Python make of the same files, to the cent. Where its tables
contradict each other, the contradiction is counted and printed: it is in the data, and importing must not hide it.

    e2e/ravenstack.py --binary target/debug/pomona [--saas ../shared/reference/saas]
"""

from __future__ import annotations

import csv
import datetime as dt
import json
from collections import Counter, defaultdict
from pathlib import Path

from pomona import Binary, Checks, on_reference

FROM, TO = "2023-01", "2024-12"
DAY = dt.timedelta(days=1)
# What its columns mean. A subscription that was ended says so in `end_date`, and it has no term: with the guess that
# `end_date` is the end of a term that renews, nobody would ever leave.
SUBSCRIPTIONS = """object = "subscription"
clear = ''
[columns]
subscription_id = "external_id"
account_id = "account"
start_date = "effective_from"
end_date = "cancelled_on"
plan_tier = "plan"
seats = "quantity"
arr_amount = "arr_cents"
billing_frequency = "period_months"
auto_renew_flag = "auto_renew"
"""


def rows(folder: Path, name: str) -> list[dict]:
    with open(folder / f"ravenstack_{name}.csv", newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


class Book:
    """ARR in cents of every account from each day on, made of the subscriptions alone."""

    def __init__(self, subscriptions: list[dict]) -> None:
        changes: dict[str, Counter] = defaultdict(Counter)
        for row in subscriptions:
            cents = int(row["arr_amount"]) * 100
            changes[row["account_id"]][day(row["start_date"])] += cents
            if row["end_date"]:
                changes[row["account_id"]][day(row["end_date"])] -= cents
        self.steps: dict[str, list[tuple[dt.date, int]]] = {}
        for account, deltas in changes.items():
            arr, steps = 0, []
            for on in sorted(deltas):
                if deltas[on]:
                    arr += deltas[on]
                    steps.append((on, arr))
            self.steps[account] = steps

    def on(self, account: str, on: dt.date) -> int:
        held = [arr for begins, arr in self.steps[account] if begins <= on]
        return held[-1] if held else 0

    def sum(self, on: dt.date) -> int:
        return sum(self.on(account, on) for account in self.steps)

    def figures(self, after: dt.date, through: dt.date) -> dict:
        """Movements by the day, and what is left of the accounts that paid at the opening."""
        moved, logos = Counter(), Counter()
        for steps in self.steps.values():
            before, ever = 0, False
            for on, arr in steps:
                kind = "between"
                if before == 0 and arr:
                    kind = "reactivation" if ever else "new"
                elif arr == 0:
                    kind = "churn"
                if after < on <= through:
                    moved[kind] += arr - before
                    logos[kind] += kind != "between"
                before, ever = arr, ever or arr > 0
        opening = {account: self.on(account, after) for account in self.steps}
        opening = {account: arr for account, arr in opening.items() if arr}
        closing = {account: self.on(account, through) for account in opening}
        base = sum(opening.values())
        share = lambda part: part / base if base else None
        lowest = lambda account: min(
            [opening[account]] + [arr for on, arr in self.steps[account] if after < on <= through]
        )
        return {
            "opening": base,
            "moved": {kind: moved[kind] for kind in ("new", "reactivation", "churn", "between")},
            "closing": self.sum(through),
            "logos": (len(opening), logos["new"], logos["reactivation"], logos["churn"]),
            "nrr": share(sum(closing.values())),
            "grr": share(sum(min(opening[account], closing[account]) for account in opening)),
            "grr_path": share(sum(lowest(account) for account in opening)),
            "logo_churn": sum(arr == 0 for arr in closing.values()) / len(opening) if opening else None,
        }

    def cohorts(self, months: int, through: dt.date) -> list[dict]:
        """By month or quarter of the first payment: what is left at the end of each period."""
        began: dict[dt.date, list[str]] = defaultdict(list)
        for account, steps in self.steps.items():
            if steps:
                first = steps[0][0].replace(day=1)
                began[first.replace(month=first.month - (first.month - 1) % months)].append(account)
        told = []
        for starts in sorted(began):
            members, revenue, logos = began[starts], [], []
            first = sum(self.steps[account][0][1] for account in members)
            ends = later(starts, months) - DAY
            while ends <= through:
                held = [self.on(account, ends) for account in members]
                revenue.append(sum(held) / first)
                logos.append(sum(arr > 0 for arr in held) / len(members))
                ends = later(ends + DAY, months) - DAY
            told.append({"starts": str(starts), "accounts": len(members), "opening_cents": first, "revenue": revenue, "logos": logos})
        return told


def later(first: dt.date, months: int) -> dt.date:
    month = first.month - 1 + months
    return dt.date(first.year + month // 12, month % 12 + 1, 1)


def told(figures: dict) -> dict:
    """The same of what `pomona revenue --json` printed."""
    moved, logos, metrics = figures["movements"], figures["logos"], figures["metrics"]
    between = moved["expansion_cents"] - moved["contraction_cents"] + moved["price_cents"]
    return {
        "opening": moved["opening_cents"],
        "moved": {"new": moved["new_cents"], "reactivation": moved["reactivation_cents"], "churn": -moved["churn_cents"], "between": between},
        "closing": moved["closing_cents"],
        "logos": (logos["opening"], logos["new"], logos["reactivated"], logos["churned"]),
        **{key: metrics[key]["value"] for key in ("nrr", "grr", "grr_path", "logo_churn")},
    }


def same(left: object, right: object) -> bool:
    """Whole numbers are equal; shares are to the last digits that a division leaves."""
    if isinstance(left, dict):
        return left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
    if isinstance(left, (list, tuple)):
        return len(left) == len(right) and all(same(a, b) for a, b in zip(left, right))
    if isinstance(left, float) and isinstance(right, float):
        return abs(left - right) <= 1e-12 * max(1.0, abs(left))
    return left == right


def imported(checks: Checks, binary: Binary, folder: Path, kind: str, name: str, mapping: Path | None) -> dict:
    command = ["import", "csv", kind, str(folder / f"ravenstack_{name}.csv"), "--home", str(binary.home), "--json"]
    done = binary.run(*command, *(["--mapping", str(mapping)] if mapping else []), timeout=600)
    report = json.loads(done.stdout) if done.stdout.strip() else {}
    count = len(rows(folder, name))
    checks.equal(f"{name}: every row is taken", (done.returncode, report.get("created"), report.get("failed")), (0, count, 0))
    return report


def revenue(binary: Binary, since: str) -> dict:
    done = binary.run("revenue", "--home", str(binary.home), "--from", since, "--to", TO, "--json", timeout=600)
    (report,) = json.loads(done.stdout)["reports"]
    return report


def contradictions(checks: Checks, folder: Path, book: Book) -> None:
    accounts, events = rows(folder, "accounts"), rows(folder, "churn_events")
    flagged = {row["account_id"] for row in accounts if row["churn_flag"] == "TRUE"}
    left = {row["account_id"] for row in events}
    last = day("2024-12-31")
    pays = {account for account in book.steps if book.on(account, last) > 0}
    ended = {account for account, steps in book.steps.items() if any(arr == 0 for _, arr in steps)}
    plans = {row["account_id"]: row["plan_tier"] for row in accounts}
    other = sum(plans[row["account_id"]] != row["plan_tier"] for row in rows(folder, "subscriptions"))
    print(f"       the data contradicts itself: {len(flagged)} accounts are flagged as churned, {len(left)} have churn events,")
    print(f"       {len(flagged & left)} have both, {len(ended)} ever stopped paying by their subscriptions, and {len(left & pays)} of")
    print(f"       those with churn events pay on the last day; {other} subscriptions are of another plan than their account")
    checks.that("flags, churn events and subscriptions disagree", flagged != left and left != ended and left & pays != set())


def check(checks: Checks, binary: Binary, folder: Path, mapping: Path) -> None:
    imported(checks, binary, folder, "accounts", "accounts", None)
    imported(checks, binary, folder, "subscriptions", "subscriptions", mapping)
    imported(checks, binary, folder, "tickets", "support_tickets", None)
    book = Book(rows(folder, "subscriptions"))
    report = revenue(binary, FROM)
    checks.equal("one currency, no item that is wrong", (report["currency"], report["faults"], report["unrated"]), ("USD", [], []))
    starts, wrong = day(f"{FROM}-01"), []
    for month in report["months"]:
        expected = book.figures(starts - DAY, later(starts, 1) - DAY)
        if not same(told(month), expected):
            wrong.append(f"{month['span']}: {told(month)} is not {expected}")
        starts = later(starts, 1)
    checks.that(f"all {len(report['months'])} months, movements and retention", not wrong and len(report["months"]) == 24, "; ".join(wrong[:2]))
    year = told(revenue(binary, "2024-01")["window"])
    expected = book.figures(day("2023-12-31"), day("2024-12-31"))
    shown = f"ARR {expected['opening'] / 100:,.2f} to {expected['closing'] / 100:,.2f} USD, NRR {expected['nrr']:.2%}, GRR {expected['grr']:.2%}"
    checks.that("the year 2024", same(year, expected), shown if same(year, expected) else f"{year} is not {expected}")
    for grain, months in (("month", 1), ("quarter", 3)):
        cohorts = book.cohorts(months, day("2024-12-31"))
        cells = sum(len(cohort["revenue"]) for cohort in cohorts)
        checks.that(f"cohorts by {grain}, {cells} cells", same(report[f"cohorts_by_{grain}"], cohorts))
    contradictions(checks, folder, book)


def reconcile(checks: Checks, binary: Binary, data: Path, scratch: Path) -> None:
    mapping = scratch / "subscriptions.toml"
    mapping.write_text(SUBSCRIPTIONS, encoding="utf-8")
    check(checks, binary, data, mapping)


if __name__ == "__main__":
    title = "RavenStack: a book of somebody else's, imported and reconciled"
    on_reference(__doc__, title, "saas/ravenstack_subscriptions.csv", reconcile)
