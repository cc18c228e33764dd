//! How much a source sends and how late, in words. Nothing is counted here; the store counts by the minute.

use chrono::TimeDelta;
use domain::Instant;
use maud::{Markup, html};
use store::source_minute::Pace;

use crate::ui::format;

/// The rate: messages a minute now, and in the last hour.
pub(super) fn rate(pace: Option<&Pace>) -> Markup {
    match pace.filter(|pace| pace.last_hour > 0) {
        None => html! { span.muted { "none" } },
        Some(pace) => {
            html! { (minutely(pace.per_minute)) "/min " small.muted { (format::count(pace.last_hour)) "/h" } }
        }
    }
}

fn minutely(rate: f64) -> String {
    if rate < 10.0 { format!("{rate:.1}") } else { format::count(rate.round() as i64) }
}

/// How long messages are under way from their sender to us.
pub(super) fn lag(pace: Option<&Pace>) -> Markup {
    format::or_unknown(pace.and_then(|pace| pace.lag), |lag| html! { (duration(lag)) })
}

/// What waits to be sealed, and since when.
pub(super) fn unsealed(pace: Option<&Pace>, now: Instant) -> Markup {
    match pace.and_then(|pace| pace.unsealed) {
        None => html! { "nothing" },
        Some((events, oldest)) => {
            html! { (format::counted(events, "event", "events")) ", the oldest for " (duration(now - oldest)) }
        }
    }
}

/// A length of time in its largest unit; a sender whose clock is ahead has a negative lag.
fn duration(time: TimeDelta) -> String {
    let (sign, ms) =
        if time < TimeDelta::zero() { ("−", -time.num_milliseconds()) } else { ("", time.num_milliseconds()) };
    let (amount, unit) = match ms {
        _ if ms < 1_000 => (ms.to_string(), "ms"),
        _ if ms < 60_000 => (format!("{:.1}", ms as f64 / 1e3), "s"),
        _ if ms < 3_600_000 => ((ms / 60_000).to_string(), "min"),
        _ if ms < 172_800_000 => ((ms / 3_600_000).to_string(), "h"),
        _ => ((ms / 86_400_000).to_string(), "days"),
    };
    format!("{sign}{amount} {unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pace_is_said_in_its_units() {
        let now: Instant = "2026-11-22T12:00:00Z".parse().unwrap();
        let lag = Some(TimeDelta::milliseconds(-3_600_500));
        let pace =
            Pace { per_minute: 1_234.4, last_hour: 60_000, lag, unsealed: Some((1, now - TimeDelta::seconds(7))) };
        assert!(rate(Some(&pace)).into_string().contains("1,234/min"));
        assert_eq!(super::lag(Some(&pace)).into_string(), "−1 h");
        assert_eq!(unsealed(Some(&pace), now).into_string(), "1 event, the oldest for 7.0 s");
        assert!(rate(None).into_string().contains("none") && super::lag(None).into_string().contains("unknown"));
        assert_eq!(duration(TimeDelta::milliseconds(340)), "340 ms");
    }
}
