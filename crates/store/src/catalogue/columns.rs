//! The columns of the event table, the first rows of the catalogue, and the bounds of the whole table.
//!
//! Bounds are text in DuckLake. Which of two is smaller depends on the column: numbers compare as numbers, the rest
//! compares as written, which is right for the instants because they all have the same form.

use std::cmp::Ordering;

use domain::Instant;
use sea_orm::{ConnectionTrait, DbBackend, Value};

use super::{ColumnStat, EVENT_TABLE, NewPart, time, time_placeholder};
use crate::{
    Db, StoreError, Tx,
    statement::{placeholders, statement, text},
};

/// A column of the event table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its id, which is its Parquet field id.
    pub id: i64,
    /// Its name.
    pub name: &'static str,
    /// Its DuckLake type.
    pub kind: &'static str,
    /// Whether it may be null.
    pub nullable: bool,
}

/// The columns of the event table, in order.
pub const COLUMNS: [Column; 9] = [
    Column { id: 1, name: "event_id", kind: "blob", nullable: false },
    Column { id: 2, name: "source_id", kind: "int64", nullable: false },
    Column { id: 3, name: "account_id", kind: "int64", nullable: true },
    Column { id: 4, name: "user_id", kind: "int64", nullable: true },
    Column { id: 5, name: "name", kind: "varchar", nullable: false },
    Column { id: 6, name: "occurred_at", kind: "timestamptz", nullable: false },
    Column { id: 7, name: "recorded_at", kind: "timestamptz", nullable: false },
    Column { id: 8, name: "quantity", kind: "int64", nullable: false },
    Column { id: 9, name: "properties", kind: "varchar", nullable: true },
];

/// DuckLake wants an identity for schema and table; ours are the same in every installation, as their meaning is.
const SCHEMA_UUID: &str = "018f0000-706f-7d6f-8e61-000000000000";
const TABLE_UUID: &str = "018f0000-706f-7d6f-8e61-000000000001";

/// Writes the first rows of the catalogue, unless there are some: a lake at `data_path` with an empty event table.
///
/// A catalogue made for another path is moved to `data_path`, since parts are listed relative to it.
pub async fn found(tx: &Tx, data_path: &str, now: Instant) -> Result<(), StoreError> {
    let path = format!("{}/", data_path.trim_end_matches('/'));
    let row = tx.query_one_raw(text(tx, "SELECT value FROM ducklake_metadata WHERE key = 'data_path'")).await?;
    if let Some(row) = row {
        if row.try_get_by_index::<String>(0)? != path {
            let sql = "UPDATE ducklake_metadata SET value = $1 WHERE key = 'data_path'";
            tx.execute_raw(statement(tx, sql, [path.into()])).await?;
        }
        return Ok(());
    }
    let sql = "INSERT INTO ducklake_metadata (key, value) VALUES ('version', '1.0'), ('created_by', 'pomona'),
               ('data_path', $1), ('encrypted', 'false')";
    tx.execute_raw(statement(tx, sql, [path.into()])).await?;
    let at = time_placeholder(tx, 1);
    let sql = format!(
        "INSERT INTO ducklake_snapshot (snapshot_id, snapshot_time, schema_version, next_catalog_id, next_file_id)
         VALUES (0, {at}, 0, 1, 0), (1, {at}, 1, 2, 0)"
    );
    tx.execute_raw(statement(tx, sql, [time(now)])).await?;
    let (yes, uuid) = match tx.get_database_backend() {
        DbBackend::Postgres => ("true", "::uuid"),
        _ => ("1", ""),
    };
    tx.execute_unprepared(&format!(
        "INSERT INTO ducklake_snapshot_changes (snapshot_id, changes_made)
             VALUES (0, 'created_schema:\"main\"'), (1, 'created_table:\"main\".\"event\"');
         INSERT INTO ducklake_schema (schema_id, schema_uuid, begin_snapshot, schema_name, path, path_is_relative)
             VALUES (0, '{SCHEMA_UUID}'{uuid}, 0, 'main', 'main/', {yes});
         INSERT INTO ducklake_table (table_id, table_uuid, begin_snapshot, schema_id, table_name, path, path_is_relative)
             VALUES (1, '{TABLE_UUID}'{uuid}, 1, 0, 'event', 'event/', {yes});
         INSERT INTO ducklake_schema_versions (begin_snapshot, schema_version, table_id) VALUES (1, 1, 1);
         INSERT INTO ducklake_table_stats (table_id, record_count, next_row_id, file_size_bytes) VALUES (1, 0, 0, 0)"
    ))
    .await?;
    describe(tx).await
}

async fn describe(tx: &Tx) -> Result<(), StoreError> {
    let sql = format!(
        "INSERT INTO ducklake_column (column_id, begin_snapshot, table_id, column_order, column_name, column_type,
             nulls_allowed) VALUES {}",
        placeholders(tx, 0, COLUMNS.len(), 7)
    );
    let values = COLUMNS.iter().flat_map(|column| -> [Value; 7] {
        [
            column.id.into(),
            1_i64.into(),
            EVENT_TABLE.into(),
            column.id.into(),
            column.name.into(),
            column.kind.into(),
            column.nullable.into(),
        ]
    });
    tx.execute_raw(statement(tx, sql, values)).await?;
    Ok(())
}

/// Bounds of a column over the whole table; an unknown bound is `None`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Bounds {
    contains_null: bool,
    min: Option<String>,
    max: Option<String>,
}

/// Widens the bounds of the whole table by those of new parts.
pub(super) async fn widen(tx: &Tx, parts: &[NewPart]) -> Result<(), StoreError> {
    for column in COLUMNS {
        let stats = parts.iter().flat_map(|part| &part.column_stats).filter(|stat| stat.column_id == column.id);
        let stats: Vec<&ColumnStat> = stats.collect();
        if stats.is_empty() {
            continue;
        }
        match known(tx, column).await? {
            None => insert(tx, column, &around(column, None, &stats)).await?,
            Some(old) => {
                let wide = around(column, Some(&old), &stats);
                if wide != old {
                    update(tx, column, &wide).await?;
                }
            }
        }
    }
    Ok(())
}

/// The bounds around what was known and what is new. Parts whose values are all null have no bounds and change none.
fn around(column: Column, old: Option<&Bounds>, stats: &[&ColumnStat]) -> Bounds {
    let valued = || stats.iter().filter(|stat| stat.value_count > 0);
    let min = old.map(|old| &old.min).into_iter().chain(valued().map(|stat| &stat.min));
    let max = old.map(|old| &old.max).into_iter().chain(valued().map(|stat| &stat.max));
    Bounds {
        contains_null: old.is_some_and(|old| old.contains_null) || stats.iter().any(|stat| stat.null_count > 0),
        min: outermost(column, min, Ordering::Less),
        max: outermost(column, max, Ordering::Greater),
    }
}

/// The bound that lies furthest out; unknown if one of them is, since readers may skip what lies outside.
fn outermost<'a>(column: Column, bounds: impl Iterator<Item = &'a Option<String>>, side: Ordering) -> Option<String> {
    let bounds: Option<Vec<&String>> = bounds.map(Option::as_ref).collect();
    bounds?.into_iter().reduce(|a, b| if compare(column, a, b) == side { a } else { b }).cloned()
}

fn compare(column: Column, a: &str, b: &str) -> Ordering {
    match (a.parse::<i64>(), b.parse::<i64>()) {
        (Ok(a), Ok(b)) if column.kind == "int64" => a.cmp(&b),
        _ => a.cmp(b),
    }
}

async fn known(db: &impl Db, column: Column) -> Result<Option<Bounds>, StoreError> {
    let sql = "SELECT contains_null, min_value, max_value FROM ducklake_table_column_stats
               WHERE table_id = 1 AND column_id = $1";
    let Some(row) = db.query_one_raw(statement(db, sql, [column.id.into()])).await? else { return Ok(None) };
    Ok(Some(Bounds {
        contains_null: row.try_get_by_index(0)?,
        min: row.try_get_by_index(1)?,
        max: row.try_get_by_index(2)?,
    }))
}

async fn insert(tx: &Tx, column: Column, bounds: &Bounds) -> Result<(), StoreError> {
    let sql = "INSERT INTO ducklake_table_column_stats (table_id, column_id, contains_null, min_value, max_value)
               VALUES (1, $1, $2, $3, $4)";
    let Bounds { contains_null, min, max } = bounds.clone();
    tx.execute_raw(statement(tx, sql, [column.id.into(), contains_null.into(), min.into(), max.into()])).await?;
    Ok(())
}

async fn update(tx: &Tx, column: Column, bounds: &Bounds) -> Result<(), StoreError> {
    let sql = "UPDATE ducklake_table_column_stats SET contains_null = $2, min_value = $3, max_value = $4
               WHERE table_id = 1 AND column_id = $1";
    let Bounds { contains_null, min, max } = bounds.clone();
    tx.execute_raw(statement(tx, sql, [column.id.into(), contains_null.into(), min.into(), max.into()])).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stat(value_count: i64, null_count: i64, min: Option<&str>, max: Option<&str>) -> ColumnStat {
        let owned = |text: Option<&str>| text.map(str::to_owned);
        ColumnStat { column_id: 0, value_count, null_count, min: owned(min), max: owned(max) }
    }

    fn bounds(column: Column, stats: &[ColumnStat]) -> (Option<String>, Option<String>) {
        let Bounds { min, max, .. } = around(column, None, &stats.iter().collect::<Vec<_>>());
        (min, max)
    }

    fn some(min: &str, max: &str) -> (Option<String>, Option<String>) {
        (Some(min.to_owned()), Some(max.to_owned()))
    }

    #[test]
    fn numbers_compare_as_numbers_and_instants_as_text() {
        let numbers = [stat(1, 0, Some("10"), Some("10")), stat(1, 0, Some("9"), Some("9"))];
        assert_eq!(bounds(COLUMNS[1], &numbers), some("9", "10"));
        let (early, late) = ("2026-01-31 23:59:59.000000+00", "2026-02-01 00:00:00.000000+00");
        let instants = [stat(1, 0, Some(late), Some(late)), stat(1, 0, Some(early), Some(early))];
        assert_eq!(bounds(COLUMNS[5], &instants), some(early, late));
    }

    #[test]
    fn an_unknown_bound_makes_the_whole_unknown_but_nulls_do_not() {
        let known = stat(2, 0, Some("1"), Some("2"));
        assert_eq!(bounds(COLUMNS[1], &[known.clone(), stat(0, 5, None, None)]), some("1", "2"));
        assert_eq!(bounds(COLUMNS[1], &[known, stat(1, 0, None, Some("7"))]), (None, Some("7".to_owned())));
    }
}
