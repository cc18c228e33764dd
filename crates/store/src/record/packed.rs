//! Many facts in few values: the database packs a page of rows into one JSON text, an array for each row, and that
//! text is read straight into facts. Handing over rows one value at a time costs an allocation, a lock and a look-up
//! by name for each, which for a whole book is most of the time of a snapshot. Kinds with fractional numbers come row by
//! row all the same, since text keeps not every one of them to the last bit. Deliberately absent: filters; who wants the
//! facts of some accounts reads rows.

use sea_orm::{
    ColumnTrait, ColumnType, ConnectionTrait, DbBackend, EntityName, EntityTrait, IdenStatic, Iterable, ModelTrait,
    QueryFilter, QueryOrder, QuerySelect, Statement,
};

use super::Fact;
use crate::StoreError;

type Column<M> = <<M as ModelTrait>::Entity as EntityTrait>::Column;

/// Rows in one text: a few hundred kilobytes.
const ROWS: u64 = 4_096;

/// A page of the facts of a kind as they are, ordered by id, after one of them. The last page is not full.
pub(crate) async fn page<M: Fact>(db: &impl ConnectionTrait, after: Option<i64>) -> Result<Page<M>, StoreError> {
    let after = after.unwrap_or(i64::MIN);
    let fractional =
        |column: Column<M>| matches!(column.def().get_column_type(), ColumnType::Float | ColumnType::Double);
    let facts = if Column::<M>::iter().any(fractional) {
        M::Entity::find().filter(M::ID.gt(after)).order_by_asc(M::ID).limit(ROWS).all(db).await?
    } else {
        unpacked(db, after).await?
    };
    let next = facts.last().filter(|_| facts.len() as u64 == ROWS).map(Fact::id);
    Ok(Page { facts, next })
}

async fn unpacked<M: Fact>(db: &impl ConnectionTrait, after: i64) -> Result<Vec<M>, StoreError> {
    let backend = db.get_database_backend();
    let row = db.query_one_raw(Statement::from_sql_and_values(backend, sql::<M>(backend), [after.into()])).await?;
    let text = row.map(|row| row.try_get_by_index::<Option<String>>(0)).transpose()?.flatten();
    let mut facts: Vec<M> = serde_json::from_str(text.as_deref().unwrap_or("[]"))
        .map_err(|source| StoreError::Malformed { what: M::KIND, source })?;
    facts.sort_unstable_by_key(Fact::id);
    Ok(facts)
}

/// A page of facts.
#[derive(Debug)]
pub(crate) struct Page<M> {
    /// Ordered by id.
    pub(crate) facts: Vec<M>,
    /// After which one to go on; `None` at the end.
    pub(crate) next: Option<i64>,
}

fn sql<M: Fact>(backend: DbBackend) -> String {
    let table = M::Entity::default();
    let (table, id) = (table.table_name(), M::ID.as_str());
    let columns = Column::<M>::iter();
    let page =
        |parameter| format!("(SELECT * FROM \"{table}\" WHERE \"{id}\" > {parameter} ORDER BY \"{id}\" LIMIT {ROWS})");
    if backend == DbBackend::Postgres {
        let columns: Vec<_> = columns.map(|column| format!("\"{}\"", column.as_str())).collect();
        format!("SELECT json_agg(json_build_array({}))::text FROM {} AS page", columns.join(", "), page("$1"))
    } else {
        let columns: Vec<_> = columns.map(|column| sqlite(&column)).collect();
        format!("SELECT json_group_array(json_array({})) FROM {}", columns.join(", "), page("?"))
    }
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
