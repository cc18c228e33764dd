//! One [`Rule`]: which records of a stream it concerns, and the draft it makes of each.
//! Rules know nothing of each other; their order and `fallback` belong to the preset.

use std::collections::BTreeMap;

use domain::Instant;
use serde::Deserialize;

use super::PresetError;
use super::spec::{Paths, Place, Spec};
use crate::json::{Members, Value};
use crate::record::{Builder, Draft, Fault, KEY, Object, field};

/// What records of a stream become.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Rule {
    /// Which streams, by any of their names.
    pub(super) stream: Streams,
    pub(super) object: Object,
    /// Lists to make one draft of each object in; the first that is there.
    each: Option<Paths>,
    /// Used only when the rules before it made nothing of the same object.
    #[serde(default)]
    pub(super) fallback: bool,
    /// Whether it adds to records that are there, and so needs not be complete.
    #[serde(default)]
    update: bool,
    /// Records with one of these values are passed over.
    #[serde(default)]
    skip: BTreeMap<String, Vec<String>>,
    /// Paths that must hold something.
    #[serde(default)]
    need: Vec<String>,
    /// Paths that must hold nothing.
    #[serde(default)]
    lack: Vec<String>,
    /// Where the record's id lies; no path where it has none and is known by its content.
    pub(super) key: Paths,
    #[serde(default)]
    fields: BTreeMap<String, Spec>,
    /// Objects whose remaining members are kept as traits.
    #[serde(default)]
    keep: Vec<String>,
}

/// The names of the streams a rule reads, whatever their case.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(super) enum Streams {
    One(String),
    Several(Vec<String>),
}

impl Streams {
    pub(super) fn names(&self) -> &[String] {
        match self {
            Self::One(name) => std::slice::from_ref(name),
            Self::Several(names) => names,
        }
    }

    /// Whether a stream is one of them.
    pub(super) fn is(&self, stream: &str) -> bool {
        self.names().iter().any(|name| name.eq_ignore_ascii_case(stream))
    }

    /// Whether two lists have a stream in common.
    pub(super) fn overlaps(&self, other: &Self) -> bool {
        self.names().iter().any(|name| other.is(name))
    }
}

impl Rule {
    /// Whether all fields exist and all conversions are known.
    pub(super) fn check(&self) -> Result<(), PresetError> {
        for (name, spec) in &self.fields {
            if name == KEY || field(self.object, name).is_none() {
                let (stream, field) = (self.stream.names().join(", "), name.clone());
                return Err(PresetError::UnknownField { stream, field, object: self.object });
            }
            if let Err(word) = spec.convention() {
                let (stream, field) = (self.stream.names().join(", "), name.clone());
                return Err(PresetError::UnknownConversion { stream, field, word });
            }
        }
        Ok(())
    }

    /// The drafts of one record, each after the values it does without.
    pub(super) fn drafts(&self, record: &Value<'_>, received_at: Instant) -> Vec<Result<Draft, Fault>> {
        self.places(record).into_iter().flat_map(|place| self.draft(place, received_at)).collect()
    }

    /// Where the rule stands in a record: at the record, or at each object of a list, as far as it is concerned.
    pub(super) fn places<'v>(&self, record: &'v Value<'v>) -> Vec<Place<'v>> {
        let whole = Place { root: record, here: record };
        let Some(each) = &self.each else { return [whole].into_iter().filter(|place| self.concerns(*place)).collect() };
        let Some(Value::Array(items)) = each.first(whole, |value| matches!(value, Value::Array(_))) else {
            return Vec::new();
        };
        let objects = items.iter().filter(|item| item.as_object().is_some());
        let places = objects.map(|item| Place { root: record, here: item });
        places.filter(|place| self.concerns(*place)).collect()
    }

    fn concerns(&self, place: Place<'_>) -> bool {
        let empty = |path: &String| place.at(path).is_none_or(|value| matches!(value, Value::Null));
        !place.says(&self.skip) && !self.need.iter().any(empty) && self.lack.iter().all(empty)
    }

    /// The id at one place.
    pub(super) fn key_at<'v>(&self, place: Place<'v>) -> Option<&'v str> {
        self.key.first(place, |value| value.as_id().is_some()).and_then(Value::as_id)
    }

    fn draft(&self, place: Place<'_>, received_at: Instant) -> Vec<Result<Draft, Fault>> {
        let mut left_out = Vec::new();
        let draft = self.build(place, received_at, &mut left_out);
        left_out.into_iter().map(Err).chain([draft]).collect()
    }

    fn build(&self, place: Place<'_>, received_at: Instant, left_out: &mut Vec<Fault>) -> Result<Draft, Fault> {
        let mut builder = Builder::new(self.object, received_at);
        if let (Some(key), Some(id)) = (self.key_at(place), field(self.object, KEY)) {
            builder.set(id, key, &Spec::plain())?;
        }
        for (name, spec) in &self.fields {
            let Some(field) = field(self.object, name) else { continue };
            match spec.fill(&mut builder, field, place) {
                Err(fault) if field.kind.may_be_left_out() => left_out.push(fault),
                filled => filled?,
            }
        }
        for path in &self.keep {
            let members = place.at(path).and_then(Value::as_object);
            for (name, value) in members.into_iter().flat_map(Members::iter) {
                let used = format!("{path}.{name}");
                if !self.key.mentions(&used) && !self.fields.values().any(|spec| spec.mentions(&used)) {
                    builder.keep(name, value.to_serde());
                }
            }
        }
        if self.update {
            return builder.finish_partial().map(|(draft, _)| draft);
        }
        builder.finish(|| crate::record::DerivedKeys::default().key([place.here.to_string()]))
    }
}
