//! Four clocks become one. A message says when it happened by a clock that may be
//! wrong (`original`) and when it was sent by the same clock (`sent`); we know when
//! it was received. So it happened at `received - (sent - original)` (T6). A
//! message that does not say when it was sent keeps its own time, which is how
//! history is imported.

use chrono::{DateTime, TimeDelta};
use domain::{Instant, time};

use super::message::Clocks;
use crate::json::Value;
use crate::record::date;

/// How far ahead of our clock a message may say it happened.
const FUTURE_HOURS: i64 = 24;

/// Reads a timestamp: text in any unambiguous form, or seconds, milliseconds or
/// microseconds since 1970, told apart by their size.
pub(super) fn instant(value: &Value<'_>) -> Option<Instant> {
    match value {
        Value::Text(text) => date::read(text, None).ok().map(|moment| time::to_micros(moment.instant())),
        Value::Number(digits) => epoch(digits),
        _ => None,
    }
}

fn epoch(digits: &str) -> Option<Instant> {
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let whole: i64 = whole.parse().ok()?;
    let micros: String = fraction.chars().chain("000000".chars()).take(6).collect();
    let micros: i64 = micros.parse().ok()?;
    let micros = match whole {
        0..100_000_000_000 => whole * 1_000_000 + micros,
        100_000_000_000..100_000_000_000_000 => whole * 1_000 + micros / 1_000,
        100_000_000_000_000..100_000_000_000_000_000 => whole,
        _ => return None,
    };
    DateTime::from_timestamp_micros(micros)
}

/// When a message happened by our clock; `None` when that lies more than a day ahead.
pub(super) fn correct(clocks: &Clocks) -> Option<Instant> {
    let occurred = match (clocks.original, clocks.sent) {
        (None, _) => Some(clocks.received),
        (Some(original), None) => Some(original),
        (Some(original), Some(sent)) => clocks.received.checked_sub_signed(sent - original),
    };
    occurred.filter(|at| *at - clocks.received <= TimeDelta::hours(FUTURE_HOURS)).map(time::to_micros)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::json::parse;

    fn at(text: &str) -> Instant {
        text.parse().unwrap()
    }

    fn occurred(original: Option<&str>, sent: Option<&str>) -> Option<Instant> {
        correct(&Clocks { original: original.map(at), sent: sent.map(at), received: at("2026-11-22T12:00:00Z") })
    }

    #[test]
    fn a_wrong_clock_is_corrected_by_its_own_error() {
        let hour_slow = occurred(Some("2026-11-22T10:59:50Z"), Some("2026-11-22T11:00:00Z"));
        assert_eq!(hour_slow, Some(at("2026-11-22T11:59:50Z")));
        let years_fast = occurred(Some("2031-01-01T00:00:00Z"), Some("2031-01-01T00:00:05Z"));
        assert_eq!(years_fast, Some(at("2026-11-22T11:59:55Z")));
    }

    #[test]
    fn history_keeps_its_own_time_and_silence_means_now() {
        assert_eq!(occurred(Some("1997-01-01T00:00:00Z"), None), Some(at("1997-01-01T00:00:00Z")));
        assert_eq!(occurred(None, Some("2026-11-22T11:00:00Z")), Some(at("2026-11-22T12:00:00Z")));
    }

    #[test]
    fn more_than_a_day_ahead_is_refused() {
        assert_eq!(occurred(Some("2036-11-01T10:00:00Z"), None), None);
        assert_eq!(occurred(Some("2026-11-23T12:00:01Z"), None), None);
        assert!(occurred(Some("2026-11-23T12:00:00Z"), None).is_some());
        assert_eq!(occurred(Some("2026-11-22T11:00:00Z"), Some("1970-01-01T00:00:00Z")), None);
    }

    #[test]
    fn timestamps_come_in_many_forms() {
        let read = |text: &str| instant(&parse(text).unwrap().value);
        let expected = Some(at("2026-11-22T03:53:16Z"));
        assert_eq!(read(r#""2026-11-22T03:53:16Z""#), expected);
        assert_eq!(read(r#""2026-11-22T04:53:16+01:00""#), expected);
        assert_eq!(read("1795319596"), expected);
        assert_eq!(read("1795319596000"), expected);
        assert_eq!(read("1795319596000000"), expected);
        assert_eq!(read("1795319596.25"), Some(at("2026-11-22T03:53:16.25Z")));
        for text in ["null", "\"\"", "\"yesterday\"", "true", "-5", "1e9", "999999999999999999999"] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_clock_panics(original in any::<i64>(), sent in any::<i64>(), digits in "[0-9.e-]{0,24}") {
            let at = |micros: i64| DateTime::from_timestamp_micros(micros);
            let clocks = Clocks { original: at(original), sent: at(sent), received: at(0).unwrap() };
            let _ = correct(&clocks);
            let _ = epoch(&digits);
        }
    }
}
