//! The two notions of time: the instant a thing happened and the day a contract
//! or a snapshot speaks of. An *as of* day includes the whole day in UTC, so its
//! facts are those before the following midnight. Nothing here reads a clock.

use chrono::{DateTime, Days, NaiveDate, NaiveTime, Utc};

/// A point in time in UTC; stored and compared with microsecond precision.
pub type Instant = DateTime<Utc>;

/// A calendar date without a zone: contract dates, due dates, snapshot days.
pub type Day = NaiveDate;

/// The first instant of a day.
pub fn start_of(day: Day) -> Instant {
    day.and_time(NaiveTime::MIN).and_utc()
}

/// The first instant after a day: facts *as of* `day` happened before it.
pub fn end_of(day: Day) -> Instant {
    start_of(days_after(day, 1))
}

/// The day an instant falls on, in UTC.
pub fn day_of(instant: Instant) -> Day {
    instant.date_naive()
}

/// The day `days` later, or the last day the calendar can name.
pub fn days_after(day: Day, days: u64) -> Day {
    day.checked_add_days(Days::new(days)).unwrap_or(Day::MAX)
}

/// The day `days` earlier, or the first day the calendar can name.
pub fn days_before(day: Day, days: u64) -> Day {
    day.checked_sub_days(Days::new(days)).unwrap_or(Day::MIN)
}

/// An instant cut to the microsecond, the precision of every database we write.
pub fn to_micros(instant: Instant) -> Instant {
    DateTime::from_timestamp_micros(instant.timestamp_micros()).unwrap_or(instant)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_ends_where_the_next_begins() {
        let day = Day::from_ymd_opt(2024, 2, 28).unwrap();
        assert_eq!(end_of(day), start_of(days_after(day, 1)));
        assert_eq!(day_of(end_of(day)), Day::from_ymd_opt(2024, 2, 29).unwrap());
    }

    #[test]
    fn the_calendar_saturates_instead_of_panicking() {
        assert_eq!(days_after(Day::MAX, 1), Day::MAX);
        assert_eq!(days_before(Day::MIN, 1), Day::MIN);
    }
}
