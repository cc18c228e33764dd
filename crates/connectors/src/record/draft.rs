//! The [`Draft`] itself and the typed way to ask it for a field. Asking for a field
//! under another type than the catalogue gives it is a mistake of ours, and answers
//! `Absent`.

use std::collections::BTreeMap;

use domain::{Day, Instant};
use serde::Serialize;
use serde_json::{Map, Value as Json};

use super::Object;
use crate::personal;

/// What a source says about one record.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Draft {
    /// What kind of record.
    pub object: Object,
    /// The record's id in the source; never empty.
    pub key: String,
    /// Whether the source gave the id. Otherwise it follows from the content, so that
    /// the same file gives the same ids again.
    pub key_given: bool,
    /// What is said, by our field names.
    pub fields: Fields,
    /// What is said beyond our fields: traits of an account, properties of an event.
    pub extra: Map<String, Json>,
}

/// The fields a draft speaks of. A field that is not here is unchanged.
pub type Fields = BTreeMap<&'static str, Value>;

/// What a draft says about one field.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Value {
    /// There is none (any more).
    Cleared,
    /// Text, an identifier, or a word of a closed list.
    Text(String),
    /// Money in minor units.
    Cents(i64),
    /// A whole number.
    Int(i64),
    /// A number of whatever unit.
    Decimal(f64),
    /// Yes or no.
    Bool(bool),
    /// A calendar date.
    Day(Day),
    /// A point in time.
    Instant(Instant),
}

/// The answer to "what does the draft say about this field?".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Given<T> {
    /// Nothing: leave it as it is.
    Absent,
    /// That there is none: clear it.
    Cleared,
    /// This.
    Set(T),
}

impl<T> Given<T> {
    /// The value, when one is given.
    pub fn set(self) -> Option<T> {
        match self {
            Self::Set(value) => Some(value),
            Self::Absent | Self::Cleared => None,
        }
    }

    /// Brings `target` up to date: leaves, clears or replaces it.
    pub fn apply<U: From<T>>(self, target: &mut Option<U>) {
        match self {
            Self::Absent => {}
            Self::Cleared => *target = None,
            Self::Set(value) => *target = Some(value.into()),
        }
    }
}

impl Draft {
    /// The same draft without some of its fields, which is how a field that a person holds is left alone.
    #[must_use]
    pub fn without(&self, fields: &[String]) -> Self {
        let mut draft = self.clone();
        draft.fields.retain(|name, _| !fields.iter().any(|held| held == name));
        draft
    }

    fn given<'a, T>(&'a self, field: &str, read: impl FnOnce(&'a Value) -> Option<T>) -> Given<T> {
        match self.fields.get(field) {
            None => Given::Absent,
            Some(Value::Cleared) => Given::Cleared,
            Some(value) => {
                let found = read(value);
                debug_assert!(found.is_some(), "{}.{field} holds {value:?}", self.object.as_str());
                found.map_or(Given::Absent, Given::Set)
            }
        }
    }

    /// A text, identifier or word.
    pub fn text(&self, field: &str) -> Given<&str> {
        self.given(field, |value| if let Value::Text(text) = value { Some(text.as_str()) } else { None })
    }

    /// An amount in minor units.
    pub fn cents(&self, field: &str) -> Given<i64> {
        self.given(field, |value| if let Value::Cents(cents) = value { Some(*cents) } else { None })
    }

    /// A whole number.
    pub fn int(&self, field: &str) -> Given<i64> {
        self.given(field, |value| if let Value::Int(number) = value { Some(*number) } else { None })
    }

    /// A number of whatever unit.
    pub fn decimal(&self, field: &str) -> Given<f64> {
        self.given(field, |value| if let Value::Decimal(number) = value { Some(*number) } else { None })
    }

    /// Yes or no.
    pub fn bool(&self, field: &str) -> Given<bool> {
        self.given(field, |value| if let Value::Bool(flag) = value { Some(*flag) } else { None })
    }

    /// A calendar date.
    pub fn day(&self, field: &str) -> Given<Day> {
        self.given(field, |value| if let Value::Day(day) = value { Some(*day) } else { None })
    }

    /// A point in time.
    pub fn instant(&self, field: &str) -> Given<Instant> {
        self.given(field, |value| if let Value::Instant(instant) = value { Some(*instant) } else { None })
    }

    /// The properties of an event as a JSON object: what is beyond our fields, without
    /// anything personal, and the revenue. `None` when nothing is left.
    pub fn properties(&self) -> Option<String> {
        let mut properties = self.extra.clone();
        personal::remove_from_map(&mut properties);
        if let Given::Set(cents) = self.cents("revenue_cents") {
            properties.insert("revenue_cents".to_owned(), cents.into());
            if let Given::Set(currency) = self.text("currency") {
                properties.insert("currency".to_owned(), currency.into());
            }
        }
        (!properties.is_empty()).then(|| Json::Object(properties).to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event() -> Draft {
        let mut fields = Fields::new();
        fields.insert("name", Value::Text("purchase".to_owned()));
        fields.insert("user", Value::Cleared);
        fields.insert("revenue_cents", Value::Cents(1_177));
        fields.insert("currency", Value::Text("USD".to_owned()));
        Draft { object: Object::Event, key: "e1".to_owned(), key_given: true, fields, extra: Map::new() }
    }

    #[test]
    fn absent_leaves_cleared_clears_and_set_replaces() {
        let draft = event();
        let mut value = Some("before".to_owned());
        draft.text("account").apply(&mut value);
        assert_eq!(value.as_deref(), Some("before"));
        draft.text("name").apply(&mut value);
        assert_eq!(value.as_deref(), Some("purchase"));
        draft.text("user").apply(&mut value);
        assert_eq!(value, None);
    }

    #[test]
    fn properties_hold_revenue_and_no_person() {
        let mut draft = event();
        draft.extra.insert("email".to_owned(), "ann@acme.test".into());
        draft.extra.insert("shelf".to_owned(), "jazz".into());
        assert_eq!(draft.properties().unwrap(), r#"{"currency":"USD","revenue_cents":1177,"shelf":"jazz"}"#);
        draft.extra.clear();
        draft.fields.clear();
        assert_eq!(draft.properties(), None);
    }
}
