//! What can go wrong between us and the database, sorted by what the reader can do about it: wait, upgrade, repair a
//! path, or report a defect. Drivers' own errors are kept as the source and never flattened into text.

use sea_orm::{ConnAcquireErr, DbErr, RuntimeErr, SqlErr};

/// Why the store could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database was written by a later release. Nothing in it was changed.
    #[error(
        "the database is newer than this program: it has migration {database}, this program knows {known}; \
         start the newer release again, or restore the backup taken before the upgrade"
    )]
    Newer {
        /// How many migrations the database has.
        database: usize,
        /// How many this program has.
        known: usize,
    },
    /// A migration in the database is not the one this program has under that name.
    #[error(
        "migration {name} in the database differs from the one in this program; \
         the database was made by an unreleased build: restore a backup or begin with an empty home"
    )]
    Altered {
        /// The migration.
        name: String,
    },
    /// The SQLite library is older than the one this program is tested with.
    #[error("SQLite {found} is too old: at least {needed} is needed; build with the bundled library")]
    TooOld {
        /// The library's version.
        found: String,
        /// The least version.
        needed: &'static str,
    },
    /// The address does not name a kind of database we speak.
    #[error("\"{url}\" is not a database address: use sqlite:PATH or postgres://HOST/NAME")]
    Address {
        /// What was given, without a password.
        url: String,
    },
    /// The folder or file of the embedded database cannot be written.
    #[error("cannot write the database {path}: check that its folder exists and belongs to this user")]
    NotWritable {
        /// The file.
        path: String,
        /// What the system said.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The database server does not answer.
    #[error("cannot reach the database; check the address and that the server runs")]
    Unreachable(#[source] DbErr),
    /// Too many are waiting; nothing was done.
    #[error("the store is busy; try again shortly")]
    Busy,
    /// There is no such row, or it is not visible to the one who asks.
    #[error("there is no {kind} {id}")]
    NotFound {
        /// The table.
        kind: &'static str,
        /// The identity asked for.
        id: String,
    },
    /// Another row already has this value, or a row it names is missing.
    #[error("the {what} conflicts with what is stored")]
    Conflict {
        /// The constraint, as the database names it.
        what: String,
        /// What the database said.
        #[source]
        source: DbErr,
    },
    /// Somebody else took over this work, or changed what it rests on; the transaction was rolled back.
    #[error("{what}: expected {expected}, found {found}; somebody else was faster, nothing was changed")]
    Lost {
        /// What was to be changed.
        what: &'static str,
        /// How many rows should have changed.
        expected: u64,
        /// How many would have.
        found: u64,
    },
    /// A stored document does not have the shape its reader expects.
    #[error("the stored {what} cannot be read; the row was written by something else than this program")]
    Malformed {
        /// What was read.
        what: &'static str,
        /// Where reading failed.
        #[source]
        source: serde_json::Error,
    },
    /// The events of a request could not be written as a blob.
    #[error("the events of a request could not be encoded")]
    Encode(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Anything else the database said.
    #[error("the database refused a statement")]
    Database(#[source] DbErr),
}

impl From<DbErr> for StoreError {
    fn from(error: DbErr) -> Self {
        if let Some(SqlErr::UniqueConstraintViolation(what) | SqlErr::ForeignKeyConstraintViolation(what)) =
            error.sql_err()
        {
            return Self::Conflict { what, source: error };
        }
        match &error {
            DbErr::ConnectionAcquire(ConnAcquireErr::Timeout) => Self::Busy,
            DbErr::Query(RuntimeErr::SqlxError(cause)) | DbErr::Exec(RuntimeErr::SqlxError(cause))
                if is_locked(cause) =>
            {
                Self::Busy
            }
            _ => Self::Database(error),
        }
    }
}

impl StoreError {
    /// Names a row that is not there.
    pub fn not_found(kind: &'static str, id: &impl ToString) -> Self {
        Self::NotFound { kind, id: id.to_string() }
    }

    /// Whether trying the same again later may succeed.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Busy | Self::Lost { .. } | Self::Unreachable(_))
    }
}

/// Whether another process holds SQLite's write lock, or PostgreSQL broke a deadlock or a serialization conflict.
fn is_locked(error: &sqlx::Error) -> bool {
    let sqlx::Error::Database(database) = error else { return false };
    matches!(database.code().as_deref(), Some("5" | "261" | "517" | "40001" | "40P01"))
}
