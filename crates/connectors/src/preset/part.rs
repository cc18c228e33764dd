//! Parts of a whole that a vendor lists inside of it: which they are, and since when. What is no longer listed has
//! ended, and a part that was added later began later than the whole. Deliberately absent: what ending means, which is
//! for whoever keeps the records.

use domain::{Day, Instant};
use serde::Deserialize;

use super::spec::{Paths, Place};
use crate::json::Value;
use crate::record::date::{self, Format, Moment};

/// The day a part began: its own where it came on a later day than the whole, else where the whole starts.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Since {
    /// When the part was made.
    own: Paths,
    /// When the whole was made.
    whole: Paths,
    /// Where the whole starts, which may lie before it was made.
    start: Paths,
}

impl Since {
    /// The paths to read.
    pub(super) fn paths(&self, place: Place<'_>) -> &Paths {
        let added = day(&self.own, place).zip(day(&self.whole, place)).is_some_and(|(own, whole)| own > whole);
        if added { &self.own } else { &self.start }
    }
}

/// The ids of a list of objects, or a list of ids, with spaces between.
pub(super) fn ids(paths: &Paths, place: Place<'_>) -> Option<String> {
    let Some(Value::Array(parts)) = paths.first(place, |value| matches!(value, Value::Array(_))) else { return None };
    let id = |part: &Value<'_>| part.as_id().or_else(|| part.get("id")?.as_id()).map(str::to_owned);
    let ids: Vec<String> = parts.iter().filter_map(id).collect();
    (!ids.is_empty()).then(|| ids.join(" "))
}

/// Whether the first of two times is later than the second; so it is where there is no second.
pub(super) fn later(this: &Paths, than: &Paths, place: Place<'_>) -> bool {
    let at = |paths| moment(paths, place).map(Moment::instant);
    let (this, than): (Option<Instant>, Option<Instant>) = (at(this), at(than));
    than.is_none() || this > than
}

/// The day at one of `paths`.
pub(super) fn day(paths: &Paths, place: Place<'_>) -> Option<Day> {
    moment(paths, place).map(Moment::day)
}

fn moment(paths: &Paths, place: Place<'_>) -> Option<Moment> {
    match paths.first(place, |value| value.as_id().is_some())? {
        Value::Number(digits) => date::read(digits, Some(&Format::of_epoch(digits))).ok(),
        value => date::read(value.as_text()?, None).ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::parse;

    #[test]
    fn a_part_began_with_the_whole_unless_it_was_added_on_a_later_day() {
        let since: Since = toml::from_str("own = 'made'\nwhole = '^.made'\nstart = '^.start'").unwrap();
        let begins = |text: &str| {
            let value = parse(text).unwrap().value;
            let place = Place { root: &value, here: value.at("part").unwrap() };
            since.paths(place).first(place, |_| true).and_then(Value::as_id).unwrap().to_owned()
        };
        let added = r#"{"made":1767225600,"start":1764547200,"part":{"made":1772323200}}"#;
        assert_eq!(begins(added), "1772323200");
        let at_once = r#"{"made":1767225600,"start":1764547200,"part":{"made":1767225602}}"#;
        assert_eq!(begins(at_once), "1764547200", "backdated with the whole");
        let unknown = r#"{"made":"2026-01-01T00:00:00Z","start":"2026-01-01","part":{}}"#;
        assert_eq!(begins(unknown), "2026-01-01");
    }

    #[test]
    fn ids_are_those_of_objects_or_of_a_list_of_ids() {
        let listed = |text: &str| {
            let value = parse(text).unwrap().value;
            let paths: Paths = serde_json::from_str(r#"["items.data","items"]"#).unwrap();
            ids(&paths, Place { root: &value, here: &value })
        };
        assert_eq!(listed(r#"{"items":{"data":[{"id":"a"},{"id":"b"}]}}"#).as_deref(), Some("a b"));
        assert_eq!(listed(r#"{"items":["a"]}"#).as_deref(), Some("a"));
        assert_eq!(listed(r#"{"items":{"data":[]}}"#), None, "nothing is said of no parts");
    }
}
