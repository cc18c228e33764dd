//! The first reading of a file: from bytes to a [`Sheet`]. It refuses what no row could
//! survive, such as a workbook or a missing key column, before anything is imported.

use std::io::{self, Read, Seek, SeekFrom};

use super::dialect::Delimiter;
use super::encoding::Encoding;
use super::mapping::{Mapping, MappingError};
use super::outline::Outline;
use super::record::{Record, Records};
use super::sheet::{Notice, Sheet};
use super::survey::Survey;
use super::target::targets;
use crate::record::{Code, Object, date, number};

/// Columns a file may have.
const MAX_COLUMNS: usize = 1_000;

/// Why a file cannot be imported at all.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// The file cannot be read.
    #[error("the file cannot be read")]
    Read(#[from] io::Error),
    /// There is nothing in it.
    #[error("the file is empty")]
    Empty,
    /// It is something else.
    #[error("this is {0}, not text: save it as CSV and send that")]
    NotText(&'static str),
    /// The first row is wider than any table.
    #[error(
        "the first row has {0}; a table has at most {MAX_COLUMNS} columns, so the delimiter or the quotes must be wrong"
    )]
    TooWide(String),
    /// The mapping does not fit.
    #[error(transparent)]
    Mapping(#[from] MappingError),
    /// A field that every record needs comes from nowhere.
    #[error(
        "no column holds `{field}` ({expects}); the file has {headers}. Map one of them to `{field}`, or set it for all rows under [constants]"
    )]
    MissingColumn {
        /// The field.
        field: String,
        /// What it must be.
        expects: String,
        /// What the file has.
        headers: String,
    },
}

/// Finds out what a file is, reading it once. `mapping` decides what it names.
pub fn plan<R: Read + Seek>(input: &mut R, object: Object, mapping: Option<Mapping>) -> Result<Sheet, PlanError> {
    let mapping = mapping.unwrap_or_default();
    if let Some(mapped) = mapping.object.filter(|mapped| *mapped != object) {
        return Err(MappingError::OtherObject { mapped, wanted: object }.into());
    }
    input.seek(SeekFrom::Start(0))?;
    let head = Delimiter::sample(input)?;
    if let Some(kind) = binary(&head) {
        return Err(PlanError::NotText(kind));
    }
    let mut notices = Vec::new();
    let encoding = encoding(input, &head, &mapping, &mut notices)?;
    let (delimiter, announced) = delimiter(&head, encoding, &mapping, &mut notices);
    input.seek(SeekFrom::Start(0))?;
    let mut records = Records::new(input, encoding, delimiter);
    let mut first = Record::default();
    if !records.read(&mut first)? || (announced && !records.read(&mut first)?) {
        return Err(PlanError::Empty);
    }
    let width = check_width(&first)?;
    let header = has_header(&first, &mapping);
    if !header {
        let sentence = "the first row holds values, so the columns are called 1, 2, 3 and so on".to_owned();
        notices.push(Notice { code: "no_header", column: None, sentence });
    }
    let headers = names(&first, header, width, &mut notices);
    let targets = targets(object, &headers, &mapping, &mut notices)?;
    let mut survey = Survey::new(object, &targets);
    if !header {
        survey.see(&first);
    }
    while records.read(&mut first)? {
        survey.see(&first);
    }
    let outline = Outline { object, encoding, delimiter, header, announced, headers, targets, mapping, notices };
    outline.sheet(survey)
}

/// The names of the columns of a file, before anything else is known about it.
pub fn headers<R: Read + Seek>(input: &mut R) -> Result<Vec<String>, PlanError> {
    let (mapping, mut notices) = (Mapping::default(), Vec::new());
    input.seek(SeekFrom::Start(0))?;
    let head = Delimiter::sample(input)?;
    if let Some(kind) = binary(&head) {
        return Err(PlanError::NotText(kind));
    }
    let encoding = encoding(input, &head, &mapping, &mut notices)?;
    let (delimiter, announced) = delimiter(&head, encoding, &mapping, &mut notices);
    let mut records = Records::new(&head[..], encoding, delimiter);
    let mut first = Record::default();
    if !records.read(&mut first)? || (announced && !records.read(&mut first)?) {
        return Err(PlanError::Empty);
    }
    let width = check_width(&first)?;
    Ok(names(&first, has_header(&first, &mapping), width, &mut notices))
}

/// Files people send by mistake, by their first bytes.
pub(super) fn binary(head: &[u8]) -> Option<&'static str> {
    let kinds: [(&[u8], &str); 9] = [
        (b"PK\x03\x04", "a workbook or a zip archive"),
        (b"\xd0\xcf\x11\xe0", "an old workbook"),
        (b"\x1f\x8b", "a gzip archive"),
        (b"PAR1", "a Parquet file"),
        (b"%PDF", "a PDF document"),
        (b"\x89PNG", "a picture"),
        (b"\xff\xd8\xff", "a picture"),
        (b"GIF8", "a picture"),
        (b"SQLite format 3\0", "a database"),
    ];
    let known = kinds.into_iter().find(|(magic, _)| head.starts_with(magic)).map(|(_, kind)| kind);
    known.or_else(|| is_noise(head).then_some("a file of another kind"))
}

/// Whether bytes are no text of any encoding: too many are control characters, which texts hardly have. Zeros say
/// nothing, because half of a text in UTF-16 is zeros.
fn is_noise(head: &[u8]) -> bool {
    const SOME: usize = 64;
    let controls = head.iter().filter(|byte| matches!(byte, 1..=8 | 11 | 12 | 14..=31 | 127)).count();
    head.len() >= SOME && controls * 20 > head.len()
}

fn encoding<R: Read + Seek>(
    input: &mut R,
    head: &[u8],
    mapping: &Mapping,
    notices: &mut Vec<Notice>,
) -> Result<Encoding, PlanError> {
    let marked = encoding_rs::Encoding::for_bom(head).is_some();
    if let (Some(label), false) = (&mapping.encoding, marked) {
        return Ok(Encoding::named(label).ok_or_else(|| MappingError::UnknownEncoding(label.clone()))?);
    }
    let found = Encoding::detect(input)?;
    if found.is_fallback() {
        let sentence = "the file is not Unicode and is read as windows-1252; check a few names with accents".to_owned();
        notices.push(Notice { code: "encoding", column: None, sentence });
    }
    Ok(found)
}

/// The delimiter, and whether the first line only announces it.
fn delimiter(head: &[u8], encoding: Encoding, mapping: &Mapping, notices: &mut Vec<Notice>) -> (Delimiter, bool) {
    let mut first = Record::default();
    let mut records = Records::new(head, encoding, Delimiter::Blank);
    let line = if records.read(&mut first).unwrap_or(false) { first.cell(0).unwrap_or_default() } else { "" };
    if let Some(announced) = Delimiter::announced(line) {
        return (announced, true);
    }
    let Some(mapped) = mapping.delimiter else { return (Delimiter::guess(head, encoding), false) };
    let mut records = Records::new(head, encoding, mapped);
    let guess = Delimiter::guess(head, encoding);
    if guess == mapped || (records.read(&mut first).unwrap_or(false) && first.len() > 1) {
        return (mapped, false);
    }
    let sentence =
        format!("the mapping names the {} as delimiter, but the file uses the {}", mapped.name(), guess.name());
    notices.push(Notice { code: "delimiter", column: None, sentence });
    (guess, false)
}

fn check_width(first: &Record) -> Result<usize, PlanError> {
    match first.fault {
        Some(Code::TooLong) => Err(PlanError::TooWide("more than 1 MiB of text".to_owned())),
        Some(_) => Err(PlanError::TooWide("a quote that does not end".to_owned())),
        None if first.len() > MAX_COLUMNS => Err(PlanError::TooWide(format!("{} cells", first.len()))),
        None => Ok(first.len()),
    }
}

/// Whether the first row names columns: unless every cell of it is a value.
fn has_header(first: &Record, mapping: &Mapping) -> bool {
    let failed_rows = first.cell(0) == Some("_line");
    let is_value = |cell: &str| {
        let cell = cell.trim();
        cell.is_empty() || number::plain(cell, None).is_ok() || date::read(cell, None).is_ok()
    };
    failed_rows || mapping.header.unwrap_or_else(|| !first.cells().all(is_value))
}

/// Names for all columns, each only once.
fn names(first: &Record, header: bool, width: usize, notices: &mut Vec<Notice>) -> Vec<String> {
    let mut all: Vec<String> = Vec::with_capacity(width);
    for index in 0..width {
        let cell = first.cell(index).map(str::trim).filter(|cell| header && !cell.is_empty());
        let plain = cell.map_or_else(|| (index + 1).to_string(), str::to_owned);
        let mut name = plain.clone();
        let mut copy = 2;
        while all.contains(&name) {
            name = format!("{plain} ({copy})");
            copy += 1;
        }
        if copy > 2 {
            let sentence = format!("two columns are called `{plain}`; the later one is called `{name}` here");
            notices.push(Notice { code: "duplicate_header", column: Some(name.clone()), sentence });
        }
        all.push(name);
    }
    all
}
