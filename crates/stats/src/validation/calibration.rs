//! Probabilities against outcomes: Brier score, area under the ROC curve, log loss, calibration bins.
//! The integrated calibration index of smoothed curves is absent; bins with binomial intervals show the same and
//! can be counted by hand.

use super::check_pair;
use crate::error::{Error, at_least};
use crate::interval::{Confidence, Interval};
use crate::special::beta;

/// Customers with similar predictions.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bin {
    /// How many.
    pub count: usize,
    /// Mean predicted probability.
    pub predicted: f64,
    /// Share in which the event happened.
    pub observed: f64,
    /// Binomial interval of the share (Jeffreys).
    pub interval: Interval,
}

fn check(probabilities: &[f64], outcomes: &[bool]) -> Result<Vec<f64>, Error> {
    let numbers: Vec<f64> = outcomes.iter().map(|&o| f64::from(u8::from(o))).collect();
    check_pair("probabilities and outcomes", probabilities, &numbers)?;
    match probabilities.iter().position(|p| !(0.0..=1.0).contains(p)) {
        Some(row) => Err(Error::OutOfRange {
            what: "probability",
            row,
            value: probabilities[row],
            expected: "a number between 0 and 1",
        }),
        None => Ok(numbers),
    }
}

/// Mean squared error of the probabilities; 0 is perfect, always saying one half gives 0.25.
pub fn brier(probabilities: &[f64], outcomes: &[bool]) -> Result<f64, Error> {
    let numbers = check(probabilities, outcomes)?;
    Ok(probabilities.iter().zip(&numbers).map(|(p, o)| (p - o).powi(2)).sum::<f64>() / numbers.len() as f64)
}

/// Mean negative log-likelihood, probabilities kept `1e-15` away from certainty.
pub fn log_loss(probabilities: &[f64], outcomes: &[bool]) -> Result<f64, Error> {
    check(probabilities, outcomes)?;
    let one = |(p, &o): (&f64, &bool)| {
        let p = p.clamp(1e-15, 1.0 - 1e-15);
        if o { -p.ln() } else { -(-p).ln_1p() }
    };
    Ok(probabilities.iter().zip(outcomes).map(one).sum::<f64>() / outcomes.len() as f64)
}

/// Probability that a random event was scored above a random non-event, ties counting half (area under the ROC
/// curve). `None` where all outcomes are alike.
pub fn auc(scores: &[f64], outcomes: &[bool]) -> Result<Option<f64>, Error> {
    let numbers: Vec<f64> = outcomes.iter().map(|&o| f64::from(u8::from(o))).collect();
    check_pair("scores and outcomes", scores, &numbers)?;
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_unstable_by(|&a, &b| scores[a].total_cmp(&scores[b]));
    let (mut below, mut wins) = (0.0, 0.0);
    let positives: f64 = numbers.iter().sum();
    for tie in order.chunk_by(|&a, &b| scores[a] == scores[b]) {
        let events: f64 = tie.iter().map(|&i| numbers[i]).sum();
        let others = tie.len() as f64 - events;
        wins += events * (below + 0.5 * others);
        below += others;
    }
    Ok((positives > 0.0 && below > 0.0).then(|| wins / (positives * below)))
}

/// Groups predictions into bins of equal size, lowest first. Fails on no bins or more bins than rows.
pub fn bins(probabilities: &[f64], outcomes: &[bool], count: usize, confidence: Confidence) -> Result<Vec<Bin>, Error> {
    let numbers = check(probabilities, outcomes)?;
    at_least("calibration bins", 1, count)?;
    at_least("rows for that many calibration bins", count, numbers.len())?;
    let mut order: Vec<usize> = (0..numbers.len()).collect();
    order.sort_by(|&a, &b| probabilities[a].total_cmp(&probabilities[b]));
    let bin = |k: usize| {
        let rows = &order[k * order.len() / count..(k + 1) * order.len() / count];
        let n = rows.len() as f64;
        let events: f64 = rows.iter().map(|&i| numbers[i]).sum();
        let tail = confidence.lower_tail();
        let bound = |p| beta::quantile(events + 0.5, n - events + 0.5, p);
        Bin {
            count: rows.len(),
            predicted: rows.iter().map(|&i| probabilities[i]).sum::<f64>() / n,
            observed: events / n,
            interval: Interval {
                low: if events == 0.0 { 0.0 } else { bound(tail) },
                high: if events == n { 1.0 } else { bound(1.0 - tail) },
            },
        }
    };
    Ok((0..count).map(bin).collect())
}

/// The mean absolute distance between predicted and observed shares over bins, weighted by size.
pub fn expected_error(bins: &[Bin]) -> f64 {
    let total: f64 = bins.iter().map(|b| b.count as f64).sum();
    if total == 0.0 {
        return 0.0;
    }
    bins.iter().map(|b| b.count as f64 * (b.predicted - b.observed).abs()).sum::<f64>() / total
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hand_counted_scores() {
        let p = [0.1, 0.4, 0.4, 0.8];
        let o = [false, true, false, true];
        assert!((brier(&p, &o).unwrap() - (0.01 + 0.36 + 0.16 + 0.04) / 4.0).abs() < 1e-15);
        assert!((auc(&p, &o).unwrap().unwrap() - 3.5 / 4.0).abs() < 1e-15);
        assert_eq!(auc(&p, &[true; 4]).unwrap(), None);
        let two = bins(&p, &o, 2, Confidence::P95).unwrap();
        assert_eq!((two[0].count, two[0].observed, two[1].observed), (2, 0.5, 0.5));
        assert!((expected_error(&two) - 0.5 * (0.25 + 0.1)).abs() < 1e-15);
        assert!(brier(&[1.2], &[true]).is_err() && log_loss(&[0.0], &[true]).unwrap().is_finite());
    }
}
