//! Which character parts the cells. Each candidate reads the beginning of the file,
//! and the one under which most rows have as many cells as the first wins.

use std::io::Read;

use serde::{Deserialize, Serialize};

use super::encoding::Encoding;
use super::record::{Record, Records};

/// Bytes and rows a guess is made from.
const SAMPLE_BYTES: u64 = 64 << 10;
const SAMPLE_ROWS: usize = 60;

/// What parts the cells of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Delimiter {
    /// `,`
    #[serde(rename = ",")]
    Comma,
    /// `;`, which spreadsheets write where the comma parts decimals.
    #[serde(rename = ";")]
    Semicolon,
    /// A tabulator.
    #[serde(rename = "tab")]
    Tab,
    /// `|`
    #[serde(rename = "|")]
    Pipe,
    /// A run of blanks, without quotes: logs and tables of old.
    #[serde(rename = "blank")]
    Blank,
}

impl Delimiter {
    /// Every delimiter; in doubt the earlier wins.
    pub const ALL: [Self; 5] = [Self::Comma, Self::Semicolon, Self::Tab, Self::Pipe, Self::Blank];

    /// What to call it in a sentence.
    pub fn name(self) -> &'static str {
        match self {
            Self::Comma => "comma",
            Self::Semicolon => "semicolon",
            Self::Tab => "tab",
            Self::Pipe => "vertical bar",
            Self::Blank => "blanks",
        }
    }

    pub(super) fn as_byte(self) -> u8 {
        match self {
            Self::Comma => b',',
            Self::Semicolon => b';',
            Self::Tab => b'\t',
            Self::Pipe => b'|',
            Self::Blank => b' ',
        }
    }

    /// The delimiter a spreadsheet announces in a first line `sep=;`.
    pub(super) fn announced(line: &str) -> Option<Self> {
        let sign = line.trim_end().strip_prefix("sep=")?;
        Self::ALL.into_iter().find(|delimiter| sign.as_bytes() == [delimiter.as_byte()])
    }

    /// Guesses from the beginning of a file.
    pub(super) fn guess(head: &[u8], encoding: Encoding) -> Self {
        let mut best = (Self::Comma, 0.0, 1);
        for delimiter in Self::ALL {
            let (share, width) = agreement(head, encoding, delimiter);
            let enough = if delimiter == Self::Blank { best.2 == 1 && share > 0.9 } else { share > 0.5 };
            if width > 1 && enough && (share, width) > (best.1, best.2) {
                best = (delimiter, share, width);
            }
        }
        best.0
    }

    /// The beginning of a file to guess from.
    pub(super) fn sample(input: &mut impl Read) -> std::io::Result<Vec<u8>> {
        let mut head = Vec::new();
        input.take(SAMPLE_BYTES).read_to_end(&mut head)?;
        Ok(head)
    }
}

/// The share of sample rows as wide as the first, and that width.
fn agreement(head: &[u8], encoding: Encoding, delimiter: Delimiter) -> (f64, usize) {
    let mut records = Records::new(head, encoding, delimiter);
    let mut record = Record::default();
    let (mut rows, mut same, mut width) = (0, 0, 0);
    while rows < SAMPLE_ROWS && records.read(&mut record).unwrap_or(false) {
        if rows == 0 {
            width = record.len();
        }
        same += usize::from(record.len() == width && record.fault.is_none());
        rows += 1;
    }
    (same as f64 / rows.max(1) as f64, width)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Delimiter) {
        assert_eq!(Delimiter::guess(text.as_bytes(), Encoding::named("utf-8").unwrap()), expected, "{text:?}");
    }

    #[test]
    fn the_delimiter_under_which_rows_agree_wins() {
        check("a,b\n1,2\n", Delimiter::Comma);
        check("a;b\n1.234,56;x\n2,5;y\n", Delimiter::Semicolon);
        check("a\tb c\n1\t2,3\n", Delimiter::Tab);
        check("a|b\n1|2\n", Delimiter::Pipe);
        check(" id  date  n\n 00001 19970101  1\n 00002 19970101  2\n", Delimiter::Blank);
    }

    #[test]
    fn one_column_stays_one_column() {
        check("account id\nacme\nglobex inc\n", Delimiter::Comma);
        check("", Delimiter::Comma);
    }

    #[test]
    fn some_broken_rows_do_not_hide_the_rest() {
        check("a,b,c\n1,2,3\nshort,x\n4,5,6\n7,8,9,10\n1,2,3\n", Delimiter::Comma);
    }

    #[test]
    fn spreadsheets_may_announce_it() {
        assert_eq!(Delimiter::announced("sep=;\r"), Some(Delimiter::Semicolon));
        assert_eq!(Delimiter::announced("sep=x"), None);
        assert_eq!(Delimiter::announced("separator"), None);
    }
}
