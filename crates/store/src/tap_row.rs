//! A tap row remembers a record of an extractor's stream: under which key it came, what it said (as a digest), and
//! which of our records it became. By it a repeated record is recognised before anything is looked up, and a record
//! that a full table no longer holds can be told from one that was never there.
//!
//! Deliberately absent: the record itself. What it became stands where everything of its kind stands.

use domain::Instant;
use sea_orm::{ConnectionTrait, entity::prelude::*, sea_query::OnConflict};
use serde::{Deserialize, Serialize};

use crate::{StoreError, Tx, declare::no_relations, row, statement::MAX_VALUES};

/// A record of a stream, remembered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, DeriveEntityModel)]
#[sea_orm(table_name = "tap_row")]
pub struct Model {
    /// The source that sent it.
    #[sea_orm(primary_key, auto_increment = false)]
    pub source_id: i64,
    /// Its stream.
    #[sea_orm(primary_key, auto_increment = false)]
    pub stream: String,
    /// The values of its key properties; derived from its content where a stream has none.
    #[sea_orm(primary_key, auto_increment = false)]
    pub key: String,
    /// The version of the table it belongs to, where the extractor counts versions.
    pub version: Option<i64>,
    /// Hexadecimal digest of what it said last.
    pub digest: String,
    /// Which records it became: a list of kind, key and account.
    pub became: Json,
    /// When its source no longer had it.
    pub gone_at: Option<Instant>,
}

no_relations!();

/// The rows of a stream with these keys.
pub async fn known(
    db: &impl ConnectionTrait,
    source_id: i64,
    stream: &str,
    keys: &[String],
) -> Result<Vec<Model>, StoreError> {
    let mut known = Vec::new();
    for keys in keys.chunks(MAX_VALUES / 2) {
        let query = Entity::find().filter(Column::SourceId.eq(source_id)).filter(Column::Stream.eq(stream));
        known.extend(query.filter(Column::Key.is_in(keys)).all(db).await?);
    }
    Ok(known)
}

/// Remembers rows, each under its key.
pub async fn remember(tx: &Tx, rows: Vec<Model>) -> Result<(), StoreError> {
    for rows in rows.chunks(MAX_VALUES / 8) {
        let replace = OnConflict::columns([Column::SourceId, Column::Stream, Column::Key])
            .update_columns([Column::Version, Column::Digest, Column::Became, Column::GoneAt])
            .to_owned();
        let rows = rows.iter().cloned().map(row::ready::<Model, _, _>);
        Entity::insert_many(rows).on_conflict(replace).exec_without_returning(tx).await?;
    }
    Ok(())
}

/// Marks the rows of a stream that belong to another version of its table as gone; returns them as they were. Rows
/// that came without a version are nobody's to remove.
pub async fn retire(
    tx: &Tx,
    source_id: i64,
    stream: &str,
    version: i64,
    now: Instant,
) -> Result<Vec<Model>, StoreError> {
    let others = || {
        Entity::find()
            .filter(Column::SourceId.eq(source_id))
            .filter(Column::Stream.eq(stream))
            .filter(Column::Version.ne(version))
            .filter(Column::GoneAt.is_null())
    };
    let gone = others().all(tx).await?;
    let marked = gone.iter().map(|row| Model { gone_at: Some(now), ..row.clone() });
    remember(tx, marked.collect()).await?;
    Ok(gone)
}

/// Forgets a stream whose records have another key from now on.
pub async fn forget(tx: &Tx, source_id: i64, stream: &str) -> Result<(), StoreError> {
    Entity::delete_many().filter(Column::SourceId.eq(source_id)).filter(Column::Stream.eq(stream)).exec(tx).await?;
    Ok(())
}
