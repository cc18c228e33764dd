//! Literals: numbers, text, truths, dates and times, read from the syntax tree into
//! typed values. Text that is compared with a date is read as one.

use chrono::{DateTime, NaiveDate, NaiveDateTime};
use datafusion::logical_expr::{Expr, lit};
use datafusion::scalar::ScalarValue;
use datafusion::sql::sqlparser::ast::{DataType, TypedString, Value};
use domain::{Day, Instant};

use crate::Kind;
use crate::frame::{UTC, days};

/// Reads a literal; none when its form is not allowed.
pub(super) fn read(value: &Value) -> Option<(Expr, Option<Kind>)> {
    match value {
        Value::Number(digits, false) => number(digits).map(|(expr, kind)| (expr, Some(kind))),
        Value::SingleQuotedString(value) => Some((text(value), Some(Kind::Text))),
        Value::Boolean(value) => Some((lit(*value), Some(Kind::Bool))),
        Value::Null => Some((lit(ScalarValue::Null), None)),
        _ => None,
    }
}

/// Reads a number after a minus sign.
pub(super) fn read_negative(value: &Value) -> Option<(Expr, Option<Kind>)> {
    let Value::Number(digits, false) = value else { return None };
    number(&format!("-{digits}")).map(|(expr, kind)| (expr, Some(kind)))
}

fn number(digits: &str) -> Option<(Expr, Kind)> {
    if let Ok(whole) = digits.parse::<i64>() {
        return Some((lit(whole), Kind::Int));
    }
    let number = digits.parse::<f64>().ok().filter(|number| number.is_finite())?;
    Some((lit(number), Kind::Float))
}

pub(super) fn text(value: &str) -> Expr {
    lit(ScalarValue::Utf8View(Some(value.to_owned())))
}

/// Reads `date '...'` or `timestamp '...'`; none for other types, an error for text that is neither.
pub(super) fn read_typed(typed: &TypedString) -> Option<Result<(Expr, Kind), String>> {
    let Value::SingleQuotedString(text) = &typed.value.value else { return None };
    let kind = match typed.data_type {
        DataType::Date => Kind::Day,
        DataType::Timestamp(None, _) => Kind::Instant,
        _ => return None,
    };
    Some(temporal(text, kind).map(|expr| (expr, kind)))
}

/// Reads text as a date or a time.
pub(super) fn temporal(text: &str, kind: Kind) -> Result<Expr, String> {
    let value = match kind {
        Kind::Day => day(text).map(|day| ScalarValue::Date32(Some(days(day)))),
        _ => instant(text).map(|at| ScalarValue::TimestampMicrosecond(Some(at.timestamp_micros()), Some(UTC.into()))),
    };
    value.map(lit).ok_or_else(|| format!("'{text}' is not a {}", kind.name()))
}

/// A date the calendar of the engine can hold.
fn day(text: &str) -> Option<Day> {
    NaiveDate::parse_from_str(text.trim(), "%Y-%m-%d").ok()
}

/// A date, a time in UTC, or a time with its zone.
fn instant(text: &str) -> Option<Instant> {
    let text = text.trim();
    let zoned = || DateTime::parse_from_rfc3339(text).ok().map(|at| at.to_utc());
    let plain = |format| NaiveDateTime::parse_from_str(text, format).ok().map(|at| at.and_utc());
    let midnight = || day(text).map(domain::time::start_of);
    zoned().or_else(|| plain("%Y-%m-%d %H:%M:%S%.f")).or_else(|| plain("%Y-%m-%d %H:%M")).or_else(midnight)
}
