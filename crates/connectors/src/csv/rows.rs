//! The second reading: rows as drafts, or as the reason why not. Every row stands
//! for itself; the only memory between rows is which keys came before.

use std::collections::HashMap;
use std::io::Read;

use domain::Instant;
use serde::Serialize;
use serde_json::Value as Json;

use super::column::is_json_number;
use super::mapping::Target;
use super::record::{MAX_BYTES, Record, Records};
use super::sheet::{Fill, Sheet};
use crate::record::{Builder, Code, DerivedKeys, Draft, Fault, Given, Object, Value, digest, shorten};

/// A row that was understood.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// The line it begins on, from 1.
    pub line: u64,
    /// What it says.
    pub draft: Draft,
    /// The whole row, to write it out again should it be refused later.
    pub cells: Vec<String>,
}

impl Row {
    /// Refuses a row that was understood but does not fit what there is, such as one of an unknown account.
    pub fn refused(self, sheet: &Sheet, field: &str, code: Code, sentence: String) -> RowError {
        let column = sheet.header_of(field);
        let value = match column.and(self.draft.fields.get(field)) {
            Some(Value::Text(text)) => text.clone(),
            Some(Value::Day(day)) => day.to_string(),
            Some(Value::Int(number)) => number.to_string(),
            _ => String::new(),
        };
        RowError {
            line: self.line,
            column: column.map(str::to_owned),
            value: shorten(&value, 200).to_owned(),
            code,
            sentence,
            cells: self.cells,
            is_skip: false,
        }
    }
}

/// A row that was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("line {line}: {sentence}")]
pub struct RowError {
    /// The line it begins on, from 1.
    pub line: u64,
    /// The header of the column at fault, when it is one column.
    pub column: Option<String>,
    /// The value at fault, shortened.
    pub value: String,
    /// What is wrong, for machines.
    pub code: Code,
    /// What is wrong and what to do, for people.
    pub sentence: String,
    /// The whole row, to write it out again; only the beginnings of its cells where the
    /// row was too long to be read.
    #[serde(skip)]
    pub cells: Vec<String>,
    /// Whether it merely repeats an earlier event, which is not a failure.
    pub is_skip: bool,
}

/// The rows of a file.
pub struct Rows<'a, R> {
    sheet: &'a Sheet,
    records: Records<R>,
    record: Record,
    now: Instant,
    seen: HashMap<[u8; 16], u64>,
    derived: DerivedKeys,
    before_first: bool,
    ended: bool,
}

impl<R> std::fmt::Debug for Rows<'_, R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rows").field("line", &self.record.line).field("ended", &self.ended).finish_non_exhaustive()
    }
}

/// Bytes kept of each cell of a row that was too long to be read.
const TORN_BYTES: usize = 200;

impl<'a, R: Read> Rows<'a, R> {
    pub(super) fn new(sheet: &'a Sheet, input: R, now: Instant) -> Self {
        Self {
            sheet,
            records: Records::new(input, sheet.encoding, sheet.delimiter),
            record: Record::default(),
            now,
            seen: HashMap::new(),
            derived: DerivedKeys::default(),
            before_first: true,
            ended: false,
        }
    }

    /// Bytes of the file read so far, for a progress bar.
    pub fn bytes_read(&self) -> u64 {
        self.records.bytes_read()
    }

    fn error(&self, column: Option<&str>, value: &str, code: Code, sentence: String) -> RowError {
        let shown = if code == Code::TooLong { TORN_BYTES } else { MAX_BYTES };
        RowError {
            line: self.record.line,
            column: column.map(str::to_owned),
            value: shorten(value, 200).to_owned(),
            code,
            sentence,
            cells: self.record.cells().map(|cell| shorten(cell, shown).to_owned()).collect(),
            is_skip: false,
        }
    }

    fn fault(&self, fault: &Fault) -> RowError {
        let column = self.sheet.header_of(fault.field).unwrap_or(fault.field);
        self.error(Some(column), &fault.value, fault.code, fault.sentence.clone())
    }

    /// The faults of a row's form.
    fn check_form(&self) -> Option<RowError> {
        let (cells, columns) = (self.record.len(), self.sheet.columns.len());
        let plain = |code, sentence: &str| Some(self.error(None, "", code, sentence.to_owned()));
        match self.record.fault {
            Some(Code::TooLong) => {
                return Some(self.error(None, "", Code::TooLong, format!("the row holds more than {MAX_BYTES} bytes")));
            }
            Some(Code::UnclosedQuote) => {
                return plain(Code::UnclosedQuote, "a cell of this row opens a quote that is never closed");
            }
            Some(_) => {
                return plain(Code::StrayQuote, "text follows a closing quote; write a quote inside a cell twice");
            }
            None => {}
        }
        if cells < columns {
            let sentence = format!("the row has {cells} cells where the header has {columns}");
            return Some(self.error(None, &cells.to_string(), Code::TooFewFields, sentence));
        }
        if self.record.cells().skip(columns).any(|cell| !cell.trim().is_empty()) {
            let sentence = format!(
                "the row has {cells} cells where the header has {columns}; a delimiter inside a cell needs quotes around it"
            );
            return Some(self.error(None, &cells.to_string(), Code::TooManyFields, sentence));
        }
        let torn =
            self.record.cells().zip(&self.sheet.columns).find(|(cell, _)| cell.contains(char::REPLACEMENT_CHARACTER));
        torn.map(|(cell, column)| {
            let sentence = format!(
                "`{}` is not written in {}, which the file is read as",
                shorten(cell, 80),
                self.sheet.encoding.name()
            );
            self.error(Some(&column.header), cell, Code::Encoding, sentence)
        })
    }

    fn row(&mut self) -> Result<Row, RowError> {
        if let Some(error) = self.check_form() {
            return Err(error);
        }
        let mut builder = Builder::new(self.sheet.object, self.now);
        for (fill, text) in &self.sheet.constants {
            builder.set(fill.field, text, &fill.how).map_err(|fault| self.fault(&fault))?;
        }
        for fill in &self.sheet.fills {
            self.fill(&mut builder, fill).map_err(|fault| self.fault(&fault))?;
        }
        self.keep_extras(&mut builder);
        let derived = &mut self.derived;
        let record = &self.record;
        let draft =
            builder.finish(|| derived.key(record.cells().map(str::trim))).map_err(|fault| self.fault(&fault))?;
        self.check_repeat(&draft)?;
        Ok(Row { line: self.record.line, draft, cells: self.record.cells().map(str::to_owned).collect() })
    }

    fn fill(&self, builder: &mut Builder, fill: &Fill) -> Result<(), Fault> {
        let cell = cleaned(self.record.cell(fill.column).unwrap_or_default());
        if cell.is_empty() {
            return Ok(());
        }
        if cell == self.sheet.clear {
            builder.clear(fill.field);
            return Ok(());
        }
        builder.set(fill.field, cell, &fill.how)
    }

    fn keep_extras(&self, builder: &mut Builder) {
        for (cell, column) in self.record.cells().zip(&self.sheet.columns) {
            let cell = cleaned(cell);
            for target in &column.targets {
                let Target::Extra(name) = target else { continue };
                match cell {
                    "" => {}
                    _ if cell == self.sheet.clear => builder.keep(name, Json::Null),
                    _ if column.numeric && is_json_number(cell) => {
                        builder.keep(name, serde_json::from_str(cell).unwrap_or_else(|_| cell.into()));
                    }
                    _ => builder.keep(name, cell.into()),
                }
            }
        }
    }

    /// A key the source gave may come only once, together with what makes it one row.
    fn check_repeat(&mut self, draft: &Draft) -> Result<(), RowError> {
        if !draft.key_given {
            return Ok(());
        }
        let within = match draft.object {
            Object::Contact => draft.text("account").set().unwrap_or_default().to_owned(),
            Object::SubscriptionItem => match draft.day("effective_from") {
                Given::Set(day) => day.to_string(),
                _ => String::new(),
            },
            _ => String::new(),
        };
        let line = self.record.line;
        let first = *self.seen.entry(digest([draft.key.as_str(), &within])).or_insert(line);
        if first == line {
            return Ok(());
        }
        let column = self.sheet.header_of(crate::record::KEY);
        let sentence = format!("`{}` came already on line {first}", shorten(&draft.key, 80));
        let mut error = self.error(column, &draft.key, Code::DuplicateKey, sentence);
        error.is_skip = draft.object == Object::Event;
        Err(error)
    }

    /// Moves to the next record; `None` at the end.
    fn advance(&mut self) -> Option<std::io::Result<()>> {
        match self.records.read(&mut self.record) {
            Ok(true) => Some(Ok(())),
            Ok(false) => None,
            Err(error) => Some(Err(error)),
        }
    }
}

impl<R: Read> Iterator for Rows<'_, R> {
    type Item = Result<Row, RowError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let passed = if std::mem::take(&mut self.before_first) {
            usize::from(self.sheet.announced) + usize::from(self.sheet.header)
        } else {
            0
        };
        for _ in 0..=passed {
            match self.advance() {
                Some(Ok(())) => {}
                Some(Err(error)) => {
                    self.ended = true;
                    return Some(Err(self.error(
                        None,
                        "",
                        Code::Unreadable,
                        format!("the file cannot be read further: {error}"),
                    )));
                }
                None => {
                    self.ended = true;
                    return None;
                }
            }
        }
        Some(self.row())
    }
}

/// A cell without blanks around it, and without the apostrophe our exports put before
/// what a spreadsheet would take for a formula.
pub(super) fn cleaned(cell: &str) -> &str {
    let cell = cell.trim();
    match cell.strip_prefix('\'') {
        Some(formula) if formula.starts_with(['=', '+', '-', '@', '\t', '\r']) => formula,
        _ => cell,
    }
}
