//! A [`Preset`] says, as data, what the streams of a vendor mean: which object a
//! record of a stream becomes, and at which path each of our fields lies. Presets
//! for known vendors are TOML files beside the code; anybody can write another.
//!
//! ```toml
//! [[rule]]
//! stream = "customers"
//! object = "account"
//! key = "id"
//! keep = ["metadata"]
//!
//! [rule.fields]
//! name = ["name", "email"]                     # the first that is there
//! renewal_date = { path = "period_end", as = "epoch_s" }
//! status = { path = "state", map = { live = "active", "*" = "churned" } }
//! ```
//!
//! A rule with `each` makes one draft of every object in a list; its paths then start
//! at the element, and at the record when they start with `^.`. A rule with
//! `fallback` is used when the rules of the same object before it found nothing, and one
//! with `update` adds to records that another stream brings. A preset with `guess` also
//! reads the streams it has no rule for, by the names of their members. Deliberately
//! absent: code per vendor, and formulas beyond the few every billing system needs
//! (`monthly`, `yearly` and `months`; of parts that a record lists, `since`, `ids` and `discounts`).

mod discount;
pub mod form;
mod generic;
mod part;
mod propose;
mod rate;
mod rule;
mod spec;
mod trial;

use std::collections::BTreeMap;

use domain::Instant;
use serde::Deserialize;

use crate::json::Value;
use crate::record::{Draft, Fault, Object};

pub use generic::guess;
pub use propose::{propose, propose_as};
use rule::Rule;
pub use trial::KeyTrial;

/// What the streams of a vendor mean.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Preset {
    /// The vendor.
    pub name: String,
    /// What it brings, in a sentence or two.
    pub doc: String,
    /// Whether streams without a rule are read by the names of their members.
    #[serde(default)]
    guess: bool,
    /// Whether its ids are those of the company's own systems, as those of its own database are. The ids of a vendor
    /// mean something to that vendor only.
    #[serde(default)]
    pub shared_ids: bool,
    /// Rules in order.
    #[serde(rename = "rule", default)]
    rules: Vec<Rule>,
}

/// Why a preset cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PresetError {
    /// Not a preset document.
    #[error("the preset cannot be read")]
    Toml(#[from] toml::de::Error),
    /// A field the object of its rule does not have.
    #[error("the rule for `{stream}` fills `{field}`, which is not a field of {}", object.as_str())]
    UnknownField {
        /// The stream of the rule.
        stream: String,
        /// What was written.
        field: String,
        /// The object of the rule.
        object: Object,
    },
    /// A conversion nobody knows.
    #[error("the rule for `{stream}` reads `{field}` as `{word}`, which is neither minor nor a date format")]
    UnknownConversion {
        /// The stream of the rule.
        stream: String,
        /// The field.
        field: String,
        /// What was written.
        word: String,
    },
}

/// The presets that come with the product, by name.
const NAMED: [(&str, &str); 8] = [
    ("chargebee", include_str!("../presets/chargebee.toml")),
    ("generic", include_str!("../presets/generic.toml")),
    ("hubspot", include_str!("../presets/hubspot.toml")),
    ("intercom", include_str!("../presets/intercom.toml")),
    ("postgres", include_str!("../presets/postgres.toml")),
    ("salesforce", include_str!("../presets/salesforce.toml")),
    ("stripe", include_str!("../presets/stripe.toml")),
    ("zendesk", include_str!("../presets/zendesk.toml")),
];

/// Rules of one's own, beside those of a preset: the same document without a head.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rules {
    #[serde(rename = "rule", default)]
    rules: Vec<Rule>,
}

impl Rules {
    /// Reads rules and checks that their fields exist.
    pub fn from_toml(text: &str) -> Result<Self, PresetError> {
        let rules: Self = toml::from_str(text)?;
        rules.rules.iter().try_for_each(Rule::check)?;
        Ok(rules)
    }
}

impl Preset {
    /// The names of the presets that come with the product.
    pub fn names() -> impl Iterator<Item = &'static str> {
        NAMED.iter().map(|(name, _)| *name)
    }

    /// The preset of this name; `None` when there is none.
    pub fn named(name: &str) -> Option<Result<Self, PresetError>> {
        NAMED.iter().find(|(known, _)| *known == name).map(|(_, text)| Self::from_toml(text))
    }

    /// This preset with rules of one's own: a stream they name is theirs, the others stay.
    #[must_use]
    pub fn with(mut self, own: Rules) -> Self {
        self.rules.retain(|rule| !own.rules.iter().any(|other| rule.stream.overlaps(&other.stream)));
        self.rules.extend(own.rules);
        self
    }

    /// Reads a preset and checks that its fields exist.
    pub fn from_toml(text: &str) -> Result<Self, PresetError> {
        let preset: Self = toml::from_str(text)?;
        preset.rules.iter().try_for_each(Rule::check)?;
        Ok(preset)
    }

    /// Whether a stream means anything here. What means nothing is kept raw.
    pub fn knows(&self, stream: &str) -> bool {
        !self.objects(stream).is_empty()
    }

    /// What the records of a stream become; nothing where the stream means nothing.
    pub fn objects(&self, stream: &str) -> Vec<Object> {
        let mut objects: Vec<Object> =
            self.rules.iter().filter(|rule| rule.stream.is(stream)).map(|rule| rule.object).collect();
        if objects.is_empty() && self.guess {
            objects.extend(guess(stream));
        }
        objects.dedup();
        objects
    }

    /// What a record of a stream becomes: no draft, one, or several.
    pub fn drafts(&self, stream: &str, record: &Value<'_>, received_at: Instant) -> Vec<Result<Draft, Fault>> {
        if self.guess && !self.rules.iter().any(|rule| rule.stream.is(stream)) {
            return guess(stream).map(|object| generic::drafts(object, record, received_at)).unwrap_or_default();
        }
        let mut drafts = Vec::new();
        let mut found: BTreeMap<Object, usize> = BTreeMap::new();
        for rule in self.rules.iter().filter(|rule| rule.stream.is(stream)) {
            let before = found.entry(rule.object).or_default();
            if rule.fallback && *before > 0 {
                continue;
            }
            let made = rule.drafts(record, received_at);
            *before += made.len();
            drafts.extend(made);
        }
        drafts
    }
}

#[cfg(test)]
mod tests;
