//! Monthly recurring revenue of one account as steps in time, for what asks it many thousand times: lifetime value and
//! its learning. Steps are the ledger's lines added up and rounded to a minor unit, never a second derivation; they know
//! neither product nor currency, and an account that sells in several adds them up as the metric `arr` does.

use std::{collections::BTreeMap, sync::Arc};

use domain::{
    Day,
    revenue::{AccountLedger, Arr},
};

use super::Ledgers;

/// One account's MRR in minor units: the value from each day on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Steps(Vec<(Day, i64)>);

/// The steps of every account that has a contract.
pub(crate) fn steps(ledgers: &Ledgers) -> BTreeMap<i64, Arc<Steps>> {
    ledgers.iter().map(|(account, ledger)| (*account, Arc::new(Steps::of(ledger)))).collect()
}

impl Steps {
    /// The steps of a ledger.
    pub fn of(ledger: &AccountLedger) -> Self {
        let mut deltas: BTreeMap<Day, Arr> = BTreeMap::new();
        for line in &ledger.lines {
            *deltas.entry(line.from).or_default() += line.arr;
            if line.to < Day::MAX {
                *deltas.entry(line.to).or_default() -= line.arr;
            }
        }
        let mut recurring = Arr::ZERO;
        let steps = deltas.into_iter().map(|(day, delta)| {
            recurring += delta;
            (day, recurring.monthly_cents())
        });
        Self(steps.collect())
    }

    /// MRR on a day.
    pub fn on(&self, day: Day) -> i64 {
        let after = self.0.partition_point(|(from, _)| *from <= day);
        after.checked_sub(1).map_or(0, |at| self.0[at].1)
    }

    /// The first day on which anything is paid.
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

#[cfg(test)]
mod tests {
    use domain::revenue::{Currency, Line, Price, Unit};

    use super::*;

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
        let steps = Steps::of(&AccountLedger::of_lines(1, lines));
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
        let steps = Steps::of(&AccountLedger::of_lines(1, vec![line(1_200, "2026-01-10", None)]));
        assert_eq!((steps.on(day("2030-01-01")), steps.ended()), (100, None));
        assert_eq!(Steps::default().ended(), None);
    }
}
