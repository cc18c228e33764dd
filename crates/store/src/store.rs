//! The handle everybody holds: one writer and some readers, on SQLite or PostgreSQL by address.
//!
//! SQLite has a single writer, so its writing pool has one connection and whoever wants to write waits in line;
//! transactions begin `IMMEDIATE`, because one that begins by reading and then writes fails whatever the timeout.
//! PostgreSQL orders writers itself. A reader sees what was committed; a *snapshot* sees one moment across several
//! statements.

use std::{fmt, path::Path, time::Duration};

use sea_orm::{
    AccessMode, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, IsolationLevel, RuntimeErr,
    SqliteTransactionMode, SqlxPostgresConnector, SqlxSqliteConnector, TransactionOptions, TransactionTrait,
};
use sqlx::{
    ConnectOptions, Connection,
    postgres::{PgConnectOptions, PgPoolOptions},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use crate::{StoreError, idempotency, migration};

/// A transaction; dropped without [`Store::write`] or a commit, it is rolled back.
pub type Tx = DatabaseTransaction;

/// The oldest SQLite with the fixes we rely on (the WAL reset defect of 3.51.2 and before).
const OLDEST_SQLITE: &str = "3.51.3";

/// Where the store is and how many may read at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// `sqlite:PATH` or `postgres://…`.
    pub url: String,
    /// Connections for readers.
    pub readers: u32,
    /// How long to wait for a connection or the write lock before [`StoreError::Busy`].
    pub busy_timeout: Duration,
    /// Whether a commit waits until it is on the disk. Nothing but a test of that promise says no.
    pub flushed: bool,
}

impl Settings {
    /// The usual settings for an address.
    pub fn new(url: impl Into<String>) -> Self {
        Self { url: url.into(), readers: 4, busy_timeout: Duration::from_secs(10), flushed: true }
    }

    /// The usual settings for an embedded database in a file.
    pub fn embedded(file: &Path) -> Self {
        Self::new(format!("sqlite:{}", file.display()))
    }
}

/// The store. Clones share the connections.
#[derive(Clone)]
pub struct Store {
    writer: DatabaseConnection,
    readers: DatabaseConnection,
    backend: DbBackend,
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("backend", &self.backend).finish_non_exhaustive()
    }
}

impl Store {
    /// Opens the database, creating an embedded one if it is missing, and brings its tables up to date.
    ///
    /// Fails with [`StoreError::Newer`] before anything is written if a later release wrote it.
    pub async fn open(settings: &Settings) -> Result<Self, StoreError> {
        let url = settings.url.as_str();
        let store = if let Some(path) = url.strip_prefix("sqlite:") {
            Self::open_sqlite(path.strip_prefix("//").unwrap_or(path), settings).await?
        } else if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            Self::open_postgres(settings).await?
        } else {
            return Err(StoreError::Address { url: without_password(url) });
        };
        match store.write(async |tx| migration::apply(tx).await).await {
            Err(StoreError::Database(error)) if is_read_only(&error) => {
                Err(StoreError::NotWritable { path: without_password(url), source: error.into() })
            }
            Err(error) => Err(error),
            Ok(()) => Ok(store),
        }
    }

    /// The name of the database that holds it, for people.
    pub fn database(&self) -> &'static str {
        match self.backend {
            DbBackend::Postgres => "PostgreSQL",
            _ => "SQLite",
        }
    }

    /// A connection that sees what was committed.
    pub fn read(&self) -> &DatabaseConnection {
        &self.readers
    }

    /// A transaction that only reads, and sees one moment however many statements it runs.
    pub async fn snapshot(&self) -> Result<Tx, StoreError> {
        let options = match self.backend {
            DbBackend::Postgres => TransactionOptions {
                isolation_level: Some(IsolationLevel::RepeatableRead),
                access_mode: Some(AccessMode::ReadOnly),
                ..TransactionOptions::default()
            },
            _ => TransactionOptions::default(),
        };
        Ok(self.readers.begin_with_options(options).await?)
    }

    /// Runs `work` in a write transaction and commits it if it succeeds; otherwise nothing was done.
    ///
    /// Fails with [`StoreError::Busy`] when the line of writers does not move within the timeout.
    pub async fn write<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: AsyncFnOnce(&Tx) -> Result<T, E>,
        E: From<StoreError>,
    {
        let tx = self.begin().await?;
        match work(&tx).await {
            Ok(value) => finish(tx).await.map(|()| value).map_err(E::from),
            Err(error) => {
                // The first error is the one worth telling; a failed rollback is repeated when the connection is reused.
                let _ = tx.rollback().await;
                Err(error)
            }
        }
    }

    /// Begins a write transaction, for callers to whom a closure is a burden. Ends with `tx.commit()`, or is undone.
    pub async fn begin(&self) -> Result<Tx, StoreError> {
        let options = TransactionOptions {
            sqlite_transaction_mode: (self.backend == DbBackend::Sqlite).then_some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        Ok(self.writer.begin_with_options(options).await?)
    }

    /// Waits for running statements and closes every connection.
    pub async fn close(self) -> Result<(), StoreError> {
        self.readers.close().await?;
        self.writer.close().await?;
        Ok(())
    }

    async fn open_sqlite(path: &str, settings: &Settings) -> Result<Self, StoreError> {
        refuse_old_sqlite().await?;
        let unwritable = |source: Box<dyn std::error::Error + Send + Sync>| StoreError::NotWritable {
            path: path.to_owned(),
            source,
        };
        let base = SqliteConnectOptions::new()
            .filename(path)
            .busy_timeout(settings.busy_timeout)
            .foreign_keys(true)
            .disable_statement_logging();
        let reading = base.clone().read_only(true).pragma("cache_size", "-2048");
        if tokio::fs::metadata(path).await.is_ok_and(|file| file.len() > 0) {
            let peek = SqlitePoolOptions::new().max_connections(1).connect_with(reading.clone()).await;
            let peek = SqlxSqliteConnector::from_sqlx_sqlite_pool(peek.map_err(|e| unwritable(e.into()))?);
            migration::refuse_newer(&peek).await?;
            peek.close().await?;
        }
        let writing = base
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(if settings.flushed { SqliteSynchronous::Full } else { SqliteSynchronous::Normal })
            .pragma("cache_size", "-8192")
            .pragma("wal_autocheckpoint", "4000");
        let writer = sqlite_pool(1, settings).connect_with(writing).await.map_err(|e| unwritable(e.into()))?;
        let readers = sqlite_pool(settings.readers, settings).connect_lazy_with(reading);
        Ok(Self {
            writer: SqlxSqliteConnector::from_sqlx_sqlite_pool(writer),
            readers: SqlxSqliteConnector::from_sqlx_sqlite_pool(readers),
            backend: DbBackend::Sqlite,
        })
    }

    async fn open_postgres(settings: &Settings) -> Result<Self, StoreError> {
        let options: PgConnectOptions =
            settings.url.parse().map_err(|_| StoreError::Address { url: without_password(&settings.url) })?;
        let pool = PgPoolOptions::new()
            // Besides the readers: one writer, the inbox, a job.
            .max_connections(settings.readers + 3)
            .acquire_timeout(settings.busy_timeout)
            .connect_with(options.disable_statement_logging())
            .await
            .map_err(|e| StoreError::Unreachable(DbErr::Conn(RuntimeErr::SqlxError(e.into()))))?;
        let connection = SqlxPostgresConnector::from_sqlx_postgres_pool(pool);
        migration::refuse_newer(&connection).await?;
        Ok(Self { writer: connection.clone(), readers: connection, backend: DbBackend::Postgres })
    }
}

/// Marks what an idempotent request did, and commits: apart from [`Store::write`], which is compiled for every caller.
async fn finish(tx: Tx) -> Result<(), StoreError> {
    idempotency::mark(&tx).await?;
    Ok(tx.commit().await?)
}

fn sqlite_pool(connections: u32, settings: &Settings) -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .max_connections(connections.max(1))
        .acquire_timeout(settings.busy_timeout)
        .idle_timeout(None)
        .max_lifetime(None)
        // A file in this process cannot go away unnoticed, and asking costs as much as a small query.
        .test_before_acquire(false)
        // A commit that fails because the disk is full leaves its transaction open. Whoever wrote next would write inside
        // it, be told that all is well, and lose everything at the next start; such a connection is closed instead.
        .after_release(|connection, _| {
            let idle = !connection.is_in_transaction();
            Box::pin(async move { Ok(idle) })
        })
}

async fn refuse_old_sqlite() -> Result<(), StoreError> {
    let query = sqlx::query_scalar::<_, String>("SELECT sqlite_version()");
    let found = async {
        let mut memory = SqliteConnectOptions::new().in_memory(true).connect().await?;
        query.fetch_one(&mut memory).await
    }
    .await
    .map_err(|e| StoreError::Database(DbErr::Conn(RuntimeErr::SqlxError(e.into()))))?;
    if numbers(&found) < numbers(OLDEST_SQLITE) {
        return Err(StoreError::TooOld { found, needed: OLDEST_SQLITE });
    }
    Ok(())
}

/// Whether a file may be read but not written (SQLite's READONLY and its kin), or a server takes no writes.
fn is_read_only(error: &DbErr) -> bool {
    let (DbErr::Exec(RuntimeErr::SqlxError(cause)) | DbErr::Query(RuntimeErr::SqlxError(cause))) = error else {
        return false;
    };
    let code = cause.as_database_error().and_then(sqlx::error::DatabaseError::code);
    code.is_some_and(|code| code == "25006" || code.parse::<u32>().is_ok_and(|code| code & 0xff == 8))
}

fn numbers(version: &str) -> Vec<u32> {
    version.split('.').map(|part| part.parse().unwrap_or(0)).collect()
}

/// The address as it may be shown: what stands between `//` and `@` may hold a password.
fn without_password(url: &str) -> String {
    match (url.split_once("//"), url.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, host))) => format!("{scheme}//…@{host}"),
        _ => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_as_numbers() {
        assert!(numbers("3.51.10") > numbers("3.51.3"));
        assert!(numbers("3.9.0") < numbers("3.51.3"));
    }

    #[test]
    fn a_password_is_not_shown() {
        assert_eq!(without_password("mysql://me:secret@db/x"), "mysql://…@db/x");
        assert_eq!(without_password("what"), "what");
    }
}
