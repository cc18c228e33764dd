//! Random books with every feature of the ledger, as plain numbers that proptest can shrink.

use proptest::{collection::vec, option, prelude::*};

use super::*;
use crate::time::days_after;

/// The first day of every book; spans of the tests lie after it.
pub(super) const START: &str = "2024-01-01";

/// A book to be.
#[derive(Debug, Clone)]
pub(super) struct Sketch {
    subscriptions: Vec<Draft>,
    rates: Vec<(u32, u32)>,
}

#[derive(Debug, Clone)]
struct Draft {
    account: i64,
    euro: bool,
    from: u32,
    months: Option<u32>,
    auto_renew: bool,
    cancelled: Option<u32>,
    pause: Option<(u32, u32)>,
    moves_to: Option<(i64, u32)>,
    rebate: Option<Rebate>,
    items: Vec<ItemDraft>,
}

/// What is taken off the whole: basis points up to 10,000 and cents beyond them, the first day, and for how long.
type Rebate = (u32, u32, Option<u32>);

type ItemDraft = (u8, u8, i64, i64, u8, Option<(u32, Option<u32>)>, Option<(u32, i64, i64)>);

pub(super) fn books() -> impl Strategy<Value = Sketch> {
    let item = (
        0_u8..4,                                                        // product and unit
        0_u8..8,                                                        // charge
        1_i64..40,                                                      // quantity
        0_i64..90_000,                                                  // price
        0_u8..6,                                                        // period
        option::weighted(0.3, (0_u32..40_001, option::of(1_u32..400))), // discount
        option::weighted(0.5, (1_u32..500, 0_i64..60, 0_i64..90_000)),  // amendment
    );
    let subscription = (
        (1_i64..5, prop::bool::weighted(0.3), 0_u32..500, option::weighted(0.7, 1_u32..25), any::<bool>()),
        option::weighted(0.4, 0_u32..700),
        option::weighted(0.3, (0_u32..400, 1_u32..200)),
        option::weighted(0.3, (1_i64..5, 1_u32..400)),
        option::weighted(0.3, (0_u32..90_001, 0_u32..300, option::of(1_u32..400))),
        vec(item, 1..3),
    );
    let subscription = subscription.prop_map(
        |((account, euro, from, months, auto_renew), cancelled, pause, moves_to, rebate, items)| Draft {
            account,
            euro,
            from,
            months,
            auto_renew,
            cancelled,
            pause,
            moves_to,
            rebate,
            items,
        },
    );
    (vec(subscription, 0..6), vec((1_u32..400, 500_u32..2_000), 0..4))
        .prop_map(|(subscriptions, rates)| Sketch { subscriptions, rates })
}

/// A day of a book by its number.
pub(super) fn nth(n: u32) -> Day {
    days_after(day(START), u64::from(n))
}

fn euro() -> Currency {
    "EUR".parse().unwrap()
}

impl Sketch {
    /// Rates from the first day on, so that everything converts.
    pub(super) fn rates(&self) -> Rates {
        let mut rates = Rates::default();
        rates.insert(euro(), nth(0), "1.0843".parse().unwrap());
        for (from, thousandths) in &self.rates {
            rates.insert(
                euro(),
                nth(*from),
                format!("{}.{:03}", thousandths / 1000, thousandths % 1000).parse().unwrap(),
            );
        }
        rates
    }

    /// Every subscription, with the continuation at the sibling of those that move.
    pub(super) fn subscriptions(&self) -> Vec<Subscription> {
        let drafts = self.subscriptions.iter().enumerate();
        drafts.flat_map(|(at, draft)| draft.subscriptions(10 * at as i64 + 1)).collect()
    }
}

/// The ledger of subscriptions.
pub(super) fn ledger(subscriptions: &[Subscription]) -> Ledger {
    let of = |id: i64| subscriptions.iter().filter(|subscription| subscription.account_id == id).cloned().collect();
    (1..5).map(|id| std::sync::Arc::new(AccountLedger::new(id, of(id)))).collect()
}

impl Draft {
    fn subscriptions(&self, id: i64) -> Vec<Subscription> {
        let from = nth(self.from);
        let subscription = Subscription {
            id,
            account_id: self.account,
            // A sibling of its own, so that a subscription starting where another ends is no successor by chance.
            continues_id: Some(-id),
            currency: if self.euro { euro() } else { usd() },
            from,
            to: self.months.map(|months| months_after(from, months)),
            term_months: self.months.unwrap_or(12),
            notice_days: 30,
            auto_renew: self.auto_renew,
            signed_on: from,
            cancelled_on: self.cancelled.map(|days| days_after(from, u64::from(days))),
            pauses: self.pause.map(|(on, days)| self.pause(on, days)).into_iter().collect(),
            discounts: self.rebate.map(|rebate| self.rebate(rebate)).into_iter().collect(),
            items: self.items.iter().enumerate().flat_map(|(at, item)| items(id + at as i64, from, item)).collect(),
        };
        let Some((to_account, after)) = self.moves_to.filter(|(to_account, _)| *to_account != self.account) else {
            return vec![subscription];
        };
        // The subscription ends for all its items on the day the sibling takes them over.
        let on = days_after(from, u64::from(after));
        let cut = |item: &Item| Item { to: Some(item.to.unwrap_or(Day::MAX).min(on)), ..item.clone() };
        let taken = |item: &Item| Item { from: item.from.max(on), ..item.clone() };
        let live = |item: &Item| item.to.is_none_or(|to| item.from < to);
        let handed = Subscription {
            auto_renew: false,
            items: subscription.items.iter().map(cut).filter(live).collect(),
            ..subscription.clone()
        };
        let taken = Subscription {
            id: id + 5,
            account_id: to_account,
            continues_id: Some(id),
            items: subscription.items.iter().map(taken).filter(live).collect(),
            ..subscription
        };
        vec![handed, taken]
    }

    fn pause(&self, on: u32, days: u32) -> (Day, Option<Day>) {
        let on = nth(self.from + on);
        (on, (days < 180).then(|| days_after(on, u64::from(days))))
    }

    fn rebate(&self, (number, after, lasts): Rebate) -> Discount {
        let from = nth(self.from + after);
        let until = lasts.map(|days| days_after(from, u64::from(days)));
        Discount { off: off(number, Per::Months(1)), from, until }
    }
}

/// A share up to the whole, an amount each period beyond.
fn off(number: u32, per: Per) -> Off {
    match number.checked_sub(10_001) {
        None => Off::Share(number),
        Some(cents) => Off::Amount(Price { cents: i64::from(cents), per }),
    }
}

fn items(id: i64, from: Day, draft: &ItemDraft) -> Vec<Item> {
    let (product, charge, quantity, cents, period, discount, amendment) = draft;
    let per = match period {
        0 | 1 => Per::Months(1),
        2 => Per::Months(12),
        3 => Per::Months(7),
        4 => Per::Days(7),
        _ => Per::Days(1),
    };
    let first = Item {
        id,
        product: format!("P{product}").into(),
        plan: "standard".into(),
        unit: [Unit::Seat, Unit::Flat, Unit::UseCase, Unit::Organisation][usize::from(*product)],
        quantity: *quantity,
        price: Price { cents: *cents, per },
        discount: discount.map(|(number, until)| Discount {
            off: off(number, per),
            from: Day::MIN,
            until: until.map(|days| days_after(from, u64::from(days))),
        }),
        charge: match charge {
            0 => Charge::OneOff,
            1 => Charge::Usage,
            2 => Charge::Refund,
            3 => Charge::CommittedUsage,
            _ => Charge::Recurring,
        },
        from,
        to: None,
    };
    let Some((after, quantity, cents)) = *amendment else {
        return vec![first];
    };
    // An amendment in mid-term: another item from the day on, for nothing where the product was dropped.
    let on = days_after(from, u64::from(after));
    let price = if quantity == 0 { 0 } else { cents };
    let amended = Item { quantity, price: Price { cents: price, per }, from: on, ..first.clone() };
    vec![Item { to: Some(on), ..first }, amended]
}
