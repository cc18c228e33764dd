//! A database for one test, and the loop that runs a test on each kind.

use std::{
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use store::{Settings, Store};
use tempfile::TempDir;

use testkit::postgres::{Cluster, SKIPPED};

/// An empty database that disappears with this value.
pub(crate) struct Database {
    pub(crate) settings: Settings,
    /// The embedded database's folder; `None` on PostgreSQL.
    pub(crate) folder: Option<TempDir>,
    _cluster: Option<Arc<Cluster>>,
}

impl Database {
    pub(crate) fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let settings = Settings::embedded(&folder.path().join("pomona.db"));
        Self { settings, folder: Some(folder), _cluster: None }
    }

    pub(crate) fn postgres() -> Option<Self> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let cluster = Cluster::shared().unwrap()?;
        let name = format!("test_{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        let settings = Settings::new(cluster.database(&name).unwrap());
        Some(Self { settings, folder: None, _cluster: Some(cluster) })
    }

    pub(crate) async fn open(&self) -> Store {
        Store::open(&self.settings).await.unwrap()
    }
}

/// Runs a test on an empty, open store of each kind.
pub(crate) fn on_both<F: Future<Output = ()>>(test: impl Fn(Store) -> F) {
    on_both_closed(async |database| test(database.open().await).await);
}

/// Runs a test on a database of each kind that nobody has opened yet.
#[expect(clippy::needless_pass_by_value, reason = "a test is written where it is passed")]
pub(crate) fn on_both_closed(test: impl AsyncFn(&Database)) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(test(&Database::sqlite()));
    match Database::postgres() {
        Some(database) => runtime.block_on(test(&database)),
        None => eprintln!("{SKIPPED}"),
    }
}
