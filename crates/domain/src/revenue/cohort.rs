//! Accounts that began to pay in the same month or quarter, and what is left of them. A cell exists only when the whole
//! cohort has reached that age; its share is of the cohort as it began, so that an account lost within its first period
//! is in the base.

use std::{collections::BTreeMap, sync::Arc};

use super::{
    amount::{Arr, Percent},
    ledger::{AccountLedger, Ledger, eve, month_of, months_after},
    movement::quarter_of,
    rates::View,
};
use crate::Day;

/// How long the periods of a cohort table are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grain {
    /// Calendar months.
    Month,
    /// Calendar quarters.
    Quarter,
}

impl Grain {
    /// Months of a period.
    pub fn months(self) -> u32 {
        match self {
            Self::Month => 1,
            Self::Quarter => 3,
        }
    }

    /// First day of the period of a day.
    pub fn starts(self, day: Day) -> Day {
        match self {
            Self::Month => month_of(day).0,
            Self::Quarter => quarter_of(day),
        }
    }
}

/// Accounts that began in the same period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cohort {
    /// First day of the period.
    pub starts: Day,
    /// Accounts in it.
    pub accounts: usize,
    /// What each paid on its first day, summed.
    pub opening: Arr,
    /// ARR and paying accounts at the end of the starting period, then of each further one that has ended.
    pub ages: Vec<(Arr, usize)>,
}

impl Cohort {
    /// The share of its first revenue that is left at an age.
    pub fn revenue(&self, age: usize) -> Option<Percent> {
        Percent::of(self.ages.get(age)?.0, self.opening)
    }

    /// The share of its accounts that still pay at an age.
    pub fn logos(&self, age: usize) -> Option<Percent> {
        Percent::of_counts(self.ages.get(age)?.1, self.accounts)
    }
}

impl Ledger {
    /// Cohorts by first day of revenue, oldest first, through a day.
    pub fn cohorts(&self, grain: Grain, through: Day, view: &View<'_>) -> Vec<Cohort> {
        let mut members: BTreeMap<Day, Vec<&Arc<AccountLedger>>> = BTreeMap::new();
        for account in self.accounts() {
            if let Some(first) = first_paid(account, view).filter(|first| *first <= through) {
                members.entry(grain.starts(first)).or_default().push(account);
            }
        }
        let cohorts = members.into_iter().map(|(starts, members)| {
            let first = |account: &&Arc<AccountLedger>| {
                first_paid(account, view).map_or(Arr::ZERO, |day| account.arr(day, view))
            };
            let ends = (1..).map(|n| eve(months_after(starts, n * grain.months()))).take_while(|end| *end <= through);
            let at = |end: Day| {
                let paid = members.iter().map(|account| account.arr(end, view));
                paid.fold((Arr::ZERO, 0), |(sum, n), arr| (sum + arr, n + usize::from(arr.is_positive())))
            };
            let opening = members.iter().map(first).sum();
            Cohort { starts, accounts: members.len(), opening, ages: ends.map(at).collect() }
        });
        cohorts.collect()
    }
}

/// One account of a cohort at an age.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Member {
    /// The account.
    pub account_id: i64,
    /// The first day it paid.
    pub first: Day,
    /// What it paid on that day: its part of the base.
    pub opening: Arr,
    /// What it pays at the end of the age's period.
    pub left: Arr,
}

impl Ledger {
    /// The accounts of the cohort that began in a period, at an age, with the last day of that age; `None` where there is no
    /// such cohort, or it has not reached the age by a day.
    pub fn cohort_members(
        &self,
        (grain, starts, age): (Grain, Day, usize),
        through: Day,
        view: &View<'_>,
    ) -> Option<(Day, Vec<Member>)> {
        let periods = u32::try_from(age).ok()?.checked_add(1)?.checked_mul(grain.months())?;
        let end = eve(months_after(starts, periods));
        let member = |account: &Arc<AccountLedger>| {
            let first = first_paid(account, view).filter(|first| grain.starts(*first) == starts)?;
            let (opening, left) = (account.arr(first, view), account.arr(end, view));
            Some(Member { account_id: account.account_id, first, opening, left })
        };
        let members: Vec<Member> = self.accounts().iter().filter_map(member).collect();
        (end <= through && !members.is_empty()).then_some((end, members))
    }
}

/// The first day an account paid anything that a view shows.
fn first_paid(account: &AccountLedger, view: &View<'_>) -> Option<Day> {
    account.lines.iter().find(|line| view.value(line, line.from).is_positive()).map(|line| line.from)
}

/// Shares at an age over all cohorts that have reached it, weighted by how they began: revenue and accounts.
pub fn total(cohorts: &[Cohort], age: usize) -> (Option<Percent>, Option<Percent>) {
    let reached = || cohorts.iter().filter(|cohort| cohort.ages.len() > age);
    let left = reached().map(|cohort| cohort.ages[age]).fold((Arr::ZERO, 0), |sum, at| (sum.0 + at.0, sum.1 + at.1));
    let began = reached().fold((Arr::ZERO, 0), |sum, cohort| (sum.0 + cohort.opening, sum.1 + cohort.accounts));
    (Percent::of(left.0, began.0), Percent::of_counts(left.1, began.1))
}
