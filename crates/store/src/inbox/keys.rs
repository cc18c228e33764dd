//! Which events were accepted before, so that one sent again is known.
//!
//! Keys are hashes, so each lands on another page of an index: writing them one by one costs a page of the log for an
//! event. On SQLite, which has one writer at a time, a request's keys therefore lie beside its events in the inbox,
//! and go to `event_key` in one sorted run when it is sealed; until then a writer has them in memory. PostgreSQL has
//! writers that do not see each other, so there the index itself decides, at once.

use std::collections::{HashMap, HashSet};

use domain::Instant;
use sea_orm::{ConnectionTrait, DbBackend, Value};

use super::{Accept, Key};
use crate::{
    Db, Store, StoreError, Tx,
    statement::{MAX_VALUES, placeholders, statement, text},
};

/// Keys that one transaction files: few enough that those who wait to be accepted do not notice.
const FILED_TOGETHER: usize = 5_000;

/// The keys in the inbox, as far as one writer has read them, each with the place of its request.
#[derive(Debug, Default)]
pub(super) struct Unsealed {
    keys: HashMap<Key, i64>,
    first: i64,
    last: i64,
}

impl Unsealed {
    /// Which of the requests' keys are new. On PostgreSQL they are written by this.
    pub(super) async fn new_keys(&mut self, tx: &Tx, requests: &[Accept]) -> Result<HashSet<Key>, StoreError> {
        if !beside_events(tx) {
            return claimed(tx, requests).await;
        }
        self.follow(tx).await?;
        let sent = requests.iter().flat_map(|request| &request.events).map(|event| event.key);
        let sent: HashSet<Key> = sent.filter(|key| !self.keys.contains_key(key)).collect();
        let mut sent: Vec<Key> = sent.into_iter().collect();
        sent.sort_unstable();
        let filed = filed(tx, &sent).await?;
        Ok(sent.into_iter().filter(|key| !filed.contains(key)).collect())
    }

    /// Reads what came into the inbox, whoever wrote it, and forgets what was sealed, since the last time.
    async fn follow(&mut self, db: &impl Db) -> Result<(), StoreError> {
        let sql = "SELECT seq, keys FROM inbox WHERE seq > $1 AND keys IS NOT NULL ORDER BY seq";
        for row in db.query_all_raw(statement(db, sql, [self.last.into()])).await? {
            self.last = row.try_get_by_index(0)?;
            let keys: Vec<u8> = row.try_get_by_index(1)?;
            self.keys.extend(split(&keys).map(|key| (key, self.last)));
        }
        let first = db.query_one_raw(text(db, "SELECT min(seq) FROM inbox")).await?;
        let first = first.map(|row| row.try_get_by_index::<Option<i64>>(0)).transpose()?.flatten();
        let first = first.unwrap_or(self.last + 1);
        if first != self.first {
            self.first = first;
            self.keys.retain(|_, seq| *seq >= first);
            self.keys.shrink_to(2 * self.keys.len());
        }
        Ok(())
    }
}

/// Whether keys wait in the inbox beside their events.
pub(super) fn beside_events(db: &impl ConnectionTrait) -> bool {
    db.get_database_backend() == DbBackend::Sqlite
}

/// Which of these keys were accepted before.
pub async fn known(db: &impl Db, keys: &[Key]) -> Result<HashSet<Key>, StoreError> {
    let mut known = filed(db, keys).await?;
    if beside_events(db) {
        let mut unsealed = Unsealed::default();
        unsealed.follow(db).await?;
        known.extend(keys.iter().filter(|key| unsealed.keys.contains_key(*key)));
    }
    Ok(known)
}

/// Inbox rows whose keys are filed, so that they may leave the inbox.
#[derive(Debug, Default)]
pub struct Filed(pub(crate) Vec<i64>);

/// Files the keys of inbox rows that are about to be sealed. May be repeated, and stopped anywhere: a key that is both
/// filed and waiting is known all the same.
pub async fn file(store: &Store, rows: Vec<i64>) -> Result<Filed, StoreError> {
    let (Some(first), Some(last)) = (rows.iter().min(), rows.iter().max()) else { return Ok(Filed::default()) };
    let db = store.read();
    let sql = "SELECT keys, received_at FROM inbox WHERE seq BETWEEN $1 AND $2 AND keys IS NOT NULL";
    let mut keys: Vec<(Key, Instant)> = Vec::new();
    for row in db.query_all_raw(statement(db, sql, [(*first).into(), (*last).into()])).await? {
        let at: Instant = row.try_get_by_index(1)?;
        keys.extend(split(&row.try_get_by_index::<Vec<u8>>(0)?).map(|key| (key, at)));
    }
    // In the order of the index, so that each of its pages is written once.
    keys.sort_unstable();
    for keys in keys.chunks(FILED_TOGETHER) {
        store.write(async |tx| insert(tx, keys).await).await?;
    }
    Ok(Filed(rows))
}

/// Which of these keys are in `event_key`.
async fn filed(db: &impl Db, keys: &[Key]) -> Result<HashSet<Key>, StoreError> {
    let mut filed = HashSet::new();
    let mut found = |rows: Vec<sea_orm::QueryResult>| -> Result<(), StoreError> {
        for row in rows {
            filed.extend(Key::try_from(row.try_get_by_index::<Vec<u8>>(0)?));
        }
        Ok(())
    };
    if beside_events(db) {
        let sql = "SELECT key FROM event_key WHERE key IN (SELECT unhex(value) FROM json_each($1))";
        found(db.query_all_raw(statement(db, sql, [listed(keys.iter()).into()])).await?)?;
    } else {
        for keys in keys.chunks(MAX_VALUES) {
            let sql = format!("SELECT key FROM event_key WHERE key IN {}", placeholders(db, 0, 1, keys.len()));
            let values = keys.iter().map(|key| Value::from(key.to_vec()));
            found(db.query_all_raw(statement(db, sql, values)).await?)?;
        }
    }
    Ok(filed)
}

/// Inserts keys into the index of SQLite, with the day they came; those already there stay.
async fn insert(tx: &Tx, keys: &[(Key, Instant)]) -> Result<(), StoreError> {
    for keys in keys.chunk_by(|(_, one), (_, other)| one.date_naive() == other.date_naive()) {
        let sql = "INSERT INTO event_key (key, received_on) SELECT unhex(value), $2 FROM json_each($1) WHERE true
                   ON CONFLICT DO NOTHING";
        let values = [listed(keys.iter().map(|(key, _)| key)).into(), keys[0].1.date_naive().into()];
        tx.execute_raw(statement(tx, sql, values)).await?;
    }
    Ok(())
}

/// Inserts the keys of requests and returns those that were not there.
async fn claimed(tx: &Tx, requests: &[Accept]) -> Result<HashSet<Key>, StoreError> {
    let mut keys: Vec<(Key, Instant)> = Vec::new();
    for request in requests {
        keys.extend(request.events.iter().map(|event| (event.key, request.received_at)));
    }
    // In one order everywhere, so that two processes cannot wait for each other.
    keys.sort_unstable();
    keys.dedup_by_key(|(key, _)| *key);
    let mut new = HashSet::with_capacity(keys.len());
    for keys in keys.chunks(MAX_VALUES / 2) {
        let sql = format!(
            "INSERT INTO event_key (key, received_on) VALUES {} ON CONFLICT DO NOTHING RETURNING key",
            placeholders(tx, 0, keys.len(), 2)
        );
        let values = keys.iter().flat_map(|(key, at)| -> [Value; 2] { [key.to_vec().into(), at.date_naive().into()] });
        for row in tx.query_all_raw(statement(tx, sql, values)).await? {
            new.extend(Key::try_from(row.try_get_by_index::<Vec<u8>>(0)?));
        }
    }
    Ok(new)
}

/// Keys one after another, as the inbox holds them.
pub(super) fn joined<'a>(keys: impl Iterator<Item = &'a Key>) -> Vec<u8> {
    keys.flatten().copied().collect()
}

fn split(keys: &[u8]) -> impl Iterator<Item = Key> + '_ {
    keys.as_chunks().0.iter().copied()
}

/// Keys as a JSON array of hexadecimal texts, which SQLite takes as one value.
fn listed<'a>(keys: impl Iterator<Item = &'a Key>) -> String {
    let mut list = String::from("[");
    for key in keys {
        list.push_str(if list.len() > 1 { ",\"" } else { "\"" });
        list.push_str(&hex::encode(key));
        list.push('"');
    }
    list.push(']');
    list
}
