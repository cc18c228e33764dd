//! From purchase days to repeats, recency and age; and many equal histories to one weighted row.
//! Conventions are those of the papers: one purchase per day, the first purchase is not a repeat, age runs from it
//! to the end of calibration, times are days divided by the length of the unit and never rounded.

use crate::error::{Error, at_least, non_negative};

/// The unit in which times are counted. Months and years are the mean Gregorian ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TimeUnit {
    /// A day.
    Day,
    /// Seven days.
    Week,
    /// 30.4375 days.
    Month,
    /// 365.25 days.
    Year,
}

impl TimeUnit {
    /// Every unit, shortest first.
    pub const ALL: [Self; 4] = [Self::Day, Self::Week, Self::Month, Self::Year];

    /// Its name in files and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Year => "year",
        }
    }

    /// Its length in days.
    pub const fn days(self) -> f64 {
        match self {
            Self::Day => 1.0,
            Self::Week => 7.0,
            Self::Month => 30.4375,
            Self::Year => 365.25,
        }
    }

    /// The continuous discount rate per unit equivalent to an effective annual rate (0.10 for ten per cent).
    pub fn discount(self, annual_rate: f64) -> f64 {
        annual_rate.ln_1p() * self.days() / Self::Year.days()
    }
}

/// What the models know of one customer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct History {
    /// Repeat purchases, `x`: distinct days with a purchase, the first not counted.
    pub repeats: u32,
    /// Time from the first to the last purchase, `t_x`; 0 without repeats.
    pub recency: f64,
    /// Time from the first purchase to the end of observation, `T`.
    pub age: f64,
}

impl History {
    /// Someone who has just made a first purchase.
    pub const NEW: Self = Self { repeats: 0, recency: 0.0, age: 0.0 };

    /// Fails on numbers that are not finite, not ordered, or contradict each other.
    pub fn check(&self, row: usize) -> Result<(), Error> {
        non_negative("recency", row, self.recency)?;
        non_negative("age", row, self.age)?;
        let contradiction = |value, expected| Err(Error::OutOfRange { what: "recency", row, value, expected });
        if self.recency > self.age {
            return contradiction(self.recency, "a last purchase not after the end of observation");
        }
        if self.repeats == 0 && self.recency > 0.0 {
            return contradiction(self.recency, "0 for a customer without repeat purchases");
        }
        if self.repeats > 0 && self.recency == 0.0 {
            return contradiction(self.recency, "above 0 for a repeat purchase; merge purchases of one day");
        }
        Ok(())
    }
}

/// One customer's purchases, split at the end of calibration.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Purchases {
    /// The calibration period.
    pub history: History,
    /// Mean amount of a repeat purchase day within calibration; `None` without repeats.
    pub mean_spend: Option<f64>,
    /// Purchase days after the end of calibration.
    pub later: u32,
    /// Amount spent after the end of calibration.
    pub later_spend: f64,
}

/// Summarises one customer's purchases, given as `(day, amount)` in any order, up to and including the day
/// `calibration_end`. Returns `None` for a customer who first bought after it; fails on an amount that is not finite.
pub fn summarise(purchases: &[(i32, f64)], calibration_end: i32, unit: TimeUnit) -> Result<Option<Purchases>, Error> {
    for (row, &(_, amount)) in purchases.iter().enumerate() {
        crate::error::finite("amount", row, amount)?;
    }
    let mut days = purchases.to_vec();
    days.sort_by_key(|&(day, _)| day);
    let merged: Vec<(i32, f64)> =
        days.chunk_by(|a, b| a.0 == b.0).map(|same| (same[0].0, same.iter().map(|p| p.1).sum())).collect();
    let Some(&(first, _)) = merged.first().filter(|p| p.0 <= calibration_end) else {
        return Ok(None);
    };
    let (within, after) = merged.split_at(merged.partition_point(|p| p.0 <= calibration_end));
    let repeats = &within[1..];
    let time = |day: i32| f64::from(day - first) / unit.days();
    let history = History {
        repeats: repeats.len() as u32,
        recency: repeats.last().map_or(0.0, |p| time(p.0)),
        age: time(calibration_end),
    };
    let total: f64 = repeats.iter().map(|p| p.1).sum();
    Ok(Some(Purchases {
        history,
        mean_spend: (!repeats.is_empty()).then(|| total / repeats.len() as f64),
        later: after.len() as u32,
        later_spend: after.iter().map(|p| p.1).sum(),
    }))
}

/// Equal histories, counted once with a weight.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Row {
    pub(crate) repeats: u32,
    pub(crate) recency: f64,
    pub(crate) age: f64,
    pub(crate) weight: f64,
}

/// A checked book of histories, ready to be fitted: these are the sufficient statistics of every model here.
#[derive(Debug, Clone, PartialEq)]
pub struct Histories {
    rows: Vec<Row>,
    customers: usize,
    repeats: f64,
}

impl Histories {
    /// The same for histories that stand for `counts` customers each; rows of nobody are passed over.
    pub fn counted(histories: &[History], counts: &[u32]) -> Result<Self, Error> {
        crate::error::same_length("purchase histories and counts", histories.len(), counts.len())?;
        let each = histories.iter().zip(counts).enumerate();
        let mut rows = Vec::with_capacity(histories.len());
        for (row, (h, &count)) in each.filter(|(_, (_, count))| **count > 0) {
            h.check(row)?;
            rows.push(Row { repeats: h.repeats, recency: h.recency + 0.0, age: h.age + 0.0, weight: f64::from(count) });
        }
        at_least("purchase histories", 1, rows.len())?;
        let customers = counts.iter().map(|&count| count as usize).sum();
        let repeats = rows.iter().map(|row| row.weight * f64::from(row.repeats)).sum();
        rows.sort_unstable_by_key(|row| (row.age.to_bits(), row.repeats, row.recency.to_bits()));
        rows.dedup_by(|next, kept| {
            let same = (next.age, next.repeats, next.recency) == (kept.age, kept.repeats, kept.recency);
            kept.weight += if same { next.weight } else { 0.0 };
            same
        });
        Ok(Self { rows, customers, repeats })
    }

    /// Checks every history and merges equal ones. Fails on an empty book and on the first contradictory row.
    pub fn new(histories: &[History]) -> Result<Self, Error> {
        at_least("purchase histories", 1, histories.len())?;
        let mut keys = Vec::with_capacity(histories.len());
        for (row, h) in histories.iter().enumerate() {
            h.check(row)?;
            // Non-negative floats order like their bits.
            keys.push(((h.age + 0.0).to_bits(), h.repeats, (h.recency + 0.0).to_bits()));
        }
        keys.sort_unstable();
        let rows: Vec<Row> = keys
            .chunk_by(|a, b| a == b)
            .map(|same| {
                let (age, repeats, recency) = same[0];
                Row { repeats, recency: f64::from_bits(recency), age: f64::from_bits(age), weight: same.len() as f64 }
            })
            .collect();
        let repeats = histories.iter().map(|h| f64::from(h.repeats)).sum();
        Ok(Self { rows, customers: histories.len(), repeats })
    }

    /// How many customers.
    pub fn customers(&self) -> usize {
        self.customers
    }

    /// How many distinct histories.
    pub fn distinct(&self) -> usize {
        self.rows.len()
    }

    /// How many repeat purchases.
    pub fn repeats(&self) -> f64 {
        self.repeats
    }

    pub(crate) fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// The same book with every time divided by `unit`.
    pub(crate) fn rescaled(&self, unit: f64) -> Vec<Row> {
        self.rows.iter().map(|r| Row { recency: r.recency / unit, age: r.age / unit, ..*r }).collect()
    }

    /// The median age, by customers; 1 where every age is zero.
    pub(crate) fn median_age(&self) -> f64 {
        let mut seen = 0.0;
        let half = 0.5 * self.customers as f64;
        let middle = self.rows.iter().find(|r| {
            seen += r.weight;
            seen >= half
        });
        middle.map_or(1.0, |r| if r.age > 0.0 { r.age } else { 1.0 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_counts_once_and_the_first_never() {
        let days = [(30, 5.0), (3, 10.0), (3, 2.0), (17, 8.0), (30, 1.0), (60, 9.0)];
        let summary = summarise(&days, 45, TimeUnit::Week).unwrap().unwrap();
        assert_eq!(summary.history, History { repeats: 2, recency: 27.0 / 7.0, age: 6.0 });
        assert_eq!((summary.mean_spend, summary.later, summary.later_spend), (Some(7.0), 1, 9.0));
        assert_eq!(summarise(&days, 2, TimeUnit::Day).unwrap(), None);
    }

    #[test]
    fn contradictions_are_refused_with_their_row() {
        let good = History { repeats: 1, recency: 2.0, age: 3.0 };
        for bad in [
            History { recency: 4.0, ..good },
            History { repeats: 0, ..good },
            History { recency: 0.0, ..good },
            History { age: f64::NAN, ..good },
            History { recency: -1.0, ..good },
        ] {
            let error = Histories::new(&[good, bad]).unwrap_err();
            assert!(error.to_string().contains("row 1"), "{error}");
        }
        assert!(Histories::new(&[]).is_err());
        let merged = Histories::new(&[good, good, History::NEW]).unwrap();
        assert_eq!((merged.customers(), merged.distinct()), (3, 2));
        assert_eq!(Histories::counted(&[good, History::NEW, good], &[1, 1, 1]).unwrap(), merged);
        assert_eq!(Histories::counted(&[History::NEW, good, good], &[1, 2, 0]).unwrap(), merged);
    }

    #[test]
    fn an_annual_rate_compounds_to_itself() {
        let weekly = TimeUnit::Week.discount(0.10);
        assert!(((weekly * 365.25 / 7.0).exp() - 1.10).abs() < 1e-14);
    }
}
