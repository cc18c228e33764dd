//! The customers of the book as data for the models: the purchases of accounts that buy without a contract, and how long
//! those under contract have stayed. What counts as a purchase, a beginning and an end is what the lifetime value of the
//! book itself counts, so a model fitted here and the page speak of the same customers.

use std::collections::BTreeSet;

use chrono::Datelike;
use domain::Day;
use lake::Lake;
use store::Store;

use super::error::ClvError;
use super::log::{Log, Reading};
use super::model::Model;
use super::read::{Data, Held, Input};
use super::tenure::Tenures;
use crate::EngineError;
use crate::lifetime;
use crate::snapshot::{Ask, Basis};

/// What the book holds for the models, read at one moment.
#[derive(Debug, Clone)]
pub struct Records {
    log: Option<Log>,
    /// First day, and the last where the account has left.
    stays: Vec<(Day, Option<Day>)>,
    currencies: BTreeSet<String>,
    notes: Vec<String>,
}

impl Records {
    /// Reads the book as it stands at the end of a day.
    pub async fn load(store: &Store, lake: &Lake, today: Day) -> Result<Self, EngineError> {
        let basis = Basis::load(store, lake, Ask::default()).await?;
        let bought = basis.bought(today);
        let subjects = basis.subjects(&bought);
        let stays = lifetime::stays(&subjects, today);
        let (mut reading, mut currencies, mut notes) = (Reading::new(today), BTreeSet::new(), Vec::new());
        for subject in subjects.iter().filter(|subject| !subject.purchases.is_empty()) {
            currencies.insert(subject.account.currency.clone());
            for (day, cents) in subject.purchases {
                reading.take(&subject.account.external_id, *day, *cents as f64 / 100.0);
            }
        }
        Ok(Self { log: reading.finish(true, &mut notes), stays, currencies, notes })
    }

    /// The data for a model.
    pub(super) fn read(&self, model: Model, input: &Input<'_>) -> Result<Data, ClvError> {
        let refused = |message: &str| Err(ClvError::unsuited(input.path, message));
        if !input.covariates.is_empty() {
            return refused("covariates are columns of a file; name one with --input");
        }
        let held = match (model, &self.log) {
            (Model::Tenure(_), _) if self.stays.is_empty() => {
                return refused(
                    "no account has ever been under contract; bg-nbd, mbg-nbd and pareto-nbd suit customers who only buy",
                );
            }
            (Model::Tenure(_), _) => Held::Tenures(self.tenures(input)),
            (_, None) => {
                return refused(
                    "no account buys without a contract, and invoices under contract follow the calendar; sbg and bdw suit customers under contract",
                );
            }
            (_, Some(log)) => Held::Log(log.clone()),
        };
        let mut notes = if matches!(held, Held::Log(_)) { self.notes.clone() } else { Vec::new() };
        if matches!(held, Held::Log(_)) && self.currencies.len() > 1 {
            let currencies: Vec<&str> = self.currencies.iter().map(String::as_str).collect();
            notes.push(format!(
                "amounts are in {} and are taken as numbers of one currency: trust counts, not values",
                currencies.join(", ")
            ));
        }
        Ok(Data { held, notes })
    }

    /// Whole periods stayed, as known at the end of calibration.
    fn tenures(&self, input: &Input<'_>) -> Tenures {
        let until = input.calibration_end.unwrap_or(input.today);
        let unit = input.unit.unwrap_or(stats::purchase::TimeUnit::Year).days();
        let stay = |&(start, exit): &(Day, Option<Day>)| {
            let left = exit.filter(|day| *day <= until);
            let days = left.unwrap_or(until).num_days_from_ce() - start.num_days_from_ce();
            let whole = (f64::from(days) / unit).floor();
            // Who leaves on the last day of a period has had the whole of it, and leaves at its end.
            let survived = if left.is_some() { (f64::from(days) / unit).ceil() - 1.0 } else { whole };
            (survived.max(0.0) as u32, left.is_some())
        };
        Tenures::Customers(self.stays.iter().filter(|(start, _)| *start <= until).map(stay).collect())
    }
}
