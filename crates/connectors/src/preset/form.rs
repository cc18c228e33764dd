//! A rule as a form: which path of a stream's records each of our fields is read from, and how. It is a view of the
//! text, not a second way to store a mapping: what a person chooses becomes a rule in TOML, and a rule that says no
//! more than paths and conversions can be shown as a form again. Deliberately absent: words mapped to words, several
//! paths in order of preference and lists of parts, for which the text is the form.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::Rules;
use super::propose::quoted;
use crate::json::{Members, Value};
use crate::record::{Object, field};

/// How deep paths are looked for.
const DEEPEST: usize = 4;

/// Paths shown at most.
const MOST_PATHS: usize = 200;

/// Characters of an example.
const SHOWN: usize = 40;

/// What stands at a path of some records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// The path, its members parted by dots.
    pub path: String,
    /// A value found there, cut short; empty where all were null.
    pub example: String,
}

/// Where a field is read from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct From {
    /// The path.
    pub path: String,
    /// `minor` for money in minor units, a date format, or nothing.
    pub conversion: String,
}

/// A rule that says no more than paths and conversions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Form {
    /// What a record becomes.
    pub object: Object,
    /// The path of its key; empty where records have none and are known by their content.
    pub key: String,
    /// Our fields that are read, each with its place.
    pub fields: BTreeMap<String, From>,
}

/// The paths that records have, in the order of the records, each with an example.
pub fn seen_paths(records: &[Value<'_>]) -> Vec<Seen> {
    seen_at(records.iter())
}

/// The paths below some values.
pub(super) fn seen_at<'v>(values: impl Iterator<Item = &'v Value<'v>>) -> Vec<Seen> {
    let mut seen = Vec::new();
    for members in values.filter_map(Value::as_object) {
        look(members, "", DEEPEST, &mut seen);
    }
    seen.truncate(MOST_PATHS);
    seen
}

fn look(members: &Members<'_>, above: &str, deeper: usize, seen: &mut Vec<Seen>) {
    for (name, value) in members.iter().filter(|(name, _)| !name.contains('.')) {
        let path = if above.is_empty() { name.to_owned() } else { format!("{above}.{name}") };
        let example = match value {
            Value::Object(members) if deeper > 1 => {
                look(members, &path, deeper - 1, seen);
                continue;
            }
            Value::Object(_) | Value::Array(_) => continue,
            Value::Null => String::new(),
            Value::Text(text) => text.chars().take(SHOWN).collect(),
            Value::Number(digits) => digits.chars().take(SHOWN).collect(),
            Value::Bool(flag) => flag.to_string(),
        };
        match seen.iter_mut().find(|known| known.path == path) {
            Some(known) if known.example.is_empty() => known.example = example,
            Some(_) => {}
            None => seen.push(Seen { path, example }),
        }
    }
}

impl Form {
    /// The rule for a stream among rules in TOML, if it says no more than a form can show.
    pub fn read(rules: &str, stream: &str) -> Option<Self> {
        let block = blocks(rules).into_iter().find(|block| names(block, stream))?;
        let mut rule = rule_of(block)?;
        rule.remove("stream");
        let word = |value: toml::Value| value.as_str().map(str::to_owned);
        let object = Object::parse(&rule.remove("object").and_then(word)?)?;
        let key = match rule.remove("key")? {
            toml::Value::Array(paths) if paths.is_empty() => String::new(),
            key => word(key)?,
        };
        let fields = match rule.remove("fields") {
            Some(toml::Value::Table(fields)) => fields,
            Some(_) => return None,
            None => toml::Table::new(),
        };
        let fields = fields.into_iter().map(|(name, spec)| Some((name, From::read(spec)?)));
        let form = Self { object, key, fields: fields.collect::<Option<_>>()? };
        rule.is_empty().then_some(form)
    }

    /// The rule as TOML.
    pub fn rule(&self, stream: &str) -> String {
        let mut text = format!(
            "[[rule]]\nstream = {}\nobject = \"{}\"\nkey = {}\n\n[rule.fields]\n",
            quoted(stream),
            self.object.as_str(),
            if self.key.is_empty() { "[]".to_owned() } else { quoted(&self.key) }
        );
        for (name, from) in self.fields.iter().filter(|(name, from)| known(self.object, name) && !from.path.is_empty())
        {
            let path = quoted(&from.path);
            // Writing to a String cannot fail.
            let _ = match from.conversion.as_str() {
                "" => writeln!(text, "{name} = {path}"),
                conversion => writeln!(text, "{name} = {{ path = {path}, as = {} }}", quoted(conversion)),
            };
        }
        text
    }

    /// Rules in TOML with this one in the place of the stream's own, or after all others. What else is written there
    /// stays as it is.
    pub fn write(&self, rules: &str, stream: &str) -> String {
        let mut written = false;
        let mut parts: Vec<String> = Vec::new();
        for block in blocks(rules) {
            if !names(block, stream) {
                parts.push(block.trim_end().to_owned());
            } else if !std::mem::replace(&mut written, true) {
                parts.push(self.rule(stream).trim_end().to_owned());
            }
        }
        if !written {
            parts.push(self.rule(stream).trim_end().to_owned());
        }
        parts.retain(|part| !part.is_empty());
        let mut text = parts.join("\n\n");
        text.push('\n');
        text
    }
}

impl From {
    fn read(spec: toml::Value) -> Option<Self> {
        match spec {
            toml::Value::String(path) => Some(Self { path, conversion: String::new() }),
            toml::Value::Table(mut table) => {
                let path = table.remove("path")?.as_str()?.to_owned();
                let conversion =
                    table.remove("as").map_or(Some(String::new()), |word| word.as_str().map(str::to_owned))?;
                table.is_empty().then_some(Self { path, conversion })
            }
            _ => None,
        }
    }
}

/// Whether rules in TOML name a stream.
pub fn names(rules: &str, stream: &str) -> bool {
    Rules::from_toml(rules).is_ok_and(|rules| rules.rules.iter().any(|rule| rule.stream.is(stream)))
}

fn known(object: Object, name: &str) -> bool {
    field(object, name).is_some()
}

/// The text cut before each rule but the first; what stands before that is part of it.
fn blocks(rules: &str) -> Vec<&str> {
    let mut blocks = Vec::new();
    let (mut begin, mut at) = (0, 0);
    for line in rules.split_inclusive('\n') {
        if line.trim_start().starts_with("[[rule]]") && rules[begin..at].contains("[[rule]]") {
            blocks.push(&rules[begin..at]);
            begin = at;
        }
        at += line.len();
    }
    blocks.push(&rules[begin..]);
    blocks
}

/// The table of the one rule in a block.
fn rule_of(block: &str) -> Option<toml::Table> {
    match block.parse::<toml::Table>().ok()?.remove("rule")? {
        toml::Value::Array(mut rules) if rules.len() == 1 => match rules.pop()? {
            toml::Value::Table(rule) => Some(rule),
            _ => None,
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::parse;

    fn form() -> Form {
        let from = |path: &str, conversion: &str| From { path: path.to_owned(), conversion: conversion.to_owned() };
        let fields = [("account", from("company.id", "")), ("amount_cents", from("total", "minor"))];
        let fields = fields.into_iter().map(|(name, from)| (name.to_owned(), from)).collect();
        Form { object: Object::Invoice, key: "id".to_owned(), fields }
    }

    #[test]
    fn a_form_is_written_as_a_rule_and_read_back() {
        let text = form().write("", "bills");
        assert_eq!(
            text,
            "[[rule]]\nstream = \"bills\"\nobject = \"invoice\"\nkey = \"id\"\n\n[rule.fields]\n\
             account = \"company.id\"\namount_cents = { path = \"total\", as = \"minor\" }\n"
        );
        assert_eq!(Form::read(&text, "BILLS"), Some(form()));
        assert_eq!(Form::read(&text, "other"), None);
        let without = Form { key: String::new(), ..form() };
        assert_eq!(Form::read(&without.write("", "bills"), "bills"), Some(without), "known by its content");
        Rules::from_toml(&text).unwrap();
    }

    #[test]
    fn other_rules_and_their_remarks_stay() {
        let other = "# ours\n[[rule]]\nstream = \"orgs\"\nobject = \"account\"\nkey = \"id\"\n\n[rule.fields]\nname = [\"a\", \"b\"]\n";
        let before = format!("{other}\n{}", form().rule("bills"));
        let changed = Form { key: "number".to_owned(), ..form() };
        let after = changed.write(&before, "bills");
        assert!(
            after.starts_with(other)
                && after.contains("key = \"number\"")
                && !after.contains("key = \"id\"\n\n[rule.fields]\naccount"),
            "{after}"
        );
        assert_eq!(Form::read(&after, "orgs"), None, "it says more than a form can");
        assert_eq!(Form::read(&after, "bills"), Some(changed));
    }

    #[test]
    fn what_was_seen_is_offered_once_with_an_example() {
        let one = parse(r#"{"id":7,"company":{"id":null,"tags":["a"]},"a.b":1}"#).unwrap();
        let two = parse(r#"{"id":8,"company":{"id":"c-1"},"paid":true}"#).unwrap();
        let seen = seen_paths(&[one.value, two.value]);
        let seen: Vec<_> = seen.iter().map(|seen| (seen.path.as_str(), seen.example.as_str())).collect();
        assert_eq!(seen, [("id", "7"), ("company.id", "c-1"), ("paid", "true")]);
    }
}
