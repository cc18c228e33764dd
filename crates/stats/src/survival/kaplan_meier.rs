//! The survival curve without a model: Kaplan-Meier, and Nelson-Aalen's cumulative hazard beside it.
//! Variances are Greenwood's and Aalen's; bands are log-log (survival) and log (hazard), the forms R and lifelines
//! print. The area under the curve to a horizon (restricted mean) replaces "average lifetime", which does not
//! exist while customers are still here.

use super::{Subject, check_subjects, risk_table};
use crate::error::Error;
use crate::interval::{Confidence, Estimate, Interval};

/// The curve at one distinct exit time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// The time.
    pub time: f64,
    /// Subjects at risk just before it.
    pub at_risk: u64,
    /// Events at it.
    pub events: u64,
    /// Subjects last seen at it.
    pub censored: u64,
    /// Probability of surviving past it.
    pub survival: f64,
    /// Nelson-Aalen cumulative hazard.
    pub hazard: f64,
    greenwood: f64,
    aalen: f64,
}

impl Point {
    /// Log-log band of the survival probability, which never leaves [0, 1].
    pub fn band(&self, confidence: Confidence) -> Interval {
        if self.survival <= 0.0 || self.survival >= 1.0 {
            return Interval { low: self.survival, high: self.survival };
        }
        let half = confidence.z() * self.greenwood.sqrt() / self.survival.ln().abs();
        Interval { low: self.survival.powf(half.min(700.0).exp()), high: self.survival.powf((-half).exp()) }
    }

    /// Log band of the cumulative hazard.
    pub fn hazard_band(&self, confidence: Confidence) -> Interval {
        Estimate::positive(self.hazard, self.aalen.sqrt(), confidence).interval
    }
}

/// A fitted curve: a point for every distinct exit time.
#[derive(Debug, Clone, PartialEq)]
pub struct Curve {
    points: Vec<Point>,
    subjects: u64,
    confidence: Confidence,
}

/// Fits the Kaplan-Meier and Nelson-Aalen curves (Kaplan & Meier 1958; Aalen 1978).
/// Fails on an empty slice and on spells that are not finite or end before they begin.
pub fn fit(subjects: &[Subject], confidence: Confidence) -> Result<Curve, Error> {
    check_subjects("survival curve", subjects)?;
    let (mut survival, mut greenwood, mut hazard, mut aalen) = (1.0_f64, 0.0_f64, 0.0_f64, 0.0_f64);
    let points = risk_table(subjects)
        .into_iter()
        .map(|risk| {
            let (n, d) = (risk.present as f64, risk.events as f64);
            if d > 0.0 && n > 0.0 {
                survival *= (n - d) / n;
                greenwood += if n > d { d / (n * (n - d)) } else { 0.0 };
                hazard += d / n;
                aalen += d / (n * n);
            }
            Point {
                time: risk.time,
                at_risk: risk.present,
                events: risk.events,
                censored: risk.censored,
                survival,
                hazard,
                greenwood,
                aalen,
            }
        })
        .collect();
    Ok(Curve { points, subjects: subjects.len() as u64, confidence })
}

impl Curve {
    /// The points, in time order.
    pub fn points(&self) -> &[Point] {
        &self.points
    }

    /// How many subjects the curve was made from.
    pub fn subjects(&self) -> u64 {
        self.subjects
    }

    /// The last time anyone was seen; the curve says nothing beyond it.
    pub fn last_time(&self) -> f64 {
        self.points.last().map_or(0.0, |p| p.time)
    }

    /// Survival at a time with its band; `None` beyond the last time anyone was seen.
    pub fn at(&self, time: f64) -> Option<Estimate> {
        if time.is_nan() || time > self.last_time() {
            return None;
        }
        let index = self.points.partition_point(|p| p.time <= time);
        let Some(point) = index.checked_sub(1).map(|i| &self.points[i]) else {
            return Some(Estimate::certain(1.0));
        };
        let standard_error = point.survival * point.greenwood.sqrt();
        Some(Estimate { value: point.survival, standard_error, interval: point.band(self.confidence) })
    }

    /// The first time at which survival has fallen to `1 - share` or below, with the times at which the band
    /// crosses the same level (Brookmeyer & Crowley 1982). `None` where the curve never falls so far;
    /// an open upper bound is `None` inside the pair.
    pub fn quantile(&self, share: f64) -> Option<Quantile> {
        let level = 1.0 - share + 1e-12;
        let first = |value: &dyn Fn(&Point) -> f64| self.points.iter().find(|p| value(p) <= level).map(|p| p.time);
        Some(Quantile {
            time: first(&|p| p.survival)?,
            low: first(&|p| p.band(self.confidence).low),
            high: first(&|p| p.band(self.confidence).high),
        })
    }

    /// The median survival time; see [`Curve::quantile`].
    pub fn median(&self) -> Option<Quantile> {
        self.quantile(0.5)
    }

    /// The mean time survived within the horizon, the area under the curve (restricted mean survival time).
    /// Fails where the horizon lies beyond the last time anyone was seen while some are still alive.
    pub fn restricted_mean(&self, horizon: f64) -> Result<Estimate, Error> {
        let last = self.points.last().map_or(1.0, |p| p.survival);
        if horizon.is_nan() || horizon < 0.0 || (horizon > self.last_time() && last > 0.0) {
            return Err(Error::Setting {
                what: "horizon",
                value: horizon,
                expected: "a time between zero and the last observation",
            });
        }
        let (mut area, mut from, mut level) = (0.0, 0.0, 1.0);
        let mut upto = Vec::with_capacity(self.points.len());
        for point in self.points.iter().take_while(|p| p.time <= horizon) {
            area += level * (point.time - from);
            upto.push((area, point));
            (from, level) = (point.time, point.survival);
        }
        area += level * (horizon - from);
        let variance: f64 = upto
            .iter()
            .filter(|(_, p)| p.events > 0 && p.at_risk > p.events)
            .map(|(before, p)| {
                let (n, d) = (p.at_risk as f64, p.events as f64);
                (area - before).powi(2) * d / (n * (n - d))
            })
            .sum();
        Ok(Estimate::positive(area, variance.sqrt(), self.confidence))
    }
}

/// The time by which a given share has had the event.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Quantile {
    /// The time itself.
    pub time: f64,
    /// The lower bound.
    pub low: Option<f64>,
    /// The upper bound; `None` when the data do not bound it.
    pub high: Option<f64>,
}

/// An upper bound on an event probability after `trials` without a single event: the exact binomial bound,
/// about `3 / trials` at 95 % (the "rule of three"). `None` without trials.
pub fn bound_without_events(trials: u64, confidence: Confidence) -> Option<f64> {
    (trials > 0).then(|| -((1.0 - confidence.level()).ln() / trials as f64).exp_m1())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn small() -> Curve {
        let subjects: Vec<_> = [(1.0, true), (2.0, false), (3.0, true), (3.0, true), (5.0, false)]
            .iter()
            .map(|&(t, e)| Subject::from_start(t, e))
            .collect();
        fit(&subjects, Confidence::P95).unwrap()
    }

    #[test]
    fn a_hand_computed_curve() {
        let curve = small();
        let survival: Vec<_> = curve.points().iter().map(|p| p.survival).collect();
        assert!((survival[0] - 0.8).abs() < 1e-15 && (survival[2] - 0.8 / 3.0).abs() < 1e-15);
        assert!((curve.points()[2].hazard - (0.2 + 2.0 / 3.0)).abs() < 1e-15);
        assert!((curve.restricted_mean(5.0).unwrap().value - (1.0 + 1.6 + 1.6 / 3.0)).abs() < 1e-14);
        assert_eq!(curve.median().unwrap().time, 3.0);
    }

    #[test]
    fn nothing_is_claimed_beyond_the_last_observation() {
        let curve = small();
        assert!(curve.at(5.1).is_none() && curve.restricted_mean(6.0).is_err());
        assert_eq!(curve.at(0.5).unwrap().value, 1.0);
        assert!(curve.quantile(0.9).is_none());
    }

    #[test]
    fn no_losses_give_a_bound_and_not_zero() {
        let bound = bound_without_events(100, Confidence::P95).unwrap();
        assert!((bound - 0.029_513_049_607_5).abs() < 1e-9);
        assert_eq!(bound_without_events(0, Confidence::P95), None);
    }
}
