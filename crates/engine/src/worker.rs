//! The background of a running engine: refreshing what facts touched, sealing,
//! filling in history, and the daily turn of the book. Each worker finds its
//! work by looking at state, logs a failure once and tries again; all end when
//! the engine is told to stop. This is the only module that spawns tasks.

use std::{collections::BTreeSet, time::Duration};

use tokio::{sync::mpsc, time};

use crate::{
    Engine, actions, attribute, forecast, history, import, ingest, lifetime, refresh, renewals, seal, webhook,
};

/// How long facts gather before their accounts are recomputed.
const GATHER: Duration = Duration::from_millis(40);

/// How much longer than a refresh took the next one waits while facts pour in, and how long at least, so that most of
/// the time is left to taking them; and how much longer while requests wait to be taken.
const REST: u32 = 3;
const REST_UNDER_LOAD: u32 = 12;
const LEAST_REST: Duration = Duration::from_millis(200);

/// How often the calendar, the catalogue of parts and unfinished steps are looked at.
const TIDY_EVERY: Duration = Duration::from_mins(1);

/// How soon stored webhooks are read.
const WEBHOOKS_EVERY: Duration = Duration::from_millis(500);

/// Past days computed between two looks at whether to stop.
const HISTORY_BATCH: usize = 32;

/// Accounts recomputed together at most; more is cheaper as a whole book.
const MOST_TOGETHER: usize = 2_000;

/// Starts every worker.
pub(crate) fn start(engine: &Engine, dirty: mpsc::UnboundedReceiver<i64>, seal_every: Duration) {
    let tasks = &engine.workers().tasks;
    tasks.spawn(refreshing(engine.clone(), dirty));
    let look = seal_every.min(Duration::from_secs(1));
    tasks.spawn(every(engine.clone(), look, "seal", async move |engine| seal::when_due(engine, seal_every).await));
    tasks.spawn(every(engine.clone(), WEBHOOKS_EVERY, "webhooks", async |engine| {
        while webhook::read_waiting(engine).await? > 0 {}
        Ok(())
    }));
    tasks.spawn(every(engine.clone(), TIDY_EVERY, "tidy", async |engine| {
        if engine.book().as_of != engine.today() {
            refresh::all(engine).await?;
        }
        actions::carry_out(engine).await?;
        import::retry_parked(engine).await?;
        attribute::when_due(engine).await?;
        seal::compact(engine).await?;
        seal::sweep(engine).await?;
        webhook::prune(engine).await?;
        let now = engine.now();
        engine.store().write(async |tx| store::source_minute::prune(tx, now).await).await?;
        ingest::prune(engine).await
    }));
    tasks.spawn(every(engine.clone(), TIDY_EVERY, "lifetime", async |engine| {
        lifetime::keep_fresh(engine).await?;
        forecast::keep_fresh(engine).await?;
        renewals::frozen::freeze(engine).await
    }));
    tasks.spawn(every(engine.clone(), TIDY_EVERY, "databases", async |engine| import::read_due(engine).await));
    tasks.spawn(remembering(engine.clone()));
}

/// Recomputes accounts as facts about them arrive.
async fn refreshing(engine: Engine, mut dirty: mpsc::UnboundedReceiver<i64>) {
    let stop = engine.workers().stop.clone();
    loop {
        let first = tokio::select! {
            () = stop.cancelled() => return,
            account = dirty.recv() => account,
        };
        let Some(first) = first else { return };
        time::sleep(GATHER).await;
        let mut accounts = BTreeSet::from([first]);
        while let Ok(account) = dirty.try_recv() {
            accounts.insert(account);
        }
        let accounts: Vec<i64> = accounts.into_iter().collect();
        let begun = time::Instant::now();
        let done = if accounts.len() > MOST_TOGETHER {
            refresh::all(&engine).await
        } else {
            refresh::some(&engine, &accounts).await
        };
        if let Err(error) = done {
            tracing::error!(accounts = accounts.len(), error = %actions::chain(&error), "a refresh failed");
        }
        if !dirty.is_empty() {
            let times = if engine.waiting() > 0 { REST_UNDER_LOAD } else { REST };
            let rest = LEAST_REST.max(times * begun.elapsed());
            stop.run_until_cancelled(time::sleep(rest)).await;
        }
    }
}

/// Learns lifetime value and fills in history until none is missing.
async fn remembering(engine: Engine) {
    let stop = engine.workers().stop.clone();
    if let Err(error) = forecast::bring_up_to_date(&engine).await {
        tracing::error!(error = %actions::chain(&error), "learning lifetime value and its forecast failed");
    }
    let mut filled = 0;
    while !stop.is_cancelled() {
        match history::fill(&engine, HISTORY_BATCH).await {
            Ok(0) => break,
            Ok(days) => filled += days,
            Err(error) => {
                tracing::error!(error = %actions::chain(&error), "filling in history failed");
                break;
            }
        }
    }
    if filled > 0
        && !stop.is_cancelled()
        && let Err(error) = refresh::all(&engine).await
    {
        tracing::error!(error = %actions::chain(&error), "a refresh failed");
    }
}

/// Does something at intervals until told to stop.
async fn every<F>(engine: Engine, period: Duration, name: &'static str, work: F)
where
    F: AsyncFn(&Engine) -> Result<(), crate::EngineError>,
{
    let stop = engine.workers().stop.clone();
    let mut ticks = time::interval_at(time::Instant::now() + period, period);
    ticks.set_missed_tick_behavior(time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = ticks.tick() => {}
        }
        if let Err(error) = work(&engine).await {
            tracing::error!(work = name, error = %actions::chain(&error), "background work failed");
        }
    }
}
