//! Score residuals: how much each row pulls on the coefficients, and from them the robust ("sandwich") errors.
//! Summing residuals within a cluster before squaring is what makes repeated rows of one customer count once
//! (Lin & Wei 1989; Therneau & Grambsch 2000, §7.2).

use std::collections::BTreeMap;

use super::likelihood::Sorted;
use super::products::Products;
use crate::linear::Matrix;

/// The sum over clusters of the outer product of their scores, in standardised units.
pub(super) fn clustered_scores(sorted: &Sorted, weights: &[f64], clusters: &[usize]) -> Matrix {
    let p = sorted.columns;
    let residuals = scores(sorted, weights);
    let mut meat = Products::new(p);
    if clusters.is_empty() {
        residuals.chunks(p).for_each(|residual| meat.add(1.0, residual));
        return meat.matrix(1.0);
    }
    let mut sums: BTreeMap<usize, Vec<f64>> = BTreeMap::new();
    for (residual, &row) in residuals.chunks(p).zip(&sorted.original) {
        let sum = sums.entry(clusters[row]).or_insert_with(|| vec![0.0; p]);
        sum.iter_mut().zip(residual).for_each(|(s, r)| *s += r);
    }
    for sum in sums.values() {
        meat.add(1.0, sum);
    }
    meat.matrix(1.0)
}

/// Hazard and hazard-weighted mean accumulated up to each event time of one stratum.
struct Accumulated {
    times: Vec<f64>,
    hazard: Vec<f64>,
    /// Row-major, one row per event time.
    mean: Vec<f64>,
}

/// Score residuals, row-major, in sorted order.
fn scores(sorted: &Sorted, weights: &[f64]) -> Vec<f64> {
    let p = sorted.columns;
    let mut residuals = vec![0.0; sorted.x.len()];
    let empty = || Accumulated { times: Vec::new(), hazard: Vec::new(), mean: Vec::new() };
    let mut strata: Vec<Accumulated> = sorted.strata.iter().map(|_| empty()).collect();
    let (mut jump, mut spared_mean, mut average) = (vec![0.0; p], vec![0.0; p], vec![0.0; p]);
    sorted.each_tie(weights, |tie| {
        for buffer in [&mut jump, &mut spared_mean, &mut average] {
            buffer.fill(0.0);
        }
        // What the tied events themselves escape: Efron counts them as only partly at risk.
        let (mut hazard, mut spared) = (0.0, 0.0);
        for f in sorted.fractions(tie.events) {
            let inverse = 1.0 / (tie.s0 - f * tie.tied0);
            hazard += inverse;
            spared += f * inverse;
            for j in 0..p {
                let mean = (tie.s1[j] - f * tie.tied1[j]) * inverse;
                average[j] += mean / tie.events as f64;
                jump[j] += mean * inverse;
                spared_mean[j] += f * mean * inverse;
            }
        }
        for i in tie.rows.clone().filter(|&i| sorted.event[i]) {
            for j in 0..p {
                let x = sorted.row(i)[j];
                residuals[i * p + j] += x - average[j] + weights[i] * (x * spared - spared_mean[j]);
            }
        }
        let stratum = &mut strata[sorted.strata.partition_point(|range| range.end <= tie.rows.start)];
        stratum.times.push(sorted.exit[tie.rows.start]);
        stratum.hazard.push(hazard);
        stratum.mean.extend_from_slice(&jump);
    });
    for (range, stratum) in sorted.strata.iter().zip(&mut strata) {
        stratum.accumulate(p);
        // Rows and event times both run latest first, so one is found from the other by going on.
        let mut last = 0;
        for i in range.clone() {
            last += stratum.times[last..].iter().take_while(|&&time| time > sorted.exit[i]).count();
            let residual = &mut residuals[i * p..(i + 1) * p];
            stratum.subtract(last, weights[i], sorted.row(i), residual);
            if sorted.entry[i] > 0.0 {
                let entered = stratum.times.partition_point(|&time| time > sorted.entry[i]);
                stratum.subtract(entered, -weights[i], sorted.row(i), residual);
            }
        }
    }
    residuals
}

impl Accumulated {
    /// Turns jumps, latest first, into running totals (still latest first).
    fn accumulate(&mut self, columns: usize) {
        for k in (1..self.times.len()).rev() {
            self.hazard[k - 1] += self.hazard[k];
            for j in 0..columns {
                self.mean[(k - 1) * columns + j] += self.mean[k * columns + j];
            }
        }
    }

    /// Takes away from a row's residual what it was exposed to up to the event time at position `k`.
    fn subtract(&self, k: usize, weight: f64, row: &[f64], residual: &mut [f64]) {
        let Some(&hazard) = self.hazard.get(k) else { return };
        let mean = &self.mean[k * row.len()..(k + 1) * row.len()];
        for ((r, x), mean) in residual.iter_mut().zip(row).zip(mean) {
            *r -= weight * (x * hazard - mean);
        }
    }
}
