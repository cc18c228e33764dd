//! What the cells of one column prove together: the order of day and month, the decimal
//! separator, and whether bare numbers are times or values. Nothing is decided here: a
//! column only says what it saw and on which line, so that a notice can show it.

use crate::record::date::{self, Format, Order, Proof};
use crate::record::number::{self, Decimal, Shape};

/// Where something was seen: line and text.
pub(super) type Witness = (u64, String);

/// The evidence of one column.
#[derive(Debug, Default)]
pub(super) struct Evidence {
    pub(super) samples: Vec<String>,
    pub(super) point: Option<Witness>,
    pub(super) comma: Option<Witness>,
    day_first: Option<Witness>,
    month_first: Option<Witness>,
    either_order: bool,
    cells: u64,
    /// Cells of so many digits and nothing else; 0 stands for anything else.
    digits: [u64; 16],
    serials: u64,
    not_json: bool,
}

/// Cells shown beside a column.
const SAMPLES: usize = 3;
/// Bytes of a sample.
const SAMPLE_BYTES: usize = 80;

impl Evidence {
    /// Takes a cell that is not blank into account; numbers and dates only where the
    /// column is meant to hold them.
    pub(super) fn see(&mut self, line: u64, cell: &str, number: bool, date: bool) {
        if self.samples.len() < SAMPLES {
            self.samples.push(crate::record::shorten(cell, SAMPLE_BYTES).to_owned());
        }
        self.cells += 1;
        self.not_json = self.not_json || !is_json_number(cell);
        if number {
            self.see_number(line, cell);
        }
        if date {
            self.see_date(line, cell);
        }
    }

    fn see_number(&mut self, line: u64, cell: &str) {
        let witness = || (line, cell.to_owned());
        match number::shape(cell) {
            Shape::Only(Decimal::Point) => {
                self.point.get_or_insert_with(witness);
            }
            Shape::Only(Decimal::Comma) => {
                self.comma.get_or_insert_with(witness);
            }
            Shape::Plain | Shape::Either | Shape::Not => {}
        }
    }

    fn see_date(&mut self, line: u64, cell: &str) {
        let all_digits = cell.bytes().all(|byte| byte.is_ascii_digit());
        let width = if all_digits && cell.len() < self.digits.len() { cell.len() } else { 0 };
        self.digits[width] += 1;
        self.serials += u64::from(width == 5 && ("20000".."80000").contains(&cell));
        let witness = || (line, cell.to_owned());
        match date::order(cell) {
            Some(Proof::Of(Order::DayFirst)) => {
                self.day_first.get_or_insert_with(witness);
            }
            Some(Proof::Of(Order::MonthFirst)) => {
                self.month_first.get_or_insert_with(witness);
            }
            Some(Proof::Open) => self.either_order = true,
            None => {}
        }
    }

    /// Whether every cell is a number as JSON writes it.
    pub(super) fn is_numeric(&self) -> bool {
        self.cells > 0 && !self.not_json
    }

    /// The date format the column proves, with the reason to show.
    pub(super) fn date_format(&self) -> Option<(Format, String)> {
        let all = |count: u64| count > 0 && count == self.cells;
        let shown = self.samples.first().map(String::as_str).unwrap_or_default();
        if all(self.digits[10]) {
            return Some((Format::EpochSeconds, format!("numbers like {shown} are read as seconds since 1970")));
        }
        if all(self.digits[13]) {
            return Some((Format::EpochMillis, format!("numbers like {shown} are read as milliseconds since 1970")));
        }
        if all(self.serials) {
            return Some((Format::Excel, format!("numbers like {shown} are read as the days of a spreadsheet")));
        }
        let (order, name, (line, text)) = match (&self.day_first, &self.month_first) {
            (Some(witness), None) => (Order::DayFirst, "day", witness),
            (None, Some(witness)) => (Order::MonthFirst, "month", witness),
            _ => return None,
        };
        Some((Format::Order(order), format!("dates are read {name} first, because line {line} says {text}")))
    }

    /// Both orders are proven, or neither is while some dates need one: a sentence.
    pub(super) fn date_doubt(&self) -> Option<String> {
        match (&self.day_first, &self.month_first) {
            (Some((first, day)), Some((second, month))) => Some(format!(
                "line {first} says {day} (day first) and line {second} says {month} (month first), so dates that could be either are refused"
            )),
            (None, None) if self.either_order => Some(
                "no date shows whether day or month comes first, so those that could be either are refused".to_owned(),
            ),
            _ => None,
        }
    }
}

/// Whether `cell` is a number in JSON's notation that a column may hold as a number:
/// no leading zeros, which belong to identifiers, and no more digits than are exact.
pub(super) fn is_json_number(cell: &str) -> bool {
    const EXACT_DIGITS: usize = 15;
    let unsigned = cell.strip_prefix('-').unwrap_or(cell);
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let leading_zero = whole.len() > 1 && whole.starts_with('0');
    let complete = !whole.is_empty() && !unsigned.ends_with('.');
    complete && digits(whole) && digits(fraction) && !leading_zero && whole.len() + fraction.len() <= EXACT_DIGITS
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(cells: &[&str]) -> Evidence {
        let mut evidence = Evidence::default();
        for (row, cell) in cells.iter().enumerate() {
            evidence.see(row as u64 + 2, cell, true, true);
        }
        evidence
    }

    fn format(cells: &[&str]) -> Option<Format> {
        seen(cells).date_format().map(|(format, _)| format)
    }

    #[test]
    fn one_clear_date_settles_its_column() {
        assert_eq!(format(&["03/04/2026", "31/12/2026"]), Some(Format::Order(Order::DayFirst)));
        assert_eq!(format(&["03/04/2026", "12/31/2026"]), Some(Format::Order(Order::MonthFirst)));
        assert_eq!(format(&["03/04/2026"]), None);
        assert_eq!(format(&["2026-11-01", "03/04/2026"]), None);
        let (_, reason) = seen(&["03/04/2026", "31/12/2026"]).date_format().unwrap();
        assert_eq!(reason, "dates are read day first, because line 3 says 31/12/2026");
    }

    #[test]
    fn contradiction_and_silence_are_said() {
        let both = seen(&["31/12/2026", "12/31/2026"]);
        assert_eq!(both.date_format(), None);
        assert!(both.date_doubt().unwrap().contains("line 2 says 31/12/2026"));
        assert!(seen(&["03/04/2026"]).date_doubt().unwrap().contains("refused"));
        assert_eq!(seen(&["2026-11-01"]).date_doubt(), None);
    }

    #[test]
    fn bare_numbers_are_times_only_if_all_are() {
        assert_eq!(format(&["1795319596", "1795319597"]), Some(Format::EpochSeconds));
        assert_eq!(format(&["1795319596000"]), Some(Format::EpochMillis));
        assert_eq!(format(&["46387", "46388"]), Some(Format::Excel));
        assert_eq!(format(&["46387", "2026-01-01"]), None);
        assert_eq!(format(&["19970101"]), None);
    }

    #[test]
    fn numbers_are_exact_or_text() {
        for number in ["0", "-5", "12.50", "123456789012345"] {
            assert!(is_json_number(number), "{number}");
        }
        for text in ["00001", "1e5", "+1", "1.", ".5", "1234567890123456", "", "-", "1,5"] {
            assert!(!is_json_number(text), "{text}");
        }
    }
}
