//! CSV on the way out. A cell that a spreadsheet would run as a formula gets an
//! apostrophe in front, which spreadsheets hide and our import takes off again.

use std::borrow::Cow;
use std::io::{self, Write};

use super::rows::RowError;
use super::sheet::Sheet;
use crate::record::number;

/// A cell that no spreadsheet runs: `=1+1` becomes `'=1+1`, and `-5` stays.
pub fn neutral(cell: &str) -> Cow<'_, str> {
    let risky = cell.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let is_number = || cell.starts_with(['-', '+']) && number::plain(cell, Some(number::Decimal::Point)).is_ok();
    if risky && !is_number() { Cow::Owned(format!("'{cell}")) } else { Cow::Borrowed(cell) }
}

/// Writes a CSV file: comma, quotes where needed, CRLF, as RFC 4180 has it, and no
/// formulas.
pub struct Export<W: Write>(csv::Writer<W>);

impl<W: Write> std::fmt::Debug for Export<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Export").finish_non_exhaustive()
    }
}

impl<W: Write> Export<W> {
    /// Starts a file.
    pub fn new(out: W) -> Self {
        Self(csv::WriterBuilder::new().flexible(true).terminator(csv::Terminator::CRLF).from_writer(out))
    }

    /// Writes a row.
    pub fn row<C: AsRef<str>>(&mut self, cells: impl IntoIterator<Item = C>) -> io::Result<()> {
        for cell in cells {
            self.0.write_field(neutral(cell.as_ref()).as_bytes()).map_err(cause)?;
        }
        self.0.write_record(None::<&[u8]>).map_err(cause)
    }

    /// Ends the file and gives back what it was written to.
    pub fn finish(self) -> io::Result<W> {
        self.0.into_inner().map_err(csv::IntoInnerError::into_error)
    }
}

/// The failure below the writer's own, so that a closed pipe is still known as one.
fn cause(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}

/// Writes the rows that failed, to be corrected and sent again: `_line` and `_error` first,
/// then the row as it was. The import passes over these two columns.
pub struct FailedRows<W: Write>(Export<W>);

impl<W: Write> std::fmt::Debug for FailedRows<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FailedRows").finish_non_exhaustive()
    }
}

impl<W: Write> FailedRows<W> {
    /// Starts the file of failed rows of `sheet`. It is UTF-8 and says so, whatever the
    /// original was.
    pub fn new(mut out: W, sheet: &Sheet) -> io::Result<Self> {
        out.write_all("\u{feff}".as_bytes())?;
        let mut export = Export::new(out);
        let headers = sheet.columns.iter().map(|column| column.header.as_str());
        export.row(["_line", "_error"].into_iter().chain(headers))?;
        Ok(Self(export))
    }

    /// Writes a failed row.
    pub fn push(&mut self, error: &RowError) -> io::Result<()> {
        let reason = format!("{}: {}", error.code.as_str(), error.sentence);
        let cells = error.cells.iter().map(String::as_str);
        self.0.row([error.line.to_string().as_str(), &reason].into_iter().chain(cells))
    }

    /// Ends the file and gives back what it was written to.
    pub fn finish(self) -> io::Result<W> {
        self.0.finish()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::rows::cleaned;
    use super::*;

    #[test]
    fn formulas_are_disarmed_and_numbers_are_not() {
        for (cell, expected) in [
            ("=HYPERLINK(\"http://x\",\"y\")", "'=HYPERLINK(\"http://x\",\"y\")"),
            ("@SUM(1)", "'@SUM(1)"),
            ("+49 30 123", "'+49 30 123"),
            ("-5.25", "-5.25"),
            ("-cmd", "'-cmd"),
            ("\tx", "'\tx"),
            ("Acme", "Acme"),
            ("", ""),
        ] {
            assert_eq!(neutral(cell), expected);
        }
    }

    #[test]
    fn rows_are_quoted_where_they_must_be() {
        let mut export = Export::new(Vec::new());
        export.row(["name", "note"]).unwrap();
        export.row(["Globex, Inc.", "=1+1"]).unwrap();
        assert_eq!(String::from_utf8(export.finish().unwrap()).unwrap(), "name,note\r\n\"Globex, Inc.\",'=1+1\r\n");
    }

    proptest! {
        #[test]
        fn import_undoes_export(cell in "[=+@-]{0,2}[a-z0-9]{1,5}") {
            let exported = neutral(&cell);
            prop_assert_eq!(cleaned(&exported), cell.as_str());
        }
    }
}
