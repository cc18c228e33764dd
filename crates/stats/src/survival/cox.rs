//! Cox's proportional hazards: what multiplies the rate of leaving, whatever that rate is over time.
//! A [`Design`] is the spells with their covariates, strata and clusters; a [`Fitted`] holds coefficients with
//! model-based and robust errors and the baseline hazard of each stratum. Ties follow Efron (1977) by default,
//! robust errors Lin & Wei (1989). Penalties and splines are absent.

mod likelihood;
mod products;
mod residuals;

use self::likelihood::Sorted;
use super::{Subject, check_subjects};
use crate::error::{Error, finite, same_length};
use crate::interval::{Confidence, Estimate};
use crate::linear::Matrix;
use crate::optimise::{Search, minimise};

/// How events at the same time share a risk set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Ties {
    /// Efron's average over the orders in which the ties could have happened.
    #[default]
    Efron,
    /// Breslow's: every tied event sees the whole risk set.
    Breslow,
}

/// Spells and their covariates.
#[derive(Debug, Clone, Copy)]
pub struct Design<'a> {
    /// The spells. With time-varying covariates a customer has several, adjoining ones.
    pub subjects: &'a [Subject],
    /// Covariates, row-major: `columns` numbers per subject.
    pub covariates: &'a [f64],
    /// The number of covariates.
    pub columns: usize,
    /// Zero-based stratum of each subject; empty for a single stratum.
    pub strata: &'a [usize],
    /// Cluster (usually the customer) of each subject for the robust errors; empty when every row is its own.
    pub clusters: &'a [usize],
}

/// The cumulative baseline hazard of one stratum, at the mean of the covariates.
#[derive(Debug, Clone, PartialEq)]
pub struct Baseline {
    /// Event times, ascending.
    pub times: Vec<f64>,
    /// Cumulative hazard just after each.
    pub hazard: Vec<f64>,
}

/// A fitted proportional-hazards model.
#[derive(Debug, Clone, PartialEq)]
pub struct Fitted {
    /// Log hazard ratios per unit of each covariate.
    pub coefficients: Vec<f64>,
    /// Covariance from the inverse information.
    pub covariance: Matrix,
    /// Sandwich covariance, valid when hazards are not quite proportional or rows repeat customers.
    pub robust_covariance: Matrix,
    /// Log partial likelihood at the maximum.
    pub log_likelihood: f64,
    /// Log partial likelihood without covariates.
    pub null_log_likelihood: f64,
    /// Number of events.
    pub events: usize,
    /// Mean of each covariate, where the baseline is evaluated.
    pub means: Vec<f64>,
    /// Baseline hazards by stratum.
    pub baselines: Vec<Baseline>,
}

impl Design<'_> {
    fn check(&self) -> Result<(), Error> {
        check_subjects("Cox regression", self.subjects)?;
        same_length("covariates and subjects", self.covariates.len(), self.columns * self.subjects.len())?;
        if !self.strata.is_empty() {
            same_length("strata and subjects", self.strata.len(), self.subjects.len())?;
        }
        if !self.clusters.is_empty() {
            same_length("clusters and subjects", self.clusters.len(), self.subjects.len())?;
        }
        if self.columns == 0 {
            return Err(Error::TooFew { what: "covariates", needed: 1, found: 0 });
        }
        for (row, covariates) in self.covariates.chunks(self.columns).enumerate() {
            for &x in covariates {
                finite("covariate", row, x)?;
            }
        }
        if !self.subjects.iter().any(|s| s.event) {
            return Err(Error::NotIdentified { what: "hazard ratios", why: "nobody has had the event" });
        }
        Ok(())
    }

    /// Mean and standard deviation of each covariate; fails on a covariate that never varies.
    fn moments(&self) -> Result<(Vec<f64>, Vec<f64>), Error> {
        let n = self.subjects.len() as f64;
        // Row by row: the columns of a large design do not fit the cache one at a time.
        let mut means = vec![0.0; self.columns];
        for row in self.covariates.chunks(self.columns) {
            means.iter_mut().zip(row).for_each(|(m, x)| *m += x);
        }
        for m in &mut means {
            *m /= n;
        }
        let mut scales = vec![0.0; self.columns];
        for row in self.covariates.chunks(self.columns) {
            for ((s, x), m) in scales.iter_mut().zip(row).zip(&means) {
                *s += (x - m) * (x - m);
            }
        }
        let scales: Vec<f64> = scales.into_iter().map(|s| (s / n).sqrt()).collect();
        if scales.iter().zip(&means).any(|(s, m)| *s <= 1e-12 * m.abs() || *s == 0.0) {
            return Err(Error::NotIdentified {
                what: "hazard ratios",
                why: "a covariate has the same value everywhere",
            });
        }
        Ok((means, scales))
    }
}

/// Fits by Newton steps on standardised covariates. Fails on malformed input, without events, on constant or
/// collinear covariates, and where a coefficient runs to infinity (a covariate that separates leavers perfectly).
pub fn fit(design: &Design<'_>, ties: Ties) -> Result<Fitted, Error> {
    design.check()?;
    let (means, scales) = design.moments()?;
    let sorted = Sorted::new(design, &means, &scales, ties);
    let events = design.subjects.iter().filter(|s| s.event).count();
    let zero = vec![0.0; design.columns];
    // The search begins at no effect at all, which is the null model: one evaluation serves both.
    let null = std::cell::OnceCell::new();
    let found = minimise("Cox regression", &zero, Search::default(), |beta| {
        let evaluation = sorted.evaluate(beta);
        null.get_or_init(|| evaluation.value);
        evaluation
    })?;
    let null_log_likelihood = -null.get().copied().unwrap_or(found.evaluation.value) * events as f64;
    let mut information = found.evaluation.hessian.clone();
    information = Matrix::from_fn(information.size(), |i, j| information[(i, j)] * events as f64);
    let lost = Error::NotIdentified {
        what: "hazard ratios",
        why: "covariates are collinear, or one separates leavers from stayers perfectly",
    };
    let Some(inverse) = information.inverse_positive().filter(|_| !found.on_bound.contains(&true)) else {
        return Err(lost);
    };
    if (0..inverse.size()).any(|i| inverse[(i, i)] > 1e6) {
        return Err(lost);
    }
    let unscale = |m: &Matrix| Matrix::from_fn(m.size(), |i, j| m[(i, j)] / (scales[i] * scales[j]));
    let weights = sorted.weights(&found.at);
    let meat = residuals::clustered_scores(&sorted, &weights, design.clusters);
    Ok(Fitted {
        coefficients: found.at.iter().zip(&scales).map(|(b, s)| b / s).collect(),
        covariance: unscale(&inverse),
        robust_covariance: unscale(&inverse.times(&meat).times(&inverse)),
        log_likelihood: -found.evaluation.value * events as f64,
        null_log_likelihood,
        events,
        means,
        baselines: sorted.baselines(&weights),
    })
}

impl Fitted {
    /// Each coefficient with its model-based interval.
    pub fn estimates(&self, confidence: Confidence) -> Vec<Estimate> {
        self.with_errors(&self.covariance, confidence)
    }

    /// Each coefficient with its robust interval.
    pub fn robust_estimates(&self, confidence: Confidence) -> Vec<Estimate> {
        self.with_errors(&self.robust_covariance, confidence)
    }

    fn with_errors(&self, covariance: &Matrix, confidence: Confidence) -> Vec<Estimate> {
        let one = |(i, &b): (usize, &f64)| Estimate::symmetric(b, covariance[(i, i)].max(0.0).sqrt(), confidence);
        self.coefficients.iter().enumerate().map(one).collect()
    }

    /// Log hazard ratio of a customer against one with average covariates.
    pub fn log_relative_hazard(&self, covariates: &[f64]) -> Result<f64, Error> {
        same_length("covariates and coefficients", covariates.len(), self.coefficients.len())?;
        let mut sum = 0.0;
        for (j, &x) in covariates.iter().enumerate() {
            sum += self.coefficients[j] * (finite("covariate", j, x)? - self.means[j]);
        }
        Ok(sum)
    }

    /// Probability of surviving past `time` given covariates constant over time.
    /// Beyond the last event the curve stays level; callers that need honesty there should stop at it.
    pub fn survival(&self, stratum: usize, covariates: &[f64], time: f64) -> Result<f64, Error> {
        let Some(baseline) = self.baselines.get(stratum) else {
            return Err(Error::Setting {
                what: "stratum",
                value: stratum as f64,
                expected: "a stratum seen in the fit",
            });
        };
        let index = baseline.times.partition_point(|&t| t <= time);
        let hazard = index.checked_sub(1).map_or(0.0, |i| baseline.hazard[i]);
        let relative = self.log_relative_hazard(covariates)?.min(700.0).exp();
        Ok((-hazard * relative).exp())
    }

    /// The likelihood-ratio statistic against no covariates; chi-squared with as many degrees as coefficients.
    pub fn likelihood_ratio(&self) -> f64 {
        2.0 * (self.log_likelihood - self.null_log_likelihood)
    }
}

/// Harrell's concordance: of the pairs whose order of leaving is known, the share in which the earlier leaver
/// had the larger score; equal scores count half. `None` when no pair is comparable.
pub fn concordance(exits: &[f64], events: &[bool], scores: &[f64]) -> Result<Option<f64>, Error> {
    same_length("exits and events", exits.len(), events.len())?;
    same_length("exits and scores", exits.len(), scores.len())?;
    for (row, (&t, &s)) in exits.iter().zip(scores).enumerate() {
        finite("exit time", row, t)?;
        finite("score", row, s)?;
    }
    Ok(likelihood::concordance(exits, events, scores))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn design<'a>(subjects: &'a [Subject], x: &'a [f64]) -> Design<'a> {
        Design { subjects, covariates: x, columns: x.len() / subjects.len(), strata: &[], clusters: &[] }
    }

    #[test]
    fn two_groups_without_ties_have_the_closed_form_score() {
        // Four subjects, one binary covariate: U(b) = 0 solved by hand for d = (1,1,0,1), x = (1,0,1,0).
        let subjects: Vec<_> =
            [(1.0, true), (2.0, true), (3.0, false), (4.0, true)].map(|(t, e)| Subject::from_start(t, e)).to_vec();
        let fitted = fit(&design(&subjects, &[1.0, 0.0, 1.0, 0.0]), Ties::Efron).unwrap();
        let r = fitted.coefficients[0].exp();
        let score = 1.0 - 2.0 * r / (2.0 * r + 2.0) - r / (r + 2.0);
        assert!(score.abs() < 1e-9, "score {score}");
    }

    #[test]
    fn separation_and_constants_are_refused() {
        let subjects: Vec<_> = (1..=6).map(|t| Subject::from_start(f64::from(t), t <= 3)).collect();
        let separated: Vec<f64> = (1..=6).map(|t| if t <= 3 { 1.0 } else { 0.0 }).collect();
        assert!(matches!(fit(&design(&subjects, &separated), Ties::Efron), Err(Error::NotIdentified { .. })));
        assert!(fit(&design(&subjects, &[2.0; 6]), Ties::Efron).is_err());
    }

    #[test]
    fn concordance_counts_pairs() {
        let c = concordance(&[1.0, 2.0, 3.0], &[true, true, false], &[3.0, 1.0, 2.0]).unwrap();
        assert!((c.unwrap() - 2.0 / 3.0).abs() < 1e-15);
        assert_eq!(concordance(&[1.0], &[true], &[0.0]).unwrap(), None);
    }
}
