//! May the model be trusted here? It is fitted to the past, predicts the rest of the file, and is held against what
//! happened: total, customers, classes by frequency, and the naive rule it must beat. Renewal models predict the ages
//! they were not shown. The answer ends in one plain sentence.

mod purchases;
mod renewals;

use std::fmt;

use domain::Day;
use serde::Serialize;

use super::error::ClvError;
use super::fit::Fit;
use super::model::Model;
use super::read::{Input, Progress};

/// How one model did on what it had not seen.
#[derive(Debug, Clone, Serialize)]
pub struct Candidate {
    /// The model, fitted to the calibration period.
    pub fit: Fit,
    /// Predicted: purchases of everybody, or the share still here at the last age.
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
    /// Mean purchases in the holdout by class of frequency; empty for renewals.
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
        Some(other) => Err(ClvError::Argument(format!(
            "{other} has no holdout report: choose bg-nbd, mbg-nbd, pareto-nbd, sbg or bdw, or none for all that suit"
        ))),
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

/// The last known day of a text.
fn in_words(day: Day) -> String {
    day.to_string()
}
