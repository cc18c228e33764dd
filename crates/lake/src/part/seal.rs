//! Sealing: from accepted requests to parts. Blobs are decoded, events attributed as
//! far as known, duplicates dropped by id, and every month's rows sorted and written.
//! The inbox rows are still there while this runs; a crash leaves a file that no
//! catalogue names and that the sweep removes.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;
use std::sync::Mutex;

use arrow::array::RecordBatch;
use arrow::compute::interleave_record_batch;

use super::SealedPart;
use super::order::{self, Key, Shelf};
use super::write::{self, PartWriter, ROW_GROUP};
use crate::{Attribution, Lake, LakeError, batch, tail};

impl Lake {
    /// Writes the events of these inbox blobs as parts and syncs them to disk.
    ///
    /// An event that occurs twice is written once. Returns one part per month and
    /// kind of event, none when there is nothing to write; the caller catalogues
    /// them and deletes exactly these blobs in one transaction. Blocks.
    ///
    /// # Errors
    /// [`LakeError::Corrupt`] when a blob is not one; otherwise what the disk says.
    /// Files already written are removed.
    pub fn seal<B: AsRef<[u8]>>(
        &self,
        blobs: impl IntoIterator<Item = B>,
        attribution: &Attribution,
    ) -> Result<Vec<SealedPart>, LakeError> {
        let batches = blobs.into_iter().map(|blob| {
            let events = tail::decode_batch(blob.as_ref())?;
            batch::attribute(events, attribution).map_err(LakeError::engine("attribute"))
        });
        let batches = batches.collect::<Result<Vec<_>, _>>()?;
        let mut seen = HashSet::new();
        let shelves = order::shelve(&batches, |id| seen.insert(id));
        write_shelves(&self.table_folder(), &batches, shelves, self.partitions())
    }
}

/// Sorts and writes shelves on up to `threads` threads; all of them or none.
pub(super) fn write_shelves(
    table: &Path,
    batches: &[RecordBatch],
    shelves: BTreeMap<Shelf, Vec<Key>>,
    threads: usize,
) -> Result<Vec<SealedPart>, LakeError> {
    let threads = threads.clamp(1, shelves.len().max(1));
    let waiting = Mutex::new(shelves.into_iter());
    let next = || waiting.lock().ok()?.next();
    let work = || {
        let mut written = Vec::new();
        while let Some((shelf, mut keys)) = next() {
            order::sort(&mut keys, batches);
            written.push(write_shelf(table, batches, shelf, &keys));
        }
        written
    };
    let mut results = Vec::new();
    std::thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
        results.extend(work());
        for other in others {
            match other.join() {
                Ok(written) => results.extend(written),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
    });
    let (written, failed): (Vec<_>, Vec<_>) = results.into_iter().partition(Result::is_ok);
    let mut written: Vec<_> = written.into_iter().flatten().collect();
    if let Some(Err(error)) = failed.into_iter().next() {
        write::discard(table, &written);
        return Err(error);
    }
    written.sort_unstable_by(|a, b| a.path.cmp(&b.path));
    Ok(written)
}

fn write_shelf(table: &Path, batches: &[RecordBatch], shelf: Shelf, keys: &[Key]) -> Result<SealedPart, LakeError> {
    let batches: Vec<&RecordBatch> = batches.iter().collect();
    let mut writer = PartWriter::create(table, shelf)?;
    for chunk in keys.chunks(ROW_GROUP) {
        let places: Vec<_> = chunk.iter().map(|key| key.place()).collect();
        let rows = interleave_record_batch(&batches, &places).map_err(LakeError::engine("sort"))?;
        writer.write(&rows)?;
    }
    writer.finish()
}
