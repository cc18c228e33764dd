//! A rule for a stream nobody mapped, proposed from a few of its records: the object its members fit best, the fields
//! their names mean, and the rest as comments. It is a beginning for a person to correct, so it guesses by names and
//! never decides: nothing is read by it until somebody saves it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::generic::guess;
use crate::json::{Members, Value};
use crate::record::{Field, KEY, Object, field_for_header, fields, normal_header};

/// The text of a rule that would read these records of `stream`.
pub fn propose(stream: &str, records: &[Value<'_>]) -> String {
    propose_as(stream, records, None)
}

/// The text of a rule that would read these records as one kind of record; as the one they fit best, where none is
/// asked for.
pub fn propose_as(stream: &str, records: &[Value<'_>], object: Option<Object>) -> String {
    let mut members: BTreeMap<&str, &Value<'_>> = BTreeMap::new();
    for (name, value) in records.iter().filter_map(Value::as_object).flat_map(Members::iter) {
        let known = members.entry(name).or_insert(value);
        if matches!(known, Value::Null) {
            *known = value;
        }
    }
    let object = object.or_else(|| guess(stream)).unwrap_or_else(|| best(&members));
    write(stream, object, &members)
}

/// The object most of whose required fields the members fill, then most of its fields.
fn best(members: &BTreeMap<&str, &Value<'_>>) -> Object {
    let score = |object: &Object| {
        let filled = |field: &&Field| members.keys().any(|name| means(*object, name, field));
        let required = fields(*object).iter().filter(|field| field.required && field.name != KEY);
        let (needed, have) = (required.clone().count().max(1), required.filter(|field| filled(field)).count());
        (have * 100 / needed, fields(*object).iter().filter(filled).count())
    };
    let things = Object::ALL.into_iter().rev();
    things.max_by_key(score).unwrap_or(Object::Account)
}

fn means(object: Object, name: &str, field: &Field) -> bool {
    field_for_header(object, name).is_some_and(|found| found.name == field.name)
}

fn write(stream: &str, object: Object, members: &BTreeMap<&str, &Value<'_>>) -> String {
    let mut filled: BTreeMap<&str, (usize, &str)> = BTreeMap::new();
    for name in members.keys().filter(|name| !name.contains(['.', '"', '\n'])) {
        let Some(field) = field_for_header(object, name) else { continue };
        let rank = field.rank(&normal_header(name)).unwrap_or(usize::MAX);
        let entry = filled.entry(field.name).or_insert((rank, name));
        *entry = (*entry).min((rank, name));
    }
    let key = filled.remove(KEY).map(|(_, name)| name);
    let key_path = match key {
        None if members.is_empty() => quoted("id"),
        None => "[]  # no id was seen: a record is known by what it says".to_owned(),
        Some(key) => quoted(key),
    };
    let mut text = format!(
        "[[rule]]\nstream = {}\nobject = \"{}\"\nkey = {key_path}\n\n[rule.fields]\n",
        quoted(stream),
        object.as_str()
    );
    for (field, (_, name)) in &filled {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{field} = {}", quoted(name));
    }
    let used = |name: &str| key == Some(name) || filled.values().any(|(_, used)| *used == name);
    let rest: Vec<String> = members.keys().filter(|name| !used(name)).map(|name| quoted(name)).collect();
    if !rest.is_empty() {
        let _ = writeln!(text, "# not used: {}", rest.join(", "));
    }
    text
}

/// A name as TOML writes it.
pub(super) fn quoted(name: &str) -> String {
    toml::Value::String(name.replace('\n', " ")).to_string()
}

#[cfg(test)]
mod tests {
    use super::super::Rules;
    use super::*;
    use crate::json::parse;

    #[test]
    fn a_stream_of_strangers_gets_a_rule_that_reads_it() {
        let record =
            r#"{"id":"d1","company_id":"c1","title":"Renew","amount":12.5,"issued":"2026-01-31","owner":{"id":1}}"#;
        let value = parse(record).unwrap().value;
        let text = propose("deals", &[value]);
        assert_eq!(
            text,
            "[[rule]]\nstream = \"deals\"\nobject = \"invoice\"\nkey = \"id\"\n\n[rule.fields]\naccount = \"company_id\"\n\
             amount_cents = \"amount\"\nissued_on = \"issued\"\n# not used: \"owner\", \"title\"\n"
        );
        Rules::from_toml(&text).unwrap();
    }

    #[test]
    fn the_name_of_a_stream_counts_before_its_members() {
        let value = parse(r#"{"id":1,"name":"x","evil\"name":1}"#).unwrap().value;
        let text = propose("crm-Companies", &[value]);
        assert!(text.contains("object = \"account\""), "{text}");
        Rules::from_toml(&text).unwrap();
        Rules::from_toml(&propose("empty \"stream\"", &[])).unwrap();
        let anonymous = propose("answers", &[parse(r#"{"score":9}"#).unwrap().value]);
        assert!(anonymous.contains("\nkey = []  # no id was seen"), "{anonymous}");
        Rules::from_toml(&anonymous).unwrap();
    }
}
