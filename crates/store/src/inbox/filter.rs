//! A filter over the keys in `event_key`: of nearly every new event it says that its key cannot be there, without a page
//! of the index being read. A Bloom filter, so it is never wrong when it says that, and rarely for nothing when it does
//! not. It is learned from the index in steps while events are already accepted; until it knows all, every key is
//! looked up. Deliberately absent: keeping it on disk, which could then disagree with the index.

use super::{Key, keys};
use crate::{Db, StoreError, statement::statement};
use fastbloom::BloomFilter;

/// Bits for each key: one of a hundred that are not there is looked up for nothing.
const BITS: usize = 10;

/// Keys a filter begins with; it takes four times as many whenever that is too few.
const FIRST: usize = 1 << 20;

/// Keys a filter may hold, in 20 MiB; of an index with more, every key is looked up.
const MOST: usize = 1 << 24;

/// Keys that are read in one step.
const STEP: i64 = 20_000;

/// What is known of the index.
#[derive(Debug)]
pub(super) struct Filter {
    bits: BloomFilter,
    keys: usize,
    room: usize,
    /// The last key read from the index; `None` when all are.
    reads_from: Option<Key>,
}

impl Default for Filter {
    fn default() -> Self {
        Self::with_room(FIRST)
    }
}

impl Filter {
    fn with_room(room: usize) -> Self {
        let bits = BloomFilter::with_num_bits(room * BITS).expected_items(room);
        Self { bits, keys: 0, room, reads_from: Some(Key::default()) }
    }

    /// Whether the index may have this key.
    pub(super) fn may_have(&self, key: &Key) -> bool {
        self.reads_from.is_some() || self.bits.contains_hash(hash(key))
    }

    /// Notes a key that went into the index.
    pub(super) fn note(&mut self, key: &Key) {
        self.bits.insert_hash(hash(key));
        self.keys += 1;
    }

    /// Reads on in the index, if there is anything to read and room for it.
    pub(super) async fn learn(&mut self, db: &impl Db) -> Result<(), StoreError> {
        if self.keys > self.room && self.room < MOST {
            *self = Self::with_room(4 * self.room);
        }
        let Some(from) = self.reads_from.filter(|_| self.keys <= self.room) else { return Ok(()) };
        let sql =
            "SELECT group_concat(hex(key), '') FROM (SELECT key FROM event_key WHERE key > $1 ORDER BY key LIMIT $2)";
        let row = db.query_one_raw(statement(db, sql, [from.to_vec().into(), STEP.into()])).await?;
        let text: Option<String> = row.map(|row| row.try_get_by_index(0)).transpose()?.flatten();
        let read = hex::decode(text.unwrap_or_default()).map_err(|error| StoreError::Encode(error.into()))?;
        let mut last = None;
        for key in keys::split(&read) {
            self.note(&key);
            last = Some(key);
        }
        self.reads_from = last;
        Ok(())
    }
}

/// A key is a hash already.
fn hash(key: &Key) -> u64 {
    key.iter().take(8).fold(0, |hash, byte| hash << 8 | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(n: u64) -> Key {
        let mut key = Key::default();
        key[..8].copy_from_slice(&n.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes());
        key
    }

    #[test]
    fn what_was_noted_is_never_denied_and_little_else_is_not() {
        let mut filter = Filter { reads_from: None, ..Filter::default() };
        (0..FIRST as u64).for_each(|n| filter.note(&key(n)));
        assert!((0..FIRST as u64).all(|n| filter.may_have(&key(n))));
        let others = FIRST as u64..FIRST as u64 + 100_000;
        let mistaken = others.filter(|n| filter.may_have(&key(*n))).count();
        assert!(mistaken < 1_500, "{mistaken} of 100,000");
    }

    #[test]
    fn nothing_is_denied_before_all_is_read() {
        assert!(Filter::default().may_have(&key(1)));
    }
}
