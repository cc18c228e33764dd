//! What can go wrong: with the files of the lake ([`LakeError`]) or with a
//! question put to it ([`QueryError`]). Both keep their cause as a source without
//! naming the engine's own error types.

use std::path::{Path, PathBuf};

use arrow::error::ArrowError;
use datafusion::error::DataFusionError;

use crate::expression;

type Cause = Box<dyn std::error::Error + Send + Sync>;

/// A file or blob of the lake could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum LakeError {
    /// The operating system refused.
    #[error("could not {action} {}; check that the path exists, is writable and has space", path.display())]
    Io {
        /// What was attempted: "create", "sync", "remove".
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// Why it failed.
        source: std::io::Error,
    },
    /// Bytes are not what the lake wrote; restore them from a backup.
    #[error("{what} is not readable as events; restore it from a backup")]
    Corrupt {
        /// The blob or file.
        what: String,
        /// Why it failed.
        source: Cause,
    },
    /// The columnar engine failed while it built or wrote a part.
    #[error("could not {action} a part of the lake")]
    Engine {
        /// What was attempted.
        action: &'static str,
        /// Why it failed.
        source: Cause,
    },
    /// A file that was handed in is not the Parquet it should be.
    #[error("{} is not a Parquet file that can be read; write it again, or save it as CSV", path.display())]
    NotParquet {
        /// The file.
        path: PathBuf,
        /// What the reader found.
        source: Cause,
    },
    /// The lake was told to live where it cannot.
    #[error("the lake cannot live at {url}; give a local folder")]
    Unsupported {
        /// The location as configured.
        url: String,
    },
}

impl LakeError {
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::Io { action, path, source }
    }

    pub(crate) fn corrupt<E: Into<Cause>>(what: impl Into<String>) -> impl FnOnce(E) -> Self {
        let what = what.into();
        move |source| Self::Corrupt { what, source: source.into() }
    }

    pub(crate) fn not_parquet<E: Into<Cause>>(path: &Path) -> impl FnOnce(E) -> Self {
        let path = path.to_path_buf();
        move |source| Self::NotParquet { path, source: source.into() }
    }

    pub(crate) fn engine<E: Into<Cause>>(action: &'static str) -> impl FnOnce(E) -> Self {
        move |source| Self::Engine { action, source: source.into() }
    }
}

/// A question to the lake was refused or could not be answered.
#[derive(Debug, thiserror::Error)]
pub enum QueryError {
    /// The SQL is wrong or not allowed; the message is meant for its author.
    #[error("{message}")]
    Refused {
        /// What is wrong and where.
        message: String,
    },
    /// The query needed more memory than the lake may use.
    #[error(
        "the query needs more memory than the lake may use; ask for fewer rows or columns, or raise the lake's memory limit"
    )]
    TooLarge {
        /// Which operator asked for how much.
        source: Cause,
    },
    /// The engine failed while it ran the query.
    #[error("the query failed while it ran")]
    Failed {
        /// Why it failed.
        source: Cause,
    },
}

impl QueryError {
    pub(crate) fn refused(message: impl Into<String>) -> Self {
        Self::Refused { message: message.into() }
    }

    /// A failure before execution is the author's to mend, who need not know the names of the engine's errors.
    #[expect(clippy::needless_pass_by_value, reason = "the shape `map_err` asks for")]
    pub(crate) fn planning(error: DataFusionError) -> Self {
        Self::refused(match error.find_root() {
            DataFusionError::SQL(cause, _) => expression::said(cause),
            DataFusionError::SchemaError(cause, _) => cause.to_string(),
            DataFusionError::Plan(message) => message.clone(),
            _ => error.strip_backtrace(),
        })
    }

    /// A failure during execution is the machine's, unless memory ran out or a value misfits.
    pub(crate) fn running(error: DataFusionError) -> Self {
        match error.find_root() {
            DataFusionError::ResourcesExhausted(_) => Self::TooLarge { source: error.into() },
            DataFusionError::Execution(message) => Self::refused(message.clone()),
            DataFusionError::ArrowError(cause, _) if is_about_values(cause) => Self::refused(cause.to_string()),
            _ => Self::Failed { source: error.into() },
        }
    }
}

/// Tells whether a computation failed on the values it was given.
fn is_about_values(error: &ArrowError) -> bool {
    use ArrowError::{ArithmeticOverflow, CastError, ComputeError, DivideByZero, InvalidArgumentError, ParseError};
    matches!(
        error,
        ArithmeticOverflow(_) | CastError(_) | ComputeError(_) | DivideByZero | InvalidArgumentError(_) | ParseError(_)
    )
}
