//! An import run is one file on its way into the records. Every record it writes is recorded at the run's own instant,
//! which no other run shares: so what a run did can be found without being listed, and undone while nothing else has
//! touched it. Deliberately absent: the file itself; who sends it again goes on where it stopped.

use chrono::TimeDelta;
use domain::Instant;
use sea_orm::{ConnectionTrait, QueryOrder, QuerySelect, entity::prelude::*};
use serde::{Deserialize, Serialize};

use crate::{
    StoreError, Tx,
    declare::{no_relations, text_enum},
    row,
};

text_enum! {
    /// How far a run is.
    pub enum Status {
        /// Not at the end of its file.
        Running = "running",
        /// Stopped before the end; the same file goes on from there.
        Stopped = "stopped",
        /// At the end.
        Done = "done",
        /// Taken back.
        Undone = "undone",
    }
}

/// One file on its way into the records.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, DeriveEntityModel)]
#[sea_orm(table_name = "import_run")]
pub struct Model {
    /// Identity; 0 before the first insert.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The source its records belong to.
    pub source_id: i64,
    /// What the rows are.
    pub object: String,
    /// What the file was called.
    pub file_name: String,
    /// Hexadecimal digest of the file and how it is read.
    pub fingerprint: String,
    /// Who sent it.
    pub member_id: Option<i64>,
    /// How far it is.
    pub status: Status,
    /// The instant of everything it writes; unique.
    pub recorded_at: Instant,
    /// Rows read and written so far.
    pub rows_read: i64,
    /// What became of them.
    pub report: Json,
    /// When it reached the end of its file.
    pub finished_at: Option<Instant>,
    /// When it was taken back.
    pub undone_at: Option<Instant>,
}

no_relations!();

/// Begins a run. Its instant is moved on until no other run has it.
pub async fn begin(tx: &Tx, mut run: Model) -> Result<Model, StoreError> {
    let last = Entity::find().order_by_desc(Column::RecordedAt).one(tx).await?;
    if let Some(last) = last.filter(|last| last.recorded_at >= run.recorded_at) {
        run.recorded_at = last.recorded_at + TimeDelta::microseconds(1);
    }
    row::insert(tx, run).await
}

/// The run of this file that did not reach its end, if there is one.
pub async fn unfinished(db: &impl ConnectionTrait, fingerprint: &str) -> Result<Option<Model>, StoreError> {
    let query = Entity::find().filter(Column::Fingerprint.eq(fingerprint));
    let query = query.filter(Column::Status.is_in([Status::Running, Status::Stopped]));
    Ok(query.order_by_desc(Column::Id).one(db).await?)
}

/// The run with this id.
pub async fn find(db: &impl ConnectionTrait, id: i64) -> Result<Model, StoreError> {
    row::find::<Entity>(db, "import", id).await
}

/// The latest runs, newest first.
pub async fn latest(db: &impl ConnectionTrait, limit: u64) -> Result<Vec<Model>, StoreError> {
    Ok(Entity::find().order_by_desc(Column::Id).limit(limit).all(db).await?)
}

/// Replaces a run.
pub async fn update(tx: &Tx, run: Model) -> Result<Model, StoreError> {
    row::update(tx, run).await
}
