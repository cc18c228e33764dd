//! What is in no figure of revenue for want of an exchange rate: accounts of which some amount is unknown in the currency
//! that was asked for. They are left out whole, since a part of what somebody pays is not what they pay, and told with every
//! contract in its own currency. Absent: a guess at what they would come to.

use std::collections::{BTreeMap, BTreeSet};

use domain::revenue::{Arr, Currency, Ledger, LeftOut, NoRate, Span, View};
use lake::{Column, Frame, FrameError};
use serde::Serialize;

use super::{
    explain::{Explained, Names},
    report::{Ask, Measure, Report, report, told, window},
};

/// The key of what is left out of every figure.
pub const LEFT_OUT: &str = "left_out";

/// Accounts whose revenue is unknown in the currency of a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Unknown {
    /// How many.
    pub accounts: usize,
    /// Their contracts in the window.
    pub contracts: usize,
    /// What these come to, each in its own currency.
    pub amounts: Vec<UnknownAmount>,
}

/// What accounts that are left out have in one currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UnknownAmount {
    /// ISO 4217 code.
    pub currency: String,
    /// Whether it could be converted, and is left out only since another contract of the same account cannot.
    pub has_rate: bool,
    /// Contracts.
    pub contracts: usize,
    /// At the opening of the window, in minor units of this currency.
    pub opening_cents: i64,
    /// At its closing.
    pub closing_cents: i64,
}

impl Unknown {
    /// What contracts that are left out come to; `None` where there are none.
    fn of(rows: &[LeftOut], measure: Measure) -> Option<Self> {
        let mut amounts: BTreeMap<(bool, Currency), (usize, Arr, Arr)> = BTreeMap::new();
        for row in rows {
            let sum = amounts.entry((row.has_rate, row.currency)).or_default();
            *sum = (sum.0 + 1, sum.1 + row.opening, sum.2 + row.closing);
        }
        let cents = |arr: Arr| measure.cents(arr);
        let amount = |((has_rate, currency), (contracts, opening, closing)): ((bool, Currency), (usize, Arr, Arr))| {
            let (opening_cents, closing_cents) = (cents(opening), cents(closing));
            UnknownAmount { currency: currency.to_string(), has_rate, contracts, opening_cents, closing_cents }
        };
        let amounts = amounts.into_iter().map(amount).collect();
        (!rows.is_empty()).then(|| Self { accounts: accounts(rows).len(), contracts: rows.len(), amounts })
    }
}

fn accounts(rows: &[LeftOut]) -> BTreeSet<i64> {
    rows.iter().map(|row| row.account_id).collect()
}

/// The figures of the accounts of a ledger that are known in one currency, and what is left out for want of a rate.
pub fn converted(ledger: &Ledger, view: &View<'_>, ask: &Ask<'_>) -> Report {
    let window = window(ask.months);
    let known = report(&ledger.rated(window, view), view, ask);
    beside(known, ledger, (&ledger.unrated(window, view), &ledger.left_out(window, view)), ask.measure)
}

/// A report on the known accounts of a ledger, with what is left out of it and the faults of these accounts.
pub(super) fn beside(known: Report, ledger: &Ledger, (missing, rows): (&[NoRate], &[LeftOut]), by: Measure) -> Report {
    let accounts = accounts(rows);
    let others = ledger.accounts().iter().filter(|account| accounts.contains(&account.account_id));
    let faults = others.flat_map(|account| &account.faults).map(told);
    Report {
        faults: known.faults.into_iter().chain(faults).collect(),
        unrated: missing.iter().map(ToString::to_string).collect(),
        left_out: Unknown::of(rows, by),
        ..known
    }
}

/// What is in no figure of a span: every contract in its own currency.
pub(super) fn explain(
    rows: &[LeftOut],
    view: &View<'_>,
    span: Span,
    names: &Names<'_>,
) -> Result<Explained, FrameError> {
    let units = |arr: Arr| arr.cents() as f64 / 100.0;
    let told = |amount: &UnknownAmount| {
        let money = domain::money::Money { cents: amount.closing_cents, currency: amount.currency.clone() };
        let why = if amount.has_rate { "of the same accounts" } else { "without a rate" };
        format!("{money} in {} {why}", counted(amount.contracts, "contract"))
    };
    let unknown = Unknown::of(rows, Measure::Arr);
    let sums: Vec<String> = unknown.iter().flat_map(|unknown| &unknown.amounts).map(told).collect();
    Ok(Explained {
        name: "Left out for want of a rate",
        version: None,
        doc: "Contracts of accounts of which some amount has no exchange rate on some day of these months. What such an account pays is unknown, so it is in no sum, no rate and no count.",
        formula: format!("contracts of accounts with an amount that no rate converts to {}", view.currency),
        arithmetic: if sums.is_empty() { "none".to_owned() } else { sums.join("; ") },
        value: format!("{} of {}", counted(rows.len(), "contract"), counted(accounts(rows).len(), "account")),
        over: None,
        annual: None,
        others: Vec::new(),
        rows: Frame::new([
            ("account_id", rows.iter().map(|row| row.account_id).collect::<Column>()),
            ("account", rows.iter().map(|row| Some((names.name_of)(row.account_id))).collect::<Column>()),
            ("csm", rows.iter().map(|row| (names.csm_on)(row.account_id, span.through)).collect::<Column>()),
            ("subscription_id", rows.iter().map(|row| row.subscription_id).collect::<Column>()),
            ("sold_in", rows.iter().map(|row| Some(row.currency.to_string())).collect::<Column>()),
            ("has_rate", rows.iter().map(|row| row.has_rate).collect::<Column>()),
            ("opening", rows.iter().map(|row| units(row.opening)).collect::<Column>()),
            ("closing", rows.iter().map(|row| units(row.closing)).collect::<Column>()),
        ])?,
    })
}

fn counted(n: usize, one: &str) -> String {
    format!("{n} {one}{}", if n == 1 { "" } else { "s" })
}
