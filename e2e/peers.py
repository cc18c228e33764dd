#!/usr/bin/env python3
"""The same files through our models and through other packages: processor seconds, peak memory, likelihood.

Ours is the example `peers` of crates/stats, or with --binary the finished `pomona`; theirs are whatever can be
imported or run: lifetimes, pymc-marketing, lifelines, scikit-survival, and in R BTYD, CLVTools and survival. What is
not there is printed as SKIPPED. Every measurement is a process of its own; reading the file does not count. A peer
must reach our log-likelihood within 1e-6, or the comparison says by how much it falls short.

    cargo build --release -p pomona-stats --example peers
    python3.12 -m venv v && v/bin/pip install lifetimes lifelines scikit-survival pymc-marketing
    e2e/peers.py --bench target/release/examples/peers --python v/bin/python --customers 100000 1000000
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from datetime import date
from pathlib import Path

FITS = ("fit-bg-nbd", "fit-mbg-nbd", "fit-pareto-nbd", "fit-gamma-gamma")
PREDICTIONS = ("predict-bg-nbd", "predict-pareto-nbd")
INTERVALS = ("intervals-bg-nbd", "intervals-pareto-nbd")
TARGETS = {
    "fit-bg-nbd": 0.4,
    "fit-pareto-nbd": 2.5,
    "fit-gamma-gamma": 0.4,
    "predict-bg-nbd": 0.3,
    "predict-pareto-nbd": 0.3,
    "intervals-bg-nbd": 5.0,
    "intervals-pareto-nbd": 5.0,
    "kaplan-meier": 0.15,
    "cox": 0.12,
}
MEMORY_KB = {"intervals-bg-nbd": 200_000, "intervals-pareto-nbd": 200_000}
# Minutes to hours on a million customers; only with --slow.
SLOW = {("lifetimes", "fit-pareto-nbd"), ("pymc-marketing", "fit-pareto-nbd"), ("scikit-survival", "cox"), ("BTYD", "fit-pareto-nbd")}
CLOSE = 1e-6
PEERS = {
    "lifetimes": FITS + PREDICTIONS,
    "pymc-marketing": ("fit-bg-nbd", "fit-pareto-nbd", "fit-gamma-gamma"),
    "lifelines": ("kaplan-meier", "cox"),
    "scikit-survival": ("kaplan-meier", "cox"),
    "BTYD": ("fit-bg-nbd", "fit-pareto-nbd"),
    "CLVTools": ("fit-bg-nbd", "fit-pareto-nbd"),
    "survival": ("kaplan-meier", "cox"),
}
IN_R = ("BTYD", "CLVTools", "survival")


# What runs inside the peer's interpreter: one task, one JSON line.


def child(peer: str, task: str, path: str) -> None:
    import numpy as np
    import pandas as pd

    data = pd.read_csv(path)
    if peer == "lifetimes":
        ready = with_lifetimes(task, data)
    elif peer == "pymc-marketing":
        ready = with_pymc(task, data, pd)
    elif peer == "lifelines":
        ready = with_lifelines(task, data)
    else:
        ready = with_scikit(task, data, np)
    before = time.process_time()
    values, log_likelihood = ready()
    seconds = time.process_time() - before
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps({"seconds": seconds, "peak_kb": peak, "values": values, "log_likelihood": log_likelihood}))


def with_lifetimes(task: str, data):
    import lifetimes

    paid = data[(data.x > 0) & (data.m > 0)]
    classes = {"bg-nbd": lifetimes.BetaGeoFitter, "mbg-nbd": lifetimes.ModifiedBetaGeoFitter, "pareto-nbd": lifetimes.ParetoNBDFitter}
    if task == "fit-gamma-gamma":
        model = lifetimes.GammaGammaFitter()
        return lambda: (list(model.fit(paid.x, paid.m).params_), None)
    model = classes[task.split("-", 1)[1]]()
    if task.startswith("fit"):
        return lambda: (list(model.fit(data.x, data.t_x, data["T"]).params_), None)
    sample = data.sample(min(len(data), 20_000), random_state=1)
    model.fit(sample.x, sample.t_x, sample["T"])

    def predict():
        year = model.conditional_expected_number_of_purchases_up_to_time(52.18, data.x, data.t_x, data["T"])
        model.conditional_probability_alive(data.x, data.t_x, data["T"])
        months = [model.conditional_expected_number_of_purchases_up_to_time(4.348 * m, data.x, data.t_x, data["T"]) for m in range(1, 13)]
        return [float(year.sum()), float(sum(month.sum() for month in months))], None

    return predict


def with_pymc(task: str, data, pd):
    from pymc_marketing import clv

    named = pd.DataFrame(
        {"customer_id": range(len(data)), "frequency": data.x, "recency": data.t_x, "T": data["T"], "monetary_value": data.m}
    )
    classes = {"fit-bg-nbd": clv.BetaGeoModel, "fit-pareto-nbd": clv.ParetoNBDModel, "fit-gamma-gamma": clv.GammaGammaModel}
    if task == "fit-gamma-gamma":
        named = named[(named.frequency > 0) & (named.monetary_value > 0)]
    order = {"fit-bg-nbd": ("r", "alpha", "a", "b"), "fit-pareto-nbd": ("r", "alpha", "s", "beta"), "fit-gamma-gamma": ("p", "q", "v")}

    def fit():
        # Its default priors move the mode away from the maximum, which the shortfall then shows.
        model = classes[task]()
        model.fit(named, method="map", progressbar=False)
        found = model.idata["posterior"]
        return [float(found[name].mean()) for name in order[task]], None

    return fit


def with_lifelines(task: str, data):
    import lifelines

    if task == "kaplan-meier":
        model = lifelines.KaplanMeierFitter()
        return lambda: ([float(model.fit(data.time, data.event).predict(5.0))], None)

    def fit():
        model = lifelines.CoxPHFitter().fit(data, "time", "event")
        return list(model.params_), model.log_likelihood_

    return fit


def with_scikit(task: str, data, np):
    from sksurv.linear_model import CoxPHSurvivalAnalysis
    from sksurv.nonparametric import kaplan_meier_estimator

    event, seconds = data.event.to_numpy() > 0, data.time.to_numpy()
    if task == "kaplan-meier":
        return lambda: ([float(kaplan_meier_estimator(event, seconds, conf_type="log-log")[1][-1])], None)
    outcome = np.array(list(zip(event, seconds)), dtype=[("event", bool), ("time", float)])
    covariates = data.drop(columns=["time", "event"])
    return lambda: (list(CoxPHSurvivalAnalysis(ties="efron").fit(covariates, outcome).coef_), None)


R_READY = 'd <- read.csv(commandArgs(TRUE)[1]); now <- function() sum(proc.time()[1:2]); b <- now(); '
R_DONE = 'cat(sprintf(\'{"seconds":%f,"values":[%s],"log_likelihood":%s}\\n\', now() - b, paste(format(v, digits = 15), collapse = ","), l))'
R_TASKS = {
    ("survival", "kaplan-meier"): "library(survival); b <- now(); f <- survfit(Surv(time, event) ~ 1, d); v <- summary(f, 5)$surv; l <- 'null'; ",
    ("survival", "cox"): "library(survival); b <- now(); f <- coxph(Surv(time, event) ~ ., d); v <- coef(f); l <- f$loglik[2]; ",
    ("BTYD", "fit-bg-nbd"): "library(BTYD); m <- as.matrix(d[, 1:3]); colnames(m) <- c('x', 't.x', 'T.cal'); b <- now(); v <- bgnbd.EstimateParameters(m); l <- 'null'; ",
    ("BTYD", "fit-pareto-nbd"): "library(BTYD); m <- as.matrix(d[, 1:3]); colnames(m) <- c('x', 't.x', 'T.cal'); b <- now(); v <- pnbd.EstimateParameters(m); l <- 'null'; ",
}


# What runs here.


def run(command: list[str], within: float) -> tuple[dict | None, str]:
    """The answer of a process, or why there is none."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=within, env=environment)
    except subprocess.TimeoutExpired:
        return None, f"gave up after {within:.0f} s"
    except OSError as error:
        return None, str(error)
    answers = [line for line in done.stdout.splitlines() if line.startswith("{")]
    if done.returncode == 0 and answers:
        return json.loads(answers[-1]), ""
    said = done.stderr.strip().splitlines() or ["no answer"]
    # R ends with "Execution halted" and says why before.
    why = next((line for line in said if "no package called" in line), said[-1])
    return None, why.removeprefix("Error in ")[:160]


def theirs(peer: str, task: str, path: Path, options: argparse.Namespace) -> tuple[dict | None, str]:
    if peer in IN_R:
        if not shutil.which("Rscript"):
            return None, "there is no R"
        if (peer, task) not in R_TASKS:
            return None, "it fits logs of purchases, not the summaries of this file"
        return run(["Rscript", "-e", R_READY + R_TASKS[peer, task] + R_DONE, str(path)], options.within)
    why = "no interpreter was given"
    for python in options.python:
        answer, why = run([python, __file__, "--child", peer, task, str(path)], options.within)
        if answer or "No module named" not in why:
            return answer, why
    return None, why


def shortfall(task: str, path: Path, answer: dict, ours: dict, options: argparse.Namespace) -> str:
    """How far the peer's parameters stay below our likelihood, computed by us where it can be."""
    models = {"fit-bg-nbd": "0", "fit-mbg-nbd": "1", "fit-pareto-nbd": "2"}
    reached = answer.get("log_likelihood")
    if task in models:
        done = subprocess.run(
            [options.bench, "likelihood", str(path), models[task], *map(repr, answer["values"])], capture_output=True, text=True
        )
        reached = float(done.stdout) if done.returncode == 0 else None
    best = ours["log_likelihood"]
    if reached is None or not best:
        return ""
    behind = (best - reached) / abs(best)
    return "equal" if abs(behind) <= CLOSE else f"{behind:+.1e} short"


def median_of(task: str, path: Path, options: argparse.Namespace) -> tuple[dict | None, str]:
    """Our answer of the median time; the largest peak."""
    answers = []
    for _ in range(options.runs):
        answer, why = run([options.bench, task, str(path)], options.within)
        if answer is None:
            return None, why
        answers.append(answer)
    answers.sort(key=lambda answer: answer["seconds"])
    return {**answers[len(answers) // 2], "peak_kb": max(answer["peak_kb"] or 0 for answer in answers)}, ""


def compare(name: str, tasks: tuple[str, ...], path: Path, judged: bool, options: argparse.Namespace) -> list[str]:
    """One file through everything; the targets that were missed."""
    missed = []
    print(f"\n## {name}\n\n| task | package | CPU s | peak MB | times ours | likelihood |\n|---|---|---|---|---|---|", flush=True)
    for task in tasks:
        ours, why = median_of(task, path, options)
        if ours is None:
            print(f"| {task} | ours | FAILED: {why} | | | |", flush=True)
            missed.append(f"{name}, {task}: {why}")
            continue
        verdict = ""
        if judged and task in TARGETS:
            heavy = ours["peak_kb"] > MEMORY_KB.get(task, ours["peak_kb"])
            late = ours["seconds"] > TARGETS[task]
            verdict = f" (target {TARGETS[task]}: {'MISSED' if late or heavy else 'met'})"
            missed += [f"{name}, {task}: {ours['seconds']:.3f} s, {ours['peak_kb'] / 1e3:.0f} MB"] if late or heavy else []
        print(f"| {task} | **ours** | {ours['seconds']:.4f}{verdict} | {ours['peak_kb'] / 1e3:.0f} | 1 | |", flush=True)
        for peer in (peer for peer, able in PEERS.items() if task in able):
            if judged and (peer, task) in SLOW and not options.slow:
                print(f"| {task} | {peer} | SKIPPED: takes very long here; --slow runs it | | | |", flush=True)
                continue
            answer, why = theirs(peer, task, path, options)
            if answer is None:
                print(f"| {task} | {peer} | SKIPPED: {why} | | | |", flush=True)
                continue
            ratio = answer["seconds"] / max(ours["seconds"], 1e-6)
            peak = f"{answer['peak_kb'] / 1e3:.0f}" if answer.get("peak_kb") else ""
            reached = shortfall(task, path, answer, ours, options)
            print(f"| {task} | {peer} | {answer['seconds']:.4f} | {peak} | {ratio:.0f} | {reached} |", flush=True)
    return missed


def cdnow(reference: Path, out: Path) -> bool:
    """The full log as x, t_x, T, m in weeks to 1997-09-30."""
    log = reference / "cdnow/CDNOW_master.txt"
    if not log.exists():
        return False
    customers: dict[str, dict[int, float]] = defaultdict(lambda: defaultdict(float))
    end = date(1997, 9, 30).toordinal()
    for line in log.read_text().splitlines()[1:]:
        who, when, _, amount = line.split()
        day = date(int(when[:4]), int(when[4:6]), int(when[6:])).toordinal()
        if day <= end:
            customers[who][day] += float(amount)
    with out.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["x", "t_x", "T", "m"])
        for days in customers.values():
            first, *repeats = sorted(days)
            mean = sum(days[day] for day in repeats) / len(repeats) if repeats else 0.0
            rows.writerow([len(repeats), (repeats[-1] - first) / 7 if repeats else 0.0, (end - first) / 7, mean])
    return True


def whole_command(binary: str, path: Path) -> None:
    """`pomona clv` as a user runs it, the reading of the file included."""
    print("\n## The command, reading and writing included\n\n| command | CPU s | peak MB |\n|---|---|---|", flush=True)
    for arguments in (
        ("fit", "--model", "bg-nbd"),
        ("fit", "--model", "pareto-nbd"),
        ("predict", "--model", "bg-nbd", "--out", os.devnull),
        ("predict", "--model", "pareto-nbd", "--out", os.devnull),
    ):
        process = subprocess.Popen([binary, "clv", *arguments, "--input", str(path)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        said = f"{usage.ru_utime + usage.ru_stime:.2f}" if process.returncode == 0 else f"FAILED: {process.returncode}"
        print(f"| `pomona clv {' '.join(arguments)}` | {said} | {usage.ru_maxrss / 1e3:.0f} |", flush=True)


def main() -> None:
    if sys.argv[1:2] == ["--child"]:
        child(*sys.argv[2:5])
        return
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bench", required=True, help="the example `peers` of crates/stats, built with --release")
    parser.add_argument("--binary", help="a release build of pomona, to time the whole command")
    parser.add_argument("--python", action="append", default=[], help="an interpreter that can import peers; several may be given")
    parser.add_argument("--reference", default="../shared/reference", type=Path)
    parser.add_argument("--customers", nargs="*", type=int, default=[100_000, 1_000_000])
    parser.add_argument("--runs", type=int, default=3, help="runs of ours, of which the median counts")
    parser.add_argument("--within", type=float, default=900, help="seconds a peer may take")
    parser.add_argument("--slow", action="store_true", help="run also what takes minutes to hours")
    options = parser.parse_args()
    missed = []
    print(f"# Ours and other packages, load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    with tempfile.TemporaryDirectory(prefix="pomona-peers-") as name:
        folder = Path(name)
        small = folder / "cdnow.csv"
        if cdnow(options.reference, small):
            compare("CDNOW, 23,570 customers", FITS + PREDICTIONS, small, False, options)
        else:
            print(f"SKIPPED CDNOW: not below {options.reference}")
        for count in options.customers:
            path = folder / f"customers-{count}.csv"
            subprocess.run([options.bench, "simulate", str(path), str(count)], check=True)
            judged = count == 1_000_000
            tasks = FITS + PREDICTIONS + (INTERVALS if judged else ())
            missed += compare(f"Simulated, {count:,} customers", tasks, path, judged, options)
            if judged and options.binary:
                whole_command(options.binary, path)
        path = folder / "subjects.csv"
        subprocess.run([options.bench, "survival", str(path), "100000"], check=True)
        missed += compare("Survival, 100,000 × 10", ("kaplan-meier", "cox"), path, True, options)
    print("\n" + ("Targets missed: " + "; ".join(missed) if missed else "Every target is met."))
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
