//! What a history says about the future: P(alive), purchases within a horizon, discounted purchases.
//! Everything factorises into the chance of being alive and an expectation given alive that depends only on
//! repeats and age, so a book of a million customers needs a few thousand evaluations. Intervals carry the
//! uncertainty of the parameters by the delta method on dual numbers; the spread of individual futures is the
//! business of `future`.

use super::forecaster::{Forecaster, GivenAlive};
use super::{Fitted, History, Model, Params, exponential, geometric};
use crate::error::{Error, setting_non_negative};
use crate::interval::{Confidence, Estimate};
use crate::real::{Dual, Real};
use crate::special::integral;

/// How far to look, in the unit of the histories.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Horizon {
    /// Length of the future that counts.
    pub length: f64,
    /// Continuous discount rate per unit; see [`super::TimeUnit::discount`] for an annual rate.
    pub discount: f64,
}

/// One customer's future in expectation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Forecast {
    /// Probability of still being a customer.
    pub p_alive: Estimate,
    /// Expected purchases within the horizon.
    pub purchases: Estimate,
    /// The same, each discounted to today.
    pub discounted: Estimate,
}

/// One customer's future in expectation, parameters taken as known.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Expectation {
    /// Probability of still being a customer.
    pub p_alive: f64,
    /// Expected purchases within the horizon.
    pub purchases: f64,
    /// The same, each discounted to today.
    pub discounted: f64,
}

impl Horizon {
    fn check(&self) -> Result<(), Error> {
        setting_non_negative("horizon", self.length)?;
        setting_non_negative("discount rate", self.discount)?;
        Ok(())
    }
}

/// The chance of being alive.
pub(super) fn alive<R: Real>(model: Model, theta: [R; 4], history: &History) -> R {
    if theta[2].value() <= 0.0 {
        return R::constant(1.0);
    }
    let odds = match model {
        Model::BgNbd | Model::MbgNbd => {
            geometric::ln_odds_gone(model, theta, history.repeats, history.recency, history.age)
        }
        Model::ParetoNbd => {
            let values = theta.map(Real::value);
            let odds = if R::HAS_DERIVATIVES { exponential::ln_odds_gone::<1> } else { exponential::ln_odds_gone::<0> };
            odds(values, history.repeats, history.recency, history.age).map(|jet| {
                // The quadrature brings its own gradient; lift it to the number type asked for.
                (0..4).fold(R::constant(jet.value), |sum, i| sum + (theta[i] - values[i]) * jet.gradient[i])
            })
        }
    };
    odds.map_or_else(|| R::constant(1.0), |d| (-d).logistic())
}

/// Expected purchases within `t` given alive.
pub(super) fn expected<R: Real>(model: Model, theta: [R; 4], repeats: u32, age: f64, t: f64) -> R {
    if t <= 0.0 {
        return R::constant(0.0);
    }
    if theta[2].value() <= 0.0 {
        return (theta[0] + f64::from(repeats)) / (theta[1] + age) * t;
    }
    match model {
        Model::BgNbd | Model::MbgNbd => geometric::expected_factor(model, theta, repeats, age, t),
        Model::ParetoNbd => exponential::expected_factor(theta, repeats, age, t),
    }
}

/// Discounted expected purchases within a horizon given alive.
pub(super) fn discounted<R: Real>(model: Model, theta: [R; 4], repeats: u32, age: f64, horizon: Horizon) -> R {
    // The curve first bends after a purchase's time, or after a lifetime's.
    let [r, alpha, third, fourth] = theta.map(Real::value);
    let scale = match model {
        Model::ParetoNbd => (fourth + age) / (third + 1.0),
        Model::BgNbd | Model::MbgNbd => (alpha + age) / (r + f64::from(repeats)).max(1.0),
    };
    integral::discounted(horizon.discount, horizon.length, scale, |t| expected(model, theta, repeats, age, t))
}

/// Discounted expected purchases over an infinite future given alive.
pub(super) fn discounted_forever<R: Real>(model: Model, theta: [R; 4], repeats: u32, age: f64, discount: f64) -> R {
    if theta[2].value() <= 0.0 {
        return (theta[0] + f64::from(repeats)) / (theta[1] + age) * (1.0 / discount);
    }
    match model {
        Model::ParetoNbd => exponential::discounted_factor(theta, repeats, age, discount),
        Model::BgNbd | Model::MbgNbd => {
            integral::discounted_forever(discount, |t| expected(model, theta, repeats, age, t))
        }
    }
}

impl Params {
    /// Probability that the customer has not dropped out.
    pub fn p_alive(&self, history: &History) -> Result<f64, Error> {
        history.check(0)?;
        Ok(alive(self.model, self.values, history))
    }

    /// Expected purchases in the next `t` units. With [`History::NEW`] these are the repeats of a new customer.
    pub fn expected_purchases(&self, history: &History, t: f64) -> Result<f64, Error> {
        setting_non_negative("horizon", t)?;
        Ok(self.p_alive(history)? * expected(self.model, self.values, history.repeats, history.age, t))
    }

    /// Expected purchases within a horizon, each discounted to today.
    pub fn discounted_purchases(&self, history: &History, horizon: Horizon) -> Result<f64, Error> {
        horizon.check()?;
        Ok(self.p_alive(history)? * discounted(self.model, self.values, history.repeats, history.age, horizon))
    }

    /// Discounted expected residual transactions, DERT: all future purchases, discounted continuously at
    /// `discount` per unit (Fader, Hardie & Lee 2005, JMR). Fails unless the rate is above zero.
    pub fn dert(&self, history: &History, discount: f64) -> Result<f64, Error> {
        crate::error::positive("discount rate", discount)?;
        let forever = discounted_forever(self.model, self.values, history.repeats, history.age, discount);
        Ok(self.p_alive(history)? * forever)
    }

    /// The expectations of every history, in order, parameters taken as known: [`Fitted::forecast`] without
    /// intervals, for books so large that they would cost more than they say.
    pub fn expectations(&self, histories: &[History], horizon: Horizon) -> Result<Vec<Expectation>, Error> {
        horizon.check()?;
        let mut given_alive = GivenAlive::new(self.model, self.values, horizon);
        let one = |(row, history): (usize, &History)| {
            history.check(row)?;
            let p_alive = given_alive.alive(history);
            let (purchases, discounted) = given_alive.of(history);
            Ok(Expectation { p_alive, purchases: p_alive * purchases, discounted: p_alive * discounted })
        };
        histories.iter().enumerate().map(one).collect()
    }

    /// The posterior mean of the customer's buying rate given alive, purchases per unit.
    pub fn mean_rate(&self, history: &History) -> Result<f64, Error> {
        history.check(0)?;
        Ok((self.values[0] + f64::from(history.repeats)) / (self.values[1] + history.age))
    }
}

impl Fitted {
    /// The parameters as dual numbers in their logarithms.
    fn dual(&self) -> [Dual<4>; 4] {
        let values = self.params.values();
        // A parameter of zero (no drop-out) stays a constant.
        std::array::from_fn(|i| Dual::variable(0.0, i).chain(values[i], values[i], values[i]))
    }

    /// Probability of being alive with its interval.
    pub fn p_alive(&self, history: &History, confidence: Confidence) -> Result<Estimate, Error> {
        history.check(0)?;
        let p = alive(self.params.model, self.dual(), history);
        Ok(Estimate::probability(p.value, self.uncertainty.error_of(&p), confidence))
    }

    /// Expected purchases in the next `t` units with their interval.
    pub fn expected_purchases(&self, history: &History, t: f64, confidence: Confidence) -> Result<Estimate, Error> {
        let horizon = Horizon { length: t, discount: 0.0 };
        Ok(self.forecast(std::slice::from_ref(history), horizon, confidence)?[0].purchases)
    }

    /// DERT with its interval; see [`Params::dert`].
    pub fn dert(&self, history: &History, discount: f64, confidence: Confidence) -> Result<Estimate, Error> {
        let mut forecaster = self.forecaster(Horizon { length: 0.0, discount }, confidence)?;
        history.check(0)?;
        crate::error::positive("discount rate", discount)?;
        Ok(forecaster.residual(history))
    }

    /// The forecast of every history, in order. Fails on a bad history or horizon.
    pub fn forecast(
        &self,
        histories: &[History],
        horizon: Horizon,
        confidence: Confidence,
    ) -> Result<Vec<Forecast>, Error> {
        let mut forecaster = self.forecaster(horizon, confidence)?;
        let one = |(row, history): (usize, &History)| {
            history.check(row)?;
            Ok(forecaster.forecast(history, 1.0))
        };
        histories.iter().enumerate().map(one).collect()
    }

    /// Expected purchases of all customers together. The parameters' error is shared by all of them and does not
    /// average out, which is why this is not the sum of the single intervals.
    pub fn expected_total(&self, histories: &[History], t: f64, confidence: Confidence) -> Result<Estimate, Error> {
        let mut forecaster = self.forecaster(Horizon { length: t, discount: 0.0 }, confidence)?;
        for (row, history) in histories.iter().enumerate() {
            history.check(row)?;
            forecaster.forecast(history, 1.0);
        }
        Ok(forecaster.total())
    }

    /// Whoever forecasts one customer after the other. Fails on a bad horizon.
    pub fn forecaster(&self, horizon: Horizon, confidence: Confidence) -> Result<Forecaster<'_>, Error> {
        horizon.check()?;
        Ok(Forecaster::new(self, self.dual(), horizon, confidence))
    }
}
