//! An estimate and how far it may be off.
//! `Confidence` is the two-sided level asked for, `Interval` its answer, `Estimate` a value with both its
//! standard error and its interval. Intervals of positive quantities are built on the log scale and of
//! probabilities on the logit scale, so no bound ever leaves the range of what it bounds.

use crate::error::Error;
use crate::special::normal;

/// A two-sided confidence level, strictly between 0 and 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Confidence {
    level: f64,
    z: f64,
}

impl Confidence {
    /// The customary 95 %.
    pub const P95: Self = Self { level: 0.95, z: 1.959_963_984_540_054 };

    /// Accepts a level strictly between 0 and 1, or fails with [`Error::Setting`].
    pub fn new(level: f64) -> Result<Self, Error> {
        if level > 0.0 && level < 1.0 {
            Ok(Self { level, z: normal::quantile(0.5 + 0.5 * level) })
        } else {
            Err(Error::Setting {
                what: "confidence level",
                value: level,
                expected: "a number between 0 and 1, exclusive",
            })
        }
    }

    /// The level itself.
    pub const fn level(self) -> f64 {
        self.level
    }

    /// The normal quantile that leaves half of the remaining probability above it (1.96 at 95 %).
    pub const fn z(self) -> f64 {
        self.z
    }

    /// The probability left below the interval.
    pub fn lower_tail(self) -> f64 {
        0.5 - 0.5 * self.level
    }
}

/// A closed range; `low <= high`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// Lower bound.
    pub low: f64,
    /// Upper bound.
    pub high: f64,
}

impl Interval {
    /// Whether the value lies inside, bounds included.
    pub fn contains(&self, value: f64) -> bool {
        self.low <= value && value <= self.high
    }

    /// The distance between the bounds.
    pub fn width(&self) -> f64 {
        self.high - self.low
    }
}

/// A value, its standard error and its interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// The point estimate.
    pub value: f64,
    /// The standard error on the scale of the value.
    pub standard_error: f64,
    /// The interval at the level asked for.
    pub interval: Interval,
}

impl Estimate {
    /// A symmetric interval, for quantities that may have any sign.
    pub fn symmetric(value: f64, standard_error: f64, confidence: Confidence) -> Self {
        let half = confidence.z() * standard_error;
        Self { value, standard_error, interval: Interval { low: value - half, high: value + half } }
    }

    /// A log-normal interval, for quantities that are never negative. A value of zero is returned as itself.
    pub fn positive(value: f64, standard_error: f64, confidence: Confidence) -> Self {
        if value <= 0.0 {
            return Self::certain(value);
        }
        let factor = (confidence.z() * standard_error / value).min(700.0).exp();
        let interval = Interval { low: value / factor, high: (value * factor).min(f64::MAX) };
        Self { value, standard_error, interval }
    }

    /// A logistic interval, for probabilities. Values of exactly 0 or 1 are returned as themselves.
    pub fn probability(value: f64, standard_error: f64, confidence: Confidence) -> Self {
        let spread = value * (1.0 - value);
        if spread <= 0.0 {
            return Self::certain(value.clamp(0.0, 1.0));
        }
        let centre = (value / (1.0 - value)).ln();
        let half = confidence.z() * standard_error / spread;
        let logistic = |x: f64| 1.0 / (1.0 + (-x).exp());
        let interval = Interval { low: logistic(centre - half), high: logistic(centre + half) };
        Self { value, standard_error, interval }
    }

    /// A value known without error.
    pub const fn certain(value: f64) -> Self {
        Self { value, standard_error: 0.0, interval: Interval { low: value, high: value } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_stay_in_the_range_of_what_they_bound() {
        let p = Estimate::probability(0.99, 0.2, Confidence::P95);
        assert!(p.interval.low > 0.0 && p.interval.high <= 1.0 && p.interval.contains(0.99));
        let m = Estimate::positive(2.0, 50.0, Confidence::P95);
        assert!(m.interval.low > 0.0 && m.interval.high.is_finite());
        assert_eq!(Estimate::probability(1.0, 0.3, Confidence::P95).interval.width(), 0.0);
    }

    #[test]
    fn a_level_outside_zero_to_one_is_refused() {
        assert!(Confidence::new(1.0).is_err() && Confidence::new(f64::NAN).is_err());
        assert!((Confidence::P95.z() - normal::quantile(0.975)).abs() < 1e-12);
    }
}
