//! Workbooks (XLSX) as text: one sheet becomes the CSV file somebody would have saved it as, so that everything after
//! this step is the same for both. Dates are written as ISO, numbers with a decimal point and all their digits.
//! Deliberately absent: formulas, of which the last value counts; formats beyond dates; and the binary workbooks of
//! before 2007.

mod archive;
mod xml;

use std::collections::HashMap;
use std::io::{Read, Seek, SeekFrom};

use chrono::{Days, NaiveDate, TimeDelta};

use self::archive::{Archive, Unpacked};
use self::xml::{Piece, attribute, pieces};
use crate::record::Object;

/// The largest workbook that is read, the largest part of one, and the largest text a sheet may become: all are held in
/// memory, and a text shared by many cells or a cell far to the right makes much out of little.
const MAX_BYTES: u64 = 64 << 20;
const MAX_PART: u64 = 96 << 20;
const MAX_TEXT: usize = 128 << 20;
/// What a cell counts for besides its text.
const CELL: usize = 8;
/// Texts that cells may share.
const MAX_STRINGS: usize = 2_000_000;
/// Columns a sheet may have, which is what spreadsheets allow.
const MAX_COLUMNS: usize = 16_384;

/// A sheet as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Workbook {
    /// The sheet, as CSV in UTF-8.
    pub text: Vec<u8>,
    /// The sheet that was read.
    pub sheet: String,
    /// The sheets that were not.
    pub others: Vec<String>,
}

/// Why a workbook cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum WorkbookError {
    /// The file cannot be read.
    #[error("the file cannot be read")]
    Read(#[from] std::io::Error),
    /// It is broken, or an archive of something else.
    #[error("this looks like a workbook and cannot be opened as one: save its sheet as CSV and send that")]
    Broken,
    /// It is larger than what is held in memory.
    #[error(
        "the workbook is larger than {} MiB, or its sheet as text than {} MiB: save the sheet as CSV and send that",
        MAX_BYTES >> 20,
        MAX_TEXT >> 20
    )]
    TooLarge,
    /// There is no such sheet.
    #[error("the workbook has no sheet `{wanted}`; it has {}", have.join(", "))]
    NoSheet {
        /// What was asked for.
        wanted: String,
        /// The sheets there are.
        have: Vec<String>,
    },
    /// There is nothing in it.
    #[error("no sheet of the workbook holds anything")]
    Empty,
}

/// Whether a file is a workbook, or another archive, by its first bytes. Leaves the reader at its beginning.
pub fn is_workbook<R: Read + Seek>(input: &mut R) -> std::io::Result<bool> {
    input.seek(SeekFrom::Start(0))?;
    let mut head = Vec::new();
    input.by_ref().take(4).read_to_end(&mut head)?;
    input.seek(SeekFrom::Start(0))?;
    Ok(head == b"PK\x03\x04")
}

/// Reads one sheet: the one of this name; else one that is named like the kind of record its rows are; else the first
/// that holds anything.
pub fn workbook<R: Read>(input: R, sheet: Option<&str>, rows: Option<Object>) -> Result<Workbook, WorkbookError> {
    let mut bytes = Vec::new();
    input.take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(WorkbookError::TooLarge);
    }
    let archive = Archive::open(&bytes).ok_or(WorkbookError::Broken)?;
    let part = |name: &str| match archive.text(name, MAX_PART) {
        Unpacked::Text(text) => Ok(Some(text)),
        Unpacked::TooLarge => Err(WorkbookError::TooLarge),
        Unpacked::Nothing => Ok(None),
    };
    let main = part("xl/workbook.xml")?.ok_or(WorkbookError::Broken)?;
    let links = links(&part("xl/_rels/workbook.xml.rels")?.ok_or(WorkbookError::Broken)?);
    let book = Book {
        strings: strings(&part("xl/sharedStrings.xml")?.unwrap_or_default()).ok_or(WorkbookError::TooLarge)?,
        dates: date_styles(&part("xl/styles.xml")?.unwrap_or_default()),
        since_1904: main.contains("date1904=\"1\"") || main.contains("date1904=\"true\""),
    };
    let sheets = sheets(&main);
    let names: Vec<String> = sheets.iter().map(|(name, _)| name.clone()).collect();
    if let Some(wanted) = sheet.filter(|wanted| !names.iter().any(|name| name == wanted)) {
        return Err(WorkbookError::NoSheet { wanted: wanted.to_owned(), have: names });
    }
    let like = rows.and_then(|object| names.iter().find(|name| is_named_like(name, object)));
    let sheet = sheet.or(like.map(String::as_str));
    for (name, id) in sheets.iter().filter(|(name, _)| sheet.is_none_or(|wanted| wanted == name)) {
        let target = links.get(id).ok_or(WorkbookError::Broken)?;
        let text = part(target)?.ok_or(WorkbookError::Broken)?;
        let rows = book.rows(&text)?;
        if !rows.is_empty() {
            let others = names.iter().filter(|other| *other != name).cloned().collect();
            return Ok(Workbook { text: rows, sheet: name.clone(), others });
        }
    }
    Err(WorkbookError::Empty)
}

/// Whether a sheet is named like a kind of record, as `Accounts` or `survey responses` are.
fn is_named_like(name: &str, object: Object) -> bool {
    let letters =
        |text: &str| text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect::<String>();
    let (name, word) = (letters(name), letters(object.as_str()));
    name.strip_suffix('s').unwrap_or(&name) == word
}

/// The sheets of a workbook in order: name and the id of its link.
fn sheets(main: &str) -> Vec<(String, String)> {
    let tags = pieces(main).filter_map(|piece| match piece {
        Piece::Start("sheet", attributes) => Some(attributes),
        _ => None,
    });
    let named =
        |attributes| Some((attribute(attributes, "name")?.into_owned(), attribute(attributes, "id")?.into_owned()));
    tags.filter_map(named).collect()
}

/// Where each link leads, as the name of a part.
fn links(text: &str) -> HashMap<String, String> {
    let link = |piece| {
        let Piece::Start("Relationship", attributes) = piece else { return None };
        let target = attribute(attributes, "Target")?;
        let target = target.strip_prefix('/').map_or_else(|| format!("xl/{target}"), str::to_owned);
        Some((attribute(attributes, "Id")?.into_owned(), target))
    };
    pieces(text).filter_map(link).collect()
}

/// The texts that cells share, unless there are too many. What explains how a word is spoken is no part of it.
fn strings(text: &str) -> Option<Vec<String>> {
    let (mut all, mut inside, mut spoken) = (Vec::new(), false, false);
    for piece in pieces(text) {
        match piece {
            Piece::Start("si", _) if all.len() == MAX_STRINGS => return None,
            Piece::Start("si", _) => all.push(String::new()),
            Piece::Start("t", _) => inside = true,
            Piece::End("t") => inside = false,
            Piece::Start("rPh", _) => spoken = true,
            Piece::End("rPh") => spoken = false,
            Piece::Text(text) if inside && !spoken => {
                if let Some(last) = all.last_mut() {
                    last.push_str(&text);
                }
            }
            _ => {}
        }
    }
    Some(all)
}

/// Which cell styles show a number as a date.
fn date_styles(text: &str) -> Vec<bool> {
    let (mut formats, mut styles, mut cells) = (HashMap::new(), Vec::new(), false);
    for piece in pieces(text) {
        match piece {
            Piece::Start("numFmt", attributes) => {
                if let (Some(id), Some(code)) = (attribute(attributes, "numFmtId"), attribute(attributes, "formatCode"))
                {
                    formats.insert(id.into_owned(), is_date_code(&code));
                }
            }
            Piece::Start("cellXfs", _) => cells = true,
            Piece::End("cellXfs") => cells = false,
            Piece::Start("xf", attributes) if cells => {
                let id = attribute(attributes, "numFmtId").unwrap_or_default();
                let usual = || matches!(id.parse(), Ok(14..=17 | 22 | 27..=31 | 36 | 50..=54 | 57 | 58));
                styles.push(formats.get(id.as_ref()).copied().unwrap_or_else(usual));
            }
            _ => {}
        }
    }
    styles
}

/// Whether a number format writes years or days, outside of quotes and brackets.
fn is_date_code(code: &str) -> bool {
    let (mut quoted, mut bracketed) = (false, false);
    code.chars().any(|letter| {
        match letter {
            '"' => quoted = !quoted,
            '[' => bracketed = true,
            ']' => bracketed = false,
            _ => {}
        }
        !quoted && !bracketed && matches!(letter, 'y' | 'Y' | 'd' | 'D')
    })
}

/// What the cells of all sheets are read by.
struct Book {
    strings: Vec<String>,
    dates: Vec<bool>,
    since_1904: bool,
}

impl Book {
    /// The rows of a sheet as CSV.
    fn rows(&self, text: &str) -> Result<Vec<u8>, WorkbookError> {
        let mut out = csv::WriterBuilder::new().flexible(true).from_writer(Vec::new());
        let (mut row, mut cell, mut inside): (Vec<String>, Option<Cell>, bool) = (Vec::new(), None, false);
        let (mut width, mut room) = (0, MAX_TEXT);
        for piece in pieces(text) {
            match piece {
                Piece::Start("row", _) => row.clear(),
                Piece::Start("c", attributes) => cell = Some(Cell::of(attributes, row.len())),
                Piece::Start("v" | "t", _) => inside = true,
                Piece::End("v" | "t") => inside = false,
                Piece::Text(text) if inside => {
                    if let Some(cell) = &mut cell {
                        cell.text.push_str(&text);
                    }
                }
                Piece::End("c") => {
                    if let Some(cell) = cell.take().filter(|cell| cell.column < MAX_COLUMNS) {
                        row.resize((cell.column + 1).max(row.len()), String::new());
                        row[cell.column] = self.value(&cell);
                    }
                }
                Piece::End("row") if row.iter().any(|cell| !cell.is_empty()) => {
                    // Every row is as wide as the first: cells at its end that were never written are empty.
                    width = width.max(row.len());
                    row.resize(width, String::new());
                    let bytes: usize = row.iter().map(|cell| cell.len() + CELL).sum();
                    room = room.checked_sub(bytes).ok_or(WorkbookError::TooLarge)?;
                    out.write_record(&row).map_err(std::io::Error::other)?;
                }
                _ => {}
            }
        }
        out.into_inner().map_err(|error| WorkbookError::Read(error.into_error()))
    }

    /// A cell as a person would have typed it into a file that every country reads alike.
    fn value(&self, cell: &Cell) -> String {
        let text = cell.text.as_str();
        match cell.kind.as_str() {
            "s" => text.parse::<usize>().ok().and_then(|at| self.strings.get(at)).cloned().unwrap_or_default(),
            "b" => if text == "1" { "true" } else { "false" }.to_owned(),
            "e" => String::new(),
            "" | "n" => match text.parse::<f64>() {
                Ok(serial) if self.dates.get(cell.style).copied().unwrap_or(false) => {
                    self.moment(serial).unwrap_or_else(|| text.to_owned())
                }
                Ok(number) => number.to_string(),
                Err(_) => text.to_owned(),
            },
            _ => text.to_owned(),
        }
    }

    /// The day, and the time where there is one, that a serial number stands for.
    fn moment(&self, serial: f64) -> Option<String> {
        if !(0.0..3_000_000.0).contains(&serial) {
            return None;
        }
        let (days, seconds) = (serial.floor() as u64, (serial.fract() * 86_400.0).round() as i64);
        // Day 60 is a 29 February 1900 that never was; what lies before it counts from a day later.
        let zero = match (self.since_1904, days) {
            (true, _) => NaiveDate::from_ymd_opt(1904, 1, 1)?,
            (false, ..60) => NaiveDate::from_ymd_opt(1899, 12, 31)?,
            (false, _) => NaiveDate::from_ymd_opt(1899, 12, 30)?,
        };
        let at = zero.checked_add_days(Days::new(days))?.and_hms_opt(0, 0, 0)? + TimeDelta::seconds(seconds);
        Some(if seconds == 0 { at.date().to_string() } else { at.format("%Y-%m-%dT%H:%M:%S").to_string() })
    }
}

/// A cell on its way to a value.
struct Cell {
    column: usize,
    kind: String,
    style: usize,
    text: String,
}

impl Cell {
    /// A cell by its attributes; without an address it is the next one.
    fn of(attributes: &str, next: usize) -> Self {
        let letters = attribute(attributes, "r").unwrap_or_default();
        let letters = letters.bytes().take_while(u8::is_ascii_uppercase).take(4);
        let column = letters.fold(0, |column, letter| column * 26 + usize::from(letter - b'A') + 1);
        Self {
            column: if column == 0 { next } else { column - 1 },
            kind: attribute(attributes, "t").unwrap_or_default().into_owned(),
            style: attribute(attributes, "s").and_then(|style| style.parse().ok()).unwrap_or_default(),
            text: String::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Write};

    use super::*;

    /// The least workbook there is: its parts, stored without compression.
    fn book(sheets: &[(&str, &str)]) -> Vec<u8> {
        let list: Vec<String> = (1..=sheets.len())
            .map(|n| format!(r#"<sheet name="{}" sheetId="{n}" r:id="rId{n}"/>"#, sheets[n - 1].0))
            .collect();
        let links: Vec<String> = (1..=sheets.len())
            .map(|n| format!(r#"<Relationship Id="rId{n}" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet{n}.xml"/>"#))
            .collect();
        let (list, links) = (list.concat(), links.concat());
        let main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
        let mut parts = vec![
            ("[Content_Types].xml".to_owned(), r#"<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="xml" ContentType="application/xml"/></Types>"#.to_owned()),
            ("_rels/.rels".to_owned(), r#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#.to_owned()),
            ("xl/workbook.xml".to_owned(), format!(r#"<workbook xmlns="{main}" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets>{list}</sheets></workbook>"#)),
            ("xl/_rels/workbook.xml.rels".to_owned(), format!(r#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{links}</Relationships>"#)),
            ("xl/styles.xml".to_owned(), format!(r#"<styleSheet xmlns="{main}"><cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs></styleSheet>"#)),
        ];
        for (n, (_, rows)) in sheets.iter().enumerate() {
            let sheet = format!(r#"<worksheet xmlns="{main}"><sheetData>{rows}</sheetData></worksheet>"#);
            parts.push((format!("xl/worksheets/sheet{}.xml", n + 1), sheet));
        }
        stored(&parts)
    }

    /// A ZIP archive without compression.
    fn stored(parts: &[(String, String)]) -> Vec<u8> {
        let (mut out, mut directory) = (Vec::new(), Vec::new());
        for (name, text) in parts {
            let at = out.len() as u32;
            let mut crc = flate2::Crc::new();
            crc.update(text.as_bytes());
            let (size, length) = (text.len() as u32, name.len() as u16);
            let mut head = Vec::new();
            for number in [0_u16, 0, 0, 0] {
                head.write_all(&number.to_le_bytes()).unwrap();
            }
            head.extend(crc.sum().to_le_bytes());
            head.extend(size.to_le_bytes());
            head.extend(size.to_le_bytes());
            head.extend(length.to_le_bytes());
            head.extend(0_u16.to_le_bytes());
            out.extend(b"PK\x03\x04\x14\x00");
            out.extend(&head);
            out.extend(name.as_bytes());
            out.extend(text.as_bytes());
            directory.extend(b"PK\x01\x02\x14\x00\x14\x00");
            directory.extend(&head);
            directory.extend([0; 10]);
            directory.extend(at.to_le_bytes());
            directory.extend(name.as_bytes());
        }
        let (at, size, count) = (out.len() as u32, directory.len() as u32, parts.len() as u16);
        out.extend(&directory);
        out.extend(b"PK\x05\x06\x00\x00\x00\x00");
        out.extend(count.to_le_bytes());
        out.extend(count.to_le_bytes());
        out.extend(size.to_le_bytes());
        out.extend(at.to_le_bytes());
        out.extend(0_u16.to_le_bytes());
        out
    }

    const ACCOUNTS: &str = r#"<row r="1"><c r="A1" t="inlineStr"><is><t>account_id</t></is></c><c r="B1" t="inlineStr"><is><t>arr</t></is></c><c r="C1" t="inlineStr"><is><t>renewal</t></is></c></row><row r="2"><c r="A2" t="inlineStr"><is><t>acme, inc</t></is></c><c r="B2"><v>90000.5</v></c><c r="C2" s="1"><v>46387</v></c></row>"#;

    #[test]
    fn a_sheet_reads_like_the_file_it_would_be_saved_as() {
        let bytes = book(&[("Notes", ""), ("Accounts", ACCOUNTS)]);
        assert!(is_workbook(&mut Cursor::new(&bytes)).unwrap());
        let read = workbook(&bytes[..], None, None).unwrap();
        assert_eq!((read.sheet.as_str(), read.others), ("Accounts", vec!["Notes".to_owned()]));
        let text = String::from_utf8(read.text).unwrap();
        assert_eq!(text, "account_id,arr,renewal\n\"acme, inc\",90000.5,2026-12-31\n");
    }

    #[test]
    fn the_sheet_that_is_named_like_its_rows_is_read() {
        let bytes = book(&[("Read me", ACCOUNTS), ("ACCOUNT", ACCOUNTS), ("Survey responses", ACCOUNTS)]);
        let read = |sheet, object| workbook(&bytes[..], sheet, Some(object)).unwrap().sheet;
        assert_eq!(read(None, Object::Account), "ACCOUNT");
        assert_eq!(read(None, Object::SurveyResponse), "Survey responses");
        assert_eq!(read(None, Object::Invoice), "Read me", "none is named so");
        assert_eq!(read(Some("Read me"), Object::Account), "Read me");
    }

    #[test]
    fn what_is_no_workbook_says_so() {
        let bytes = book(&[("Accounts", ACCOUNTS)]);
        let error = workbook(&bytes[..], Some("Contacts"), None).unwrap_err().to_string();
        assert_eq!(error, "the workbook has no sheet `Contacts`; it has Accounts");
        assert!(workbook(&b"PK\x03\x04 and nothing more"[..], None, None).is_err());
        assert!(matches!(workbook(&book(&[("Empty", "")])[..], None, None), Err(WorkbookError::Empty)));
        assert!(!is_workbook(&mut Cursor::new(b"id,name")).unwrap());
    }
}
