//! When things are learned and where they are kept. Month ends are read once; a model is learned for every month end
//! and for today, and stored, so that a restart shows values at once and a past day is judged by what was known then.
//! All of it is found missing by looking, resumes where it ended, and never happens on the path of a request.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use domain::{Day, Instant};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use store::{LifetimeModel, LifetimeReading, Store, health_day, lifetime_model, lifetime_reading};

use super::{
    Appraiser, Forecast, Model, Standing,
    learn::{self, Past, month_ends},
    read,
};
use crate::{
    Book, Definitions, Engine, EngineError, Row,
    refresh::{self, health_day as health_of},
    snapshot::{Ask, Basis},
};

/// The newest model that knows nothing later than a day and, where that is asked, was computed before an instant.
/// `None` where nothing had been learned by then.
pub async fn vintage(
    store: &Store,
    definitions: &Definitions,
    day: Day,
    known_on: Option<Instant>,
) -> Result<Option<Arc<Model>>, EngineError> {
    let kept = lifetime_model::newest(store.read(), &definitions.lifetime.fingerprint, day, known_on).await?;
    // What an older version kept in another shape is learned again.
    Ok(kept.and_then(|kept| serde_json::from_value(kept.content).ok()).map(Arc::new))
}

/// Reads every month end that was not read yet and learns every model that is missing, today's first.
pub async fn bring_up_to_date(engine: &Engine) -> Result<(), EngineError> {
    let _turn = engine.learning().await;
    read_months(engine).await?;
    learn_models(engine).await
}

/// The same where today has no model yet, or much more is known than when it was learned, and nobody is at it already.
pub(crate) async fn keep_fresh(engine: &Engine) -> Result<(), EngineError> {
    let extent = Extent::of(&engine.book(), engine.today());
    let fresh = engine.lifetime().is_some_and(|it| it.as_of >= engine.today() && !extent.outgrew(&it.extent));
    let Some(_turn) = engine.try_learning().filter(|_| !fresh) else { return Ok(()) };
    read_months(engine).await?;
    learn_models(engine).await
}

/// How much a book knew about a day: what was read from less is read again.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extent {
    accounts: usize,
    paying: usize,
    buyers: usize,
    kinds: Vec<String>,
}

impl Extent {
    fn of(book: &Book, day: Day) -> Self {
        let rows = || book.rows().iter().filter(|row| row.account.customer_from.is_none_or(|from| from <= day));
        Self {
            accounts: rows().count(),
            paying: rows().filter(|row| row.steps.first_paid().is_some_and(|first| first <= day)).count(),
            buyers: rows().filter(|row| row.lifetime.standing == Standing::Buyer).count(),
            kinds: book.present.iter().map(|kind| (*kind).to_owned()).collect(),
        }
    }

    /// Whether facts of a new kind, or a twentieth more accounts, are known by now.
    fn outgrew(&self, then: &Self) -> bool {
        let more = |now: usize, then: usize| now.abs_diff(then) * 20 > then;
        self.kinds != then.kinds
            || more(self.accounts, then.accounts)
            || more(self.paying, then.paying)
            || more(self.buyers, then.buyers)
    }
}

fn stopped(engine: &Engine) -> bool {
    engine.workers().stop.is_cancelled()
}

async fn read_months(engine: &Engine) -> Result<(), EngineError> {
    let (definitions, today) = (engine.definitions(), engine.today());
    let lifetime = &definitions.lifetime;
    let book = engine.book();
    let Some(oldest) = book.rows().iter().filter_map(|row| row.account.customer_from).min() else { return Ok(()) };
    let kept = lifetime_reading::days(engine.store().read(), &lifetime.fingerprint).await?;
    let still_holds = |(day, extent): (Day, Value)| {
        let then: Extent = serde_json::from_value(extent).unwrap_or_default();
        (!Extent::of(&book, day).outgrew(&then)).then_some(day)
    };
    let known: HashSet<Day> = kept.into_iter().filter_map(still_holds).collect();
    let ends = month_ends(today, lifetime.contract.history_months);
    let missing: Vec<Day> = ends.filter(|end| *end >= oldest && *end < today && !known.contains(end)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let basis = Basis::load(engine.store(), engine.lake(), Ask::default()).await?;
    let healthy: HashSet<Day> = health_day::days(engine.store().read()).await?.into_iter().collect();
    for day in missing {
        if stopped(engine) {
            break;
        }
        let past = basis.book(definitions, day, engine.now()).await?;
        let active: Vec<&Row> = past.rows().iter().filter(|row| row.active).map(|row| &**row).collect();
        let readings = read(definitions, &active, day)?;
        let readings: Vec<_> = active.iter().map(|row| row.account.id).zip(readings).collect();
        // The book of a month end also has the health that charts will ask for.
        let health =
            if healthy.contains(&day) { Vec::new() } else { active.iter().map(|row| health_of(&past, row)).collect() };
        let kept = LifetimeReading {
            day,
            definition: lifetime.fingerprint.clone(),
            extent: json!(Extent::of(&book, day)),
            content: learn::packed(&readings),
            computed_at: engine.now(),
        };
        engine
            .store()
            .write(async |tx| -> Result<(), EngineError> {
                health_day::put(tx, health).await?;
                // What was learned without it does not know it.
                lifetime_model::forget_from(tx, day).await?;
                Ok(lifetime_reading::put(tx, kept).await?)
            })
            .await?;
    }
    Ok(())
}

/// The readings of past month ends that are kept.
pub(crate) async fn past(engine: &Engine) -> Result<Past, EngineError> {
    let lifetime = &engine.definitions().lifetime;
    let mut past = Past::default();
    for kept in lifetime_reading::until(engine.store().read(), &lifetime.fingerprint, engine.today()).await? {
        past.add(kept.day, kept.content, lifetime.contract.drivers.len());
    }
    Ok(past)
}

async fn learn_models(engine: &Engine) -> Result<(), EngineError> {
    let (definitions, today) = (engine.definitions(), engine.today());
    let (lifetime, db) = (&definitions.lifetime, engine.store().read());
    let known = lifetime_model::days(db, &lifetime.fingerprint).await?;
    let extent = Extent::of(&engine.book(), today);
    let stale_today = engine.lifetime().is_none_or(|model| extent.outgrew(&model.extent));
    let past = past(engine).await?;
    let ends: Vec<Day> = past.days().rev().collect();
    let missing: Vec<Day> = std::iter::once(today)
        .chain(ends.iter().copied().filter(|end| *end < today))
        .filter(|day| known.binary_search(day).is_err() || (*day == today && stale_today))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let basis = Arc::new(Basis::load(engine.store(), engine.lake(), Ask::default()).await?);
    let past = Arc::new(past);
    for day in missing {
        if stopped(engine) {
            break;
        }
        let extent = Extent::of(&engine.book(), day);
        let model = Model { extent, ..learn_one(engine, &basis, &past, day).await? };
        put(engine, &model).await?;
        if day == today {
            engine.set_lifetime(model);
            refresh::all(engine).await?;
        }
    }
    // Models of days that were today once and are no month end have had their day.
    let stale: Vec<Day> = known.into_iter().filter(|day| *day < today && !ends.contains(day)).collect();
    engine.store().write(async |tx| lifetime_model::forget(tx, &stale).await).await?;
    Ok(())
}

async fn learn_one(engine: &Engine, basis: &Arc<Basis>, past: &Arc<Past>, day: Day) -> Result<Model, EngineError> {
    let (definitions, today, book) = (Arc::clone(engine.definitions()), engine.today(), engine.book());
    let (basis, past) = (Arc::clone(basis), Arc::clone(past));
    let learned = tokio::task::spawn_blocking(move || -> Result<Model, EngineError> {
        let bought = basis.bought(day);
        let subjects = basis.subjects(&bought);
        let now = if day == today {
            let rows: Vec<&Row> = book.rows().iter().map(|row| &**row).collect();
            let readings = read(&definitions, &rows, day)?;
            book.rows().iter().map(|row| row.account.id).zip(readings).collect()
        } else {
            past.day(day).cloned().unwrap_or_default()
        };
        Ok(learn::model(&definitions.lifetime, &subjects, &past, &now, day, day == today))
    });
    learned.await?
}

/// What the model of a day expected of each account; nothing where the day was never learned or read.
pub(crate) async fn chances(
    engine: &Engine,
    basis: &Basis,
    day: Day,
) -> Result<HashMap<i64, Arc<Forecast>>, EngineError> {
    let (definitions, store) = (engine.definitions(), engine.store());
    let definition = &definitions.lifetime;
    let model = vintage(store, definitions, day, None).await?.filter(|model| model.as_of == day);
    let kept = lifetime_reading::of_day(store.read(), &definition.fingerprint, day).await?;
    let (Some(model), Some(kept)) = (model, kept) else { return Ok(HashMap::new()) };
    let mut past = Past::default();
    past.add(day, kept.content, definition.contract.drivers.len());
    let Some(readings) = past.day(day) else { return Ok(HashMap::new()) };
    let bought = basis.bought(day);
    let subjects = basis.subjects(&bought);
    let appraiser = Appraiser { definition, model: Some(&model), day };
    let lifetimes = appraiser.appraise_all(&subjects, |id| readings.get(&id).cloned().unwrap_or_default());
    let known =
        subjects.iter().zip(lifetimes).filter_map(|(subject, lifetime)| Some((subject.account.id, lifetime.forecast?)));
    Ok(known.collect())
}

async fn put(engine: &Engine, model: &Model) -> Result<(), EngineError> {
    let content =
        serde_json::to_value(model).map_err(|source| EngineError::Kept { what: "a lifetime model", source })?;
    let kept =
        LifetimeModel { as_of: model.as_of, definition: model.definition.clone(), content, computed_at: engine.now() };
    engine.store().write(async |tx| lifetime_model::put(tx, kept).await).await?;
    Ok(())
}
