//! Where the book goes: ARR, net revenue retention and churned revenue of the next four quarters, with their bands. Every
//! account leaves by the chances that its [`crate::lifetime`] is judged by; those that stay grow and shrink by the changes
//! the book has seen; new ones come as they came; and in each month all of them share factors whose size is learned from how
//! far the book's own past months were off (`stats::shock`). A [`Model`] is what was learned of that once a day, with how it
//! would have done on the past ([`Backtest`]); a [`Forecast`] is drawn from it on request, under a [`Scenario`] or none.
//!
//! Quarters are the next four spans of three months, since chances are known by months ahead and not by the calendar's.
//! Deliberately absent: deals that are being talked about, which are opinions and are shown beside it; how exchange rates will
//! move. What is sold in other currencies counts at the last rate that is known, and what has none is told and not counted.

mod backtest;
mod drawn;
mod kept;
mod learn;
mod predict;
mod scenario;
mod score;
mod target;

use std::sync::Arc;

use domain::Day;

use crate::revenue::conventions::Lens;
use serde::Serialize;
use stats::{portfolio::Arrivals, shock::Common, validation::quantiles::LEVELS};

pub use backtest::{Backtest, Trial};
pub(crate) use drawn::Drawn;
pub(crate) use kept::{Growth, Kept, between};
pub use learn::bring_up_to_date;
pub(crate) use learn::keep_fresh;
pub use predict::{Ask, Leaver, PastQuarter, forecast, past};
pub use scenario::{Scenario, ScenarioError};
pub use score::{Case, Measure, Rule, Score, Verdict};
pub use stats::portfolio::Changes;
pub use target::{Answer, Levers, Target, TargetError, what_it_takes};

/// Quarters that are forecast.
pub const QUARTERS: usize = 4;

/// Months of a quarter.
pub const MONTHS: u32 = 3;

/// The seed of everything that is drawn where none is asked for.
pub const SEED: u64 = 1;

/// What was learned from everything that had happened by the end of a day.
#[derive(Debug, Clone)]
pub struct Model {
    /// The day.
    pub as_of: Day,
    /// The currency it is about, with the rates that were known into it.
    pub lens: Arc<Lens>,
    /// What accounts have in common in leaving.
    pub losses: Common,
    /// How accounts grow.
    pub up: Changes,
    /// How much more often some do, by what they pay.
    pub growth: BySize,
    /// How much more often some leave than their chances say, by what they pay.
    pub leaving: BySize,
    /// How they shrink.
    pub down: Changes,
    /// How new ones come.
    pub arrivals: Arrivals,
    /// How it would have done; `None` where the past is too short, and for models of the past itself.
    pub backtest: Option<Backtest>,
    /// What the chances were learned from: another one makes this model stale.
    pub(crate) lifetime: Arc<crate::lifetime::Model>,
    /// What was drawn from it.
    pub(crate) drawn: drawn::Drawn,
}

/// Factors by thirds of what accounts pay: what is true of accounts need not be of the money.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BySize {
    /// ARR at which the second and the last third begin, minor units.
    pub cuts: [i64; 2],
    /// The factor of each third.
    pub factors: [f64; 3],
}

impl BySize {
    fn third(&self, cents: i64) -> usize {
        self.cuts.iter().filter(|cut| cents >= **cut).count()
    }

    /// The factor of an account that pays so much.
    pub fn of(&self, cents: i64) -> f64 {
        self.factors[self.third(cents)]
    }
}

/// Quantiles of a figure at [`LEVELS`]: amounts that occurred on a drawn path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[expect(clippy::struct_field_names, reason = "the unit of money stands in names")]
pub struct Quantiles {
    /// The median.
    pub median_cents: i64,
    /// The band that holds half of the paths.
    pub band_50_cents: (i64, i64),
    /// The band that holds four in five.
    pub band_80_cents: (i64, i64),
    /// The band that holds nineteen in twenty.
    pub band_95_cents: (i64, i64),
}

/// What is expected of a quarter: the means over all paths, which add up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[expect(clippy::struct_field_names, reason = "the unit of money stands in names")]
pub struct Means {
    /// ARR at its beginning.
    pub opening_cents: i64,
    /// What new and returning accounts bring.
    pub new_cents: i64,
    /// What accounts buy more, or pay more for the same.
    pub expansion_cents: i64,
    /// What they buy less, positive.
    pub contraction_cents: i64,
    /// What leaves with accounts, positive.
    pub churn_cents: i64,
    /// ARR at its end.
    pub closing_cents: i64,
}

/// The forecast of a quarter.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Quarter {
    /// Its last day.
    pub ends_on: Day,
    /// ARR at its end.
    pub arr: Quantiles,
    /// Of that, what today's accounts pay; over today's ARR it is the net revenue retention since today.
    pub retained: Quantiles,
    /// ARR of the accounts that leave within it.
    pub churned: Quantiles,
    /// Today's accounts that are expected to leave within it.
    pub losses: f64,
    /// What is expected to lead from its beginning to its end.
    pub means: Means,
}

/// What becomes of some accounts.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Forecast {
    /// The day it is made.
    pub as_of: Day,
    /// ISO 4217 code of all money.
    pub currency: String,
    /// Accounts that pay.
    pub accounts: usize,
    /// Of these, accounts whose chances are not known yet; they are given the mean of the others.
    pub unjudged: usize,
    /// ARR on the day.
    pub opening_cents: i64,
    /// The quarters.
    pub quarters: Vec<Quarter>,
    /// ARR of the accounts that leave within the year.
    pub churned: Quantiles,
    /// Paths drawn.
    pub paths: usize,
    /// The seed they follow from.
    pub seed: u64,
    /// Currencies that are sold in and left out for want of a rate.
    pub left_out: Vec<String>,
}

impl Quantiles {
    /// Of sorted amounts; nothing of none.
    fn of(sorted: &[i64]) -> Self {
        let at = |level: usize| stats::validation::quantiles::quantile(sorted, LEVELS[level]).unwrap_or(0);
        Self {
            median_cents: at(3),
            band_50_cents: (at(2), at(4)),
            band_80_cents: (at(1), at(5)),
            band_95_cents: (at(0), at(6)),
        }
    }

    /// The quantiles at [`LEVELS`], in minor units.
    pub fn all(&self) -> [f64; LEVELS.len()] {
        let (a, b, c) = (self.band_95_cents, self.band_80_cents, self.band_50_cents);
        [a.0, b.0, c.0, self.median_cents, c.1, b.1, a.1].map(|cents| cents as f64)
    }
}

impl Forecast {
    /// The net revenue retention since today that an amount retained is; undefined where nothing is paid today.
    pub fn retention(&self, retained_cents: i64) -> Option<f64> {
        (self.opening_cents > 0).then(|| retained_cents as f64 / self.opening_cents as f64)
    }
}
