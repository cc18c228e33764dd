//! A [`Subscription`] as it stands, and the lines that follow from it. Only what recurs and is promised makes a line: one-off
//! sales, refunds and usage nobody committed to are kept beside. A term that passes without a word ends nothing (it is an
//! overdue renewal); a cancellation ends every line, a pause interrupts it, and a discount counts while it lasts.

use std::sync::Arc;

use chrono::Days;

use super::{
    amount::Arr,
    discount::{self, Discount, Off},
    ledger::months_after,
    line::{Line, Unit},
    mutant::{Mutant, broken},
    price::{Per, Price},
    rates::Currency,
};
use crate::Day;

/// A recurring subscription of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscription {
    /// Identity.
    pub id: i64,
    /// Whose it is.
    pub account_id: i64,
    /// The subscription it took over: of the same account for a renewal, of a sibling for a transfer.
    pub continues_id: Option<i64>,
    /// The currency of its amounts.
    pub currency: Currency,
    /// First day of the term.
    pub from: Day,
    /// First day after the term, which is its renewal; `None` for an open end.
    pub to: Option<Day>,
    /// Months the next term has, where it renews by itself.
    pub term_months: u32,
    /// Days before the end by which notice must be given.
    pub notice_days: u32,
    /// Whether it renews unless cancelled.
    pub auto_renew: bool,
    /// The day it was signed, as far as known.
    pub signed_on: Day,
    /// The day notice was given.
    pub cancelled_on: Option<Day>,
    /// Spans of days (half-open) on which nothing is owed.
    pub pauses: Vec<(Day, Option<Day>)>,
    /// What is taken off all of its items together.
    pub discounts: Vec<Discount>,
    /// Its items.
    pub items: Vec<Item>,
}

/// One item of a subscription over a span of days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Identity.
    pub id: i64,
    /// What is sold.
    pub product: Arc<str>,
    /// In which edition.
    pub plan: Arc<str>,
    /// What the quantity counts.
    pub unit: Unit,
    /// How many units.
    pub quantity: i64,
    /// List price of the whole item each period.
    pub price: Price,
    /// What is taken off.
    pub discount: Option<Discount>,
    /// How it is charged.
    pub charge: Charge,
    /// First day.
    pub from: Day,
    /// First day no longer; `None` while there is no end.
    pub to: Option<Day>,
}

/// How an item is charged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Charge {
    /// The price recurs every period.
    Recurring,
    /// Usage with a minimum that is owed in any case: the minimum recurs.
    CommittedUsage,
    /// Usage as it comes; not recurring revenue.
    Usage,
    /// Sold once.
    OneOff,
    /// Paid back once.
    Refund,
    /// Free to try; not recurring revenue.
    Trial,
}

impl Charge {
    /// Whether it is recurring revenue.
    pub fn recurs(self) -> bool {
        matches!(self, Self::Recurring | Self::CommittedUsage) || broken(Mutant::OneOffRecurs) && self == Self::OneOff
    }
}

/// An item or a subscription that makes no line, or makes one that may be wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Whose it is.
    pub account_id: i64,
    /// The subscription.
    pub subscription_id: i64,
    /// The item; `None` where it is the subscription itself.
    pub item_id: Option<i64>,
    /// What is wrong.
    pub wrong: Wrong,
}

/// What is wrong with an item or a subscription.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Wrong {
    /// It ends before it starts; not counted.
    #[error("ends on {to}, before its start on {from}: not counted until one of the days is corrected")]
    EndBeforeStart {
        /// The first day.
        from: Day,
        /// The end.
        to: Day,
    },
    /// Its term ends before it starts; its items count, and no renewal is due.
    #[error(
        "has a term that ends on {to}, before its start on {from}: no renewal is due until one of the days is corrected"
    )]
    TermEndsBeforeStart {
        /// The first day.
        from: Day,
        /// The end.
        to: Day,
    },
    /// Its currency is none; not counted.
    #[error("is in `{0}`, which is no currency: not counted until it has the three letters of ISO 4217, like EUR")]
    NoCurrency(String),
    /// It has less than nothing; not counted.
    #[error("has a negative quantity or amount: not counted; a refund is a charge of its own kind")]
    Negative,
    /// Its amount has no exact year; not counted.
    #[error("has an amount or a period no annual value can be made of: not counted")]
    NoYear,
    /// It says something else than another item of the same product and days; both are counted.
    #[error("overlaps item {other} of the same product from {from}: both are counted until one of them is ended")]
    Overlap {
        /// The other item.
        other: i64,
        /// First day of both.
        from: Day,
    },
}

impl Subscription {
    /// The day its revenue ends for certain: the end of a cancelled term, or notice served on an open end.
    pub fn ends(&self) -> Option<Day> {
        let cancelled_on = self.cancelled_on?;
        let noticed = cancelled_on.checked_add_days(Days::new(u64::from(self.notice_days)));
        Some(self.to.unwrap_or_else(|| noticed.unwrap_or(Day::MAX)).max(self.from))
    }

    /// First days of the terms it has had or will have through a day, and the renewal each ends with.
    ///
    /// A subscription that renews by itself makes its own successors until it is cancelled.
    pub fn terms(&self, through: Day) -> Vec<(Day, Day)> {
        let Some(first) = self.to.filter(|to| *to > self.from) else {
            return Vec::new();
        };
        let mut terms = vec![(self.from, first)];
        let renews = self.auto_renew && self.cancelled_on.is_none() && self.term_months > 0;
        // Counted from the first end, so that the 31st stays the 31st.
        for n in 1..if renews { u32::MAX } else { 0 } {
            let (begins, ends) =
                (months_after(first, (n - 1) * self.term_months), months_after(first, n * self.term_months));
            if begins > through || ends == Day::MAX {
                break;
            }
            terms.push((begins, ends));
        }
        terms
    }

    /// Appends the lines of its items, and what is wrong with them.
    ///
    /// `renewed` says that another subscription goes on from the end of this one.
    pub(super) fn lines(&self, renewed: bool, lines: &mut Vec<Line>, faults: &mut Vec<Fault>) {
        for (at, item) in self.items.iter().enumerate() {
            let mut complain = |wrong| {
                faults.push(Fault {
                    account_id: self.account_id,
                    subscription_id: self.id,
                    item_id: Some(item.id),
                    wrong,
                });
            };
            if let Some(to) = item.to.filter(|to| *to < item.from) {
                complain(Wrong::EndBeforeStart { from: item.from, to });
            } else if item.is_negative() {
                complain(Wrong::Negative);
            } else if item.charge.recurs() {
                match self.spans(item, renewed) {
                    Some(spans) => {
                        lines.extend(spans.into_iter().map(|(from, to, arr)| self.line(item, arr, from, to)));
                    }
                    None => complain(Wrong::NoYear),
                }
                let other = self.items[..at].iter().find(|other| other.contradicts(item));
                if let Some(other) = other {
                    complain(Wrong::Overlap { other: other.id, from: other.from.max(item.from) });
                }
            }
        }
    }

    fn line(&self, item: &Item, arr: Arr, from: Day, to: Day) -> Line {
        let cut = || Arr(arr.0 / (12 * super::amount::PARTS) * (12 * super::amount::PARTS));
        Line {
            subscription_id: self.id,
            continues_id: self.continues_id,
            product: Arc::clone(&item.product),
            plan: Arc::clone(&item.plan),
            unit: item.unit,
            quantity: item.quantity,
            currency: self.currency,
            arr: if broken(Mutant::WholeTwelfth) { cut() } else { arr },
            from,
            to,
        }
    }

    /// The spans of an item with what each comes to a year: without pauses, divided where what is taken off changes.
    /// `None` where an amount has no exact year.
    fn spans(&self, item: &Item, renewed: bool) -> Option<Vec<(Day, Day, Arr)>> {
        let days = self.days(item, renewed);
        let mut spans: Vec<(Day, Day, Arr)> = Vec::with_capacity(days.len());
        for bounds in days.windows(2) {
            let (from, to) = (bounds[0], bounds[1]);
            if self.is_paused(from) {
                continue;
            }
            let arr = self.net(item, from, renewed)?;
            match spans.last_mut() {
                Some(last) if last.1 == from && last.2 == arr => last.1 = to,
                _ if arr.is_zero() => {}
                _ => spans.push((from, to, arr)),
            }
        }
        Some(spans)
    }

    /// The days between which an item comes to the same: its own first and last, and those on which a pause or a discount
    /// begins or ends, or another item that shares one.
    fn days(&self, item: &Item, renewed: bool) -> Vec<Day> {
        let ends = self.item_end(item, renewed);
        let mut days = vec![item.from, ends];
        days.extend(self.pauses.iter().flat_map(|(on, off)| [*on, off.unwrap_or(Day::MAX)]));
        let shared = self.discounts.iter().any(|discount| matches!(discount.off, Off::Amount(_)));
        let sharers: &[Item] = if shared { &self.items } else { &[] };
        days.extend(sharers.iter().flat_map(|other| [other.from, self.item_end(other, renewed)]));
        let discounts = sharers.iter().chain([item]).filter_map(|item| item.discount.as_ref()).chain(&self.discounts);
        days.extend(discounts.flat_map(|discount| [discount.from, discount.until.unwrap_or(Day::MAX)]));
        days.retain(|day| (item.from..=ends).contains(day));
        days.sort_unstable();
        days.dedup();
        days
    }

    fn is_paused(&self, on: Day) -> bool {
        let holds = |(from, to): &(Day, Option<Day>)| *from <= on && to.is_none_or(|to| on < to);
        self.pauses.iter().any(holds) && !broken(Mutant::PauseIgnored)
    }

    /// What an item comes to a year on a day, net of everything.
    fn net(&self, item: &Item, on: Day, renewed: bool) -> Option<Arr> {
        let own = self.before_shared(item, on)?;
        let off = discount::amounts(&self.discounts, on)?;
        if off.is_zero() {
            return Some(own);
        }
        let (mut before, mut total) = (Arr::ZERO, Arr::ZERO);
        let is_on = |item: &&Item| item.counts() && item.from <= on && on < self.item_end(item, renewed);
        for other in self.items.iter().filter(is_on) {
            if std::ptr::eq(other, item) {
                before = total;
            }
            total += self.before_shared(other, on).unwrap_or_default();
        }
        Some(own - discount::part(off, own, before, total)?)
    }

    /// What an item comes to a year on a day, before the amounts that are taken off all items together.
    fn before_shared(&self, item: &Item, on: Day) -> Option<Arr> {
        let holding = item.discount.iter().chain(&self.discounts).filter(|discount| discount.holds(on));
        let price = holding.fold(item.price, |price, discount| discount.share_off(price));
        let arr = if price.cents == 0 { Arr::ZERO } else { price.arr()? };
        Some((arr - discount::amounts(&item.discount, on)?).max(Arr::ZERO))
    }

    /// Where an item ends: with a cancelled subscription, and not with a term that renews by itself.
    fn item_end(&self, item: &Item, renewed: bool) -> Day {
        let goes_on = self.auto_renew && self.cancelled_on.is_none() && !renewed && self.to.is_some();
        let own = item.to.filter(|to| !(goes_on && Some(*to) == self.to));
        own.unwrap_or(Day::MAX).min(self.ends().unwrap_or(Day::MAX))
    }
}

impl Item {
    /// Whether it is less than nothing, which only a refund may be.
    fn is_negative(&self) -> bool {
        self.quantity < 0 || self.price.cents < 0 && self.charge != Charge::Refund
    }

    /// Whether it makes lines at all.
    fn counts(&self) -> bool {
        self.charge.recurs() && !self.is_negative() && self.to.is_none_or(|to| self.from <= to)
    }

    /// Whether both say something about the same product on the same days.
    fn contradicts(&self, other: &Self) -> bool {
        let ends = |item: &Self| item.to.unwrap_or(Day::MAX);
        self.charge.recurs()
            && (&self.product, &self.plan, self.unit) == (&other.product, &other.plan, other.unit)
            && self.from < ends(other)
            && other.from < ends(self)
    }

    /// What is charged once and is no recurring revenue, in minor units; refunds are negative.
    pub fn once_cents(&self) -> Option<i64> {
        match self.charge {
            Charge::OneOff | Charge::Usage => Some(self.price.cents),
            Charge::Refund => Some(-self.price.cents.abs()),
            Charge::Recurring | Charge::CommittedUsage | Charge::Trial => None,
        }
    }
}

impl Price {
    /// A price a month.
    pub fn monthly(cents: i64) -> Self {
        Self { cents, per: Per::Months(1) }
    }

    /// A price a year.
    pub fn yearly(cents: i64) -> Self {
        Self { cents, per: Per::Months(12) }
    }
}
