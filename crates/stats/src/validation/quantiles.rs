//! Forecasts that are bands: quantiles of drawn paths, and how good they turned out to be. The pinball loss (Koenker &
//! Bassett 1978; Gneiting 2011, *Quantiles as optimal point forecasts*) charges a forecast for being off and for being wide
//! at once, and its mean over many levels is half the continuous ranked probability score, so that a single number, whose
//! quantiles are all the same, is charged by its distance alone and can be compared. Absent: a reward for narrow bands by
//! themselves.

use crate::error::{Error, same_length};

/// The levels at which a forecast is judged: the median, and the ends of its 50, 80 and 95 % bands.
pub const LEVELS: [f64; 7] = [0.025, 0.1, 0.25, 0.5, 0.75, 0.9, 0.975];

/// The order statistic at a level: the smallest drawn value that so large a share of the sorted values does not exceed.
/// `None` where nothing was drawn.
pub fn quantile<T: Copy>(sorted: &[T], level: f64) -> Option<T> {
    let rank = (level * sorted.len() as f64).ceil() as usize;
    sorted.get(rank.clamp(1, sorted.len().max(1)) - 1).copied()
}

/// The loss of a quantile at a level, once the outcome is known.
pub fn pinball(level: f64, quantile: f64, outcome: f64) -> f64 {
    let off = outcome - quantile;
    if off >= 0.0 { level * off } else { (level - 1.0) * off }
}

/// The mean loss of quantiles at [`LEVELS`].
pub fn mean_pinball(quantiles: &[f64; LEVELS.len()], outcome: f64) -> f64 {
    let losses = LEVELS.iter().zip(quantiles).map(|(level, quantile)| pinball(*level, *quantile, outcome));
    losses.sum::<f64>() / LEVELS.len() as f64
}

/// The mean loss of a single number at [`LEVELS`].
pub fn point_pinball(point: f64, outcome: f64) -> f64 {
    mean_pinball(&[point; LEVELS.len()], outcome)
}

/// The share of outcomes that lay within their band. `None` where there are none.
pub fn coverage(bands: &[(f64, f64)], outcomes: &[f64]) -> Result<Option<f64>, Error> {
    same_length("bands and outcomes", bands.len(), outcomes.len())?;
    let inside = bands.iter().zip(outcomes).filter(|((low, high), outcome)| (low..=high).contains(outcome)).count();
    Ok((!bands.is_empty()).then(|| inside as f64 / bands.len() as f64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_values_that_were_drawn() {
        let sorted = [10, 20, 30, 40];
        let at = |level| quantile(&sorted, level).unwrap();
        assert_eq!((at(0.0), at(0.25), at(0.26), at(0.5), at(1.0)), (10, 10, 20, 20, 40));
        assert_eq!(quantile::<i64>(&[], 0.5), None);
    }

    #[test]
    fn the_loss_is_least_at_the_quantile() {
        let outcomes: Vec<f64> = (1..=100).map(f64::from).collect();
        let loss = |quantile: f64| outcomes.iter().map(|outcome| pinball(0.9, quantile, *outcome)).sum::<f64>();
        assert!(loss(90.0) < loss(80.0) && loss(90.0) < loss(97.0));
        assert!((pinball(0.9, 10.0, 12.0) - 1.8).abs() < 1e-12 && (pinball(0.9, 12.0, 10.0) - 0.2).abs() < 1e-12);
    }

    #[test]
    fn a_single_number_is_charged_half_its_distance() {
        assert!((point_pinball(10.0, 14.0) - 2.0).abs() < 1e-12);
        assert!((point_pinball(14.0, 10.0) - 2.0).abs() < 1e-12);
    }

    #[test]
    fn coverage_counts_both_ends() {
        let bands = [(1.0, 2.0), (1.0, 2.0), (1.0, 2.0), (1.0, 2.0)];
        assert_eq!(coverage(&bands, &[1.0, 2.0, 2.5, 1.5]).unwrap(), Some(0.75));
        assert_eq!(coverage(&[], &[]).unwrap(), None);
        assert!(coverage(&bands, &[1.0]).is_err());
    }
}
