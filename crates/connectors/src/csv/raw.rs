//! Rows as they stand: cells and the line they began on, for readers whose columns are no record of ours, such as a
//! purchase log for a model. Encoding, delimiter and quotes are found out as for every other file. Deliberately
//! absent: what a column means, and which row is a header; both are the reader's to say.

use std::io::{self, Read, Seek, SeekFrom};

use super::dialect::Delimiter;
use super::encoding::Encoding;
use super::plan::{PlanError, binary};
use super::record::{MAX_BYTES, Record, Records};
use super::rows::cleaned;
use crate::record::Code;

/// Why a file stopped giving rows.
#[derive(Debug, thiserror::Error)]
pub enum RawError {
    /// The file cannot be read to its end.
    #[error("the file cannot be read to its end")]
    Read(#[from] io::Error),
    /// A row has no cells that could be told apart.
    #[error("line {line}: {sentence}")]
    Form {
        /// The line it begins on, from 1.
        line: u64,
        /// What is wrong and what to do.
        sentence: String,
    },
}

/// The rows of a file, one at a time.
pub struct RawRows<R> {
    records: Records<R>,
    record: Record,
    waiting: bool,
}

impl<R> std::fmt::Debug for RawRows<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RawRows").field("line", &self.record.line).finish_non_exhaustive()
    }
}

/// One row.
#[derive(Debug, Clone, Copy)]
pub struct RawRow<'a>(&'a Record);

impl<'a> RawRow<'a> {
    /// The line it begins on, from 1.
    pub fn line(self) -> u64 {
        self.0.line
    }

    /// How many cells it has.
    pub fn width(self) -> usize {
        self.0.len()
    }

    /// A cell without the blanks around it; `None` beyond the end of the row.
    pub fn cell(self, index: usize) -> Option<&'a str> {
        self.0.cell(index).map(cleaned)
    }
}

impl<R: Read + Seek> RawRows<R> {
    /// Finds out how the file is written and stands before its first row. Fails on files that are not text, and on
    /// empty ones.
    pub fn open(mut input: R) -> Result<Self, PlanError> {
        input.seek(SeekFrom::Start(0))?;
        let head = Delimiter::sample(&mut input)?;
        if let Some(kind) = binary(&head) {
            return Err(PlanError::NotText(kind));
        }
        let encoding = Encoding::detect(&mut input)?;
        let first_line = String::from_utf8_lossy(&head);
        let first_line = first_line.lines().next().unwrap_or_default().trim_start_matches('\u{feff}');
        let announced = Delimiter::announced(first_line);
        let delimiter = announced.unwrap_or_else(|| Delimiter::guess(&head, encoding));
        input.seek(SeekFrom::Start(0))?;
        let mut records = Records::new(input, encoding, delimiter);
        let mut record = Record::default();
        if !records.read(&mut record)? || (announced.is_some() && !records.read(&mut record)?) {
            return Err(PlanError::Empty);
        }
        Ok(Self { records, record, waiting: true })
    }
}

impl<R: Read> RawRows<R> {
    /// The next row that is not blank; `None` at the end.
    pub fn read(&mut self) -> Result<Option<RawRow<'_>>, RawError> {
        if !std::mem::take(&mut self.waiting) && !self.records.read(&mut self.record)? {
            return Ok(None);
        }
        let sentence = match self.record.fault {
            None => return Ok(Some(RawRow(&self.record))),
            Some(Code::UnclosedQuote) => "a cell opens a quote that is never closed; close it".to_owned(),
            Some(Code::TooLong) => format!("the row holds more than {MAX_BYTES} bytes; the file may be torn"),
            Some(_) => "text follows a closing quote; write a quote inside a cell twice".to_owned(),
        };
        Err(RawError::Form { line: self.record.line, sentence })
    }

    /// Bytes of the file read so far, for a progress bar.
    pub fn bytes_read(&self) -> u64 {
        self.records.bytes_read()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn rows(text: &str) -> Result<Vec<(u64, Vec<String>)>, String> {
        let mut rows = RawRows::open(Cursor::new(text)).map_err(|error| error.to_string())?;
        let mut found = Vec::new();
        while let Some(row) = rows.read().map_err(|error| error.to_string())? {
            let cells = (0..row.width()).filter_map(|index| row.cell(index)).map(str::to_owned).collect();
            found.push((row.line(), cells));
        }
        Ok(found)
    }

    #[track_caller]
    fn check(text: &str, expected: &[(u64, &[&str])]) {
        let expected: Vec<(u64, Vec<String>)> = expected
            .iter()
            .map(|(line, cells)| (*line, cells.iter().map(|cell| (*cell).to_owned()).collect()))
            .collect();
        assert_eq!(rows(text), Ok(expected), "{text:?}");
    }

    #[test]
    fn rows_keep_their_line_and_lose_their_blanks() {
        check("id,x\n\n a , 1\n\"b\nc\",2\n", &[(1, &["id", "x"]), (3, &["a", "1"]), (4, &["b\nc", "2"])]);
        check(" id  date\n 00001 19970101\n", &[(1, &["id", "date"]), (2, &["00001", "19970101"])]);
        check("sep=;\r\nid;x\r\na;1,5\r\n", &[(2, &["id", "x"]), (3, &["a", "1,5"])]);
    }

    #[test]
    fn what_is_no_table_says_so() {
        assert_eq!(rows(""), Err("the file is empty".to_owned()));
        assert!(rows("PK\u{3}\u{4}rest").unwrap_err().contains("workbook"));
        assert!(rows("a,b\n1,\"2\n").unwrap_err().starts_with("line 2: a cell opens a quote"));
    }
}
