//! Monthly recurring revenue of one account as steps in time, for what asks it many thousand times: lifetime value and
//! its learning. Steps are the ledger's lines as the book is read, added up and rounded to a minor unit, never a second
//! derivation. Where a line has no rate the account still pays, so its step is there, and how much is unknown: what adds
//! amounts up asks [`Steps::known`].

use std::{collections::BTreeMap, sync::Arc};

use domain::{
    Day,
    revenue::{AccountLedger, Arr, View},
};

use super::Ledgers;

/// One account's MRR in minor units: the value from each day on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Steps {
    steps: Vec<(Day, i64)>,
    /// Spans, to (exclusive), in which something has no rate.
    unrated: Vec<(Day, Day)>,
}

/// The steps of every account that has a contract.
pub(crate) fn steps(ledgers: &Ledgers, view: &View<'_>) -> BTreeMap<i64, Arc<Steps>> {
    ledgers.iter().map(|(account, ledger)| (*account, Arc::new(Steps::of(ledger, view)))).collect()
}

impl Steps {
    /// The steps of a ledger.
    pub fn of(ledger: &AccountLedger, view: &View<'_>) -> Self {
        let mut deltas: BTreeMap<Day, Arr> = BTreeMap::new();
        let mut unrated = Vec::new();
        for line in &ledger.lines {
            let pieces = view.pieces(line);
            let ends = pieces.iter().skip(1).map(|(day, _)| *day).chain([line.to]);
            for ((from, value), to) in pieces.iter().zip(ends) {
                if value.is_none() {
                    unrated.push((*from, to));
                }
                let value = value.unwrap_or(line.arr);
                *deltas.entry(*from).or_default() += value;
                if to < Day::MAX {
                    *deltas.entry(to).or_default() -= value;
                }
            }
        }
        let mut recurring = Arr::ZERO;
        let steps = deltas.into_iter().map(|(day, delta)| {
            recurring += delta;
            (day, recurring.monthly_cents())
        });
        Self { steps: steps.collect(), unrated }
    }

    /// MRR on a day; `None` where a part of it has no rate.
    pub fn known(&self, day: Day) -> Option<i64> {
        let unrated = self.unrated.iter().any(|(from, to)| *from <= day && day < *to);
        (!unrated).then(|| self.on(day))
    }

    /// Whether every amount through a day is known.
    pub(crate) fn all_known(&self, day: Day) -> bool {
        self.unrated.iter().all(|(from, _)| day < *from)
    }

    /// MRR on a day. Where a part of it has no rate it only says that something is paid.
    pub fn on(&self, day: Day) -> i64 {
        let after = self.steps.partition_point(|(from, _)| *from <= day);
        after.checked_sub(1).map_or(0, |at| self.steps[at].1)
    }

    /// The first day on which anything is paid.
    pub(crate) fn first_paid(&self) -> Option<Day> {
        self.steps.iter().find(|(_, value)| *value > 0).map(|(from, _)| *from)
    }

    /// The day from which nothing is paid any more; `None` where something always will be, or never was.
    pub(crate) fn ended(&self) -> Option<Day> {
        let (day, value) = self.steps.iter().rev().take_while(|(_, value)| *value <= 0).last()?;
        (*value <= 0 && self.steps.iter().any(|(_, value)| *value > 0)).then_some(*day)
    }

    /// Every span of equal MRR up to the end of a day, oldest first: from, to (exclusive) and minor units per month.
    pub(crate) fn spans(&self, day: Day) -> impl Iterator<Item = (Day, Day, i64)> {
        let end = day.succ_opt().unwrap_or(day);
        let ends = self.steps.iter().skip(1).map(|(from, _)| *from).chain([Day::MAX]);
        let spans = self.steps.iter().zip(ends).map(move |((from, value), to)| (*from, to.min(end), *value));
        spans.filter(|(from, to, value)| from < to && *value != 0)
    }
}

#[cfg(test)]
mod tests {
    use domain::revenue::{Currency, Line, Price, Rates, Unit};

    use super::*;
    use crate::revenue::NO_RATES;

    fn dollars() -> View<'static> {
        View { currency: Currency::USD, rates: &NO_RATES, reactivation_days: None }
    }

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    fn line(yearly_cents: i64, from: &str, to: Option<&str>) -> Line {
        Line {
            subscription_id: 1,
            continues_id: None,
            product: "Suite".into(),
            plan: "Pro".into(),
            unit: Unit::Seat,
            quantity: 1,
            currency: Currency::USD,
            arr: Price::yearly(yearly_cents).arr().unwrap(),
            from: day(from),
            to: to.map_or(Day::MAX, day),
        }
    }

    #[test]
    fn lines_add_up_before_they_are_rounded() {
        let lines = vec![
            line(100, "2026-01-10", Some("2026-03-01")),
            line(100, "2026-01-10", Some("2026-05-01")),
            line(100, "2026-01-10", Some("2026-06-01")),
        ];
        let steps = Steps::of(&AccountLedger::of_lines(1, lines), &dollars());
        assert_eq!(steps.on(day("2026-01-09")), 0);
        assert_eq!(steps.on(day("2026-01-10")), 25, "a twelfth of three, not three rounded twelfths");
        assert_eq!((steps.on(day("2026-04-30")), steps.on(day("2026-05-01"))), (17, 8));
        assert_eq!((steps.first_paid(), steps.ended()), (Some(day("2026-01-10")), Some(day("2026-06-01"))));
        let spans: Vec<_> = steps.spans(day("2026-03-31")).collect();
        assert_eq!(
            spans,
            [(day("2026-01-10"), day("2026-03-01"), 25), (day("2026-03-01"), day("2026-04-01"), 17)],
            "up to the end of the day that was asked for"
        );
    }

    #[test]
    fn an_account_that_pays_for_ever_has_not_ended() {
        let steps = Steps::of(&AccountLedger::of_lines(1, vec![line(1_200, "2026-01-10", None)]), &dollars());
        assert_eq!((steps.on(day("2030-01-01")), steps.ended()), (100, None));
        assert_eq!(Steps::default().ended(), None);
    }

    #[test]
    fn what_has_no_rate_yet_is_paid_and_unknown() {
        let euro: Currency = "EUR".parse().unwrap();
        let mut rates = Rates::none();
        rates.insert(euro, day("2026-03-10"), "1.2".parse().unwrap());
        rates.insert(euro, day("2026-06-01"), "1.5".parse().unwrap());
        let view = View { rates: &rates, ..dollars() };
        let sold = Line { currency: euro, ..line(1_200, "2026-01-10", None) };
        let steps = Steps::of(&AccountLedger::of_lines(1, vec![sold]), &view);
        let known = |text| steps.known(day(text));
        assert_eq!((known("2026-01-09"), known("2026-03-31")), (Some(0), None), "the rate counts from April on");
        assert!(steps.on(day("2026-02-01")) > 0 && !steps.all_known(day("2026-02-01")));
        assert_eq!((known("2026-04-01"), known("2026-05-31"), known("2026-06-01")), (Some(120), Some(120), Some(150)));
    }
}
