//! A job is work to be done later, by whichever process leases it. A lease has a fencing number, so that a worker
//! that was thought dead cannot finish what another has taken over.

use chrono::TimeDelta;
use domain::Instant;
use sea_orm::{ConnectionTrait, DbBackend, entity::prelude::*};
use serde::{Deserialize, Serialize};

use crate::{StoreError, Tx, declare::no_relations, statement::statement};

/// Work to be done later.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, DeriveEntityModel)]
#[sea_orm(table_name = "job")]
pub struct Model {
    /// Identity; 0 before the first insert.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Which work.
    pub kind: String,
    /// The same work waits once; when it is done it may be queued again.
    pub key: Option<String>,
    /// Its arguments.
    pub payload: Json,
    /// Not before.
    pub run_at: Instant,
    /// How often it was tried.
    pub attempts: i32,
    /// Taken until then.
    pub lease_until: Option<Instant>,
    /// Counts the leases; finishing needs the current number.
    pub fence: i64,
    /// What went wrong last.
    pub last_error: Option<String>,
    /// When it was done.
    pub done_at: Option<Instant>,
}

no_relations!();

/// Work about to be queued.
#[derive(Clone, Debug, PartialEq)]
pub struct NewJob {
    /// Which work.
    pub kind: String,
    /// While a job with this key waits, no other is queued.
    pub key: Option<String>,
    /// Its arguments.
    pub payload: Json,
    /// Not before.
    pub run_at: Instant,
}

/// Queues work in the transaction that makes it necessary; false if the same work waits already.
pub async fn enqueue(tx: &Tx, new: NewJob) -> Result<bool, StoreError> {
    let sql = "INSERT INTO job (kind, key, payload, run_at, attempts, fence) VALUES ($1, $2, $3, $4, 0, 0)
               ON CONFLICT DO NOTHING";
    let values = [new.kind.into(), new.key.into(), new.payload.into(), new.run_at.into()];
    Ok(tx.execute_raw(statement(tx, sql, values)).await?.rows_affected() > 0)
}

/// Takes the job that has waited longest, for a while. Its fence number is what [`finish`] and [`fail`] need.
///
/// A job whose lease ran out may be taken again: whoever held it is taken to be dead.
pub async fn lease(tx: &Tx, now: Instant, duration: TimeDelta) -> Result<Option<Model>, StoreError> {
    let skip = match tx.get_database_backend() {
        DbBackend::Postgres => "FOR UPDATE SKIP LOCKED",
        _ => "",
    };
    let sql = format!(
        "UPDATE job SET lease_until = $2, fence = fence + 1, attempts = attempts + 1 WHERE id = (
             SELECT id FROM job WHERE done_at IS NULL AND run_at <= $1 AND (lease_until IS NULL OR lease_until <= $1)
             ORDER BY run_at, id LIMIT 1 {skip})
         RETURNING *"
    );
    let leased = statement(tx, sql, [now.into(), (now + duration).into()]);
    Ok(Entity::find().from_raw_sql(leased).one(tx).await?)
}

/// Marks a leased job done.
///
/// Fails with [`StoreError::Lost`] if another has taken it over, which undoes what was done in the same transaction.
pub async fn finish(tx: &Tx, job: &Model, now: Instant) -> Result<(), StoreError> {
    let sql = "UPDATE job SET done_at = $3, lease_until = NULL, last_error = NULL
               WHERE id = $1 AND fence = $2 AND done_at IS NULL";
    held(tx.execute_raw(statement(tx, sql, [job.id.into(), job.fence.into(), now.into()])).await?.rows_affected())
}

/// Gives a leased job back with what went wrong, to be tried again not before `again_at`.
///
/// Fails with [`StoreError::Lost`] if another has taken it over.
pub async fn fail(tx: &Tx, job: &Model, error: &str, again_at: Instant) -> Result<(), StoreError> {
    let sql = "UPDATE job SET run_at = $3, last_error = $4, lease_until = NULL
               WHERE id = $1 AND fence = $2 AND done_at IS NULL";
    let values = [job.id.into(), job.fence.into(), again_at.into(), error.into()];
    held(tx.execute_raw(statement(tx, sql, values)).await?.rows_affected())
}

/// Forgets jobs done before an instant. Returns how many.
pub async fn prune(tx: &Tx, before: Instant) -> Result<u64, StoreError> {
    Ok(Entity::delete_many().filter(Column::DoneAt.lt(before)).exec(tx).await?.rows_affected)
}

fn held(rows: u64) -> Result<(), StoreError> {
    if rows == 1 { Ok(()) } else { Err(StoreError::Lost { what: "the lease of a job", expected: 1, found: rows }) }
}
