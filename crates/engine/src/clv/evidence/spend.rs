//! The holdout of Gamma-Gamma: fitted to the amounts before a day, judged on the mean amount of those who bought again
//! after it. The naive rules are each customer's own mean so far, and the mean of everybody.

use stats::validation::{correlation, holdout};

use super::{Candidate, Evidence, Point, Quantity, held_out, in_words};
use crate::clv::error::ClvError;
use crate::clv::fit::{Fitted, fit_to};
use crate::clv::model::Model;
use crate::clv::read::{Hear, Input, Progress, Stage};

/// Customers below which nothing is judged.
const LEAST: usize = 10;
/// An error of the mean beyond which only the order of customers may be believed.
const CLOSE: f64 = 0.10;

/// A customer who bought again: repeats and mean amount before, mean amount after, and what the model said.
struct Returned {
    repeats: u32,
    before: f64,
    after: f64,
    expected: f64,
}

/// Fits Gamma-Gamma to the log up to the end of calibration and judges it on the rest.
pub(super) fn evaluate(input: &Input<'_>, progress: &mut dyn FnMut(Progress)) -> Result<Evidence, ClvError> {
    let model = Model::Spend;
    let mut data = input.read(model, progress)?;
    let (log, end) = held_out(&data, input)?;
    let input = &Input { calibration_end: Some(end), ..*input };
    let (customers, _) = data.customers(input, model)?;
    Hear(progress).at(Stage::Fitting, 0, 1);
    let fit = fit_to(model, input, &data, &customers, Some(end))?;
    let refused = || ClvError::estimate(model.name(), input.path);
    let Fitted::Spend(fitted) = &fit.fitted else {
        return Err(ClvError::Argument(format!("{} predicts no amounts", fit.model)));
    };
    let mut returned = Vec::new();
    for customer in customers.iter().filter(|customer| customer.later > 0) {
        let Some(before) = customer.mean_spend.filter(|mean| *mean > 0.0) else { continue };
        let Some(expected) = fitted.params.mean_spend(&customer.spend()).map_err(refused())? else {
            let message = "q is not above 1: amounts have no mean that could be predicted; `predict` gives the median";
            return Err(ClvError::unsuited(input.path, message));
        };
        let after = customer.later_spend / f64::from(customer.later);
        returned.push(Returned { repeats: customer.history.repeats, before, after, expected });
    }
    if returned.len() < LEAST {
        let message = format!(
            "{} customers with repeats before {end} bought again after it; {LEAST} are needed to judge amounts",
            returned.len()
        );
        return Err(ClvError::unsuited(input.path, message));
    }
    let candidate = judge(&returned, fit).map_err(refused())?;
    Ok(Evidence {
        what: Quantity::Spend,
        known_to: in_words(end),
        held_out_to: in_words(log.last),
        customers: returned.len() as f64,
        tracking: Vec::new(),
        known_points: 0,
        calibration: classes(&returned),
        notes: std::mem::take(&mut data.notes),
        candidates: vec![candidate],
    })
}

fn judge(returned: &[Returned], fit: crate::clv::fit::Fit) -> Result<Candidate, stats::Error> {
    let n = returned.len() as f64;
    let mean = |of: &dyn Fn(&Returned) -> f64| returned.iter().map(of).sum::<f64>() / n;
    let everybody = mean(&|one| one.before);
    let squared = |predicted: &dyn Fn(&Returned) -> f64| mean(&|one| (predicted(one) - one.after).powi(2)).sqrt();
    let (expected, actual) = (mean(&|one| one.expected), mean(&|one| one.after));
    let ours = squared(&|one| one.expected);
    let naive = squared(&|one| one.before).min(squared(&|_| everybody));
    let error = (actual > 0.0).then(|| expected / actual - 1.0);
    let columns = |of: &dyn Fn(&Returned) -> f64| returned.iter().map(of).collect::<Vec<_>>();
    Ok(Candidate {
        expected,
        actual,
        error,
        mean_absolute_error: mean(&|one| (one.expected - one.after).abs()),
        root_mean_squared_error: ours,
        naive_error: naive,
        correlation: correlation(&columns(&|one| one.expected), &columns(&|one| one.after))?,
        sentence: sentence(error, ours, naive),
        fit,
    })
}

fn sentence(error: Option<f64>, ours: f64, naive: f64) -> String {
    let said = error.map_or_else(
        || "nobody paid anything in the holdout".to_owned(),
        |error| {
            let direction = if error < 0.0 { "under-forecast" } else { "over-forecast" };
            format!("the mean amount was {direction} by {:.0} %", 100.0 * error.abs())
        },
    );
    match error {
        _ if ours >= naive => format!(
            "Do not trust the model here: its typical error of {ours:.2} is no better than the {naive:.2} of a naive rule."
        ),
        Some(error) if error.abs() <= CLOSE => {
            format!("The model may be trusted here: it beats the naive rules and {said}.")
        }
        _ => format!("Trust the order of customers but not the level: the model beats the naive rules, but {said}."),
    }
}

/// Mean amounts by repeats before, the last class open above.
fn classes(returned: &[Returned]) -> Vec<Point> {
    let class = |repeats: u32| {
        let own: Vec<&Returned> =
            returned.iter().filter(|one| one.repeats.min(holdout::LAST_CLASS) == repeats).collect();
        let mean = |of: &dyn Fn(&Returned) -> f64| own.iter().map(|one| of(one)).sum::<f64>() / own.len() as f64;
        let open = if repeats == holdout::LAST_CLASS { "+" } else { "" };
        (!own.is_empty()).then(|| Point {
            label: format!("{repeats}{open}"),
            expected: Some(mean(&|one| one.expected)),
            actual: Some(mean(&|one| one.after)),
            customers: Some(own.len()),
        })
    };
    (1..=holdout::LAST_CLASS).filter_map(class).collect()
}
