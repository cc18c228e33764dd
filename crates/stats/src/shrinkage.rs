//! Small groups lean on the others: rates and means with partial pooling.
//! A [`BetaPrior`] is what is believed of a rate before counting, estimated from all groups or stated outright; a group
//! of forty accounts then gets an honest wide interval instead of a refusal. Full Bayesian hyperpriors are absent:
//! the prior is a number that can be read.

use crate::error::{Error, at_least, finite, positive};
use crate::interval::{Confidence, Estimate, Interval};
use crate::linear::Matrix;
use crate::optimise::{Evaluation, Search, minimise};
use crate::real::{Jet, Real};
use crate::special::beta;

/// Events among trials in one group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tally {
    /// How often it happened.
    pub events: u32,
    /// How often it could have happened.
    pub trials: u32,
}

/// Where a prior comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// Somebody stated it.
    Stated,
    /// Estimated from groups that differ by more than chance.
    Estimated,
    /// The groups do not differ by more than chance: the prior is the common rate, as strong as a hundred times all
    /// trials would be at most.
    NoDifference,
}

/// A beta prior for a rate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BetaPrior {
    /// The mean rate.
    pub mean: f64,
    /// How many trials the prior counts for.
    pub strength: f64,
    /// Where it comes from.
    pub origin: Origin,
}

impl BetaPrior {
    /// A stated prior; fails unless the mean is strictly between 0 and 1 and the strength above zero.
    pub fn stated(mean: f64, strength: f64) -> Result<Self, Error> {
        positive("prior strength", strength)?;
        if mean > 0.0 && mean < 1.0 {
            return Ok(Self { mean, strength, origin: Origin::Stated });
        }
        Err(Error::Setting { what: "prior mean", value: mean, expected: "a number between 0 and 1, exclusive" })
    }

    /// Estimates the prior from groups by the beta-binomial likelihood (empirical Bayes).
    /// Fails with fewer than two groups that have trials, contradictory counts, and when the event happened never or
    /// always; state a prior then.
    pub fn estimate(groups: &[Tally]) -> Result<Self, Error> {
        for (row, group) in groups.iter().enumerate() {
            group.check(row)?;
        }
        at_least("groups with trials", 2, groups.iter().filter(|g| g.trials > 0).count())?;
        let events: f64 = groups.iter().map(|g| f64::from(g.events)).sum();
        let trials: f64 = groups.iter().map(|g| f64::from(g.trials)).sum();
        if events == 0.0 || events >= trials {
            return Err(Error::NotIdentified {
                what: "a prior from groups",
                why: "the event happened never or always; state a prior",
            });
        }
        // In (logit mean, ln strength), with the strength held within sight of the data.
        let most = (100.0 * trials).ln();
        let start = [(events / (trials - events)).ln(), 3.0_f64.min(most)];
        let search = Search { bounds: (-30.0, most), ..Search::default() };
        let found = minimise("beta-binomial prior", &start, search, |at| negative_log_likelihood(groups, at))?;
        let alike = found.on_bound[1] || found.at[1] > most - 1.0;
        Ok(Self {
            mean: found.at[0].logistic(),
            strength: found.at[1].exp(),
            origin: if alike { Origin::NoDifference } else { Origin::Estimated },
        })
    }

    /// The rate of a group given its counts: the posterior mean with its exact beta interval.
    pub fn posterior(&self, group: Tally, confidence: Confidence) -> Result<Estimate, Error> {
        group.check(0)?;
        let a = self.mean * self.strength + f64::from(group.events);
        let b = (1.0 - self.mean) * self.strength + f64::from(group.trials - group.events);
        let value = a / (a + b);
        let tail = confidence.lower_tail();
        Ok(Estimate {
            value,
            standard_error: (value * (1.0 - value) / (a + b + 1.0)).sqrt(),
            interval: Interval { low: beta::quantile(a, b, tail), high: beta::quantile(a, b, 1.0 - tail) },
        })
    }
}

impl Tally {
    fn check(self, row: usize) -> Result<(), Error> {
        if self.events <= self.trials {
            return Ok(());
        }
        let value = f64::from(self.events);
        Err(Error::OutOfRange { what: "events", row, value, expected: "at most the number of trials" })
    }
}

fn negative_log_likelihood(groups: &[Tally], at: &[f64]) -> Evaluation {
    let mean = Jet::<2>::variable(at[0], 0).logistic();
    let strength = Jet::exp_variable(at[1], 1);
    let (a, b) = (mean * strength, (Jet::constant(1.0) - mean) * strength);
    let mut sum = Jet::constant(0.0);
    for group in groups {
        sum = sum + a.ln_rising(group.events) + b.ln_rising(group.trials - group.events)
            - strength.ln_rising(group.trials);
    }
    let scale = -1.0 / groups.len() as f64;
    Evaluation {
        value: sum.value * scale,
        gradient: sum.gradient.iter().map(|g| g * scale).collect(),
        hessian: Matrix::from_fn(2, |i, j| sum.hessian[i][j] * scale),
    }
}

/// Estimates and errors beyond this size overflow when squared.
const MOST: f64 = 1e100;

/// Estimates pulled towards their common mean.
#[derive(Debug, Clone, PartialEq)]
pub struct PartialPool {
    /// The common mean.
    pub mean: f64,
    /// Standard deviation of the true values between groups; 0 when chance explains all differences.
    pub between: f64,
    /// One estimate per group, in order.
    pub groups: Vec<Estimate>,
}

/// Pools estimates given as (value, standard error), the spread between groups by restricted maximum likelihood.
/// The uncertainty of the common mean is included. Fails with fewer than two groups and on errors not above zero.
pub fn partial_pool(estimates: &[(f64, f64)], confidence: Confidence) -> Result<PartialPool, Error> {
    at_least("groups", 2, estimates.len())?;
    for (row, &(value, error)) in estimates.iter().enumerate() {
        let refuse = |what, value, expected| Err(Error::OutOfRange { what, row, value, expected });
        if finite("estimate", row, value)?.abs() > MOST {
            return refuse("estimate", value, "a number below 1e100 in size");
        }
        if !(1.0 / MOST..=MOST).contains(&error) {
            return refuse("standard error", error, "a number above zero, between 1e-100 and 1e100");
        }
    }
    let between = restricted_spread(estimates);
    let (mean, precision) = weighted_mean(estimates, between);
    let groups = estimates
        .iter()
        .map(|&(value, error)| {
            let weight = between * between / (between * between + error * error);
            let own = weight * error * error;
            let shared = (1.0 - weight).powi(2) / precision;
            Estimate::symmetric(mean + weight * (value - mean), (own + shared).sqrt(), confidence)
        })
        .collect();
    Ok(PartialPool { mean, between, groups })
}

/// Common mean and spread between groups; `None` with fewer than three.
pub(crate) fn between_groups(estimates: &[(f64, f64)]) -> Option<(f64, f64)> {
    if estimates.len() < 3 || estimates.iter().any(|(v, e)| !v.is_finite() || *e <= 0.0) {
        return None;
    }
    let between = restricted_spread(estimates);
    Some((weighted_mean(estimates, between).0, between))
}

fn weighted_mean(estimates: &[(f64, f64)], between: f64) -> (f64, f64) {
    let weight = |error: f64| 1.0 / (error * error + between * between);
    let precision: f64 = estimates.iter().map(|e| weight(e.1)).sum();
    (estimates.iter().map(|e| weight(e.1) * e.0).sum::<f64>() / precision, precision)
}

/// The restricted maximum likelihood estimate, by golden section on a one-dimensional, well-behaved profile.
fn restricted_spread(estimates: &[(f64, f64)]) -> f64 {
    let profile = |between: f64| {
        let (mean, precision) = weighted_mean(estimates, between);
        let one = |&(v, e): &(f64, f64)| {
            let variance = e * e + between * between;
            variance.ln() + (v - mean).powi(2) / variance
        };
        estimates.iter().map(one).sum::<f64>() + precision.ln()
    };
    let low = estimates.iter().map(|e| e.0).fold(f64::INFINITY, f64::min);
    let high = estimates.iter().map(|e| e.0).fold(f64::NEG_INFINITY, f64::max);
    let ratio = 0.5 * (5.0_f64.sqrt() - 1.0);
    let (mut from, mut to) = (0.0, 2.0 * (high - low));
    for _ in 0..80 {
        let (a, b) = (to - ratio * (to - from), from + ratio * (to - from));
        if profile(a) <= profile(b) { to = b } else { from = a }
    }
    let found = 0.5 * (from + to);
    if profile(0.0) <= profile(found) { 0.0 } else { found }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forty_accounts_get_a_wide_interval_and_not_a_refusal() {
        let groups: Vec<Tally> = [(3, 40), (30, 200), (9, 150), (22, 90), (1, 12), (40, 400)]
            .map(|(events, trials)| Tally { events, trials })
            .to_vec();
        let prior = BetaPrior::estimate(&groups).unwrap();
        assert_eq!(prior.origin, Origin::Estimated);
        let small = prior.posterior(Tally { events: 0, trials: 5 }, Confidence::P95).unwrap();
        assert!(small.value > 0.0 && small.value < prior.mean && small.interval.width() > 0.1, "{small:?} {prior:?}");
        let large = prior.posterior(Tally { events: 800, trials: 1000 }, Confidence::P95).unwrap();
        assert!((large.value - 0.8).abs() < 0.06, "{large:?} {prior:?}");
    }

    #[test]
    fn equal_groups_show_no_difference() {
        let prior = BetaPrior::estimate(&[Tally { events: 10, trials: 100 }; 8]).unwrap();
        assert_eq!(prior.origin, Origin::NoDifference);
        assert!((prior.mean - 0.1).abs() < 1e-3, "{prior:?}");
        assert!(BetaPrior::estimate(&[Tally { events: 0, trials: 9 }; 3]).is_err());
        assert!(BetaPrior::stated(0.0, 5.0).is_err());
    }

    #[test]
    fn eight_schools_shrink_to_their_mean() {
        // Rubin (1981): REML finds no spread between the schools (metafor agrees), mean 7.69.
        let schools = [
            (28.0, 15.0),
            (8.0, 10.0),
            (-3.0, 16.0),
            (7.0, 11.0),
            (-1.0, 9.0),
            (1.0, 11.0),
            (18.0, 10.0),
            (12.0, 18.0),
        ];
        let pool = partial_pool(&schools, Confidence::P95).unwrap();
        assert_eq!(pool.between, 0.0);
        assert!((pool.mean - 7.69).abs() < 0.005);
        assert!(pool.groups.iter().all(|g| (g.value - pool.mean).abs() < 1e-12));
    }
}
