//! What can be wrong with a value, as a stable [`Code`] for machines and a sentence
//! for people. Codes are part of the import report and never change their meaning.

use serde::{Deserialize, Serialize};

/// Why a record was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// The record has no id.
    MissingKey,
    /// A record with this id came earlier in the same file.
    DuplicateKey,
    /// A required field is empty.
    MissingValue,
    /// The row ends before the header does.
    TooFewFields,
    /// The row goes on after the header ended.
    TooManyFields,
    /// Not a number.
    BadNumber,
    /// A number that reads differently in different countries.
    AmbiguousNumber,
    /// A number outside its bounds.
    OutOfRange,
    /// More decimals than the currency has.
    TooPrecise,
    /// Not a date or time, or one the calendar does not have.
    BadDate,
    /// A date that reads differently in different countries.
    AmbiguousDate,
    /// A past fact dated in the future.
    Future,
    /// A word outside the closed list.
    BadChoice,
    /// Neither yes nor no.
    BadBool,
    /// Not a mail address.
    BadEmail,
    /// Not the name of a host, or one where anybody can have an address.
    BadDomain,
    /// Not a currency code.
    BadCurrency,
    /// A list or object where one value belongs.
    BadType,
    /// Longer than we keep.
    TooLong,
    /// A quoted cell that never ends.
    UnclosedQuote,
    /// Text between a closing quote and the next delimiter.
    StrayQuote,
    /// Bytes that are not text in the encoding of the file.
    Encoding,
    /// The file could not be read any further.
    Unreadable,
    /// It names another record that is not there.
    UnknownRecord,
}

impl Code {
    /// The stable word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::MissingKey => "missing_key",
            Self::DuplicateKey => "duplicate_key",
            Self::MissingValue => "missing_value",
            Self::TooFewFields => "too_few_fields",
            Self::TooManyFields => "too_many_fields",
            Self::BadNumber => "bad_number",
            Self::AmbiguousNumber => "ambiguous_number",
            Self::OutOfRange => "out_of_range",
            Self::TooPrecise => "too_precise",
            Self::BadDate => "bad_date",
            Self::AmbiguousDate => "ambiguous_date",
            Self::Future => "future",
            Self::BadChoice => "bad_choice",
            Self::BadBool => "bad_bool",
            Self::BadEmail => "bad_email",
            Self::BadDomain => "bad_domain",
            Self::BadCurrency => "bad_currency",
            Self::BadType => "bad_type",
            Self::TooLong => "too_long",
            Self::UnclosedQuote => "unclosed_quote",
            Self::StrayQuote => "stray_quote",
            Self::Encoding => "encoding",
            Self::Unreadable => "unreadable",
            Self::UnknownRecord => "unknown_record",
        }
    }
}

/// One thing that is wrong with one value of a record.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{sentence}")]
pub struct Fault {
    /// Our name of the field.
    pub field: &'static str,
    /// The value as it arrived, shortened.
    pub value: String,
    /// What is wrong, for machines.
    pub code: Code,
    /// What is wrong and what to do, for people.
    pub sentence: String,
}

/// Bytes of a refused value that a report repeats.
const SHOWN_BYTES: usize = 200;

impl Fault {
    pub(crate) fn new(field: &'static str, value: &str, code: Code, sentence: String) -> Self {
        Self { field, value: shorten(value, SHOWN_BYTES).to_owned(), code, sentence }
    }
}

/// The longest beginning of `text` that fits `bytes` and ends between characters.
pub(crate) fn shorten(text: &str, bytes: usize) -> &str {
    &text[..text.floor_char_boundary(bytes)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_of_a_code_is_its_wire_form() {
        for code in [Code::MissingKey, Code::AmbiguousDate, Code::TooManyFields, Code::UnclosedQuote] {
            assert_eq!(serde_json::to_value(code).unwrap(), code.as_str());
        }
    }

    #[test]
    fn shortening_respects_characters() {
        assert_eq!(shorten("äöü", 3), "ä");
        assert_eq!(shorten("ab", 3), "ab");
    }
}
