//! Records out of text: cells, quotes and line ends. A quoted cell may run over
//! lines; one that never ends is blamed on the line where it began, and reading
//! goes on with the next line, so that one stray quote costs one row and not the
//! rest of the file.

use std::io::{self, Read};

use super::dialect::Delimiter;
use super::encoding::{Encoding, TextStream};
use crate::record::Code;

/// Bytes a record may have.
pub(super) const MAX_BYTES: usize = 1 << 20;

/// One row as it stands in the file.
#[derive(Debug, Clone, Default)]
pub(super) struct Record {
    /// The line of the file it begins on, from 1.
    pub(super) line: u64,
    /// What is wrong with its form.
    pub(super) fault: Option<Code>,
    text: String,
    ends: Vec<usize>,
}

impl Record {
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(super) fn cell(&self, index: usize) -> Option<&str> {
        let end = *self.ends.get(index)?;
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before]);
        Some(&self.text[start..end])
    }

    pub(super) fn cells(&self) -> impl Iterator<Item = &str> {
        (0..self.len()).filter_map(|index| self.cell(index))
    }

    fn clear(&mut self) {
        self.fault = None;
        self.text.clear();
        self.ends.clear();
    }

    fn end_cell(&mut self) {
        self.ends.push(self.text.len());
    }

    /// Whether there is nothing in it: an empty line, or only delimiters.
    fn is_blank(&self) -> bool {
        self.fault.is_none() && self.text.trim().is_empty()
    }
}

/// Reads records from a stream of text.
pub(super) struct Records<R> {
    stream: TextStream<R>,
    delimiter: Delimiter,
    text: String,
    at: usize,
    line: u64,
    ended: bool,
}

/// How a scan over the text at hand came out.
enum Scan {
    /// The record ends before this offset.
    Done(usize),
    /// The text ends before the record does.
    More,
}

impl<R: Read> Records<R> {
    pub(super) fn new(input: R, encoding: Encoding, delimiter: Delimiter) -> Self {
        let stream = TextStream::new(input, encoding);
        Self { stream, delimiter, text: String::new(), at: 0, line: 1, ended: false }
    }

    /// Bytes of the file read so far.
    pub(super) fn bytes_read(&self) -> u64 {
        self.stream.bytes_read()
    }

    /// Reads the next record that is not blank; `false` at the end of the file.
    pub(super) fn read(&mut self, record: &mut Record) -> io::Result<bool> {
        loop {
            if self.at == self.text.len() && !self.more()? {
                return Ok(false);
            }
            self.one(record)?;
            if !record.is_blank() {
                return Ok(true);
            }
        }
    }

    /// Gets more text; `false` when there is none.
    fn more(&mut self) -> io::Result<bool> {
        self.text.drain(..self.at);
        self.at = 0;
        let before = self.text.len();
        while !self.ended && self.text.len() == before {
            self.ended = !self.stream.fill(&mut self.text)?;
        }
        Ok(self.text.len() > before)
    }

    fn one(&mut self, record: &mut Record) -> io::Result<()> {
        loop {
            record.clear();
            record.line = self.line;
            let scan = match self.delimiter {
                Delimiter::Blank => self.blanks(record),
                _ => self.quoted(record),
            };
            match scan {
                Scan::Done(end) => {
                    let spans_lines = self.text[self.at..end].trim_end_matches(['\r', '\n']).contains(['\r', '\n']);
                    if record.fault.is_some() && spans_lines {
                        return self.skip_line();
                    }
                    self.line += line_ends(&self.text[self.at..end]);
                    self.at = end;
                    return Ok(());
                }
                Scan::More if self.text.len() - self.at > MAX_BYTES => {
                    record.fault = Some(if record.fault == Some(Code::UnclosedQuote) {
                        Code::UnclosedQuote
                    } else {
                        Code::TooLong
                    });
                    return self.skip_line();
                }
                Scan::More => {
                    self.more()?;
                }
            }
        }
    }

    /// Moves to the line after the one the record begins on, however long that one is.
    fn skip_line(&mut self) -> io::Result<()> {
        loop {
            let rest = &self.text[self.at..];
            let whole = |end: &usize| self.ended || rest.as_bytes()[*end] == b'\n' || end + 1 < rest.len();
            let end = rest.find(['\r', '\n']).filter(whole);
            if let Some(end) = end {
                let width = if rest[end..].starts_with("\r\n") { 2 } else { 1 };
                self.at += end + width;
                self.line += 1;
                return Ok(());
            }
            if self.ended {
                self.at = self.text.len();
                return Ok(());
            }
            // Nothing before a possible half of `\r\n` is needed any more.
            self.at = self.text.len() - usize::from(rest.ends_with('\r'));
            self.more()?;
        }
    }

    /// Where a line end at `at` ends, or `None` if the text at hand cannot tell.
    fn line_end(&self, at: usize) -> Option<usize> {
        let bytes = self.text.as_bytes();
        match (bytes[at], bytes.get(at + 1)) {
            (b'\r', Some(b'\n')) => Some(at + 2),
            (b'\r', None) if !self.ended => None,
            _ => Some(at + 1),
        }
    }

    /// Cells between runs of blanks.
    fn blanks(&self, record: &mut Record) -> Scan {
        let bytes = self.text.as_bytes();
        let found = bytes[self.at..].iter().position(|byte| matches!(byte, b'\r' | b'\n'));
        let (stop, end) = match found.map(|offset| self.at + offset) {
            Some(stop) => match self.line_end(stop) {
                Some(end) => (stop, end),
                None => return Scan::More,
            },
            None if self.ended => (bytes.len(), bytes.len()),
            None => return Scan::More,
        };
        for cell in self.text[self.at..stop].split_ascii_whitespace() {
            record.text.push_str(cell);
            record.end_cell();
        }
        Scan::Done(end)
    }

    /// Cells between delimiters, perhaps in quotes.
    fn quoted(&self, record: &mut Record) -> Scan {
        let bytes = self.text.as_bytes();
        let delimiter = self.delimiter.as_byte();
        let mut at = self.at;
        loop {
            if bytes.get(at) == Some(&b'"') {
                match self.quoted_cell(at + 1, record) {
                    Some(after) => at = after,
                    None if self.ended => return Scan::Done(bytes.len()),
                    None => return Scan::More,
                }
                let next = bytes.get(at);
                if !next.is_none_or(|byte| *byte == delimiter || matches!(byte, b'\r' | b'\n')) {
                    record.fault = record.fault.or(Some(Code::StrayQuote));
                }
            }
            let ends = |byte: &u8| *byte == delimiter || matches!(byte, b'\r' | b'\n');
            let Some(offset) = bytes[at..].iter().position(ends) else {
                if !self.ended {
                    return Scan::More;
                }
                record.text.push_str(&self.text[at..]);
                record.end_cell();
                return Scan::Done(bytes.len());
            };
            record.text.push_str(&self.text[at..at + offset]);
            record.end_cell();
            at += offset;
            if bytes[at] != delimiter {
                return self.line_end(at).map_or(Scan::More, Scan::Done);
            }
            at += 1;
        }
    }

    /// The inside of a quoted cell that starts at `at`; returns where its closing quote ends.
    fn quoted_cell(&self, mut at: usize, record: &mut Record) -> Option<usize> {
        let bytes = self.text.as_bytes();
        loop {
            let Some(offset) = bytes[at..].iter().position(|byte| *byte == b'"') else {
                record.fault = Some(Code::UnclosedQuote);
                return None;
            };
            record.text.push_str(&self.text[at..at + offset]);
            at += offset + 1;
            if bytes.get(at) != Some(&b'"') {
                // A quote at the end of the text at hand may be the first of two.
                return (at < bytes.len() || self.ended).then_some(at);
            }
            record.text.push('"');
            at += 1;
        }
    }
}

/// Line ends in a text: `\n`, `\r\n`, and a lone `\r`.
fn line_ends(text: &str) -> u64 {
    let bytes = text.as_bytes();
    let ends = bytes.iter().enumerate().filter(|(at, byte)| match byte {
        b'\n' => true,
        b'\r' => bytes.get(at + 1) != Some(&b'\n'),
        _ => false,
    });
    ends.count() as u64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    type Plain = (u64, Option<Code>, Vec<String>);

    /// Hands out a few bytes at a time, so that every boundary is crossed.
    struct Drip<'a>(&'a [u8], usize);

    impl Read for Drip<'_> {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            let size = self.1.min(out.len());
            self.0.read(&mut out[..size])
        }
    }

    fn all(bytes: &[u8], delimiter: Delimiter, step: usize) -> Vec<Plain> {
        let utf8 = Encoding::named("utf-8").unwrap();
        let mut records = Records::new(Drip(bytes, step), utf8, delimiter);
        let mut record = Record::default();
        let mut found = Vec::new();
        while records.read(&mut record).unwrap() {
            found.push((record.line, record.fault, record.cells().map(str::to_owned).collect()));
        }
        found
    }

    #[track_caller]
    fn check(text: &str, delimiter: Delimiter, expected: &[(u64, Option<Code>, &[&str])]) {
        let expected: Vec<Plain> = expected
            .iter()
            .map(|(line, fault, cells)| (*line, *fault, cells.iter().map(|cell| (*cell).to_owned()).collect()))
            .collect();
        for step in [1, 2, 7, 4096] {
            assert_eq!(all(text.as_bytes(), delimiter, step), expected, "{text:?} in steps of {step}");
        }
    }

    #[test]
    fn cells_quotes_and_line_ends() {
        check("a,b\n1,\"x, \"\"y\"\"\"\n", Delimiter::Comma, &[(1, None, &["a", "b"]), (2, None, &["1", "x, \"y\""])]);
        check("a;b\r\n1;2\r\n", Delimiter::Semicolon, &[(1, None, &["a", "b"]), (2, None, &["1", "2"])]);
        check("a\tb\r1\t2", Delimiter::Tab, &[(1, None, &["a", "b"]), (2, None, &["1", "2"])]);
        check("a|\n", Delimiter::Pipe, &[(1, None, &["a", ""])]);
        check("", Delimiter::Comma, &[]);
    }

    #[test]
    fn lines_are_counted_inside_quotes_and_over_blank_lines() {
        check(
            "h,i\n\n\"one\r\ntwo\nthree\",x\n,\nlast,y",
            Delimiter::Comma,
            &[(1, None, &["h", "i"]), (3, None, &["one\r\ntwo\nthree", "x"]), (7, None, &["last", "y"])],
        );
    }

    #[test]
    fn runs_of_blanks_are_one_delimiter() {
        check(
            " id  date   v\r\n 00001 19970101  1   11.77 \n\n",
            Delimiter::Blank,
            &[(1, None, &["id", "date", "v"]), (2, None, &["00001", "19970101", "1", "11.77"])],
        );
    }

    #[test]
    fn a_stray_quote_costs_one_row() {
        check(
            "a,b\nx,\"never\ny,2\nz,3\n",
            Delimiter::Comma,
            &[
                (1, None, &["a", "b"]),
                (2, Some(Code::UnclosedQuote), &["x"]),
                (3, None, &["y", "2"]),
                (4, None, &["z", "3"]),
            ],
        );
        let swallowed = all(b"a,b\n\"x\",\"one\ny,\"two\"\nz,3\n", Delimiter::Comma, 4096);
        let lines: Vec<_> = swallowed.iter().map(|(line, fault, _)| (*line, *fault)).collect();
        assert_eq!(lines, [(1, None), (2, Some(Code::StrayQuote)), (3, None), (4, None)]);
        check(
            "\"a\"b,c\nd,e\n",
            Delimiter::Comma,
            &[(1, Some(Code::StrayQuote), &["ab", "c"]), (2, None, &["d", "e"])],
        );
        check("it\"s,5\" disk\n", Delimiter::Comma, &[(1, None, &["it\"s", "5\" disk"])]);
    }

    #[test]
    fn a_giant_cell_is_refused_and_the_next_row_is_read() {
        let giant = format!("a,b\nx,{}\ny,2\n", "z".repeat(3 * MAX_BYTES));
        let found = all(giant.as_bytes(), Delimiter::Comma, 1 << 16);
        let lines: Vec<_> = found.iter().map(|(line, fault, _)| (*line, *fault)).collect();
        assert_eq!(lines, [(1, None), (2, Some(Code::TooLong)), (3, None)]);
        let quoted = format!("a,b\nx,\"{}\ny,2\n", "z".repeat(3 * MAX_BYTES));
        let found = all(quoted.as_bytes(), Delimiter::Comma, 1 << 16);
        assert_eq!(found[1].1, Some(Code::UnclosedQuote));
        assert_eq!(found[2].2, ["y", "2"]);
    }

    fn delimiters() -> impl Strategy<Value = Delimiter> {
        prop::sample::select(Delimiter::ALL.to_vec())
    }

    proptest! {
        #[test]
        fn what_the_csv_crate_writes_is_read(rows in prop::collection::vec(prop::collection::vec("[^\0]{0,8}", 2..4), 1..6), step in 1_usize..9) {
            let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(Vec::new());
            for row in &rows {
                writer.write_record(row).unwrap();
            }
            let bytes = writer.into_inner().unwrap();
            let found: Vec<_> = all(&bytes, Delimiter::Comma, step).into_iter().map(|(_, _, cells)| cells).collect();
            // A mark at the very start belongs to the file, and blank rows are passed over.
            let kept: Vec<_> = rows.into_iter().filter(|row| !row.concat().trim().is_empty()).collect();
            prop_assume!(!bytes.starts_with("\u{feff}".as_bytes()));
            prop_assert_eq!(found, kept);
        }

        #[test]
        fn no_text_panics_and_lines_never_go_back(bytes in prop::collection::vec(prop_oneof![any::<u8>(), prop::sample::select(b"\",;\r\n |\t".to_vec())], 0..200),
                                                  delimiter in delimiters(), step in 1_usize..9) {
            let found = all(&bytes, delimiter, step);
            prop_assert!(found.is_sorted_by_key(|(line, ..)| *line));
            prop_assert_eq!(found, all(&bytes, delimiter, 4096), "chunks do not matter");
        }
    }
}
