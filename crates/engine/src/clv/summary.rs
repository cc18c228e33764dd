//! Customers already summarised: repeats, recency, age, perhaps a mean spend and opportunities, one row each or one row
//! for many alike. A row that contradicts itself is refused with its line.

use stats::purchase::History;
use stats::purchase::bg_bb::Count;
use stats::spend::Spend;

use super::columns::{Columns, Role};
use super::covariates;
use super::error::ClvError;
use super::model::Model;
use super::read::Hear;
use super::source::{Row, Table};

/// What a model knows of one customer, or of several alike.
#[derive(Debug, Clone, PartialEq)]
pub struct Customer {
    /// Its name in the file, or the number of its row.
    pub id: String,
    /// Repeats, recency and age; for BG/BB counted in opportunities.
    pub history: History,
    /// Mean amount of the repeat purchases, where amounts are known and there are repeats.
    pub mean_spend: Option<f64>,
    /// How many customers this stands for.
    pub weight: f64,
    /// Purchases after the end of calibration; opportunities taken after it for BG/BB.
    pub later: u32,
    /// Amount spent after the end of calibration; zero where amounts are not known.
    pub later_spend: f64,
    /// What else is known of it, in the order it was asked for.
    pub covariates: Box<[f64]>,
}

impl Customer {
    /// The record of BG/BB.
    pub(super) fn count(&self) -> Count {
        let History { repeats, recency, age } = self.history;
        Count { bought: repeats, last: recency as u32, opportunities: age as u32 }
    }

    /// What Gamma-Gamma knows of it; nothing where amounts or repeats are missing.
    pub(super) fn spend(&self) -> Spend {
        self.mean_spend.map_or(Spend::NONE, |mean| Spend { purchases: self.history.repeats, mean })
    }
}

/// Where in the columns asked for each quantity stands.
struct Slots {
    id: Option<usize>,
    repeats: usize,
    recency: Option<usize>,
    age: Option<usize>,
    mean: Option<usize>,
    weight: Option<usize>,
    covariates: Vec<usize>,
}

/// Whether a file looks like summaries.
pub(super) fn is_summary(columns: &Columns<'_>) -> bool {
    let has = |role| columns.find(role).is_some();
    has(Role::Repeats) && (has(Role::Recency) || has(Role::Mean))
}

/// Reads summaries for a model.
pub(super) fn read(
    table: &Table,
    columns: &Columns<'_>,
    model: Model,
    covariates: covariates::Columns<'_>,
    notes: &mut Vec<String>,
    hear: &mut Hear<'_>,
) -> Result<Vec<Customer>, ClvError> {
    let (mut wanted, mut slots) = slots(table, columns, model, notes)?;
    for name in covariates.all() {
        slots.covariates.push(wanted.len());
        wanted.push(columns.named(name)?);
    }
    let mut customers = Vec::new();
    table.each(&wanted, &mut |done| hear.reading(done, table.total()), |row| {
        customers.push(customer(row, &slots, model)?);
        Ok(())
    })?;
    Ok(customers)
}

fn slots(
    table: &Table,
    columns: &Columns<'_>,
    model: Model,
    notes: &mut Vec<String>,
) -> Result<(Vec<usize>, Slots), ClvError> {
    let mut wanted = Vec::new();
    let mut slot = |column: usize| {
        wanted.push(column);
        wanted.len() - 1
    };
    let is_spend = model == Model::Spend;
    let repeats = slot(columns.need(Role::Repeats, "the repeat purchases (x)")?);
    let recency = match columns.find(Role::Recency) {
        Some(column) => Some(slot(column)),
        None if is_spend => None,
        None => Some(slot(columns.need(Role::Recency, "the recency (t_x)")?)),
    };
    let (age, weight) = age_and_weight(table, columns, model, notes)?;
    let age = age.map(&mut slot);
    let weight = weight.map(&mut slot);
    let mean = match columns.find(Role::Mean) {
        None if is_spend => Some(slot(columns.need(Role::Mean, "the mean amount of the repeat purchases (m)")?)),
        found => found.map(&mut slot),
    };
    let id = columns.find(Role::Id).map(&mut slot);
    Ok((wanted, Slots { id, repeats, recency, age, mean, weight, covariates: Vec::new() }))
}

/// Which columns hold the age and the number of customers. `n` is the number of opportunities for BG/BB, unless `T`
/// says that already; for every other model opportunities mean nothing, so it can only be a number of customers.
fn age_and_weight(
    table: &Table,
    columns: &Columns<'_>,
    model: Model,
    notes: &mut Vec<String>,
) -> Result<(Option<usize>, Option<usize>), ClvError> {
    let (age, n, customers) =
        (columns.find(Role::Age), columns.find(Role::Opportunities), columns.find(Role::Customers));
    let name = |column: usize| table.header()[column].clone();
    Ok(match (model, age, n) {
        (Model::Opportunities, Some(age), Some(n)) if customers.is_none() => {
            notes.push(format!(
                "`{}` is read as opportunities and `{}` as the number of customers",
                name(age),
                name(n)
            ));
            (Some(age), Some(n))
        }
        (Model::Opportunities, _, Some(n)) => (Some(n), customers),
        (Model::Opportunities, Some(age), None) => (Some(age), customers),
        (Model::Opportunities, None, None) => {
            (Some(columns.need(Role::Opportunities, "the opportunities (n)")?), customers)
        }
        (Model::Spend, _, n) => (None, customers.or(n)),
        (_, Some(age), n) => {
            if let (Some(n), None) = (n, customers) {
                notes.push(format!("`{}` is read as the number of customers a row stands for", name(n)));
            }
            (Some(age), customers.or(n))
        }
        (_, None, n) => (Some(columns.need(Role::Age, "the age (T)")?), customers.or(n)),
    })
}

fn customer(row: &Row<'_>, slots: &Slots, model: Model) -> Result<Customer, ClvError> {
    let id = match slots.id {
        Some(slot) => row.name(slot)?.into_owned(),
        None => row.line().to_string(),
    };
    let repeats = row.count(slots.repeats)?;
    let mut history = History { repeats, recency: 0.0, age: 0.0 };
    if let Some(age) = slots.age {
        history.age = row.amount(age)?;
    }
    if let Some(recency) = slots.recency {
        history.recency = row.amount(recency)?;
        check(row, slots, recency, &history, model)?;
    }
    let mean_spend = match slots.mean.filter(|_| repeats > 0) {
        Some(mean) if !row.is_blank(mean) => Some(row.amount(mean)?),
        _ => None,
    };
    let weight = match slots.weight {
        Some(weight) => f64::from(row.count(weight)?),
        None => 1.0,
    };
    let covariates = slots.covariates.iter().map(|&slot| row.covariate(slot)).collect::<Result<_, _>>()?;
    Ok(Customer { id, history, mean_spend, weight, later: 0, later_spend: 0.0, covariates })
}

/// Refuses a row that contradicts itself, with the column that does.
fn check(row: &Row<'_>, slots: &Slots, recency: usize, history: &History, model: Model) -> Result<(), ClvError> {
    let refusal = match model {
        Model::Spend => return Ok(()),
        Model::Opportunities => {
            row.count(recency)?;
            if let Some(age) = slots.age {
                row.count(age)?;
            }
            let count =
                Count { bought: history.repeats, last: history.recency as u32, opportunities: history.age as u32 };
            count.check(0)
        }
        Model::Purchases(_) | Model::Tenure(_) => history.check(0),
    };
    match refusal {
        Ok(()) => Ok(()),
        Err(stats::Error::OutOfRange { what, value, expected, .. }) => {
            let slot = if what == "opportunities taken" { slots.repeats } else { recency };
            Err(row.wrong(slot, format!("the {what} is {value}; expected {expected}")))
        }
        Err(other) => Err(row.wrong(recency, other.to_string())),
    }
}
