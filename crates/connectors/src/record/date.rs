//! Dates and times as people and systems write them. ISO dates, compact dates and
//! dates with a month's name mean one thing; `03/04/2026` means two, and is refused
//! unless a [`Format`] is named or the rest of its column settles the order. Dots are
//! only ever written day first, so `01.03.2027` is the first of March.
//!
//! Deliberately absent: two-digit years, and time zones by name other than UTC. A
//! time without a zone is UTC.

mod format;
mod parts;

use chrono::{NaiveDate, NaiveTime};
use domain::{Day, Instant};

pub use format::{Format, FormatError};

/// The order of day and month in a date of three numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Day, month, year.
    DayFirst,
    /// Month, day, year.
    MonthFirst,
}

/// A date with, perhaps, a time and an offset from UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    date: NaiveDate,
    time: Option<NaiveTime>,
    offset_seconds: i32,
}

impl Moment {
    /// The date as written: a contract that ends on the 31st ends on the 31st, whatever
    /// the offset beside it says.
    pub fn day(self) -> Day {
        self.date
    }

    /// The point in time; midnight UTC for a bare date.
    pub fn instant(self) -> Instant {
        let local = self.date.and_time(self.time.unwrap_or_default()).and_utc();
        local - chrono::TimeDelta::seconds(i64::from(self.offset_seconds))
    }
}

/// Why a text is not a date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unread {
    /// Not written like a date.
    NotADate,
    /// Written like a date the calendar does not have: 30 February.
    NoSuchDay,
    /// A year of two digits.
    ShortYear,
    /// Day and month cannot be told apart.
    Ambiguous,
}

/// Reads a date or a time, with the format if one is named.
pub fn read(text: &str, format: Option<&Format>) -> Result<Moment, Unread> {
    let text = text.trim();
    match format {
        None => parts::read(text, None),
        Some(format) => format.read(text),
    }
}

/// What a date of three numbers proves about the order of day and month.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    /// This order.
    Of(Order),
    /// Nothing: it could be either.
    Open,
}

/// What `text` proves about the order of day and month; `None` unless it is a date of
/// three numbers.
pub fn order(text: &str) -> Option<Proof> {
    parts::order(text.trim())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(read(text, None).map(|moment| moment.instant().to_rfc3339()), Ok(expected.to_owned()), "{text}");
    }

    #[test]
    fn one_meaning_is_read() {
        check("2026-12-31", "2026-12-31T00:00:00+00:00");
        check("2026/1/5", "2026-01-05T00:00:00+00:00");
        check("19970101", "1997-01-01T00:00:00+00:00");
        check("2026-11-01T10:00:00Z", "2026-11-01T10:00:00+00:00");
        check("2026-11-22T03:49:55.000001+00:00", "2026-11-22T03:49:55.000001+00:00");
        check("2023-07-28 3:00", "2023-07-28T03:00:00+00:00");
        check("2026-11-01T10:00:00+0530", "2026-11-01T04:30:00+00:00");
        check("2026-11-01 10:00:00 UTC", "2026-11-01T10:00:00+00:00");
        check("31.12.2026", "2026-12-31T00:00:00+00:00");
        check("01.03.2027 08:30", "2027-03-01T08:30:00+00:00");
        check("12/31/2026 11:59 PM", "2026-12-31T23:59:00+00:00");
        check("31/12/2026 12:00 am", "2026-12-31T00:00:00+00:00");
        check("05/05/2026", "2026-05-05T00:00:00+00:00");
        check("31 Dec 2026", "2026-12-31T00:00:00+00:00");
        check("Dec 31, 2026", "2026-12-31T00:00:00+00:00");
        check("1-Feb-2026", "2026-02-01T00:00:00+00:00");
        check("Tue, 1 Jul 2003 10:52:37 +0200", "2003-07-01T08:52:37+00:00");
        check("2026-11-01T23:59:60Z", "2026-11-02T00:00:00+00:00");
    }

    #[test]
    fn the_day_is_the_day_as_written() {
        let moment = read("2027-01-31T00:00:00+02:00", None).unwrap();
        assert_eq!(moment.day(), Day::from_ymd_opt(2027, 1, 31).unwrap());
        assert_eq!(moment.instant().to_rfc3339(), "2027-01-30T22:00:00+00:00");
    }

    #[test]
    fn two_meanings_are_refused_until_a_format_is_named() {
        assert_eq!(read("03/04/2026", None), Err(Unread::Ambiguous));
        let day_first = read("03/04/2026", Some(&Format::Order(Order::DayFirst))).unwrap();
        assert_eq!(day_first.day(), Day::from_ymd_opt(2026, 4, 3).unwrap());
        let month_first = read("03/04/2026", Some(&Format::Order(Order::MonthFirst))).unwrap();
        assert_eq!(month_first.day(), Day::from_ymd_opt(2026, 3, 4).unwrap());
        assert_eq!(read("31/12/2026", Some(&Format::Order(Order::MonthFirst))), Err(Unread::NoSuchDay));
    }

    #[test]
    fn strangers_are_refused() {
        assert_eq!(read("2027-02-30", None), Err(Unread::NoSuchDay));
        assert_eq!(read("31.04.2026", None), Err(Unread::NoSuchDay));
        assert_eq!(read("32/13/2026", None), Err(Unread::NoSuchDay));
        assert_eq!(read("31.12.26", None), Err(Unread::ShortYear));
        for text in [
            "",
            "soon",
            "12",
            "1795319596",
            "2026-12",
            "2026-12-31x",
            "2026-12-31T25:00",
            "2026-12-31 10",
            "12:30",
            "2026-12-31T10:00+99:00",
        ] {
            assert!(matches!(read(text, None), Err(Unread::NotADate | Unread::NoSuchDay)), "{text}");
        }
    }

    #[test]
    fn columns_get_their_evidence() {
        assert_eq!(order("31/12/2026"), Some(Proof::Of(Order::DayFirst)));
        assert_eq!(order("12/31/2026 10:00"), Some(Proof::Of(Order::MonthFirst)));
        assert_eq!(order("03/04/2026"), Some(Proof::Open));
        assert_eq!(order("2026-12-31"), None);
        assert_eq!(order("Acme"), None);
    }

    proptest! {
        #[test]
        fn never_panics(text in any::<String>(), jumble in "[0-9./: TZAPMDec+-]{0,24}") {
            for text in [&text, &jumble] {
                let _ = order(text);
                for format in [None, Some(Format::Excel), Some(Format::EpochSeconds), Some(Format::EpochMillis),
                               Some(Format::Order(Order::DayFirst)), Some(Format::Pattern("%d %m %Y".to_owned()))] {
                    if let Ok(moment) = read(text, format.as_ref()) {
                        moment.instant();
                    }
                }
            }
        }

        #[test]
        fn every_day_reads_back(days in 0_i32..100_000) {
            let day = Day::from_num_days_from_ce_opt(690_000 + days).unwrap();
            for pattern in ["%Y-%m-%d", "%Y%m%d", "%d.%m.%Y", "%d %b %Y", "%B %d, %Y"] {
                let text = day.format(pattern).to_string();
                prop_assert_eq!(read(&text, None).map(Moment::day), Ok(day), "{}", text);
            }
        }
    }
}
