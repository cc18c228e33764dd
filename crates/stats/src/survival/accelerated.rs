//! Accelerated failure times: covariates stretch or shrink the time to leaving.
//! The logarithm of the time is a linear score plus noise, Gumbel for Weibull and normal for log-normal;
//! parameters are those of R's `survreg` (Kalbfleisch & Prentice 2002, ch. 3). Left truncation is supported.

use super::{Subject, check_subjects};
use crate::error::{Error, finite, same_length};
use crate::interval::{Confidence, Estimate};
use crate::linear::Matrix;
use crate::optimise::{Evaluation, Search, minimise};
use crate::real::{Jet, Real};
use crate::special::normal;

/// The distribution of the time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Distribution {
    /// Weibull: a hazard that only rises or only falls.
    Weibull,
    /// Log-normal: a hazard that rises, then falls.
    LogNormal,
}

/// Parameters: intercept and coefficients of the log time, and its scale.
#[derive(Debug, Clone, PartialEq)]
pub struct Params {
    /// The distribution.
    pub distribution: Distribution,
    /// Intercept, then one coefficient per covariate, in log time.
    pub coefficients: Vec<f64>,
    /// The scale sigma; a Weibull's shape is `1 / sigma`.
    pub scale: f64,
}

/// A fitted model.
#[derive(Debug, Clone, PartialEq)]
pub struct Fitted {
    /// The estimates.
    pub params: Params,
    /// Covariance of the coefficients followed by `ln sigma`.
    pub covariance: Matrix,
    /// Log-likelihood of the times (not of their logarithms).
    pub log_likelihood: f64,
}

/// Fits by maximum likelihood; `covariates` is row-major with the same number per subject and may be empty.
/// Fails on malformed input, exit times of zero, no events, and collinear covariates.
pub fn fit(distribution: Distribution, subjects: &[Subject], covariates: &[f64]) -> Result<Fitted, Error> {
    check_subjects("accelerated failure times", subjects)?;
    let n = subjects.len();
    let columns = covariates.len() / n;
    same_length("covariates and subjects", covariates.len(), columns * n)?;
    for (i, &x) in covariates.iter().enumerate() {
        finite("covariate", i / columns, x)?;
    }
    if let Some(row) = subjects.iter().position(|s| s.exit <= 0.0) {
        return Err(Error::OutOfRange { what: "exit time", row, value: 0.0, expected: "a time above zero" });
    }
    let events = subjects.iter().filter(|s| s.event).count();
    if events < 2 {
        return Err(Error::TooFew { what: "events", needed: 2, found: events });
    }
    let (means, scales) = standardisation(covariates, columns, n);
    let design: Vec<f64> = (0..n)
        .flat_map(|i| {
            std::iter::once(1.0).chain(
                (0..columns).map(move |j| (i, j)).map(|(i, j)| (covariates[i * columns + j] - means[j]) / scales[j]),
            )
        })
        .collect();
    let centre = subjects.iter().map(|s| s.exit.ln()).sum::<f64>() / n as f64;
    let objective = |theta: &[f64]| negative_log_likelihood(distribution, subjects, &design, centre, theta);
    let mut start = vec![0.0; columns + 2];
    start[0] = (n as f64 / events as f64).ln();
    let search = Search { bounds: (-40.0, 40.0), ..Search::default() };
    let found = minimise("accelerated failure times", &start, search, objective)?;
    let information = Matrix::from_fn(columns + 2, |i, j| found.evaluation.hessian[(i, j)] * n as f64);
    let inverse = information.inverse_positive().filter(Matrix::is_finite).ok_or(Error::NotIdentified {
        what: "accelerated failure times",
        why: "covariates are collinear, or every event falls at the same time",
    })?;
    Ok(unstandardise(distribution, &found.at, &inverse, -found.evaluation.value * n as f64, centre, &means, &scales))
}

fn standardisation(covariates: &[f64], columns: usize, n: usize) -> (Vec<f64>, Vec<f64>) {
    let column = |j: usize| covariates.iter().skip(j).step_by(columns.max(1));
    let means: Vec<f64> = (0..columns).map(|j| column(j).sum::<f64>() / n as f64).collect();
    let spread = |j: usize| (column(j).map(|x| (x - means[j]).powi(2)).sum::<f64>() / n as f64).sqrt();
    // A constant column keeps scale one; the singular information then names the problem.
    let scales = (0..columns).map(spread).map(|s| if s > 0.0 { s } else { 1.0 }).collect();
    (means, scales)
}

fn unstandardise(
    distribution: Distribution,
    at: &[f64],
    inverse: &Matrix,
    log_likelihood: f64,
    centre: f64,
    means: &[f64],
    scales: &[f64],
) -> Fitted {
    let size = at.len();
    // theta = J at (+ centre): beta_j = at_j / scale_j, intercept = at_0 - sum at_j mean_j / scale_j.
    let jacobian = Matrix::from_fn(size, |i, j| match (i, j) {
        (0, 0) => 1.0,
        (0, j) if j < size - 1 => -means[j - 1] / scales[j - 1],
        (i, j) if i == j && i < size - 1 => 1.0 / scales[i - 1],
        (i, j) => f64::from(u8::from(i == j)),
    });
    let transposed = Matrix::from_fn(size, |i, j| jacobian[(j, i)]);
    let mut coefficients = jacobian.times_vector(at);
    let scale = at[size - 1].exp();
    coefficients.pop();
    coefficients[0] += centre;
    Fitted {
        params: Params { distribution, coefficients, scale },
        covariance: jacobian.times(inverse).times(&transposed),
        log_likelihood,
    }
}

/// Per subject, in the location `mu` (standardised score) and `ln sigma`, chained to all coefficients.
fn negative_log_likelihood(
    distribution: Distribution,
    subjects: &[Subject],
    design: &[f64],
    centre: f64,
    theta: &[f64],
) -> Evaluation {
    let size = theta.len();
    let columns = size - 1;
    let mut out = Evaluation::zeros(size);
    for (subject, row) in subjects.iter().zip(design.chunks(columns)) {
        let mu: f64 = row.iter().zip(theta).map(|(x, b)| x * b).sum();
        let jet = contribution(distribution, subject, centre, Jet::variable(mu, 0), Jet::variable(theta[columns], 1));
        let slope = |i: usize| if i < columns { (row[i], 0) } else { (1.0, 1) };
        out.value -= jet.value;
        for i in 0..size {
            let (a, from) = slope(i);
            out.gradient[i] -= a * jet.gradient[from];
            for j in 0..size {
                let (b, to) = slope(j);
                out.hessian[(i, j)] -= a * b * jet.hessian[from][to];
            }
        }
    }
    let mut mean = Evaluation::zeros(size);
    mean.add_scaled(1.0 / subjects.len() as f64, &out);
    mean
}

fn contribution(distribution: Distribution, subject: &Subject, centre: f64, mu: Jet<2>, ln_sigma: Jet<2>) -> Jet<2> {
    let standard = |time: f64| (Jet::constant(time.ln() - centre) - mu) * (-ln_sigma).exp();
    let w = standard(subject.exit);
    let mut sum = match (distribution, subject.event) {
        (Distribution::Weibull, true) => w - w.exp() - ln_sigma - subject.exit.ln(),
        (Distribution::LogNormal, true) => w * w * -0.5 - ln_sigma - (subject.exit.ln() + 0.918_938_533_204_672_8),
        (_, false) => ln_survival(distribution, w),
    };
    if subject.entry > 0.0 {
        sum = sum - ln_survival(distribution, standard(subject.entry));
    }
    sum
}

fn ln_survival<R: Real>(distribution: Distribution, w: R) -> R {
    match distribution {
        Distribution::Weibull => -w.exp(),
        Distribution::LogNormal => {
            let v = w.value();
            let value = normal::ln_upper(v);
            // The inverse Mills ratio: d ln(1-Φ)/dv = -φ/(1-Φ).
            let mills = (-0.5 * v * v - 0.918_938_533_204_672_8 - value).exp();
            w.chain(value, -mills, -mills * (mills - v))
        }
    }
}

impl Params {
    fn score(&self, covariates: &[f64]) -> Result<f64, Error> {
        same_length("covariates and coefficients", covariates.len() + 1, self.coefficients.len())?;
        let mut sum = self.coefficients[0];
        for (j, &x) in covariates.iter().enumerate() {
            sum += self.coefficients[j + 1] * finite("covariate", j, x)?;
        }
        Ok(sum)
    }

    /// Probability of surviving past `time` with these covariates.
    pub fn survival(&self, covariates: &[f64], time: f64) -> Result<f64, Error> {
        let mu = self.score(covariates)?;
        if time <= 0.0 {
            return Ok(1.0);
        }
        Ok(ln_survival(self.distribution, (time.ln() - mu) / self.scale).exp().clamp(0.0, 1.0))
    }

    /// The median time with these covariates.
    pub fn median(&self, covariates: &[f64]) -> Result<f64, Error> {
        let mu = self.score(covariates)?;
        let noise = match self.distribution {
            Distribution::Weibull => std::f64::consts::LN_2.ln(),
            Distribution::LogNormal => 0.0,
        };
        Ok((mu + self.scale * noise).exp())
    }
}

impl Fitted {
    /// Intercept and coefficients with their intervals; a positive coefficient means a longer stay.
    pub fn estimates(&self, confidence: Confidence) -> Vec<Estimate> {
        let one = |(i, &b): (usize, &f64)| Estimate::symmetric(b, self.covariance[(i, i)].max(0.0).sqrt(), confidence);
        self.params.coefficients.iter().enumerate().map(one).collect()
    }

    /// The scale with its interval.
    pub fn scale(&self, confidence: Confidence) -> Estimate {
        let last = self.params.coefficients.len();
        let error = self.params.scale * self.covariance[(last, last)].max(0.0).sqrt();
        Estimate::positive(self.params.scale, error, confidence)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Seeded, exponential, normal};

    #[test]
    fn recovers_a_weibull_and_a_log_normal() {
        let mut source = Seeded::new(11);
        let mut weibull = Vec::new();
        let mut log_normal = Vec::new();
        let mut x = Vec::new();
        for i in 0..2_000 {
            let covariate = f64::from(i % 3);
            x.push(covariate);
            let score = 1.5 - 0.4 * covariate;
            let t = (score + 0.6 * exponential(&mut source, 1.0).ln()).exp();
            weibull.push(Subject::from_start(t.min(6.0), t < 6.0));
            let t = (score + 0.6 * normal(&mut source)).exp();
            log_normal.push(Subject::from_start(t.min(6.0), t < 6.0));
        }
        for (distribution, subjects) in [(Distribution::Weibull, weibull), (Distribution::LogNormal, log_normal)] {
            let fitted = fit(distribution, &subjects, &x).unwrap();
            let estimates = fitted.estimates(Confidence::new(0.999).unwrap());
            assert!(estimates[0].interval.contains(1.5) && estimates[1].interval.contains(-0.4), "{fitted:?}");
            assert!(fitted.scale(Confidence::new(0.999).unwrap()).interval.contains(0.6));
            let median = fitted.params.median(&[1.0]).unwrap();
            assert!((fitted.params.survival(&[1.0], median).unwrap() - 0.5).abs() < 1e-12);
        }
    }

    #[test]
    fn an_exponential_sample_has_its_closed_form() {
        // A Weibull likelihood at shape one has mean = exposure / events; check the score is near it.
        let subjects: Vec<_> =
            (1..=200).map(|i| Subject::from_start(-(1.0 - (f64::from(i) - 0.5) / 200.0).ln(), true)).collect();
        let fitted = fit(Distribution::Weibull, &subjects, &[]).unwrap();
        assert!((fitted.params.scale - 1.0).abs() < 0.02 && fitted.params.coefficients[0].abs() < 0.02);
        assert!(fit(Distribution::Weibull, &[Subject::from_start(0.0, true)], &[]).is_err());
    }
}
