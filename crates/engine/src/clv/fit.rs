//! Fits a model to a file and says what came out: estimates, errors, likelihood, whether anybody is seen to leave.
//! A degenerate answer is labelled in `attrition` and `notes`; what the data do not identify is `null`, never a number.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use domain::Day;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use stats::Confidence;
use stats::purchase::bg_bb::{self, Count};
use stats::purchase::covariates::CovariateFitted;
use stats::purchase::{self, Attrition, Histories, History, Options, drop_out_bound};
use stats::spend::{self, Spend};
use stats::tenure;

use super::covariates::{self, Kinds};
use super::error::ClvError;
use super::model::Model;
use super::read::{Data, Hear, Input, Progress, Stage};
use super::summary::Customer;

/// Distinct histories up to which the bound on drop-out is worth its many fits.
const BOUNDED_AT_MOST: usize = 20_000;
/// A correlation of amounts with frequency from which on Gamma-Gamma's assumption is doubtful.
const DEPENDENT: f64 = 0.2;

/// Values by the names of parameters; `None` is not identified.
#[derive(Debug, Clone, PartialEq)]
pub struct Named(pub Vec<(Cow<'static, str>, Option<f64>)>);

impl Named {
    /// The value of this name.
    pub fn find(&self, name: &str) -> Option<f64> {
        self.0.iter().find(|(known, _)| *known == name).and_then(|(_, value)| *value)
    }
}

impl Serialize for Named {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in &self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

/// A model fitted to a file.
#[derive(Debug, Clone, Serialize)]
pub struct Fit {
    /// The model.
    pub model: &'static str,
    /// The estimates.
    pub params: Named,
    /// Their standard errors.
    pub standard_errors: Named,
    /// Log-likelihood at the maximum, in the convention of the papers.
    pub log_likelihood: f64,
    /// Customers fitted.
    #[serde(serialize_with = "as_count")]
    pub customers: f64,
    /// `detected` or `not_detected`; `null` where the model has no silent drop-out.
    pub attrition: Option<&'static str>,
    /// The likelihood of the same model without drop-out.
    pub log_likelihood_without_attrition: Option<f64>,
    /// Where no attrition is detected: the largest mean drop-out that the data do not reject, at 95 %.
    pub drop_out_at_most: Option<f64>,
    /// The likelihood of the same model without covariates, where there are any.
    pub log_likelihood_without_covariates: Option<f64>,
    /// Repeat purchases, or opportunities taken; `null` for renewals.
    #[serde(serialize_with = "as_counts")]
    pub repeats: Option<f64>,
    /// The unit of time of the parameters.
    pub time_unit: &'static str,
    /// The last day known to the fit, where the file has dates.
    pub calibration_end: Option<Day>,
    /// What was decided or left out, and what to beware of.
    pub notes: Vec<String>,
    #[serde(skip)]
    pub(super) fitted: Fitted,
}

/// What `stats` found.
#[derive(Debug, Clone)]
pub(super) enum Fitted {
    Purchases(purchase::Fitted),
    Covariates(CovariateFitted),
    Opportunities(bg_bb::Fitted),
    Spend(spend::Fitted),
    Tenure(tenure::Fitted),
}

/// A count as a whole number, anything else as it is; JSON has no word for what is not finite, so that is unknown.
pub(super) fn count_or_number(value: f64) -> serde_json::Value {
    match value.fract() == 0.0 && value.abs() < 1e15 {
        true => (value as i64).into(),
        false => value.into(),
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the shape serde asks for")]
fn as_count<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    count_or_number(*value).serialize(serializer)
}

#[expect(clippy::ref_option, reason = "the shape serde asks for")]
fn as_counts<S: Serializer>(value: &Option<f64>, serializer: S) -> Result<S::Ok, S::Error> {
    value.map(count_or_number).serialize(serializer)
}

/// Fits a model to a file.
pub fn fit(model: Model, input: &Input<'_>, progress: &mut dyn FnMut(Progress)) -> Result<Fit, ClvError> {
    let mut data = input.read(model, progress)?;
    let (customers, end) = data.customers(input, model)?;
    Hear(progress).at(Stage::Fitting, 0, 1);
    fit_to(model, input, &data, &customers, end)
}

/// Fits a model to data that have been read.
pub(super) fn fit_to(
    model: Model,
    input: &Input<'_>,
    data: &Data,
    customers: &[Customer],
    end: Option<Day>,
) -> Result<Fit, ClvError> {
    let refused = || ClvError::estimate(model.name(), input.path);
    let mut fit = match model {
        Model::Purchases(model) if !input.covariates.is_empty() => {
            of_covariates(model, customers, input.covariates).map_err(refused())?
        }
        Model::Purchases(model) => of_purchases(model, customers, input.threads).map_err(refused())?,
        Model::Opportunities => of_opportunities(customers).map_err(refused())?,
        Model::Spend => of_spend(customers, data, input)?,
        Model::Tenure(model) => of_tenure(model, data, input.calibration_periods).map_err(refused())?,
    };
    fit.time_unit = input.unit_for(model).name();
    fit.calibration_end = end;
    fit.notes.splice(0..0, data.notes.iter().cloned());
    Ok(fit)
}

fn named(names: &[&'static str], values: impl IntoIterator<Item = Option<f64>>) -> Named {
    Named(names.iter().copied().map(Cow::Borrowed).zip(values).collect())
}

fn of_purchases(model: purchase::Model, customers: &[Customer], threads: usize) -> Result<Fit, stats::Error> {
    let histories: Vec<History> = customers.iter().map(|customer| customer.history).collect();
    let weights: Vec<u32> = customers.iter().map(|customer| customer.weight as u32).collect();
    let book = Histories::counted(&histories, &weights)?;
    let fitted = purchase::fit(model, &book, Options { threads, prior: None })?;
    let names = model.parameter_names();
    let detected = fitted.attrition == Attrition::Detected;
    // Without drop-out there is nothing for the fourth parameter to be about.
    let values = fitted.params.values().into_iter().enumerate().map(|(i, v)| (detected || i < 3).then_some(v));
    let mut notes = Vec::new();
    let mut bound = None;
    if !detected {
        notes.push(fitted.attrition.to_string());
        if book.distinct() <= BOUNDED_AT_MOST
            && let Ok(found) = drop_out_bound(model, &book, Confidence::P95)
        {
            bound = Some(found.upper_bound);
        }
    }
    Ok(Fit {
        params: named(&names, values),
        standard_errors: named(&names, fitted.standard_errors()),
        attrition: Some(if detected { "detected" } else { "not_detected" }),
        log_likelihood_without_attrition: Some(fitted.log_likelihood_without_attrition),
        drop_out_at_most: bound,
        repeats: Some(book.repeats()),
        notes,
        ..Fit::of(model.name(), fitted.log_likelihood, fitted.customers as f64, Fitted::Purchases(fitted))
    })
}

fn of_covariates(
    model: purchase::Model,
    customers: &[Customer],
    columns: covariates::Columns<'_>,
) -> Result<Fit, stats::Error> {
    let fitted = covariates::fit(model, customers, columns)?;
    let base = fitted.for_customer(&vec![0.0; fitted.buying.len()], &vec![0.0; fitted.leaving.len()])?;
    let coefficients = fitted.coefficients(Confidence::P95);
    let mut params = named(&model.parameter_names(), base.params.values().map(Some));
    let mut standard_errors = named(&model.parameter_names(), base.standard_errors());
    for (name, coefficient) in columns.coefficients().into_iter().zip(&coefficients) {
        params.0.push((name.clone().into(), Some(coefficient.value)));
        standard_errors.0.push((name.into(), Some(coefficient.standard_error)));
    }
    let test = fitted.likelihood_ratio();
    let notes = vec![
        format!(
            "covariates: likelihood ratio {:.2} against the model without them, p = {:.3}",
            test.statistic, test.p_value
        ),
        "parameters are those of a customer whose covariates are all zero; a coefficient above zero means more buying, or sooner leaving".to_owned(),
    ];
    let repeats = customers.iter().map(|customer| customer.weight * f64::from(customer.history.repeats)).sum();
    Ok(Fit {
        params,
        standard_errors,
        attrition: Some("detected"),
        log_likelihood_without_covariates: Some(fitted.log_likelihood_without),
        repeats: Some(repeats),
        notes,
        ..Fit::of(model.name(), fitted.log_likelihood, fitted.customers as f64, Fitted::Covariates(fitted))
    })
}

fn of_opportunities(customers: &[Customer]) -> Result<Fit, stats::Error> {
    let mut alike: BTreeMap<(u32, u32, u32), f64> = BTreeMap::new();
    for customer in customers {
        let Count { bought, last, opportunities } = customer.count();
        *alike.entry((bought, last, opportunities)).or_default() += customer.weight;
    }
    let of = |(&(bought, last, opportunities), &weight): (&(u32, u32, u32), &f64)| {
        (Count { bought, last, opportunities }, weight)
    };
    let (counts, weights): (Vec<Count>, Vec<f64>) = alike.iter().map(of).unzip();
    let fitted = bg_bb::fit(&counts, &weights)?;
    let taken = counts.iter().zip(&weights).map(|(count, weight)| weight * f64::from(count.bought)).sum();
    Ok(Fit {
        params: named(&bg_bb::PARAMETER_NAMES, fitted.params.values.map(Some)),
        standard_errors: named(&bg_bb::PARAMETER_NAMES, fitted.standard_errors()),
        repeats: Some(taken),
        ..Fit::of("bg-bb", fitted.log_likelihood, fitted.customers, Fitted::Opportunities(fitted))
    })
}

fn of_spend(customers: &[Customer], data: &Data, input: &Input<'_>) -> Result<Fit, ClvError> {
    if data.log().is_some_and(|log| !log.has_amounts()) {
        return Err(ClvError::unsuited(
            input.path,
            "gamma-gamma needs amounts, and no column holds any; name it: --column amount=COLUMN",
        ));
    }
    let repeaters = customers.iter().filter(|customer| customer.history.repeats > 0);
    let known: Vec<&Customer> = repeaters.filter(|customer| customer.mean_spend.is_some()).collect();
    let paid: Vec<&Customer> = known.iter().copied().filter(|customer| customer.mean_spend > Some(0.0)).collect();
    let spends: Vec<Spend> =
        paid.iter().flat_map(|customer| std::iter::repeat_n(customer.spend(), customer.weight as usize)).collect();
    let refused = || ClvError::estimate("gamma-gamma", input.path);
    let fitted = spend::fit(&spends).map_err(refused())?;
    let mut notes = Vec::new();
    if paid.len() < known.len() {
        notes.push(format!("{} customers whose repeat purchases were all free are left out", known.len() - paid.len()));
    }
    if fitted.params.q <= 1.0 {
        notes.push("q is not above 1: the population has no mean spend, and predictions give the median".to_owned());
    }
    let counts: Vec<f64> = spends.iter().map(|spend| f64::from(spend.purchases)).collect();
    let means: Vec<f64> = spends.iter().map(|spend| spend.mean).collect();
    if let Some(correlation) = spend::independence(&counts, &means).map_err(refused())?.filter(|c| c.abs() > DEPENDENT)
    {
        notes.push(format!(
            "amounts go with frequency (correlation {correlation:.2}), which the model assumes they do not: mistrust the values"
        ));
    }
    let names = ["p", "q", "gamma"];
    let values = [fitted.params.p, fitted.params.q, fitted.params.gamma];
    Ok(Fit {
        params: named(&names, values.map(Some)),
        standard_errors: named(&names, fitted.standard_errors()),
        repeats: Some(counts.iter().sum()),
        notes,
        ..Fit::of("gamma-gamma", fitted.log_likelihood, fitted.customers as f64, Fitted::Spend(fitted))
    })
}

fn of_tenure(model: tenure::Model, data: &Data, known: Option<u32>) -> Result<Fit, stats::Error> {
    let spells = match (data.tenures(), known) {
        (None, _) => tenure::Spells::default(),
        (Some(tenures), None) => tenures.spells()?,
        (Some(tenures), Some(periods)) => tenures.known_after(periods).spells()?,
    };
    let fitted = tenure::fit(model, &spells)?;
    let params = fitted.params;
    let mut notes = Vec::new();
    if model == tenure::Model::Bdw
        && let Ok(simple) = tenure::fit(tenure::Model::Sbg, &spells)
    {
        let test = tenure::compare(&simple, &fitted);
        let better = if test.p_value < 0.05 { "bdw fits better" } else { "sbg does as well" };
        notes.push(format!("{better}: likelihood ratio {:.2} against sbg, p = {:.3}", test.statistic, test.p_value));
    }
    let names = model.parameter_names();
    Ok(Fit {
        params: named(names, [params.gamma, params.delta, params.c].map(Some)),
        standard_errors: named(names, fitted.standard_errors()),
        notes,
        ..Fit::of(model.name(), fitted.log_likelihood, fitted.customers, Fitted::Tenure(fitted))
    })
}

impl Fit {
    /// The models of purchases that it holds for some customers; `None` for other kinds of model.
    pub(super) fn kinds(&self, customers: &[Customer]) -> Result<Option<Kinds>, stats::Error> {
        match &self.fitted {
            Fitted::Purchases(fitted) => Ok(Some(Kinds::one(fitted, customers))),
            Fitted::Covariates(fitted) => Kinds::by_covariates(fitted, customers).map(Some),
            Fitted::Opportunities(_) | Fitted::Spend(_) | Fitted::Tenure(_) => Ok(None),
        }
    }

    fn of(model: &'static str, log_likelihood: f64, customers: f64, fitted: Fitted) -> Self {
        Self {
            model,
            params: Named(Vec::new()),
            standard_errors: Named(Vec::new()),
            log_likelihood,
            customers,
            attrition: None,
            log_likelihood_without_attrition: None,
            drop_out_at_most: None,
            log_likelihood_without_covariates: None,
            repeats: None,
            time_unit: "",
            calibration_end: None,
            notes: Vec::new(),
            fitted,
        }
    }
}

/// The fit as a person reads it.
impl fmt::Display for Fit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {} customers", self.model, self.customers)?;
        if let Some(repeats) = self.repeats {
            write!(f, ", {repeats} repeats")?;
        }
        if let Some(end) = self.calibration_end {
            write!(f, ", known to {end}")?;
        }
        writeln!(f, ", time in {}s\n", self.time_unit)?;
        let width = self.params.0.iter().map(|(name, _)| name.len() + 2).max().unwrap_or(0).max(12);
        writeln!(f, "{:<width$}{:>14}{:>16}", "", "estimate", "standard error")?;
        for ((name, value), (_, error)) in self.params.0.iter().zip(&self.standard_errors.0) {
            writeln!(f, "{name:<width$}{:>14}{:>16}", shown(*value), shown(*error))?;
        }
        write!(f, "\nlog-likelihood {:.4}", self.log_likelihood)?;
        if let Some(attrition) = self.attrition {
            write!(f, ", attrition {}", attrition.replace('_', " "))?;
        }
        if let Some(bound) = self.drop_out_at_most {
            write!(f, "; mean drop-out at most {bound:.4} (95 %)")?;
        }
        Ok(())
    }
}

fn shown(value: Option<f64>) -> String {
    value.map_or_else(|| "not identified".to_owned(), |value| format!("{value:.5}"))
}
