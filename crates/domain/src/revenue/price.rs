//! A [`Price`] is an amount for a number of units and a period; its annual value is exact. [`Proration`] is what a part of
//! a period costs, which decides invoices and credits and never revenue: recurring revenue is what the subscription promises.

use crate::Day;

use super::amount::{Arr, PARTS, rounded};

/// The largest amount of one line in minor units: ten trillion of a currency with cents.
const LARGEST_CENTS: i128 = 1_000_000_000_000_000;

/// The period a price is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Per {
    /// Every so many days; a year has 365.25.
    Days(u32),
    /// Every so many months.
    Months(u32),
}

/// What recurs: an amount each period, for the whole line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Price {
    /// Minor units each period, net of discounts.
    pub cents: i64,
    /// The period.
    pub per: Per,
}

/// What a part of a period costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Proration {
    /// By days, rounded so that the parts of a period add up to it.
    Daily,
    /// A period that has begun is charged in full.
    Full,
    /// A period that is not complete is free.
    Free,
}

impl Price {
    /// The annual value; `None` where the amount is beyond reason or the period has no exact year (37 months, say).
    pub fn arr(self) -> Option<Arr> {
        let cents = i128::from(self.cents);
        if cents.abs() > LARGEST_CENTS {
            return None;
        }
        // A year of days is 1461/4.
        let (times, by) = match self.per {
            Per::Months(months) => (12, i128::from(months)),
            Per::Days(days) => (1461, 4 * i128::from(days)),
        };
        (by > 0 && (PARTS * times) % by == 0).then(|| Arr(cents * (PARTS * times / by)))
    }
}

impl Proration {
    /// What the days `from` to `to` (half-open) of the period `begins` to `ends` cost, of an amount for the whole period.
    pub fn part(self, cents: i64, (begins, ends): (Day, Day), (from, to): (Day, Day)) -> i64 {
        let length = (ends - begins).num_days();
        let until = |day: Day| (day.clamp(begins, ends) - begins).num_days();
        let (first, last) = (until(from), until(to));
        match self {
            _ if length <= 0 || last <= first => 0,
            // Rounding the running total and not each part keeps the sum of any division exact.
            Self::Daily => running(cents, last, length) - running(cents, first, length),
            Self::Full => cents,
            Self::Free => {
                if last - first == length {
                    cents
                } else {
                    0
                }
            }
        }
    }
}

fn running(cents: i64, days: i64, length: i64) -> i64 {
    rounded(i128::from(cents) * i128::from(days), i128::from(length))
}
