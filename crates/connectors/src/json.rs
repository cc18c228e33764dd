//! JSON as other people send it: a [`Value`] that keeps every number as the
//! digits that arrived (a 30-digit id and `2500.00` survive unchanged), a reader
//! that forgives what real senders get wrong, and a skimmer that cuts a batch
//! into its messages before any of them is understood, so that one bad message
//! cannot take the others with it.
//!
//! `serde_json` reads configuration and our own wire; it is not used for foreign
//! bodies because it turns long numbers into floats and gives up on a lone
//! surrogate. Deliberately absent: comments, trailing commas, `NaN`.

mod read;
mod skim;
mod write;

use std::borrow::Cow;

pub use read::{Document, MAX_DEPTH, parse};
pub use skim::{elements, members};

/// Why a text is not JSON, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not valid JSON at byte {at}: {what}")]
pub struct JsonError {
    /// Byte offset into the text.
    pub at: usize,
    /// What was expected or found there.
    pub what: &'static str,
}

/// One JSON value, borrowing from the text wherever nothing had to be unescaped.
#[derive(Debug, Clone, PartialEq)]
pub enum Value<'a> {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number, as its digits: it is never rounded on the way through.
    Number(&'a str),
    /// A string, unescaped, without NUL.
    Text(Cow<'a, str>),
    /// A list.
    Array(Vec<Value<'a>>),
    /// An object.
    Object(Members<'a>),
}

/// The members of an object in the order they arrived.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Members<'a>(Vec<(Cow<'a, str>, Value<'a>)>);

impl<'a> Members<'a> {
    /// The value of `key`; the last one where a sender repeats a key, as JavaScript does.
    pub fn get(&self, key: &str) -> Option<&Value<'a>> {
        self.0.iter().rev().find(|(name, _)| name == key).map(|(_, value)| value)
    }

    /// The members in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value<'a>)> {
        self.0.iter().map(|(name, value)| (name.as_ref(), value))
    }

    /// Keeps the members for which `keep` says so; `keep` may change their values.
    pub fn retain(&mut self, mut keep: impl FnMut(&str, &mut Value<'a>) -> bool) {
        self.0.retain_mut(|(name, value)| keep(name, value));
    }

    /// The value of `key`, to be changed.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Value<'a>> {
        self.0.iter_mut().rev().find(|(name, _)| name == key).map(|(_, value)| value)
    }

    /// Takes the value of `key` out, leaving `null`.
    pub fn take(&mut self, key: &str) -> Option<Value<'a>> {
        self.get_mut(key).map(|value| std::mem::replace(value, Value::Null))
    }

    /// Adds a member at the end.
    pub fn push(&mut self, key: impl Into<Cow<'a, str>>, value: Value<'a>) {
        self.0.push((key.into(), value));
    }

    /// Adds the members of another object at the end.
    pub fn extend(&mut self, more: Members<'a>) {
        self.0.extend(more.0);
    }

    /// Whether there are no members.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<'a> Value<'a> {
    /// The member `key` of an object; `None` for a missing member or anything but an object.
    pub fn get(&self, key: &str) -> Option<&Value<'a>> {
        self.as_object()?.get(key)
    }

    /// Follows a dotted path of member names and list positions: `plan.tiers.0.amount`.
    pub fn at(&self, path: &str) -> Option<&Value<'a>> {
        path.split('.').try_fold(self, |value, step| match value {
            Value::Object(members) => members.get(step),
            Value::Array(items) => items.get(step.parse::<usize>().ok()?),
            _ => None,
        })
    }

    /// The members, when this is an object.
    pub fn as_object(&self) -> Option<&Members<'a>> {
        match self {
            Value::Object(members) => Some(members),
            _ => None,
        }
    }

    /// Takes the member `key` of an object out, leaving `null`.
    pub fn take(&mut self, key: &str) -> Option<Value<'a>> {
        match self {
            Value::Object(members) => members.take(key),
            _ => None,
        }
    }

    /// Takes out the value at a dotted path of member names, leaving `null`.
    pub fn take_at(&mut self, path: &str) -> Option<Value<'a>> {
        match path.split_once('.') {
            None => self.take(path),
            Some((name, rest)) => {
                let Self::Object(members) = self else { return None };
                members.get_mut(name)?.take_at(rest)
            }
        }
    }

    /// The string, when this is one.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// An identifier: a non-blank string, trimmed, or a number as its digits. `null`,
    /// `""` and everything else is no identifier.
    pub fn as_id(&self) -> Option<&str> {
        match self {
            Value::Text(text) => Some(text.trim()).filter(|id| !id.is_empty()),
            Value::Number(digits) => Some(digits),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_cross_objects_and_lists() {
        let document = parse(r#"{"a":{"b":[{"c":1},{"c":"two"}]}}"#).unwrap();
        assert_eq!(document.value.at("a.b.1.c").and_then(Value::as_text), Some("two"));
        assert_eq!(document.value.at("a.b.2.c"), None);
        assert_eq!(document.value.at("a.b.c"), None);
    }

    #[test]
    fn blank_ids_are_absent_and_numbers_are_ids() {
        let id = |text: &str| parse(text).unwrap().value.as_id().map(str::to_owned);
        assert_eq!(id(r#"" u1 ""#), Some("u1".to_owned()));
        assert_eq!(id("97980"), Some("97980".to_owned()));
        assert_eq!(id(r#""  ""#), None);
        assert_eq!(id("null"), None);
        assert_eq!(id("{}"), None);
    }
}
