//! The way out: compact JSON text, numbers with the digits they came with, and the
//! conversion to `serde_json` for columns that hold traits. It writes what was read: no
//! sorting, no pretty printing, no rounding.

use std::fmt::{self, Write};

use super::Value;

/// Significant digits an `f64` returns unchanged.
const EXACT_DIGITS: usize = 15;

impl fmt::Display for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Null => f.write_str("null"),
            Value::Bool(flag) => write!(f, "{flag}"),
            Value::Number(digits) => f.write_str(digits),
            Value::Text(text) => quote(text, f),
            Value::Array(items) => {
                f.write_char('[')?;
                for (i, item) in items.iter().enumerate() {
                    if i > 0 {
                        f.write_char(',')?;
                    }
                    write!(f, "{item}")?;
                }
                f.write_char(']')
            }
            Value::Object(members) => {
                f.write_char('{')?;
                for (i, (key, value)) in members.iter().enumerate() {
                    if i > 0 {
                        f.write_char(',')?;
                    }
                    quote(key, f)?;
                    write!(f, ":{value}")?;
                }
                f.write_char('}')
            }
        }
    }
}

fn quote(text: &str, out: &mut impl Write) -> fmt::Result {
    out.write_char('"')?;
    let mut written = 0;
    for (at, byte) in text.bytes().enumerate() {
        if byte >= 0x20 && byte != b'"' && byte != b'\\' {
            continue;
        }
        out.write_str(&text[written..at])?;
        written = at + 1;
        match byte {
            b'"' => out.write_str("\\\"")?,
            b'\\' => out.write_str("\\\\")?,
            b'\n' => out.write_str("\\n")?,
            b'\r' => out.write_str("\\r")?,
            b'\t' => out.write_str("\\t")?,
            0x08 => out.write_str("\\b")?,
            0x0c => out.write_str("\\f")?,
            _ => write!(out, "\\u{byte:04x}")?,
        }
    }
    out.write_str(&text[written..])?;
    out.write_char('"')
}

impl Value<'_> {
    /// The value for a JSON column. A number `serde_json` could only hold rounded becomes
    /// the text of its digits: unchanged beats numeric.
    pub fn to_serde(&self) -> serde_json::Value {
        match self {
            Value::Null => serde_json::Value::Null,
            Value::Bool(flag) => (*flag).into(),
            Value::Number(digits) => number(digits),
            Value::Text(text) => text.as_ref().into(),
            Value::Array(items) => items.iter().map(Value::to_serde).collect(),
            Value::Object(members) => members.iter().map(|(key, value)| (key.to_owned(), value.to_serde())).collect(),
        }
    }
}

/// Digits as a `serde_json` number where that is exact, as text where it is not.
fn number(digits: &str) -> serde_json::Value {
    if let Ok(integer) = digits.parse::<i64>() {
        return integer.into();
    }
    let mantissa = digits.split(['e', 'E']).next().unwrap_or_default();
    let significant = mantissa.trim_start_matches(['-', '0', '.']).bytes().filter(u8::is_ascii_digit).count();
    let float = digits.parse::<f64>().ok().filter(|_| significant <= EXACT_DIGITS);
    match float.and_then(serde_json::Number::from_f64) {
        Some(exact) => exact.into(),
        None => digits.into(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::json::parse;

    #[test]
    fn writing_is_compact_and_escapes() {
        let text = "{ \"a\\u0001\" : [ true , null , \"q\\\"\\\\\\n\" ] }";
        assert_eq!(parse(text).unwrap().value.to_string(), r#"{"a\u0001":[true,null,"q\"\\\n"]}"#);
    }

    #[test]
    fn columns_get_numbers_only_where_they_are_exact() {
        let to_serde = |text: &str| parse(text).unwrap().value.to_serde();
        assert_eq!(to_serde("42"), json!(42));
        assert_eq!(to_serde("2500.10"), json!(2500.1));
        assert_eq!(to_serde("0.000123"), json!(0.000_123));
        assert_eq!(to_serde("123456789012345678901234567890"), json!("123456789012345678901234567890"));
        assert_eq!(to_serde("0.1000000000000000055"), json!("0.1000000000000000055"));
        assert_eq!(to_serde("1e999"), json!("1e999"));
        assert_eq!(to_serde(r#"{"a":[1.5,"x",null,true]}"#), json!({"a": [1.5, "x", null, true]}));
    }
}
