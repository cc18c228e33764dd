//! Compaction: the small parts a day of seals leaves behind become one part per
//! month again, so that an account lies in few row groups. Sorted inputs are merged
//! a batch at a time; only parts with unattributed events, which a new attribution
//! reorders, are held in memory. Duplicates by event id are found with eight bytes
//! per row: fingerprints first, exact ids only where two fingerprints agree.

use std::cmp::Reverse;
use std::collections::binary_heap::PeekMut;
use std::collections::{BTreeMap, BinaryHeap, HashSet};
use std::path::PathBuf;

use arrow::array::RecordBatch;
use arrow::compute::interleave_record_batch;

use super::order::{Key, Shelf, UNATTRIBUTED, month_of};
use super::read::{self, Batches};
use super::write::{self, PartWriter};
use super::{PartFile, SealedPart};
use crate::{Attribution, Lake, LakeError};

/// Rows written at a time.
const BATCH_ROWS: usize = 8192;

/// Rows after which the next account begins a new part, so that several threads can scan one month.
const PART_ROWS: usize = 8_000_000;

impl Lake {
    /// Rewrites parts into as few as possible, with current attribution and without duplicate events.
    ///
    /// The caller replaces exactly `parts` by the result in one catalogue
    /// transaction and removes the old files once no reader can want them. Blocks.
    ///
    /// # Errors
    /// [`LakeError::Corrupt`] when a part cannot be read; otherwise what the disk
    /// says. New files are then removed and the old parts stay as they are.
    pub fn compact(&self, parts: &[PartFile], attribution: &Attribution) -> Result<Vec<SealedPart>, LakeError> {
        let mut months = BTreeMap::<&str, Vec<&PartFile>>::new();
        for part in parts {
            let month = part.path.split('/').next().unwrap_or_default();
            months.entry(month).or_default().push(part);
        }
        let mut output = Output { table: self.table_folder(), writer: None, written: Vec::new() };
        for parts in months.values() {
            if let Err(error) = self.merge(parts, attribution, &mut output) {
                write::discard(&output.table, &output.written);
                return Err(error);
            }
        }
        Ok(output.written)
    }

    /// Merges the parts of one month.
    fn merge(&self, parts: &[&PartFile], attribution: &Attribution, output: &mut Output) -> Result<(), LakeError> {
        let mut duplicates = Duplicates::default();
        duplicates.search(parts.iter().map(|part| read::event_ids(&self.part_path(&part.path)?)))?;
        let inputs = parts.iter().map(|part| {
            let path = self.part_path(&part.path)?;
            if part.unattributed > 0 { read::reordered(&path, attribution) } else { read::batches(&path) }
        });
        let mut merge = Merge::default();
        for input in inputs {
            merge.add(input?)?;
        }
        while let Some(key) = merge.key() {
            if duplicates.is_first(key.event_id(&merge.batches)) {
                if output.wants_new_part(&key) {
                    merge.flush(output)?;
                    output.begin(&key)?;
                }
                merge.take();
            }
            merge.advance()?;
            if merge.pending.len() == BATCH_ROWS {
                merge.flush(output)?;
            }
        }
        merge.flush(output)?;
        output.finish()
    }
}

/// A merge of sorted inputs: every batch some input stands at or some pending row lies in.
#[derive(Default)]
struct Merge {
    inputs: Vec<Batches>,
    batches: Vec<RecordBatch>,
    heads: BinaryHeap<Reverse<Head>>,
    pending: Vec<(usize, usize)>,
}

/// The next row of an input; ordered as rows are.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Head {
    account: u64,
    occurred_at: i64,
    event_id: u128,
    input: usize,
    place: (usize, usize),
}

impl Head {
    fn of(batches: &[RecordBatch], input: usize, place: (usize, usize)) -> Self {
        let key = Key::of(batches, place.0, place.1);
        Self { account: key.account, occurred_at: key.occurred_at, event_id: key.event_id(batches), input, place }
    }
}

impl Merge {
    fn add(&mut self, input: Batches) -> Result<(), LakeError> {
        self.inputs.push(input);
        let input = self.inputs.len() - 1;
        if let Some(place) = self.load(input)? {
            self.heads.push(Reverse(Head::of(&self.batches, input, place)));
        }
        Ok(())
    }

    /// The smallest row.
    fn key(&self) -> Option<Key> {
        let Reverse(head) = self.heads.peek()?;
        let (batch, row) = head.place;
        Some(Key { account: head.account, occurred_at: head.occurred_at, batch: batch as u32, row: row as u32 })
    }

    /// Takes the smallest row into the output.
    fn take(&mut self) {
        self.pending.extend(self.heads.peek().map(|Reverse(head)| head.place));
    }

    /// Moves the input of the smallest row on.
    fn advance(&mut self) -> Result<(), LakeError> {
        let Some(Reverse(head)) = self.heads.peek() else { return Ok(()) };
        let (input, (batch, row)) = (head.input, head.place);
        let next = if row + 1 < self.batches[batch].num_rows() { Some((batch, row + 1)) } else { self.load(input)? };
        let Some(mut top) = self.heads.peek_mut() else { return Ok(()) };
        match next {
            Some(place) => top.0 = Head::of(&self.batches, input, place),
            None => drop(PeekMut::pop(top)),
        }
        Ok(())
    }

    /// Reads the next batch of an input and tells where it begins.
    fn load(&mut self, input: usize) -> Result<Option<(usize, usize)>, LakeError> {
        while let Some(batch) = self.inputs[input].next().transpose()? {
            if batch.num_rows() > 0 {
                self.batches.push(batch);
                return Ok(Some((self.batches.len() - 1, 0)));
            }
        }
        Ok(None)
    }

    /// Writes the pending rows and lets go of batches that no input stands at.
    fn flush(&mut self, output: &mut Output) -> Result<(), LakeError> {
        if !self.pending.is_empty() {
            let batches: Vec<_> = self.batches.iter().collect();
            let rows = interleave_record_batch(&batches, &self.pending).map_err(LakeError::engine("merge"))?;
            output.write(&rows)?;
            self.pending.clear();
        }
        let mut kept = Vec::new();
        let heads = std::mem::take(&mut self.heads).into_iter().map(|Reverse(mut head)| {
            kept.push(self.batches[head.place.0].clone());
            head.place.0 = kept.len() - 1;
            Reverse(head)
        });
        self.heads = heads.collect();
        self.batches = kept;
        Ok(())
    }
}

/// The parts being written.
struct Output {
    table: PathBuf,
    writer: Option<Open>,
    written: Vec<SealedPart>,
}

struct Open {
    writer: PartWriter,
    rows: usize,
    account: u64,
}

impl Output {
    /// Tells whether a row goes to another part than the row before, and remembers its account.
    fn wants_new_part(&mut self, key: &Key) -> bool {
        let Some(open) = &mut self.writer else { return true };
        let other_kind = (open.account == UNATTRIBUTED) != (key.account == UNATTRIBUTED);
        let full = open.rows >= PART_ROWS && open.account != key.account;
        open.account = key.account;
        open.rows += 1;
        other_kind || full
    }

    fn begin(&mut self, key: &Key) -> Result<(), LakeError> {
        self.finish()?;
        let shelf = Shelf { month: month_of(key.occurred_at), unattributed: key.account == UNATTRIBUTED };
        self.writer = Some(Open { writer: PartWriter::create(&self.table, shelf)?, rows: 1, account: key.account });
        Ok(())
    }

    fn write(&mut self, rows: &RecordBatch) -> Result<(), LakeError> {
        match &mut self.writer {
            Some(open) => open.writer.write(rows),
            None => Ok(()),
        }
    }

    fn finish(&mut self) -> Result<(), LakeError> {
        if let Some(open) = self.writer.take() {
            self.written.push(open.writer.finish()?);
        }
        Ok(())
    }
}

/// Events that may occur twice, and those of them already seen.
#[derive(Default)]
struct Duplicates {
    suspects: HashSet<u64>,
    seen: HashSet<u128>,
}

impl Duplicates {
    /// Looks for fingerprints that occur twice.
    fn search(&mut self, parts: impl Iterator<Item = Result<Vec<u128>, LakeError>>) -> Result<(), LakeError> {
        let mut fingerprints = Vec::new();
        for ids in parts {
            fingerprints.extend(ids?.into_iter().map(fingerprint));
        }
        fingerprints.sort_unstable();
        let twice = fingerprints.windows(2).filter(|pair| pair[0] == pair[1]);
        self.suspects = twice.map(|pair| pair[0]).collect();
        Ok(())
    }

    /// Tells whether no row with this id came before.
    fn is_first(&mut self, id: u128) -> bool {
        self.suspects.is_empty() || !self.suspects.contains(&fingerprint(id)) || self.seen.insert(id)
    }
}

/// Ids are the beginning of a hash, so half of one is as good as a hash of it.
fn fingerprint(id: u128) -> u64 {
    id as u64
}
