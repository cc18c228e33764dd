//! How values are written: money, shares, counts, days.
//!
//! Every formatter has two halves: a `*_text` function that returns a `String` (for charts, mails and titles) and a
//! function of the plain name that returns [`Markup`] with the exact value in a tooltip. Unknown is written as a dash
//! that a screen reader speaks as "unknown"; it is never written as zero. Time zones are absent: days are days.

use chrono::{DateTime, NaiveDate, Utc};
use maud::{Markup, html};

/// Minus sign (U+2212), as wide as a plus, so that columns of changes line up.
const MINUS: char = '\u{2212}';

/// Below this every whole number is a number of its own.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// Renders a value nobody knows: a dash to the eye, "unknown" to a screen reader.
pub fn unknown() -> Markup {
    html! { span.unknown { span aria-hidden="true" { "–" } span.vh { "unknown" } } }
}

/// Renders `value` with `render`, or [`unknown`] where there is none.
pub fn or_unknown<T>(value: Option<T>, render: impl FnOnce(T) -> Markup) -> Markup {
    value.map_or_else(unknown, render)
}

/// Writes an integer with thousands separators: `1,966`.
pub fn count(n: i64) -> String {
    let digits = n.unsigned_abs().to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3 + 1);
    if n < 0 {
        text.push(MINUS);
    }
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Writes a number with `decimals` digits after the point and thousands separators; not-a-number becomes a dash.
pub fn number(value: f64, decimals: usize) -> String {
    if !value.is_finite() {
        return "–".to_owned();
    }
    if decimals == 0 && value.abs() < EXACT {
        return count(value.round_ties_even() as i64);
    }
    let fixed = format!("{:.decimals$}", value.abs());
    let (whole, fraction) = fixed.split_once('.').map_or((fixed.as_str(), None), |(w, f)| (w, Some(f)));
    let negative = value < 0.0 && fixed.bytes().any(|b| b.is_ascii_digit() && b != b'0');
    let mut text = if negative { MINUS.to_string() } else { String::new() };
    text.push_str(&whole.parse().map_or_else(|_| whole.to_owned(), count));
    if let Some(fraction) = fraction {
        text.push('.');
        text.push_str(fraction);
    }
    text
}

/// Writes a ratio as a percentage with one decimal: `0.923` becomes `92.3%`.
pub fn percent_text(ratio: f64) -> String {
    format!("{}%", number(ratio * 100.0, 1))
}

/// Renders a ratio as a percentage with one decimal, the four-decimal value in a tooltip.
pub fn percent(ratio: f64) -> Markup {
    html! { span title=(format!("{}%", number(ratio * 100.0, 4))) { (percent_text(ratio)) } }
}

/// Writes a signed change of a ratio in percentage points: `+0.6 pt`.
pub fn points_text(change: f64) -> String {
    format!("{} pt", signed(change * 100.0, 1))
}

/// Writes a number with its sign, also when positive; zero carries none.
pub fn signed(value: f64, decimals: usize) -> String {
    let text = number(value, decimals);
    let is_zero = !text.bytes().any(|b| b.is_ascii_digit() && b != b'0');
    if value > 0.0 && !is_zero { format!("+{text}") } else { text }
}

/// Text in which minus signs were typed as hyphens, as formulas and exact amounts are: those before a number, and those
/// that stand alone between two, become minus signs. Hyphens of words and days stay.
pub fn minus(text: &str) -> String {
    let letters: Vec<char> = text.chars().collect();
    let around = |at: usize| (at.checked_sub(1).map(|before| letters[before]), letters.get(at + 1).copied());
    let is_minus = |at: usize| match around(at) {
        (Some(' '), Some(' ')) => true,
        (before, Some(after)) => after.is_ascii_digit() && before.is_none_or(|before| !before.is_alphanumeric()),
        _ => false,
    };
    let write = |(at, letter): (usize, &char)| if *letter == '-' && is_minus(at) { MINUS } else { *letter };
    letters.iter().enumerate().map(write).collect()
}

/// The symbol written before an amount, and how many decimals its minor unit has (ISO 4217).
fn currency_style(code: &str) -> (String, u32) {
    let decimals = match code {
        "BIF" | "CLP" | "DJF" | "GNF" | "ISK" | "JPY" | "KMF" | "KRW" | "PYG" | "RWF" | "UGX" | "VND" | "VUV"
        | "XAF" | "XOF" | "XPF" => 0,
        "BHD" | "IQD" | "JOD" | "KWD" | "LYD" | "OMR" | "TND" => 3,
        _ => 2,
    };
    let symbol = match code {
        "USD" => "$".to_owned(),
        "EUR" => "€".to_owned(),
        "GBP" => "£".to_owned(),
        "JPY" => "¥".to_owned(),
        "INR" => "₹".to_owned(),
        other => format!("{other}\u{a0}"),
    };
    (symbol, decimals)
}

/// Writes money short enough for a table cell: `$950`, `$2.4k`, `$33k`, `$1.2M`; `currency` is an ISO 4217 code.
pub fn money_text(cents: i64, currency: &str) -> String {
    let (symbol, decimals) = currency_style(currency);
    let amount = cents.unsigned_abs() as f64 / 10f64.powi(decimals as i32);
    let sign = if cents < 0 { MINUS.to_string() } else { String::new() };
    format!("{sign}{symbol}{}", short(amount))
}

/// Shortens an amount; each threshold is where the unit below would round up to a thousand.
fn short(amount: f64) -> String {
    const UNITS: [(f64, f64, &str); 3] = [(999_500_000.0, 1e9, "B"), (999_500.0, 1e6, "M"), (999.5, 1e3, "k")];
    let Some((_, unit, letter)) = UNITS.into_iter().find(|(from, _, _)| amount >= *from) else {
        return format!("{amount:.0}");
    };
    let scaled = amount / unit;
    let one_decimal = letter != "k" || scaled < 9.95;
    let text = format!("{scaled:.*}", usize::from(one_decimal));
    format!("{}{letter}", text.strip_suffix(".0").filter(|_| letter == "k").unwrap_or(&text))
}

/// Writes money exactly: `1,234,567.00 USD`.
pub fn money_exact(cents: i64, currency: &str) -> String {
    let (_, decimals) = currency_style(currency);
    let unit = 10u64.pow(decimals);
    let (whole, minor) = (cents.unsigned_abs() / unit, cents.unsigned_abs() % unit);
    let sign = if cents < 0 { MINUS.to_string() } else { String::new() };
    let whole = i64::try_from(whole).map_or_else(|_| whole.to_string(), count);
    match decimals {
        0 => format!("{sign}{whole} {currency}"),
        _ => format!("{sign}{whole}.{minor:0width$} {currency}", width = decimals as usize),
    }
}

/// Renders money rounded for reading, the exact amount in a tooltip.
pub fn money(cents: i64, currency: &str) -> Markup {
    html! { data value=(cents) title=(money_exact(cents, currency)) { (money_text(cents, currency)) } }
}

/// Renders a day as ISO 8601: `2026-11-22`.
pub fn day(day: NaiveDate) -> Markup {
    html! { time datetime=(day) { (day) } }
}

/// Renders an instant to the minute in UTC: `2026-11-22 09:14 UTC`.
pub fn instant(at: DateTime<Utc>) -> Markup {
    html! { time datetime=(at.format("%Y-%m-%dT%H:%M:%SZ")) title=(at.format("%Y-%m-%d %H:%M:%S UTC")) { (at.format("%Y-%m-%d %H:%M")) " UTC" } }
}

/// Writes how far `day` is from `today`: `today`, `in 12 days`, `4 days ago`.
pub fn relative_text(day: NaiveDate, today: NaiveDate) -> String {
    match (day - today).num_days() {
        0 => "today".to_owned(),
        1 => "tomorrow".to_owned(),
        -1 => "yesterday".to_owned(),
        n @ 2.. => format!("in {} days", count(n)),
        n => format!("{} days ago", count(-n)),
    }
}

/// Renders how far `day` is from `today`, the day itself in a tooltip.
pub fn relative(day: NaiveDate, today: NaiveDate) -> Markup {
    html! { time datetime=(day) title=(day) { (relative_text(day, today)) } }
}

/// Writes how long before `now` an instant was: `just now`, `5 minutes ago`, `3 hours ago`, `12 days ago`.
pub fn ago_text(at: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let past = now - at;
    match (past.num_minutes(), past.num_hours()) {
        (..1, _) => "just now".to_owned(),
        (minutes @ ..60, _) => format!("{} ago", counted(minutes, "minute", "minutes")),
        (_, hours @ ..48) => format!("{} ago", counted(hours, "hour", "hours")),
        _ => format!("{} ago", counted(past.num_days(), "day", "days")),
    }
}

/// Renders how long before `now` an instant was, the instant itself in a tooltip.
pub fn ago(at: DateTime<Utc>, now: DateTime<Utc>) -> Markup {
    html! { time datetime=(at.format("%Y-%m-%dT%H:%M:%SZ")) title=(at.format("%Y-%m-%d %H:%M:%S UTC")) { (ago_text(at, now)) } }
}

/// Writes `n` with its noun: `1 account`, `1,966 accounts`; `plural` is the whole plural word.
pub fn counted(n: i64, singular: &str, plural: &str) -> String {
    format!("{} {}", count(n), if n == 1 { singular } else { plural })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn a_hyphen_is_a_minus_sign_before_a_number_and_between_two() {
        assert_eq!(minus("-41,148.00 USD"), "−41,148.00 USD");
        assert_eq!(minus("(100 - 7.5) / 100, from -2"), "(100 − 7.5) / 100, from −2");
        assert_eq!(minus("auto-renewed on 2026-03-01, plan-2"), "auto-renewed on 2026-03-01, plan-2");
        assert_eq!(minus("a-"), "a-");
    }

    #[test]
    fn money_is_short_and_never_reads_a_thousand_thousands() {
        let usd = |cents| money_text(cents, "USD");
        assert_eq!(usd(0), "$0");
        assert_eq!(usd(95_000), "$950");
        assert_eq!(usd(99_960), "$1k");
        assert_eq!(usd(240_000), "$2.4k");
        assert_eq!(usd(3_340_000), "$33k");
        assert_eq!(usd(99_960_000), "$1.0M");
        assert_eq!(usd(123_456_789), "$1.2M");
        assert_eq!(usd(32_430_000_000), "$324.3M");
        assert_eq!(usd(-3_340_000), "−$33k");
        assert_eq!(money_text(33_400, "JPY"), "¥33k");
        assert_eq!(money_text(3_340_000, "CHF"), "CHF\u{a0}33k");
    }

    #[test]
    fn exact_money_keeps_every_minor_unit() {
        assert_eq!(money_exact(123_456_789, "USD"), "1,234,567.89 USD");
        assert_eq!(money_exact(-105, "EUR"), "−1.05 EUR");
        assert_eq!(money_exact(33_400, "JPY"), "33,400 JPY");
        assert_eq!(money_exact(1_005, "KWD"), "1.005 KWD");
        assert_eq!(money_exact(i64::MIN, "JPY"), "−9223372036854775808 JPY");
    }

    #[test]
    fn numbers_separate_thousands_and_sign_changes() {
        assert_eq!(count(-1_239_000), "−1,239,000");
        assert_eq!(number(12_345.678, 1), "12,345.7");
        assert_eq!(number(-0.04, 1), "0.0");
        assert_eq!([number(2.5, 0), number(-0.4, 0), number(-3.5, 0)], ["2", "0", "−4"]);
        assert_eq!(number(1e16, 0), "10,000,000,000,000,000");
        assert_eq!(number(f64::NAN, 1), "–");
        assert_eq!(signed(0.6, 1), "+0.6");
        assert_eq!(signed(0.01, 1), "0.0");
        assert_eq!(points_text(-0.006), "−0.6 pt");
        assert_eq!(percent_text(1.094), "109.4%");
    }

    #[test]
    fn days_are_relative_to_the_day_given() {
        let today = date("2026-11-22");
        assert_eq!(relative_text(today, today), "today");
        assert_eq!(relative_text(date("2026-11-23"), today), "tomorrow");
        assert_eq!(relative_text(date("2026-11-18"), today), "4 days ago");
        assert_eq!(relative_text(date("2027-02-20"), today), "in 90 days");
    }

    #[test]
    fn instants_are_relative_to_now_and_a_fast_clock_is_just_now() {
        let now: DateTime<Utc> = "2026-11-22T09:00:00Z".parse().unwrap();
        let before = |minutes| ago_text(now - chrono::TimeDelta::minutes(minutes), now);
        assert_eq!(before(-2), "just now");
        assert_eq!(before(1), "1 minute ago");
        assert_eq!(before(59), "59 minutes ago");
        assert_eq!(before(60), "1 hour ago");
        assert_eq!(before(47 * 60), "47 hours ago");
        assert_eq!(before(48 * 60), "2 days ago");
    }

    #[test]
    fn unknown_is_spoken_and_is_not_zero() {
        let html = or_unknown(None::<i64>, |n| html! { (n) }).into_string();
        assert_eq!(
            html,
            "<span class=\"unknown\"><span aria-hidden=\"true\">–</span><span class=\"vh\">unknown</span></span>"
        );
        assert_eq!(or_unknown(Some(0), |n| html! { (n) }).into_string(), "0");
    }
}
