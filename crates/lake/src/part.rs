//! A part: one immutable Parquet file of one month of events, sorted by account and
//! time so that the page of one account reads a few pages of each file. Events that
//! no account owns yet lie in parts of their own. [`PartFile`] is what the catalogue
//! knows of a part, [`SealedPart`] what it must be told of a new one; a part is
//! never changed, only replaced ([`Lake::compact`](crate::Lake::compact)) and
//! removed once no reader can still want it.

mod bulk;
mod compact;
mod order;
mod read;
mod seal;
mod sweep;
mod write;

use domain::{Day, Instant};

use crate::{batch, ducklake};

pub use bulk::BulkWriter;

/// A part as the catalogue describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartFile {
    /// Identity in the catalogue, `ducklake_data_file.data_file_id`; the lake only hands it back.
    pub id: i64,
    /// Path below the folder of the table, as catalogued.
    pub path: String,
    /// Number of events.
    pub record_count: i64,
    /// Size of the file.
    pub file_size_bytes: i64,
    /// Size of the Parquet footer.
    pub footer_size: i64,
    /// Smallest and largest account, or none when unknown or when no event has one.
    pub account_id: Option<(i64, i64)>,
    /// Number of events without an account.
    pub unattributed: i64,
    /// Earliest and latest `occurred_at`, or none when unknown.
    pub occurred_at: Option<(Instant, Instant)>,
}

impl PartFile {
    /// A part of which only the row in `ducklake_data_file` is known yet.
    pub fn new(id: i64, path: impl Into<String>, record_count: i64, file_size_bytes: i64, footer_size: i64) -> Self {
        let path = path.into();
        Self {
            id,
            path,
            record_count,
            file_size_bytes,
            footer_size,
            account_id: None,
            unattributed: 0,
            occurred_at: None,
        }
    }

    /// Adds a row of `ducklake_file_column_stats`; rows of columns that no part is chosen by are ignored.
    pub fn describe(&mut self, column_id: i64, null_count: Option<i64>, min: Option<&str>, max: Option<&str>) {
        let bounds = min.zip(max);
        if column_id == ducklake::column_id(batch::ACCOUNT_ID) {
            self.unattributed = null_count.unwrap_or(self.record_count);
            self.account_id = bounds.and_then(|(min, max)| Some((min.parse().ok()?, max.parse().ok()?)));
        } else if column_id == ducklake::column_id(batch::OCCURRED_AT) {
            self.occurred_at =
                bounds.and_then(|(min, max)| Some((ducklake::parse_timestamp(min)?, ducklake::parse_timestamp(max)?)));
        }
    }
}

/// A part that was just written and synced to disk, and that no catalogue names yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedPart {
    /// Path below the folder of the table: `ducklake_data_file.path`.
    pub path: String,
    /// First day of the month its events happened in.
    pub month: Day,
    /// Number of events.
    pub record_count: i64,
    /// Size of the file.
    pub file_size_bytes: i64,
    /// Size of the Parquet footer.
    pub footer_size: i64,
    /// One entry per column, in the order of [`ducklake::columns`].
    pub columns: Vec<ColumnStats>,
}

impl SealedPart {
    /// The same part as the catalogue will describe it once it has the identity `id`.
    pub fn into_file(self, id: i64) -> PartFile {
        let mut file = PartFile::new(id, self.path, self.record_count, self.file_size_bytes, self.footer_size);
        for column in &self.columns {
            file.describe(
                column.column_id,
                Some(column.null_count),
                column.min_value.as_deref(),
                column.max_value.as_deref(),
            );
        }
        file
    }
}

/// What a part says about one of its columns: a row of `ducklake_file_column_stats`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnStats {
    /// `ducklake_column.column_id`.
    pub column_id: i64,
    /// Compressed size.
    pub column_size_bytes: i64,
    /// Number of values that are not null.
    pub value_count: i64,
    /// Number of nulls.
    pub null_count: i64,
    /// Smallest value as DuckLake writes it, or none when it is not kept.
    pub min_value: Option<String>,
    /// Largest value as DuckLake writes it, or none when it is not kept.
    pub max_value: Option<String>,
}
