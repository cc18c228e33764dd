//! Writing one part: Parquet with zstd, row groups small enough to skip and large
//! enough to scan, then fsync of the file and of its folders. The catalogue commit
//! that follows throws the inbox rows away, so the bytes must be on disk before it;
//! `object_store` 0.13 does not sync, which is why parts are written here by hand.

use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use arrow::array::RecordBatch;
use chrono::{DateTime, Utc};
use domain::Day;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::file::metadata::{ParquetMetaData, RowGroupMetaData, SortingColumn};
use parquet::file::properties::WriterProperties;
use parquet::file::statistics::Statistics;
use parquet::schema::types::ColumnPath;
use uuid::Uuid;

use super::order::Shelf;
use super::{ColumnStats, SealedPart};
use crate::{LakeError, batch, ducklake};

/// Rows of a row group: what one thread reads at a time and what statistics skip.
pub(super) const ROW_GROUP: usize = 131_072;

/// Text longer than this is not kept as a statistic.
const LONGEST_STATISTIC: usize = 256;

/// A part being written.
#[derive(Debug)]
pub(super) struct PartWriter {
    table: PathBuf,
    path: String,
    month: Day,
    writer: ArrowWriter<File>,
}

impl PartWriter {
    /// Creates the file of a new part below the folder of the table.
    pub(super) fn create(table: &Path, shelf: Shelf) -> Result<Self, LakeError> {
        let folder = format!("month={}", shelf.month.format("%Y-%m"));
        let prefix = if shelf.unattributed { "unattributed-" } else { "" };
        let path = format!("{folder}/{prefix}{}.parquet", Uuid::now_v7());
        let (folder, full) = (table.join(folder), table.join(&path));
        fs::create_dir_all(&folder).map_err(LakeError::io("create", &folder))?;
        let file = File::options().read(true).write(true).create_new(true).open(&full);
        let file = file.map_err(LakeError::io("create", &full))?;
        let writer =
            ArrowWriter::try_new(file, batch::schema(), Some(properties())).map_err(LakeError::engine("create"))?;
        Ok(Self { table: table.to_path_buf(), path, month: shelf.month, writer })
    }

    /// Appends rows, which must follow those written before in the order of parts.
    pub(super) fn write(&mut self, rows: &RecordBatch) -> Result<(), LakeError> {
        self.writer.write(rows).map_err(LakeError::engine("write"))
    }

    /// Finishes the file and waits until disk and folders have it.
    pub(super) fn finish(mut self) -> Result<SealedPart, LakeError> {
        let metadata = self.writer.finish().map_err(LakeError::engine("finish"))?;
        let full = self.table.join(&self.path);
        let file = self.writer.inner_mut();
        file.sync_all().map_err(LakeError::io("sync", &full))?;
        let (file_size_bytes, footer_size) = sizes(file).map_err(LakeError::io("read", &full))?;
        sync_folders(&self.table, &full)?;
        Ok(SealedPart {
            path: self.path,
            month: self.month,
            record_count: metadata.file_metadata().num_rows(),
            file_size_bytes,
            footer_size,
            columns: statistics(&metadata),
        })
    }
}

/// Removes parts that will not be catalogued, as far as possible; the sweep takes the rest.
pub(super) fn discard(table: &Path, parts: &[SealedPart]) {
    for part in parts {
        if let Err(error) = fs::remove_file(table.join(&part.path)) {
            tracing::warn!(path = part.path, %error, "an abandoned part stays until the next sweep");
        }
    }
}

fn properties() -> WriterProperties {
    let column = |position: usize| ColumnPath::from(batch::schema().field(position).name().as_str());
    let sorted_by = [batch::ACCOUNT_ID, batch::OCCURRED_AT, batch::EVENT_ID];
    let sorted_by =
        sorted_by.map(|position| SortingColumn { column_idx: position as i32, descending: false, nulls_first: false });
    let mut properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_max_row_group_row_count(Some(ROW_GROUP))
        .set_sorting_columns(Some(sorted_by.into()))
        .set_created_by("Pomona".to_owned())
        .set_column_dictionary_enabled(column(batch::EVENT_ID), false);
    for position in [batch::OCCURRED_AT, batch::RECORDED_AT] {
        properties = properties
            .set_column_dictionary_enabled(column(position), false)
            .set_column_encoding(column(position), Encoding::DELTA_BINARY_PACKED);
    }
    properties.build()
}

/// Size of the file and of its footer, which the last eight bytes tell.
fn sizes(file: &mut File) -> std::io::Result<(i64, i64)> {
    let size = file.seek(SeekFrom::End(0))?;
    file.seek(SeekFrom::End(-8))?;
    let mut length = [0; 4];
    file.read_exact(&mut length)?;
    Ok((size as i64, i64::from(u32::from_le_bytes(length))))
}

/// Syncs the folder of a file and every folder above it up to the lake's root, any of which may be new.
fn sync_folders(table: &Path, file: &Path) -> Result<(), LakeError> {
    let root = table.ancestors().nth(2).unwrap_or(table);
    for folder in file.ancestors().skip(1).take_while(|folder| folder.starts_with(root)) {
        let sync = File::open(folder).and_then(|folder| folder.sync_all());
        sync.map_err(LakeError::io("sync", folder))?;
    }
    Ok(())
}

fn statistics(metadata: &ParquetMetaData) -> Vec<ColumnStats> {
    let width = batch::schema().fields().len();
    (0..width).map(|position| column_statistics(metadata.row_groups(), position)).collect()
}

fn column_statistics(groups: &[RowGroupMetaData], position: usize) -> ColumnStats {
    let column_id = ducklake::column_id(position);
    let mut total = ColumnStats {
        column_id,
        column_size_bytes: 0,
        value_count: 0,
        null_count: 0,
        min_value: None,
        max_value: None,
    };
    let mut bounded = true;
    for group in groups {
        let chunk = group.column(position);
        let statistics = chunk.statistics();
        let nulls = statistics.and_then(Statistics::null_count_opt).unwrap_or(0) as i64;
        total.column_size_bytes += chunk.compressed_size();
        total.value_count += group.num_rows() - nulls;
        total.null_count += nulls;
        if nulls == group.num_rows() {
            continue;
        }
        match statistics.and_then(|statistics| bounds(position, statistics)) {
            Some((min, max)) => widen(&mut total, min, max),
            None => bounded = false,
        }
    }
    if !bounded {
        (total.min_value, total.max_value) = (None, None);
    }
    total
}

fn widen(total: &mut ColumnStats, min: String, max: String) {
    let id = total.column_id;
    if total.min_value.as_deref().is_none_or(|known| ducklake::compare(id, &min, known).is_lt()) {
        total.min_value = Some(min);
    }
    if total.max_value.as_deref().is_none_or(|known| ducklake::compare(id, &max, known).is_gt()) {
        total.max_value = Some(max);
    }
}

/// Smallest and largest value as DuckLake writes them; identities and properties are never searched by range.
fn bounds(position: usize, statistics: &Statistics) -> Option<(String, String)> {
    match (position, statistics) {
        (batch::OCCURRED_AT | batch::RECORDED_AT, Statistics::Int64(times)) => {
            let text = |micros: &i64| DateTime::<Utc>::from_timestamp_micros(*micros).map(ducklake::timestamp);
            Some((text(times.min_opt()?)?, text(times.max_opt()?)?))
        }
        (_, Statistics::Int64(numbers)) => Some((numbers.min_opt()?.to_string(), numbers.max_opt()?.to_string())),
        (batch::NAME, Statistics::ByteArray(names)) if names.min_is_exact() && names.max_is_exact() => {
            let text = |bytes: &parquet::data_type::ByteArray| {
                let text = bytes.as_utf8().ok()?;
                (text.len() <= LONGEST_STATISTIC).then(|| text.to_owned())
            };
            Some((text(names.min_opt()?)?, text(names.max_opt()?)?))
        }
        _ => None,
    }
}
