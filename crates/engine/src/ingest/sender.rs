//! Who sends: from a write key to its source, and from which websites that key may be used. Answers are remembered
//! until a source changes, because every request asks. Write keys themselves are kept only as hashes.
//!
//! An *origin* is scheme, host and port of a website. A key of a web page can be read by anybody, so its source can
//! be limited to the origins of its own pages; a program sends no origin and is not concerned. Deliberately absent:
//! believing an origin as proof of anything, since only browsers are honest about it.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

use serde_json::Value;
use sha2::{Digest, Sha256};
use store::{Store, Tx, setting};

use crate::EngineError;

/// A source that may send.
#[derive(Debug, Clone)]
pub(super) struct Sender {
    pub(super) source_id: i64,
    origins: Arc<[String]>,
}

impl Sender {
    /// Whether a request from this website may use the key; without an origin it does not come from a website.
    pub(super) fn admits(&self, origin: Option<&str>) -> bool {
        let Some(origin) = origin else { return true };
        self.origins.is_empty() || self.origins.iter().any(|known| known.eq_ignore_ascii_case(origin))
    }
}

/// The senders met so far, by the hash of their key.
#[derive(Debug, Default)]
pub(super) struct Senders(RwLock<HashMap<String, Sender>>);

impl Senders {
    /// The sender with this write key, unless there is none or it was disabled.
    pub(super) async fn find(&self, store: &Store, key: &str) -> Result<Option<Sender>, EngineError> {
        let hash = hash_key(key);
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner).get(&hash).cloned();
        if known.is_some() {
            return Ok(known);
        }
        let found = store::source::by_write_key(store.read(), &hash).await?;
        let Some(source) = found.filter(|source| source.enabled) else { return Ok(None) };
        let sender = Sender { source_id: source.id, origins: origins(store.read(), source.id).await?.into() };
        self.0.write().unwrap_or_else(PoisonError::into_inner).insert(hash, sender.clone());
        Ok(Some(sender))
    }

    /// Forgets everybody, after a source changed.
    pub(super) fn forget(&self) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

/// How a write key is kept: SHA-256 in hexadecimal.
pub fn hash_key(key: &str) -> String {
    hex::encode(Sha256::digest(key.as_bytes()))
}

fn setting_key(source_id: i64) -> String {
    format!("source.{source_id}.origins")
}

/// The websites that may use a source's write key; any website, where there are none.
pub async fn origins(db: &impl store::Db, source_id: i64) -> Result<Vec<String>, EngineError> {
    let kept = setting::find(db, &setting_key(source_id)).await?;
    let list = kept.as_ref().and_then(Value::as_array).into_iter().flatten();
    Ok(list.filter_map(Value::as_str).map(str::to_owned).collect())
}

/// Limits a source's write key to these websites; none lifts the limit.
pub async fn set_origins(tx: &Tx, source_id: i64, origins: &[String]) -> Result<(), EngineError> {
    Ok(setting::put(tx, &setting_key(source_id), Value::from(origins.to_vec())).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sender(origins: &[&str]) -> Sender {
        Sender { source_id: 1, origins: origins.iter().map(|origin| (*origin).to_owned()).collect() }
    }

    #[test]
    fn a_limited_key_serves_its_own_pages_and_programs() {
        let limited = sender(&["https://app.acme.test"]);
        assert!(limited.admits(Some("https://APP.acme.test")));
        assert!(limited.admits(None));
        for foreign in ["https://evil.test", "http://app.acme.test", "https://app.acme.test:8443", "null"] {
            assert!(!limited.admits(Some(foreign)), "{foreign}");
        }
        assert!(sender(&[]).admits(Some("https://evil.test")));
    }
}
