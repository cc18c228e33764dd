//! A delivery is a webhook as it arrived: headers and body untouched, stored before anything is done with it. Work on
//! it comes later and can be done again, so a mapping that was wrong costs a click and no data.
//!
//! A message is stored once, by its id. Deliberately absent: headers that carry somebody's session or key.

use domain::Instant;
use sea_orm::{ConnectionTrait, QueryOrder, QuerySelect, entity::prelude::*, sea_query::OnConflict};
use serde::{Deserialize, Serialize};

use crate::{
    StoreError, Tx,
    declare::{no_relations, text_enum},
    row,
};

text_enum! {
    /// How far a delivery is.
    pub enum Status {
        /// Stored, to be read.
        Waiting = "waiting",
        /// Read; what it said is in the records.
        Taken = "taken",
        /// It could not be read.
        Failed = "failed",
    }
}

/// A webhook as it arrived.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, DeriveEntityModel)]
#[sea_orm(table_name = "delivery")]
pub struct Model {
    /// Identity; 0 before the first insert.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Who sent it.
    pub source_id: i64,
    /// The message's id, by which a repeat is recognised.
    pub external_id: String,
    /// What it is about, in the sender's words.
    pub topic: String,
    /// Its headers, by lower-case name.
    pub headers: Json,
    /// Its body, byte for byte.
    pub body: Vec<u8>,
    /// When it arrived.
    pub received_at: Instant,
    /// How far it is.
    pub status: Status,
    /// What became of it, in a sentence.
    pub note: Option<String>,
}

no_relations!();

/// Stores a delivery; false if its message was stored before.
pub async fn store(tx: &Tx, delivery: Model) -> Result<bool, StoreError> {
    let mut same = OnConflict::columns([Column::SourceId, Column::ExternalId]);
    Ok(row::insert_unless(tx, delivery, &mut same).await?.is_some())
}

/// The delivery with this id.
pub async fn find(db: &impl ConnectionTrait, id: i64) -> Result<Model, StoreError> {
    row::find::<Entity>(db, "delivery", id).await
}

/// The deliveries of a source, newest first: those with an id before `before`, at most `limit`.
pub async fn of_source(
    db: &impl ConnectionTrait,
    source_id: i64,
    before: Option<i64>,
    limit: u64,
) -> Result<Vec<Model>, StoreError> {
    Ok(row::newest::<Entity>((Column::SourceId, source_id), Column::Id, before, limit).all(db).await?)
}

/// Deliveries that wait to be read, oldest first.
pub async fn waiting(db: &impl ConnectionTrait, limit: u64) -> Result<Vec<Model>, StoreError> {
    let query = Entity::find().filter(Column::Status.eq(Status::Waiting)).order_by_asc(Column::Id);
    Ok(query.limit(limit).all(db).await?)
}

/// Says how far a delivery is.
pub async fn mark(tx: &Tx, id: i64, status: Status, note: Option<&str>) -> Result<(), StoreError> {
    let delivery = find(tx, id).await?;
    row::update(tx, Model { status, note: note.map(str::to_owned), ..delivery }).await?;
    Ok(())
}

/// Forgets deliveries before an instant. Returns how many.
pub async fn prune(tx: &Tx, before: Instant) -> Result<u64, StoreError> {
    let old = Entity::delete_many().filter(Column::ReceivedAt.lt(before)).filter(Column::Status.ne(Status::Waiting));
    Ok(old.exec(tx).await?.rows_affected)
}
