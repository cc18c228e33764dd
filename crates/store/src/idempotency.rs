//! An idempotency row keeps the answer to a request that carried an `Idempotency-Key`, so that a repeat gets the
//! same answer and has no second effect. Old rows are pruned.
//!
//! The effect and its mark are one transaction: work done [`within`] a key marks the key as carried out in every
//! transaction it commits. So after a crash a repeat either finds nothing done, or finds that it was done and that only
//! the answer is lost; it never does it twice.

use chrono::TimeDelta;
use domain::Instant;
use sea_orm::{entity::prelude::*, sea_query::OnConflict};
use serde::{Deserialize, Serialize};

use crate::{StoreError, Tx, declare::no_relations, row};

/// The kept answer to a request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, DeriveEntityModel)]
#[sea_orm(table_name = "idempotency")]
pub struct Model {
    /// Caller and `Idempotency-Key`.
    #[sea_orm(primary_key, auto_increment = false)]
    pub key: String,
    /// Hex SHA-256 of method, path and body.
    pub request_hash: String,
    /// HTTP status answered; 0 while the request runs, [`CARRIED_OUT`] once its effect is committed.
    pub status: i32,
    /// Body answered.
    pub body: String,
    /// When it was answered.
    pub created_at: Instant,
}

no_relations!();

/// After this a request that never answered is taken to have died, and its key may be used again.
const ABANDONED: TimeDelta = TimeDelta::minutes(10);

/// The status of a request whose effect is committed and whose answer is not kept yet.
pub const CARRIED_OUT: i32 = 1;

tokio::task_local! {
    /// The key of the request that this task works on.
    static KEY: String;
}

/// Does something on behalf of a request with this key: what it commits is marked with it.
pub async fn within<T>(key: String, work: impl Future<Output = T>) -> T {
    KEY.scope(key, work).await
}

/// Marks the key of the running request, if it has one, as carried out; part of the transaction that does it.
pub(crate) async fn mark(tx: &Tx) -> Result<(), StoreError> {
    let Ok(key) = KEY.try_with(String::clone) else { return Ok(()) };
    Entity::update_many()
        .filter(Column::Key.eq(key))
        .filter(Column::Status.eq(0))
        .col_expr(Column::Status, Expr::value(CARRIED_OUT))
        .exec(tx)
        .await?;
    Ok(())
}

/// What a key says about a request.
#[derive(Clone, Debug, PartialEq)]
pub enum Begun {
    /// It is the first; the key is reserved for it.
    New,
    /// It was sent before; the kept answer, or one with status 0 while the first still runs, or with
    /// [`CARRIED_OUT`] when its answer was lost.
    Same(Model),
    /// The key was used for another request.
    Different,
}

/// Reserves a key for a request, unless it was used before.
pub async fn begin(tx: &Tx, key: &str, request_hash: &str, now: Instant) -> Result<Begun, StoreError> {
    let reserved = Model {
        key: key.to_owned(),
        request_hash: request_hash.to_owned(),
        status: 0,
        body: String::new(),
        created_at: now,
    };
    if row::insert_unless(tx, reserved.clone(), &mut OnConflict::column(Column::Key)).await?.is_some() {
        return Ok(Begun::New);
    }
    let kept = row::find::<Entity>(tx, "idempotency key", key.to_owned()).await?;
    if kept.request_hash != request_hash {
        return Ok(Begun::Different);
    }
    if kept.status == 0 && now - kept.created_at > ABANDONED {
        row::update(tx, reserved).await?;
        return Ok(Begun::New);
    }
    Ok(Begun::Same(kept))
}

/// Keeps the answer to a request whose key was reserved.
pub async fn finish(tx: &Tx, key: &str, status: i32, body: &str) -> Result<(), StoreError> {
    Entity::update_many()
        .filter(Column::Key.eq(key))
        .col_expr(Column::Status, Expr::value(status))
        .col_expr(Column::Body, Expr::value(body))
        .exec(tx)
        .await?;
    Ok(())
}

/// Frees a key whose request had no effect.
pub async fn forget(tx: &Tx, key: &str) -> Result<(), StoreError> {
    Entity::delete_by_id(key).exec(tx).await?;
    Ok(())
}

/// Forgets answers given before an instant. Returns how many.
pub async fn prune(tx: &Tx, before: Instant) -> Result<u64, StoreError> {
    Ok(Entity::delete_many().filter(Column::CreatedAt.lt(before)).exec(tx).await?.rows_affected)
}
