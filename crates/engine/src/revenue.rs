//! Recurring revenue over time, from contract items alone: MRR at any day,
//! movements by month, net and gross retention, and cohorts. All of it is
//! integer arithmetic on minor units of one currency; conversion, proration and
//! restatement belong to the full ledger and are absent here.
//!
//! Definitions follow common practice: NRR is the closing revenue of the
//! accounts that paid at the opening over what they paid then; GRR caps each
//! account's closing at its opening, so it never exceeds one. An opening of zero
//! leaves both undefined.

use std::{collections::BTreeMap, sync::Arc};

use chrono::{Datelike, Months};
use domain::Day;
use store::SubscriptionItem;

/// Monthly recurring revenue of some accounts as steps in time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ledger {
    accounts: Vec<Arc<Steps>>,
}

/// One account's MRR in minor units: the value from each day on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Steps(Vec<(Day, i64)>);

/// Changes of MRR inside one month, in minor units; contraction and churn are negative.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Movements {
    /// MRR at the first moment of the month.
    pub opening: i64,
    /// From accounts that never paid before.
    pub new: i64,
    /// From accounts that had stopped paying.
    pub reactivation: i64,
    /// Accounts that pay more.
    pub expansion: i64,
    /// Accounts that pay less.
    pub contraction: i64,
    /// Accounts that stopped paying.
    pub churn: i64,
    /// MRR at the first moment of the next month.
    pub closing: i64,
}

/// Retention of the accounts that paid at the opening of a span.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Retention {
    /// MRR at the opening.
    pub opening: i64,
    /// Closing MRR of the same accounts.
    pub closing: i64,
    /// The same, each account capped at its opening.
    pub kept: i64,
}

/// Accounts that started in the same quarter, and what of their revenue is left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cohort {
    /// First day of the quarter.
    pub starts: Day,
    /// Accounts in it.
    pub accounts: usize,
    /// MRR at the end of the starting quarter.
    pub opening: i64,
    /// MRR after each further quarter that has ended.
    pub quarters: Vec<i64>,
}

/// The steps of every account that has contract items; an item counts from its first day to the day before its last.
pub fn steps<'a>(items: impl IntoIterator<Item = &'a SubscriptionItem>) -> BTreeMap<i64, Arc<Steps>> {
    let mut deltas: BTreeMap<i64, BTreeMap<Day, i64>> = BTreeMap::new();
    for item in items {
        let account = deltas.entry(item.account_id).or_default();
        *account.entry(item.effective_from).or_default() += item.mrr_cents;
        if let Some(to) = item.effective_to {
            *account.entry(to).or_default() -= item.mrr_cents;
        }
    }
    let running = |deltas: BTreeMap<Day, i64>| {
        let mut value = 0;
        let steps = deltas.into_iter().map(|(day, delta)| {
            value += delta;
            (day, value)
        });
        Arc::new(Steps(steps.collect()))
    };
    deltas.into_iter().map(|(account, deltas)| (account, running(deltas))).collect()
}

impl FromIterator<Arc<Steps>> for Ledger {
    fn from_iter<I: IntoIterator<Item = Arc<Steps>>>(accounts: I) -> Self {
        Self { accounts: accounts.into_iter().collect() }
    }
}

impl Ledger {
    /// MRR of all accounts on a day, minor units.
    pub fn mrr(&self, day: Day) -> i64 {
        self.accounts.iter().map(|steps| steps.on(day)).sum()
    }

    /// Accounts that pay anything on a day.
    pub fn paying(&self, day: Day) -> usize {
        self.accounts.iter().filter(|steps| steps.on(day) > 0).count()
    }

    /// What changed from the first day of the month that contains `day` to the first day of the next.
    pub fn movements(&self, day: Day) -> Movements {
        let (from, to) = month_of(day);
        let mut sum = Movements::default();
        for steps in &self.accounts {
            let (opening, closing) = (steps.before(from), steps.before(to));
            sum.opening += opening;
            sum.closing += closing;
            let change = closing - opening;
            match (opening > 0, closing > 0) {
                (false, true) if steps.paid_before(from) => sum.reactivation += change,
                (false, true) => sum.new += change,
                (true, false) => sum.churn += change,
                _ if change > 0 => sum.expansion += change,
                _ => sum.contraction += change,
            }
        }
        sum
    }

    /// Retention from one day to another.
    pub fn retention(&self, from: Day, to: Day) -> Retention {
        let mut sum = Retention::default();
        for steps in &self.accounts {
            let (opening, closing) = (steps.on(from), steps.on(to));
            if opening > 0 {
                sum.opening += opening;
                sum.closing += closing.max(0);
                sum.kept += closing.clamp(0, opening);
            }
        }
        sum
    }

    /// Cohorts by quarter of first payment, oldest first, up to a day. A quarter that has not ended is not shown.
    pub fn cohorts(&self, as_of: Day) -> Vec<Cohort> {
        let mut by_quarter: BTreeMap<Day, Vec<&Arc<Steps>>> = BTreeMap::new();
        for steps in &self.accounts {
            if let Some(first) = steps.first_paid().filter(|first| *first <= as_of) {
                by_quarter.entry(quarter_of(first)).or_default().push(steps);
            }
        }
        let cohorts = by_quarter.into_iter().filter_map(|(starts, members)| {
            let ends = (1..).map(|n| months_after(starts, 3 * n)).take_while(|end| *end <= as_of);
            let mut values = ends.map(|end| members.iter().map(|steps| steps.before(end)).sum());
            let opening = values.next()?;
            Some(Cohort { starts, accounts: members.len(), opening, quarters: values.collect() })
        });
        cohorts.collect()
    }
}

impl Movements {
    /// What the parts add up to; equals the closing.
    pub fn reconciled(&self) -> i64 {
        self.opening + self.new + self.reactivation + self.expansion + self.contraction + self.churn
    }
}

impl Retention {
    /// Net revenue retention; undefined where nothing was paid at the opening.
    pub fn net(&self) -> Option<f64> {
        (self.opening > 0).then(|| self.closing as f64 / self.opening as f64)
    }

    /// Gross revenue retention, never above one; undefined where nothing was paid at the opening.
    pub fn gross(&self) -> Option<f64> {
        (self.opening > 0).then(|| self.kept as f64 / self.opening as f64)
    }
}

impl Steps {
    /// MRR on a day.
    pub fn on(&self, day: Day) -> i64 {
        let after = self.0.partition_point(|(from, _)| *from <= day);
        after.checked_sub(1).map_or(0, |at| self.0[at].1)
    }

    /// The value at the first moment of a day, before that day's changes.
    fn before(&self, day: Day) -> i64 {
        day.pred_opt().map_or(0, |eve| self.on(eve))
    }

    fn paid_before(&self, day: Day) -> bool {
        self.0.iter().any(|(from, value)| *from < day && *value > 0)
    }

    pub(crate) fn first_paid(&self) -> Option<Day> {
        self.0.iter().find(|(_, value)| *value > 0).map(|(from, _)| *from)
    }

    /// The day from which nothing is paid any more; `None` where something always will be, or never was.
    pub(crate) fn ended(&self) -> Option<Day> {
        let (day, value) = self.0.iter().rev().take_while(|(_, value)| *value <= 0).last()?;
        (*value <= 0 && self.0.iter().any(|(_, value)| *value > 0)).then_some(*day)
    }

    /// Every span of equal MRR up to the end of a day, oldest first: from, to (exclusive) and minor units per month.
    pub(crate) fn spans(&self, day: Day) -> impl Iterator<Item = (Day, Day, i64)> {
        let end = day.succ_opt().unwrap_or(day);
        let ends = self.0.iter().skip(1).map(|(from, _)| *from).chain([Day::MAX]);
        let spans = self.0.iter().zip(ends).map(move |((from, value), to)| (*from, to.min(end), *value));
        spans.filter(|(from, to, value)| from < to && *value != 0)
    }
}

/// First day of the month of a day, and of the next.
pub fn month_of(day: Day) -> (Day, Day) {
    let from = day.with_day(1).unwrap_or(day);
    (from, months_after(from, 1))
}

/// The day some months later, or the last the calendar can name.
pub fn months_after(day: Day, months: u32) -> Day {
    day.checked_add_months(Months::new(months)).unwrap_or(Day::MAX)
}

/// The day some months earlier, or the first the calendar can name.
pub fn months_before(day: Day, months: u32) -> Day {
    day.checked_sub_months(Months::new(months)).unwrap_or(Day::MIN)
}

fn quarter_of(day: Day) -> Day {
    let first_month = day.month0() / 3 * 3 + 1;
    Day::from_ymd_opt(day.year(), first_month, 1).unwrap_or(day)
}

#[cfg(test)]
mod tests;
