//! The order of rows in a part: by account with unattributed events last, then by
//! time, then by id. Rows are ordered by reference and copied once, when written.

use std::collections::BTreeMap;

use arrow::array::{Array, RecordBatch};
use chrono::{DateTime, Datelike, NaiveDate};
use domain::Day;

use crate::batch;

/// Where a row belongs and where it is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Key {
    pub(super) account: u64,
    pub(super) occurred_at: i64,
    pub(super) batch: u32,
    pub(super) row: u32,
}

impl Key {
    pub(super) fn of(batches: &[RecordBatch], batch: usize, row: usize) -> Self {
        let accounts = batch::ints(&batches[batch], batch::ACCOUNT_ID);
        Self {
            account: account_order(accounts.is_valid(row).then(|| accounts.value(row))),
            occurred_at: batch::micros(&batches[batch], batch::OCCURRED_AT).value(row),
            batch: batch as u32,
            row: row as u32,
        }
    }

    pub(super) fn event_id(self, batches: &[RecordBatch]) -> u128 {
        batch::id(batch::event_ids(&batches[self.batch as usize]), self.row as usize)
    }

    pub(super) fn place(self) -> (usize, usize) {
        (self.batch as usize, self.row as usize)
    }
}

/// The position of rows without an account: after all others.
pub(super) const UNATTRIBUTED: u64 = u64::MAX;

/// Maps accounts to numbers of the same order, none last. No database hands out the
/// largest number as an identity, so it may stand for none.
pub(super) fn account_order(account: Option<i64>) -> u64 {
    account.map_or(UNATTRIBUTED, |account| account as u64 ^ (1 << 63))
}

/// Which part a row goes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Shelf {
    pub(super) month: Day,
    pub(super) unattributed: bool,
}

/// Distributes rows over shelves; `keep` may refuse a row by its event id.
pub(super) fn shelve(batches: &[RecordBatch], mut keep: impl FnMut(u128) -> bool) -> BTreeMap<Shelf, Vec<Key>> {
    let mut shelves = BTreeMap::<Shelf, Vec<Key>>::new();
    for (index, batch) in batches.iter().enumerate() {
        let ids = batch::event_ids(batch);
        for row in 0..batch.num_rows() {
            if keep(batch::id(ids, row)) {
                let key = Key::of(batches, index, row);
                let shelf = Shelf { month: month_of(key.occurred_at), unattributed: key.account == UNATTRIBUTED };
                shelves.entry(shelf).or_default().push(key);
            }
        }
    }
    shelves
}

/// Sorts the rows of a shelf; ids are compared only where account and time are equal.
pub(super) fn sort(keys: &mut [Key], batches: &[RecordBatch]) {
    keys.sort_unstable_by(|a, b| {
        let place = (a.account, a.occurred_at).cmp(&(b.account, b.occurred_at));
        place.then_with(|| a.event_id(batches).cmp(&b.event_id(batches)))
    });
}

/// The first day of the month of an instant given in microseconds.
pub(super) fn month_of(micros: i64) -> Day {
    let day = DateTime::from_timestamp_micros(micros).map_or(NaiveDate::MIN, |instant| instant.date_naive());
    day.with_day(1).unwrap_or(day)
}
