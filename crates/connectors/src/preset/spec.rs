//! A [`Spec`] says where one field lies and how it is read: a path, several paths, or a
//! table with a conversion. It never looks at two fields at once; what needs several
//! paths, like a monthly price, lives in `rate`.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::discount::Discounts;
use super::part::{self, Since};
use super::rate::{Monthly, Months};
use crate::json::Value;
use crate::record::date::Format;
use crate::record::number::Decimal;
use crate::record::{Builder, Code, Convention, Fault, Field, Given};

/// Where a rule looks: the record, and the element of a list it stands at.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'v> {
    pub(super) root: &'v Value<'v>,
    pub(super) here: &'v Value<'v>,
}

impl<'v> Place<'v> {
    /// Whether one of these words stands at its path.
    pub(super) fn says(self, words: &BTreeMap<String, Vec<String>>) -> bool {
        words.iter().any(|(path, words)| {
            let word = match self.at(path) {
                Some(Value::Bool(flag)) => Some(if *flag { "true" } else { "false" }),
                Some(value) => value.as_id(),
                None => None,
            };
            word.is_some_and(|word| words.iter().any(|known| known == word))
        })
    }

    /// The value at a path; `^.` starts at the record.
    pub(super) fn at(self, path: &str) -> Option<&'v Value<'v>> {
        match path.strip_prefix("^.") {
            Some(path) => self.root.at(path),
            None => self.here.at(path),
        }
    }
}

/// One path, or several in order of preference.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(super) enum Paths {
    One(String),
    Several(Vec<String>),
}

impl Paths {
    pub(super) fn as_slice(&self) -> &[String] {
        match self {
            Self::One(path) => std::slice::from_ref(path),
            Self::Several(paths) => paths,
        }
    }

    /// The first value that will do.
    pub(super) fn first<'v>(&self, place: Place<'v>, will_do: impl Fn(&Value<'_>) -> bool) -> Option<&'v Value<'v>> {
        self.as_slice().iter().filter_map(|path| place.at(path)).find(|value| will_do(value))
    }

    pub(super) fn mentions(&self, path: &str) -> bool {
        self.as_slice().iter().any(|known| known == path)
    }
}

/// Where a field lies and how it is read.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(super) enum Spec {
    Paths(Paths),
    Table(Box<Table>),
}

/// A spec with a conversion.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Table {
    path: Option<Paths>,
    /// `minor` for money in minor units, or a date format.
    #[serde(rename = "as")]
    conversion: Option<String>,
    /// What each word of the source means; `*` stands for all others.
    map: Option<BTreeMap<String, String>>,
    /// Whether yes means no.
    #[serde(default)]
    not: bool,
    /// The same for every record.
    constant: Option<String>,
    monthly: Option<Monthly>,
    yearly: Option<Monthly>,
    months: Option<Months>,
    since: Option<Since>,
    /// A list of parts, of which the ids are meant.
    ids: Option<Paths>,
    /// What is taken off the whole.
    discounts: Option<Discounts>,
    /// A time that the value must be later than to say anything.
    later_than: Option<Paths>,
    /// Words at paths with which the value says nothing.
    #[serde(default)]
    unless: BTreeMap<String, Vec<String>>,
}

impl Spec {
    /// How JSON is read where nothing else is said: with decimal points.
    pub(super) fn plain() -> Convention {
        Convention { decimal: Some(Decimal::Point), ..Convention::default() }
    }

    /// The convention of this spec, or the word that names none.
    pub(super) fn convention(&self) -> Result<Convention, String> {
        let mut how = Self::plain();
        match self {
            Self::Table(table) => match table.conversion.as_deref() {
                None => {}
                Some("minor") => how.minor_units = true,
                Some(word) => how.date = Some(word.parse::<Format>().map_err(|_| word.to_owned())?),
            },
            Self::Paths(_) => {}
        }
        Ok(how)
    }

    pub(super) fn mentions(&self, path: &str) -> bool {
        match self {
            Self::Paths(paths) => paths.mentions(path),
            Self::Table(table) => table.path.as_ref().is_some_and(|paths| paths.mentions(path)),
        }
    }

    /// Reads the field from its place. A missing member leaves the field, a `null` or
    /// blank one clears it (T15).
    pub(super) fn fill(&self, builder: &mut Builder, field: &'static Field, place: Place<'_>) -> Result<(), Fault> {
        let how = self.convention().unwrap_or_default();
        match self {
            Self::Paths(paths) => fill(builder, field, paths, place, how, |text| Some(text.to_owned())),
            Self::Table(table) => table.fill(builder, field, place, how),
        }
    }
}

impl Table {
    fn fill(
        &self,
        builder: &mut Builder,
        field: &'static Field,
        place: Place<'_>,
        how: Convention,
    ) -> Result<(), Fault> {
        if place.says(&self.unless) {
            return Ok(());
        }
        if let Some(constant) = &self.constant {
            return builder.set(field, constant, &how);
        }
        if let Some(ids) = &self.ids {
            return part::ids(ids, place).map_or(Ok(()), |ids| builder.set(field, &ids, &how));
        }
        if let Some(discounts) = &self.discounts {
            match discounts.read(place) {
                Given::Absent => {}
                Given::Cleared => builder.clear(field),
                Given::Set(text) => builder.set(field, &text, &how)?,
            }
            return Ok(());
        }
        if let Some(since) = &self.since {
            return fill(builder, field, since.paths(place), place, how, |text| Some(text.to_owned()));
        }
        if let Some(monthly) = &self.monthly {
            let minor = Convention { minor_units: true, ..how };
            return match monthly.cents(place) {
                Some(cents) => builder.set(field, &cents.to_string(), &minor),
                None => Ok(()),
            };
        }
        if let Some(yearly) = &self.yearly {
            let minor = Convention { minor_units: true, ..how };
            return match yearly.yearly_cents(place) {
                Some(cents) => builder.set(field, &cents.to_string(), &minor),
                None => Ok(()),
            };
        }
        if let Some(months) = &self.months {
            return match months.count(place) {
                Some(count) => builder.set(field, &count.to_string(), &how),
                None => Ok(()),
            };
        }
        let Some(paths) = &self.path else { return Ok(()) };
        if self.later_than.as_ref().is_some_and(|than| !part::later(paths, than, place)) {
            return Ok(());
        }
        fill(builder, field, paths, place, how, |text| {
            let mapped = match &self.map {
                Some(map) => map.get(text).or_else(|| map.get("*")).cloned(),
                None => Some(text.to_owned()),
            };
            match (self.not, mapped.as_deref()) {
                (true, Some("true")) => Some("false".to_owned()),
                (true, Some("false")) => Some("true".to_owned()),
                _ => mapped,
            }
        })
    }
}

/// Sets a field to the first value at `paths`, once `convert` has understood it.
fn fill(
    builder: &mut Builder,
    field: &'static Field,
    paths: &Paths,
    place: Place<'_>,
    mut how: Convention,
    convert: impl Fn(&str) -> Option<String>,
) -> Result<(), Fault> {
    let says = |value: &Value<'_>| match value {
        Value::Null => false,
        Value::Text(text) => !text.trim().is_empty(),
        _ => true,
    };
    let Some(value) = paths.first(place, says) else {
        if paths.first(place, |_| true).is_some() {
            builder.clear(field);
        }
        return Ok(());
    };
    let text = match value {
        Value::Text(text) => text.as_ref(),
        Value::Number(digits) => {
            if field.kind.is_date() && how.date.is_none() {
                how.date = Some(Format::of_epoch(digits));
            }
            digits
        }
        Value::Bool(true) => "true",
        Value::Bool(false) => "false",
        Value::Null | Value::Array(_) | Value::Object(_) => {
            let sentence = format!("`{}` must be {}, not a list or an object", field.name, field.kind.expects());
            return Err(Fault::new(field.name, &value.to_string(), Code::BadType, sentence));
        }
    };
    match convert(text) {
        Some(text) => builder.set(field, &text, &how),
        None => Ok(()),
    }
}
