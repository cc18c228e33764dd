//! A table as a workbook of Excel (ECMA-376): one sheet with a head that stays in sight, numbers as numbers and days as
//! days. What is unknown is an empty cell, never a zero; text is always text, so a name that begins with `=` is no formula.
//!
//! A workbook of one plain sheet is six small files in a [zip](archive), which is less than a library for it would bring.
//! Deliberately absent: formulas, pictures and colours. Whoever takes rows out wants to go on with them, and a figure
//! that a sheet computes again is a second definition of it.

mod archive;

use std::{fmt::Write as _, io};

use domain::{Day, Instant};

use archive::Archive;

/// What a workbook is sent as.
pub const MEDIA_TYPE: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
/// Rows a sheet can hold below its head.
pub const MOST_ROWS: usize = 1_048_575;
/// The longest text of a cell, in characters; longer ones are cut.
const LONGEST: usize = 32_767;
/// The largest whole number that a cell can hold exactly; larger ones are written as text.
const EXACT: u64 = 1 << 53;
/// Where the days of a sheet count from: its calendar has a 29th of February 1900 that never was.
const EPOCH: Option<Day> = Day::from_ymd_opt(1899, 12, 30);

const DECLARATION: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n";
const TYPES: &str = "<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\">\
    <Default Extension=\"rels\" ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/>\
    <Default Extension=\"xml\" ContentType=\"application/xml\"/>\
    <Override PartName=\"/xl/workbook.xml\" ContentType=\"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml\"/>\
    <Override PartName=\"/xl/styles.xml\" ContentType=\"application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml\"/>\
    <Override PartName=\"/xl/worksheets/sheet1.xml\" ContentType=\"application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml\"/>\
    </Types>";
const RELATIONS: &str = "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\">\
    <Relationship Id=\"rId1\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument\" Target=\"xl/workbook.xml\"/>\
    </Relationships>";
const PARTS: &str = "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\">\
    <Relationship Id=\"rId1\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet\" Target=\"worksheets/sheet1.xml\"/>\
    <Relationship Id=\"rId2\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles\" Target=\"styles.xml\"/>\
    </Relationships>";
/// The styles by number: as it is, the head, a day, an instant.
const STYLES: &str = "<styleSheet xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\">\
    <numFmts count=\"2\"><numFmt numFmtId=\"164\" formatCode=\"yyyy\\-mm\\-dd\"/><numFmt numFmtId=\"165\" formatCode=\"yyyy\\-mm\\-dd\\ hh:mm:ss\"/></numFmts>\
    <fonts count=\"2\"><font><sz val=\"11\"/><name val=\"Calibri\"/></font><font><b/><sz val=\"11\"/><name val=\"Calibri\"/></font></fonts>\
    <fills count=\"2\"><fill><patternFill patternType=\"none\"/></fill><fill><patternFill patternType=\"gray125\"/></fill></fills>\
    <borders count=\"1\"><border><left/><right/><top/><bottom/><diagonal/></border></borders>\
    <cellStyleXfs count=\"1\"><xf numFmtId=\"0\" fontId=\"0\" fillId=\"0\" borderId=\"0\"/></cellStyleXfs>\
    <cellXfs count=\"4\"><xf numFmtId=\"0\" fontId=\"0\" fillId=\"0\" borderId=\"0\" xfId=\"0\"/>\
    <xf numFmtId=\"0\" fontId=\"1\" fillId=\"0\" borderId=\"0\" xfId=\"0\" applyFont=\"1\"/>\
    <xf numFmtId=\"164\" fontId=\"0\" fillId=\"0\" borderId=\"0\" xfId=\"0\" applyNumberFormat=\"1\"/>\
    <xf numFmtId=\"165\" fontId=\"0\" fillId=\"0\" borderId=\"0\" xfId=\"0\" applyNumberFormat=\"1\"/></cellXfs>\
    </styleSheet>";

/// A value of a cell.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value<'a> {
    /// Unknown.
    Unknown,
    /// A whole number.
    Whole(i64),
    /// A number.
    Number(f64),
    /// Text.
    Text(&'a str),
    /// Truth.
    Truth(bool),
    /// A calendar day.
    Day(Day),
    /// A point in time, shown in UTC.
    Instant(Instant),
}

/// A table cannot be a workbook.
#[derive(Debug, thiserror::Error)]
pub enum SheetError {
    /// More rows than a sheet holds.
    #[error("{rows} rows are more than the {MOST_ROWS} a sheet holds; take them out as CSV")]
    TooLong {
        /// How many there are.
        rows: usize,
    },
    /// The file cannot be written.
    #[error("the workbook cannot be written")]
    Write(#[from] io::Error),
}

/// Writes a workbook of one sheet; the same rows are the same bytes. `cell` is asked for every row and column.
pub fn workbook<'a>(
    name: &str,
    columns: &[&str],
    rows: usize,
    cell: impl Fn(usize, usize) -> Value<'a>,
) -> Result<Vec<u8>, SheetError> {
    if rows > MOST_ROWS {
        return Err(SheetError::TooLong { rows });
    }
    let mut archive = Archive::default();
    let mut add = |name, text: &str| archive.add(name, format!("{DECLARATION}{text}").as_bytes());
    add("[Content_Types].xml", TYPES)?;
    add("_rels/.rels", RELATIONS)?;
    add("xl/workbook.xml", &main(name))?;
    add("xl/_rels/workbook.xml.rels", PARTS)?;
    add("xl/styles.xml", STYLES)?;
    add("xl/worksheets/sheet1.xml", &sheet(columns, rows, cell))?;
    Ok(archive.finish())
}

fn main(name: &str) -> String {
    format!(
        "<workbook xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\" \
         xmlns:r=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships\">\
         <sheets><sheet name=\"{}\" sheetId=\"1\" r:id=\"rId1\"/></sheets></workbook>",
        escaped(&sheet_name(name))
    )
}

fn sheet<'a>(columns: &[&str], rows: usize, cell: impl Fn(usize, usize) -> Value<'a>) -> String {
    let mut xml = "<worksheet xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\">\
                   <sheetViews><sheetView workbookViewId=\"0\"><pane ySplit=\"1\" topLeftCell=\"A2\" \
                   activePane=\"bottomLeft\" state=\"frozen\"/></sheetView></sheetViews><sheetData><row r=\"1\">"
        .to_owned();
    for (at, title) in columns.iter().enumerate() {
        write(&mut xml, (at, 0), 1, Value::Text(title));
    }
    xml.push_str("</row>");
    for row in 0..rows {
        let _ = write!(xml, "<row r=\"{}\">", row + 2);
        for at in 0..columns.len() {
            let value = cell(row, at);
            let style = match value {
                Value::Day(_) => 2,
                Value::Instant(_) => 3,
                _ => 0,
            };
            write(&mut xml, (at, row + 1), style, value);
        }
        xml.push_str("</row>");
    }
    xml.push_str("</sheetData></worksheet>");
    xml
}

/// Writes a cell; one that is unknown is left out.
fn write(xml: &mut String, (column, row): (usize, usize), style: u8, value: Value<'_>) {
    let place = format!("{}{}", letters(column), row + 1);
    let mut number = |digits: String| {
        let _ = write!(xml, "<c r=\"{place}\" s=\"{style}\"><v>{digits}</v></c>");
    };
    match value {
        Value::Whole(whole) if whole.unsigned_abs() <= EXACT => number(whole.to_string()),
        Value::Whole(whole) => text(xml, &place, 0, &whole.to_string()),
        Value::Number(float) if float.is_finite() => number(float.to_string()),
        Value::Unknown | Value::Number(_) => {}
        Value::Text(words) => text(xml, &place, style, words),
        Value::Truth(truth) => {
            let _ = write!(xml, "<c r=\"{place}\" t=\"b\"><v>{}</v></c>", u8::from(truth));
        }
        Value::Day(day) => match serial(day) {
            Some(days) => number(days.to_string()),
            None => text(xml, &place, 0, &day.to_string()),
        },
        Value::Instant(at) => match serial(at.date_naive()) {
            Some(days) => number((f64::from(days) + seconds(at) / 86_400.0).to_string()),
            None => text(xml, &place, 0, &at.to_rfc3339()),
        },
    }
}

fn text(xml: &mut String, place: &str, style: u8, words: &str) {
    let cut: String = words.chars().take(LONGEST).collect();
    let _ = write!(
        xml,
        "<c r=\"{place}\" s=\"{style}\" t=\"inlineStr\"><is><t xml:space=\"preserve\">{}</t></is></c>",
        escaped(&cut)
    );
}

/// Days since the epoch of the calendar; there are none before March 1900 and after 9999.
fn serial(day: Day) -> Option<i32> {
    let days = (day - EPOCH?).num_days();
    (61..=2_958_465).contains(&days).then_some(days as i32)
}

/// Seconds since midnight.
fn seconds(at: Instant) -> f64 {
    at.timestamp().rem_euclid(86_400) as f64
}

/// The letters of a column: A, B, …, Z, AA.
fn letters(column: usize) -> String {
    let mut rest = column + 1;
    let mut letters = Vec::new();
    while rest > 0 {
        letters.push(char::from(b'A' + ((rest - 1) % 26) as u8));
        rest = (rest - 1) / 26;
    }
    letters.iter().rev().collect()
}

/// A name a sheet may have: at most 31 characters, none of `[]:*?/\'`.
fn sheet_name(name: &str) -> String {
    let allowed = name.chars().filter(|c| !"[]:*?/\\'".contains(*c));
    let short: String = allowed.take(31).collect();
    if short.trim().is_empty() { "Rows".to_owned() } else { short }
}

/// Text as XML may hold it: control characters are dropped, since it has no way to write them.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\t' | '\n' | '\r' => out.push(c),
            '\u{FFFE}' | '\u{FFFF}' => {}
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_rows_are_the_same_bytes() {
        let written = |arr: f64| {
            let row = [Value::Text("=Birch"), Value::Number(arr), Value::Day(Day::MAX), Value::Whole(i64::MIN)];
            workbook("Net [revenue]: retention", &["account", "arr", "to", "n"], 1, |_, at| row[at]).unwrap()
        };
        assert!(written(90_000.5).starts_with(b"PK"));
        assert_eq!(written(90_000.5), written(90_000.5));
        assert_ne!(written(90_000.5), written(90_000.25));
    }

    #[test]
    fn more_rows_than_a_sheet_holds_are_refused() {
        let refused = workbook("Rows", &["a"], MOST_ROWS + 1, |_, _| Value::Unknown).unwrap_err();
        assert_eq!(refused.to_string(), "1048576 rows are more than the 1048575 a sheet holds; take them out as CSV");
    }

    #[test]
    fn columns_have_letters_and_days_have_numbers() {
        assert_eq!([0, 25, 26, 701, 702].map(letters), ["A", "Z", "AA", "ZZ", "AAA"]);
        assert_eq!(serial(Day::from_ymd_opt(2026, 3, 1).unwrap()), Some(46_082));
        assert_eq!((serial(Day::MAX), serial(Day::MIN)), (None, None));
    }

    #[test]
    fn a_sheet_has_a_name_that_is_allowed() {
        assert_eq!(sheet_name("Net [revenue]: retention"), "Net revenue retention");
        assert_eq!(sheet_name("???"), "Rows");
        assert_eq!(sheet_name(&"x".repeat(40)).len(), 31);
    }
}
