//! An identity is what a source calls one of our records. A record may have many: an account is `acme` in the
//! product, `cus_1` in billing and `101` in the CRM. Kinds of records without a column for their source's name have
//! theirs here alone. Deliberately absent: guessing that two names mean the same; whoever knows it writes it down.

use std::collections::HashMap;

use domain::Instant;
use sea_orm::{
    ConnectionTrait, QueryOrder, QuerySelect, QueryTrait,
    entity::prelude::*,
    sea_query::{Expr, SelectStatement},
};
use serde::{Deserialize, Serialize};

use crate::{
    StoreError, Tx,
    declare::no_relations,
    record, row,
    statement::{MAX_VALUES, among},
};

/// What a source calls a record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, DeriveEntityModel)]
#[sea_orm(table_name = "identity")]
pub struct Model {
    /// Identity; 0 before the first insert.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Which table.
    pub record_kind: String,
    /// Whose name it is; `None` where it holds for every source.
    pub source_id: Option<i64>,
    /// The name.
    pub external_id: String,
    /// Which row.
    pub record_id: i64,
    /// When it became known.
    pub recorded_at: Instant,
}

no_relations!();

/// Everybody's names for records of a kind, of these names.
pub async fn named(db: &impl ConnectionTrait, kind: &str, external_ids: &[&str]) -> Result<Vec<Model>, StoreError> {
    if external_ids.is_empty() {
        return Ok(Vec::new());
    }
    let query = Entity::find().filter(Column::RecordKind.eq(kind));
    Ok(query.filter(among(db, &Column::ExternalId, external_ids)).all(db).await?)
}

/// The rows one source means by these names.
pub async fn of_source(
    db: &impl ConnectionTrait,
    kind: &str,
    source_id: Option<i64>,
    external_ids: &[&str],
) -> Result<HashMap<String, i64>, StoreError> {
    let names = named(db, kind, external_ids).await?;
    let ours = names.into_iter().filter(|name| name.source_id == source_id);
    Ok(ours.map(|name| (name.external_id, name.record_id)).collect())
}

/// Every name of a record, oldest first.
pub async fn of_record(db: &impl ConnectionTrait, kind: &str, record_id: i64) -> Result<Vec<Model>, StoreError> {
    let query = Entity::find().filter(Column::RecordKind.eq(kind)).filter(Column::RecordId.eq(record_id));
    Ok(query.order_by_asc(Column::Id).all(db).await?)
}

/// What one source calls these records of a kind.
pub async fn of_records(
    db: &impl ConnectionTrait,
    kind: &str,
    source_id: Option<i64>,
    record_ids: &[i64],
) -> Result<Vec<Model>, StoreError> {
    let mut found = Vec::new();
    for ids in record_ids.chunks(MAX_VALUES - 2) {
        let query = Entity::find().filter(Column::RecordKind.eq(kind)).filter(Column::SourceId.eq(source_id));
        found.append(&mut query.filter(Column::RecordId.is_in(ids.iter().copied())).all(db).await?);
    }
    Ok(found)
}

/// Every name of every record of a kind: the name and the row.
pub async fn all(db: &impl ConnectionTrait, kind: &str) -> Result<Vec<Model>, StoreError> {
    Ok(Entity::find().filter(Column::RecordKind.eq(kind)).order_by_asc(Column::Id).all(db).await?)
}

/// The rows of a kind that some source has named, as part of another question.
pub(crate) fn records_named(kind: &str) -> SelectStatement {
    let query = Entity::find().select_only().column(Column::RecordId).filter(Column::RecordKind.eq(kind));
    QueryTrait::into_query(query)
}

/// Writes a name down; an id of 0 is left to the database.
pub async fn insert(tx: &Tx, name: Model) -> Result<Model, StoreError> {
    row::insert(tx, name).await
}

/// Writes many names down.
pub async fn insert_many(tx: &Tx, names: Vec<Model>) -> Result<u64, StoreError> {
    record::insert_many(tx, names).await
}

/// Gives every name of one record to another.
pub async fn give(tx: &Tx, kind: &str, from: i64, to: i64) -> Result<(), StoreError> {
    Entity::update_many()
        .col_expr(Column::RecordId, Expr::value(to))
        .filter(Column::RecordKind.eq(kind))
        .filter(Column::RecordId.eq(from))
        .exec(tx)
        .await?;
    Ok(())
}

/// Forgets the names of a record.
pub async fn forget(tx: &Tx, kind: &str, record_id: i64) -> Result<(), StoreError> {
    let names = Entity::delete_many().filter(Column::RecordKind.eq(kind)).filter(Column::RecordId.eq(record_id));
    names.exec(tx).await?;
    Ok(())
}
