//! The synthetic company in a home of its own: records into the store, three
//! years of events straight into the lake, and the recent past of signals played
//! through once, so that the first page has a history. What is true about it is
//! written beside the data, where only tests and benchmarks look.

use std::{
    collections::{BTreeMap, HashSet},
    fs::File,
    io::BufWriter,
    path::Path,
};

use chrono::TimeDelta;
use domain::{
    Day, Instant,
    time::{days_before, end_of},
};
use serde_json::json;
use store::{Store, Tx, account, change, cta, record, signal, source};

use crate::{
    Clock, Engine, EngineError, Settings,
    handle::open_data,
    refresh, seal,
    snapshot::{Ask, Basis},
    synthetic::{Company, Progress, Records, Synthesis},
};

/// The file in the home that holds the known truth.
pub const TRUTH: &str = "truth.csv";

/// Accounts inserted per transaction.
const CHUNK: usize = 1_000;

/// What to build.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Demo {
    /// Decides every detail.
    pub seed: u64,
    /// How many accounts.
    pub accounts: usize,
    /// Events per account and year.
    pub events: u32,
    /// Weeks whose signals are played through.
    pub past_weeks: u64,
    /// The day it is meant to be.
    pub today: Day,
}

/// Builds the synthetic company into an empty home; does nothing where somebody can sign in already, and refuses where
/// there is anything else.
pub async fn build(
    settings: &Settings,
    demo: Demo,
    now: Instant,
    progress: &mut (dyn FnMut(Progress) + Send),
) -> Result<bool, EngineError> {
    let (store, lake) = open_data(settings, now).await?;
    if !store::member::all(&store).await?.is_empty() {
        store.close().await?;
        return Ok(false);
    }
    if holds_anything(&store).await? {
        return Err(EngineError::Occupied { path: settings.home.display().to_string() });
    }
    let Demo { seed, accounts, events, past_weeks, today } = demo;
    let synthesis = Synthesis { seed, accounts, events_per_account_year: events, ..Synthesis::new(today) };
    let company = Company::build(&synthesis.not_after(now), progress);
    write_truth(&company, &settings.home)?;
    let mut writer = lake.bulk_writer();
    let months = company.months();
    let mut sent: BTreeMap<i64, (i64, Instant)> = BTreeMap::new();
    for (done, month) in months.iter().enumerate() {
        let events = company.events_in(*month);
        for event in &events {
            let (count, last) = sent.entry(event.source_id).or_insert((0, event.recorded_at));
            (*count, *last) = (*count + 1, event.recorded_at.max(*last));
        }
        writer.push(&events)?;
        progress(Progress { stage: "events", done: done + 1, total: months.len() });
    }
    seal::adopt(&store, writer.finish()?, now).await?;
    insert(&store, &company, progress).await?;
    store
        .write(async |tx| -> Result<(), EngineError> {
            for (source, (count, last)) in sent {
                source::noted(tx, source, count, 0, None, last).await?;
            }
            Ok(())
        })
        .await?;
    store.close().await?;
    remember(settings, today, past_weeks, progress).await?;
    Ok(true)
}

/// Whether anything was brought into a home where nobody can sign in yet.
async fn holds_anything(store: &Store) -> Result<bool, EngineError> {
    let lake = store.read_lake().await?;
    let named = !source::all(store.read()).await?.is_empty() || !account::external_ids(store.read()).await?.is_empty();
    Ok(named || !lake.parts.is_empty() || !lake.tail.is_empty())
}

/// Plays the last weeks through, so that signals opened and closed when they did, and
/// the CTAs of those that closed were worked.
async fn remember(
    settings: &Settings,
    today: Day,
    past_weeks: u64,
    progress: &mut (dyn FnMut(Progress) + Send),
) -> Result<(), EngineError> {
    let weeks = (1..=past_weeks).rev().map(|week| days_before(today, 7 * week));
    let days: Vec<Day> = weeks.chain((1..7).rev().map(|day| days_before(today, day))).collect();
    let Some(first) = days.first().filter(|_| past_weeks > 0) else { return Ok(()) };
    let clock = Clock::manual(end_of_work(*first));
    let engine = Engine::open(&Settings { background: false, ..settings.clone() }, clock.clone()).await?;
    // Nothing arrives while the past is played, so it is read once.
    let basis = Basis::load(engine.store(), engine.lake(), Ask::default()).await?;
    for (done, day) in days.iter().enumerate() {
        clock.advance(end_of_work(*day) - engine.now());
        refresh::all_from(&engine, &basis).await?;
        close_worked(&engine).await?;
        progress(Progress { stage: "past", done: done + 1, total: days.len() });
    }
    engine.close().await
}

/// Five in the afternoon.
fn end_of_work(day: Day) -> Instant {
    end_of(day) - TimeDelta::hours(7)
}

/// Closes the CTAs whose signal has closed, as their owner would.
async fn close_worked(engine: &Engine) -> Result<(), EngineError> {
    let db = engine.store().read();
    let open: HashSet<i64> = signal::open_now(db, None).await?.into_iter().map(|signal| signal.id).collect();
    let filter = cta::Filter { status: vec![cta::Status::Open], ..cta::Filter::default() };
    let worked = cta::list(db, &filter, None, u64::from(u32::MAX)).await?;
    let worked = worked.into_iter().filter(|cta| cta.signal_id.is_some_and(|signal| !open.contains(&signal)));
    let worked: Vec<_> = worked.collect();
    let now = engine.now();
    engine
        .store()
        .write(async |tx| -> Result<(), EngineError> {
            for cta in worked {
                let owner = cta.owner_id.map_or_else(|| "engine".to_owned(), |owner| format!("member:{owner}"));
                let told = change::NewChange {
                    actor: owner,
                    account_id: Some(cta.account_id),
                    kind: "cta.closed".to_owned(),
                    subject_id: Some(cta.id),
                    detail: json!({ "title": cta.title }),
                };
                let (status, outcome) = (cta::Status::Closed, Some(cta::Outcome::Recovered));
                cta::update(tx, store::Cta { status, outcome, closed_at: Some(now), ..cta }).await?;
                change::record(tx, told, now).await?;
            }
            Ok(())
        })
        .await
}

async fn insert(
    store: &Store,
    company: &Company,
    progress: &mut (dyn FnMut(Progress) + Send),
) -> Result<(), EngineError> {
    let total = company.account_count();
    let mut done = 0;
    for records in company.record_chunks(CHUNK) {
        done += records.accounts.len();
        store.write(async |tx| insert_chunk(tx, records).await).await?;
        progress(Progress { stage: "records", done, total });
    }
    Ok(())
}

/// Inserts parents before children.
async fn insert_chunk(tx: &Tx, records: Records) -> Result<(), EngineError> {
    macro_rules! insert {
        ($($table:ident),* $(,)?) => {
            $(record::insert_many(tx, records.$table).await?;)*
        };
    }
    insert!(
        sources,
        members,
        accounts,
        contacts,
        contact_roles,
        stakeholder_edges,
        assignments,
        entitlements,
        subscriptions,
        subscription_items,
        invoices,
        payment_attempts,
        tickets,
        touchpoints,
        survey_responses,
        csm_sentiments,
        objectives,
        milestones,
        renewals,
        end_users,
        record_versions,
    );
    Ok(())
}

fn write_truth(company: &Company, home: &Path) -> Result<(), EngineError> {
    let failed = |source| EngineError::Home { path: home.display().to_string(), source };
    let file = File::create(home.join(TRUTH)).map_err(failed)?;
    company.truth().write_csv(BufWriter::new(file)).map_err(failed)
}
