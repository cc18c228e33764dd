//! Imports under way in this process, by what their files are known by: so one file is never taken twice at the same
//! time, and whoever watches one can stop it. Where an import has come to is written with its rows, not here.
//! Deliberately absent: imports of other processes, which the rows tell of.

use std::{
    collections::HashMap,
    sync::{Mutex as Latch, MutexGuard, PoisonError},
};

use store::{ImportRun, import_run};
use tokio_util::sync::CancellationToken;

use crate::{Engine, EngineError};

/// What is under way.
#[derive(Debug, Default)]
pub(crate) struct Underway(Latch<HashMap<String, CancellationToken>>);

/// A file's place among them; given back when it is dropped.
#[derive(Debug)]
pub(super) struct Place<'a> {
    all: &'a Underway,
    fingerprint: String,
    stop: CancellationToken,
}

impl Underway {
    fn all(&self) -> MutexGuard<'_, HashMap<String, CancellationToken>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether something has a place.
    pub(super) fn holds(&self, fingerprint: &str) -> bool {
        self.all().contains_key(fingerprint)
    }

    /// A place for a file, unless it has one; it is told to stop when `stop` is.
    pub(super) fn enter(&self, fingerprint: &str, stop: &CancellationToken) -> Option<Place<'_>> {
        let mut all = self.all();
        if all.contains_key(fingerprint) {
            return None;
        }
        let stop = stop.child_token();
        all.insert(fingerprint.to_owned(), stop.clone());
        Some(Place { all: self, fingerprint: fingerprint.to_owned(), stop })
    }
}

impl Place<'_> {
    /// Whether somebody wants the import to stop.
    pub(super) fn is_stopped(&self) -> bool {
        self.stop.is_cancelled()
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.all.all().remove(&self.fingerprint);
    }
}

/// Whether an import is under way in this process.
pub fn is_under_way(engine: &Engine, run: &ImportRun) -> bool {
    engine.imports().holds(&run.fingerprint)
}

/// Stops an import before its next rows; what it wrote stays, and the same file goes on from there. False if it is not
/// under way in this process.
pub async fn stop(engine: &Engine, run_id: i64) -> Result<bool, EngineError> {
    let run = import_run::find(engine.store().read(), run_id).await?;
    let found = engine.imports().all().get(&run.fingerprint).cloned();
    if let Some(stop) = &found {
        stop.cancel();
    }
    Ok(found.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_one_place_until_it_leaves() {
        let (all, whole) = (Underway::default(), CancellationToken::new());
        let place = all.enter("f", &whole).unwrap();
        assert!(all.enter("f", &whole).is_none() && all.enter("g", &whole).is_some());
        assert!(!place.is_stopped());
        whole.cancel();
        assert!(place.is_stopped(), "it stops with everything");
        drop(place);
        assert!(all.enter("f", &whole).is_some());
    }
}
