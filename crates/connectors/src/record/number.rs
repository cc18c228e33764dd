//! Numbers as people write them: `1,234.50`, `1.234,56 €`, `1 234,5`, `(12.00)`.
//! The result is a plain decimal text, never a float, so that amounts stay exact.
//!
//! A single value like `1.234` reads as two numbers a thousand apart, depending on
//! where it was written. It is understood only when the file's convention is known,
//! from the mapping or from the other values of the column; otherwise it is refused.

use serde::{Deserialize, Serialize};

use super::Code;

/// Which character separates the decimals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Decimal {
    /// `1,234.50`
    #[serde(rename = ".")]
    Point,
    /// `1.234,50`
    #[serde(rename = ",")]
    Comma,
}

impl Decimal {
    /// The character.
    pub fn as_char(self) -> char {
        match self {
            Self::Point => '.',
            Self::Comma => ',',
        }
    }

    fn other(self) -> char {
        match self {
            Self::Point => ',',
            Self::Comma => '.',
        }
    }
}

/// What one text tells about the convention it was written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// A number without separators.
    Plain,
    /// Only readable with this decimal separator.
    Only(Decimal),
    /// Readable both ways, with different results: `1.234`.
    Either,
    /// No number in any convention.
    Not,
}

/// What `text` tells about its convention.
pub fn shape(text: &str) -> Shape {
    let Some((_, body)) = bare(text) else { return Shape::Not };
    if !body.contains(['.', ',']) {
        return if interpret(&body, Decimal::Point).is_some() { Shape::Plain } else { Shape::Not };
    }
    match (interpret(&body, Decimal::Point), interpret(&body, Decimal::Comma)) {
        (Some(_), Some(_)) => Shape::Either,
        (Some(_), None) => Shape::Only(Decimal::Point),
        (None, Some(_)) => Shape::Only(Decimal::Comma),
        (None, None) => Shape::Not,
    }
}

/// `text` as a plain decimal (`-1234.5`), read with `decimal` or, where that is not
/// known, by what the text itself tells.
pub fn plain(text: &str, decimal: Option<Decimal>) -> Result<String, Code> {
    let (negative, body) = bare(text).ok_or(Code::BadNumber)?;
    let decimal = match (decimal, shape(text)) {
        (Some(known), _) => known,
        (None, Shape::Plain) => Decimal::Point,
        (None, Shape::Only(told)) => told,
        (None, Shape::Either) => return Err(Code::AmbiguousNumber),
        (None, Shape::Not) => return Err(Code::BadNumber),
    };
    let digits = interpret(&body, decimal).ok_or(Code::BadNumber)?;
    Ok(if negative { format!("-{digits}") } else { digits })
}

/// Takes off sign, parentheses, currency and blanks: whether it is negative, and a
/// body of digits, `.`, `,` and `'` (which stands for any other group separator).
fn bare(text: &str) -> Option<(bool, String)> {
    let mut rest = text.trim();
    let mut negative = false;
    if let Some(inner) = rest.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) {
        negative = true;
        rest = inner.trim();
    }
    let mut signed = negative;
    for _ in 0..2 {
        rest = without_currency(rest);
        let minus = rest.strip_prefix(['-', '\u{2212}']).or_else(|| rest.strip_suffix('-'));
        if let Some(unsigned) = minus.or_else(|| rest.strip_prefix('+')) {
            if signed {
                return None;
            }
            signed = true;
            negative = minus.is_some();
            rest = unsigned.trim();
        }
    }
    let body: Option<String> = rest
        .chars()
        .map(|letter| match letter {
            '0'..='9' | '.' | ',' => Some(letter),
            ' ' | '\u{a0}' | '\u{202f}' | '\u{2009}' | '\'' | '\u{2019}' => Some('\''),
            _ => None,
        })
        .collect();
    body.map(|body| (negative, body))
}

/// Takes a currency sign or code off either end.
fn without_currency(text: &str) -> &str {
    const SIGNS: [char; 5] = ['$', '€', '£', '¥', '₹'];
    let text = text.trim();
    let text = text.strip_prefix(SIGNS).or_else(|| text.strip_suffix(SIGNS)).unwrap_or(text);
    let is_code = |code: &str| code.bytes().all(|byte| byte.is_ascii_uppercase());
    let prefix = text.split_at_checked(3).filter(|(code, _)| is_code(code)).map(|(_, rest)| rest);
    let cut = text.len().saturating_sub(3);
    let suffix =
        || text.split_at_checked(cut).filter(|(rest, code)| !rest.is_empty() && is_code(code)).map(|(rest, _)| rest);
    prefix.or_else(suffix).unwrap_or(text).trim()
}

/// The plain digits of a body under one convention, if it is well-formed there.
fn interpret(body: &str, decimal: Decimal) -> Option<String> {
    let (whole, fraction) = body.split_once(decimal.as_char()).unwrap_or((body, ""));
    if !fraction.bytes().all(|byte| byte.is_ascii_digit()) || (whole.is_empty() && fraction.is_empty()) {
        return None;
    }
    let separator = whole.chars().find(|letter| !letter.is_ascii_digit());
    let whole = match separator {
        None => whole.to_owned(),
        Some(group) if group == '\'' || group == decimal.other() => joined(whole, group)?,
        Some(_) => return None,
    };
    let whole = if whole.is_empty() { "0" } else { &whole };
    Some(if fraction.is_empty() { whole.to_owned() } else { format!("{whole}.{fraction}") })
}

/// Joins groups of three digits; the first may be shorter, and starts with no zero.
fn joined(whole: &str, separator: char) -> Option<String> {
    let mut groups = whole.split(separator);
    let first = groups.next()?;
    let all_digits = |group: &str| group.bytes().all(|byte| byte.is_ascii_digit());
    if first.is_empty() || first.len() > 3 || first.starts_with('0') || !all_digits(first) {
        return None;
    }
    let mut out = first.to_owned();
    for group in groups {
        if group.len() != 3 || !all_digits(group) {
            return None;
        }
        out.push_str(group);
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(text: &str, decimal: Option<Decimal>, expected: &str) {
        assert_eq!(plain(text, decimal).as_deref(), Ok(expected), "{text}");
    }

    #[test]
    fn numbers_that_tell_their_convention_need_none() {
        for (text, expected) in [
            ("100", "100"),
            ("90000.50", "90000.50"),
            ("1.234,56", "1234.56"),
            ("1,234.56", "1234.56"),
            ("1.234.567", "1234567"),
            ("1,234,567", "1234567"),
            ("0,5", "0.5"),
            (".5", "0.5"),
            ("0.125", "0.125"),
            ("1234.567", "1234.567"),
            ("1 234,5", "1234.5"),
            ("1\u{202f}234,50 €", "1234.50"),
            ("1'234.50", "1234.50"),
            ("$1,234.50", "1234.50"),
            ("USD 12.3", "12.3"),
            ("12,30 EUR", "12.30"),
            ("(12.00)", "-12.00"),
            ("-$5", "-5"),
            ("$-5", "-5"),
            ("5,00-", "-5.00"),
            ("+7", "7"),
            ("  11.77", "11.77"),
        ] {
            check(text, None, expected);
        }
    }

    #[test]
    fn a_known_convention_decides_the_rest() {
        check("12.000", Some(Decimal::Comma), "12000");
        check("12.000", Some(Decimal::Point), "12.000");
        check("1,234", Some(Decimal::Point), "1234");
        assert_eq!(plain("12.000", None), Err(Code::AmbiguousNumber));
        assert_eq!(plain("1,5", Some(Decimal::Point)), Err(Code::BadNumber), "a decimal comma is not a group");
    }

    #[test]
    fn strangers_are_refused() {
        for text in [
            "",
            " ",
            "12x",
            "1.2.3",
            "1,23,4",
            "1.234,56,7",
            "--5",
            "-5-",
            "(−5)",
            "1 2",
            "e",
            "NaN",
            "1e5",
            "€",
            "USD",
            ".",
        ] {
            assert_eq!(plain(text, None), Err(Code::BadNumber), "{text}");
        }
    }

    #[test]
    fn shapes_are_evidence() {
        assert_eq!(shape("12"), Shape::Plain);
        assert_eq!(shape("1.234"), Shape::Either);
        assert_eq!(shape("1.234,5"), Shape::Only(Decimal::Comma));
        assert_eq!(shape("12.50"), Shape::Only(Decimal::Point));
        assert_eq!(shape("Acme"), Shape::Not);
    }

    proptest! {
        #[test]
        fn never_panics(text in any::<String>(), jumble in "[0-9.,' $€A-Z()+-]{0,12}") {
            for text in [&text, &jumble] {
                for decimal in [None, Some(Decimal::Point), Some(Decimal::Comma)] {
                    if let Ok(digits) = plain(text, decimal) {
                        prop_assert!(digits.parse::<f64>().is_ok(), "{text} became {digits}");
                    }
                }
            }
        }

        #[test]
        fn both_conventions_round_trip(cents in -1_000_000_000_000_i64..1_000_000_000_000) {
            let money = domain::money::Money { cents, currency: "USD".to_owned() }.to_string();
            let english = money.trim_end_matches(" USD");
            let german: String = english.chars().map(|c| match c { '.' => ',', ',' => '.', c => c }).collect();
            for (text, decimal) in [(english, Decimal::Point), (german.as_str(), Decimal::Comma)] {
                let digits = plain(text, Some(decimal)).unwrap();
                prop_assert_eq!(domain::money::parse_cents(&digits, "USD"), Ok(cents));
            }
        }
    }
}
