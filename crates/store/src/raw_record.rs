//! A raw record is what a source sent about something, as it came. What no rule understands waits here until
//! somebody maps it; of streams that are mapped the last few are kept, so that a mapping can be tried on them.

use domain::Instant;
use sea_orm::{ConnectionTrait, FromQueryResult, QueryOrder, QuerySelect, Value, entity::prelude::*};
use serde::{Deserialize, Serialize};

use crate::{
    StoreError, Tx,
    declare::no_relations,
    statement::{MAX_VALUES, placeholders, statement},
};

/// Records of a mapped stream that are kept.
pub const KEPT: u64 = 20;

/// A record as its source sent it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, DeriveEntityModel)]
#[sea_orm(table_name = "raw_record")]
pub struct Model {
    /// Identity; 0 before the first insert.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Who sent it.
    pub source_id: i64,
    /// In which stream.
    pub stream: String,
    /// What the source calls it.
    pub external_id: String,
    /// Whether a rule understood it.
    pub mapped: bool,
    /// The record, JSON.
    pub body: String,
    /// When it came last.
    pub received_at: Instant,
}

no_relations!();

/// A record about to be kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewRaw {
    /// In which stream.
    pub stream: String,
    /// What the source calls it.
    pub external_id: String,
    /// Whether a rule understood it.
    pub mapped: bool,
    /// The record, JSON.
    pub body: String,
}

/// A stream of a source, and how much of it is kept.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct Stream {
    /// Its name.
    pub name: String,
    /// Records kept that no rule understood.
    pub unmapped: i64,
    /// Records kept in all.
    pub kept: i64,
}

/// Keeps records; one that came before is replaced by what it says now.
pub async fn keep(tx: &Tx, source_id: i64, records: &[NewRaw], at: Instant) -> Result<(), StoreError> {
    for records in records.chunks(MAX_VALUES / 6) {
        let sql = format!(
            "INSERT INTO raw_record (source_id, stream, external_id, mapped, body, received_at) VALUES {}
             ON CONFLICT (source_id, stream, external_id) DO UPDATE SET
                 mapped = excluded.mapped, body = excluded.body, received_at = excluded.received_at",
            placeholders(tx, 0, records.len(), 6)
        );
        let values = records.iter().flat_map(|record| -> [Value; 6] {
            let NewRaw { stream, external_id, mapped, body } = record;
            [
                source_id.into(),
                stream.as_str().into(),
                external_id.as_str().into(),
                (*mapped).into(),
                body.as_str().into(),
                at.into(),
            ]
        });
        tx.execute_raw(statement(tx, sql, values)).await?;
    }
    Ok(())
}

/// Marks records that a rule understands by now.
pub async fn understood(tx: &Tx, ids: &[i64]) -> Result<(), StoreError> {
    let these = Entity::update_many()
        .col_expr(Column::Mapped, sea_orm::sea_query::Expr::value(true))
        .filter(Column::Id.is_in(ids.iter().copied()));
    these.exec(tx).await?;
    Ok(())
}

/// Forgets all but the last few mapped records of a stream.
pub async fn trim(tx: &Tx, source_id: i64, stream: &str) -> Result<(), StoreError> {
    let sql = "DELETE FROM raw_record WHERE source_id = $1 AND stream = $2 AND mapped AND id NOT IN (
                   SELECT id FROM raw_record WHERE source_id = $1 AND stream = $2 AND mapped
                   ORDER BY received_at DESC, id DESC LIMIT $3)";
    tx.execute_raw(statement(tx, sql, [source_id.into(), stream.into(), (KEPT as i64).into()])).await?;
    Ok(())
}

/// The streams of a source, by name.
pub async fn streams(db: &impl ConnectionTrait, source_id: i64) -> Result<Vec<Stream>, StoreError> {
    let sql = "SELECT stream AS name, CAST(sum(CASE WHEN mapped THEN 0 ELSE 1 END) AS BIGINT) AS unmapped,
                      CAST(count(*) AS BIGINT) AS kept
               FROM raw_record WHERE source_id = $1 GROUP BY stream ORDER BY stream";
    Ok(Stream::find_by_statement(statement(db, sql, [source_id.into()])).all(db).await?)
}

/// The latest records of a stream, newest first.
pub async fn latest(
    db: &impl ConnectionTrait,
    source_id: i64,
    stream: &str,
    limit: u64,
) -> Result<Vec<Model>, StoreError> {
    let query = Entity::find().filter(Column::SourceId.eq(source_id)).filter(Column::Stream.eq(stream));
    Ok(query.order_by_desc(Column::ReceivedAt).order_by_desc(Column::Id).limit(limit).all(db).await?)
}

/// Records no rule understood, oldest first: those with an id after `after`.
pub async fn waiting(
    db: &impl ConnectionTrait,
    source_id: i64,
    stream: &str,
    after: i64,
    limit: u64,
) -> Result<Vec<Model>, StoreError> {
    let query = Entity::find().filter(Column::SourceId.eq(source_id)).filter(Column::Stream.eq(stream));
    let waiting = query.filter(Column::Mapped.eq(false)).filter(Column::Id.gt(after));
    Ok(waiting.order_by_asc(Column::Id).limit(limit).all(db).await?)
}
