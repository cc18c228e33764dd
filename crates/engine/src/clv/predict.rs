//! A row per customer: is it still one, how much will it buy, what is it worth, each with an interval that holds the
//! uncertainty of the parameters. Renewal models give a row per age instead, because all customers of an age are alike
//! to them. Money is margin where a margin is told, and revenue, labelled so, where not.

mod money;
mod rows;
mod write;

use std::error::Error as _;
use std::path::PathBuf;

use stats::purchase::TimeUnit;
use stats::{Confidence, Estimate};

use super::error::ClvError;
use super::fit::{Fit, Fitted, fit_to};
use super::model::Model;
use super::read::{Hear, Input, Progress, Stage};
use super::summary::Customer;

/// What to predict.
#[derive(Debug, Clone, Copy)]
pub struct Terms {
    /// How far to look, in units of time; a year, or five periods, when absent.
    pub horizon: Option<f64>,
    /// Effective annual discount rate, 0.10 for ten per cent.
    pub annual_rate: f64,
    /// Share of revenue that is margin; revenue is valued when absent.
    pub margin: Option<f64>,
    /// The level of the intervals.
    pub confidence: Confidence,
}

/// Periods a renewal model and BG/BB look ahead when nobody says how far.
const USUAL_PERIODS: f64 = 5.0;
/// The farthest horizon in units of time.
const FARTHEST: f64 = 100_000.0;

/// A fitted model and the customers to predict; the rows are made while they are written.
#[derive(Debug, Clone)]
pub struct Prediction {
    /// The model behind it.
    pub fit: Fit,
    /// The amounts behind the values, where amounts are known.
    pub spend: Option<Fit>,
    /// How far it looks, in units of time.
    pub horizon: f64,
    /// What to beware of.
    pub notes: Vec<String>,
    unit: TimeUnit,
    terms: Terms,
    customers: Vec<Customer>,
    last_age: u32,
    path: PathBuf,
}

/// Fits a model to a file and makes ready to predict each of its customers.
pub fn predict(
    model: Model,
    input: &Input<'_>,
    terms: Terms,
    progress: &mut dyn FnMut(Progress),
) -> Result<Prediction, ClvError> {
    terms.check()?;
    let unit = input.unit_for(model);
    let mut data = input.read(model, progress)?;
    let (customers, end) = data.customers(input, model)?;
    Hear(progress).at(Stage::Fitting, 0, 1);
    let fit = fit_to(model, input, &data, &customers, end)?;
    let mut notes = Vec::new();
    if let Some("not_detected") = fit.attrition {
        notes.push(stats::purchase::Attrition::NotDetected.to_string());
    }
    let spend = match model {
        Model::Purchases(_) if customers.iter().any(|customer| customer.mean_spend.is_some()) => {
            match fit_to(Model::Spend, input, &data, &customers, end) {
                Ok(fit) => Some(fit),
                Err(why) => {
                    let cause = why.source().map_or_else(|| why.to_string(), ToString::to_string);
                    notes.push(format!("no values in money: {cause}"));
                    None
                }
            }
        }
        _ => None,
    };
    let last_age = match data.tenures() {
        Some(tenures) => tenures.spells().map_err(ClvError::estimate(model.name(), input.path))?.last_age(),
        None => 0,
    };
    let horizon = match (terms.horizon, model) {
        (Some(horizon), Model::Purchases(_) | Model::Spend) => horizon,
        (Some(horizon), Model::Opportunities | Model::Tenure(_)) => horizon.round().max(1.0),
        (None, Model::Purchases(_) | Model::Spend) => TimeUnit::Year.days() / unit.days(),
        (None, Model::Opportunities | Model::Tenure(_)) => USUAL_PERIODS,
    };
    let path = input.path.to_owned();
    Ok(Prediction { fit, spend, horizon, notes, unit, terms, customers, last_age, path })
}

impl Terms {
    fn check(&self) -> Result<(), ClvError> {
        let refuse = |what: &str, value: f64, expected: &str| {
            Err(ClvError::Argument(format!("the {what} is {value}; expected {expected}")))
        };
        if let Some(horizon) = self.horizon.filter(|horizon| !(*horizon > 0.0 && *horizon <= FARTHEST)) {
            let expected = "a number of time units above zero, at most 100000: in no time nothing happens";
            return refuse("horizon", horizon, expected);
        }
        if !(self.annual_rate >= 0.0 && self.annual_rate <= 100.0) {
            return refuse("discount rate", self.annual_rate, "an annual rate of zero or more, 0.10 for ten per cent");
        }
        match self.margin.filter(|margin| !(margin.is_finite() && *margin <= 1.0)) {
            Some(margin) => refuse("margin", margin, "a share of revenue of at most 1"),
            None => Ok(()),
        }
    }
}

impl Prediction {
    /// How many customers there are to predict.
    pub fn customers(&self) -> usize {
        self.customers.len()
    }

    /// What `clv` means, such as `non-contractual@1 (revenue)`; nothing where amounts are not known.
    pub fn definition(&self) -> Option<String> {
        self.money().map(|money| money.label)
    }

    /// The sum over all customers as a sentence.
    pub fn in_words(&self, total: &Estimate) -> String {
        let Estimate { value, interval, .. } = total;
        format!(
            "{value:.1} purchases expected of all {} customers in {:.1} {}s, between {:.1} and {:.1} ({:.0} %: the parameters' error, without the chance of the future)",
            self.fit.customers,
            self.horizon,
            self.unit.name(),
            interval.low,
            interval.high,
            100.0 * self.terms.confidence.level()
        )
    }

    fn is_by_age(&self) -> bool {
        matches!(self.fit.fitted, Fitted::Tenure(_))
    }

    /// The discount rate per unit of time.
    fn rate_per_unit(&self) -> f64 {
        self.unit.discount(self.terms.annual_rate).exp_m1()
    }
}
