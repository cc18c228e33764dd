//! The months ahead of every account, as they looked at the end of a past day, and whether the past kept to them. This is
//! what a forecast of the whole book is made of: chances to leave month by month, learned from nothing later, and for every
//! past month how many losses such chances expected and how many there were. Absent: what accounts share in leaving, which
//! is learned from these counts and belongs to `stats::shock`.

use std::collections::HashMap;

use domain::{Day, revenue::months_after};
use stats::{shock::Period, value::Receipts};

use super::{
    contract,
    definition::Definition,
    hazard::{Case, Forecast, Hazards, YEAR},
    learn::Past,
    worth::{Reading, Subject},
};

const DAYS_PER_MONTH: f64 = 30.4375;

impl Forecast {
    /// The chance to leave in each month ahead, having stayed until then, for whatever cause.
    pub fn chances(&self) -> Vec<f64> {
        let months = self.hazards.iter().map(Vec::len).max().unwrap_or(0);
        let stay = |month: usize| self.hazards.iter().map(|cause| 1.0 - cause[month]).product::<f64>();
        (0..months).map(|month| 1.0 - stay(month)).collect()
    }
}

/// What can be asked of a past day.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Looker<'a> {
    pub(crate) definition: &'a Definition,
    pub(crate) hazards: &'a Hazards,
    pub(crate) subjects: &'a [Subject<'a>],
    pub(crate) past: &'a Past,
}

impl Looker<'_> {
    /// By account, the chances to leave in each of the twelve months after a month end that has a reading. Who had given
    /// notice by then leaves for certain; who did not pay under contract is left out.
    pub(crate) fn ahead(&self, day: Day) -> HashMap<i64, Vec<f64>> {
        let Some(readings) = self.past.day(day) else { return HashMap::new() };
        let receipts = Receipts { horizon: YEAR, ..self.definition.receipts() };
        let look = |subject: &Subject<'_>| {
            let forecast = match contract::standing(subject.terms, day).ends_on {
                Some(ends) if here(subject, day) => Hazards::until(contract::month_ahead(day, ends), &receipts),
                _ => self.hazards.forecast(&self.case(subject, readings, day)?, &receipts),
            };
            Some((subject.account.id, forecast.chances()))
        };
        self.subjects.iter().filter_map(look).collect()
    }

    /// Losses expected and seen in each month after a reading since a day that had ended by another; oldest first. Accounts that had
    /// given notice are in neither: nothing about them was left to chance. Every account at risk is also told apart, with
    /// what it paid a month in minor units, its chance, and whether it left.
    pub(crate) fn losses(
        &self,
        since: Day,
        day: Day,
        months: usize,
        mut each: impl FnMut(i64, f64, bool),
    ) -> Vec<Period> {
        let receipts = Receipts { horizon: YEAR, ..self.definition.receipts() };
        let ends: Vec<Day> = self.past.days().filter(|end| (since..=day).contains(end)).collect();
        let next = |end: Day| end.succ_opt().and_then(|first| months_after(first, 1).pred_opt());
        let consecutive = |pair: &[Day]| (next(pair[0]) == Some(pair[1])).then_some((pair[0], pair[1]));
        let pairs: Vec<(Day, Day)> = ends.windows(2).filter_map(consecutive).collect();
        let mut period = |(from, to): &(Day, Day)| {
            let readings = self.past.day(*from)?;
            let mut period = Period { expected: 0.0, squares: 0.0, observed: 0.0 };
            for subject in self.subjects {
                if contract::standing(subject.terms, *from).ends_on.is_some() {
                    continue;
                }
                let Some(case) = self.case(subject, readings, *from) else { continue };
                let chance = self.hazards.forecast(&case, &receipts).chances()[0];
                period.expected += chance;
                period.squares += chance * chance;
                let span = contract::span(subject.account, subject.steps, subject.terms, *to);
                let left = span.is_some_and(|span| span.exit.is_some());
                period.observed += f64::from(u8::from(left));
                each(subject.steps.on(*from), chance, left);
            }
            Some(period)
        };
        pairs[pairs.len().saturating_sub(months)..].iter().filter_map(&mut period).collect()
    }

    /// An account that pays under contract at the end of a day, as the hazard sees it.
    fn case(&self, subject: &Subject<'_>, readings: &HashMap<i64, Reading>, day: Day) -> Option<Case> {
        let span = contract::span(subject.account, subject.steps, subject.terms, day)?;
        if span.exit.is_some() {
            return None;
        }
        Some(Case {
            months: (day - span.start).num_days() as f64 / DAYS_PER_MONTH,
            group: self.definition.contract.pool_by.of(subject.account).map(str::to_owned),
            renewal: contract::standing(subject.terms, day).renewal,
            drivers: readings.get(&subject.account.id)?.drivers.clone(),
        })
    }
}

fn here(subject: &Subject<'_>, day: Day) -> bool {
    contract::span(subject.account, subject.steps, subject.terms, day).is_some_and(|span| span.exit.is_none())
}
