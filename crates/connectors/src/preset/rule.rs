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
    key: Paths,
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
    fn names(&self) -> &[String] {
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

    /// The drafts of one record.
    pub(super) fn drafts(&self, record: &Value<'_>, received_at: Instant) -> Vec<Result<Draft, Fault>> {
        let Some(each) = &self.each else {
            let place = Place { root: record, here: record };
            return self.draft(place, received_at).into_iter().collect();
        };
        let root = Place { root: record, here: record };
        let Some(Value::Array(items)) = each.first(root, |value| matches!(value, Value::Array(_))) else {
            return Vec::new();
        };
        let objects = items.iter().filter(|item| item.as_object().is_some());
        objects.filter_map(|item| self.draft(Place { root: record, here: item }, received_at)).collect()
    }

    fn draft(&self, place: Place<'_>, received_at: Instant) -> Option<Result<Draft, Fault>> {
        let skipped = place.says(&self.skip);
        let empty = |path: &String| place.at(path).is_none_or(|value| matches!(value, Value::Null));
        if skipped || self.need.iter().any(empty) || !self.lack.iter().all(empty) {
            return None;
        }
        Some(self.build(place, received_at))
    }

    fn build(&self, place: Place<'_>, received_at: Instant) -> Result<Draft, Fault> {
        let mut builder = Builder::new(self.object, received_at);
        let key = self.key.first(place, |value| value.as_id().is_some()).and_then(Value::as_id);
        if let (Some(key), Some(id)) = (key, field(self.object, KEY)) {
            builder.set(id, key, &Spec::plain())?;
        }
        for (name, spec) in &self.fields {
            if let Some(field) = field(self.object, name) {
                spec.fill(&mut builder, field, place)?;
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
