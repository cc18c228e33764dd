//! The partial likelihood over rows sorted once: risk-set sums grow as time runs backwards and shrink at entries.
//! Cost is rows times covariates squared per evaluation. Also here, because they walk the same order: the baseline
//! hazard and the concordance.

use super::{Baseline, Design, Ties};
use crate::linear::Matrix;
use crate::optimise::Evaluation;

/// Rows by stratum, then by exit, latest first; covariates centred and scaled.
pub(super) struct Sorted {
    pub(super) columns: usize,
    /// Row-major covariates in sorted order.
    pub(super) x: Vec<f64>,
    pub(super) exit: Vec<f64>,
    pub(super) entry: Vec<f64>,
    pub(super) event: Vec<bool>,
    /// Where each sorted row stood in the input.
    pub(super) original: Vec<usize>,
    /// Half-open ranges of sorted rows, one per stratum.
    pub(super) strata: Vec<std::ops::Range<usize>>,
    /// Per stratum, rows in order of entry, latest first; empty where nobody enters late.
    late: Vec<Vec<usize>>,
    ties: Ties,
    events: f64,
}

/// The sums over the risk set: weights, weighted covariates, weighted products (lower triangle).
struct Sums {
    s0: f64,
    s1: Vec<f64>,
    s2: Vec<f64>,
}

impl Sums {
    fn new(columns: usize) -> Self {
        Self { s0: 0.0, s1: vec![0.0; columns], s2: vec![0.0; columns * (columns + 1) / 2] }
    }

    fn clear(&mut self) {
        self.s0 = 0.0;
        self.s1.fill(0.0);
        self.s2.fill(0.0);
    }

    fn clear_if_used(&mut self) {
        if self.s0 != 0.0 {
            self.clear();
        }
    }

    fn add(&mut self, weight: f64, x: &[f64]) {
        self.s0 += weight;
        let mut k = 0;
        for (i, &xi) in x.iter().enumerate() {
            let scaled = weight * xi;
            self.s1[i] += scaled;
            for (s, &xj) in self.s2[k..=k + i].iter_mut().zip(x) {
                *s += scaled * xj;
            }
            k += i + 1;
        }
    }
}

/// One event time: the sorted rows leaving at it and the risk-set size terms of each of its events.
pub(super) struct Tie<'a> {
    pub(super) rows: std::ops::Range<usize>,
    pub(super) s0: f64,
    pub(super) s1: &'a [f64],
    pub(super) tied0: f64,
    pub(super) tied1: &'a [f64],
    pub(super) events: usize,
}

impl Sorted {
    pub(super) fn new(design: &Design<'_>, means: &[f64], scales: &[f64], ties: Ties) -> Self {
        let subjects = design.subjects;
        let stratum = |i: usize| design.strata.get(i).copied().unwrap_or(0);
        let mut original: Vec<usize> = (0..subjects.len()).collect();
        original.sort_unstable_by(|&a, &b| {
            (stratum(a).cmp(&stratum(b))).then(subjects[b].exit.total_cmp(&subjects[a].exit)).then(a.cmp(&b))
        });
        let p = design.columns;
        let row = |&i: &usize| (0..p).map(move |j| (design.covariates[i * p + j] - means[j]) / scales[j]);
        let mut strata = Vec::new();
        for i in 0..=design.strata.iter().copied().max().unwrap_or(0) {
            let from = original.partition_point(|&r| stratum(r) < i);
            strata.push(from..original.partition_point(|&r| stratum(r) <= i));
        }
        let entry: Vec<f64> = original.iter().map(|&i| subjects[i].entry).collect();
        let late = strata.iter().map(|range| late_entries(range.clone(), &entry)).collect();
        Self {
            columns: p,
            x: original.iter().flat_map(row).collect(),
            exit: original.iter().map(|&i| subjects[i].exit).collect(),
            event: original.iter().map(|&i| subjects[i].event).collect(),
            entry,
            original,
            strata,
            late,
            ties,
            events: subjects.iter().filter(|s| s.event).count() as f64,
        }
    }

    pub(super) fn row(&self, i: usize) -> &[f64] {
        &self.x[i * self.columns..(i + 1) * self.columns]
    }

    pub(super) fn weights(&self, beta: &[f64]) -> Vec<f64> {
        let eta = |i| self.row(i).iter().zip(beta).map(|(x, b)| x * b).sum::<f64>();
        (0..self.exit.len()).map(|i| eta(i).exp()).collect()
    }

    /// The fractions of the tied events that have left the risk set before each of them.
    pub(super) fn fractions(&self, events: usize) -> impl Iterator<Item = f64> + use<> {
        let step = if self.ties == Ties::Efron { 1.0 / events as f64 } else { 0.0 };
        (0..events).map(move |l| l as f64 * step)
    }

    /// Minus the log partial likelihood per event, with derivatives.
    pub(super) fn evaluate(&self, beta: &[f64]) -> Evaluation {
        let weights = self.weights(beta);
        let p = self.columns;
        let mut out = Evaluation::zeros(p);
        let mut lower = vec![0.0; p * (p + 1) / 2];
        let mut mean = vec![0.0; p];
        self.walk(&weights, |rows, risk, tied, events| {
            for i in rows.filter(|&i| self.event[i]) {
                out.value -= weights[i].ln();
                out.gradient.iter_mut().zip(self.row(i)).for_each(|(g, x)| *g -= x);
            }
            for f in self.fractions(events) {
                let total = risk.s0 - f * tied.s0;
                let inverse = 1.0 / total;
                out.value += total.ln();
                for j in 0..p {
                    mean[j] = (risk.s1[j] - f * tied.s1[j]) * inverse;
                    out.gradient[j] += mean[j];
                }
                let mut k = 0;
                for i in 0..p {
                    let cells = lower[k..=k + i].iter_mut().zip(&mean);
                    for ((cell, mean_j), (s, t)) in cells.zip(risk.s2[k..].iter().zip(&tied.s2[k..])) {
                        *cell += (s - f * t) * inverse - mean[i] * mean_j;
                    }
                    k += i + 1;
                }
            }
        });
        let at = |i: usize, j: usize| lower[i.max(j) * (i.max(j) + 1) / 2 + i.min(j)] / self.events;
        out.value /= self.events;
        out.gradient.iter_mut().for_each(|g| *g /= self.events);
        out.hessian = Matrix::from_fn(p, at);
        out
    }

    /// Calls `visit` for every event time, latest first within each stratum.
    fn walk(&self, weights: &[f64], mut visit: impl FnMut(std::ops::Range<usize>, &Sums, &Sums, usize)) {
        let (mut risk, mut tied) = (Sums::new(self.columns), Sums::new(self.columns));
        for (range, late) in self.strata.iter().zip(&self.late) {
            risk.clear();
            let mut late = late.iter().copied().peekable();
            let mut from = range.start;
            while from < range.end {
                let time = self.exit[from];
                let mut to = from + 1;
                while to < range.end && self.exit[to] == time {
                    to += 1;
                }
                let events = self.event[from..to].iter().filter(|&&e| e).count();
                for i in from..to {
                    risk.add(weights[i], self.row(i));
                }
                // A single event shares its risk set with nobody; the tied sums then stay zero.
                tied.clear_if_used();
                if events > 1 {
                    for i in (from..to).filter(|&i| self.event[i]) {
                        tied.add(weights[i], self.row(i));
                    }
                }
                while let Some(i) = late.next_if(|&i| self.entry[i] >= time) {
                    risk.add(-weights[i], self.row(i));
                }
                if events > 0 && risk.s0 > 0.0 {
                    visit(from..to, &risk, &tied, events);
                }
                from = to;
            }
        }
    }

    /// Like [`Sorted::walk`], for callers that need means but no products.
    pub(super) fn each_tie(&self, weights: &[f64], mut visit: impl FnMut(&Tie<'_>)) {
        self.walk(weights, |rows, risk, tied, events| {
            visit(&Tie { rows, s0: risk.s0, s1: &risk.s1, tied0: tied.s0, tied1: &tied.s1, events });
        });
    }

    /// Efron's (or Breslow's) cumulative baseline hazard of every stratum.
    pub(super) fn baselines(&self, beta: &[f64]) -> Vec<Baseline> {
        let weights = self.weights(beta);
        let mut steps: Vec<Vec<(f64, f64)>> = vec![Vec::new(); self.strata.len()];
        self.each_tie(&weights, |tie| {
            let stratum = self.strata.partition_point(|range| range.end <= tie.rows.start);
            let jump = self.fractions(tie.events).map(|f| 1.0 / (tie.s0 - f * tie.tied0)).sum();
            steps[stratum].push((self.exit[tie.rows.start], jump));
        });
        steps.into_iter().map(cumulate).collect()
    }
}

fn cumulate(steps: Vec<(f64, f64)>) -> Baseline {
    let mut total = 0.0;
    let (times, hazard) = steps
        .into_iter()
        .rev()
        .map(|(time, jump)| {
            total += jump;
            (time, total)
        })
        .unzip();
    Baseline { times, hazard }
}

fn late_entries(range: std::ops::Range<usize>, entry: &[f64]) -> Vec<usize> {
    let mut late: Vec<usize> = range.filter(|&i| entry[i] > 0.0).collect();
    late.sort_unstable_by(|&a, &b| entry[b].total_cmp(&entry[a]));
    late
}

/// Counts concordant pairs with a Fenwick tree over the ranks of the scores.
pub(super) fn concordance(exits: &[f64], events: &[bool], scores: &[f64]) -> Option<f64> {
    let mut ranked: Vec<f64> = scores.to_vec();
    ranked.sort_unstable_by(f64::total_cmp);
    ranked.dedup();
    let rank = |i: usize| ranked.partition_point(|&s| s < scores[i]);
    let mut order: Vec<usize> = (0..exits.len()).collect();
    order.sort_unstable_by(|&a, &b| exits[b].total_cmp(&exits[a]));
    let mut tree = vec![0_u64; ranked.len() + 1];
    let below = |tree: &[u64], mut k: usize| {
        let mut sum = 0;
        while k > 0 {
            sum += tree[k];
            k &= k - 1;
        }
        sum
    };
    let (mut seen, mut pairs, mut agreeing) = (0_u64, 0_u64, 0.0);
    for tie in order.chunk_by(|&a, &b| exits[a] == exits[b]) {
        // Those censored at this very moment outlived it; fellow leavers did not.
        for leaving in [false, true] {
            for &i in tie.iter().filter(|&&i| events[i] && leaving) {
                let lower = below(&tree, rank(i));
                let equal = below(&tree, rank(i) + 1) - lower;
                pairs += seen;
                agreeing += lower as f64 + 0.5 * equal as f64;
            }
            for &i in tie.iter().filter(|&&i| events[i] == leaving) {
                let mut k = rank(i) + 1;
                while k < tree.len() {
                    tree[k] += 1;
                    k += k & k.wrapping_neg();
                }
                seen += 1;
            }
        }
    }
    (pairs > 0).then(|| agreeing / pairs as f64)
}
