//! The holdout of BG/BB: fitted to the opportunities before a day, judged on the whole ones after it. Every customer's
//! opportunities count from its own first purchase, so the futures of two customers differ by one at most; the naive
//! rules take their mean.

use std::collections::HashMap;

use stats::validation::holdout;

use super::purchases::point;
use super::{Candidate, Evidence, Quantity, held_out, in_words};
use crate::clv::error::ClvError;
use crate::clv::fit::{Fitted, fit_to};
use crate::clv::model::Model;
use crate::clv::read::{Hear, Input, Progress, Stage};
use crate::clv::summary::Customer;

/// A customer before the end of calibration, and after it: opportunities, and how many were taken.
struct Followed {
    customer: Customer,
    ahead: u32,
    taken: u32,
}

/// Fits BG/BB to the log up to the end of calibration and judges it on the rest.
pub(super) fn evaluate(input: &Input<'_>, progress: &mut dyn FnMut(Progress)) -> Result<Evidence, ClvError> {
    let model = Model::Opportunities;
    let refused = || ClvError::estimate(model.name(), input.path);
    let mut data = input.read(model, progress)?;
    let (log, end) = held_out(&data, input)?;
    let input = &Input { calibration_end: Some(end), ..*input };
    let (customers, _) = data.customers(input, model)?;
    let unit = input.unit_for(model);
    let whole = log.opportunities(log.last, unit).map_err(refused())?;
    let whole: HashMap<&str, &Customer> = whole.iter().map(|customer| (customer.id.as_str(), customer)).collect();
    let follow = |customer: &Customer| {
        let later = whole.get(customer.id.as_str())?;
        let ahead = (later.history.age - customer.history.age) as u32;
        let taken = later.history.repeats.saturating_sub(customer.history.repeats);
        Some(Followed { customer: customer.clone(), ahead, taken })
    };
    let followed: Vec<Followed> = customers.iter().filter_map(follow).collect();
    let length = followed.iter().map(|one| f64::from(one.ahead)).sum::<f64>() / followed.len().max(1) as f64;
    if length <= 0.0 {
        let message = format!(
            "no whole {} passes between {end} and {}, so there is no opportunity to judge by; name a shorter --time-unit",
            unit.name(),
            log.last
        );
        return Err(ClvError::unsuited(input.path, message));
    }
    Hear(progress).at(Stage::Fitting, 0, 1);
    let fit = fit_to(model, input, &data, &customers, Some(end))?;
    let Fitted::Opportunities(fitted) = &fit.fitted else {
        return Err(ClvError::Argument(format!("{} predicts no opportunities", fit.model)));
    };
    let expect = |one: &Followed| fitted.params.expected_purchases(&one.customer.count(), one.ahead);
    let expected: Vec<f64> = followed.iter().map(expect).collect::<Result<_, _>>().map_err(refused())?;
    let actual: Vec<f64> = followed.iter().map(|one| f64::from(one.taken)).collect();
    let histories: Vec<_> = followed.iter().map(|one| one.customer.history).collect();
    let report = holdout::report(&histories, &expected, &actual, length).map_err(refused())?;
    Ok(Evidence {
        what: Quantity::Purchases,
        known_to: in_words(end),
        held_out_to: in_words(log.last),
        customers: followed.len() as f64,
        tracking: Vec::new(),
        known_points: 0,
        calibration: report.classes.iter().map(point).collect(),
        notes: std::mem::take(&mut data.notes),
        candidates: vec![Candidate::judged(fit, &report)],
    })
}
