//! How a book's revenue is read: in which currency, at which dated rates, and after how long a return is new. The currency
//! and the window are settings of the installation; rates are facts of their own, so that a figure as known on a day is
//! converted as it was then. A [`Lens`] is a currency with the rates into it, from which the arithmetic takes its view.
//!
//! Absent: fetching rates from somewhere, and crossing two of them; both would put a figure into a report that nobody gave.

use domain::{
    Day, Instant,
    revenue::{Currency, Exchange, Ledger, Rate, Rates, View},
};
use futures::future::BoxFuture;
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::{
    ExchangeRate, Store, StoreError,
    change::{self, NewChange},
    exchange_rate,
    record::Saved,
    setting,
};

use super::{Ledgers, main_currency};
use crate::{Engine, EngineError, refresh};

/// The setting that holds the currency and the window.
const SETTING: &str = "revenue.conventions";

/// How revenue is read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Conventions {
    /// What people set.
    pub set: Set,
    /// Dated rates.
    pub exchange: Exchange,
}

/// What people set.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Set {
    /// The currency reports are in; without one, that in which most is sold.
    pub currency: Option<Currency>,
    /// Days without revenue after which an account that comes back counts as new; never without one.
    pub reactivation_days: Option<u32>,
    /// The source whose contracts count where several speak of one account; all of them without one.
    pub contracts_from: Option<i64>,
}

/// A currency and the rates into it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lens {
    /// The currency.
    pub currency: Currency,
    pub(super) rates: Rates,
    pub(super) reactivation_days: Option<u32>,
}

impl Lens {
    /// What the arithmetic reads by.
    pub fn view(&self) -> View<'_> {
        View { currency: self.currency, rates: &self.rates, reactivation_days: self.reactivation_days }
    }

    /// The same with other rates, which hold where both say something of a day.
    #[must_use]
    pub fn with_rates(self, rates: Rates) -> Self {
        Self { rates: self.rates.or(rates), ..self }
    }
}

impl Conventions {
    /// What is known, or was known on an instant. Settings have no past.
    pub fn load(store: &Store, known_on: Option<Instant>) -> BoxFuture<'_, Result<Self, StoreError>> {
        Box::pin(async move {
            let set = setting::find(store.read(), SETTING).await?;
            let set = set.and_then(|set| serde_json::from_value(set).ok()).unwrap_or_default();
            let mut exchange = Exchange::default();
            for each in exchange_rate::known(store.read(), known_on).await? {
                let rate = each.rate_nanos.and_then(Rate::from_nanos);
                if let (Ok(currency), Ok(into), Some(rate)) = (each.currency.parse(), each.into_currency.parse(), rate)
                {
                    exchange.insert(currency, into, each.effective_on, rate);
                }
            }
            Ok(Self { set, exchange })
        })
    }

    /// The currency that was set, with the rates into it; else that in which most of a ledger is sold on a day.
    pub fn lens(&self, ledger: &Ledger, day: Day) -> Lens {
        self.lens_into(self.set.currency.unwrap_or_else(|| main_currency(ledger, day)))
    }

    /// The same of accounts that are not in a ledger yet.
    pub(crate) fn lens_of(&self, ledgers: &Ledgers, day: Day) -> Lens {
        match self.set.currency {
            Some(currency) => self.lens_into(currency),
            None => self.lens(&ledgers.values().cloned().collect(), day),
        }
    }

    /// A currency with the rates into it.
    pub fn lens_into(&self, currency: Currency) -> Lens {
        let rates = self.exchange.rates_into(currency);
        Lens { currency, rates, reactivation_days: self.set.reactivation_days }
    }
}

/// Keeps what people set, and reads the book anew by it.
pub async fn set(engine: &Engine, actor: &str, set: Set) -> Result<(), EngineError> {
    let (value, now) = (json!(set), engine.now());
    engine
        .store()
        .write(async |tx| -> Result<(), StoreError> {
            setting::put(tx, SETTING, value.clone()).await?;
            change::record(tx, noted(actor, "revenue.conventions", value.clone()), now).await?;
            Ok(())
        })
        .await?;
    // Whose contracts count is in every row; the rest is in how rows are read.
    if engine.book().conventions.set.contracts_from == set.contracts_from {
        refresh::conventions(engine).await
    } else {
        refresh::all(engine).await
    }
}

/// Adds a rate, or takes one back, and reads the book anew by it.
pub async fn add(engine: &Engine, actor: &str, rate: ExchangeRate) -> Result<Saved, EngineError> {
    let detail = json!({
        "currency": rate.currency, "into": rate.into_currency, "from": rate.effective_on, "rate_nanos": rate.rate_nanos,
    });
    let now = engine.now();
    let saved = engine
        .store()
        .write(async |tx| -> Result<Vec<Saved>, StoreError> {
            change::record(tx, noted(actor, "exchange_rate.said", detail.clone()), now).await?;
            exchange_rate::add(tx, vec![rate.clone()]).await
        })
        .await?;
    refresh::conventions(engine).await?;
    Ok(saved.first().copied().unwrap_or(Saved::Unchanged))
}

fn noted(actor: &str, kind: &str, detail: serde_json::Value) -> NewChange {
    NewChange { actor: actor.to_owned(), account_id: None, kind: kind.to_owned(), subject_id: None, detail }
}
