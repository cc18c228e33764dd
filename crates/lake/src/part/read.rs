//! Reading whole parts back, for compaction: in order and a batch at a time, or at
//! once and reordered when a new attribution moves rows to other accounts. Queries do
//! not come here: they read through the engine, which skips what they do not need.

use std::fs::File;
use std::path::Path;

use arrow::array::RecordBatch;
use arrow::compute::interleave_record_batch;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowReaderOptions, ParquetRecordBatchReaderBuilder};

use super::order::{self, Key};
use crate::{Attribution, LakeError, batch};

/// Rows read at a time.
const BATCH_ROWS: usize = 8192;

/// The rows of a part in its order.
pub(super) type Batches = Box<dyn Iterator<Item = Result<RecordBatch, LakeError>>>;

/// Reads a part as it lies.
pub(super) fn batches(path: &Path) -> Result<Batches, LakeError> {
    let reader = open(path)?.with_batch_size(BATCH_ROWS).build().map_err(corrupt(path))?;
    let name = path.display().to_string();
    Ok(Box::new(reader.map(move |rows| rows.map_err(LakeError::corrupt(name.clone())))))
}

/// Reads a part with current attribution, in the order this gives.
pub(super) fn reordered(path: &Path, attribution: &Attribution) -> Result<Batches, LakeError> {
    let attributed = batches(path)?.map(|rows| batch::attribute(rows?, attribution).map_err(corrupt(path)));
    let rows = attributed.collect::<Result<Vec<_>, _>>()?;
    let places = rows.iter().enumerate().flat_map(|(index, batch)| (0..batch.num_rows()).map(move |row| (index, row)));
    let mut keys: Vec<_> = places.map(|(batch, row)| Key::of(&rows, batch, row)).collect();
    order::sort(&mut keys, &rows);
    let mut start = 0;
    Ok(Box::new(std::iter::from_fn(move || {
        let keys = keys.get(start..(start + BATCH_ROWS).min(keys.len())).filter(|keys| !keys.is_empty())?;
        start += keys.len();
        let places: Vec<_> = keys.iter().map(|key| key.place()).collect();
        let batches: Vec<_> = rows.iter().collect();
        Some(interleave_record_batch(&batches, &places).map_err(LakeError::engine("sort")))
    })))
}

/// Reads the event ids of a part.
pub(super) fn event_ids(path: &Path) -> Result<Vec<u128>, LakeError> {
    let file = open(path)?;
    let ids = ProjectionMask::roots(file.parquet_schema(), [batch::EVENT_ID]);
    let reader = file.with_projection(ids).with_batch_size(BATCH_ROWS).build().map_err(corrupt(path))?;
    let mut found = Vec::new();
    for rows in reader {
        let rows = rows.map_err(corrupt(path))?;
        let ids = batch::event_ids(&rows);
        found.extend((0..rows.num_rows()).map(|row| batch::id(ids, row)));
    }
    Ok(found)
}

fn open(path: &Path) -> Result<ParquetRecordBatchReaderBuilder<File>, LakeError> {
    let file = File::open(path).map_err(LakeError::io("open", path))?;
    let options = ArrowReaderOptions::new().with_schema(batch::schema());
    ParquetRecordBatchReaderBuilder::try_new_with_options(file, options).map_err(corrupt(path))
}

fn corrupt<E: Into<Box<dyn std::error::Error + Send + Sync>>>(path: &Path) -> impl FnOnce(E) -> LakeError + use<E> {
    LakeError::corrupt(path.display().to_string())
}
