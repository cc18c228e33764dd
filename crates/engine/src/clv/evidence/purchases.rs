//! The holdout of a purchase log: fitted to its beginning, judged on its end. Customers who first
//! bought after calibration are not judged: no model here forecasts who comes new.

use chrono::Datelike;
use domain::Day;
use stats::purchase::{self, History, Horizon, TimeUnit};
use stats::validation::holdout::{self, Class};

use super::{Candidate, Evidence, Point, Quantity, held_out, in_words};
use crate::clv::covariates::Kinds;
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
    let (log, end) = held_out(&data, input)?;
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
        what: Quantity::Purchases,
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
    let Some(kinds) = fit.kinds(customers).map_err(refused())? else {
        return Err(ClvError::Argument(format!("{} predicts no purchases", fit.model)));
    };
    let expected = expected(&kinds, &histories, horizon).map_err(refused())?;
    let report = holdout::report(&histories, &expected, &actual, horizon).map_err(refused())?;
    let candidate = Candidate::judged(fit, &report);
    Ok((candidate, report.classes))
}

/// What each customer's own model expects of it.
fn expected(kinds: &Kinds, histories: &[History], length: f64) -> Result<Vec<f64>, stats::Error> {
    let mut members: Vec<Vec<usize>> = vec![Vec::new(); kinds.models.len()];
    kinds.of.iter().enumerate().for_each(|(customer, &kind)| members[kind].push(customer));
    let mut expected = vec![0.0; histories.len()];
    for (model, members) in kinds.models.iter().zip(&members) {
        let own: Vec<History> = members.iter().map(|&customer| histories[customer]).collect();
        let ahead = model.params.expectations(&own, Horizon { length, discount: 0.0 })?;
        members.iter().zip(ahead).for_each(|(&customer, one)| expected[customer] = one.purchases);
    }
    Ok(expected)
}

pub(super) fn point(class: &Class) -> Point {
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
