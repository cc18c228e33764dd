//! A [`Metric`] is a named number per account as of a day; the [`Catalogue`] is
//! all of them, read from TOML. A metric over facts names the relation it counts
//! and an SQL aggregate over it; a metric over the snapshot is an expression of
//! other metrics. Computing them is the engine's; this module only knows what a
//! metric is and whether a catalogue makes sense.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::definition::{self, DefinitionError, error_at};

/// What the number counts; decides how it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// A count of things.
    Count,
    /// A share between 0 and 1, shown as percent.
    Share,
    /// A quotient without bounds, such as this month over last month.
    Ratio,
    /// Days.
    Days,
    /// Hours.
    Hours,
    /// Minor units of the account's currency; whole units in expressions.
    Money,
    /// A point on the scale the metric's text names.
    Points,
    /// 1 for yes, 0 for no.
    Flag,
}

impl Unit {
    /// The word used in files and in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Count => "count",
            Self::Share => "share",
            Self::Ratio => "ratio",
            Self::Days => "days",
            Self::Hours => "hours",
            Self::Money => "money",
            Self::Points => "points",
            Self::Flag => "flag",
        }
    }
}

/// Which way is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Better {
    /// More is better.
    Higher,
    /// Less is better.
    Lower,
    /// Neither.
    Neutral,
}

/// What an account without a single matching row gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WhenEmpty {
    /// Nothing is known: the value is unknown.
    #[default]
    Unknown,
    /// Zero, provided the book has any row of the relation at all.
    Zero,
    /// Zero, provided this account ever had a row of the relation.
    ZeroIfSeen,
}

/// The name under which metrics read other metrics.
pub const SNAPSHOT: &str = "snapshot";

/// One named number per account and day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Metric {
    /// Column name in the snapshot: `active_users_28d`.
    pub key: String,
    /// Name on screen.
    pub name: String,
    /// What it means, for whoever doubts it.
    pub doc: String,
    /// Heading it stands under: usage, support, revenue …
    pub group: String,
    /// What the number counts.
    pub unit: Unit,
    /// Which way is good.
    pub better: Better,
    /// The relation it is computed over, or [`SNAPSHOT`].
    pub relation: String,
    /// Facts older than this many days cannot change it; absent means all history.
    #[serde(default)]
    pub window_days: Option<u32>,
    /// SQL: an aggregate over the relation, or an expression of other metrics.
    pub value: String,
    /// What an account without rows gets.
    #[serde(default)]
    pub when_empty: WhenEmpty,
}

/// All metrics, in the order of their files.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Catalogue {
    metrics: Vec<Metric>,
    by_key: BTreeMap<String, usize>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    metric: Vec<Metric>,
}

impl Catalogue {
    /// Adds the metrics of one file.
    ///
    /// Fails on a field or unit that does not exist, a key that is not a plain
    /// lower-case name, and a key already taken.
    pub fn add(&mut self, file: &str, text: &str) -> Result<(), DefinitionError> {
        let parsed: File = definition::read(file, text)?;
        for metric in parsed.metric {
            let complain = |message: String| Err(error_at(file, text, &metric.key, message));
            if !is_key(&metric.key) {
                return complain(format!(
                    "`{}` cannot name a metric: use lower-case letters, digits and underscores, starting with a letter",
                    metric.key
                ));
            }
            if self.by_key.contains_key(&metric.key) {
                return complain(format!("metric `{}` is defined twice: rename one of them", metric.key));
            }
            if metric.doc.trim().is_empty() || metric.value.trim().is_empty() {
                return complain(format!("metric `{}` needs a `doc` and a `value`", metric.key));
            }
            self.by_key.insert(metric.key.clone(), self.metrics.len());
            self.metrics.push(metric);
        }
        Ok(())
    }

    /// Every metric in order.
    pub fn metrics(&self) -> &[Metric] {
        &self.metrics
    }

    /// Position of a metric, which is its column in every snapshot row.
    pub fn position(&self, key: &str) -> Option<usize> {
        self.by_key.get(key).copied()
    }

    /// The metric of a key.
    pub fn get(&self, key: &str) -> Option<&Metric> {
        self.position(key).map(|at| &self.metrics[at])
    }

    /// The known key nearest to a misspelt one.
    pub fn nearest(&self, key: &str) -> Option<&str> {
        definition::nearest(key, self.by_key.keys().map(String::as_str))
    }
}

fn is_key(key: &str) -> bool {
    key.starts_with(|c: char| c.is_ascii_lowercase())
        && key.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEATS: &str = r#"
[[metric]]
key = "seats"
name = "Seats"
doc = "Seats under contract."
group = "revenue"
unit = "count"
better = "higher"
relation = "subscription_item"
value = "sum(quantity)"
"#;

    #[test]
    fn a_catalogue_reads_its_metrics_in_order() {
        let mut catalogue = Catalogue::default();
        catalogue.add("revenue.toml", SEATS).unwrap();
        assert_eq!(catalogue.position("seats"), Some(0));
        assert_eq!(catalogue.get("seats").unwrap().when_empty, WhenEmpty::Unknown);
        assert_eq!(catalogue.nearest("seat"), Some("seats"));
    }

    #[test]
    fn a_key_is_defined_once_and_named_plainly() {
        let mut catalogue = Catalogue::default();
        catalogue.add("a.toml", SEATS).unwrap();
        let twice = catalogue.add("b.toml", SEATS).unwrap_err();
        assert_eq!(twice.to_string(), "b.toml:3:8: metric `seats` is defined twice: rename one of them");
        let odd = SEATS.replace("\"seats\"", "\"Seats!\"");
        assert!(catalogue.add("c.toml", &odd).unwrap_err().message.contains("cannot name a metric"));
    }
}
