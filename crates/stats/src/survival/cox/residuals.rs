//! Score residuals: how much each row pulls on the coefficients, and from them the robust ("sandwich") errors.
//! Summing residuals within a cluster before squaring is what makes repeated rows of one customer count once
//! (Lin & Wei 1989; Therneau & Grambsch 2000, §7.2).

use std::collections::BTreeMap;

use super::likelihood::Sorted;
use crate::linear::Matrix;

/// The sum over clusters of the outer product of their scores, in standardised units.
pub(super) fn clustered_scores(sorted: &Sorted, beta: &[f64], clusters: &[usize]) -> Matrix {
    let p = sorted.columns;
    let mut sums: BTreeMap<usize, Vec<f64>> = BTreeMap::new();
    for (i, residual) in scores(sorted, beta).chunks(p).enumerate() {
        let row = sorted.original[i];
        let cluster = clusters.get(row).copied().unwrap_or(row);
        let sum = sums.entry(cluster).or_insert_with(|| vec![0.0; p]);
        sum.iter_mut().zip(residual).for_each(|(s, r)| *s += r);
    }
    let mut meat = Matrix::zeros(p);
    for sum in sums.values() {
        for i in 0..p {
            for j in 0..p {
                meat[(i, j)] += sum[i] * sum[j];
            }
        }
    }
    meat
}

/// Hazard and hazard-weighted mean accumulated up to an event time, within one stratum.
struct Accumulated {
    time: f64,
    hazard: f64,
    mean: Vec<f64>,
}

/// Score residuals, row-major, in sorted order.
fn scores(sorted: &Sorted, beta: &[f64]) -> Vec<f64> {
    let p = sorted.columns;
    let weights = sorted.weights(beta);
    let mut residuals = vec![0.0; sorted.x.len()];
    let mut jumps: Vec<Vec<Accumulated>> = sorted.strata.iter().map(|_| Vec::new()).collect();
    sorted.each_tie(&weights, |tie| {
        let stratum = sorted.strata.partition_point(|range| range.end <= tie.rows.start);
        let mut jump = Accumulated { time: sorted.exit[tie.rows.start], hazard: 0.0, mean: vec![0.0; p] };
        // What the tied events themselves escape: Efron counts them as only partly at risk.
        let (mut spared, mut spared_mean, mut average) = (0.0, vec![0.0; p], vec![0.0; p]);
        for f in sorted.fractions(tie.events) {
            let total = tie.s0 - f * tie.tied0;
            jump.hazard += 1.0 / total;
            spared += f / total;
            for j in 0..p {
                let mean = (tie.s1[j] - f * tie.tied1[j]) / total;
                average[j] += mean / tie.events as f64;
                jump.mean[j] += mean / total;
                spared_mean[j] += f * mean / total;
            }
        }
        for i in tie.rows.clone().filter(|&i| sorted.event[i]) {
            for j in 0..p {
                let x = sorted.row(i)[j];
                residuals[i * p + j] += x - average[j] + weights[i] * (x * spared - spared_mean[j]);
            }
        }
        jumps[stratum].push(jump);
    });
    for (range, jumps) in sorted.strata.iter().zip(&mut jumps) {
        accumulate(jumps, p);
        for i in range.clone() {
            subtract_exposure(sorted, i, weights[i], jumps, &mut residuals[i * p..(i + 1) * p]);
        }
    }
    residuals
}

/// Turns jumps, latest first, into running totals, earliest first.
fn accumulate(jumps: &mut [Accumulated], columns: usize) {
    jumps.reverse();
    let (mut hazard, mut mean) = (0.0, vec![0.0; columns]);
    for jump in jumps {
        hazard += jump.hazard;
        jump.hazard = hazard;
        for (total, j) in mean.iter_mut().zip(&mut jump.mean) {
            *total += *j;
            *j = *total;
        }
    }
}

fn subtract_exposure(sorted: &Sorted, i: usize, weight: f64, jumps: &[Accumulated], residual: &mut [f64]) {
    let upto = |time: f64| {
        let index = jumps.partition_point(|j| j.time <= time);
        index.checked_sub(1).map(|k| &jumps[k])
    };
    let end = upto(sorted.exit[i]);
    let start = if sorted.entry[i] > 0.0 { upto(sorted.entry[i]) } else { None };
    let hazard = end.map_or(0.0, |a| a.hazard) - start.map_or(0.0, |a| a.hazard);
    for (j, r) in residual.iter_mut().enumerate() {
        let mean = end.map_or(0.0, |a| a.mean[j]) - start.map_or(0.0, |a| a.mean[j]);
        *r -= weight * (sorted.row(i)[j] * hazard - mean);
    }
}
