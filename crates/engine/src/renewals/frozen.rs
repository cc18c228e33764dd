//! Forecasts as they stood when a month closed, and how good they were. A person's is read as it was known at the close;
//! the model's is asked of what had been learned by then, from readings of that day. Both are written once, so that what
//! was said of a renewal cannot be mended after it was decided.
//!
//! It runs in the background and finds by looking which closes are missing, so a server that slept through one catches
//! up. A close whose month end nobody has read keeps people's forecasts only.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use domain::{
    Day,
    access::RowFilter,
    renewal::{self, Accuracy, Lead, Verdict},
    revenue::{Ledger, Outcome, Renewal, Sensitivity, Span, month_of, months_before},
    time::{days_after, days_before, end_of},
};
use serde_json::json;
use store::{
    RenewalForecast, record,
    renewal_forecast::{self, MACHINE},
    setting,
};

use super::{Due, expected};
use crate::{
    Engine, EngineError, lifetime,
    revenue::{conventions::Conventions, source},
    snapshot::{Ask, Basis},
};

/// The setting that remembers the last close.
const CLOSED: &str = "renewals.closed_on";
/// Months that a first close reaches back.
const MONTHS: u32 = 12;
/// Days ahead of a close that are frozen.
const AHEAD: u64 = 365;

/// How good forecasts were, by forecaster and lead.
pub type AccuracyTable = BTreeMap<(String, Lead), Accuracy>;

/// Freezes every month that has closed since the last time.
pub(crate) async fn freeze(engine: &Engine) -> Result<(), EngineError> {
    let today = engine.today();
    let last = setting::find(engine.store().read(), CLOSED).await?.and_then(|day| serde_json::from_value(day).ok());
    let closes = (0..MONTHS).rev().map(|months| days_before(month_of(months_before(today, months)).0, 1));
    let missing: Vec<Day> = closes.filter(|close| last.is_none_or(|last: Day| *close > last)).collect();
    // The model of a close is learned in the background; before that there is nothing to freeze.
    if missing.is_empty() || engine.lifetime().is_none_or(|model| model.as_of < today) {
        return Ok(());
    }
    let basis = Basis::load(engine.store(), engine.lake(), Ask::default()).await?;
    for close in missing {
        if engine.workers().stop.is_cancelled() {
            break;
        }
        let chances = lifetime::chances(engine, &basis, close).await?;
        let ledger = source::known(engine.store(), Some(end_of(close))).await?;
        let rows = forecasts(engine, &ledger, &chances, close).await?;
        engine
            .store()
            .write(async |tx| -> Result<(), EngineError> {
                record::insert_many(tx, rows.clone()).await?;
                Ok(setting::put(tx, CLOSED, json!(close)).await?)
            })
            .await?;
    }
    Ok(())
}

/// What people and the model said of every renewal that was open at a close, as the contracts were known then.
async fn forecasts(
    engine: &Engine,
    ledger: &Ledger,
    chances: &HashMap<i64, Arc<lifetime::Forecast>>,
    close: Day,
) -> Result<Vec<RenewalForecast>, EngineError> {
    let lens = Conventions::load(engine.store(), Some(end_of(close))).await?.lens(ledger, close);
    let (currency, view) = (lens.currency, lens.view());
    let span = Span { after: close, through: days_after(close, AHEAD) };
    let mut open = ledger.renewals(span, close, Sensitivity::default(), &view);
    open.retain(|renewal| renewal.outcome == Outcome::Open && renewal.rated);
    let said: Vec<store::Renewal> = record::load(engine.store().read(), Some(end_of(close)), None).await?;
    let said: HashMap<(i64, Day), store::Renewal> =
        said.into_iter().map(|said| ((said.subscription_id, said.due_on), said)).collect();
    let frozen_at = engine.now();
    let row = |renewal: &Renewal, forecaster: String, category, forecast_cents| RenewalForecast {
        id: 0,
        closed_on: close,
        account_id: renewal.account_id,
        subscription_id: renewal.subscription_id,
        due_on: renewal.due,
        forecaster,
        category,
        currency: currency.to_string(),
        due_cents: renewal.arr.cents(),
        forecast_cents,
        frozen_at,
    };
    let mut rows = Vec::new();
    for renewal in &open {
        if let Some(said) = said.get(&(renewal.subscription_id, renewal.due))
            && let (Some(cents), Some(member)) = (said.forecast_cents, said.member_id)
        {
            rows.push(row(renewal, format!("member:{member}"), said.category, cents));
        }
        let chance = chances.get(&renewal.account_id).and_then(|forecast| forecast.survival_on(close, renewal.due));
        if let Some(chance) = chance {
            rows.push(row(renewal, MACHINE.to_owned(), None, expected(renewal.arr, chance)));
        }
    }
    Ok(rows)
}

/// How good the forecasts of renewals were that were decided in the last twelve months, by forecaster and lead; kept with
/// the book until the next close.
pub async fn accuracy(engine: &Engine, filter: &RowFilter) -> Result<Arc<AccuracyTable>, EngineError> {
    let (book, db) = (engine.book(), engine.store().read());
    let kept = &book.derived.standing.accuracy;
    let question = (filter.clone(), renewal_forecast::last(db).await?);
    if let Some(table) = kept.known(&question) {
        return Ok(table);
    }
    let (from, today) = (months_before(book.as_of, MONTHS), book.as_of);
    let due = Due::of(&book, filter, Span { after: from, through: today });
    let decided = due.renewals.iter().filter(|renewal| renewal.outcome != Outcome::Overdue && renewal.rated);
    let came: HashMap<(i64, Day), i64> =
        decided.map(|renewal| ((renewal.subscription_id, renewal.due), renewal.renewed.cents())).collect();
    let verdict = |forecast: RenewalForecast| {
        let actual_cents = *came.get(&(forecast.subscription_id, forecast.due_on))?;
        (forecast.currency == due.currency.as_str()).then(|| Verdict {
            lead_days: (forecast.due_on - forecast.closed_on).num_days(),
            due_cents: forecast.due_cents,
            forecast_cents: forecast.forecast_cents,
            forecaster: forecast.forecaster,
            actual_cents,
        })
    };
    let frozen = renewal_forecast::due_between(db, from, today).await?;
    Ok(kept.keep(question, renewal::accuracy(frozen.into_iter().filter_map(verdict))))
}
