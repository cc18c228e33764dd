//! From facts and month-end readings to a [`Model`]: which accounts were at risk in which month, what was seen of them
//! before, and which of them left. Everything is cut off at the day of the model, so a model of last spring knows
//! nothing of last summer. A spell begins once a year per account, in a month of its own, so that no month of an
//! account is counted twice and every distance from one month to twelve is learned from.

use std::collections::{BTreeMap, HashMap};

use chrono::Datelike as _;
use domain::{
    Day,
    revenue::{month_of, months_after, months_before},
    time::days_before,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    Model,
    buying::Buying,
    contract,
    definition::Definition,
    evidence,
    hazard::{Case, Hazards, Spell, YEAR},
    worth::{Appraiser, Reading, Standing, Subject},
};

/// The readings of past month ends.
#[derive(Debug, Clone, Default)]
pub(crate) struct Past(BTreeMap<Day, HashMap<i64, Reading>>);

#[derive(Serialize, Deserialize)]
struct Kept {
    accounts: Vec<i64>,
    values: Vec<Vec<Option<f64>>>,
}

impl Past {
    /// Adds what was kept of a month end; a value that cannot be read is as good as none.
    pub(crate) fn add(&mut self, day: Day, content: Value, drivers: usize) {
        let Ok(Kept { accounts, values }) = serde_json::from_value(content) else { return };
        let readings = accounts.into_iter().zip(values).map(|(account, values)| (account, unpacked(&values, drivers)));
        self.0.insert(day, readings.collect());
    }

    pub(crate) fn day(&self, day: Day) -> Option<&HashMap<i64, Reading>> {
        self.0.get(&day)
    }

    /// Month ends with a reading, oldest first.
    pub(crate) fn days(&self) -> impl DoubleEndedIterator<Item = Day> + '_ {
        self.0.keys().copied()
    }
}

/// What is kept of the readings of some accounts.
pub(crate) fn packed(readings: &[(i64, Reading)]) -> Value {
    let values = readings.iter().map(|(_, reading)| {
        let money = [reading.recurring, reading.one_off, reading.referral_margin, reading.cost_to_serve];
        reading.drivers.iter().copied().chain(money).collect::<Vec<_>>()
    });
    json!({ "accounts": readings.iter().map(|(id, _)| *id).collect::<Vec<_>>(), "values": values.collect::<Vec<_>>() })
}

fn unpacked(values: &[Option<f64>], drivers: usize) -> Reading {
    let at = |position: usize| values.get(position).copied().flatten();
    Reading {
        drivers: (0..drivers).map(at).collect(),
        recurring: at(drivers),
        one_off: at(drivers + 1),
        referral_margin: at(drivers + 2),
        cost_to_serve: at(drivers + 3),
    }
}

/// The ends of the months that have ended by the end of a day, newest first.
pub(crate) fn month_ends(day: Day, months: u32) -> impl Iterator<Item = Day> {
    let next = day.succ_opt().unwrap_or(day);
    (0..months).map(move |back| days_before(month_of(months_before(next, back)).0, 1))
}

/// The spells that had been seen by the end of a day.
pub(crate) fn spells(subjects: &[Subject<'_>], past: &Past, definition: &Definition, day: Day) -> Vec<Spell> {
    let days: Vec<Day> = past.days().filter(|end| *end < day).collect();
    let oldest = months_before(day, definition.contract.history_months);
    let mut spells = Vec::new();
    for subject in subjects {
        let Some(span) = contract::span(subject.account, subject.steps, subject.terms, day) else { continue };
        let mine = days.iter().filter(|end| **end >= span.start && **end >= oldest);
        let begins: Vec<Day> = mine
            .enumerate()
            .filter(|(at, end)| *at == 0 || is_turn(subject.account.id, **end))
            .map(|it| *it.1)
            .collect();
        for (at, begin) in begins.iter().enumerate() {
            let readings = past.day(*begin).and_then(|month| month.get(&subject.account.id));
            let followed = full_months(*begin, begins.get(at + 1).copied().unwrap_or(day)).min(YEAR);
            spells.extend(readings.and_then(|reading| spell(subject, &span, reading, definition, *begin, followed)));
        }
    }
    spells
}

/// Whether a month end is the one of the year in which the account's spell begins.
fn is_turn(account_id: i64, end: Day) -> bool {
    (i64::from(end.month0()) + account_id).rem_euclid(i64::from(YEAR)) == 0
}

/// Whole months from the end of a day to the end of another.
fn full_months(from: Day, to: Day) -> u32 {
    let (first, after) = (from.succ_opt().unwrap_or(from), to.succ_opt().unwrap_or(to));
    let most = (to - from).num_days().max(0) as u32 / 28;
    (1..=most).rfind(|&months| months_after(first, months) <= after).unwrap_or(0)
}

fn spell(
    subject: &Subject<'_>,
    span: &contract::Span,
    reading: &Reading,
    definition: &Definition,
    begin: Day,
    followed: u32,
) -> Option<Spell> {
    let standing = contract::standing(subject.terms, begin);
    let here = span.exit.is_none_or(|(left, _)| left > begin) && standing.ends_on.is_none();
    if !here || followed == 0 {
        return None;
    }
    let exit = span.exit.map(|(left, cause)| (contract::month_ahead(begin, left), cause));
    let exit = exit.filter(|(ahead, _)| *ahead <= followed);
    Some(Spell {
        case: Case {
            months: (begin - span.start).num_days() as f64 / 30.4375,
            group: definition.contract.pool_by.of(subject.account).map(str::to_owned),
            renewal: standing.renewal,
            drivers: reading.drivers.clone(),
        },
        followed: exit.map_or(followed, |(ahead, _)| ahead),
        exit: exit.map(|(_, cause)| cause),
    })
}

/// Learns everything from what had happened by the end of a day. `now` are the readings of that day itself.
pub(crate) fn model(
    definition: &Definition,
    subjects: &[Subject<'_>],
    past: &Past,
    now: &HashMap<i64, Reading>,
    day: Day,
    with_evidence: bool,
) -> Model {
    let mut why_not = Vec::new();
    let spells = spells(subjects, past, definition, day);
    let paying = subjects.iter().any(|subject| subject.steps.first_paid().is_some());
    let hazards = if spells.is_empty() {
        if paying {
            why_not.push("no account under contract has been watched for a whole month yet".to_owned());
        }
        None
    } else {
        Hazards::learn(&spells, &definition.contract).map_err(|error| why_not.push(error.to_string())).ok()
    };
    let buyers = subjects.iter().any(|it| it.steps.first_paid().is_none() && !it.purchases.is_empty());
    let buying =
        buyers.then(|| Buying::learn(subjects, definition, day).map_err(|why| why_not.push(why)).ok()).flatten();
    let evidence = with_evidence.then(|| evidence::gather(definition, subjects, past, day)).flatten();
    let mut model = Model { hazards, buying, evidence, why_not, ..Model::nothing(definition, day) };
    model.cuts = cuts(definition, &model, subjects, now);
    model
}

/// The values at which a tier ends, the highest first; none where nobody has a value.
fn cuts(definition: &Definition, model: &Model, subjects: &[Subject<'_>], now: &HashMap<i64, Reading>) -> Vec<f64> {
    let appraiser = Appraiser { definition, model: Some(model), day: model.as_of };
    let mut values: Vec<f64> = appraiser
        .appraise_all(subjects, |account_id| now.get(&account_id).cloned().unwrap_or_default())
        .into_iter()
        .filter(|lifetime| matches!(lifetime.standing, Standing::Contract | Standing::Buyer))
        .filter_map(|lifetime| Some(lifetime.value?.value))
        .collect();
    if values.is_empty() {
        return Vec::new();
    }
    values.sort_unstable_by(|a, b| b.total_cmp(a));
    let mut upto = 0.0;
    let ends = definition.tiers[..definition.tiers.len() - 1].iter().map(|tier| {
        upto += tier.share;
        let last = (upto * values.len() as f64).round() as usize;
        values[last.clamp(1, values.len()) - 1]
    });
    ends.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    #[test]
    fn month_ends_are_those_that_have_ended() {
        let ends: Vec<Day> = month_ends(day("2026-03-15"), 3).collect();
        assert_eq!(ends, [day("2026-02-28"), day("2026-01-31"), day("2025-12-31")]);
        assert_eq!(month_ends(day("2026-03-31"), 1).next(), Some(day("2026-03-31")));
    }

    #[test]
    fn months_followed_are_whole_months() {
        assert_eq!(full_months(day("2026-01-31"), day("2026-03-30")), 1);
        assert_eq!(full_months(day("2026-01-31"), day("2026-03-31")), 2);
        assert_eq!(full_months(day("2026-01-31"), day("2026-02-10")), 0);
    }

    #[test]
    fn what_is_kept_of_a_reading_is_read_back() {
        let reading = Reading {
            drivers: vec![Some(61.5), None],
            recurring: Some(100.0),
            one_off: Some(0.0),
            referral_margin: None,
            cost_to_serve: Some(20.0),
        };
        let mut past = Past::default();
        past.add(day("2026-01-31"), packed(&[(7, reading.clone())]), 2);
        assert_eq!(past.day(day("2026-01-31")).unwrap()[&7], reading);
    }
}
