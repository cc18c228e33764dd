//! Survival, retention and what is still to come from a subscriber, by tenure.
//! Conventions of Fader & Hardie (2010, 2014): the residual lifetime is counted just before the `n`-th renewal and
//! includes that renewal, the first amount is not discounted. The rate is per period; convert an annual one before.

use super::{Fitted, Params, ln_survival};
use crate::error::{Error, positive};
use crate::interval::{Confidence, Estimate};
use crate::real::{Dual, Real};
use crate::special::integral::hypergeometric_one;

/// Discounted expected lifetime from the `n`-th renewal on, given survival until just before it; `n = 0` is a new
/// customer who has just paid for the first time.
fn residual<R: Real>(theta: [R; 3], n: u32, rate: f64) -> R {
    let [gamma, delta, c] = theta;
    let z = 1.0 / (1.0 + rate);
    if c.value() == 1.0 {
        let staying = delta + f64::from(n);
        let forever = hypergeometric_one(staying, gamma + staying, z);
        return match n {
            0 => forever,
            _ => (staying - 1.0) / (gamma + staying - 1.0) * forever,
        };
    }
    summed(theta, n, z)
}

/// The same by summation. The rest of the sum is at most its last term times `1/(1-z)`, which bounds the error.
fn summed<R: Real>(theta: [R; 3], n: u32, z: f64) -> R {
    let base = ln_survival(theta, n.saturating_sub(1));
    let mut sum = R::constant(if n == 0 { 1.0 } else { 0.0 });
    let first = n.max(1);
    let mut factor = if n == 0 { z } else { 1.0 };
    for t in first..first.saturating_add(2_000_000) {
        let term = (ln_survival(theta, t) - base).exp() * factor;
        sum = sum + term;
        factor *= z;
        if term.value() * z < 1e-13 * (1.0 - z) * sum.value() {
            break;
        }
    }
    sum
}

fn remaining<R: Real>(theta: [R; 3], n: u32, periods: u32) -> R {
    let base = ln_survival(theta, n);
    (1..=periods).fold(R::constant(0.0), |sum, k| sum + (ln_survival(theta, n + k) - base).exp())
}

/// The value per unit of margin of a subscriber retained with the constant probability `retention`, counted just
/// before a renewal: `r (1+d) / (1+d-r)`. Offered for comparison; it undervalues long tenures and overvalues none.
pub fn constant_retention(retention: f64, rate: f64) -> Result<f64, Error> {
    positive("discount rate", rate)?;
    if !(0.0..=1.0).contains(&retention) {
        return Err(Error::Setting { what: "retention", value: retention, expected: "a number between 0 and 1" });
    }
    Ok(retention * (1.0 + rate) / (1.0 + rate - retention))
}

impl Params {
    /// Probability of surviving the first `t` periods.
    pub fn survival(&self, t: u32) -> f64 {
        ln_survival(self.theta(), t).exp().clamp(0.0, 1.0)
    }

    /// Probability that a customer who survived `t - 1` periods survives the `t`-th; `t` from 1.
    pub fn retention_rate(&self, t: u32) -> f64 {
        let t = t.max(1);
        (ln_survival(self.theta(), t) - ln_survival(self.theta(), t - 1)).exp().clamp(0.0, 1.0)
    }

    /// Discounted expected lifetime of a new customer, the first period included (DEL).
    pub fn discounted_lifetime(&self, rate: f64) -> Result<f64, Error> {
        Ok(residual(self.theta(), 0, positive("discount rate", rate)?))
    }

    /// Discounted expected residual lifetime just before the `n`-th renewal (DERL), that renewal included.
    pub fn discounted_residual(&self, n: u32, rate: f64) -> Result<f64, Error> {
        Ok(residual(self.theta(), n.max(1), positive("discount rate", rate)?))
    }

    /// Expected further periods within the next `periods` of a customer who has survived `n`.
    pub fn residual_tenure(&self, n: u32, periods: u32) -> f64 {
        remaining(self.theta(), n, periods)
    }
}

impl Fitted {
    fn dual(&self) -> [Dual<3>; 3] {
        let theta = self.params.theta();
        std::array::from_fn(|i| {
            // A shape fixed at one must stay exactly one.
            if i == 2 && theta[2] == 1.0 { Dual::constant(1.0) } else { Dual::variable(theta[i].ln(), i).exp() }
        })
    }

    /// Survival past `t` periods with its interval.
    pub fn survival(&self, t: u32, confidence: Confidence) -> Estimate {
        let s = ln_survival(self.dual(), t).exp();
        Estimate::probability(s.value, self.uncertainty.error_of(&s), confidence)
    }

    /// Retention in period `t` with its interval.
    pub fn retention_rate(&self, t: u32, confidence: Confidence) -> Estimate {
        let theta = self.dual();
        let r = (ln_survival(theta, t.max(1)) - ln_survival(theta, t.max(1) - 1)).exp();
        Estimate::probability(r.value, self.uncertainty.error_of(&r), confidence)
    }

    /// Discounted expected lifetime of a new customer with its interval.
    pub fn discounted_lifetime(&self, rate: f64, confidence: Confidence) -> Result<Estimate, Error> {
        let value = residual(self.dual(), 0, positive("discount rate", rate)?);
        Ok(Estimate::positive(value.value, self.uncertainty.error_of(&value), confidence))
    }

    /// Discounted expected residual lifetime just before the `n`-th renewal with its interval.
    pub fn discounted_residual(&self, n: u32, rate: f64, confidence: Confidence) -> Result<Estimate, Error> {
        let value = residual(self.dual(), n.max(1), positive("discount rate", rate)?);
        Ok(Estimate::positive(value.value, self.uncertainty.error_of(&value), confidence))
    }

    /// Expected further periods within the next `periods` of a customer who has survived `n`, with their interval.
    pub fn residual_tenure(&self, n: u32, periods: u32, confidence: Confidence) -> Estimate {
        let value = remaining(self.dual(), n, periods);
        Estimate::positive(value.value, self.uncertainty.error_of(&value), confidence)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closed_form_and_sum_agree() {
        let params = Params::new(0.764, 1.296, 1.0).unwrap();
        for n in 0..6 {
            let sum = summed(params.theta(), n, 1.0 / 1.1);
            assert!((residual(params.theta(), n, 0.1) / sum - 1.0).abs() < 1e-10, "{n}");
        }
    }

    #[test]
    fn retention_rises_with_tenure() {
        let params = Params::new(0.7, 1.2, 1.0).unwrap();
        assert!((1..40).all(|t| params.retention_rate(t) < params.retention_rate(t + 1)));
        assert!(params.residual_tenure(10, 5) > params.residual_tenure(0, 5));
        assert!(params.discounted_lifetime(0.0).is_err());
    }
}
