//! Logistic regression with a normal prior on every coefficient: the posterior mode and its curvature (Laplace).
//! A prior of small deviation on the columns that mark groups is partial pooling: a group leans on the others until it
//! has enough events of its own. With priors any data have an answer, also data without a single event; how little
//! they say is in the width of the interval. Rows are visited, never stored. Absent: correlated priors and sampling.

use crate::error::{Error, finite, positive};
use crate::interval::{Confidence, Estimate};
use crate::linear::Matrix;
use crate::optimise::{Evaluation, Search, minimise};

/// What is believed of a coefficient before looking, in log odds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Prior {
    /// The most likely value.
    pub mean: f64,
    /// How far off it may well be: one standard deviation.
    pub deviation: f64,
}

/// A fitted regression.
#[derive(Debug, Clone, PartialEq)]
pub struct Fitted {
    /// One coefficient per column, in log odds: the posterior mode.
    pub coefficients: Vec<f64>,
    /// Covariance of the coefficients, from the curvature of the posterior at its mode.
    pub covariance: Matrix,
    /// Log-likelihood of the data at the mode, the prior not counted.
    pub log_likelihood: f64,
    /// The same with the logarithm of the prior's density added, up to a constant.
    pub log_posterior: f64,
    /// Rows visited.
    pub rows: usize,
    /// Rows in which the event happened.
    pub events: usize,
}

/// Fits by Newton steps from `start`, or from the priors' means. `visit` hands every row, as many numbers as there are
/// priors, with whether the event happened, and must do the same each time. No rows at all give back the prior.
/// Fails on a prior or a row that is not finite, and where the search does not end.
pub fn fit(
    priors: &[Prior],
    start: Option<&[f64]>,
    visit: impl Fn(&mut dyn FnMut(&[f64], bool)),
) -> Result<Fitted, Error> {
    for prior in priors {
        finite("prior mean", 0, prior.mean)?;
        positive("prior deviation", prior.deviation)?;
    }
    let (mut rows, mut events, mut wrong) = (0, 0, None);
    visit(&mut |row, event| {
        wrong = wrong.or_else(|| row.iter().find(|x| !x.is_finite()).map(|&value| (rows, value)));
        rows += 1;
        events += usize::from(event);
    });
    if let Some((row, value)) = wrong {
        return Err(Error::OutOfRange { what: "covariate", row, value, expected: "a finite number" });
    }
    let means: Vec<f64> = priors.iter().map(|prior| prior.mean).collect();
    let scale = 1.0 / (rows.max(1) as f64);
    let found = minimise(
        "logistic regression",
        start.unwrap_or(&means),
        Search { bounds: (-30.0, 30.0), ..Search::default() },
        |theta| {
            let mut sum = Evaluation::zeros(priors.len());
            add_likelihood(&mut sum, theta, &visit);
            add_prior(&mut sum, theta, priors);
            let mut mean = Evaluation::zeros(priors.len());
            mean.add_scaled(scale, &sum);
            mean
        },
    )?;
    let mut prior = Evaluation::zeros(priors.len());
    add_prior(&mut prior, &found.at, priors);
    let information = Matrix::from_fn(priors.len(), |i, j| found.evaluation.hessian[(i, j)] / scale);
    let covariance = information.inverse_positive().ok_or(Error::NotIdentified {
        what: "logistic regression",
        why: "the curvature of the posterior is not positive; check the priors",
    })?;
    let log_posterior = -found.evaluation.value / scale;
    let log_likelihood = log_posterior + prior.value;
    Ok(Fitted { coefficients: found.at, covariance, log_likelihood, log_posterior, rows, events })
}

/// Adds minus the log-likelihood with its derivatives; columns that are zero in a row cost nothing.
fn add_likelihood(out: &mut Evaluation, theta: &[f64], visit: &impl Fn(&mut dyn FnMut(&[f64], bool))) {
    let mut present: Vec<usize> = Vec::with_capacity(theta.len());
    visit(&mut |row, event| {
        present.clear();
        present.extend((0..theta.len()).filter(|&i| row[i] != 0.0));
        let eta: f64 = present.iter().map(|&i| row[i] * theta[i]).sum();
        let happened = f64::from(u8::from(event));
        let small = (-eta.abs()).exp();
        let chance = if eta > 0.0 { 1.0 / (1.0 + small) } else { small / (1.0 + small) };
        out.value += eta.max(0.0) + small.ln_1p() - happened * eta;
        let spread = chance * (1.0 - chance);
        for (k, &i) in present.iter().enumerate() {
            out.gradient[i] += row[i] * (chance - happened);
            let weight = spread * row[i];
            for &j in &present[..=k] {
                out.hessian[(i, j)] += weight * row[j];
            }
        }
    });
    for i in 0..theta.len() {
        for j in 0..i {
            out.hessian[(j, i)] = out.hessian[(i, j)];
        }
    }
}

fn add_prior(out: &mut Evaluation, theta: &[f64], priors: &[Prior]) {
    for (i, prior) in priors.iter().enumerate() {
        let precision = 1.0 / (prior.deviation * prior.deviation);
        let off = theta[i] - prior.mean;
        out.value += 0.5 * precision * off * off;
        out.gradient[i] += precision * off;
        out.hessian[(i, i)] += precision;
    }
}

/// The chance that belongs to log odds.
pub fn chance(log_odds: f64) -> f64 {
    1.0 / (1.0 + (-log_odds).exp())
}

impl Fitted {
    /// Every coefficient with its interval, in log odds.
    pub fn estimates(&self, confidence: Confidence) -> Vec<Estimate> {
        let one = |(i, &b): (usize, &f64)| Estimate::symmetric(b, self.covariance[(i, i)].sqrt(), confidence);
        self.coefficients.iter().enumerate().map(one).collect()
    }

    /// The log odds of a row.
    pub fn log_odds(&self, row: &[f64]) -> f64 {
        row.iter().zip(&self.coefficients).map(|(x, b)| x * b).sum()
    }

    /// The chance of the event in a row, with its interval.
    pub fn probability(&self, row: &[f64], confidence: Confidence) -> Estimate {
        let p = chance(self.log_odds(row));
        let error = self.covariance.quadratic_form(row).max(0.0).sqrt() * p * (1.0 - p);
        Estimate::probability(p, error, confidence)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VAGUE: Prior = Prior { mean: 0.0, deviation: 100.0 };

    #[test]
    fn a_vague_prior_gives_the_observed_shares() {
        let visit = |row: &mut dyn FnMut(&[f64], bool)| {
            for i in 0..100 {
                row(&[1.0, 0.0], i < 20);
                row(&[1.0, 1.0], i < 50);
            }
        };
        let fitted = fit(&[VAGUE; 2], None, visit).unwrap();
        assert_eq!((fitted.rows, fitted.events), (200, 70));
        assert!((chance(fitted.coefficients[0]) - 0.2).abs() < 1e-4, "{fitted:?}");
        assert!((fitted.probability(&[1.0, 1.0], Confidence::P95).value - 0.5).abs() < 1e-4);
        // The variance of a log odds is 1/(n p (1-p)).
        assert!((fitted.covariance[(0, 0)] - 1.0 / 16.0).abs() < 1e-3, "{fitted:?}");
        let expected = 20.0 * 0.2_f64.ln() + 80.0 * 0.8_f64.ln() + 100.0 * 0.5_f64.ln();
        assert!((fitted.log_likelihood - expected).abs() < 1e-4, "{fitted:?}");
    }

    #[test]
    fn without_events_the_answer_is_wide_and_not_zero() {
        let prior = Prior { mean: -4.0, deviation: 1.0 };
        let nothing = fit(&[prior], None, |_| {}).unwrap();
        assert!((nothing.coefficients[0] + 4.0).abs() < 1e-9);
        assert!((nothing.covariance[(0, 0)] - 1.0).abs() < 1e-9);
        let quiet = fit(&[prior], None, |row| (0..480).for_each(|_| row(&[1.0], false))).unwrap();
        let chance = quiet.probability(&[1.0], Confidence::P95);
        assert!(chance.value > 0.0 && chance.value < 0.01, "{chance:?}");
        assert!(chance.interval.high > 3.0 * chance.value, "{chance:?}");
    }

    #[test]
    fn a_small_group_leans_on_the_others_and_a_large_one_does_not() {
        let pooled = Prior { mean: 0.0, deviation: 0.5 };
        let visit = |row: &mut dyn FnMut(&[f64], bool)| {
            (0..4000).for_each(|i| row(&[1.0, 0.0, 0.0], i % 10 == 0));
            (0..4).for_each(|i| row(&[1.0, 1.0, 0.0], i < 2));
            (0..4000).for_each(|i| row(&[1.0, 0.0, 1.0], i % 2 == 0));
        };
        let fitted = fit(&[VAGUE, pooled, pooled], None, visit).unwrap();
        let share = |row: &[f64]| fitted.probability(row, Confidence::P95).value;
        assert!(share(&[1.0, 1.0, 0.0]) < 0.25, "{}", share(&[1.0, 1.0, 0.0]));
        assert!((share(&[1.0, 0.0, 1.0]) - 0.5).abs() < 0.02, "{}", share(&[1.0, 0.0, 1.0]));
    }

    #[test]
    fn rows_that_are_no_numbers_are_refused() {
        let wrong = fit(&[VAGUE], None, |row| row(&[f64::NAN], false));
        assert!(matches!(wrong, Err(Error::OutOfRange { row: 0, .. })));
        assert!(fit(&[Prior { mean: 0.0, deviation: 0.0 }], None, |_| {}).is_err());
    }
}
