//! Many rows in one value: the database packs what a query finds into one JSON text, an array for each row, and that
//! text is read straight into records. Handing over rows one value at a time costs an allocation, a lock and a look-up
//! by name for each, which for a whole book is most of the time of a snapshot. Records with fractional numbers come one
//! by one all the same, since text keeps not every one of them to the last bit. Deliberately absent: queries of its own.

use sea_orm::{
    ColumnTrait, ColumnType, ConnectionTrait, DbBackend, EntityTrait, Iterable, ModelTrait, QueryTrait, Select,
    Statement,
};
use serde::de::DeserializeOwned;

use crate::StoreError;

/// What a query over whole rows finds, in its order.
pub(crate) async fn all<M, E>(db: &impl ConnectionTrait, query: Select<E>) -> Result<Vec<M>, StoreError>
where
    M: ModelTrait<Entity = E> + sea_orm::FromQueryResult + DeserializeOwned,
    E: EntityTrait<Model = M>,
{
    if E::Column::iter().any(|column| is_fractional(&column)) {
        return Ok(query.all(db).await?);
    }
    points(db, query, E::Column::iter()).await
}

/// What a query finds in some of its columns, in its order; good enough to draw, since a fraction may lose its last bit.
pub(crate) async fn points<T, E>(
    db: &impl ConnectionTrait,
    query: Select<E>,
    columns: impl IntoIterator<Item = E::Column>,
) -> Result<Vec<T>, StoreError>
where
    T: DeserializeOwned,
    E: EntityTrait,
{
    let backend = db.get_database_backend();
    let Statement { sql, values, .. } = query.build(backend);
    let packing = Statement { sql: packing(backend, &sql, columns), values, db_backend: backend };
    let row = db.query_one_raw(packing).await?;
    let text = row.map(|row| row.try_get_by_index::<Option<String>>(0)).transpose()?.flatten();
    let Some(text) = text else { return Ok(Vec::new()) };
    serde_json::from_str(&text).map_err(|source| StoreError::Malformed { what: E::default().table_name(), source })
}

/// Packs the rows of a query. Both databases take them in the order in which the query gives them.
fn packing<C: ColumnTrait>(backend: DbBackend, query: &str, columns: impl IntoIterator<Item = C>) -> String {
    let columns = columns.into_iter();
    if backend == DbBackend::Postgres {
        let columns: Vec<_> = columns.map(|column| format!("\"{}\"", column.as_str())).collect();
        format!("SELECT json_agg(json_build_array({}))::text FROM ({query}) AS rows", columns.join(", "))
    } else {
        let columns: Vec<_> = columns.map(|column| sqlite(&column)).collect();
        format!("SELECT json_group_array(json_array({})) FROM ({query})", columns.join(", "))
    }
}

fn is_fractional(column: &impl ColumnTrait) -> bool {
    matches!(column.def().get_column_type(), ColumnType::Float | ColumnType::Double)
}

/// A column as SQLite must give it to JSON: it has no truth values, and JSON is text to it.
fn sqlite(column: &impl ColumnTrait) -> String {
    let name = format!("\"{}\"", column.as_str());
    match column.def().get_column_type() {
        ColumnType::Boolean => format!("json(CASE {name} WHEN 0 THEN 'false' WHEN 1 THEN 'true' END)"),
        ColumnType::Json | ColumnType::JsonBinary => format!("json({name})"),
        _ => name,
    }
}
