//! A [`Format`] a mapping names for a column, written as one word or as a strftime
//! pattern: `dmy`, `mdy`, `iso`, `epoch_s`, `epoch_ms`, `excel`, `%d-%m-%y`. Words
//! cover what files commonly hold; the pattern is the way out for the rest.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Days, NaiveDate, NaiveDateTime, TimeDelta};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Moment, Order, Unread, parts};

/// How the dates of a column are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Format {
    /// Anything that has one meaning only; dates of three numbers are refused.
    Iso,
    /// Dates of three numbers are in this order.
    Order(Order),
    /// Seconds since 1970.
    EpochSeconds,
    /// Milliseconds since 1970.
    EpochMillis,
    /// Days since the end of 1899, as spreadsheets count.
    Excel,
    /// A strftime pattern.
    Pattern(String),
}

/// A word that names no format.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a date format: write iso, dmy, mdy, epoch_s, epoch_ms, excel, or a pattern like %d.%m.%Y")]
pub struct FormatError(String);

impl Format {
    /// Seconds or milliseconds since 1970, by how many digits there are.
    pub(crate) fn of_epoch(digits: &str) -> Self {
        if digits.len() > 11 { Self::EpochMillis } else { Self::EpochSeconds }
    }
}

impl FromStr for Format {
    type Err = FormatError;

    fn from_str(word: &str) -> Result<Self, FormatError> {
        match word.trim() {
            "iso" => Ok(Self::Iso),
            "dmy" => Ok(Self::Order(Order::DayFirst)),
            "mdy" => Ok(Self::Order(Order::MonthFirst)),
            "epoch_s" => Ok(Self::EpochSeconds),
            "epoch_ms" => Ok(Self::EpochMillis),
            "excel" => Ok(Self::Excel),
            pattern if pattern.contains('%') => Ok(Self::Pattern(pattern.to_owned())),
            word => Err(FormatError(word.to_owned())),
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Iso => "iso",
            Self::Order(Order::DayFirst) => "dmy",
            Self::Order(Order::MonthFirst) => "mdy",
            Self::EpochSeconds => "epoch_s",
            Self::EpochMillis => "epoch_ms",
            Self::Excel => "excel",
            Self::Pattern(pattern) => pattern,
        })
    }
}

impl Serialize for Format {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Format {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

impl Format {
    /// Reads one trimmed text.
    pub(super) fn read(&self, text: &str) -> Result<Moment, Unread> {
        match self {
            Self::Iso if parts::order(text).is_some() => Err(Unread::Ambiguous),
            Self::Iso => parts::read(text, None),
            Self::Order(order) => parts::read(text, Some(*order)),
            Self::EpochSeconds => epoch(text, 1_000_000),
            Self::EpochMillis => epoch(text, 1_000),
            Self::Excel => serial(text),
            Self::Pattern(pattern) => by_pattern(text, pattern),
        }
    }
}

fn moment(at: NaiveDateTime, offset_seconds: i32) -> Moment {
    Moment { date: at.date(), time: Some(at.time()), offset_seconds }
}

fn epoch(text: &str, micros: i64) -> Result<Moment, Unread> {
    let units = text.parse::<i64>().map_err(|_| Unread::NotADate)?;
    let instant = units.checked_mul(micros).and_then(DateTime::from_timestamp_micros).ok_or(Unread::NoSuchDay)?;
    Ok(moment(instant.naive_utc(), 0))
}

/// A spreadsheet's serial number: whole days, and the time of day as a fraction.
fn serial(text: &str) -> Result<Moment, Unread> {
    const SECONDS_A_DAY: f64 = 86_400.0;
    const LAST: f64 = 2_958_465.0;
    let serial: f64 = text.parse().map_err(|_| Unread::NotADate)?;
    if !(1.0..=LAST).contains(&serial) {
        return Err(Unread::NotADate);
    }
    let zero = NaiveDate::from_ymd_opt(1899, 12, 30).ok_or(Unread::NoSuchDay)?;
    let day = zero.checked_add_days(Days::new(serial as u64)).ok_or(Unread::NoSuchDay)?;
    let seconds = (serial.fract() * SECONDS_A_DAY).round() as i64;
    Ok(moment(day.and_time(chrono::NaiveTime::MIN) + TimeDelta::seconds(seconds), 0))
}

fn by_pattern(text: &str, pattern: &str) -> Result<Moment, Unread> {
    if let Ok(at) = DateTime::parse_from_str(text, pattern) {
        return Ok(moment(at.naive_local(), at.offset().local_minus_utc()));
    }
    if let Ok(at) = NaiveDateTime::parse_from_str(text, pattern) {
        return Ok(moment(at, 0));
    }
    let date = NaiveDate::parse_from_str(text, pattern).map_err(|_| Unread::NotADate)?;
    Ok(Moment { date, time: None, offset_seconds: 0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(format: &str, text: &str, expected: &str) {
        let format: Format = format.parse().unwrap();
        assert_eq!(format.read(text).map(|moment| moment.instant().to_rfc3339()), Ok(expected.to_owned()));
    }

    #[test]
    fn named_formats_read() {
        check("epoch_s", "1795319596", "2026-11-22T03:53:16+00:00");
        check("epoch_ms", "1795319596001", "2026-11-22T03:53:16.001+00:00");
        check("excel", "46387", "2026-12-31T00:00:00+00:00");
        check("excel", "46387.5", "2026-12-31T12:00:00+00:00");
        check("%d.%m.%y", "31.12.26", "2026-12-31T00:00:00+00:00");
        check("%d/%m/%Y %H:%M", "03/04/2026 10:30", "2026-04-03T10:30:00+00:00");
        check("%Y-%m-%dT%H:%M:%S%z", "2026-01-01T00:00:00+0100", "2025-12-31T23:00:00+00:00");
    }

    #[test]
    fn iso_means_iso() {
        assert_eq!(Format::Iso.read("31/12/2026"), Err(Unread::Ambiguous));
        assert!(Format::Iso.read("2026-12-31").is_ok());
    }

    #[test]
    fn a_bad_name_says_which_there_are() {
        assert!("german".parse::<Format>().unwrap_err().to_string().contains("write iso, dmy, mdy"));
    }

    #[test]
    fn a_broken_pattern_reads_nothing_and_does_not_panic() {
        assert_eq!(Format::Pattern("%Q%".to_owned()).read("2026"), Err(Unread::NotADate));
    }
}
