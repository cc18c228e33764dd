//! The keys one writer has in memory: those in the inbox and those in the log of what was sealed, and a filter over the
//! rest, which are in the index. At the beginning of every transaction it reads what came since the last, whoever wrote
//! it. A key moves from the inbox to the log and from there to the index, so whatever leaves memory is in the index.

use super::{
    Accept, Key,
    filter::Filter,
    keys::{self, KeyMap, Keys},
};
use crate::{Db, StoreError, Tx, statement::statement};

/// Recent keys.
#[derive(Debug, Default)]
pub(super) struct Recent {
    inbox: Shelf,
    log: Shelf,
    index: Filter,
}

/// The keys of one table, as far as they were read, each with its row.
#[derive(Debug, Default)]
struct Shelf {
    keys: KeyMap<i64>,
    first: i64,
    last: i64,
}

impl Recent {
    /// Which of the requests' keys are new. On PostgreSQL they are written by this.
    pub(super) async fn new_keys(&mut self, tx: &Tx, requests: &[Accept]) -> Result<Keys, StoreError> {
        if !keys::beside_events(tx) {
            return keys::claimed(tx, requests).await;
        }
        self.follow(tx).await?;
        let sent = requests.iter().flat_map(|request| &request.events).map(|event| event.key);
        let mut new: Keys = sent.filter(|key| !self.has(key)).collect();
        let mut doubtful: Vec<Key> = new.iter().filter(|key| self.index.may_have(key)).copied().collect();
        doubtful.sort_unstable();
        for key in keys::indexed(tx, &doubtful).await? {
            new.remove(&key);
        }
        Ok(new)
    }

    /// Whether a key is in the inbox or in the log.
    pub(super) fn has(&self, key: &Key) -> bool {
        self.inbox.keys.contains_key(key) || self.log.keys.contains_key(key)
    }

    /// Reads on in the index. Returns whether there was anything left to read.
    pub(super) async fn learn(&mut self, db: &impl Db) -> Result<bool, StoreError> {
        if !keys::beside_events(db) {
            return Ok(false);
        }
        if self.index.is_unread() {
            // What moves into the index from here on is seen; otherwise the first request would have all read anew.
            self.follow(db).await?;
        }
        self.index.learn(db).await
    }

    /// Reads what came into the inbox and the log since the last time, and forgets what left them.
    pub(super) async fn follow(&mut self, db: &impl Db) -> Result<(), StoreError> {
        let sql = "SELECT 0, seq, keys FROM inbox WHERE seq > $1 AND keys IS NOT NULL
                   UNION ALL SELECT 1, seq, keys FROM event_key_log WHERE seq > $2
                   UNION ALL SELECT 2, (SELECT min(seq) FROM inbox), NULL
                   UNION ALL SELECT 3, (SELECT min(seq) FROM event_key_log), NULL
                   UNION ALL SELECT 4, (SELECT seq FROM sqlite_sequence WHERE name = 'event_key_log'), NULL";
        let seen = self.log.last;
        let (mut inbox_from, mut log_from, mut logged) = (None, None, None);
        for row in db.query_all_raw(statement(db, sql, [self.inbox.last.into(), seen.into()])).await? {
            let seq: Option<i64> = row.try_get_by_index(1)?;
            match (row.try_get_by_index::<i64>(0)?, seq) {
                (0, Some(seq)) => self.inbox.put(seq, &row.try_get_by_index::<Vec<u8>>(2)?),
                (1, Some(seq)) => self.log.put(seq, &row.try_get_by_index::<Vec<u8>>(2)?),
                (2, seq) => inbox_from = seq,
                (3, seq) => log_from = seq,
                (_, seq) => logged = seq,
            }
        }
        // Rows that came and went in between went into the index, unseen.
        if log_from.or(logged.map(|last| last + 1)).is_some_and(|first| first > seen + 1) {
            self.index = Filter::default();
        }
        self.log.last = self.log.last.max(logged.unwrap_or(0));
        let mut gone = self.log.forget_before(log_from);
        gone.extend(self.inbox.forget_before(inbox_from));
        for key in gone.iter().filter(|key| !self.log.keys.contains_key(*key)) {
            self.index.note(key);
        }
        Ok(())
    }
}

impl Shelf {
    fn put(&mut self, seq: i64, keys: &[u8]) {
        self.keys.extend(keys::split(keys).map(|key| (key, seq)));
        self.last = self.last.max(seq);
    }

    /// Forgets the keys of rows before `first`, of all rows where there is none, and returns them.
    fn forget_before(&mut self, first: Option<i64>) -> Vec<Key> {
        let first = first.unwrap_or(self.last + 1);
        if first == self.first {
            return Vec::new();
        }
        self.first = first;
        let gone = self.keys.extract_if(|_, seq| *seq < first).map(|(key, _)| key).collect();
        self.keys.shrink_to(2 * self.keys.len());
        gone
    }
}
