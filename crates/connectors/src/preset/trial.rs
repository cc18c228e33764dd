//! The key of a rule, tried on records of its stream: how many records the rule concerns and in how many of them its
//! key stands. A record without its key is known by its content, so a key that stands nowhere is a slip that nobody
//! would notice otherwise. Deliberately absent: other fields, which may well be rare.

use super::rule::Rule;
use super::{Object, Rules, Value, form};

/// What the key of a rule finds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyTrial {
    /// What the records of the rule become.
    pub object: Object,
    /// The paths of the key, in order of preference.
    pub paths: Vec<String>,
    /// Records, or parts of records, that the rule concerns.
    pub concerned: usize,
    /// Those of them in which the key stands.
    pub found: usize,
    /// The paths at which something stands in them.
    pub seen: Vec<String>,
}

impl Rules {
    /// The streams that rules name, each once.
    pub fn streams(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        for name in self.rules.iter().flat_map(|rule| rule.stream.names()) {
            if !names.iter().any(|known| known.eq_ignore_ascii_case(name)) {
                names.push(name);
            }
        }
        names
    }

    /// The keys of the rules for a stream, tried on some of its records. Rules without a key are not tried.
    pub fn try_keys(&self, stream: &str, records: &[Value<'_>]) -> Vec<KeyTrial> {
        let rules = self.rules.iter().filter(|rule| rule.stream.is(stream) && !rule.key.as_slice().is_empty());
        rules.map(|rule| trial(rule, records)).collect()
    }
}

fn trial(rule: &Rule, records: &[Value<'_>]) -> KeyTrial {
    let places: Vec<_> = records.iter().flat_map(|record| rule.places(record)).collect();
    KeyTrial {
        object: rule.object,
        paths: rule.key.as_slice().to_vec(),
        concerned: places.len(),
        found: places.iter().filter(|place| rule.key_at(**place).is_some()).count(),
        seen: form::seen_at(places.iter().map(|place| place.here))
            .into_iter()
            .filter(|seen| !seen.example.is_empty())
            .map(|seen| seen.path)
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::parse;

    /// Of a rule for deals with this key: how many records it concerns, and in how many its key stands.
    fn check(key: &str, concerned: usize, found: usize) {
        let rules =
            format!("[[rule]]\nstream = ['Deals', 'DEALS']\nobject = 'invoice'\nlack = ['draft']\nkey = {key}\n");
        let rules = Rules::from_toml(&rules).unwrap();
        let records = [r#"{"id":1,"ref":{"no":"a"}}"#, r#"{"id":2,"ref":null}"#, r#"{"id":3,"draft":true}"#];
        let records: Vec<Value<'_>> = records.iter().map(|text| parse(text).unwrap().value).collect();
        assert_eq!(rules.streams(), ["Deals"]);
        let trials = rules.try_keys("deals", &records);
        assert_eq!((trials[0].concerned, trials[0].found), (concerned, found), "{key}");
        assert!(rules.try_keys("tickets", &records).is_empty());
    }

    #[test]
    fn a_key_is_looked_for_where_its_rule_applies() {
        check("'id'", 2, 2);
        check("'ref.no'", 2, 1);
        check("['number', 'ref.no']", 2, 1);
        check("'number'", 2, 0);
        check("'ref'", 2, 0);
        let without = Rules::from_toml("[[rule]]\nstream = 'deals'\nobject = 'invoice'\nkey = []\n").unwrap();
        assert!(without.try_keys("deals", &[]).is_empty(), "it says that there is none");
    }

    #[test]
    fn parts_of_a_record_have_keys_of_their_own() {
        let text = "[[rule]]\nstream = 'orders'\nobject = 'invoice'\neach = 'bills'\nkey = 'no'\n";
        let record = parse(r#"{"no":1,"bills":[{"no":7},{"nr":8}]}"#).unwrap().value;
        let trials = Rules::from_toml(text).unwrap().try_keys("orders", &[record]);
        assert_eq!((trials[0].concerned, trials[0].found), (2, 1));
        assert_eq!(trials[0].seen, ["no", "nr"]);
    }
}
