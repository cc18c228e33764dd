//! From a catalogue to a few queries. All metrics over one relation share one
//! query, grouped by account; metrics over events share one more when they need
//! only recent ones, so that old parts are never opened. Metrics over other
//! metrics follow, each a formula over the snapshot so far.
//!
//! Everything is text and positions here; nothing is run.

use std::collections::{BTreeMap, BTreeSet};

use domain::metric::{Catalogue, Metric, SNAPSHOT, WhenEmpty};

use super::relation::{RELATIONS, Relation};
use crate::lifetime::LIFETIME;

/// How many days every history fits in.
const ALWAYS: u32 = u32::MAX;

/// The queries that compute a catalogue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Plan {
    /// One per relation and window.
    pub(crate) queries: Vec<Query>,
    /// Positions of metrics over metrics, each after its inputs.
    pub(crate) derived: Vec<usize>,
    /// Names of the relations some metric of which is zero where the account has no row and the book has one.
    pub(crate) shared: BTreeSet<&'static str>,
}

/// One grouped query over a relation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Query {
    /// The relation.
    pub(crate) relation: Relation,
    /// Days back from the end of the day that are read; `None` reads everything.
    pub(crate) window_days: Option<u32>,
    /// Positions of its metrics in the catalogue.
    pub(crate) metrics: Vec<usize>,
    /// The select list after `account_id`: one column `m<position>` per metric.
    columns: String,
    /// Whether `seen` counts every row the account ever had.
    pub(crate) counts_all: bool,
}

/// Why a catalogue cannot be computed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PlanError {
    /// A metric names a relation that does not exist.
    #[error("metric `{metric}` is over `{relation}`, which is no relation; there are {known}")]
    Relation {
        /// The metric.
        metric: String,
        /// What it names.
        relation: String,
        /// What it could name.
        known: String,
    },
    /// Metrics are defined by each other.
    #[error("metrics {0} are defined by each other: break the circle")]
    Circle(String),
}

impl Plan {
    /// Arranges a catalogue into queries.
    pub(crate) fn new(catalogue: &Catalogue) -> Result<Self, PlanError> {
        let mut groups: BTreeMap<(usize, bool), Vec<usize>> = BTreeMap::new();
        let (mut derived, mut shared) = (Vec::new(), BTreeSet::new());
        for (position, metric) in catalogue.metrics().iter().enumerate() {
            if metric.relation == SNAPSHOT {
                derived.push(position);
                continue;
            }
            if metric.relation == LIFETIME {
                continue;
            }
            let relation = RELATIONS.iter().position(|relation| relation.name == metric.relation);
            let relation = relation.ok_or_else(|| unknown_relation(metric))?;
            let windowed = RELATIONS[relation].has_window() && metric.window_days.is_some();
            groups.entry((relation, windowed)).or_default().push(position);
            // What it rests on, or its unwindowed twin, says whether the account was ever seen.
            let rests_on = RELATIONS[relation].rests_on();
            let seen = RELATIONS.iter().position(|relation| relation.name == rests_on).unwrap_or(relation);
            groups.entry((seen, false)).or_default();
            if metric.when_empty == WhenEmpty::Zero {
                shared.insert(rests_on);
            }
        }
        let queries = groups.into_iter().map(|((relation, windowed), metrics)| {
            Query::new(RELATIONS[relation], windowed, metrics, catalogue.metrics())
        });
        Ok(Self { queries: queries.collect(), derived: ordered(catalogue, derived)?, shared })
    }
}

impl Query {
    fn new(relation: Relation, windowed: bool, metrics: Vec<usize>, catalogue: &[Metric]) -> Self {
        let columns: Vec<String> = metrics.iter().map(|&at| format!(", {} as m{at}", catalogue[at].value)).collect();
        let longest = metrics.iter().map(|&at| catalogue[at].window_days.unwrap_or(ALWAYS)).max();
        Self {
            relation,
            window_days: longest.filter(|_| windowed),
            metrics,
            columns: columns.concat(),
            counts_all: !windowed,
        }
    }

    /// The whole statement, for the whole book or for some accounts.
    pub(crate) fn sql(&self, known_on: bool, accounts: Option<&[i64]>) -> String {
        let relation = self.relation.text(known_on);
        let seen = if self.counts_all { ", count(*) as seen" } else { "" };
        let columns = &self.columns;
        let some = accounts.map_or_else(String::new, |ids| format!(" and account_id in ({})", list(ids)));
        format!(
            "with relation as ({relation}) select account_id{seen}{columns} from relation \
             where account_id is not null{some} group by account_id"
        )
    }
}

fn list(ids: &[i64]) -> String {
    ids.iter().map(i64::to_string).collect::<Vec<_>>().join(", ")
}

fn unknown_relation(metric: &Metric) -> PlanError {
    let known =
        RELATIONS.iter().map(|relation| relation.name).chain([LIFETIME, SNAPSHOT]).collect::<Vec<_>>().join(", ");
    PlanError::Relation { metric: metric.key.clone(), relation: metric.relation.clone(), known }
}

/// Orders derived metrics so that each finds its inputs computed.
fn ordered(catalogue: &Catalogue, mut waiting: Vec<usize>) -> Result<Vec<usize>, PlanError> {
    let metrics = catalogue.metrics();
    let mut order = Vec::new();
    while !waiting.is_empty() {
        let unfinished: BTreeSet<usize> = waiting.iter().copied().collect();
        let (ready, blocked): (Vec<_>, Vec<_>) = waiting.into_iter().partition(|&at| {
            words(&metrics[at].value)
                .all(|word| catalogue.position(word).is_none_or(|input| !unfinished.contains(&input)))
        });
        if ready.is_empty() {
            let circle = blocked.iter().map(|&at| format!("`{}`", metrics[at].key)).collect::<Vec<_>>();
            return Err(PlanError::Circle(circle.join(", ")));
        }
        order.extend(ready);
        waiting = blocked;
    }
    Ok(order)
}

fn words(expression: &str) -> impl Iterator<Item = &str> {
    expression.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metric(key: &str, relation: &str, window: &str, value: &str) -> String {
        format!(
            "[[metric]]\nkey = \"{key}\"\nname = \"{key}\"\ndoc = \"d\"\ngroup = \"g\"\nunit = \"count\"\n\
             better = \"higher\"\nrelation = \"{relation}\"\n{window}\nvalue = \"{value}\"\n"
        )
    }

    fn plan(metrics: &[String]) -> Result<Plan, PlanError> {
        let mut catalogue = Catalogue::default();
        catalogue.add("test.toml", &metrics.concat()).unwrap();
        Plan::new(&catalogue)
    }

    #[test]
    fn metrics_of_one_relation_share_a_query() {
        let plan = plan(&[
            metric("a", "ticket", "", "count(*)"),
            metric("b", "ticket", "", "max(age_days)"),
            metric("c", "invoice", "", "count(*)"),
        ]);
        let queries = plan.unwrap().queries;
        assert_eq!(queries.iter().map(|query| query.metrics.clone()).collect::<Vec<_>>(), [vec![0, 1], vec![2]]);
        let sql = queries[0].sql(false, Some(&[4, 7]));
        assert!(sql.contains("count(*) as seen, count(*) as m0, max(age_days) as m1"), "{sql}");
        assert!(sql.ends_with("and account_id in (4, 7) group by account_id"), "{sql}");
    }

    #[test]
    fn recent_events_are_read_apart_from_all_history() {
        let plan = plan(&[
            metric("a", "event", "window_days = 28", "count(*)"),
            metric("b", "event", "window_days = 84", "count(*)"),
        ]);
        let queries = plan.unwrap().queries;
        assert_eq!(queries.len(), 2);
        assert_eq!((queries[0].window_days, queries[0].counts_all), (None, true));
        assert_eq!((queries[1].window_days, queries[1].counts_all), (Some(84), false));
    }

    #[test]
    fn derived_metrics_wait_for_their_inputs() {
        let plan = plan(&[
            metric("c", SNAPSHOT, "", "b / 2"),
            metric("b", SNAPSHOT, "", "a + 1"),
            metric("a", "ticket", "", "count(*)"),
        ]);
        assert_eq!(plan.unwrap().derived, [1, 0]);
    }

    #[test]
    fn circles_and_unknown_relations_are_named() {
        let circle = plan(&[metric("a", SNAPSHOT, "", "b"), metric("b", SNAPSHOT, "", "a")]);
        assert_eq!(circle, Err(PlanError::Circle("`a`, `b`".to_owned())));
        let unknown = plan(&[metric("a", "tickets", "", "count(*)")]).unwrap_err().to_string();
        assert!(
            unknown.starts_with("metric `a` is over `tickets`, which is no relation; there are event, "),
            "{unknown}"
        );
    }
}
