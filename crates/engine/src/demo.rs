//! The synthetic company in a home of its own: records into the store, three
//! years of events straight into the lake, and the recent past of signals played
//! through once, so that the first page has a history. What is true about it is
//! written beside the data, where only tests and benchmarks look.

use std::{fs::File, io::BufWriter, path::Path};

use domain::{Day, Instant};
use store::{Store, Tx, record};

use crate::{
    EngineError, Settings,
    handle::open_data,
    seal,
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
    /// The day it is meant to be.
    pub today: Day,
}

/// Builds the synthetic company into an empty home; does nothing where one stands already.
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
    let synthesis = Synthesis { seed: demo.seed, accounts: demo.accounts, ..Synthesis::new(demo.today) };
    let company = Company::build(&synthesis, progress);
    write_truth(&company, &settings.home)?;
    let mut writer = lake.bulk_writer();
    let months = company.months();
    for (done, month) in months.iter().enumerate() {
        writer.push(&company.events_in(*month))?;
        progress(Progress { stage: "events", done: done + 1, total: months.len() });
    }
    seal::adopt(&store, writer.finish()?, now).await?;
    insert(&store, &company, progress).await?;
    store.close().await?;
    Ok(true)
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
        sources, members, accounts, contacts, contact_roles, stakeholder_edges, assignments, entitlements,
        subscriptions, subscription_items, invoices, payment_attempts, tickets, touchpoints, survey_responses,
        csm_sentiments, objectives, milestones, end_users, record_versions,
    );
    Ok(())
}

fn write_truth(company: &Company, home: &Path) -> Result<(), EngineError> {
    let failed = |source| EngineError::Home { path: home.display().to_string(), source };
    let file = File::create(home.join(TRUTH)).map_err(failed)?;
    company.truth().write_csv(BufWriter::new(file)).map_err(failed)
}
