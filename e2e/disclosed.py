#!/usr/bin/env python3
"""What companies and papers printed about their customers, told again by `pomona revenue --input` from a bare ledger.

DISH Network disclosed subscribers, gross additions and the average monthly churn of every quarter; a ledger of lots of
1,000 subscribers must come to the same closing, the same losses and, in two places of a per cent, the same churn. (The
fourth quarter's figure is that of the year: nothing else was disclosed.) The retention of cohorts as Fader & Hardie
print it, and a table of cohorts' customers of McCarthy, Fader & Hardie's customer-based valuation, must come back from
the cohort tables as they went in.

    e2e/disclosed.py --binary target/debug/pomona [--contractual ../shared/reference/contractual]
"""

from __future__ import annotations

import csv
import json
from pathlib import Path

from pomona import Binary, Checks, on_reference

YEARS = range(2011, 2015)
# A churn of 1.66 % was rounded to the last digit, and subscribers to the thousand.
ROUNDED = 0.0001


def table(folder: Path, name: str) -> list[list[str]]:
    with open(folder / name, newline="", encoding="utf-8-sig") as file:
        return list(csv.reader(file))


def month(n: int) -> str:
    return f"{2000 + n // 12}-{n % 12 + 1:02}"


def revenue(binary: Binary, file: Path, ledger: list[list[object]]) -> dict:
    """The report on accounts by months, both by number."""
    with open(file, "w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out)
        writer.writerow(["account", *(month(n) for n in range(len(ledger[0])))])
        writer.writerows([f"a{number}", *amounts] for number, amounts in enumerate(ledger))
    done = binary.run("revenue", "--input", str(file), "--json", timeout=300)
    if done.returncode != 0:
        raise RuntimeError(done.stderr)
    (report,) = json.loads(done.stdout)["reports"]
    return report


def quarters(folder: Path) -> list[dict]:
    """Oldest first; subscribers in thousands."""
    told = []
    for row in reversed(table(folder, "dish_add_loss_end.csv")[1:]):
        if int(row[1]) in YEARS or (int(row[1]), row[2]) == (YEARS[0] - 1, "4"):
            lots = [round(1000 * float(row[column])) for column in (7, 15, 16)]
            told.append({"name": f"{row[1]} Q{row[2]}", "year": int(row[1]), "quarter": int(row[2]), "churn": float(row[12]), "lots": lots})
    return told


def dish(checks: Checks, binary: Binary, folder: Path, file: Path) -> None:
    told = quarters(folder)
    opening, *rest = told
    began, ended, alive = [0] * opening["lots"][0], {}, 0
    for at, quarter in enumerate(rest, start=1):
        _, added, net = quarter["lots"]
        # Who has been there longest leaves, so that every loss is one of the opening's.
        for lot in range(alive, alive + added - net):
            ended[lot] = at
        alive += added - net
        began += [at] * added
    columns = range(len(told))
    lots = [[1 if start <= at < ended.get(lot, len(told)) else 0 for at in columns] for lot, start in enumerate(began)]
    report = revenue(binary, file, lots)
    wrong, off, lost, bases = [], [], 0, []
    for quarter, figures in zip(rest, report["months"], strict=True):
        closing, added, net = quarter["lots"]
        logos = figures["logos"]
        if (logos["closing"], logos["new"], logos["churned"]) != (closing, added, added - net):
            wrong.append(f"{quarter['name']}: {logos}")
        base = (logos["opening"] + logos["closing"]) / 2
        lost, bases = lost + logos["churned"], bases + [base]
        churn = logos["churned"] / base / 3
        if quarter["quarter"] == 4:
            churn, lost, bases = lost / (sum(bases) / 4) / 12, 0, []
        off.append(abs(churn - quarter["churn"]))
        if off[-1] > ROUNDED:
            wrong.append(f"{quarter['name']}: churn {churn:.4%}, disclosed {quarter['churn']:.2%}")
    checks.that(f"DISH, {len(rest)} quarters: subscribers, additions, losses", not wrong, "; ".join(wrong) or f"churn off by {max(off):.4%} at most")


def papers(checks: Checks, binary: Binary, folder: Path, file: Path) -> None:
    active = table(folder, "multi_cohort_active.csv")[1:]
    counts = [[int(row[cohort] or 0) for row in active] for cohort in range(1, len(active[0]))]
    lots = [[1 if number < held else 0 for held in cohort] for cohort in counts for number in range(max(cohort))]
    cohorts = revenue(binary, file, lots)["cohorts_by_month"]
    expected = [[held / max(cohort) for held in cohort if held] for cohort in counts]
    checks.equal("Fader & Hardie 2010, five cohorts: customers", [row["logos"] for row in cohorts], expected)

    cohort_rows = table(folder, "cbcv_cohort_data.csv")[1:]
    # Each cohort is one account, which pays what is left of it: hundredths of a customer, rounded.
    left = [[round(float(row[cohort] or 0), 2) for row in cohort_rows] for cohort in range(1, len(cohort_rows[0]))]
    report = revenue(binary, file, left)
    shares = [[round(held / next(filter(None, cohort)), 12) for held in cohort if held] for cohort in left]
    told = [[round(share, 12) for share in row["revenue"]] for row in report["cohorts_by_month"]]
    checks.equal("customer-based valuation, eight cohorts: what is left", told, shares)
    totals = [float(row[1]) for row in table(folder, "cbcv_quarterly.csv")[1:]]
    closing = [figures["movements"]["closing_cents"] / 100 for figures in report["months"]]
    near = all(abs(ours - theirs) < 0.05 for ours, theirs in zip(closing, totals[1:], strict=True))
    checks.that("customer-based valuation: all customers of each period", near, f"{closing[-1]} and {totals[-1]:.2f} at the end")


def check(checks: Checks, binary: Binary, data: Path, scratch: Path) -> None:
    file = scratch / "ledger.csv"
    dish(checks, binary, data, file)
    papers(checks, binary, data, file)


if __name__ == "__main__":
    on_reference(__doc__, "what was disclosed and printed, told again", "contractual/dish_add_loss_end.csv", check)
