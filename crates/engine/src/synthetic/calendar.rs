//! The *window* of days the synthetic company is shown for, and the day arithmetic around it. The window starts on
//! the first of a month and ends at nine in the morning of `today`; whatever would have been recorded later does not
//! exist yet. Working hours are a fixed offset per region: daylight saving is deliberately absent.

use chrono::{Datelike, Months, TimeDelta, Weekday};
use domain::time::{day_of, days_after, days_before, start_of};
use domain::{Day, Instant};

use super::profile::Region;
use super::stream::Stream;

/// Seconds of the morning of the last day that are already over: until 09:00 UTC.
const LAST_MORNING_S: i64 = 9 * 3600;

/// The last day whose morning is over at an instant: a company of that day tells nothing that is still to come.
pub(super) fn last_day(now: Instant) -> Day {
    day_of(later(now, -LAST_MORNING_S))
}

/// The days the company is shown for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Window {
    /// First day: the first of a month.
    pub(super) start: Day,
    /// Last day, only begun.
    pub(super) today: Day,
    /// Calendar months from `start` through the month of `today`.
    pub(super) months: i32,
}

impl Window {
    /// The window of `years` whole years before the month of `today`, and that month.
    pub(super) fn new(today: Day, years: u32) -> Self {
        let months = i32::try_from(years.saturating_mul(12)).unwrap_or(i32::MAX - 1);
        Self { start: add_months(first_of_month(today), -months), today, months: months + 1 }
    }

    /// The last instant that has happened.
    pub(super) fn now(&self) -> Instant {
        at(self.today, LAST_MORNING_S)
    }

    /// The first day of the month with this index; 0 is the month of `start`.
    pub(super) fn month(&self, index: i32) -> Day {
        add_months(self.start, index)
    }

    /// The index of the month a day falls in; negative before the window.
    pub(super) fn index_of(&self, day: Day) -> i32 {
        months_between(self.start, day)
    }
}

/// The first day of the month of `day`.
pub(super) fn first_of_month(day: Day) -> Day {
    day.with_day(1).unwrap_or(day)
}

/// The same day of the month `months` later, or the last day of that month.
pub(super) fn add_months(day: Day, months: i32) -> Day {
    let by = Months::new(months.unsigned_abs());
    let moved = if months < 0 { day.checked_sub_months(by) } else { day.checked_add_months(by) };
    moved.unwrap_or(day)
}

/// Calendar months from the month of `from` to the month of `to`.
pub(super) fn months_between(from: Day, to: Day) -> i32 {
    (to.year() - from.year()) * 12 + to.month() as i32 - from.month() as i32
}

/// The day `days` later, or earlier when negative.
pub(super) fn shift(day: Day, days: i64) -> Day {
    if days < 0 { days_before(day, days.unsigned_abs()) } else { days_after(day, days.unsigned_abs()) }
}

/// Days from `from` to `to`.
pub(super) fn days_between(from: Day, to: Day) -> i64 {
    to.signed_duration_since(from).num_days()
}

/// The instant `seconds` into a day, in UTC.
pub(super) fn at(day: Day, seconds: i64) -> Instant {
    later(start_of(day), seconds)
}

/// The instant `seconds` later.
pub(super) fn later(instant: Instant, seconds: i64) -> Instant {
    instant.checked_add_signed(TimeDelta::seconds(seconds)).unwrap_or(instant)
}

/// The day itself, or the Monday after it when it is a weekend.
pub(super) fn working_day(day: Day) -> Day {
    match day.weekday() {
        Weekday::Sat => shift(day, 2),
        Weekday::Sun => shift(day, 1),
        _ => day,
    }
}

/// An instant within the working hours of a region on the working day at or after `day`.
pub(super) fn office_hours(day: Day, region: Region, stream: &mut Stream) -> Instant {
    let local = stream.between(9 * 3600, 17 * 3600 + 1800);
    at(working_day(day), local - region.utc_offset_hours() * 3600)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    #[test]
    fn the_window_starts_on_the_first_and_contains_today() {
        let window = Window::new(day("2026-11-22"), 3);
        assert_eq!(window.start, day("2023-11-01"));
        assert_eq!(window.months, 37);
        assert_eq!(window.month(36), day("2026-11-01"));
        assert_eq!(window.index_of(day("2026-11-22")), 36);
        assert_eq!(window.index_of(day("2023-10-31")), -1);
        assert_eq!(window.now().to_rfc3339(), "2026-11-22T09:00:00+00:00");
    }

    #[test]
    fn before_nine_the_last_day_is_the_one_before() {
        let now = |text: &str| text.parse::<Instant>().unwrap();
        assert_eq!(last_day(now("2026-11-22T08:59:59Z")), day("2026-11-21"));
        assert_eq!(last_day(now("2026-11-22T09:00:00Z")), day("2026-11-22"));
    }

    #[test]
    fn months_end_where_they_end() {
        assert_eq!(add_months(day("2024-01-31"), 1), day("2024-02-29"));
        assert_eq!(add_months(day("2024-03-31"), -1), day("2024-02-29"));
        assert_eq!(months_between(day("2023-12-31"), day("2024-01-01")), 1);
        assert_eq!(working_day(day("2026-11-21")), day("2026-11-23"));
    }
}
