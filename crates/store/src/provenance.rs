//! Provenance says who a field's value comes from, where that is not the source that brought the record. A field a
//! person has set is *held*: sources no longer change it until somebody releases it. Fields without a row here are
//! the record's own source's. Deliberately absent: when a value began, which the versions of the record say.

use std::collections::HashMap;

use domain::Instant;
use sea_orm::{ConnectionTrait, QueryOrder, Value, entity::prelude::*};
use serde::{Deserialize, Serialize};

use crate::{
    StoreError, Tx,
    declare::no_relations,
    statement::{MAX_VALUES, placeholders, statement},
};

/// Who said what a field says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, DeriveEntityModel)]
#[sea_orm(table_name = "provenance")]
pub struct Model {
    /// Which table.
    #[sea_orm(primary_key, auto_increment = false)]
    pub record_kind: String,
    /// Which row.
    #[sea_orm(primary_key, auto_increment = false)]
    pub record_id: i64,
    /// Which column.
    #[sea_orm(primary_key, auto_increment = false)]
    pub field: String,
    /// The source that said it.
    pub source_id: Option<i64>,
    /// The person who said it.
    pub member_id: Option<i64>,
    /// Whether sources must leave it alone.
    pub held: bool,
    /// What a source says instead, while it is held.
    pub offered: Option<Json>,
    /// Since when.
    pub at: Instant,
}

no_relations!();

/// What is known about the fields of some records of a kind, by record.
pub async fn of_records(
    db: &impl ConnectionTrait,
    kind: &str,
    ids: &[i64],
) -> Result<HashMap<i64, Vec<Model>>, StoreError> {
    let mut known: HashMap<i64, Vec<Model>> = HashMap::new();
    for ids in ids.chunks(MAX_VALUES - 1) {
        let query = Entity::find().filter(Column::RecordKind.eq(kind)).order_by_asc(Column::Field);
        for row in query.filter(Column::RecordId.is_in(ids.iter().copied())).all(db).await? {
            known.entry(row.record_id).or_default().push(row);
        }
    }
    Ok(known)
}

/// What is known about the fields of one record.
pub async fn of_record(db: &impl ConnectionTrait, kind: &str, id: i64) -> Result<Vec<Model>, StoreError> {
    Ok(of_records(db, kind, &[id]).await?.remove(&id).unwrap_or_default())
}

/// Notes who said what, in place of what was noted before.
pub async fn note(tx: &Tx, rows: &[Model]) -> Result<(), StoreError> {
    for rows in rows.chunks(MAX_VALUES / 8) {
        let sql = format!(
            "INSERT INTO provenance (record_kind, record_id, field, source_id, member_id, held, offered, at) VALUES {}
             ON CONFLICT (record_kind, record_id, field) DO UPDATE SET source_id = excluded.source_id,
                 member_id = excluded.member_id, held = excluded.held,
                 offered = excluded.offered, at = excluded.at",
            placeholders(tx, 0, rows.len(), 8)
        );
        let values = rows.iter().flat_map(|row| -> [Value; 8] {
            [
                row.record_kind.as_str().into(),
                row.record_id.into(),
                row.field.as_str().into(),
                row.source_id.into(),
                row.member_id.into(),
                row.held.into(),
                row.offered.clone().into(),
                row.at.into(),
            ]
        });
        tx.execute_raw(statement(tx, sql, values)).await?;
    }
    Ok(())
}

/// Forgets everything about the fields of a record.
pub async fn forget(tx: &Tx, kind: &str, id: i64) -> Result<(), StoreError> {
    let rows = Entity::delete_many().filter(Column::RecordKind.eq(kind)).filter(Column::RecordId.eq(id));
    rows.exec(tx).await?;
    Ok(())
}
