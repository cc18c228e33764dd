//! Exchange rates that members and programs give, and how they say revenue is to be read: the rules that the page and the
//! API share. A rate is text here and an exact decimal behind; a float never stands between. Absent: rates that come in
//! files, which the engine's import judges.

use domain::Day;
use domain::revenue::{Currency, Rate};
use engine::revenue::conventions::{self, Set};
use store::ExchangeRate;

use crate::gate::Access;
use crate::problem::{Answer, Problem};
use crate::state::AppState;

/// The longest window after which a return is new.
const MOST_DAYS: u32 = 3_650;

/// A rate as somebody gives it; without a rate, the day's is taken back.
#[derive(Clone, Copy, Debug)]
pub struct Quote<'a> {
    /// Of which currency.
    pub currency: &'a str,
    /// In which it is told.
    pub into_currency: &'a str,
    /// The first day it holds.
    pub effective_on: Day,
    /// How much one unit is worth.
    pub rate: Option<&'a str>,
}

/// Keeps a rate.
pub async fn quote(app: &AppState, access: &Access, quote: Quote<'_>) -> Answer<ExchangeRate> {
    let of = currency("currency", quote.currency)?;
    let into = currency("into_currency", quote.into_currency)?;
    if of == into {
        return Err(Problem::invalid("into_currency", format!("One {of} is worth one {into}: name two currencies.")));
    }
    let rate = quote.rate.map(str::parse::<Rate>).transpose();
    let rate = rate.map_err(|error| Problem::invalid("rate", format!("{error}.")))?;
    let given = ExchangeRate {
        id: 0,
        currency: of.to_string(),
        into_currency: into.to_string(),
        effective_on: quote.effective_on,
        rate_nanos: rate.map(Rate::nanos),
        source_id: None,
        member_id: access.member_id().ok(),
        recorded_at: app.engine.now(),
    };
    conventions::add(&app.engine, &access.actor.label(), given.clone()).await?;
    Ok(given)
}

/// Keeps how revenue is read.
pub async fn read_by(app: &AppState, access: &Access, set: Set) -> Answer<()> {
    if set.reactivation_days.is_some_and(|days| days > MOST_DAYS) {
        let sentence = format!("Give at most {MOST_DAYS} days, or nothing for a return that is never new.");
        return Err(Problem::invalid("reactivation_days", sentence));
    }
    if let Some(id) = set.contracts_from {
        let known = store::source::all(app.engine.store().read()).await?.iter().any(|source| source.id == id);
        if !known {
            return Err(Problem::invalid("contracts_from", "There is no such source."));
        }
    }
    Ok(conventions::set(&app.engine, &access.actor.label(), set).await?)
}

/// A currency by its code.
pub fn currency(field: &'static str, code: &str) -> Answer<Currency> {
    code.parse().map_err(|error| Problem::invalid(field, format!("{error}.")))
}
