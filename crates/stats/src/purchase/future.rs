//! Single futures and invented customers, drawn rather than averaged.
//! Given alive, the posterior of a customer's rate and drop-out is again gamma and beta (or gamma), so a future is
//! drawn exactly. Draws of [`Fitted`] first draw the parameters, so their spread holds everything that is unknown.

use super::geometric::survived;
use super::{Fitted, History, Model, Params};
use crate::error::{Error, setting_non_negative};
use crate::interval::{Confidence, Interval};
use crate::random::{Uniforms, beta, exponential, gamma};

/// More purchases than this in one drawn future are cut off: no horizon of a real customer holds them.
const MOST: usize = 100_000;

impl Params {
    /// The times, from now, of the customer's purchases within `horizon` in one possible future.
    pub fn draw_future(&self, history: &History, horizon: f64, source: &mut impl Uniforms) -> Result<Vec<f64>, Error> {
        setting_non_negative("horizon", horizon)?;
        if source.uniform() >= self.p_alive(history)? {
            return Ok(Vec::new());
        }
        let [r, alpha, third, fourth] = self.values;
        let rate = gamma(source, r + f64::from(history.repeats), alpha + history.age);
        if !self.has_attrition() {
            return Ok(stream(rate, horizon, 0.0, source));
        }
        Ok(match self.model {
            Model::ParetoNbd => {
                let death_rate = gamma(source, third, fourth + history.age);
                let end = horizon.min(exponential(source, death_rate));
                stream(rate, end, 0.0, source)
            }
            Model::BgNbd | Model::MbgNbd => {
                let p = beta(source, third, fourth + f64::from(survived(self.model, history.repeats)));
                stream(rate, horizon, p, source)
            }
        })
    }

    /// An invented customer observed for `age` after the first purchase.
    pub fn simulate(&self, age: f64, source: &mut impl Uniforms) -> Result<History, Error> {
        let times = self.draw_future(&History::NEW, age, source)?;
        Ok(History { repeats: times.len() as u32, recency: times.last().copied().unwrap_or(0.0), age })
    }
}

/// Poisson purchases up to `end`, each followed by drop-out with probability `p`.
fn stream(rate: f64, end: f64, p: f64, source: &mut impl Uniforms) -> Vec<f64> {
    let mut times = Vec::new();
    let mut now = exponential(source, rate);
    while now < end && times.len() < MOST {
        times.push(now);
        if source.uniform() < p {
            break;
        }
        now += exponential(source, rate);
    }
    times
}

impl Fitted {
    /// Numbers of purchases within `horizon` in `draws` possible futures, each under its own draw of the parameters.
    pub fn draw_counts(
        &self,
        history: &History,
        horizon: f64,
        draws: usize,
        source: &mut impl Uniforms,
    ) -> Result<Vec<u32>, Error> {
        (0..draws)
            .map(|_| {
                let values = self.uncertainty.draw(&self.params.values(), source);
                let params = Params { values: [values[0], values[1], values[2], values[3]], ..self.params };
                Ok(params.draw_future(history, horizon, source)?.len() as u32)
            })
            .collect()
    }

    /// The central range of the number of purchases, parameter uncertainty and chance included.
    /// Fails on fewer than 40 draws, which could not show a tail.
    pub fn predictive_interval(
        &self,
        history: &History,
        horizon: f64,
        draws: usize,
        confidence: Confidence,
        source: &mut impl Uniforms,
    ) -> Result<Interval, Error> {
        crate::error::at_least("draws", 40, draws)?;
        let mut counts = self.draw_counts(history, horizon, draws, source)?;
        counts.sort_unstable();
        let at = |share: f64| f64::from(counts[((share * draws as f64) as usize).min(draws - 1)]);
        Ok(Interval { low: at(confidence.lower_tail()), high: at(1.0 - confidence.lower_tail()) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Seeded;

    #[test]
    fn futures_average_to_the_expectation() {
        let mut source = Seeded::new(3);
        for model in Model::ALL {
            let params = Params::new(model, [0.6, 4.0, 0.8, 2.4]).unwrap();
            for history in [History::NEW, History { repeats: 4, recency: 20.0, age: 26.0 }] {
                let draws = 20_000;
                let total: usize =
                    (0..draws).map(|_| params.draw_future(&history, 30.0, &mut source).unwrap().len()).sum();
                let expected = params.expected_purchases(&history, 30.0).unwrap();
                let mean = total as f64 / f64::from(draws);
                assert!((mean / expected - 1.0).abs() < 0.05, "{model:?} {history:?}: {mean} {expected}");
            }
        }
    }
}
