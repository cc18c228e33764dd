//! What can go wrong between a file and an estimate, each with the place and the remedy. Estimates that do not exist
//! for the data keep the refusal of `stats` as their source.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use connectors::csv::{PlanError, RawError};
use lake::LakeError;

/// Where in a file something stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file.
    pub path: PathBuf,
    /// The line of a text, or the row of a Parquet file, from 1.
    pub line: u64,
    /// What the count counts.
    pub unit: &'static str,
    /// The column.
    pub column: String,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {} {}, column `{}`", self.path.display(), self.unit, self.line, self.column)
    }
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum ClvError {
    /// The file cannot be opened or read.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file is no table.
    #[error("cannot read {}", path.display())]
    Text {
        /// The file.
        path: PathBuf,
        /// Why.
        source: PlanError,
    },
    /// A row of the file has a broken form.
    #[error("cannot read {}", path.display())]
    Rows {
        /// The file.
        path: PathBuf,
        /// Which and why.
        source: RawError,
    },
    /// The Parquet file cannot be read.
    #[error(transparent)]
    Parquet(#[from] LakeError),
    /// A value is not what its column holds.
    #[error("{place}: {message}")]
    Value {
        /// Where.
        place: Place,
        /// What is wrong and what to do.
        message: String,
    },
    /// The file as a whole does not hold what the model needs.
    #[error("{}: {message}", path.display())]
    Unsuited {
        /// The file.
        path: PathBuf,
        /// What is missing and what to do.
        message: String,
    },
    /// An argument makes no sense.
    #[error("{0}")]
    Argument(String),
    /// The data are readable and yet there is no estimate.
    #[error("{model} has no estimate for {}", path.display())]
    Estimate {
        /// The model.
        model: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        source: stats::Error,
    },
    /// The answer cannot be written.
    #[error("cannot write the answer")]
    Write(#[from] io::Error),
}

impl ClvError {
    pub(super) fn unsuited(path: &Path, message: impl Into<String>) -> Self {
        Self::Unsuited { path: path.to_owned(), message: message.into() }
    }

    pub(super) fn estimate(model: &'static str, path: &Path) -> impl FnOnce(stats::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Estimate { model, path, source }
    }

    /// Whether the command was misused, as opposed to having failed on its file.
    pub fn is_usage(&self) -> bool {
        matches!(self, Self::Argument(_))
    }
}
