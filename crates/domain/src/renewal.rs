//! Working a renewal before it is decided: which [`Checkpoint`]s it has passed, what should have been said by then, and
//! how good what was said turned out to be. What is due, when and what became of it is `revenue::Renewal`'s to say, from
//! contracts alone; here is only what people and models add.
//!
//! A forecast is judged by the money: what it said would recur against what does, by who said it and how long before.
//! Deliberately absent: a weight that turns a category into money, which would be a guess that looks like a figure.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::{
    Day,
    definition::{self, DefinitionError},
    time::days_before,
};

/// What a checkpoint asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Need {
    /// Somebody has begun to work it: its stage is not the first.
    Stage,
    /// A forecast category.
    Category,
    /// A forecast of one's own, in money.
    Forecast,
}

/// A distance before the due day, and what should have been said by then.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Checkpoint {
    /// Days before the due day.
    pub days: u32,
    /// What it is called.
    pub name: String,
    /// What it asks for.
    pub needs: Need,
}

/// Every checkpoint, the furthest from the due day first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Checkpoints {
    #[serde(default, rename = "checkpoint")]
    all: Vec<Checkpoint>,
}

/// What has been said of a renewal.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Said {
    /// Its stage is not the first.
    pub stage: bool,
    /// It has a category.
    pub category: bool,
    /// It has a forecast in money.
    pub forecast: bool,
}

impl Checkpoints {
    /// Reads checkpoints from a file of definitions.
    pub fn read(file: &str, text: &str) -> Result<Self, DefinitionError> {
        let mut checkpoints: Self = definition::read(file, text)?;
        checkpoints.all.sort_by_key(|checkpoint| std::cmp::Reverse(checkpoint.days));
        Ok(checkpoints)
    }

    /// All of them, the furthest first.
    pub fn all(&self) -> &[Checkpoint] {
        &self.all
    }

    /// The last one that a renewal has passed on a day.
    pub fn passed(&self, due: Day, today: Day) -> Option<&Checkpoint> {
        self.all.iter().rev().find(|checkpoint| checkpoint.is_passed(due, today))
    }

    /// Those passed on a day whose need is not met.
    pub fn missed(&self, due: Day, today: Day, said: Said) -> impl Iterator<Item = &Checkpoint> {
        self.all.iter().filter(move |checkpoint| checkpoint.is_passed(due, today) && !said.meets(checkpoint.needs))
    }
}

impl Checkpoint {
    /// The day it falls on.
    pub fn day(&self, due: Day) -> Day {
        days_before(due, u64::from(self.days))
    }

    fn is_passed(&self, due: Day, today: Day) -> bool {
        self.day(due) <= today
    }
}

impl Said {
    fn meets(self, need: Need) -> bool {
        match need {
            Need::Stage => self.stage,
            Need::Category => self.category,
            Need::Forecast => self.forecast,
        }
    }
}

/// A frozen forecast of a renewal that has been decided since. Money in minor units a year, of one currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// Who said it.
    pub forecaster: String,
    /// Days from the close of the period to the due day.
    pub lead_days: i64,
    /// What was due.
    pub due_cents: i64,
    /// What was said would recur.
    pub forecast_cents: i64,
    /// What does.
    pub actual_cents: i64,
}

/// How far ahead forecasts were frozen, in the steps accuracy is told by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lead {
    /// Within 30 days.
    Month,
    /// 31 to 90 days.
    Quarter,
    /// 91 to 180 days.
    Half,
    /// Further.
    Further,
}

impl Lead {
    /// The step of a number of days.
    pub fn of(days: i64) -> Self {
        match days {
            ..=30 => Self::Month,
            31..=90 => Self::Quarter,
            91..=180 => Self::Half,
            _ => Self::Further,
        }
    }

    /// In words.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Month => "up to 30 days",
            Self::Quarter => "31 to 90 days",
            Self::Half => "91 to 180 days",
            Self::Further => "more than 180 days",
        }
    }
}

/// How good the forecasts of one forecaster at one lead were.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Accuracy {
    /// Forecasts.
    pub count: usize,
    /// What was due.
    pub due_cents: i64,
    /// What was said.
    pub forecast_cents: i64,
    /// What came.
    pub actual_cents: i64,
    /// What each was off by, summed without its sign.
    pub off_cents: i64,
}

impl Accuracy {
    /// What each forecast was off by, over what was due; `None` where nothing was.
    pub fn error(&self) -> Option<f64> {
        (self.due_cents > 0).then(|| self.off_cents as f64 / self.due_cents as f64)
    }

    /// How much too much was said over what was due; negative where it was too little.
    pub fn bias(&self) -> Option<f64> {
        (self.due_cents > 0).then(|| (self.forecast_cents - self.actual_cents) as f64 / self.due_cents as f64)
    }
}

/// Accuracy by forecaster and lead.
pub fn accuracy(verdicts: impl IntoIterator<Item = Verdict>) -> BTreeMap<(String, Lead), Accuracy> {
    let mut sums: BTreeMap<(String, Lead), Accuracy> = BTreeMap::new();
    for verdict in verdicts {
        let sum = sums.entry((verdict.forecaster, Lead::of(verdict.lead_days))).or_default();
        sum.count += 1;
        sum.due_cents += verdict.due_cents;
        sum.forecast_cents += verdict.forecast_cents;
        sum.actual_cents += verdict.actual_cents;
        sum.off_cents += (verdict.forecast_cents - verdict.actual_cents).abs();
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "[[checkpoint]]\ndays = 60\nname = \"Commit\"\nneeds = \"forecast\"\n\
                        [[checkpoint]]\ndays = 120\nname = \"Review\"\nneeds = \"stage\"\n";

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    #[test]
    fn a_checkpoint_is_missed_when_its_day_has_come_and_nothing_was_said() {
        let checkpoints = Checkpoints::read("renewals/own.toml", TEXT).unwrap();
        let due = day("2026-12-31");
        let missed = |today: &str, said: Said| -> Vec<u32> {
            checkpoints.missed(due, day(today), said).map(|checkpoint| checkpoint.days).collect()
        };
        assert_eq!(missed("2026-09-01", Said::default()), [] as [u32; 0]);
        assert_eq!(missed("2026-09-02", Said::default()), [120]);
        assert_eq!(missed("2026-11-01", Said::default()), [120, 60]);
        assert_eq!(missed("2026-11-01", Said { stage: true, ..Said::default() }), [60]);
        assert_eq!(missed("2027-02-01", Said { stage: true, category: false, forecast: true }), [] as [u32; 0]);
        assert_eq!(checkpoints.passed(due, day("2026-10-01")).unwrap().name, "Review");
    }

    #[test]
    fn a_wrong_file_is_refused_with_its_place() {
        let error = Checkpoints::read("renewals/own.toml", "[[checkpoint]]\ndays = -1\n").unwrap_err().to_string();
        assert!(error.starts_with("renewals/own.toml:2:"), "{error}");
    }

    #[test]
    fn being_wrong_in_both_directions_is_no_bias_and_still_an_error() {
        let verdict = |lead_days, forecast_cents, actual_cents| Verdict {
            forecaster: "member:3".to_owned(),
            lead_days,
            due_cents: 100,
            forecast_cents,
            actual_cents,
        };
        let table = accuracy([verdict(20, 100, 0), verdict(30, 0, 100), verdict(31, 100, 80)]);
        let near = table[&("member:3".to_owned(), Lead::Month)];
        assert_eq!((near.count, near.error(), near.bias()), (2, Some(1.0), Some(0.0)));
        let ahead = table[&("member:3".to_owned(), Lead::Quarter)];
        assert_eq!((ahead.error(), ahead.bias()), (Some(0.2), Some(0.2)));
        assert_eq!(Accuracy::default().error(), None);
    }
}
