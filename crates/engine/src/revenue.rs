//! The ledger of a book: contracts as the store knows them, as `domain::revenue` reads them. The arithmetic is there and
//! nowhere else; here is which record means what, and the [`report`] that the page, the API and the command line print.
//!
//! A record of which only a later version is known, or an item whose contract is not known on the instant that was asked,
//! still counts: an item is enough to recur. What cannot be read, as a currency that is none, is a fault of its account's
//! ledger and never left out in silence. In which currency a book is read is in [`conventions`].

pub mod cohort;
pub mod conventions;
pub mod due;
pub mod explain;
pub mod left_out;
pub mod per_csm;
pub mod report;
pub mod segments;
pub mod source;
mod steps;
pub mod subject;

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use domain::{
    Day, Instant,
    revenue::{
        AccountLedger, Charge, Currency, Discount, Fault, Item, Ledger, Line, Off, Per, Price, Rates, Statement,
        Subscription, Unit, Wrong,
    },
};
use store::{Reading, StoreError, SubscriptionItem, subscription_item};

use crate::book::{Book, Row};
pub use steps::Steps;
pub(crate) use steps::steps;

/// The ledgers of accounts, by account id.
pub type Ledgers = BTreeMap<i64, Arc<AccountLedger>>;

/// Reads the ledger of every account that has a contract; `from` is the source whose contracts count where several speak
/// of one account. With them comes the day on which anything was last said of contracts.
pub(crate) async fn read(facts: &Reading<'_>, from: Option<i64>) -> Result<(Ledgers, Day), StoreError> {
    let (subscriptions, items) = (facts.all().await?, facts.all().await?);
    Ok((ledgers(&subscriptions, &items, from), last_said(&subscriptions, &items)))
}

/// The day on which anything was last said of contracts: a day of today's book that needs no clock.
pub(crate) fn last_said(subscriptions: &[store::Subscription], items: &[SubscriptionItem]) -> Day {
    let contracts = subscriptions.iter().map(|contract| contract.recorded_at);
    contracts.chain(items.iter().map(|item| item.recorded_at)).max().map_or(Day::MIN, |at| at.date_naive())
}

/// The ledger of every account that has a contract; `from` is the source whose contracts count where several speak of one
/// account, and without one all of them do.
pub fn ledgers(
    subscriptions: &[store::Subscription],
    subscription_items: &[SubscriptionItem],
    from: Option<i64>,
) -> Ledgers {
    let mut items: HashMap<i64, Vec<&SubscriptionItem>> = HashMap::new();
    for item in subscription_items {
        items.entry(item.subscription_id).or_default().push(item);
    }
    let mut accounts: BTreeMap<i64, Contracts> = BTreeMap::new();
    for record in subscriptions {
        let items = items.remove(&record.id).unwrap_or_default();
        let said_at = items.iter().map(|item| item.recorded_at).fold(record.recorded_at, Instant::max);
        let word = Some(Word { source_id: record.source_id, said_at });
        accounts.entry(record.account_id).or_default().take(subscription(record, &items), word);
    }
    for (id, items) in items {
        if let Some(first) = items.first() {
            accounts.entry(first.account_id).or_default().take(bare(id, first, &items), None);
        }
    }
    accounts.into_iter().map(|(id, contracts)| (id, Arc::new(contracts.ledger(id, from)))).collect()
}

/// The ledger of some rows of a book. Siblings outside of it still count where a contract moved.
pub fn ledger(book: &Book, keep: impl Fn(&Row) -> bool) -> Ledger {
    book.ledger().only(|id| book.row(id).is_some_and(|row| keep(row)))
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

/// The contracts of one account as they are read.
#[derive(Debug, Default)]
struct Contracts {
    read: Vec<(Option<Word>, Subscription)>,
    faults: Vec<Fault>,
}

/// Whose word a contract is, and when it was last changed.
#[derive(Debug, Clone, Copy)]
struct Word {
    source_id: Option<i64>,
    said_at: Instant,
}

impl Contracts {
    fn take(&mut self, read: Result<Subscription, Fault>, word: Option<Word>) {
        match read {
            Ok(subscription) => self.read.push((word, subscription)),
            Err(fault) => self.faults.push(fault),
        }
    }

    fn ledger(self, account_id: i64, from: Option<i64>) -> AccountLedger {
        let mut words: Vec<Word> = Vec::new();
        for word in self.read.iter().filter_map(|(word, _)| *word) {
            match words.iter_mut().find(|known| known.source_id == word.source_id) {
                Some(known) => known.said_at = known.said_at.max(word.said_at),
                None => words.push(word),
            }
        }
        let all = |read: Vec<(Option<Word>, Subscription)>| read.into_iter().map(|(_, it)| it).collect();
        if words.len() < 2 {
            return AccountLedger::new(account_id, all(self.read)).with_faults(self.faults);
        }
        let of = |word: &Word| {
            let own = self.read.iter().filter(|(its, _)| its.is_some_and(|its| its.source_id == word.source_id));
            AccountLedger::new(account_id, own.map(|(_, subscription)| subscription.clone()).collect()).lines
        };
        let said = words.iter().map(|word| (*word, of(word)));
        // A source that never spoke of recurring revenue contradicts nobody.
        let said: Vec<(Word, Vec<Line>)> = said.filter(|(_, lines)| !lines.is_empty()).collect();
        let chosen = from.filter(|from| said.len() > 1 && said.iter().any(|(word, _)| word.source_id == Some(*from)));
        let counts = |word: &Word| chosen.is_none() || chosen == word.source_id;
        let statement = |(word, lines): (Word, Vec<Line>)| Statement {
            source_id: word.source_id,
            counts: counts(&word),
            said_at: word.said_at,
            lines,
        };
        let counted = self.read.into_iter().filter(|(word, _)| word.as_ref().is_none_or(counts)).collect();
        let statements = if said.len() > 1 { said.into_iter().map(statement).collect() } else { Vec::new() };
        AccountLedger::new(account_id, all(counted)).with_faults(self.faults).with_statements(statements)
    }
}

/// No rates: only what is sold in a currency itself.
pub static NO_RATES: Rates = Rates::none();

/// The currency of a contract, or why it is none.
fn currency(account_id: i64, subscription_id: i64, code: &str) -> Result<Currency, Fault> {
    let wrong = Wrong::NoCurrency(code.to_owned());
    code.parse().map_err(|_| Fault { account_id, subscription_id, item_id: None, wrong })
}

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

/// A contract with its items, or what is wrong with it.
fn subscription(record: &store::Subscription, items: &[&SubscriptionItem]) -> Result<Subscription, Fault> {
    Ok(Subscription {
        id: record.id,
        account_id: record.account_id,
        continues_id: record.continues_id,
        currency: currency(record.account_id, record.id, &record.currency)?,
        from: record.effective_from,
        to: record.effective_to,
        term_months: record.period_months.max(0) as u32,
        notice_days: record.notice_days.max(0) as u32,
        auto_renew: record.auto_renew,
        signed_on: record.signed_on.unwrap_or(record.effective_from),
        cancelled_on: record.cancelled_on,
        pauses: pauses(record),
        discounts: record.discounts.0.iter().flat_map(|discount| off_the_whole(record, discount)).collect(),
        items: items.iter().map(|record| item(record)).collect(),
    })
}

/// Items of a contract that is not known, or what is wrong with them.
fn bare(id: i64, first: &SubscriptionItem, items: &[&SubscriptionItem]) -> Result<Subscription, Fault> {
    let from = items.iter().map(|item| item.effective_from).min().unwrap_or(first.effective_from);
    Ok(Subscription {
        id,
        account_id: first.account_id,
        continues_id: None,
        currency: currency(first.account_id, id, &first.currency)?,
        from,
        to: None,
        term_months: 0,
        notice_days: 0,
        auto_renew: false,
        signed_on: from,
        cancelled_on: None,
        pauses: Vec::new(),
        discounts: Vec::new(),
        items: items.iter().map(|record| item(record)).collect(),
    })
}

fn pauses(record: &store::Subscription) -> Vec<(Day, Option<Day>)> {
    let earlier = record.earlier_pauses.0.iter().map(|(on, off)| (*on, Some(*off)));
    earlier.chain(record.paused_on.map(|on| (on, record.resumes_on))).collect()
}

/// A discount of a whole contract, its share and its amount apart.
fn off_the_whole(
    record: &store::Subscription,
    discount: &store::subscription::Discount,
) -> impl Iterator<Item = Discount> {
    let months = discount.period_months.unwrap_or(record.period_months);
    let amount = Price { cents: discount.cents, per: Per::Months(months.max(0) as u32) };
    let (from, until) = (discount.from.unwrap_or(Day::MIN), discount.until);
    let held = move |off| Discount { off, from, until };
    let share = (discount.basis_points > 0).then_some(Off::Share(discount.basis_points.max(0) as u32));
    share.into_iter().chain((discount.cents > 0).then_some(Off::Amount(amount))).map(held)
}

fn item(record: &SubscriptionItem) -> Item {
    let price = Price { cents: record.amount_cents, per: Per::Months(record.period_months.max(0) as u32) };
    let off = match (record.discount_bp, record.discount_cents) {
        (1.., _) => Some(Off::Share(record.discount_bp as u32)),
        (_, cents @ 1..) => Some(Off::Amount(Price { cents, ..price })),
        _ => None,
    };
    let discount = off.map(|off| Discount { off, from: Day::MIN, until: record.discount_until });
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
        price,
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
