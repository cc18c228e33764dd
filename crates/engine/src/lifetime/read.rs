//! Between the snapshot and the models: what is read of each row before it is judged, who buys without a contract, and
//! how the answers get into the row. The same reading serves today's row and the month ends that are learned from, so
//! there is no difference between learning and judging.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use domain::{Day, revenue::View};
use lake::{FrameError, expression::Formula};
use store::Invoice;

use super::{
    Lifetime, contract,
    worth::{Appraiser, Reading, Subject},
};
use crate::{
    book::{self, Row},
    definitions::Definitions,
    revenue::Steps,
};

/// Invoices of accounts that never had a contract, by account.
#[derive(Debug, Clone, Default)]
pub(crate) struct Buyers(BTreeMap<i64, Vec<Bill>>);

#[derive(Debug, Clone, Copy)]
struct Bill {
    day: Day,
    /// In the book's currency; unknown where there is no rate.
    cents: Option<i64>,
    voided_on: Option<Day>,
}

impl Buyers {
    /// Adds those of some invoices that are of such accounts.
    pub(crate) fn add(&mut self, invoices: &[Invoice], revenue: &BTreeMap<i64, Arc<Steps>>, view: &View<'_>) {
        for invoice in invoices.iter().filter(|invoice| !revenue.contains_key(&invoice.account_id)) {
            let cents = view.cents(invoice.amount_cents, &invoice.currency, invoice.issued_on);
            let bill = Bill { day: invoice.issued_on, cents, voided_on: invoice.voided_on };
            self.0.entry(invoice.account_id).or_default().push(bill);
        }
    }

    /// Days and amounts of what stood at the end of a day. Of an account with a bill of which the amount is unknown there is
    /// nothing: what is left of its purchases would be too little.
    pub(crate) fn as_of(&self, day: Day) -> HashMap<i64, Vec<(Day, i64)>> {
        let stands = |bill: &&Bill| bill.day <= day && bill.voided_on.is_none_or(|voided| voided > day);
        let of = |bills: &Vec<Bill>| -> Option<Vec<(Day, i64)>> {
            bills.iter().filter(stands).map(|bill| Some((bill.day, bill.cents?))).collect()
        };
        self.0.iter().filter_map(|(account, bills)| Some((*account, of(bills)?))).collect()
    }
}

/// From when to when each account was under contract, as far as is known at the end of a day.
pub(crate) fn stays(subjects: &[Subject<'_>], day: Day) -> Vec<(Day, Option<Day>)> {
    let span = |subject: &Subject<'_>| contract::span(subject.account, subject.steps, subject.terms, day);
    subjects.iter().filter_map(span).map(|span| (span.start, span.exit.map(|(day, _)| day))).collect()
}

/// Reads rows: the drivers as they stand, and the money by the definition's expressions.
pub(crate) fn read(definitions: &Definitions, rows: &[&Row], day: Day) -> Result<Vec<Reading>, FrameError> {
    let money = &definitions.lifetime.money;
    let formulas = [&money.recurring_per_month, &money.one_off, &money.referral_margin, &money.cost_to_serve_per_month];
    let named = |name: &str| formulas.iter().any(|formula| formula.columns().any(|column| column == name));
    let frame = book::columns(definitions, rows, named)?;
    let evaluate = |formula: &Formula| formula.evaluate(&frame);
    let [recurring, one_off, referral, serve] =
        [evaluate(formulas[0])?, evaluate(formulas[1])?, evaluate(formulas[2])?, evaluate(formulas[3])?];
    let drivers: Vec<Option<usize>> =
        definitions.lifetime.contract.drivers.iter().map(|it| definitions.catalogue.position(&it.metric)).collect();
    let driver = |row: &Row, at: &Option<usize>| match at {
        Some(at) => row.values.get(*at).copied().flatten(),
        None => row.health.score,
    };
    let readings = rows.iter().enumerate().map(|(line, row)| Reading {
        drivers: drivers.iter().map(|at| driver(row, at)).collect(),
        recurring: recurring[line].filter(|_| row.steps.known(day).is_some()),
        one_off: one_off[line],
        referral_margin: referral[line],
        cost_to_serve: serve[line],
    });
    Ok(readings.collect())
}

impl Appraiser<'_> {
    /// What each account is worth, in the order of the subjects.
    pub(crate) fn appraise_all(&self, subjects: &[Subject<'_>], reading: impl Fn(i64) -> Reading) -> Vec<Lifetime> {
        let buying = self.model.and_then(|model| model.buying.as_ref());
        let bought = buying.map(|buying| buying.forecast(subjects, self.day, &self.definition.receipts()));
        let one = |(at, subject): (usize, &Subject<'_>)| {
            let bought = bought.as_ref().and_then(|all| all[at].as_ref());
            self.appraise(*subject, &reading(subject.account.id), bought)
        };
        subjects.iter().enumerate().map(one).collect()
    }
}
