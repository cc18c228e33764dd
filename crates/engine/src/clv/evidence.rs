//! May the model be trusted here? It is fitted to the past, predicts the rest of the file, and is held against what
//! happened: total, customers, classes by frequency, and the naive rule it must beat. Renewal models predict the ages
//! they were not shown, BG/BB the opportunities after it, Gamma-Gamma the amounts of those who bought again. The answer
//! ends in one plain sentence.

mod opportunities;
mod purchases;
mod renewals;
mod spend;

use std::fmt;

use domain::Day;
use serde::Serialize;
use stats::validation::holdout::Report;

use super::error::ClvError;
use super::fit::Fit;
use super::log::Log;
use super::model::Model;
use super::read::{Data, Input, Progress};

/// What is predicted and held against what happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Quantity {
    /// Purchases, or opportunities taken.
    Purchases,
    /// The mean amount of a purchase.
    Spend,
    /// The share still here.
    Survival,
}

/// How one model did on what it had not seen.
#[derive(Debug, Clone, Serialize)]
pub struct Candidate {
    /// The model, fitted to the calibration period.
    pub fit: Fit,
    /// Predicted: purchases of everybody, the mean amount of a purchase, or the share still here at the last age.
    pub expected: f64,
    /// What happened.
    pub actual: f64,
    /// `expected / actual - 1`; unknown where nothing happened.
    pub error: Option<f64>,
    /// Mean absolute error per customer, or per age.
    pub mean_absolute_error: f64,
    /// Root mean squared error.
    pub root_mean_squared_error: f64,
    /// The same of the best naive rule.
    pub naive_error: f64,
    /// Correlation over customers; unknown where nothing varies, and for ages.
    pub correlation: Option<f64>,
    /// The verdict in one sentence.
    pub sentence: String,
}

impl Candidate {
    /// What a holdout of customers says of a fit.
    fn judged(fit: Fit, report: &Report) -> Self {
        Self {
            expected: report.expected_total,
            actual: report.actual_total,
            error: report.total_error(),
            mean_absolute_error: report.mean_absolute_error,
            root_mean_squared_error: report.root_mean_squared_error,
            naive_error: report.naive_rate_error.min(report.naive_mean_error),
            correlation: report.correlation,
            sentence: report.sentence(),
            fit,
        }
    }
}

/// Expected beside actual at one place of a plot.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Point {
    /// Where: a day, a class, an age.
    pub label: String,
    /// What the model says.
    pub expected: Option<f64>,
    /// What happened.
    pub actual: Option<f64>,
    /// Customers behind it, where they differ from point to point.
    pub customers: Option<usize>,
}

/// The holdout evidence of a file.
#[derive(Debug, Clone, Serialize)]
pub struct Evidence {
    /// What is predicted.
    pub what: Quantity,
    /// The models tried, the best in the holdout first.
    pub candidates: Vec<Candidate>,
    /// The end of calibration, in words.
    pub known_to: String,
    /// The end of the holdout, in words.
    pub held_out_to: String,
    /// Customers judged.
    pub customers: f64,
    /// Cumulative repeat purchases over time, or survival by age, of the best model.
    pub tracking: Vec<Point>,
    /// The point of `tracking` at which calibration ended.
    pub known_points: usize,
    /// Mean purchases, or amounts of a purchase, in the holdout by class of frequency; empty for renewals.
    pub calibration: Vec<Point>,
    /// What was decided or left out.
    pub notes: Vec<String>,
}

/// Holds one model, or all that the file suits, against the end of the file.
pub fn evaluate(
    model: Option<Model>,
    input: &Input<'_>,
    progress: &mut dyn FnMut(Progress),
) -> Result<Evidence, ClvError> {
    match model {
        Some(Model::Purchases(model)) => purchases::evaluate(&[model], input, progress),
        Some(Model::Tenure(model)) => renewals::evaluate(&[model], input, progress),
        Some(Model::Opportunities) => opportunities::evaluate(input, progress),
        Some(Model::Spend) => spend::evaluate(input, progress),
        None => match purchases::evaluate(&stats::purchase::Model::ALL, input, progress) {
            Err(ClvError::Unsuited { .. }) if input.calibration_end.is_none() => {
                renewals::evaluate(&[stats::tenure::Model::Sbg, stats::tenure::Model::Bdw], input, progress)
            }
            other => other,
        },
    }
}

impl Evidence {
    /// The model that did best.
    pub fn best(&self) -> Option<&Candidate> {
        self.candidates.first()
    }

    /// The verdict on the best model.
    pub fn sentence(&self) -> String {
        self.best().map_or_else(String::new, |best| format!("{}: {}", best.fit.model, best.sentence))
    }
}

/// The evidence as a person reads it.
impl fmt::Display for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} customers, fitted to {}, held out to {}\n", self.customers, self.known_to, self.held_out_to)?;
        writeln!(
            f,
            "{:<12}{:>16}{:>12}{:>12}{:>9}{:>12}{:>12}",
            "", "log-likelihood", "expected", "actual", "error", "mean error", "correlation"
        )?;
        for one in &self.candidates {
            let percent = one.error.map_or_else(|| "unknown".to_owned(), |error| format!("{:+.1} %", 100.0 * error));
            let correlation = one.correlation.map_or_else(|| "–".to_owned(), |value| format!("{value:.4}"));
            let digits = if one.actual > 10.0 { 1 } else { 4 };
            writeln!(
                f,
                "{:<12}{:>16.4}{:>12.digits$}{:>12.digits$}{:>9}{:>12.4}{:>12}",
                one.fit.model,
                one.fit.log_likelihood,
                one.expected,
                one.actual,
                percent,
                one.mean_absolute_error,
                correlation
            )?;
        }
        if !self.calibration.is_empty() {
            writeln!(f, "\n{:<12}{:>12}{:>12}{:>12}", "repeats", "customers", "expected", "actual")?;
        }
        for class in &self.calibration {
            let number = |value: Option<f64>| value.map_or_else(String::new, |value| format!("{value:.3}"));
            let customers = class.customers.map_or_else(String::new, |count| count.to_string());
            let (expected, actual) = (number(class.expected), number(class.actual));
            writeln!(f, "{:<12}{customers:>12}{expected:>12}{actual:>12}", class.label)?;
        }
        write!(f, "\n{}", self.sentence())
    }
}

/// The log of some data and the day at which it is cut; half-way where nobody says.
fn held_out(data: &Data, input: &Input<'_>) -> Result<(Log, Day), ClvError> {
    let Some(log) = data.log().cloned() else {
        return Err(ClvError::unsuited(
            input.path,
            "a summary holds no holdout, because it does not say what happened after T; give the purchase log",
        ));
    };
    let end = input.calibration_end.unwrap_or_else(|| log.middle());
    if end >= log.last {
        let message =
            format!("calibration ends on {end} and the log on {}: nothing is held out; name an earlier day", log.last);
        return Err(ClvError::unsuited(input.path, message));
    }
    Ok((log, end))
}

/// The last known day of a text.
fn in_words(day: Day) -> String {
    day.to_string()
}
