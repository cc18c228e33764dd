//! The bulk writer: events in chunks, straight to parts, for imports of history and
//! for the synthetic company. It skips the inbox, so nothing is durable until the
//! caller has catalogued what [`BulkWriter::finish`] returns.

use std::path::PathBuf;

use arrow::array::RecordBatch;
use domain::Event;

use super::seal::write_shelves;
use super::{SealedPart, order, write};
use crate::{Lake, LakeError, batch};

/// Rows held in memory before parts are written; about 100 bytes each and their text.
const BUFFERED_ROWS: usize = 2_000_000;

/// Collects events and writes them as parts of up to two million rows per flush.
#[derive(Debug)]
pub struct BulkWriter {
    table: PathBuf,
    threads: usize,
    batches: Vec<RecordBatch>,
    rows: usize,
    written: Vec<SealedPart>,
}

impl Lake {
    /// Starts a bulk write.
    pub fn bulk_writer(&self) -> BulkWriter {
        BulkWriter {
            table: self.table_folder(),
            threads: self.partitions(),
            batches: Vec::new(),
            rows: 0,
            written: Vec::new(),
        }
    }
}

impl BulkWriter {
    /// Adds events, in any order; they are not searched for duplicates. Blocks while a flush writes.
    ///
    /// # Errors
    /// What the disk says; the writer is then of no further use.
    pub fn push(&mut self, events: &[Event]) -> Result<(), LakeError> {
        self.batches.push(batch::from_events(events).map_err(LakeError::engine("collect"))?);
        self.rows += events.len();
        if self.rows >= BUFFERED_ROWS { self.flush() } else { Ok(()) }
    }

    /// Writes what is left and returns all parts, synced to disk. Blocks.
    ///
    /// # Errors
    /// What the disk says; parts already written are removed.
    pub fn finish(mut self) -> Result<Vec<SealedPart>, LakeError> {
        self.flush()?;
        Ok(std::mem::take(&mut self.written))
    }

    fn flush(&mut self) -> Result<(), LakeError> {
        let batches = std::mem::take(&mut self.batches);
        self.rows = 0;
        let shelves = order::shelve(&batches, |_| true);
        self.written.extend(write_shelves(&self.table, &batches, shelves, self.threads)?);
        Ok(())
    }
}

/// A writer that was not finished leaves no files behind.
impl Drop for BulkWriter {
    fn drop(&mut self) {
        write::discard(&self.table, &self.written);
    }
}
