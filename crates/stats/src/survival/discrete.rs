//! The hazard per period as a logistic regression: for renewals counted in whole months or years.
//! A row of the likelihood is one customer in one period at risk (Allison 1982); rows are never materialised.
//! The baseline over age is a constant, a log-linear trend or one level per period.

use crate::error::{Error, finite, same_length};
use crate::interval::{Confidence, Estimate};
use crate::linear::Matrix;
use crate::optimise::{Evaluation, Search, minimise};

/// One customer followed over whole periods.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Follow {
    /// Periods survived before observation began; 0 unless truncated on the left.
    pub entered: u32,
    /// Periods at risk in all, the last included.
    pub periods: u32,
    /// Whether the customer left in the last period.
    pub left: bool,
}

/// How the baseline hazard depends on age.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Baseline {
    /// The same at every age.
    Constant,
    /// Linear in the logarithm of the age.
    LogAge,
    /// Its own level at each age up to this many; later ages share the last.
    PerPeriod(u32),
}

impl Baseline {
    fn columns(self) -> usize {
        match self {
            Self::Constant => 1,
            Self::LogAge => 2,
            Self::PerPeriod(levels) => levels.max(1) as usize,
        }
    }

    fn fill(self, age: u32, row: &mut [f64]) {
        match self {
            Self::Constant => row[0] = 1.0,
            Self::LogAge => {
                row[0] = 1.0;
                row[1] = f64::from(age).ln();
            }
            Self::PerPeriod(levels) => {
                row[..levels.max(1) as usize].fill(0.0);
                row[(age.min(levels.max(1)) - 1) as usize] = 1.0;
            }
        }
    }
}

/// A fitted discrete-time hazard.
#[derive(Debug, Clone, PartialEq)]
pub struct Fitted {
    /// The baseline chosen.
    pub baseline: Baseline,
    /// Baseline coefficients, then one per covariate, in log odds.
    pub coefficients: Vec<f64>,
    /// Covariance of the coefficients.
    pub covariance: Matrix,
    /// Log-likelihood at the maximum.
    pub log_likelihood: f64,
}

/// Fits by Newton steps; `covariates` is row-major and may be empty.
/// Fails on malformed input, nobody leaving, everybody leaving at once, collinearity or perfect separation.
pub fn fit(baseline: Baseline, follows: &[Follow], covariates: &[f64]) -> Result<Fitted, Error> {
    let columns = check(follows, covariates)?;
    let size = baseline.columns() + columns;
    let exposure: f64 = follows.iter().map(|f| f64::from(f.periods - f.entered)).sum();
    let found = minimise(
        "discrete-time hazard",
        &vec![0.0; size],
        Search { bounds: (-30.0, 30.0), ..Search::default() },
        |theta| {
            let mut mean = Evaluation::zeros(size);
            mean.add_scaled(1.0 / exposure, &negative_log_likelihood(baseline, follows, covariates, theta));
            mean
        },
    )?;
    let lost = Error::NotIdentified {
        what: "discrete-time hazard",
        why: "some age or covariate separates leavers perfectly, or covariates are collinear",
    };
    let information = Matrix::from_fn(size, |i, j| found.evaluation.hessian[(i, j)] * exposure);
    let Some(covariance) = information.inverse_positive().filter(|c| (0..size).all(|i| c[(i, i)] < 1e6)) else {
        return Err(lost);
    };
    Ok(Fitted { baseline, coefficients: found.at, covariance, log_likelihood: -found.evaluation.value * exposure })
}

fn check(follows: &[Follow], covariates: &[f64]) -> Result<usize, Error> {
    crate::error::at_least("discrete-time hazard", 2, follows.len())?;
    let columns = covariates.len() / follows.len();
    same_length("covariates and customers", covariates.len(), columns * follows.len())?;
    for (i, &x) in covariates.iter().enumerate() {
        finite("covariate", i / columns, x)?;
    }
    if let Some(row) = follows.iter().position(|f| f.periods <= f.entered) {
        let value = f64::from(follows[row].periods);
        return Err(Error::OutOfRange {
            what: "periods at risk",
            row,
            value,
            expected: "more periods than before entry",
        });
    }
    if follows.iter().any(|f| f.left) {
        return Ok(columns);
    }
    Err(Error::NotIdentified { what: "discrete-time hazard", why: "nobody has left; see bound_without_events" })
}

fn negative_log_likelihood(baseline: Baseline, follows: &[Follow], covariates: &[f64], theta: &[f64]) -> Evaluation {
    let (size, base) = (theta.len(), baseline.columns());
    let columns = size - base;
    let mut out = Evaluation::zeros(size);
    let mut row = vec![0.0; size];
    for (i, follow) in follows.iter().enumerate() {
        row[base..].copy_from_slice(&covariates[i * columns..(i + 1) * columns]);
        for age in follow.entered + 1..=follow.periods {
            baseline.fill(age, &mut row);
            let eta: f64 = row.iter().zip(theta).map(|(x, b)| x * b).sum();
            let left = f64::from(u8::from(follow.left && age == follow.periods));
            let hazard = 1.0 / (1.0 + (-eta).exp());
            out.value += eta.max(0.0) + (-eta.abs()).exp().ln_1p() - left * eta;
            let spread = hazard * (1.0 - hazard);
            for a in 0..size {
                out.gradient[a] += row[a] * (hazard - left);
                for b in 0..size {
                    out.hessian[(a, b)] += spread * row[a] * row[b];
                }
            }
        }
    }
    out
}

impl Fitted {
    /// Every coefficient with its interval, in log odds.
    pub fn estimates(&self, confidence: Confidence) -> Vec<Estimate> {
        let one = |(i, &b): (usize, &f64)| Estimate::symmetric(b, self.covariance[(i, i)].sqrt(), confidence);
        self.coefficients.iter().enumerate().map(one).collect()
    }

    /// Probability of leaving in period `age` (1 is the first) having survived until then, with its interval.
    pub fn hazard(&self, age: u32, covariates: &[f64], confidence: Confidence) -> Result<Estimate, Error> {
        let base = self.baseline.columns();
        same_length("covariates and coefficients", covariates.len() + base, self.coefficients.len())?;
        let mut row = vec![0.0; self.coefficients.len()];
        self.baseline.fill(age.max(1), &mut row);
        for (j, &x) in covariates.iter().enumerate() {
            row[base + j] = finite("covariate", j, x)?;
        }
        let eta: f64 = row.iter().zip(&self.coefficients).map(|(x, b)| x * b).sum();
        let p = 1.0 / (1.0 + (-eta).exp());
        let error = self.covariance.quadratic_form(&row).max(0.0).sqrt() * p * (1.0 - p);
        Ok(Estimate::probability(p, error, confidence))
    }

    /// Probability of surviving periods `from + 1 ..= to`, having survived `from`.
    pub fn survival(&self, from: u32, to: u32, covariates: &[f64]) -> Result<f64, Error> {
        (from + 1..=to).try_fold(1.0, |s, age| Ok(s * (1.0 - self.hazard(age, covariates, Confidence::P95)?.value)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn per_period_hazards_are_the_observed_shares() {
        let mut follows = vec![Follow { entered: 0, periods: 1, left: true }; 20];
        follows.extend(vec![Follow { entered: 0, periods: 2, left: true }; 10]);
        follows.extend(vec![Follow { entered: 0, periods: 2, left: false }; 70]);
        let fitted = fit(Baseline::PerPeriod(2), &follows, &[]).unwrap();
        let hazard = |age| fitted.hazard(age, &[], Confidence::P95).unwrap();
        assert!((hazard(1).value - 0.2).abs() < 1e-9 && (hazard(2).value - 0.125).abs() < 1e-9);
        assert!((hazard(1).standard_error - (0.2_f64 * 0.8 / 100.0).sqrt()).abs() < 1e-9);
        assert!((fitted.survival(0, 2, &[]).unwrap() - 0.7).abs() < 1e-9);
    }

    #[test]
    fn nobody_leaving_is_not_a_hazard_of_zero() {
        let stayed = [Follow { entered: 0, periods: 4, left: false }; 9];
        assert!(matches!(fit(Baseline::Constant, &stayed, &[]), Err(Error::NotIdentified { .. })));
    }
}
