//! Which events were accepted before, so that one sent again is known.
//!
//! Keys are hashes, so each lands on another page of an index: writing them one by one costs a page of the log for an
//! event. On SQLite, which has one writer at a time, a request's keys therefore lie beside its events in the inbox, move
//! to a log when it is sealed, and go to `event_key` in one sorted run when many have gathered; until then a writer has
//! them in memory. PostgreSQL has writers that do not see each other, so there the index itself decides, at once.

use std::collections::{BTreeMap, HashMap, HashSet};

use domain::{Day, Instant};
use foldhash::fast::RandomState;
use sea_orm::{ConnectionTrait, DbBackend, Value};

use super::{Accept, Key, recent::Recent};
use crate::{
    Db, Store, StoreError, Tx,
    statement::{MAX_VALUES, placeholders, statement, text},
};

/// Keys that are looked at several times for each event: a set and a map whose hasher is quick, since keys are hashes.
pub(super) type Keys = HashSet<Key, RandomState>;
pub(super) type KeyMap<T> = HashMap<Key, T, RandomState>;

/// Keys that gather before they are filed: so many share the pages of the index that filing them writes little more than
/// they are, and all of them fit in a few megabytes of memory.
pub const GATHERED: usize = 100_000;

/// Keys that one transaction files: few enough that those who wait to be accepted do not notice.
const FILED_TOGETHER: usize = 5_000;

/// Whether keys wait in the inbox beside their events.
pub(super) fn beside_events(db: &impl ConnectionTrait) -> bool {
    db.get_database_backend() == DbBackend::Sqlite
}

/// Which of these keys were accepted before.
pub async fn known(db: &impl Db, keys: &[Key]) -> Result<HashSet<Key>, StoreError> {
    let mut recent = Recent::default();
    if beside_events(db) {
        // Before the index is read: keys move towards it.
        recent.follow(db).await?;
    }
    let mut known = indexed(db, keys).await?;
    known.extend(keys.iter().filter(|key| recent.has(key)));
    Ok(known)
}

/// Moves the keys of inbox rows that are being sealed to the log.
pub(crate) async fn log(tx: &Tx, rows: &[i64]) -> Result<(), StoreError> {
    if !beside_events(tx) {
        return Ok(());
    }
    for rows in rows.chunks(MAX_VALUES) {
        let sql = format!(
            "INSERT INTO event_key_log (received_on, keys)
             SELECT substr(received_at, 1, 10), unhex(group_concat(hex(keys), '')) FROM inbox
             WHERE keys IS NOT NULL AND seq IN {} GROUP BY substr(received_at, 1, 10)",
            placeholders(tx, 0, 1, rows.len())
        );
        tx.execute_raw(statement(tx, sql, rows.iter().map(|seq| (*seq).into()))).await?;
    }
    Ok(())
}

/// Files the keys in the log, if that many have gathered, and returns how many. May be stopped anywhere: a key that is
/// both filed and in the log is known all the same.
pub async fn file(store: &Store, at_least: usize) -> Result<usize, StoreError> {
    let db = store.read();
    if !beside_events(db) {
        return Ok(0);
    }
    let gathered = "SELECT COALESCE(sum(length(keys)), 0) FROM event_key_log";
    let bytes = db.query_one_raw(text(db, gathered)).await?.map(|row| row.try_get_by_index::<i64>(0)).transpose()?;
    if bytes.is_none_or(|bytes| (bytes as usize) < at_least * size_of::<Key>()) {
        return Ok(0);
    }
    let mut last = 0;
    let mut keys: Vec<(Key, Day)> = Vec::new();
    for row in db.query_all_raw(text(db, "SELECT seq, received_on, keys FROM event_key_log ORDER BY seq")).await? {
        last = row.try_get_by_index(0)?;
        let on: Day = row.try_get_by_index(1)?;
        keys.extend(split(&row.try_get_by_index::<Vec<u8>>(2)?).map(|key| (key, on)));
    }
    // In the order of the index, so that each of its pages is written once.
    keys.sort_unstable();
    for keys in keys.chunks(FILED_TOGETHER) {
        store.write(async |tx| insert(tx, keys).await).await?;
    }
    let sql = "DELETE FROM event_key_log WHERE seq <= $1";
    store.write(async |tx| tx.execute_raw(statement(tx, sql, [last.into()])).await.map_err(StoreError::from)).await?;
    Ok(keys.len())
}

/// Which of these keys are in `event_key`.
pub(super) async fn indexed(db: &impl Db, keys: &[Key]) -> Result<HashSet<Key>, StoreError> {
    let mut indexed = HashSet::new();
    if keys.is_empty() {
        return Ok(indexed);
    }
    let mut found = |rows: Vec<sea_orm::QueryResult>| -> Result<(), StoreError> {
        for row in rows {
            indexed.extend(Key::try_from(row.try_get_by_index::<Vec<u8>>(0)?));
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
    Ok(indexed)
}

/// Inserts keys into the index of SQLite, with the day they came; those already there stay.
async fn insert(tx: &Tx, keys: &[(Key, Day)]) -> Result<(), StoreError> {
    let mut days: BTreeMap<Day, Vec<&Key>> = BTreeMap::new();
    for (key, on) in keys {
        days.entry(*on).or_default().push(key);
    }
    for (on, keys) in days {
        let sql = "INSERT INTO event_key (key, received_on) SELECT unhex(value), $2 FROM json_each($1) WHERE true
                   ON CONFLICT DO NOTHING";
        tx.execute_raw(statement(tx, sql, [listed(keys.into_iter()).into(), on.into()])).await?;
    }
    Ok(())
}

/// Inserts the keys of requests and returns those that were not there.
pub(super) async fn claimed(tx: &Tx, requests: &[Accept]) -> Result<Keys, StoreError> {
    let mut keys: Vec<(Key, Instant)> = Vec::new();
    for request in requests {
        keys.extend(request.events.iter().map(|event| (event.key, request.received_at)));
    }
    // In one order everywhere, so that two processes cannot wait for each other.
    keys.sort_unstable();
    keys.dedup_by_key(|(key, _)| *key);
    let mut new = Keys::with_capacity_and_hasher(keys.len(), RandomState::default());
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
    let mut joined = Vec::with_capacity(keys.size_hint().0 * size_of::<Key>());
    for key in keys {
        joined.extend_from_slice(key);
    }
    joined
}

/// The keys in a run of bytes.
pub(super) fn split(keys: &[u8]) -> impl Iterator<Item = Key> + '_ {
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
