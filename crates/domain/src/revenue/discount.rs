//! What is taken off a list price for a time: a [`Discount`] of one item, or of a whole subscription. A share is taken off
//! the price of a period, to the nearest minor unit as an invoice has it; an amount comes off afterwards, and never more than
//! there is. What is taken off several items together is divided by what each comes to, in parts that add up exactly.
//! Deliberately absent: coupons of a single invoice, which change what was paid once and nothing that recurs.

use super::{
    amount::{Arr, divisor, rounded},
    mutant::{Mutant, broken},
    price::Price,
};
use crate::Day;

/// Basis points of the whole: a share of 10,000 is free.
const WHOLE_BP: u32 = 10_000;

/// What is taken off a list price for a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Discount {
    /// How much.
    pub off: Off,
    /// First day it holds; [`Day::MIN`] for ever since.
    pub from: Day,
    /// First day it no longer holds; `None` for good.
    pub until: Option<Day>,
}

/// How much is taken off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Off {
    /// Basis points of the price: 1,500 is 15 %.
    Share(u32),
    /// An amount each period.
    Amount(Price),
}

impl Discount {
    /// Whether it holds on a day.
    pub fn holds(&self, on: Day) -> bool {
        self.from <= on && self.until.is_none_or(|until| on < until)
    }

    /// A price with the share taken off; an amount leaves it alone.
    pub(super) fn share_off(&self, price: Price) -> Price {
        match self.off {
            Off::Share(basis_points) if !broken(Mutant::ListPrice) => {
                let kept = WHOLE_BP.saturating_sub(basis_points);
                Price { cents: rounded(i128::from(price.cents) * i128::from(kept), i128::from(WHOLE_BP)), ..price }
            }
            Off::Share(_) | Off::Amount(_) => price,
        }
    }
}

/// What discounts that hold on a day take off a year as amounts; `None` where one of them has no exact year.
pub(super) fn amounts<'a>(discounts: impl IntoIterator<Item = &'a Discount>, on: Day) -> Option<Arr> {
    let holding = discounts.into_iter().filter(|discount| discount.holds(on));
    let amount = |discount: &Discount| match discount.off {
        Off::Amount(price) if price.cents > 0 && !broken(Mutant::ListPrice) => price.arr(),
        Off::Amount(_) | Off::Share(_) => Some(Arr::ZERO),
    };
    holding.map(amount).sum()
}

/// The part of `off` that one of several amounts bears: `own`, of which those `before` it come to so much and all of them
/// to `total`. The parts of all add up to `off`, and none is more than its amount. `None` beyond what can be counted.
pub(super) fn part(off: Arr, own: Arr, before: Arr, total: Arr) -> Option<Arr> {
    if !total.is_positive() {
        return Some(Arr::ZERO);
    }
    let off = off.min(total);
    let by = divisor(off.0, total.0);
    let until = |running: Arr| Some((off.0 / by).checked_mul(running.0)? / (total.0 / by));
    Some(Arr(until(before + own)? - until(before)?))
}
