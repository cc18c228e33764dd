//! The partial likelihood over rows sorted once: risk-set sums grow as time runs backwards and shrink at entries.
//! The information needs no products over risk sets: what an event time takes from everybody at risk is, summed the
//! other way round, what every row was exposed to, so each row is multiplied out once ([`Products`]). Cost is rows times
//! covariates squared per evaluation. Also here, because they walk the same order: the baseline hazard and the
//! concordance.

use std::cmp::Reverse;

use super::products::Products;
use super::{Baseline, Design, Ties};
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
    /// The sum of the covariates over all events.
    leaving: Vec<f64>,
    ties: Ties,
    events: f64,
}

/// The sums over the risk set: weights and weighted covariates.
struct Sums {
    s0: f64,
    s1: Vec<f64>,
}

impl Sums {
    fn new(columns: usize) -> Self {
        Self { s0: 0.0, s1: vec![0.0; columns] }
    }

    fn clear(&mut self) {
        self.s0 = 0.0;
        self.s1.fill(0.0);
    }

    fn add(&mut self, weight: f64, x: &[f64]) {
        self.s0 += weight;
        self.s1.iter_mut().zip(x).for_each(|(s, x)| *s += weight * x);
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

/// What an event time adds to the baseline hazard, and how much of it each of its own events escapes.
struct Jump {
    rows: std::ops::Range<usize>,
    hazard: f64,
    spared: f64,
}

impl Sorted {
    pub(super) fn new(design: &Design<'_>, means: &[f64], scales: &[f64], ties: Ties) -> Self {
        let subjects = design.subjects;
        let stratum = |i: usize| design.strata.get(i).copied().unwrap_or(0);
        // Non-negative floats order like their bits, and keys that lie together sort without being looked up.
        let key = |i: usize| (stratum(i), Reverse((subjects[i].exit + 0.0).to_bits()), i);
        let mut keys: Vec<_> = (0..subjects.len()).map(key).collect();
        keys.sort_unstable();
        let original: Vec<usize> = keys.into_iter().map(|(_, _, i)| i).collect();
        let p = design.columns;
        let units: Vec<f64> = scales.iter().map(|scale| 1.0 / scale).collect();
        let mut x = Vec::with_capacity(design.covariates.len());
        let mut leaving = vec![0.0; p];
        for &i in &original {
            let row = design.covariates[i * p..(i + 1) * p].iter().zip(means).zip(&units);
            x.extend(row.map(|((value, mean), unit)| (value - mean) * unit));
            if subjects[i].event {
                leaving.iter_mut().zip(&x[x.len() - p..]).for_each(|(sum, x)| *sum += x);
            }
        }
        let mut strata = Vec::new();
        for i in 0..=design.strata.iter().copied().max().unwrap_or(0) {
            let from = original.partition_point(|&r| stratum(r) < i);
            strata.push(from..original.partition_point(|&r| stratum(r) <= i));
        }
        let entry: Vec<f64> = original.iter().map(|&i| subjects[i].entry).collect();
        let late = strata.iter().map(|range| late_entries(range.clone(), &entry)).collect();
        Self {
            columns: p,
            x,
            exit: original.iter().map(|&i| subjects[i].exit).collect(),
            event: original.iter().map(|&i| subjects[i].event).collect(),
            entry,
            original,
            strata,
            late,
            leaving,
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
        let mut value = -self.leaving.iter().zip(beta).map(|(x, b)| x * b).sum::<f64>();
        let mut gradient: Vec<f64> = self.leaving.iter().map(|x| -x).collect();
        let mut products = Products::new(self.columns);
        let mut mean = vec![0.0; self.columns];
        let mut jumps = Vec::new();
        self.each_tie(&weights, |tie| {
            let mut jump = Jump { rows: tie.rows.clone(), hazard: 0.0, spared: 0.0 };
            for f in self.fractions(tie.events) {
                let total = tie.s0 - f * tie.tied0;
                let inverse = 1.0 / total;
                value += total.ln();
                jump.hazard += inverse;
                jump.spared += f * inverse;
                let sums = tie.s1.iter().zip(tie.tied1);
                mean.iter_mut().zip(sums).for_each(|(mean, (s, t))| *mean = (s - f * t) * inverse);
                products.add(-1.0, &mean);
            }
            jumps.push(jump);
        });
        for (i, exposure) in self.exposures(&jumps).into_iter().enumerate() {
            let expected = weights[i] * exposure;
            let row = self.row(i);
            gradient.iter_mut().zip(row).for_each(|(g, x)| *g += expected * x);
            products.add(expected, row);
        }
        for g in &mut gradient {
            *g /= self.events;
        }
        let hessian = products.matrix(1.0 / self.events);
        Evaluation { value: value / self.events, gradient, hessian }
    }

    /// The baseline hazard that every row was exposed to. Tied events escape part of their own.
    fn exposures(&self, jumps: &[Jump]) -> Vec<f64> {
        let mut exposures = vec![0.0; self.exit.len()];
        let mut jumps = jumps;
        for range in &self.strata {
            let own = jumps.partition_point(|jump| jump.rows.start < range.end);
            let (here, rest) = jumps.split_at(own);
            jumps = rest;
            let mut total = 0.0;
            let mut cumulated = Vec::with_capacity(here.len());
            let mut ahead = here.iter().rev().peekable();
            // Earliest first: rows and jumps lie latest first.
            for i in range.clone().rev() {
                while let Some(jump) = ahead.next_if(|jump| i < jump.rows.end) {
                    total += jump.hazard;
                    cumulated.push((self.exit[jump.rows.start], total));
                }
                exposures[i] = total;
                if self.entry[i] > 0.0 {
                    let before = cumulated.partition_point(|(time, _)| *time <= self.entry[i]);
                    exposures[i] -= before.checked_sub(1).map_or(0.0, |last| cumulated[last].1);
                }
            }
            for jump in here.iter().filter(|jump| jump.spared > 0.0) {
                jump.rows.clone().filter(|&i| self.event[i]).for_each(|i| exposures[i] -= jump.spared);
            }
        }
        exposures
    }

    /// Calls `visit` for every event time, latest first within each stratum.
    pub(super) fn each_tie(&self, weights: &[f64], mut visit: impl FnMut(&Tie<'_>)) {
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
                let rows = from..to;
                let events = rows.clone().filter(|&i| self.event[i]).count();
                rows.clone().for_each(|i| risk.add(weights[i], self.row(i)));
                // A single event shares its risk set with nobody; the tied sums then stay zero.
                if tied.s0 != 0.0 {
                    tied.clear();
                }
                if events > 1 {
                    rows.clone().filter(|&i| self.event[i]).for_each(|i| tied.add(weights[i], self.row(i)));
                }
                while let Some(i) = late.next_if(|&i| self.entry[i] >= time) {
                    risk.add(-weights[i], self.row(i));
                }
                if events > 0 && risk.s0 > 0.0 {
                    visit(&Tie { rows, s0: risk.s0, s1: &risk.s1, tied0: tied.s0, tied1: &tied.s1, events });
                }
                from = to;
            }
        }
    }

    /// Efron's (or Breslow's) cumulative baseline hazard of every stratum.
    pub(super) fn baselines(&self, weights: &[f64]) -> Vec<Baseline> {
        let mut steps: Vec<Vec<(f64, f64)>> = vec![Vec::new(); self.strata.len()];
        self.each_tie(weights, |tie| {
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
