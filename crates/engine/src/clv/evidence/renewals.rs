//! The holdout of renewals: fitted to the first ages, judged on the later ones. The naive rule is the retention of the
//! last known age, for ever.

use stats::tenure;

use super::{Candidate, Evidence, Point, Quantity};
use crate::clv::error::ClvError;
use crate::clv::fit::{Fitted, fit_to};
use crate::clv::model::Model;
use crate::clv::read::{Data, Hear, Input, Progress, Stage};

/// Ages a fit must be shown.
const LEAST_KNOWN: usize = 3;
/// An error of the last age beyond which only the direction may be believed.
const CLOSE: f64 = 0.10;

/// Fits the models to the first ages and judges them on the rest.
pub(super) fn evaluate(
    models: &[tenure::Model],
    input: &Input<'_>,
    progress: &mut dyn FnMut(Progress),
) -> Result<Evidence, ClvError> {
    let mut data = input.read(Model::Tenure(models[0]), progress)?;
    let curve = data.tenures().map_or_else(Vec::new, super::super::tenure::Tenures::curve);
    let last = curve.len().saturating_sub(1);
    let known = input.calibration_periods.map_or((last / 2).max(LEAST_KNOWN), |periods| periods as usize);
    if known < 2 || known >= last {
        let message = format!(
            "{last} ages are known and {known} of them would be shown to the fit: nothing is left to judge by; name fewer with --calibration-periods, at least 2"
        );
        return Err(ClvError::unsuited(input.path, message));
    }
    let input = &Input { calibration_periods: Some(known as u32), ..*input };
    let mut candidates = Vec::new();
    for (done, &model) in models.iter().enumerate() {
        Hear(progress).at(Stage::Fitting, done as u64, models.len() as u64);
        candidates.push(judge(model, input, &data, &curve, known)?);
    }
    candidates.sort_by(|a, b| a.mean_absolute_error.total_cmp(&b.mean_absolute_error));
    let tracking = candidates.first().map_or_else(Vec::new, |best| tracking(best, &curve));
    Ok(Evidence {
        what: Quantity::Survival,
        customers: candidates.first().map_or(0.0, |best| best.fit.customers),
        candidates,
        known_to: format!("age {known}"),
        held_out_to: format!("age {last}"),
        tracking,
        known_points: known + 1,
        calibration: Vec::new(),
        notes: std::mem::take(&mut data.notes),
    })
}

fn judge(
    model: tenure::Model,
    input: &Input<'_>,
    data: &Data,
    curve: &[f64],
    known: usize,
) -> Result<Candidate, ClvError> {
    let fit = fit_to(Model::Tenure(model), input, data, &[], None)?;
    let Fitted::Tenure(fitted) = &fit.fitted else {
        return Err(ClvError::Argument(format!("{} predicts no renewals", fit.model)));
    };
    let last = curve.len() - 1;
    let retention = if curve[known - 1] > 0.0 { curve[known] / curve[known - 1] } else { 0.0 };
    let naive = |age: usize| curve[known] * retention.powi((age - known) as i32);
    let survival = |age: usize| fitted.params.survival(age as u32);
    let ages = || known + 1..=last;
    let n = (last - known) as f64;
    let squared = |predict: &dyn Fn(usize) -> f64| {
        (ages().map(|age| (predict(age) - curve[age]).powi(2)).sum::<f64>() / n).sqrt()
    };
    let (expected, actual) = (survival(last), curve[last]);
    let error = (actual > 0.0).then(|| expected / actual - 1.0);
    let (ours, naive_error) = (squared(&survival), squared(&naive));
    Ok(Candidate {
        expected,
        actual,
        error,
        mean_absolute_error: ages().map(|age| (survival(age) - curve[age]).abs()).sum::<f64>() / n,
        root_mean_squared_error: ours,
        naive_error,
        correlation: None,
        sentence: sentence(error, ours, naive_error, last),
        fit,
    })
}

fn sentence(error: Option<f64>, ours: f64, naive: f64, last: usize) -> String {
    let said = error.map_or_else(
        || format!("nobody was left at age {last}"),
        |error| {
            let direction = if error < 0.0 { "under-forecast" } else { "over-forecast" };
            format!("survival to age {last} was {direction} by {:.1} %", 100.0 * error.abs())
        },
    );
    match error {
        _ if ours >= naive => format!(
            "Do not trust the model here: its typical error of {:.1} points is no better than the {:.1} of constant retention.",
            100.0 * ours,
            100.0 * naive
        ),
        Some(error) if error.abs() <= CLOSE => {
            format!("The model may be trusted here: it beats constant retention and {said}.")
        }
        _ => format!("Trust the shape but not the level: the model beats constant retention, but {said}."),
    }
}

fn tracking(best: &Candidate, curve: &[f64]) -> Vec<Point> {
    let Fitted::Tenure(fitted) = &best.fit.fitted else { return Vec::new() };
    let one = |(age, actual): (usize, &f64)| Point {
        label: age.to_string(),
        expected: Some(fitted.params.survival(age as u32)),
        actual: Some(*actual),
        customers: None,
    };
    curve.iter().enumerate().map(one).collect()
}
