//! New rows, some hundreds in one statement. The ORM builds a tree for each statement and copies every value several
//! times, which for an import is most of its time; here the text is written straight away, and is the same for every
//! full portion, so that the database keeps its plan. A column in which all rows of a portion agree, as imported ones do
//! in most, is handed over once. Deliberately absent: rows that may be there already.

use sea_orm::{
    ConnectionTrait, EntityName, EntityTrait, IdenStatic, Iterable, ModelTrait, PrimaryKeyToColumn, PrimaryKeyTrait,
    Statement, Value,
};

use crate::{
    StoreError, Tx,
    statement::{MAX_VALUES, shared_placeholders, statement},
};

/// Rows of one statement: enough to make its fixed cost small, few enough to stay in the processor's cache.
const TOGETHER: usize = 500;

/// With fewer rows than this every value is handed over, so that small inserts have few different texts.
const WORTH_COMPARING: usize = 16;

/// Inserts rows whose ids are given by the database where they are 0; all rows must have one, or none.
pub(crate) async fn insert<M: ModelTrait>(tx: &Tx, rows: &[M]) -> Result<(), StoreError> {
    for rows in rows.chunks(portion::<M>()) {
        tx.execute_raw(text(tx, rows, "")).await?;
    }
    Ok(())
}

/// Inserts rows without ids and answers with the ids they got. The database gives them out in the order of the rows.
pub(crate) async fn numbered<M: ModelTrait>(tx: &Tx, rows: &[M]) -> Result<Vec<i64>, StoreError> {
    let mut ids = Vec::with_capacity(rows.len());
    for rows in rows.chunks(portion::<M>()) {
        let first = ids.len();
        for row in tx.query_all_raw(text(tx, rows, " RETURNING \"id\"")).await? {
            ids.push(row.try_get_by_index::<i64>(0)?);
        }
        ids[first..].sort_unstable();
    }
    Ok(ids)
}

/// Whether rows bring their ids.
pub(crate) fn has_ids<M: ModelTrait>(rows: &[M]) -> bool {
    <M::Entity as EntityTrait>::PrimaryKey::auto_increment() && rows.first().is_some_and(|row| !is_unnumbered(row))
}

fn portion<M: ModelTrait>() -> usize {
    TOGETHER.min(MAX_VALUES / <M::Entity as EntityTrait>::Column::iter().count().max(1))
}

fn is_unnumbered<M: ModelTrait>(row: &M) -> bool {
    <M::Entity as EntityTrait>::PrimaryKey::auto_increment() && keys::<M>().any(|key| row.get(key) == 0_i64.into())
}

fn keys<M: ModelTrait>() -> impl Iterator<Item = <M::Entity as EntityTrait>::Column> {
    <M::Entity as EntityTrait>::PrimaryKey::iter().map(PrimaryKeyToColumn::into_column)
}

/// The statement that inserts these rows, of which there is at least one.
fn text<M: ModelTrait>(db: &impl ConnectionTrait, rows: &[M], ending: &str) -> Statement {
    let left_out: Vec<&str> = if rows.first().is_some_and(is_unnumbered) {
        keys::<M>().map(|key| key.as_str()).collect()
    } else {
        Vec::new()
    };
    let columns: Vec<_> =
        <M::Entity as EntityTrait>::Column::iter().filter(|column| !left_out.contains(&column.as_str())).collect();
    let cells: Vec<Vec<Value>> =
        rows.iter().map(|row| columns.iter().map(|column| row.get(*column)).collect()).collect();
    let agreed = |at: usize| rows.len() >= WORTH_COMPARING && cells.iter().all(|row| row[at] == cells[0][at]);
    let agreed: Vec<bool> = (0..columns.len()).map(agreed).collect();
    let names: Vec<String> = columns.iter().map(|column| format!("\"{}\"", column.as_str())).collect();
    let sql = format!(
        "INSERT INTO \"{}\" ({}) VALUES {}{ending}",
        M::Entity::default().table_name(),
        names.join(", "),
        shared_placeholders(db, 0, rows.len(), &agreed)
    );
    let shared: Vec<Value> =
        cells[0].iter().zip(&agreed).filter(|(_, agreed)| **agreed).map(|(cell, _)| cell.clone()).collect();
    let own = cells.into_iter().flat_map(|row| row.into_iter().zip(&agreed).filter(|(_, agreed)| !**agreed));
    statement(db, sql, own.map(|(cell, _)| cell).chain(shared))
}
