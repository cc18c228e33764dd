//! What the records say about staying: when an account began and ended, why, when its term is over and whether notice
//! can still be given. Everything is asked *as of* a day: a notice received later is not known yet, and a term that
//! was cut short later still ends when it was signed to end.

use std::{collections::BTreeMap, sync::Arc};

use domain::{Day, revenue::months_after};
use serde::{Deserialize, Serialize};
use store::{Account, Subscription};

use crate::revenue::Steps;

/// The terms of every account, each account's by first day.
#[derive(Debug, Clone, Default)]
pub(crate) struct Contracts(BTreeMap<i64, Vec<Term>>);

/// One term.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Term {
    from: Day,
    to: Option<Day>,
    cancelled_on: Option<Day>,
    months: u32,
    notice_days: i64,
}

/// Why an account was lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// It gave notice, or let its contract run out.
    Voluntary,
    /// Its contract broke off within the term without notice: insolvency, unpaid bills, takeover.
    Involuntary,
}

impl Cause {
    /// Both, in the order in which they are estimated.
    pub const ALL: [Self; 2] = [Self::Voluntary, Self::Involuntary];
}

/// From when to when an account was a customer under contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) start: Day,
    pub(crate) exit: Option<(Day, Cause)>,
}

/// Where an account stands with its contract on a day.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Standing {
    /// Notice has been received: the day the last contract ends.
    pub(crate) ends_on: Option<Day>,
    /// When the running term is over.
    pub(crate) renewal: Option<Renewal>,
}

/// The ends of terms as months ahead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Renewal {
    /// The month ahead, 1 the first, in which the running term ends.
    pub(crate) first: u32,
    /// Months of a term; the next ends that much later.
    pub(crate) every: u32,
    /// Whether the last day for notice has passed, so that the running term will be followed by another.
    pub(crate) closed: bool,
}

impl Contracts {
    pub(crate) fn new(subscriptions: &[Subscription]) -> Self {
        let mut terms: BTreeMap<i64, Vec<Term>> = BTreeMap::new();
        for each in subscriptions {
            terms.entry(each.account_id).or_default().push(Term {
                from: each.effective_from,
                to: each.effective_to,
                cancelled_on: each.cancelled_on,
                months: u32::try_from(each.period_months).unwrap_or(0).max(1),
                notice_days: i64::from(each.notice_days.max(0)),
            });
        }
        for each in terms.values_mut() {
            each.sort_by_key(|term| term.from);
        }
        Self(terms)
    }

    pub(crate) fn of(&self, account_id: i64) -> &[Term] {
        self.0.get(&account_id).map_or(&[], Vec::as_slice)
    }
}

impl Term {
    /// When the term ends as far as is known on a day.
    fn end(&self, day: Day) -> Option<Day> {
        match self.cancelled_on {
            Some(cancelled) if cancelled > day => Some(months_after(self.from, self.months)),
            _ => self.to,
        }
    }

    fn is_cancelled(&self, day: Day) -> bool {
        self.cancelled_on.is_some_and(|cancelled| cancelled <= day)
    }
}

/// From when to when an account paid under contract, as far as is known on a day; `None` before it did.
pub(crate) fn span(account: &Account, steps: &Arc<Steps>, terms: &[Term], day: Day) -> Option<Span> {
    let paid = steps.first_paid().filter(|first| *first <= day)?;
    let start = account.customer_from.map_or(paid, |from| from.min(paid));
    let left = account.customer_to.or_else(|| steps.ended()).filter(|left| *left <= day && *left > start);
    Some(Span { start, exit: left.map(|left| (left, cause(terms, left))) })
}

/// Why an account left on a day, as its last term tells.
fn cause(terms: &[Term], left: Day) -> Cause {
    let last = terms.iter().rev().find(|term| term.from < left);
    let broke_off = last.is_some_and(|term| {
        left < months_after(term.from, term.months) && term.cancelled_on.is_some_and(|cancelled| cancelled >= left)
    });
    if broke_off { Cause::Involuntary } else { Cause::Voluntary }
}

/// Where an account stands at the end of a day.
pub(crate) fn standing(terms: &[Term], day: Day) -> Standing {
    let running = || terms.iter().filter(|term| term.from <= day && term.end(day).is_none_or(|end| end > day));
    let Some(last) = running().max_by_key(|term| term.end(day).unwrap_or(Day::MAX)) else {
        return Standing::default();
    };
    let Some(end) = last.end(day) else { return Standing::default() };
    if running().all(|term| term.is_cancelled(day)) {
        return Standing { ends_on: Some(end), renewal: None };
    }
    let notice = end - chrono::TimeDelta::days(last.notice_days);
    let first = month_ahead(day, end);
    Standing { ends_on: None, renewal: Some(Renewal { first, every: last.months, closed: notice <= day }) }
}

/// In which month ahead of the end of a day another day falls; the first month, 1, begins on the next day.
pub(crate) fn month_ahead(day: Day, to: Day) -> u32 {
    let from = day.succ_opt().unwrap_or(day);
    let guess = ((to - from).num_days() as f64 / 30.4375) as u32;
    let inside = |month: u32| to < months_after(from, month);
    let near = guess.saturating_sub(1).max(1);
    (near..near + 4).find(|&month| inside(month)).unwrap_or(near)
}

impl Renewal {
    /// Whether a term ends in a month ahead, and if so whether notice for it can still be given.
    pub(crate) fn in_month(&self, ahead: u32) -> Option<bool> {
        let since = ahead.checked_sub(self.first)?;
        since.is_multiple_of(self.every).then_some(since > 0 || !self.closed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    fn term(from: &str, to: &str, cancelled_on: Option<&str>) -> Term {
        Term { from: day(from), to: Some(day(to)), cancelled_on: cancelled_on.map(day), months: 12, notice_days: 60 }
    }

    #[test]
    fn a_notice_counts_from_the_day_it_is_received() {
        let cut = [term("2025-01-10", "2025-09-01", Some("2025-06-20"))];
        let before = standing(&cut, day("2025-06-19"));
        assert_eq!(before.ends_on, None, "nobody knew");
        assert_eq!(before.renewal, Some(Renewal { first: 7, every: 12, closed: false }));
        assert_eq!(standing(&cut, day("2025-06-20")).ends_on, Some(day("2025-09-01")));
        assert_eq!(cause(&cut, day("2025-09-01")), Cause::Voluntary);
        let broke = [term("2025-01-10", "2025-09-01", Some("2025-09-01"))];
        assert_eq!(cause(&broke, day("2025-09-01")), Cause::Involuntary);
    }

    #[test]
    fn after_the_last_day_for_notice_the_term_is_followed_by_another() {
        let running = [term("2025-01-10", "2026-01-10", None)];
        let renewal = standing(&running, day("2025-12-01")).renewal.unwrap();
        assert_eq!((renewal.first, renewal.closed), (2, true));
        assert_eq!(renewal.in_month(1), None);
        assert_eq!(renewal.in_month(2), Some(false));
        assert_eq!(renewal.in_month(14), Some(true));
        assert_eq!(standing(&[], day("2025-12-01")), Standing::default());
    }

    #[test]
    fn months_ahead_are_calendar_months() {
        assert_eq!(month_ahead(day("2025-01-31"), day("2025-02-28")), 1);
        assert_eq!(month_ahead(day("2025-01-31"), day("2025-03-01")), 2);
        assert_eq!(month_ahead(day("2025-12-01"), day("2026-01-01")), 1);
        assert_eq!(month_ahead(day("2025-12-01"), day("2035-12-02")), 121);
    }
}
