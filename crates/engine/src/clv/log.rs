//! A purchase log: who bought on which day, and for how much. It is kept as read, so that it can be summarised at
//! several ends of calibration. Refunds are no purchases and are left out with a note; purchases of one day are one.

use std::collections::HashMap;

use chrono::Datelike;
use domain::Day;
use stats::purchase::{History, Purchases, TimeUnit, summarise};

use super::columns::{Columns, Role};
use super::error::ClvError;
use super::read::{Hear, Input};
use super::source::Table;
use super::summary::Customer;

/// One purchase of a numbered customer.
#[derive(Debug, Clone, Copy)]
struct Purchase {
    customer: u32,
    day: i32,
    amount: f64,
}

/// The purchases of a file.
#[derive(Debug, Clone)]
pub struct Log {
    ids: Vec<String>,
    /// What else is known of each customer; empty where nothing was asked for.
    covariates: Vec<Box<[f64]>>,
    /// By customer, then day.
    purchases: Vec<Purchase>,
    has_amounts: bool,
    /// The day of the first purchase.
    pub first: Day,
    /// The day of the last purchase.
    pub last: Day,
}

impl Log {
    /// Reads a log; what was left out or decided goes to `notes`.
    pub(super) fn read(
        table: &Table,
        columns: &Columns<'_>,
        input: &Input<'_>,
        notes: &mut Vec<String>,
        hear: &mut Hear<'_>,
    ) -> Result<Self, ClvError> {
        let id = columns.need(Role::Id, "the customer (id)")?;
        let date = columns.need(Role::Date, "the day of the purchase (date)")?;
        let amount = columns.find(Role::Amount);
        let found = match input.date_format {
            Some(_) => None,
            None => table.order(date)?,
        };
        let (mut reading, format) = (Reading::new(input.today), input.date_format.or(found.as_ref()));
        let mut wanted: Vec<usize> = [id, date].into_iter().chain(amount).collect();
        let first_covariate = wanted.len();
        for name in input.covariates.all() {
            wanted.push(columns.named(name)?);
        }
        table.each(&wanted, &mut |done| hear.reading(done, table.total()), |row| {
            let customer = row.name(0)?;
            let day = row.day(1, format)?;
            if day > input.today && input.calibration_end.is_none() {
                let message = format!("{day} is in the future (today is {}); correct it, or say with --calibration-end where what is known ends", input.today);
                return Err(row.wrong(1, message));
            }
            let amount = match amount {
                Some(_) => row.number(2)?.ok_or_else(|| row.wrong(2, "is empty; expected an amount"))?,
                None => 0.0,
            };
            let number = reading.take(&customer, day, amount);
            for slot in first_covariate..wanted.len() {
                let (value, position) = (row.covariate(slot)?, slot - first_covariate);
                if let Some(known) = number.and_then(|number| reading.covariate(number, position, value)) {
                    let message = format!("is {value} here and was {known} on an earlier purchase of `{customer}`; a covariate must not change");
                    return Err(row.wrong(slot, message));
                }
            }
            Ok(())
        })?;
        if !table.has_header() {
            let shown =
                wanted[..first_covariate].iter().map(|column| (column + 1).to_string()).collect::<Vec<_>>().join(", ");
            notes.push(format!("the file has no header: columns {shown} are read as id, date and amount"));
        }
        let why = if reading.refunds > 0 { "only refunds (amounts below zero)" } else { "no purchases" };
        reading.finish(amount.is_some(), notes).ok_or_else(|| {
            ClvError::unsuited(table.path(), format!("it holds {why}; give a log with at least one purchase"))
        })
    }

    /// How many customers bought at all.
    pub fn customers(&self) -> usize {
        self.ids.len()
    }

    /// Whether amounts are known.
    pub fn has_amounts(&self) -> bool {
        self.has_amounts
    }

    /// The day half-way between the first and the last purchase: where calibration ends when nobody says otherwise.
    pub fn middle(&self) -> Day {
        let half = (self.last - self.first).num_days() / 2;
        self.first + chrono::TimeDelta::days(half)
    }

    /// What the purchase models know of every customer who bought by `end`.
    pub fn summarised(&self, end: Day, unit: TimeUnit) -> Result<Vec<Customer>, stats::Error> {
        let one = |days: &[(i32, f64)]| {
            let found = summarise(days, end.num_days_from_ce(), unit)?;
            Ok(found.map(|found| Purchases { mean_spend: found.mean_spend.filter(|_| self.has_amounts), ..found }))
        };
        self.each(one)
    }

    /// The same in whole opportunities, one per unit since the first purchase, for BG/BB: was it taken?
    pub fn opportunities(&self, end: Day, unit: TimeUnit) -> Result<Vec<Customer>, stats::Error> {
        let end = end.num_days_from_ce();
        let one = |days: &[(i32, f64)]| {
            let Some(&(first, _)) = days.first().filter(|(day, _)| *day <= end) else { return Ok(None) };
            let opportunities = (f64::from(end - first) / unit.days()).floor();
            let mut taken: Vec<u32> = days
                .iter()
                .map(|&(day, _)| (f64::from(day - first) / unit.days()).ceil() as u32)
                .filter(|&opportunity| opportunity > 0)
                .collect();
            taken.dedup();
            let (within, after) = taken.split_at(taken.partition_point(|&o| f64::from(o) <= opportunities));
            let recency = within.last().map_or(0.0, |&last| f64::from(last));
            let history = History { repeats: within.len() as u32, recency, age: opportunities };
            Ok(Some(Purchases { history, mean_spend: None, later: after.len() as u32, later_spend: 0.0 }))
        };
        self.each(one)
    }

    /// The days of first purchases by `end`, and of repeat purchase days up to the last of the log, from a common origin.
    pub(super) fn starts_and_repeats(&self, end: Day) -> (Vec<f64>, Vec<f64>) {
        let end = end.num_days_from_ce();
        let (mut starts, mut repeats) = (Vec::new(), Vec::new());
        for own in self.purchases.chunk_by(|a, b| a.customer == b.customer) {
            let mut days = own.chunk_by(|a, b| a.day == b.day).map(|same| same[0].day);
            if let Some(first) = days.next().filter(|first| *first <= end) {
                starts.push(f64::from(first));
                repeats.extend(days.map(f64::from));
            }
        }
        (starts, repeats)
    }

    fn each(
        &self,
        one: impl Fn(&[(i32, f64)]) -> Result<Option<Purchases>, stats::Error>,
    ) -> Result<Vec<Customer>, stats::Error> {
        let mut customers = Vec::with_capacity(self.ids.len());
        let mut days = Vec::new();
        for own in self.purchases.chunk_by(|a, b| a.customer == b.customer) {
            days.clear();
            days.extend(own.iter().map(|purchase| (purchase.day, purchase.amount)));
            if let Some(Purchases { history, mean_spend, later, later_spend }) = one(&days)? {
                let number = own[0].customer as usize;
                let (id, covariates) = (self.ids[number].clone(), self.covariates.get(number).cloned());
                let covariates = covariates.unwrap_or_default();
                customers.push(Customer { id, history, mean_spend, weight: 1.0, later, later_spend, covariates });
            }
        }
        Ok(customers)
    }
}

/// A log as far as it has been read.
#[derive(Debug)]
pub(super) struct Reading {
    today: Day,
    numbers: HashMap<String, u32>,
    covariates: Vec<Vec<f64>>,
    purchases: Vec<Purchase>,
    span: Option<(Day, Day)>,
    refunds: u64,
    future: u64,
}

impl Reading {
    /// Nothing read yet, on a day.
    pub(super) fn new(today: Day) -> Self {
        Self {
            today,
            numbers: HashMap::new(),
            covariates: Vec::new(),
            purchases: Vec::new(),
            span: None,
            refunds: 0,
            future: 0,
        }
    }

    /// Takes a purchase and gives the customer a number; refunds are counted and left out.
    pub(super) fn take(&mut self, id: &str, day: Day, amount: f64) -> Option<u32> {
        if amount < 0.0 {
            self.refunds += 1;
            return None;
        }
        self.future += u64::from(day > self.today);
        let next = self.numbers.len() as u32;
        let customer = match self.numbers.get(id) {
            Some(&known) => known,
            None => *self.numbers.entry(id.to_owned()).or_insert(next),
        };
        let (first, last) = self.span.unwrap_or((day, day));
        self.span = Some((first.min(day), last.max(day)));
        self.purchases.push(Purchase { customer, day: day.num_days_from_ce(), amount });
        Some(customer)
    }

    /// Takes a covariate of a customer; gives back what it was before where that is something else.
    fn covariate(&mut self, customer: u32, position: usize, value: f64) -> Option<f64> {
        let number = customer as usize;
        if number >= self.covariates.len() {
            self.covariates.resize(number + 1, Vec::new());
        }
        let own = &mut self.covariates[number];
        if position == own.len() {
            own.push(value);
        }
        own.get(position).copied().filter(|known| known.to_bits() != value.to_bits())
    }

    /// The log; `None` without a purchase.
    pub(super) fn finish(mut self, has_amounts: bool, notes: &mut Vec<String>) -> Option<Log> {
        let (first, last) = self.span?;
        if self.refunds > 0 {
            notes.push(format!("{} rows with an amount below zero are refunds and were left out", self.refunds));
        }
        if self.future > 0 {
            notes.push(format!("{} purchases are dated after today ({})", self.future, self.today));
        }
        let mut ids = vec![String::new(); self.numbers.len()];
        for (id, number) in self.numbers {
            ids[number as usize] = id;
        }
        self.purchases.sort_by_key(|purchase| (purchase.customer, purchase.day));
        let covariates = self.covariates.into_iter().map(Vec::into_boxed_slice).collect();
        Some(Log { ids, covariates, purchases: self.purchases, has_amounts, first, last })
    }
}
