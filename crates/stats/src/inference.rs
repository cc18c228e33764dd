//! From the curvature of a likelihood at its maximum to standard errors, correlations and intervals.
//! Positive parameters are estimated as logarithms, so their uncertainty lives on the log scale; directions in
//! which the likelihood is flat are reported as not identified instead of being given a number.

use crate::error::Error;
use crate::interval::{Confidence, Interval};
use crate::linear::Matrix;
use crate::random::{Uniforms, normal};
use crate::real::Dual;

/// A standard error of a logarithm beyond which nothing is known: the 95 % interval would span a factor of e^20.
const WIDEST: f64 = 5.0;

/// The covariance of the logarithms of a model's parameters.
#[derive(Debug, Clone, PartialEq)]
pub struct Uncertainty {
    covariance: Matrix,
    identified: Vec<bool>,
}

/// Which of two nested fits to use: the likelihood-ratio test of the larger one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Comparison {
    /// Twice the gain in log-likelihood.
    pub statistic: f64,
    /// Probability of such a gain if the simpler model were true.
    pub p_value: f64,
}

impl Uncertainty {
    /// From a covariance of log-parameters that was kept; see [`Self::log_covariance`] and [`Self::identified`].
    /// Fails where the two differ in size or a number is not finite.
    pub fn restore(covariance: Matrix, identified: Vec<bool>) -> Result<Self, Error> {
        crate::error::same_length("parameters and their covariance", identified.len(), covariance.size())?;
        if covariance.is_finite() {
            return Ok(Self { covariance, identified });
        }
        Err(Error::NotIdentified { what: "a kept covariance", why: "it holds a number that is not finite" })
    }

    /// From the observed information in log-parameters; parameters resting on a bound count as not identified,
    /// and so does whatever is tied to them along a flat direction.
    pub(crate) fn from_information(information: &Matrix, on_bound: &[bool]) -> Self {
        let size = information.size();
        let (values, vectors) = information.eigen();
        let floor = 1e-11 * values.iter().fold(f64::MIN_POSITIVE, |m, v| v.max(m));
        let mut covariance = Matrix::zeros(size);
        let mut identified: Vec<bool> = on_bound.iter().map(|b| !b).collect();
        for (k, &value) in values.iter().enumerate() {
            for i in 0..size {
                if value <= floor {
                    identified[i] &= vectors[(i, k)].powi(2) < 1e-6;
                    continue;
                }
                for j in 0..size {
                    covariance[(i, j)] += vectors[(i, k)] * vectors[(j, k)] / value;
                }
            }
        }
        for (i, known) in identified.iter_mut().enumerate() {
            *known &= covariance[(i, i)] < WIDEST * WIDEST;
        }
        Self { covariance, identified }
    }

    /// Uncertainty about linear combinations of these parameters, `rows` of weights.
    pub(crate) fn combined(&self, rows: &[Vec<f64>]) -> Self {
        let images: Vec<Vec<f64>> = rows.iter().map(|row| self.covariance.times_vector(row)).collect();
        let dot = |i: usize, j: usize| images[i].iter().zip(&rows[j]).map(|(a, b)| a * b).sum();
        let covariance = Matrix::from_fn(rows.len(), dot);
        let known = |row: &Vec<f64>| row.iter().zip(&self.identified).all(|(w, i)| *i || *w == 0.0);
        Self { covariance, identified: rows.iter().map(known).collect() }
    }

    /// The covariance matrix of the log-parameters; rows of parameters that are not identified hold zeros or
    /// only what the data do say about them.
    pub fn log_covariance(&self) -> &Matrix {
        &self.covariance
    }

    /// Whether each parameter is pinned down by the data.
    pub fn identified(&self) -> &[bool] {
        &self.identified
    }

    /// Standard errors on the scale of the parameters; `None` where the data do not identify one.
    pub fn standard_errors(&self, values: &[f64]) -> Vec<Option<f64>> {
        let error = |i: usize| values[i] * self.covariance[(i, i)].max(0.0).sqrt();
        (0..values.len()).map(|i| self.identified[i].then(|| error(i))).collect()
    }

    /// Log-normal intervals of the parameters; `None` where not identified.
    pub fn intervals(&self, values: &[f64], confidence: Confidence) -> Vec<Option<Interval>> {
        let interval = |i: usize| {
            let factor = (confidence.z() * self.covariance[(i, i)].max(0.0).sqrt()).min(300.0).exp();
            Interval { low: values[i] / factor, high: values[i] * factor }
        };
        (0..values.len()).map(|i| self.identified[i].then(|| interval(i))).collect()
    }

    /// The correlation of two log-parameters; `None` where either is not identified.
    pub fn correlation(&self, i: usize, j: usize) -> Option<f64> {
        let scale = (self.covariance[(i, i)] * self.covariance[(j, j)]).sqrt();
        (self.identified[i] && self.identified[j] && scale > 0.0).then(|| self.covariance[(i, j)] / scale)
    }

    /// Standard error of a quantity from its gradient in log-parameters (the delta method).
    pub(crate) fn error_of<const N: usize>(&self, quantity: &Dual<N>) -> f64 {
        self.covariance.quadratic_form(&quantity.gradient).max(0.0).sqrt()
    }

    /// A draw of parameters around `values` from the log-normal approximation.
    pub(crate) fn draw(&self, values: &[f64], source: &mut impl Uniforms) -> Vec<f64> {
        let (spread, vectors) = self.covariance.eigen();
        let steps: Vec<f64> = spread.iter().map(|s| s.max(0.0).sqrt() * normal(source)).collect();
        let moved = |i: usize| (0..steps.len()).map(|k| vectors[(i, k)] * steps[k]).sum::<f64>();
        // A factor beyond e^±30 is no longer a statement about the data.
        (0..values.len()).map(|i| values[i] * moved(i).clamp(-30.0, 30.0).exp()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flat_direction_is_named_and_the_rest_still_estimated() {
        // Only the sum of the first two is known; the third stands alone.
        let information = Matrix::from_fn(3, |i, j| if i < 2 && j < 2 { 4.0 } else { f64::from(u8::from(i == j)) });
        let uncertainty = Uncertainty::from_information(&information, &[false; 3]);
        assert_eq!(uncertainty.identified(), [false, false, true]);
        assert_eq!(uncertainty.standard_errors(&[1.0, 1.0, 3.0]), [None, None, Some(3.0)]);
        assert_eq!(uncertainty.correlation(0, 2), None);
    }
}
