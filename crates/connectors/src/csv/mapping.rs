//! A [`Mapping`] is what a person may decide about a file, as one small document in
//! TOML or JSON. Everything is optional; what is not said is found out, and a
//! sheet's completed mapping says it all, so that it can be kept for the next file.
//!
//! ```toml
//! object = "event"
//! delimiter = "blank"
//! orphans = "create_account"
//!
//! [columns]
//! customer_id = "account"
//! date = "occurred_at"
//! number_of_cds = "quantity"
//! dollar_value = "revenue_cents"
//! shelf = "properties.shelf"
//! clerk = "-"
//!
//! [constants]
//! name = "purchase"
//! currency = "USD"
//! ```

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::dialect::Delimiter;
use crate::record::date::Format;
use crate::record::number::Decimal;
use crate::record::{Field, Object, field, fields};

/// What is decided about a file.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Mapping {
    /// What the rows are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object: Option<Object>,
    /// Which sheet of a workbook; unless said otherwise the one named like its rows, else the first that holds anything.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sheet: Option<String>,
    /// What parts the cells.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delimiter: Option<Delimiter>,
    /// The character encoding, by any of its usual labels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encoding: Option<String>,
    /// Whether the first row names the columns. Without a header they are called 1, 2, 3.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header: Option<bool>,
    /// The decimal separator of all numbers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decimal: Option<Decimal>,
    /// The cell that clears a field; an empty cell leaves it. `\N` unless said otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clear: Option<String>,
    /// What becomes of rows whose account does not exist.
    pub orphans: Orphans,
    /// What becomes of columns that mean nothing to us.
    pub unmapped: Unmapped,
    /// What each column means, by its header.
    pub columns: BTreeMap<String, Targets>,
    /// How the dates of a field are written.
    pub formats: BTreeMap<String, Format>,
    /// Fields that have the same value in every row.
    pub constants: BTreeMap<String, String>,
}

/// What becomes of rows whose account does not exist.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Orphans {
    /// They fail.
    #[default]
    Error,
    /// The account is created, named by its id.
    CreateAccount,
    /// They wait until the account comes.
    Park,
}

/// What becomes of columns that mean nothing to us.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unmapped {
    /// They are reported and left out.
    #[default]
    Ignore,
    /// They are kept as traits of accounts and properties of events.
    Keep,
}

/// Where the cells of a column go: one target, or several.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Targets {
    /// The usual case.
    One(String),
    /// A purchase date is the day of issue and of payment.
    Several(Vec<String>),
}

impl Targets {
    /// The targets, whether one or several.
    pub fn as_slice(&self) -> &[String] {
        match self {
            Self::One(target) => std::slice::from_ref(target),
            Self::Several(targets) => targets,
        }
    }
}

/// A target understood.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// A field of ours.
    Field(&'static str),
    /// A trait of the account or a property of the event.
    Extra(String),
    /// Nowhere.
    Ignore,
}

impl Target {
    /// The word a mapping uses for it.
    pub(super) fn word(&self) -> String {
        match self {
            Self::Field(name) => (*name).to_owned(),
            Self::Extra(name) => format!("traits.{name}"),
            Self::Ignore => "-".to_owned(),
        }
    }
}

/// Why a mapping cannot be used.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum MappingError {
    /// Not a mapping document.
    #[error("line {line}: {}", source.message())]
    Toml {
        /// The line at fault, from 1.
        line: usize,
        /// What is wrong there.
        source: toml::de::Error,
    },
    /// Not a mapping that can be written.
    #[error("the mapping cannot be written")]
    Write(#[from] toml::ser::Error),
    /// A field this object does not have.
    #[error("`{target}` is not a field of {}: choose one of {}, or keep the column as traits.NAME, or leave it out with -", object.as_str(), names(*object))]
    UnknownField {
        /// What was written.
        target: String,
        /// What the rows are.
        object: Object,
    },
    /// A field that two columns, or a column and a constant, want to fill.
    #[error("`{0}` is filled twice: let one column go with -")]
    FilledTwice(String),
    /// An encoding nobody knows.
    #[error("`{0}` is not a character encoding: write utf-8, utf-16le, windows-1252 or another of the usual labels")]
    UnknownEncoding(String),
    /// A constant the field cannot hold.
    #[error("the constant `{field}` does not fit: {sentence}")]
    BadConstant {
        /// Our field.
        field: String,
        /// Why.
        sentence: String,
    },
    /// The mapping is for something else.
    #[error("the mapping is for {}, not for {}", mapped.as_str(), wanted.as_str())]
    OtherObject {
        /// What the mapping says.
        mapped: Object,
        /// What was asked for.
        wanted: Object,
    },
}

fn names(object: Object) -> String {
    let names: Vec<&str> = fields(object).iter().map(|field| field.name).collect();
    names.join(", ")
}

impl Mapping {
    /// Reads a mapping.
    pub fn from_toml(text: &str) -> Result<Self, MappingError> {
        toml::from_str(text).map_err(|source| {
            let before = source.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
            MappingError::Toml { line: before.matches('\n').count() + 1, source }
        })
    }

    /// Writes a mapping.
    pub fn to_toml(&self) -> Result<String, MappingError> {
        Ok(toml::to_string(self)?)
    }
}

/// Understands one target of a column.
pub(super) fn target(object: Object, word: &str) -> Result<Target, MappingError> {
    let extra = word.strip_prefix("traits.").or_else(|| word.strip_prefix("properties."));
    match (word, extra) {
        ("-" | "", _) => Ok(Target::Ignore),
        (_, Some(name)) if !name.is_empty() => Ok(Target::Extra(name.to_owned())),
        _ => named(object, word).map(|field| Target::Field(field.name)),
    }
}

/// The field of this name, or an error that lists those there are.
pub(super) fn named(object: Object, name: &str) -> Result<&'static Field, MappingError> {
    field(object, name).ok_or_else(|| MappingError::UnknownField { target: name.to_owned(), object })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"
        object = "invoice"
        delimiter = "blank"
        decimal = ","
        orphans = "create_account"
        unmapped = "keep"

        [columns]
        date = ["issued_on", "paid_on"]
        value = "amount_cents"

        [formats]
        issued_on = "%Y%m%d"

        [constants]
        currency = "USD"
    "#;

    #[test]
    fn a_mapping_reads_and_writes_itself() {
        let mapping = Mapping::from_toml(TEXT).unwrap();
        assert_eq!(mapping.object, Some(Object::Invoice));
        assert_eq!(mapping.columns["date"].as_slice(), ["issued_on", "paid_on"]);
        assert_eq!(Mapping::from_toml(&mapping.to_toml().unwrap()).unwrap(), mapping);
        let json = serde_json::to_string(&mapping).unwrap();
        assert_eq!(serde_json::from_str::<Mapping>(&json).unwrap(), mapping);
        assert_eq!(Mapping::from_toml("").unwrap(), Mapping::default());
    }

    #[test]
    fn strangers_are_refused_with_the_choices() {
        let error = Mapping::from_toml("object = 'account'\ndelimeter = ','").unwrap_err().to_string();
        assert!(error.starts_with("line 2: unknown field `delimeter`, expected one of"), "{error}");
        let error = target(Object::Account, "revenue").unwrap_err().to_string();
        assert!(error.contains("`revenue` is not a field of account: choose one of external_id, name"), "{error}");
        assert_eq!(target(Object::Account, "-"), Ok(Target::Ignore));
        assert_eq!(target(Object::Event, "properties.shelf"), Ok(Target::Extra("shelf".to_owned())));
    }
}
