//! The catalogue of parts: DuckLake 1.0 rows, written by us, readable by anybody's DuckDB.
//!
//! A *part* is one immutable Parquet file. The catalogue says which parts make up the events at each *lake snapshot*;
//! every change to it is one more snapshot. Sealing deletes exactly the inbox rows a part was written from and lists
//! the part in one transaction, so a crash leaves at worst a file nobody lists, never an event twice or not at all.
//!
//! Deliberately absent: files. Writing, fsyncing, merging and deleting them is the lake's; it tells us what it did.
//! Partition columns are absent too, because DuckLake partitions by the month of a year, ours is a folder name, and
//! the bounds of `occurred_at` already let a reader skip what it does not need.

use std::collections::BTreeMap;

use domain::Instant;
use sea_orm::{ConnectionTrait, DbBackend, Value};

use crate::{
    Db, Store, StoreError, Tx,
    inbox::keys,
    statement::{MAX_VALUES, placeholders, statement, text},
};

mod columns;

pub use columns::{COLUMNS, Column, found};

/// Where the parts of the event table are, relative to the lake's data path.
pub const EVENT_FOLDER: &str = "main/event/";

/// The event table's id in the catalogue.
const EVENT_TABLE: i64 = 1;

/// A listed part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Its id in the catalogue.
    pub id: i64,
    /// Its path, relative to [`EVENT_FOLDER`].
    pub path: String,
    /// How many events it holds.
    pub record_count: i64,
    /// Its size in bytes.
    pub file_size_bytes: i64,
    /// The size of its Parquet footer in bytes.
    pub footer_size: i64,
    /// What its columns hold, by column id.
    pub column_stats: Vec<ColumnStat>,
}

/// A part that was written and is to be listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewPart {
    /// Its path, relative to [`EVENT_FOLDER`]: `month=YYYY-MM/name.parquet`.
    pub path: String,
    /// How many events it holds.
    pub record_count: i64,
    /// Its size in bytes.
    pub file_size_bytes: i64,
    /// The size of its Parquet footer in bytes.
    pub footer_size: i64,
    /// What its columns hold.
    pub column_stats: Vec<ColumnStat>,
    /// The month of its events, `YYYY-MM`.
    pub month: String,
}

/// What one column of a part holds, with bounds written as DuckLake writes them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnStat {
    /// The column's id, which is its Parquet field id.
    pub column_id: i64,
    /// How many values are not null.
    pub value_count: i64,
    /// How many are null.
    pub null_count: i64,
    /// The least value, as text; `None` when there is none or it is unknown.
    pub min: Option<String>,
    /// The greatest value, as text.
    pub max: Option<String>,
}

/// An inbox row that is not sealed yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TailBlob {
    /// Its place in the inbox.
    pub seq: i64,
    /// How many events it holds.
    pub events: i64,
    /// The events, as the lake's encoder wrote them.
    pub payload: Vec<u8>,
}

/// Everything that makes up the events at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LakeRows {
    /// The lake snapshot; grows with every change of the parts.
    pub snapshot_id: i64,
    /// The listed parts, by id.
    pub parts: Vec<Part>,
    /// What waits to be sealed, in order of arrival.
    pub tail: Vec<TailBlob>,
}

impl Part {
    /// The month of its events, `YYYY-MM`, as its folder says.
    pub fn month(&self) -> &str {
        let folder = self.path.split('/').next().unwrap_or_default();
        folder.strip_prefix("month=").unwrap_or(folder)
    }
}

impl Store {
    /// Parts and tail in one read snapshot: each accepted event is in exactly one of the two.
    pub async fn read_lake(&self) -> Result<LakeRows, StoreError> {
        let moment = self.snapshot().await?;
        let rows = read(&moment).await?;
        moment.commit().await?;
        Ok(rows)
    }
}

/// Reads parts and tail; `moment` must be a [`Store::snapshot`] for the two to agree.
pub async fn read(moment: &Tx) -> Result<LakeRows, StoreError> {
    let snapshot = moment.query_one_raw(text(moment, "SELECT max(snapshot_id) FROM ducklake_snapshot")).await?;
    let snapshot_id = match snapshot {
        Some(row) => row.try_get_by_index::<Option<i64>>(0)?.unwrap_or(0),
        None => 0,
    };
    Ok(LakeRows { snapshot_id, parts: parts(moment).await?, tail: tail(moment).await? })
}

/// The parts listed now, by id.
pub async fn parts(db: &impl Db) -> Result<Vec<Part>, StoreError> {
    let mut stats: BTreeMap<i64, Vec<ColumnStat>> = BTreeMap::new();
    let sql = "SELECT s.data_file_id, s.column_id, s.value_count, s.null_count, s.min_value, s.max_value
               FROM ducklake_file_column_stats s JOIN ducklake_data_file f ON f.data_file_id = s.data_file_id
               WHERE f.end_snapshot IS NULL ORDER BY s.column_id";
    for row in db.query_all_raw(text(db, sql)).await? {
        stats.entry(row.try_get_by_index(0)?).or_default().push(ColumnStat {
            column_id: row.try_get_by_index(1)?,
            value_count: row.try_get_by_index(2)?,
            null_count: row.try_get_by_index(3)?,
            min: row.try_get_by_index(4)?,
            max: row.try_get_by_index(5)?,
        });
    }
    let sql = "SELECT data_file_id, path, record_count, file_size_bytes, footer_size FROM ducklake_data_file
               WHERE end_snapshot IS NULL ORDER BY data_file_id";
    let rows = db.query_all_raw(text(db, sql)).await?;
    rows.iter()
        .map(|row| {
            let id = row.try_get_by_index(0)?;
            Ok(Part {
                id,
                path: row.try_get_by_index(1)?,
                record_count: row.try_get_by_index(2)?,
                file_size_bytes: row.try_get_by_index(3)?,
                footer_size: row.try_get_by_index(4)?,
                column_stats: stats.remove(&id).unwrap_or_default(),
            })
        })
        .collect()
}

/// What waits in the inbox, in order of arrival.
pub async fn tail(db: &impl Db) -> Result<Vec<TailBlob>, StoreError> {
    let rows = db.query_all_raw(text(db, "SELECT seq, events, payload FROM inbox ORDER BY seq")).await?;
    rows.iter()
        .map(|row| {
            Ok(TailBlob {
                seq: row.try_get_by_index(0)?,
                events: i64::from(row.try_get_by_index::<i32>(1)?),
                payload: row.try_get_by_index(2)?,
            })
        })
        .collect()
}

/// Lists the parts written from the inbox rows `sealed`, moves their keys to the log, and deletes exactly those rows.
///
/// Fails with [`StoreError::Lost`], leaving everything as it was, if one of them is gone: another sealer was faster,
/// and the parts just written are orphans.
pub async fn seal(tx: &Tx, sealed: &[i64], parts: &[NewPart], now: Instant) -> Result<(), StoreError> {
    keys::log(tx, sealed).await?;
    let mut deleted = 0;
    for rows in sealed.chunks(MAX_VALUES) {
        let sql = format!("DELETE FROM inbox WHERE seq IN {}", placeholders(tx, 0, 1, rows.len()));
        deleted += tx.execute_raw(statement(tx, sql, rows.iter().map(|seq| (*seq).into()))).await?.rows_affected();
    }
    expect_rows("inbox rows to seal", sealed.len() as u64, deleted)?;
    if !parts.is_empty() {
        let snapshot = next_snapshot(tx, parts.len() as i64, "inserted_into_table:1", now).await?;
        list(tx, snapshot, parts).await?;
    }
    Ok(())
}

/// Lists merged parts in place of the parts they were merged from, whose files may be deleted some time later.
///
/// Fails with [`StoreError::Lost`], leaving everything as it was, if one of the old parts is no longer listed.
pub async fn replace_parts(tx: &Tx, old: &[i64], new: &[NewPart], now: Instant) -> Result<(), StoreError> {
    let snapshot = next_snapshot(tx, new.len() as i64, "merge_adjacent:1", now).await?;
    let mut ended = 0;
    for old in old.chunks(MAX_VALUES - 1) {
        let ids = old.iter().map(i64::to_string).collect::<Vec<_>>().join(", ");
        let sql = format!(
            "INSERT INTO ducklake_files_scheduled_for_deletion (data_file_id, path, path_is_relative, schedule_start)
             SELECT data_file_id, $1 || path, path_is_relative, {} FROM ducklake_data_file
             WHERE data_file_id IN ({ids}) AND end_snapshot IS NULL",
            time_placeholder(tx, 2)
        );
        tx.execute_raw(statement(tx, sql, [EVENT_FOLDER.into(), time(now)])).await?;
        let sql = format!(
            "UPDATE ducklake_data_file SET end_snapshot = $1 WHERE data_file_id IN ({ids}) AND end_snapshot IS NULL"
        );
        ended += tx.execute_raw(statement(tx, sql, [snapshot.id.into()])).await?.rows_affected();
    }
    expect_rows("parts to replace", old.len() as u64, ended)?;
    let gone = "UPDATE ducklake_table_stats SET
                    record_count = record_count - (SELECT COALESCE(CAST(sum(record_count) AS BIGINT), 0) FROM ducklake_data_file WHERE end_snapshot = $1),
                    file_size_bytes = file_size_bytes - (SELECT COALESCE(CAST(sum(file_size_bytes) AS BIGINT), 0) FROM ducklake_data_file WHERE end_snapshot = $1)
                WHERE table_id = 1";
    tx.execute_raw(statement(tx, gone, [snapshot.id.into()])).await?;
    list(tx, snapshot, new).await
}

/// Parts replaced before an instant, with their paths relative to [`EVENT_FOLDER`]: their files may be deleted.
pub async fn scheduled_for_deletion(db: &impl Db, before: Instant) -> Result<Vec<(i64, String)>, StoreError> {
    let sql = format!(
        "SELECT data_file_id, path FROM ducklake_files_scheduled_for_deletion WHERE schedule_start < {} ORDER BY data_file_id",
        time_placeholder(db, 1)
    );
    let rows = db.query_all_raw(statement(db, sql, [time(before)])).await?;
    rows.iter()
        .map(|row| {
            let path: String = row.try_get_by_index(1)?;
            Ok((row.try_get_by_index(0)?, path.strip_prefix(EVENT_FOLDER).unwrap_or(&path).to_owned()))
        })
        .collect()
}

/// Forgets parts whose files are deleted, and the lake snapshots that needed them.
pub async fn forget(tx: &Tx, parts: &[i64]) -> Result<(), StoreError> {
    for parts in parts.chunks(MAX_VALUES) {
        let ids = || parts.iter().map(|id| Value::from(*id));
        let list = placeholders(tx, 0, 1, parts.len());
        let sql = format!("SELECT max(end_snapshot) FROM ducklake_data_file WHERE data_file_id IN {list}");
        let row = tx.query_one_raw(statement(tx, sql, ids())).await?;
        let ended: Option<i64> = row.map(|row| row.try_get_by_index(0)).transpose()?.flatten();
        for table in ["ducklake_snapshot", "ducklake_snapshot_changes"] {
            let sql = format!("DELETE FROM {table} WHERE snapshot_id < $1");
            tx.execute_raw(statement(tx, sql, [ended.unwrap_or(0).into()])).await?;
        }
        for table in ["ducklake_file_column_stats", "ducklake_files_scheduled_for_deletion", "ducklake_data_file"] {
            let sql = format!("DELETE FROM {table} WHERE data_file_id IN {list}");
            tx.execute_raw(statement(tx, sql, ids())).await?;
        }
    }
    Ok(())
}

/// A lake snapshot just begun, with the first id for its parts and their first row.
#[derive(Clone, Copy)]
struct Snapshot {
    id: i64,
    first_file: i64,
    first_row: i64,
}

async fn next_snapshot(tx: &Tx, files: i64, changes: &str, now: Instant) -> Result<Snapshot, StoreError> {
    if tx.get_database_backend() == DbBackend::Postgres {
        // Two sealers would both take the next number; the second waits here.
        tx.execute_unprepared("LOCK TABLE ducklake_snapshot IN EXCLUSIVE MODE").await?;
    }
    let sql = format!(
        "INSERT INTO ducklake_snapshot (snapshot_id, snapshot_time, schema_version, next_catalog_id, next_file_id)
         SELECT snapshot_id + 1, {}, schema_version, next_catalog_id, next_file_id + $2
         FROM ducklake_snapshot ORDER BY snapshot_id DESC LIMIT 1 RETURNING snapshot_id, next_file_id",
        time_placeholder(tx, 1)
    );
    let row = tx.query_one_raw(statement(tx, sql, [time(now), files.into()])).await?;
    let row = row.ok_or_else(|| StoreError::not_found("lake catalogue", &"main"))?;
    let (id, next_file): (i64, i64) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
    let sql = "INSERT INTO ducklake_snapshot_changes (snapshot_id, changes_made) VALUES ($1, $2)";
    tx.execute_raw(statement(tx, sql, [id.into(), changes.into()])).await?;
    let sql = "SELECT next_row_id FROM ducklake_table_stats WHERE table_id = 1";
    let first_row = match tx.query_one_raw(text(tx, sql)).await? {
        Some(row) => row.try_get_by_index(0)?,
        None => 0,
    };
    Ok(Snapshot { id, first_file: next_file - files, first_row })
}

/// Writes the rows that list parts, and widens what is known about the table.
async fn list(tx: &Tx, snapshot: Snapshot, parts: &[NewPart]) -> Result<(), StoreError> {
    let mut row_id = snapshot.first_row;
    for (id, part) in (snapshot.first_file..).zip(parts) {
        let relative = Value::from(true);
        let sql = format!(
            "INSERT INTO ducklake_data_file (data_file_id, table_id, begin_snapshot, path, path_is_relative,
                 file_format, record_count, file_size_bytes, footer_size, row_id_start) VALUES {}",
            placeholders(tx, 0, 1, 10)
        );
        let values: [Value; 10] = [
            id.into(),
            EVENT_TABLE.into(),
            snapshot.id.into(),
            part.path.as_str().into(),
            relative,
            "parquet".into(),
            part.record_count.into(),
            part.file_size_bytes.into(),
            part.footer_size.into(),
            row_id.into(),
        ];
        tx.execute_raw(statement(tx, sql, values)).await?;
        list_columns(tx, id, &part.column_stats).await?;
        row_id += part.record_count;
    }
    let sql = "UPDATE ducklake_table_stats SET record_count = record_count + $1, next_row_id = next_row_id + $1,
                   file_size_bytes = file_size_bytes + $2 WHERE table_id = 1";
    let bytes: i64 = parts.iter().map(|part| part.file_size_bytes).sum();
    tx.execute_raw(statement(tx, sql, [(row_id - snapshot.first_row).into(), bytes.into()])).await?;
    columns::widen(tx, parts).await
}

async fn list_columns(tx: &Tx, part: i64, stats: &[ColumnStat]) -> Result<(), StoreError> {
    if stats.is_empty() {
        return Ok(());
    }
    let sql = format!(
        "INSERT INTO ducklake_file_column_stats
             (data_file_id, table_id, column_id, value_count, null_count, min_value, max_value) VALUES {}",
        placeholders(tx, 0, stats.len(), 7)
    );
    let values = stats.iter().flat_map(|stat| -> [Value; 7] {
        [
            part.into(),
            EVENT_TABLE.into(),
            stat.column_id.into(),
            stat.value_count.into(),
            stat.null_count.into(),
            stat.min.clone().into(),
            stat.max.clone().into(),
        ]
    });
    tx.execute_raw(statement(tx, sql, values)).await?;
    Ok(())
}

fn expect_rows(what: &'static str, expected: u64, found: u64) -> Result<(), StoreError> {
    if expected == found { Ok(()) } else { Err(StoreError::Lost { what, expected, found }) }
}

/// An instant as DuckLake writes it into its SQLite catalogue; PostgreSQL reads the same text.
fn time(at: Instant) -> Value {
    at.format("%Y-%m-%d %H:%M:%S%.6f+00").to_string().into()
}

fn time_placeholder(db: &impl Db, number: usize) -> String {
    match db.get_database_backend() {
        DbBackend::Postgres => format!("CAST(${number} AS TIMESTAMPTZ)"),
        _ => format!("${number}"),
    }
}
