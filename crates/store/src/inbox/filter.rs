//! A filter over the keys in `event_key`: of nearly every new event it says that its key cannot be there, without a page
//! of the index being read. A Bloom filter, so it is never wrong when it says that, and rarely for nothing when it does
//! not. It is learned from the index in steps while events are already accepted; until it knows all, every key is
//! looked up. Deliberately absent: keeping it on disk, which could then disagree with the index.

use fastbloom::BloomFilter;

use super::Key;
use crate::{Db, StoreError, statement::statement};

/// Bits for each key: one of a hundred that are not there is looked up for nothing.
const BITS: usize = 10;

/// Keys a filter has room for at least.
const LEAST: usize = 1 << 18;

/// Keys of an index for which there is a filter, of 40 MiB then; in a larger one every key is looked up.
const MOST: usize = 1 << 24;

/// Keys that are read in one step, some milliseconds.
const STEP: usize = 5_000;

/// What is known of the index.
#[derive(Debug, Default)]
pub(super) enum Filter {
    /// Nothing was read yet.
    #[default]
    Unread,
    /// It was read as far as this key.
    Reading(Bits, Key),
    /// All of it was read.
    Complete(Bits),
    /// It has too many keys.
    TooLarge,
}

/// The keys that were read and noted.
#[derive(Debug)]
pub(super) struct Bits {
    bloom: BloomFilter,
    keys: usize,
    room: usize,
}

impl Filter {
    /// Whether the index may have this key.
    pub(super) fn may_have(&self, key: &Key) -> bool {
        match self {
            Self::Complete(bits) => bits.bloom.contains_hash(hash(key)),
            Self::Unread | Self::Reading(..) | Self::TooLarge => true,
        }
    }

    /// Whether reading the index is still to begin.
    pub(super) fn is_unread(&self) -> bool {
        matches!(self, Self::Unread)
    }

    /// Notes a key that went into the index.
    pub(super) fn note(&mut self, key: &Key) {
        let (Self::Reading(bits, _) | Self::Complete(bits)) = self else { return };
        bits.bloom.insert_hash(hash(key));
        bits.keys += 1;
        if bits.keys > bits.room {
            *self = Self::Unread;
        }
    }

    /// Reads on in the index. Returns whether there was anything left to read.
    pub(super) async fn learn(&mut self, db: &impl Db) -> Result<bool, StoreError> {
        let from = match self {
            Self::Unread => Key::default(),
            Self::Reading(_, from) => *from,
            Self::Complete(_) | Self::TooLarge => return Ok(false),
        };
        let keys = after(db, from).await?;
        if self.is_unread() {
            *self = Bits::of_index_with(&keys).map_or(Self::TooLarge, |bits| Self::Reading(bits, from));
        }
        for key in &keys {
            self.note(key);
        }
        *self = match (std::mem::take(self), keys.last()) {
            (Self::Reading(bits, _), Some(last)) => Self::Reading(bits, *last),
            (Self::Reading(bits, _), None) => Self::Complete(bits),
            (other, _) => other,
        };
        Ok(true)
    }
}

impl Bits {
    /// Bits for an index that begins with these keys, unless it is too large. Keys are hashes, so how far the first ones
    /// reach says how many there are.
    fn of_index_with(first: &[Key]) -> Option<Self> {
        let all = match first.last() {
            Some(last) if first.len() >= STEP => (first.len() as f64 / (hash(last) as f64 / u64::MAX as f64)) as usize,
            _ => first.len(),
        };
        let room = (2 * all).max(LEAST);
        let bloom = || BloomFilter::with_num_bits(room * BITS).expected_items(room);
        (all <= MOST).then(|| Self { bloom: bloom(), keys: 0, room })
    }
}

/// The next keys of the index, in its order.
async fn after(db: &impl Db, from: Key) -> Result<Vec<Key>, StoreError> {
    let sql = "SELECT group_concat(hex(key), '') FROM (SELECT key FROM event_key WHERE key > $1 ORDER BY key LIMIT $2)";
    let row = db.query_one_raw(statement(db, sql, [from.to_vec().into(), (STEP as i64).into()])).await?;
    let text: Option<String> = row.map(|row| row.try_get_by_index(0)).transpose()?.flatten();
    let bytes = hex::decode(text.unwrap_or_default()).map_err(|error| StoreError::Encode(error.into()))?;
    Ok(bytes.as_chunks().0.to_vec())
}

/// A key is a hash already.
fn hash(key: &Key) -> u64 {
    (u128::from_be_bytes(*key) >> 64) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(n: u64) -> Key {
        let mut key = Key::default();
        key[..8].copy_from_slice(&n.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes());
        key
    }

    /// The first keys of an index of so many.
    fn first_of(all: u64) -> Vec<Key> {
        let mut keys: Vec<Key> = (0..all).map(key).collect();
        keys.sort_unstable();
        keys.truncate(STEP);
        keys
    }

    #[test]
    fn what_was_noted_is_never_denied_and_little_else_is_not() {
        let all = LEAST as u64 / 2;
        let mut filter = Filter::Complete(Bits::of_index_with(&[]).unwrap());
        (0..all).for_each(|n| filter.note(&key(n)));
        assert!((0..all).all(|n| filter.may_have(&key(n))));
        let mistaken = (all..all + 100_000).filter(|n| filter.may_have(&key(*n))).count();
        assert!(mistaken < 1_000, "{mistaken} of 100,000");
    }

    #[test]
    fn the_first_keys_say_how_many_there_are() {
        for all in [0, 300, 400_000] {
            let room = Bits::of_index_with(&first_of(all)).unwrap().room;
            let wanted = (2 * all as usize).max(LEAST);
            assert!((wanted * 9 / 10..=wanted * 11 / 10).contains(&room), "{room} for {all}");
        }
        let dense: Vec<Key> = (0..STEP as u64).map(|n| key_at(n << 24)).collect();
        assert!(Bits::of_index_with(&dense).is_none());
    }

    fn key_at(hash: u64) -> Key {
        let mut key = Key::default();
        key[..8].copy_from_slice(&hash.to_be_bytes());
        key
    }

    #[test]
    fn nothing_is_denied_before_all_is_read_or_when_there_is_no_room() {
        assert!(Filter::Unread.may_have(&key(1)));
        let mut filter = Filter::Reading(Bits::of_index_with(&[]).unwrap(), Key::default());
        assert!(filter.may_have(&key(1)));
        (0..=LEAST as u64).for_each(|n| filter.note(&key(n)));
        assert!(matches!(filter, Filter::Unread), "it begins anew, with more room");
        assert!(Filter::TooLarge.may_have(&key(1)));
    }
}
