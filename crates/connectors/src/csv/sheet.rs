//! The [`Sheet`]: everything that was found out about a file before its rows are read,
//! in a form a person can check on one page. It holds no rows; it knows how to read
//! them, as often as somebody brings the file.

use std::io::Read;

use domain::Instant;
use serde::Serialize;

use super::dialect::Delimiter;
use super::encoding::Encoding;
use super::mapping::{Mapping, Target};
use super::rows::Rows;
use crate::record::{Convention, Field, Object};

/// A file understood.
#[derive(Debug, Clone)]
pub struct Sheet {
    /// What the rows are.
    pub object: Object,
    /// How bytes are letters.
    pub encoding: Encoding,
    /// What parts the cells.
    pub delimiter: Delimiter,
    /// Whether the first row names the columns.
    pub header: bool,
    /// The columns in order.
    pub columns: Vec<Column>,
    /// All of this, and what was decided about it, to keep for the next file.
    pub mapping: Mapping,
    /// What a person should know before going on.
    pub notices: Vec<Notice>,
    /// Rows below the header.
    pub records: u64,
    pub(super) announced: bool,
    pub(super) fills: Vec<Fill>,
    pub(super) constants: Vec<(Fill, String)>,
    pub(super) clear: String,
}

/// One column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Column {
    /// What the file calls it.
    pub header: String,
    /// Where its cells go.
    pub targets: Vec<Target>,
    /// Its first cells.
    pub samples: Vec<String>,
    /// Whether all its cells are plain numbers.
    pub numeric: bool,
}

/// Something a person should know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Notice {
    /// Stable word: `encoding`, `unknown_column`, `decimal`, `dates`, `no_header`, …
    pub code: &'static str,
    /// The column it is about.
    pub column: Option<String>,
    /// What was decided, and why.
    pub sentence: String,
}

/// A field, the column it comes from, and how its cells are read.
#[derive(Debug, Clone)]
pub(super) struct Fill {
    pub(super) column: usize,
    pub(super) field: &'static Field,
    pub(super) how: Convention,
}

impl Sheet {
    /// Streams the rows of the file, whose reader must stand at its beginning. `now` is
    /// when the file was received.
    pub fn rows<R: Read>(&self, input: R, now: Instant) -> Rows<'_, R> {
        Rows::new(self, input, now)
    }

    /// The header that fills a field.
    pub(super) fn header_of(&self, field: &str) -> Option<&str> {
        let fill = self.fills.iter().find(|fill| fill.field.name == field)?;
        self.columns.get(fill.column).map(|column| column.header.as_str())
    }
}
