//! Keeping the book fresh. A fact about an account schedules its refresh; what
//! gathered in the meantime is recomputed together, by the code that computes
//! the whole book. A refresh notices a changed band, moves signals, starts
//! playbooks and tells open pages.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use domain::{
    Day,
    revenue::{Currency, month_of, months_before},
    scorecard::Band,
    time::days_before,
};
use futures::future::BoxFuture;
use serde_json::json;
use store::{HealthDay, account_merge, change, health_day};
use tokio::sync::MutexGuard;

use crate::{
    Engine, EngineError, Live, actions,
    book::{Book, Row},
    revenue::conventions::Conventions,
    signals,
    snapshot::{Ask, Basis},
};

/// Weeks a row's trend looks back.
pub const TREND_WEEKS: u64 = 24;

/// Months whose ends a row remembers.
pub const MONTHS: u32 = 12;

/// Recomputes the whole book as of today.
pub fn all(engine: &Engine) -> BoxFuture<'_, Result<(), EngineError>> {
    Box::pin(async move {
        let turn = engine.refreshing().await;
        let ask = Ask { lifetime: engine.lifetime(), ..Ask::default() };
        let basis = Basis::load(engine.store(), engine.lake(), ask).await?;
        whole(engine, &basis, turn).await
    })
}

/// Recomputes the whole book as of today from what was read before, where nothing can have come since.
pub(crate) async fn all_from(engine: &Engine, basis: &Basis) -> Result<(), EngineError> {
    whole(engine, basis, engine.refreshing().await).await
}

async fn whole(engine: &Engine, basis: &Basis, turn: MutexGuard<'_, ()>) -> Result<(), EngineError> {
    let fresh = basis.book(engine.definitions(), engine.today(), engine.now()).await?;
    let rows = settle(engine, &fresh, take_rows(&fresh)).await?;
    let version = engine.book().version + 1;
    engine.publish(fresh.with_rows(rows, version, fresh.computed_at), [Live::Book { version }]);
    drop(turn);
    actions::carry_out(engine).await?;
    Ok(())
}

/// Recomputes some accounts as of today.
pub fn some<'a>(engine: &'a Engine, accounts: &'a [i64]) -> BoxFuture<'a, Result<(), EngineError>> {
    Box::pin(async move {
        let turn = engine.refreshing().await;
        let merged = account_merge::standing(engine.store().read(), None).await?;
        let accounts: BTreeSet<i64> = accounts.iter().map(|account| merged.of(*account)).collect();
        let current = engine.book();
        if current.as_of != engine.today() {
            drop(turn);
            return all(engine).await;
        }
        let (only, present, lifetime) =
            (Some(accounts.into_iter().collect()), current.present.clone(), engine.lifetime());
        let ask = Ask { accounts: only, present, lifetime, known_on: None, currency: Some(current.lens.currency) };
        let basis = Basis::load(engine.store(), engine.lake(), ask).await?;
        let fresh = basis.book(engine.definitions(), current.as_of, engine.now()).await?;
        if fresh.present != current.present {
            // The first fact of its kind: "none" now means zero for everybody.
            drop(turn);
            return all(engine).await;
        }
        let rows = settle(engine, &fresh, take_rows(&fresh)).await?;
        let version = current.version + 1;
        let changes: Vec<_> = rows.iter().map(|row| Live::Account { id: row.account.id }).collect();
        engine.publish(current.with_rows(rows, version, fresh.computed_at), changes);
        drop(turn);
        actions::carry_out(engine).await?;
        Ok(())
    })
}

/// Reads today's book by the currency and the exchange rates that are known now. Its rows stay where all of it is sold in
/// that currency.
pub fn conventions(engine: &Engine) -> BoxFuture<'_, Result<(), EngineError>> {
    Box::pin(async move {
        let turn = engine.refreshing().await;
        let known = Arc::new(Conventions::load(engine.store(), None).await?);
        let current = engine.book();
        let lens = Arc::new(known.lens_into(known.set.currency.unwrap_or(current.lens.currency)));
        let native = |currency: &Currency| *currency == lens.currency && lens.currency == current.lens.currency;
        if !current.ledger().currencies(current.as_of).keys().all(native) {
            drop(turn);
            return all(engine).await;
        }
        let version = current.version + 1;
        let fresh = current.with_rows(Vec::new(), version, current.computed_at).read_by(known, lens);
        engine.publish(fresh, [Live::Book { version }]);
        drop(turn);
        Ok(())
    })
}

fn take_rows(book: &Book) -> Vec<Row> {
    book.rows().iter().map(|row| Row::clone(row)).collect()
}

/// Gives rows their trend and signals, and writes today's health and changed bands.
async fn settle(engine: &Engine, fresh: &Book, rows: Vec<Row>) -> Result<Vec<Row>, EngineError> {
    note_health(engine, fresh, &rows).await?;
    let rows = attach_past(engine, fresh.as_of, rows).await?;
    signals::reconcile(engine, fresh, rows).await
}

async fn note_health(engine: &Engine, fresh: &Book, rows: &[Row]) -> Result<(), EngineError> {
    let before = engine.book();
    let now = engine.now();
    let days: Vec<HealthDay> = rows.iter().filter(|row| row.active).map(|row| health_day(fresh, row)).collect();
    let moved: Vec<change::NewChange> = rows
        .iter()
        .filter_map(|row| {
            let old = before.row(row.account.id)?.health.band;
            (old != row.health.band && before.version > 0).then(|| change::NewChange {
                actor: "engine".to_owned(),
                account_id: Some(row.account.id),
                kind: "health.band".to_owned(),
                subject_id: None,
                detail: json!({ "from": old, "to": row.health.band, "score": row.health.score }),
            })
        })
        .collect();
    engine
        .store()
        .write(async |tx| -> Result<(), EngineError> {
            health_day::put(tx, days).await?;
            for change in moved {
                change::record(tx, change, now).await?;
            }
            Ok(())
        })
        .await
}

/// A row's health as it is kept for history.
pub(crate) fn health_day(book: &Book, row: &Row) -> HealthDay {
    let health = &row.health;
    HealthDay {
        account_id: row.account.id,
        day: book.as_of,
        score: health.score,
        low: health.score.map(|_| health.low),
        high: health.score.map(|_| health.high),
        coverage: health.coverage,
        band: match health.band {
            domain::scorecard::Band::Green => health_day::Band::Green,
            domain::scorecard::Band::Yellow => health_day::Band::Yellow,
            domain::scorecard::Band::Red => health_day::Band::Red,
            domain::scorecard::Band::Unknown => health_day::Band::Unknown,
        },
        arr_cents: book.arr_cents(row).unwrap_or(0),
        computed_at: book.computed_at,
    }
}

/// The days at which a trend is read: the same weekday of each past week, then the day itself.
pub(crate) fn trend_days(as_of: Day) -> Vec<Day> {
    (0..=TREND_WEEKS).rev().map(|week| days_before(as_of, 7 * week)).collect()
}

/// The last days of the months before a day, oldest first.
pub(crate) fn month_ends(as_of: Day) -> Vec<Day> {
    (0..MONTHS).rev().map(|months| days_before(month_of(months_before(as_of, months)).0, 1)).collect()
}

/// Gives rows what is remembered of their past: the weekly trend and the ends of months.
async fn attach_past(engine: &Engine, as_of: Day, mut rows: Vec<Row>) -> Result<Vec<Row>, EngineError> {
    let (weeks, months) = (trend_days(as_of), month_ends(as_of));
    let accounts: Vec<i64> = rows.iter().map(|row| row.account.id).collect();
    let only = (accounts.len() < 500).then_some(accounts.as_slice());
    let days: Vec<Day> = weeks.iter().chain(&months).copied().collect();
    let mut history: HashMap<(i64, Day), (Option<f64>, Band)> = HashMap::new();
    // Day by day for a whole book, which keeps its records from all being in memory at once.
    for days in days.chunks(if only.is_some() { days.len() } else { 1 }) {
        for past in health_day::on_days(engine.store().read(), days, only).await? {
            history.insert((past.account_id, past.day), (past.score, band(&past)));
        }
    }
    for row in &mut rows {
        let on = |day: &Day| history.get(&(row.account.id, *day));
        row.trend = weeks.iter().map(|day| on(day).and_then(|past| past.0)).collect();
        row.month_ends = months.iter().map(|day| on(day).map(|past| past.1)).collect();
    }
    Ok(rows)
}

fn band(past: &HealthDay) -> Band {
    Band::parse(past.band.as_str()).unwrap_or(Band::Unknown)
}
