//! ARR per CSM: what recurs with the accounts that somebody looks after, over the people who do. Who that was is asked of the
//! day itself, so a figure of last year is of last year's people. Revenue of accounts that nobody looks after is told beside
//! and not in it, since it says nothing of anybody's load.

use std::collections::BTreeMap;

use domain::{
    Day,
    revenue::{Arr, Ledger, View},
};
use lake::{Column, Frame, FrameError};

use super::{
    explain::{Explained, money},
    segments::Owners,
};

/// The key of the figure.
pub const KEY: &str = "arr_per_csm";
/// Grows when the figure changes for the same facts.
pub const VERSION: u32 = 1;
/// Its name on screen.
pub const NAME: &str = "ARR per CSM";
/// The formula in words.
pub const FORMULA: &str = "ARR of accounts that a CSM looks after / CSMs who look after any of them";
const DOC: &str = "ARR at the end of the day of the accounts that had a CSM on that day, over the people who were one of theirs. \
                   Accounts without a CSM are not in it, and neither are CSMs without a paying account.";

/// The revenue of each CSM on a day.
#[derive(Debug, Clone, PartialEq)]
pub struct PerCsm {
    /// By member: paying accounts and their ARR.
    pub csms: BTreeMap<i64, (usize, Arr)>,
    /// The same of accounts that nobody looks after.
    pub nobody: (usize, Arr),
}

impl PerCsm {
    /// The revenue of each CSM of a day at its end.
    pub fn of(ledger: &Ledger, owners: &Owners, day: Day, view: &View<'_>) -> Self {
        let mut sums = Self { csms: BTreeMap::new(), nobody: (0, Arr::ZERO) };
        for account in ledger.accounts() {
            let arr = account.arr(day, view);
            if arr.is_positive() {
                let sum = match owners.member_on(account.account_id, day) {
                    Some(member) => sums.csms.entry(member).or_default(),
                    None => &mut sums.nobody,
                };
                *sum = (sum.0 + 1, sum.1 + arr);
            }
        }
        sums
    }

    /// ARR of the accounts that a CSM looks after.
    pub fn arr(&self) -> Arr {
        self.csms.values().map(|(_, arr)| *arr).sum()
    }

    /// Paying accounts that a CSM looks after.
    pub fn accounts(&self) -> usize {
        self.csms.values().map(|(accounts, _)| accounts).sum()
    }

    /// The figure to the nearest minor unit; undefined where nobody looks after anything.
    pub fn mean(&self) -> Option<Arr> {
        let csms = i64::try_from(self.csms.len()).ok().filter(|n| *n > 0)?;
        Some(Arr::from_cents((2 * self.arr().cents() + csms).div_euclid(2 * csms)))
    }

    /// The formula with its numbers.
    pub fn arithmetic(&self, money: impl Fn(Arr) -> String) -> String {
        format!("{} / {}", money(self.arr()), self.csms.len())
    }
}

/// Why the figure is what it is, down to each account and who looked after it.
pub fn explain(
    ledger: &Ledger,
    owners: &Owners,
    day: Day,
    view: &View<'_>,
    name_of: impl Fn(i64) -> String,
) -> Result<Explained, FrameError> {
    let sums = PerCsm::of(ledger, owners, day, view);
    let paying = ledger.accounts().iter().map(|account| (account.account_id, account.arr(day, view)));
    let mut rows: Vec<(Option<String>, i64, Arr)> =
        paying.filter(|(_, arr)| arr.is_positive()).map(|(id, arr)| (owners.on(id, day), id, arr)).collect();
    rows.sort_by(|a, b| {
        (a.0.is_none(), &a.0, std::cmp::Reverse(a.2)).cmp(&(b.0.is_none(), &b.0, std::cmp::Reverse(b.2)))
    });
    let beside = match sums.nobody {
        (0, _) => String::new(),
        (n, arr) => format!(" (beside it {} of {n} accounts that nobody looks after)", money(arr, view)),
    };
    Ok(Explained {
        name: NAME,
        version: Some(VERSION),
        doc: DOC,
        formula: FORMULA.to_owned(),
        arithmetic: sums.arithmetic(|arr| money(arr, view)) + &beside,
        value: sums
            .mean()
            .map_or_else(|| "undefined: nobody looks after a paying account".to_owned(), |it| money(it, view)),
        over: Some(format!("the end of {day}")),
        annual: None,
        others: Vec::new(),
        rows: Frame::new([
            ("account_id", rows.iter().map(|(_, id, _)| *id).collect::<Column>()),
            ("account", rows.iter().map(|(_, id, _)| Some(name_of(*id))).collect()),
            ("csm", rows.iter().map(|(csm, ..)| csm.clone()).collect()),
            ("arr", rows.iter().map(|(.., arr)| arr.cents() as f64 / 100.0).collect()),
        ])?,
    })
}
