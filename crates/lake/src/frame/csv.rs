//! A frame as comma-separated values after RFC 4180. Text that a spreadsheet would
//! run as a formula is prefixed with an apostrophe; numbers are left alone.

use std::io::{self, Write};

use super::{Cell, Frame, rfc3339};

impl Frame {
    /// Writes a header line and one line per row, ended by CRLF; unknown values are empty.
    ///
    /// # Errors
    /// Whatever `out` refuses.
    pub fn write_csv(&self, out: &mut impl Write) -> io::Result<()> {
        let width = self.columns().len();
        for (index, (name, _)) in self.columns().enumerate() {
            separate(out, index)?;
            text(out, name)?;
        }
        out.write_all(b"\r\n")?;
        for row in 0..self.len() {
            for column in 0..width {
                separate(out, column)?;
                cell(out, self.cell(row, column))?;
            }
            out.write_all(b"\r\n")?;
        }
        Ok(())
    }
}

fn separate(out: &mut impl Write, index: usize) -> io::Result<()> {
    if index > 0 { out.write_all(b",") } else { Ok(()) }
}

fn cell(out: &mut impl Write, cell: Cell<'_>) -> io::Result<()> {
    match cell {
        Cell::Null => Ok(()),
        Cell::Int(value) => write!(out, "{value}"),
        Cell::Float(value) => write!(out, "{value}"),
        Cell::Bool(value) => write!(out, "{value}"),
        Cell::Day(value) => write!(out, "{value}"),
        Cell::Instant(value) => out.write_all(rfc3339(value).as_bytes()),
        Cell::Text(value) => text(out, value),
    }
}

fn text(out: &mut impl Write, value: &str) -> io::Result<()> {
    let guard = if value.starts_with(['=', '+', '-', '@', '\t', '\r']) { "'" } else { "" };
    if value.contains([',', '"', '\r', '\n']) {
        write!(out, "\"{guard}{}\"", value.replace('"', "\"\""))
    } else {
        write!(out, "{guard}{value}")
    }
}

#[cfg(test)]
mod tests {
    use crate::{Column, Frame};

    fn csv(column: Column) -> String {
        let frame = Frame::new([("v", column)]).unwrap();
        let mut out = Vec::new();
        frame.write_csv(&mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn text_is_quoted_and_never_a_formula() {
        let column = ["plain", "a,b", "say \"hi\"", "=1+1", "-2,3", "two\nlines"].into_iter().collect();
        assert_eq!(
            csv(column),
            "v\r\nplain\r\n\"a,b\"\r\n\"say \"\"hi\"\"\"\r\n'=1+1\r\n\"'-2,3\"\r\n\"two\nlines\"\r\n"
        );
    }

    #[test]
    fn numbers_keep_their_sign_and_unknown_is_empty() {
        assert_eq!(csv([Some(-5_i64), None].into_iter().collect()), "v\r\n-5\r\n\r\n");
        assert_eq!(csv([Some(-0.5_f64), None].into_iter().collect()), "v\r\n-0.5\r\n\r\n");
    }
}
