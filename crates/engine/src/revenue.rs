//! The ledger of a book: contracts as the store knows them, as `domain::revenue` reads them. The arithmetic is there and
//! nowhere else; here is which record means what, and the [`report`] that the page, the API and the command line print.
//!
//! A record of which only a later version is known, or an item whose contract is not known on the instant that was asked,
//! still counts: an item is enough to recur. Deliberately absent: exchange rates, which no source brings yet; without one,
//! a currency is reported by itself.

pub mod explain;
pub mod report;
pub mod segments;
pub mod source;
mod steps;

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use domain::{
    Day,
    revenue::{AccountLedger, Charge, Currency, Discount, Item, Ledger, Per, Price, Rates, Subscription, Unit},
};
use store::{Reading, StoreError, SubscriptionItem, subscription_item};

use crate::book::{Book, Row};
pub use steps::Steps;
pub(crate) use steps::steps;

/// The ledgers of accounts, by account id.
pub type Ledgers = BTreeMap<i64, Arc<AccountLedger>>;

/// Reads the ledger of every account that has a contract.
pub(crate) async fn read(facts: &Reading<'_>) -> Result<Ledgers, StoreError> {
    Ok(ledgers(&facts.all().await?, &facts.all().await?))
}

/// The ledger of every account that has a contract.
pub fn ledgers(subscriptions: &[store::Subscription], subscription_items: &[SubscriptionItem]) -> Ledgers {
    let mut items: HashMap<i64, Vec<&SubscriptionItem>> = HashMap::new();
    for item in subscription_items {
        items.entry(item.subscription_id).or_default().push(item);
    }
    let mut accounts: BTreeMap<i64, Vec<Subscription>> = BTreeMap::new();
    for record in subscriptions {
        let items = items.remove(&record.id).unwrap_or_default();
        let subscription = subscription(record, &items);
        accounts.entry(record.account_id).or_default().extend(subscription);
    }
    for (id, items) in items {
        if let Some(first) = items.first() {
            accounts.entry(first.account_id).or_default().extend(bare(id, first, &items));
        }
    }
    let ledger = |(id, subscriptions)| (id, Arc::new(AccountLedger::new(id, subscriptions)));
    accounts.into_iter().map(ledger).collect()
}

/// The ledger of some rows of a book. Siblings outside of it still count where a contract moved.
pub fn ledger(book: &Book, keep: impl Fn(&Row) -> bool) -> Ledger {
    let whole: Ledger = book.rows().iter().map(|row| Arc::clone(&row.revenue)).collect();
    whole.only(|id| book.row(id).is_some_and(|row| keep(row)))
}

/// The currencies of a ledger, the one most is sold in on a day first.
pub fn currencies(ledger: &Ledger, day: Day) -> Vec<Currency> {
    let mut sums: Vec<_> = ledger.currencies(day).into_iter().collect();
    sums.sort_by_key(|(currency, arr)| (std::cmp::Reverse(*arr), *currency));
    sums.into_iter().map(|(currency, _)| currency).collect()
}

/// The currency most is sold in on a day; dollars where nothing is.
pub fn main_currency(ledger: &Ledger, day: Day) -> Currency {
    currencies(ledger, day).first().copied().unwrap_or(Currency::USD)
}

/// A ledger read in one of its currencies, the others left out and named.
pub static NO_RATES: Rates = Rates::none();

/// The word of a unit in tables.
pub(crate) fn unit_word(unit: Unit) -> &'static str {
    match unit {
        Unit::Seat => "seat",
        Unit::Flat => "flat",
        Unit::UseCase => "use_case",
        Unit::Organisation => "organisation",
        Unit::Amount => "amount",
    }
}

/// A contract with its items; `None` where its currency is none.
fn subscription(record: &store::Subscription, items: &[&SubscriptionItem]) -> Option<Subscription> {
    Some(Subscription {
        id: record.id,
        account_id: record.account_id,
        continues_id: record.continues_id,
        currency: record.currency.parse().ok()?,
        from: record.effective_from,
        to: record.effective_to,
        term_months: record.period_months.max(0) as u32,
        notice_days: record.notice_days.max(0) as u32,
        auto_renew: record.auto_renew,
        signed_on: record.signed_on.unwrap_or(record.effective_from),
        cancelled_on: record.cancelled_on,
        pauses: record.paused_on.map(|on| (on, record.resumes_on)).into_iter().collect(),
        items: items.iter().map(|record| item(record)).collect(),
    })
}

/// Items of a contract that is not known.
fn bare(id: i64, first: &SubscriptionItem, items: &[&SubscriptionItem]) -> Option<Subscription> {
    let from = items.iter().map(|item| item.effective_from).min()?;
    Some(Subscription {
        id,
        account_id: first.account_id,
        continues_id: None,
        currency: first.currency.parse().ok()?,
        from,
        to: None,
        term_months: 0,
        notice_days: 0,
        auto_renew: false,
        signed_on: from,
        cancelled_on: None,
        pauses: Vec::new(),
        items: items.iter().map(|record| item(record)).collect(),
    })
}

fn item(record: &SubscriptionItem) -> Item {
    let discount = (record.discount_bp > 0)
        .then_some(Discount { basis_points: record.discount_bp as u32, until: record.discount_until });
    Item {
        id: record.id,
        product: record.product.as_str().into(),
        plan: record.plan.as_str().into(),
        unit: match record.unit {
            subscription_item::Unit::Seat => Unit::Seat,
            subscription_item::Unit::Flat => Unit::Flat,
            subscription_item::Unit::UseCase => Unit::UseCase,
            subscription_item::Unit::Organisation => Unit::Organisation,
        },
        quantity: record.quantity,
        price: Price { cents: record.amount_cents, per: Per::Months(record.period_months.max(0) as u32) },
        discount,
        charge: match record.charge {
            subscription_item::Charge::Recurring => Charge::Recurring,
            subscription_item::Charge::CommittedUsage => Charge::CommittedUsage,
            subscription_item::Charge::Usage => Charge::Usage,
            subscription_item::Charge::OneOff => Charge::OneOff,
            subscription_item::Charge::Refund => Charge::Refund,
            subscription_item::Charge::Trial => Charge::Trial,
        },
        from: record.effective_from,
        to: record.effective_to,
    }
}
