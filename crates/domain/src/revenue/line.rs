//! A [`Line`] is one recurring amount of an account over a span of days. A changed quantity or price is another line that
//! begins on the day the first ends; what the two have in common says whether it was a seat or a price that changed.

use std::sync::Arc;

use super::{amount::Arr, movement::Cause, rates::Currency};
use crate::Day;

/// What the quantity of a line counts, and so what more of it means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Unit {
    /// Named or concurrent users.
    Seat,
    /// Nothing: a fixed price for a product or a feature.
    Flat,
    /// Applications of the product to another problem.
    UseCase,
    /// Further organisations, sites or teams of the account.
    Organisation,
    /// Unknown: only the amount is given, as in a bare ledger.
    Amount,
}

impl Unit {
    /// The kind of growth that more of it is; unknown where only the amount is.
    pub fn cause(self) -> Option<Cause> {
        match self {
            Self::Seat => Some(Cause::Seat),
            Self::Flat => Some(Cause::Feature),
            Self::UseCase => Some(Cause::UseCase),
            Self::Organisation => Some(Cause::Organisation),
            Self::Amount => None,
        }
    }
}

/// A recurring amount over a span of days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The subscription it stands in.
    pub subscription_id: i64,
    /// The subscription of a sibling that this one took over, if it did.
    pub continues_id: Option<i64>,
    /// What is sold.
    pub product: Arc<str>,
    /// In which edition.
    pub plan: Arc<str>,
    /// What the quantity counts.
    pub unit: Unit,
    /// How many units.
    pub quantity: i64,
    /// The currency of the amount.
    pub currency: Currency,
    /// What it comes to a year.
    pub arr: Arr,
    /// First day.
    pub from: Day,
    /// First day no longer; [`Day::MAX`] while there is no end.
    pub to: Day,
}

impl Line {
    /// Whether it counts at the end of a day.
    pub fn is_on(&self, day: Day) -> bool {
        self.from <= day && day < self.to
    }
}
