//! One customer after the other, remembering what customers share.
//! The expectation given alive depends on repeats and age only, and a book of a million customers has a few thousand
//! pairs of them, so each is computed once. The sum over everybody is kept with its derivatives, because the
//! parameters' error is shared by all customers and does not average out.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use super::forecast::{alive, discounted, discounted_forever, expected};
use super::{Fitted, Forecast, History, Horizon, Model};
use crate::interval::{Confidence, Estimate};
use crate::real::{Dual, Real};

/// Forecasts customers of one fit, horizon and confidence. Histories are taken as checked.
#[derive(Debug)]
pub struct Forecaster<'a> {
    fitted: &'a Fitted,
    confidence: Confidence,
    given_alive: GivenAlive<Dual<4>>,
    forever: Remembered<(u32, u64), Dual<4>>,
    sum: Dual<4>,
}

impl<'a> Forecaster<'a> {
    pub(super) fn new(fitted: &'a Fitted, theta: [Dual<4>; 4], horizon: Horizon, confidence: Confidence) -> Self {
        Self {
            fitted,
            confidence,
            given_alive: GivenAlive::new(fitted.params.model, theta, horizon),
            forever: Remembered::default(),
            sum: Dual::constant(0.0),
        }
    }

    fn positive(&self, quantity: &Dual<4>) -> Estimate {
        Estimate::positive(quantity.value, self.fitted.uncertainty.error_of(quantity), self.confidence)
    }

    /// The forecast of a history that stands for `count` customers.
    pub fn forecast(&mut self, history: &History, count: f64) -> Forecast {
        let p = self.given_alive.alive(history);
        let (purchases, discounted) = self.given_alive.of(history);
        let purchases = p * purchases;
        self.sum = self.sum + purchases * count;
        Forecast {
            p_alive: Estimate::probability(p.value, self.fitted.uncertainty.error_of(&p), self.confidence),
            purchases: self.positive(&purchases),
            discounted: self.positive(&(p * discounted)),
        }
    }

    /// All future purchases, discounted (DERT). The horizon must have a discount rate above zero: without one an
    /// infinite future has no sum.
    pub fn residual(&mut self, history: &History) -> Estimate {
        let p = self.given_alive.alive(history);
        let GivenAlive { model, theta, horizon, .. } = self.given_alive;
        let forever = *self
            .forever
            .entry((history.repeats, history.age.to_bits()))
            .or_insert_with(|| discounted_forever(model, theta, history.repeats, history.age, horizon.discount));
        self.positive(&(p * forever))
    }

    /// Purchases expected of all customers forecast so far, with the interval of the sum.
    pub fn total(&self) -> Estimate {
        self.positive(&self.sum)
    }
}

/// A hash map for keys of a few words that nobody chooses in order to make them collide.
type Remembered<K, V> = HashMap<K, V, BuildHasherDefault<Mixed>>;

/// Multiplies and rotates, like the hashers of compilers: a tenth of the time of the default one.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Mixed(u64);

impl Hasher for Mixed {
    fn finish(&self) -> u64 {
        self.0 ^ (self.0 >> 32)
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.write_u64(u64::from(byte));
        }
    }

    fn write_u32(&mut self, value: u32) {
        self.write_u64(u64::from(value));
    }

    fn write_u64(&mut self, value: u64) {
        self.0 = (self.0.rotate_left(26) ^ value).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}

/// Expectations given alive, one per distinct repeats and age.
#[derive(Debug)]
pub(super) struct GivenAlive<R> {
    model: Model,
    theta: [R; 4],
    horizon: Horizon,
    known: Remembered<(u32, u64), (R, R)>,
    alive: Remembered<(u32, u64, u64), R>,
}

impl<R: Real> GivenAlive<R> {
    pub(super) fn new(model: Model, theta: [R; 4], horizon: Horizon) -> Self {
        Self { model, theta, horizon, known: Remembered::default(), alive: Remembered::default() }
    }

    /// The chance of being alive; remembered where it takes a quadrature.
    pub(super) fn alive(&mut self, history: &History) -> R {
        if self.model != Model::ParetoNbd {
            return alive(self.model, self.theta, history);
        }
        let key = (history.repeats, history.recency.to_bits(), history.age.to_bits());
        *self.alive.entry(key).or_insert_with(|| alive(self.model, self.theta, history))
    }

    /// Purchases within the horizon given alive, plain and discounted.
    pub(super) fn of(&mut self, history: &History) -> (R, R) {
        let Self { model, theta, horizon, known, .. } = self;
        *known.entry((history.repeats, history.age.to_bits())).or_insert_with(|| {
            let purchases = expected(*model, *theta, history.repeats, history.age, horizon.length);
            let discounted = match horizon.discount {
                0.0 => purchases,
                _ => discounted(*model, *theta, history.repeats, history.age, *horizon),
            };
            (purchases, discounted)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::purchase::{Histories, Options, Params, fit};
    use crate::random::Seeded;

    #[test]
    fn one_by_one_is_the_same_as_all_at_once() {
        let mut source = Seeded::new(11);
        let truth = Params::new(Model::BgNbd, [0.8, 5.0, 0.8, 2.5]).unwrap();
        let histories: Vec<History> = (0..800).map(|_| truth.simulate(52.0, &mut source).unwrap()).collect();
        let horizon = Horizon { length: 26.0, discount: 0.002 };
        for model in Model::ALL {
            let fitted = fit(model, &Histories::new(&histories).unwrap(), Options::default()).unwrap();
            let all = fitted.forecast(&histories, horizon, Confidence::P95).unwrap();
            let mut forecaster = fitted.forecaster(horizon, Confidence::P95).unwrap();
            for (history, expected) in histories.iter().zip(&all) {
                assert_eq!(forecaster.forecast(history, 1.0), *expected);
                let dert = fitted.dert(history, horizon.discount, Confidence::P95).unwrap();
                assert_eq!(forecaster.residual(history), dert);
                assert!(dert.value >= expected.discounted.value, "{dert:?} {expected:?}");
            }
            let total = fitted.expected_total(&histories, horizon.length, Confidence::P95).unwrap();
            assert!((forecaster.total().value / total.value - 1.0).abs() < 1e-12);
        }
    }
}
