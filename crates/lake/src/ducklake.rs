//! The catalogue's side of the lake, as plain values: which rows of the DuckLake 1.0
//! tables describe the table `event` and its parts, so that anybody's DuckDB can
//! attach the lake. The SQL itself lives in `store`, in the same transaction as the
//! inbox; nothing here touches a database.
//!
//! **Once, when the catalogue is created.** `ducklake_metadata`: [`metadata`].
//! `ducklake_snapshot`: 0 (`schema_version` 0, `next_catalog_id` 1, `next_file_id` 0)
//! with the change `created_schema:"main"`, then 1 (1, 2, 0) with
//! `created_table:"main"."event"`. `ducklake_schema`: id 0, `begin_snapshot` 0, name
//! [`SCHEMA`], path [`SCHEMA_PATH`], relative. `ducklake_table`: id [`TABLE_ID`],
//! `begin_snapshot` 1, schema 0, name [`TABLE`], path [`TABLE_PATH`], relative; both
//! with a fresh UUID. `ducklake_schema_versions`: (1, 1, [`TABLE_ID`]).
//! `ducklake_column`: [`columns`], `column_order` = `column_id`, `begin_snapshot` 1,
//! `default_value` `NULL` of type `literal` in dialect `duckdb`.
//!
//! **In each seal transaction**, after the exact inbox rows were deleted and counted:
//! one `ducklake_snapshot` (last id + 1, the time as [`timestamp`], same
//! `schema_version` and `next_catalog_id`, `next_file_id` + number of parts); one
//! `ducklake_snapshot_changes` with [`INSERTED`]; per part one `ducklake_data_file`
//! (`data_file_id` from `next_file_id`, `file_format` `parquet`, `path_is_relative` 1,
//! `row_id_start` = `next_row_id` so far) and one `ducklake_file_column_stats` per
//! entry of [`SealedPart::columns`](crate::SealedPart); then
//! `ducklake_table_stats` grown by rows and bytes, and `ducklake_table_column_stats`
//! widened by minimum and maximum ([`compare`] orders them by type).
//!
//! **When parts are compacted**: `end_snapshot` of the old files set to the new
//! snapshot, the new files inserted as above, the change [`COMPACTED`]. Old files are
//! listed in `ducklake_files_scheduled_for_deletion` and removed a day later.

use std::cmp::Ordering;

use chrono::{DateTime, NaiveDateTime};
use domain::Instant;

/// Name of the schema.
pub const SCHEMA: &str = "main";
/// Folder of the schema below the lake's root.
pub const SCHEMA_PATH: &str = "main/";
/// Identity of the table.
pub const TABLE_ID: i64 = 1;
/// Name of the table.
pub const TABLE: &str = "event";
/// Folder of the table below that of the schema.
pub const TABLE_PATH: &str = "event/";
/// `ducklake_snapshot_changes.changes_made` of a seal.
pub const INSERTED: &str = "inserted_into_table:1";
/// `ducklake_snapshot_changes.changes_made` of a compaction.
pub const COMPACTED: &str = "merge_adjacent:1";

/// A column of the table `event`: a row of `ducklake_column`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// `column_id`, equal to the Parquet field id and to the position counted from one.
    pub id: i64,
    /// `column_name`.
    pub name: &'static str,
    /// `column_type`, in DuckLake's words.
    pub data_type: &'static str,
    /// `nulls_allowed`: whether values may be unknown.
    pub nulls_allowed: bool,
}

/// Returns the columns of the table `event` in order.
pub fn columns() -> [Column; 9] {
    let column = |id, name, data_type, nulls_allowed| Column { id, name, data_type, nulls_allowed };
    [
        column(1, "event_id", "blob", false),
        column(2, "source_id", "int64", false),
        column(3, "account_id", "int64", true),
        column(4, "user_id", "int64", true),
        column(5, "name", "varchar", false),
        column(6, "occurred_at", "timestamptz", false),
        column(7, "recorded_at", "timestamptz", false),
        column(8, "quantity", "int64", false),
        column(9, "properties", "varchar", true),
    ]
}

/// Returns the keys and values of `ducklake_metadata` for a lake at `data_path`.
pub fn metadata(data_path: &str) -> [(&'static str, String); 4] {
    let slash = if data_path.ends_with('/') { "" } else { "/" };
    [
        ("version", "1.0".to_owned()),
        ("created_by", "Pomona".to_owned()),
        ("data_path", format!("{data_path}{slash}")),
        ("encrypted", "false".to_owned()),
    ]
}

/// Writes an instant the way DuckLake stores it: `2026-11-22 09:30:00.000000+00`.
pub fn timestamp(instant: Instant) -> String {
    instant.format("%Y-%m-%d %H:%M:%S%.6f+00").to_string()
}

/// Reads an instant as DuckLake stores it, with or without fraction and zone `+00`.
pub fn parse_timestamp(text: &str) -> Option<Instant> {
    let text = text.strip_suffix("+00").unwrap_or(text);
    let naive = NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f").ok()?;
    Some(DateTime::from_naive_utc_and_offset(naive, chrono::Utc))
}

/// Orders two statistics of a column as values rather than as text.
pub fn compare(column_id: i64, left: &str, right: &str) -> Ordering {
    let kind = columns().into_iter().find(|column| column.id == column_id).map(|column| column.data_type);
    match kind {
        Some("int64") => left.parse::<i64>().ok().cmp(&right.parse().ok()),
        Some("timestamptz") => parse_timestamp(left).cmp(&parse_timestamp(right)),
        _ => left.cmp(right),
    }
}

/// The catalogue's number of the column at a position of the schema.
pub(crate) fn column_id(position: usize) -> i64 {
    position as i64 + 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch;

    #[test]
    fn columns_carry_the_field_ids_of_the_files() {
        let schema = batch::schema();
        for (column, field) in columns().iter().zip(schema.fields()) {
            assert_eq!(column.name, field.name());
            assert_eq!(column.nulls_allowed, field.is_nullable());
            assert_eq!(field.metadata()["PARQUET:field_id"], column.id.to_string());
        }
        assert_eq!(columns().len(), schema.fields().len());
    }

    #[test]
    fn timestamps_survive_their_text() {
        let instant = DateTime::from_timestamp_micros(1_795_339_800_000_001).unwrap();
        assert_eq!(timestamp(instant), "2026-11-22 09:30:00.000001+00");
        assert_eq!(parse_timestamp(&timestamp(instant)), Some(instant));
        assert_eq!(parse_timestamp("2026-11-22 09:30:00+00").map(|at| at.timestamp()), Some(1_795_339_800));
        assert_eq!(parse_timestamp("yesterday"), None);
    }

    #[test]
    fn statistics_compare_as_values() {
        assert_eq!(compare(3, "9", "10"), Ordering::Less);
        assert_eq!(compare(5, "9", "10"), Ordering::Greater);
        assert_eq!(compare(6, "2026-01-01 00:00:00+00", "2026-01-01 00:00:00.000001+00"), Ordering::Less);
    }
}
