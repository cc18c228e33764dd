//! What is wrong with a file that is taken whole or not at all: every fault with its place, so that whoever mends the file
//! mends it once. The first [`NAMED`] are kept and all are counted, however many a file of a million rows has.

use std::{fmt, io};

/// Faults that are told; the rest are counted.
pub const NAMED: usize = 20;

/// What is wrong at one place of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineFault {
    /// The line in the file, from 1.
    pub line: u64,
    /// The column, from 1.
    pub column: usize,
    /// What the first line calls the column; empty where it has no name.
    pub field: String,
    /// What is wrong, and what to do.
    pub sentence: String,
}

/// The first faults of a file, in its order, and how many there are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Faults {
    named: Vec<LineFault>,
    count: usize,
}

/// Why a file cannot be taken, and where.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// The file cannot be read.
    #[error("the file cannot be read")]
    Read(#[from] io::Error),
    /// Rows or cells cannot be taken.
    #[error(transparent)]
    Wrong(#[from] Faults),
}

impl std::error::Error for Faults {}

impl Faults {
    /// Those that are told, in the order of the file.
    pub fn named(&self) -> &[LineFault] {
        &self.named
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Adds what is wrong in a column, counted from 0, that the first line names among `headers`.
    pub(super) fn push(&mut self, line: u64, column: usize, headers: &[String], sentence: impl Into<String>) {
        let field = headers.get(column).cloned().unwrap_or_default();
        self.named.push(LineFault { line, column: column + 1, field, sentence: sentence.into() });
        self.count += 1;
        if self.named.len() >= 2 * NAMED {
            self.cut();
        }
    }

    /// An error if anything is wrong.
    pub(super) fn settle(mut self) -> Result<(), LedgerError> {
        self.cut();
        if self.count == 0 { Ok(()) } else { Err(self.into()) }
    }

    fn cut(&mut self) {
        self.named.sort_by_key(|fault| (fault.line, fault.column));
        self.named.truncate(NAMED);
    }
}

/// The error of a single fault.
pub(super) fn at(line: u64, column: usize, headers: &[String], sentence: impl Into<String>) -> LedgerError {
    let mut faults = Faults::default();
    faults.push(line, column, headers, sentence);
    faults.into()
}

impl fmt::Display for LineFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, column, field, sentence } = self;
        match field.as_str() {
            "" => write!(f, "{line}:{column}: {sentence}"),
            field => write!(f, "{line}:{column} ({field}): {sentence}"),
        }
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let [only] = &self.named[..] {
            return write!(f, "{only}");
        }
        write!(f, "{} faults, none of it is taken:", self.count)?;
        self.named.iter().try_for_each(|fault| write!(f, "\n  {fault}"))?;
        match self.count - self.named.len() {
            0 => Ok(()),
            more => write!(f, "\n  and {more} more"),
        }
    }
}
