//! The holdout of a purchase log: fitted to its beginning, judged on its end. Customers who first
//! bought after calibration are not judged: no model here forecasts who comes new.

use chrono::Datelike;
use domain::Day;
use stats::purchase::{self, Horizon, TimeUnit};
use stats::validation::holdout::{self, Class};

use super::{Candidate, Evidence, Point, in_words};
use crate::clv::error::ClvError;
use crate::clv::fit::{Fitted, fit_to};
use crate::clv::log::Log;
use crate::clv::model::Model;
use crate::clv::read::{Data, Hear, Input, Progress, Stage};
use crate::clv::summary::Customer;

/// Points of the tracking plot.
const POINTS: i64 = 52;

/// Fits the models to the log up to the end of calibration and judges them on the rest.
pub(super) fn evaluate(
    models: &[purchase::Model],
    input: &Input<'_>,
    progress: &mut dyn FnMut(Progress),
) -> Result<Evidence, ClvError> {
    let any = Model::Purchases(models[0]);
    let mut data = input.read(any, progress)?;
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
    let input = &Input { calibration_end: Some(end), ..*input };
    let (customers, _) = data.customers(input, any)?;
    let unit = input.unit_for(any);
    let horizon = (log.last - end).num_days() as f64 / unit.days();
    let mut judged = Vec::new();
    let mut refusal = None;
    for (done, &model) in models.iter().enumerate() {
        Hear(progress).at(Stage::Fitting, done as u64, models.len() as u64);
        match judge(model, input, &data, &customers, end, horizon) {
            Ok(one) => judged.push(one),
            Err(why) => refusal = Some(why),
        }
    }
    judged.sort_by(|a, b| a.0.mean_absolute_error.total_cmp(&b.0.mean_absolute_error));
    let mut notes = std::mem::take(&mut data.notes);
    let (best, classes) = match (judged.first().cloned(), refusal) {
        (Some(best), why) => {
            notes.extend(why.map(|why| why.to_string()));
            best
        }
        (None, Some(why)) => return Err(why),
        (None, None) => return Err(ClvError::Argument("no model was asked for".to_owned())),
    };
    let (tracking, known_points) =
        tracking(&best, &log, end, unit).map_err(ClvError::estimate(best.fit.model, input.path))?;
    Ok(Evidence {
        known_to: in_words(end),
        held_out_to: in_words(log.last),
        customers: customers.len() as f64,
        tracking,
        known_points,
        calibration: classes.iter().map(point).collect(),
        notes,
        candidates: judged.into_iter().map(|(candidate, _)| candidate).collect(),
    })
}

fn judge(
    model: purchase::Model,
    input: &Input<'_>,
    data: &Data,
    customers: &[Customer],
    end: Day,
    horizon: f64,
) -> Result<(Candidate, Vec<Class>), ClvError> {
    let fit = fit_to(Model::Purchases(model), input, data, customers, Some(end))?;
    let refused = || ClvError::estimate(model.name(), input.path);
    let histories: Vec<_> = customers.iter().map(|customer| customer.history).collect();
    let actual: Vec<f64> = customers.iter().map(|customer| f64::from(customer.later)).collect();
    let Fitted::Purchases(fitted) = &fit.fitted else {
        return Err(ClvError::Argument(format!("{} predicts no purchases", fit.model)));
    };
    let ahead = Horizon { length: horizon, discount: 0.0 };
    let expectations = fitted.params.expectations(&histories, ahead).map_err(refused())?;
    let expected: Vec<f64> = expectations.iter().map(|one| one.purchases).collect();
    let report = holdout::report(&histories, &expected, &actual, horizon).map_err(refused())?;
    let candidate = Candidate {
        expected: report.expected_total,
        actual: report.actual_total,
        error: report.total_error(),
        mean_absolute_error: report.mean_absolute_error,
        root_mean_squared_error: report.root_mean_squared_error,
        naive_error: report.naive_rate_error.min(report.naive_mean_error),
        correlation: report.correlation,
        sentence: report.sentence(),
        fit,
    };
    Ok((candidate, report.classes))
}

fn point(class: &Class) -> Point {
    let open = if class.repeats == holdout::LAST_CLASS { "+" } else { "" };
    Point {
        label: format!("{}{open}", class.repeats),
        expected: Some(class.expected),
        actual: Some(class.actual),
        customers: Some(class.customers),
    }
}

/// Cumulative repeat purchases of the customers of the calibration period, from the first day to the last.
fn tracking(best: &Candidate, log: &Log, end: Day, unit: TimeUnit) -> Result<(Vec<Point>, usize), stats::Error> {
    let Fitted::Purchases(fitted) = &best.fit.fitted else { return Ok((Vec::new(), 0)) };
    let (starts, mut repeats) = log.starts_and_repeats(end);
    repeats.sort_unstable_by(f64::total_cmp);
    let whole = (log.last - log.first).num_days();
    let points = POINTS.min(whole).max(1);
    let days: Vec<Day> = (0..=points).map(|i| log.first + chrono::TimeDelta::days(i * whole / points)).collect();
    let time = |day: f64| day / unit.days();
    let starts: Vec<f64> = starts.into_iter().map(time).collect();
    let times: Vec<f64> = days.iter().map(|day| time(f64::from(day.num_days_from_ce()))).collect();
    let expected = holdout::tracking(&fitted.params, &starts, &times)?;
    let one = |(day, expected): (&Day, f64)| {
        let until = f64::from(day.num_days_from_ce());
        let actual = repeats.partition_point(|repeat| *repeat <= until) as f64;
        Point { label: in_words(*day), expected: Some(expected), actual: Some(actual), customers: None }
    };
    let known = days.iter().filter(|day| **day <= end).count();
    Ok((days.iter().zip(expected).map(one).collect(), known))
}
