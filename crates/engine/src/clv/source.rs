//! A table in a file, CSV or Parquet, read as often as it takes and always one row at a time. A [`Row`] turns its
//! cells into numbers and days, and a cell that is none into an error that names file, line and column.

use std::borrow::Cow;
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use connectors::csv::{RawRow, RawRows};
use connectors::record::date::{self, Format, Proof, Unread};
use connectors::record::number;
use domain::Day;
use lake::{Cell, Frame, ParquetTable};

use super::columns::Role;
use super::error::{ClvError, Place};

/// Rows looked at to find out what the columns of a file without header hold.
const SAMPLE_ROWS: usize = 50;

/// A table whose rows have not been read yet.
#[derive(Debug)]
pub(super) struct Table {
    path: PathBuf,
    header: Vec<String>,
    has_header: bool,
    is_parquet: bool,
    total: u64,
    samples: Vec<Vec<String>>,
}

/// One row of the columns asked for.
pub(super) struct Row<'a> {
    table: &'a Table,
    columns: &'a [usize],
    cells: Cells<'a>,
    line: u64,
}

enum Cells<'a> {
    Text(RawRow<'a>),
    Frame(&'a Frame, usize),
}

impl Table {
    /// Opens a file and reads as much of it as says what its columns are called.
    pub(super) fn open(path: &Path) -> Result<Self, ClvError> {
        let read = |source| ClvError::Read { path: path.to_owned(), source };
        let total = std::fs::metadata(path).map_err(read)?.len();
        if starts_as_parquet(path).map_err(read)? {
            let table = ParquetTable::open(path)?;
            let header = table.columns().map(str::to_owned).collect();
            let total = table.rows();
            let samples = Vec::new();
            return Ok(Self { path: path.to_owned(), header, has_header: true, is_parquet: true, total, samples });
        }
        let mut rows = text_rows(path)?;
        let mut samples: Vec<Vec<String>> = Vec::new();
        while samples.len() <= SAMPLE_ROWS
            && let Some(row) = rows.read().map_err(|source| ClvError::Rows { path: path.to_owned(), source })?
        {
            samples.push((0..row.width()).filter_map(|index| row.cell(index)).map(str::to_owned).collect());
        }
        let first = samples.first().cloned().unwrap_or_default();
        let has_header = names_columns(&first, samples.get(1));
        let header = if has_header { first } else { (1..=first.len()).map(|index| index.to_string()).collect() };
        if has_header {
            samples.remove(0);
        }
        Ok(Self { path: path.to_owned(), header, has_header, is_parquet: false, total, samples })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn header(&self) -> &[String] {
        &self.header
    }

    pub(super) fn has_header(&self) -> bool {
        self.has_header
    }

    /// What progress is counted in at the end: bytes of a text, rows of Parquet.
    pub(super) fn total(&self) -> u64 {
        self.total
    }

    /// In a log without header: the first column, the column all of whose cells are dates, the last number after it.
    pub(super) fn guess(&self, role: Role) -> Option<usize> {
        let all = |column: usize, test: &dyn Fn(&str) -> bool| {
            !self.samples.is_empty() && self.samples.iter().all(|row| row.get(column).is_some_and(|cell| test(cell)))
        };
        let width = self.header.len();
        let dated = (0..width).find(|&column| all(column, &is_date))?;
        match role {
            Role::Id => (dated > 0).then_some(0),
            Role::Date => Some(dated),
            Role::Amount => {
                (dated + 1..width).rev().find(|&column| all(column, &|cell| number::plain(cell, None).is_ok()))
            }
            _ => None,
        }
    }

    /// Hands every row to `take`, and how far the reading is to `progress`.
    pub(super) fn each(
        &self,
        columns: &[usize],
        progress: &mut dyn FnMut(u64),
        mut take: impl FnMut(&Row<'_>) -> Result<(), ClvError>,
    ) -> Result<(), ClvError> {
        if self.is_parquet {
            return self.each_of_parquet(columns, progress, take);
        }
        let failed = |source| ClvError::Rows { path: self.path.clone(), source };
        let mut rows = text_rows(&self.path)?;
        if self.has_header {
            rows.read().map_err(failed)?;
        }
        let mut count = 0_u64;
        loop {
            let at = rows.bytes_read();
            let Some(row) = rows.read().map_err(failed)? else { return Ok(()) };
            take(&Row { table: self, columns, line: row.line(), cells: Cells::Text(row) })?;
            count += 1;
            if count.is_multiple_of(8192) {
                progress(at);
            }
        }
    }

    fn each_of_parquet(
        &self,
        columns: &[usize],
        progress: &mut dyn FnMut(u64),
        mut take: impl FnMut(&Row<'_>) -> Result<(), ClvError>,
    ) -> Result<(), ClvError> {
        let mut line = 0;
        for frame in ParquetTable::open(&self.path)?.read(columns)? {
            let frame = frame?;
            for row in 0..frame.len() {
                line += 1;
                take(&Row { table: self, columns, line, cells: Cells::Frame(&frame, row) })?;
            }
            progress(line);
        }
        Ok(())
    }

    /// The order of day and month in a column of dates of three numbers, as far as any of them proves it.
    pub(super) fn order(&self, column: usize) -> Result<Option<Format>, ClvError> {
        if self.is_parquet {
            return Ok(None);
        }
        let mut proven = None;
        let mut rows = text_rows(&self.path)?;
        while let Some(row) = rows.read().map_err(|source| ClvError::Rows { path: self.path.clone(), source })? {
            match row.cell(column).and_then(date::order) {
                Some(Proof::Of(order)) => {
                    proven = Some(Format::Order(order));
                    break;
                }
                // Dates of another form prove that there is nothing to find out.
                None if row.line() > SAMPLE_ROWS as u64 => break,
                _ => {}
            }
        }
        Ok(proven)
    }
}

fn text_rows(path: &Path) -> Result<RawRows<BufReader<File>>, ClvError> {
    let file = File::open(path).map_err(|source| ClvError::Read { path: path.to_owned(), source })?;
    RawRows::open(BufReader::new(file)).map_err(|source| ClvError::Text { path: path.to_owned(), source })
}

fn starts_as_parquet(path: &Path) -> std::io::Result<bool> {
    use std::io::Read;
    let mut head = Vec::new();
    File::open(path)?.take(4).read_to_end(&mut head)?;
    Ok(head == b"PAR1")
}

fn is_date(cell: &str) -> bool {
    matches!(date::read(cell, None), Ok(_) | Err(Unread::Ambiguous | Unread::NoSuchDay))
        && cell.bytes().filter(u8::is_ascii_digit).count() >= 6
}

fn is_value(cell: &str) -> bool {
    cell.parse::<f64>().is_ok() || number::plain(cell, None).is_ok() || is_date(cell)
}

/// The first row is a header where it holds no values, or where it begins with a word and the next one does not.
fn names_columns(first: &[String], second: Option<&Vec<String>>) -> bool {
    let begins_with_word = |row: &[String]| row.first().is_some_and(|cell| !is_value(cell));
    let no_values = !first.iter().any(|cell| is_value(cell));
    no_values || (begins_with_word(first) && second.is_some_and(|row| !begins_with_word(row)))
}

impl<'a> Row<'a> {
    /// The line of a text, or the row of a Parquet file, from 1.
    pub(super) fn line(&self) -> u64 {
        self.line
    }

    /// What an error about a column's cell says.
    pub(super) fn wrong(&self, slot: usize, message: impl Into<String>) -> ClvError {
        let column = self.columns.get(slot).and_then(|&index| self.table.header.get(index));
        ClvError::Value {
            place: Place {
                path: self.table.path.clone(),
                line: self.line,
                unit: if self.table.is_parquet { "row" } else { "line" },
                column: column.cloned().unwrap_or_default(),
            },
            message: message.into(),
        }
    }

    fn text_at(&self, slot: usize) -> Option<&'a str> {
        match &self.cells {
            Cells::Text(row) => row.cell(self.columns[slot]).filter(|cell| !cell.is_empty()),
            Cells::Frame(..) => None,
        }
    }

    fn cell_at(&self, slot: usize) -> Cell<'a> {
        match self.cells {
            Cells::Text(_) => self.text_at(slot).map_or(Cell::Null, Cell::Text),
            Cells::Frame(frame, row) => frame.cell(row, slot),
        }
    }

    /// Whether there is no value.
    pub(super) fn is_blank(&self, slot: usize) -> bool {
        matches!(self.cell_at(slot), Cell::Null)
    }

    /// A name, never empty.
    pub(super) fn name(&self, slot: usize) -> Result<Cow<'a, str>, ClvError> {
        match self.cell_at(slot) {
            Cell::Text(text) => Ok(Cow::Borrowed(text)),
            Cell::Int(value) => Ok(Cow::Owned(value.to_string())),
            Cell::Float(value) => Ok(Cow::Owned(value.to_string())),
            Cell::Day(value) => Ok(Cow::Owned(value.to_string())),
            _ => Err(self.wrong(slot, "is empty; every row needs the customer it is about")),
        }
    }

    /// A finite number; an empty cell is none.
    pub(super) fn number(&self, slot: usize) -> Result<Option<f64>, ClvError> {
        let (value, shown) = match self.cell_at(slot) {
            Cell::Null => return Ok(None),
            Cell::Int(value) => (value as f64, value.to_string()),
            Cell::Float(value) => (value, value.to_string()),
            Cell::Text(text) => (self.read_number(slot, text)?, text.to_owned()),
            _ => return Err(self.wrong(slot, "holds no number; name another column with --column")),
        };
        if value.is_finite() {
            return Ok(Some(value));
        }
        Err(self.wrong(slot, format!("`{shown}` is not a finite number; repair or remove the row")))
    }

    fn read_number(&self, slot: usize, text: &str) -> Result<f64, ClvError> {
        if let Ok(value) = text.parse() {
            return Ok(value);
        }
        number::plain(text, None)
            .ok()
            .and_then(|plain| plain.parse().ok())
            .ok_or_else(|| self.wrong(slot, format!("`{}` is not a number; write it like 1234.50", shortened(text))))
    }

    /// A number that must be there, of either sign.
    pub(super) fn covariate(&self, slot: usize) -> Result<f64, ClvError> {
        self.number(slot)?.ok_or_else(|| {
            self.wrong(slot, "is empty; a covariate must be known of every customer: fill it or leave it out")
        })
    }

    /// A number that must be there and not below zero.
    pub(super) fn amount(&self, slot: usize) -> Result<f64, ClvError> {
        match self.number(slot)? {
            Some(value) if value >= 0.0 => Ok(value),
            Some(value) => Err(self.wrong(slot, format!("{value} is below zero; expected zero or more"))),
            None => Err(self.wrong(slot, "is empty; expected a number")),
        }
    }

    /// A count that must be there.
    pub(super) fn count(&self, slot: usize) -> Result<u32, ClvError> {
        let value = self.amount(slot)?;
        if value.fract() != 0.0 || value > f64::from(u32::MAX) {
            return Err(self.wrong(slot, format!("{value} is not a count; expected a whole number of zero or more")));
        }
        Ok(value as u32)
    }

    /// A day that must be there. `format` settles dates such as 03/04/2026.
    pub(super) fn day(&self, slot: usize, format: Option<&Format>) -> Result<Day, ClvError> {
        let text = match self.cell_at(slot) {
            Cell::Day(day) => return Ok(day),
            Cell::Instant(instant) => return Ok(instant.date_naive()),
            Cell::Text(text) => Cow::Borrowed(text),
            Cell::Int(value) => Cow::Owned(value.to_string()),
            Cell::Null => return Err(self.wrong(slot, "is empty; expected a date like 2026-06-30")),
            _ => return Err(self.wrong(slot, "holds no dates; name another column with --column date=COLUMN")),
        };
        date::read(&text, format).map(date::Moment::day).map_err(|why| {
            let text = shortened(&text);
            self.wrong(
                slot,
                match why {
                    Unread::NotADate => {
                        format!("`{text}` is not a date; write it like 2026-06-30, or name the --date-format")
                    }
                    Unread::NoSuchDay => format!("`{text}` is a day the calendar does not have; correct it"),
                    Unread::ShortYear => {
                        format!("`{text}` has a year of two digits; write four, or name the --date-format")
                    }
                    Unread::Ambiguous => {
                        format!("`{text}` may be day first or month first; name it: --date-format dmy or mdy")
                    }
                },
            )
        })
    }

    /// A truth that must be there.
    pub(super) fn truth(&self, slot: usize) -> Result<bool, ClvError> {
        match self.cell_at(slot) {
            Cell::Bool(value) => Ok(value),
            Cell::Int(value @ (0 | 1)) => Ok(value == 1),
            Cell::Text(text) => match text.to_lowercase().as_str() {
                "yes" | "true" | "t" | "y" | "1" => Ok(true),
                "no" | "false" | "f" | "n" | "0" => Ok(false),
                _ => Err(self.wrong(slot, format!("`{}` is neither yes nor no", shortened(text)))),
            },
            _ => Err(self.wrong(slot, "is neither yes nor no")),
        }
    }
}

/// As much of a value as an error needs.
fn shortened(text: &str) -> String {
    text.chars().take(60).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(text: &str) -> Vec<String> {
        text.split(',').map(str::to_owned).collect()
    }

    #[test]
    fn a_header_is_words_or_a_word_above_values() {
        let check = |first: &str, second: &str, expected: bool| {
            assert_eq!(names_columns(&row(first), Some(&row(second))), expected, "{first} / {second}");
        };
        check("id,date,amount", "1,2024-01-01,3", true);
        check("calendar_time,1,2", "1,50,60", true);
        check("C1,2024-01-01,3", "C2,2024-01-02,3", false);
        check("00004,19970101,29.33", "00004,19970118,29.73", false);
        assert!(names_columns(&row("x,t_x,T"), None));
    }
}
