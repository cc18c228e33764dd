//! The holdout period: fit on the past, predict the rest, look.
//! A [`Report`] keeps the total error, the error per customer, the classes by frequency (a total hides errors that
//! cancel) and a comparison with naive rules; its [`Verdict`] is one sentence for somebody who reads no tables.

use super::{check_pair, correlation};
use crate::error::{Error, same_length};
use crate::purchase::{Fitted, Histories, History, Model, Options, Params, Purchases, fit};

/// Customers with the same number of repeats in calibration.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Class {
    /// Repeats in calibration; the last class holds this many or more.
    pub repeats: u32,
    /// Customers.
    pub customers: usize,
    /// Mean predicted purchases in the holdout.
    pub expected: f64,
    /// Mean actual purchases in the holdout.
    pub actual: f64,
}

/// How far a model may be trusted here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Better than the naive rules and the total within ten per cent.
    Trust,
    /// Better than the naive rules, but the total is off by more.
    RankingOnly,
    /// No better than a naive rule.
    DoNotTrust,
}

/// Predictions against a holdout period.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// Sum of predictions.
    pub expected_total: f64,
    /// What happened.
    pub actual_total: f64,
    /// Mean absolute error per customer.
    pub mean_absolute_error: f64,
    /// Root mean squared error per customer.
    pub root_mean_squared_error: f64,
    /// Correlation over customers; `None` where nothing varies.
    pub correlation: Option<f64>,
    /// Root mean squared error of "everybody goes on at the own past rate".
    pub naive_rate_error: f64,
    /// Root mean squared error of "everybody buys as often as the average customer did".
    pub naive_mean_error: f64,
    /// By frequency in calibration, the last class open above.
    pub classes: Vec<Class>,
}

/// The frequency from which on customers share a class.
pub const LAST_CLASS: u32 = 7;

/// Compares predictions with what happened in a holdout of length `horizon`, in the unit of the histories.
/// Fails on columns of different length, no rows, NaN, or a horizon not above zero.
pub fn report(histories: &[History], expected: &[f64], actual: &[f64], horizon: f64) -> Result<Report, Error> {
    check_pair("predictions and outcomes", expected, actual)?;
    same_length("histories and outcomes", histories.len(), actual.len())?;
    crate::error::positive("holdout length", horizon)?;
    let n = actual.len() as f64;
    let mean_of = |values: &mut dyn Iterator<Item = f64>| values.sum::<f64>() / n;
    let squared = |prediction: &dyn Fn(usize) -> f64| {
        mean_of(&mut (0..actual.len()).map(|i| (prediction(i) - actual[i]).powi(2))).sqrt()
    };
    let exposure: f64 = histories.iter().map(|h| h.age).sum();
    let repeats: f64 = histories.iter().map(|h| f64::from(h.repeats)).sum();
    let average = if exposure > 0.0 { repeats / exposure * horizon } else { 0.0 };
    let own = |i: usize| {
        let h = &histories[i];
        if h.age > 0.0 { f64::from(h.repeats) / h.age * horizon } else { average }
    };
    Ok(Report {
        expected_total: expected.iter().sum(),
        actual_total: actual.iter().sum(),
        mean_absolute_error: mean_of(&mut expected.iter().zip(actual).map(|(e, a)| (e - a).abs())),
        root_mean_squared_error: squared(&|i| expected[i]),
        correlation: correlation(expected, actual)?,
        naive_rate_error: squared(&own),
        naive_mean_error: squared(&|_| average),
        classes: classes(histories, expected, actual),
    })
}

fn classes(histories: &[History], expected: &[f64], actual: &[f64]) -> Vec<Class> {
    (0..=LAST_CLASS)
        .filter_map(|repeats| {
            let rows: Vec<usize> =
                (0..actual.len()).filter(|&i| histories[i].repeats.min(LAST_CLASS) == repeats).collect();
            let mean = |v: &[f64]| rows.iter().map(|&i| v[i]).sum::<f64>() / rows.len() as f64;
            (!rows.is_empty()).then(|| Class {
                repeats,
                customers: rows.len(),
                expected: mean(expected),
                actual: mean(actual),
            })
        })
        .collect()
}

impl Report {
    /// Relative error of the total; `None` where nothing happened.
    pub fn total_error(&self) -> Option<f64> {
        (self.actual_total > 0.0).then(|| self.expected_total / self.actual_total - 1.0)
    }

    /// Whether to believe the model here.
    pub fn verdict(&self) -> Verdict {
        let naive = self.naive_rate_error.min(self.naive_mean_error);
        if self.root_mean_squared_error >= naive {
            return Verdict::DoNotTrust;
        }
        match self.total_error() {
            Some(error) if error.abs() <= 0.10 => Verdict::Trust,
            _ => Verdict::RankingOnly,
        }
    }

    /// The verdict as one plain sentence with its numbers.
    pub fn sentence(&self) -> String {
        let total = self.total_error().map_or_else(
            || "nothing happened in the holdout".to_owned(),
            |e| {
                format!(
                    "the total was {} by {:.0} %",
                    if e < 0.0 { "under-forecast" } else { "over-forecast" },
                    100.0 * e.abs()
                )
            },
        );
        let naive = self.naive_rate_error.min(self.naive_mean_error);
        match self.verdict() {
            Verdict::Trust => format!("The model may be trusted here: it beats the naive rules and {total}."),
            Verdict::RankingOnly => {
                format!(
                    "Trust the ranking of customers but not the total: the model beats the naive rules, but {total}."
                )
            }
            Verdict::DoNotTrust => format!(
                "Do not trust the model here: its typical error of {:.2} purchases is no better than {naive:.2} of a naive rule.",
                self.root_mean_squared_error
            ),
        }
    }
}

/// A model fitted to the calibration period and judged on the holdout.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// The fit.
    pub fitted: Fitted,
    /// How it did.
    pub report: Report,
}

/// Fits every purchase model and orders them by mean absolute error in the holdout, best first. Models that cannot be
/// fitted are left out; fails when none can.
pub fn choose(customers: &[Purchases], horizon: f64, options: Options) -> Result<Vec<Candidate>, Error> {
    let histories: Vec<History> = customers.iter().map(|c| c.history).collect();
    let book = Histories::new(&histories)?;
    let actual: Vec<f64> = customers.iter().map(|c| f64::from(c.later)).collect();
    let mut candidates = Vec::new();
    let mut refusal = Error::TooFew { what: "models", needed: 1, found: 0 };
    for model in Model::ALL {
        match fit(model, &book, options) {
            Ok(fitted) => {
                let one = |h: &History| fitted.params.expected_purchases(h, horizon);
                let expected: Vec<f64> = histories.iter().map(one).collect::<Result<_, _>>()?;
                let report = report(&histories, &expected, &actual, horizon)?;
                candidates.push(Candidate { fitted, report });
            }
            Err(error) => refusal = error,
        }
    }
    candidates.sort_by(|a, b| a.report.mean_absolute_error.total_cmp(&b.report.mean_absolute_error));
    if candidates.is_empty() { Err(refusal) } else { Ok(candidates) }
}

/// Expected cumulative repeat purchases of a cohort at each time. `starts` are the times of first purchases, `times`
/// the points of the plot, both from a common origin.
pub fn tracking(params: &Params, starts: &[f64], times: &[f64]) -> Result<Vec<f64>, Error> {
    let mut sorted = starts.to_vec();
    for (row, &start) in starts.iter().enumerate() {
        crate::error::finite("start", row, start)?;
    }
    sorted.sort_unstable_by(f64::total_cmp);
    let groups: Vec<(f64, f64)> = sorted.chunk_by(|a, b| a == b).map(|same| (same[0], same.len() as f64)).collect();
    times
        .iter()
        .enumerate()
        .map(|(row, &time)| {
            crate::error::finite("time", row, time)?;
            groups.iter().filter(|g| g.0 < time).try_fold(0.0, |sum, &(start, count)| {
                Ok(sum + count * params.expected_purchases(&History::NEW, time - start)?)
            })
        })
        .collect()
}

/// Probability integral transform of a count against draws from its predictive distribution, randomised by `uniform`:
/// uniform over customers when the model is right.
pub fn pit(draws: &[u32], actual: u32, uniform: f64) -> Result<f64, Error> {
    crate::error::at_least("draws", 1, draws.len())?;
    let n = draws.len() as f64;
    let below = draws.iter().filter(|&&d| d < actual).count() as f64;
    let equal = draws.iter().filter(|&&d| d == actual).count() as f64;
    Ok(((below + uniform.clamp(0.0, 1.0) * equal) / n).clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn book() -> Vec<History> {
        (0..40).map(|i| History { repeats: i % 4, recency: if i % 4 == 0 { 0.0 } else { 5.0 }, age: 10.0 }).collect()
    }

    #[test]
    fn a_perfect_forecast_is_trusted_and_a_constant_one_is_not() {
        let histories = book();
        let actual: Vec<f64> = (0..40).map(|i| f64::from(i % 4) * 0.5).collect();
        let good = report(&histories, &actual, &actual, 10.0).unwrap();
        assert_eq!((good.verdict(), good.classes.len()), (Verdict::Trust, 4));
        let wild = report(&histories, &[9.0; 40], &actual, 10.0).unwrap();
        assert_eq!((wild.verdict(), wild.correlation), (Verdict::DoNotTrust, None));
        let scaled: Vec<f64> = actual.iter().map(|a| 0.8 * a).collect();
        let low = report(&histories, &scaled, &actual, 10.0).unwrap();
        assert_eq!(low.verdict(), Verdict::RankingOnly);
        assert!(low.sentence().contains("under-forecast by 20 %"), "{}", low.sentence());
    }

    #[test]
    fn tracking_starts_when_customers_do() {
        let params = Params::new(Model::BgNbd, [0.24, 4.4, 0.8, 2.4]).unwrap();
        let curve = tracking(&params, &[0.0, 0.0, 5.0], &[0.0, 5.0, 10.0]).unwrap();
        let at = |t| params.expected_purchases(&History::NEW, t).unwrap();
        assert_eq!(curve[0], 0.0);
        assert!((curve[1] - 2.0 * at(5.0)).abs() < 1e-14 && (curve[2] - 2.0 * at(10.0) - at(5.0)).abs() < 1e-14);
        assert_eq!(pit(&[0, 1, 1, 3], 1, 0.5).unwrap(), 0.5);
    }
}
