//! Rows that wait for their account. A file may name accounts that nobody has
//! introduced yet; where its mapping says `orphans = "park"`, such rows are set
//! aside as a file of their own, with the mapping that understood them, and are
//! imported once any of their accounts is there; what still waits is set aside
//! again. Deliberately absent: a limit on how long they wait.

use std::{collections::BTreeSet, io, io::Cursor};

use chrono::TimeDelta;
use connectors::{
    csv::{FailedRows, RowError, Sheet},
    record::Object,
};
use domain::Instant;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use store::{Job, Tx, job};

use super::{CsvImport, ImportError, csv};
use crate::{Engine, EngineError, actions::chain};

/// The kind of the jobs that hold parked rows.
const KIND: &str = "parked_rows";

/// How long one file of parked rows may take before another worker tries it.
const LEASE: TimeDelta = TimeDelta::minutes(15);

/// When to look again for accounts that have not come.
const AGAIN: TimeDelta = TimeDelta::minutes(1);

/// When to try again what failed.
const LATER: TimeDelta = TimeDelta::hours(1);

/// How long a finished job stays for whoever wonders.
const REMEMBERED: TimeDelta = TimeDelta::days(7);

/// Rows set aside by one import, of those it takes together.
#[derive(Debug)]
pub(super) struct Aside {
    accounts: BTreeSet<String>,
    rows: FailedRows<Vec<u8>>,
}

/// Parked rows as they are kept.
#[derive(Debug, Serialize, Deserialize)]
struct Parked {
    object: Object,
    mapping: String,
    /// The accounts they wait for, by external id.
    accounts: Vec<String>,
    /// A CSV file.
    rows: String,
}

impl Aside {
    /// Begins a file of parked rows.
    pub(super) fn new(sheet: &Sheet) -> io::Result<Self> {
        Ok(Self { accounts: BTreeSet::new(), rows: FailedRows::new(Vec::new(), sheet)? })
    }

    /// Sets a row aside that waits for an account.
    pub(super) fn push(&mut self, account: &str, row: &RowError) -> io::Result<()> {
        self.accounts.insert(account.to_owned());
        self.rows.push(row)
    }

    /// Keeps what was set aside, if anything was, in the transaction that says the file has been read so far.
    pub(super) async fn keep(self, tx: &Tx, object: Object, mapping: &str, now: Instant) -> Result<(), ImportError> {
        if self.accounts.is_empty() {
            return Ok(());
        }
        let rows = String::from_utf8_lossy(&self.rows.finish()?).into_owned();
        // The same rows wait once, however often their file is sent.
        let key = format!("{KIND}:{}", hex::encode(Sha256::digest(&rows)));
        let accounts = self.accounts.into_iter().collect();
        let parked = Parked { object, mapping: mapping.to_owned(), accounts, rows };
        let payload = serde_json::to_value(&parked).map_err(io::Error::from)?;
        let new = job::NewJob { kind: KIND.to_owned(), key: Some(key), payload, run_at: now };
        job::enqueue(tx, new).await.map_err(EngineError::from)?;
        Ok(())
    }
}

/// Imports parked rows whose accounts have come, and looks at the others again later.
pub async fn retry_parked(engine: &Engine) -> Result<(), EngineError> {
    let (store, now) = (engine.store(), engine.now());
    while let Some(job) = store.write(async |tx| job::lease(tx, now, LEASE).await).await? {
        match attempt(engine, &job).await {
            Ok(true) => store.write(async |tx| job::finish(tx, &job, now).await).await?,
            Ok(false) => {
                let why = "none of the accounts has come yet";
                store.write(async |tx| job::fail(tx, &job, why, now + AGAIN).await).await?;
            }
            Err(ImportError::Stopped { .. }) => {
                return store
                    .write(async |tx| job::fail(tx, &job, "the server stopped", now).await)
                    .await
                    .map_err(Into::into);
            }
            Err(error) => {
                tracing::error!(job = job.id, error = %chain(&error), "parked rows could not be imported");
                store.write(async |tx| job::fail(tx, &job, &chain(&error), now + LATER).await).await?;
            }
        }
    }
    store.write(async |tx| job::prune(tx, now - REMEMBERED).await).await?;
    Ok(())
}

/// Imports a file of parked rows; false if there is nothing to be gained yet.
async fn attempt(engine: &Engine, job: &Job) -> Result<bool, ImportError> {
    let parked: Parked = serde_json::from_value(job.payload.clone()).map_err(io::Error::from)?;
    if job.kind != KIND || !parked.accounts.iter().any(|account| engine.intake().account(account).is_some()) {
        return Ok(false);
    }
    let import = CsvImport {
        object: parked.object.as_str(),
        mapping: Some(&parked.mapping),
        file_name: "rows that waited",
        ..CsvImport::default()
    };
    csv(engine, import, Cursor::new(parked.rows), &mut |_| {}).await?;
    Ok(true)
}
