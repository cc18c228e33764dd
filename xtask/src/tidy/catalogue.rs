//! The metric catalogue as a reader meets it: every metric says in a sentence what it is, and in which unit.
//!
//! The catalogue's grammar is the business of `domain`, which refuses what it does not understand; this rule only reads
//! the TOML files under `definitions/metrics` and looks at prose. A catalogue that has moved is noticed.

use toml::{Table, Value};

use super::report::Report;
use super::tree::Tree;

/// Shorter than this a text restates the key.
const SHORTEST_DOC: usize = 20;

pub(super) fn check(tree: &Tree, report: &mut Report) {
    let mut metrics = 0;
    for file in tree.files.iter().filter(|file| file.path.contains("/definitions/metrics/")) {
        match file.text.parse::<Table>() {
            Ok(table) => {
                for (name, metric) in entries(&table) {
                    metrics += 1;
                    entry(&file.path, &name, metric, report);
                }
            }
            Err(error) => report.finding("metric", &*file.path, format!("is not TOML: {error}")),
        }
    }
    report.budget("metrics in the catalogue", f64::from(metrics), None);
    if metrics == 0 {
        report.finding("metric", "crates", "no metric below any `definitions/metrics` folder");
    }
}

/// The metrics of a file: `[[metric]]` entries with a `key`, or one table per metric.
fn entries(table: &Table) -> Vec<(String, &Table)> {
    let key = |metric: &Table| metric.get("key").and_then(Value::as_str).unwrap_or("?").to_owned();
    let listed = table.get("metric").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_table);
    let named = table.get("metric").and_then(Value::as_table).unwrap_or(table).iter();
    match table.get("metric") {
        Some(Value::Array(_)) => listed.map(|metric| (key(metric), metric)).collect(),
        _ => named.filter_map(|(name, value)| Some((name.clone(), value.as_table()?))).collect(),
    }
}

fn entry(path: &str, name: &str, metric: &Table, report: &mut Report) {
    let text = |key: &str| metric.get(key).and_then(Value::as_str).unwrap_or("").trim();
    if text("doc").len() < SHORTEST_DOC || text("doc") == name {
        report.finding("metric", path, format!("`{name}` does not say what it is (`doc`)"));
    }
    if text("unit").is_empty() {
        report.finding("metric", path, format!("`{name}` does not say its unit"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(text: &str) -> Vec<String> {
        let mut report = Report::default();
        check(&Tree::of(&[("crates/engine/definitions/metrics/usage.toml", text)]), &mut report);
        report.findings.into_iter().map(|finding| finding.message).collect()
    }

    #[test]
    fn a_metric_says_what_it_is_and_in_which_unit() {
        let good = "[[metric]]\nkey = \"events_28d\"\ndoc = \"Usage events of the last 28 days.\"\nunit = \"events\"\n";
        assert!(messages(good).is_empty());
        let bad = "[[metric]]\nkey = \"events_28d\"\ndoc = \"Events.\"\n";
        assert_eq!(
            messages(bad),
            ["`events_28d` does not say what it is (`doc`)", "`events_28d` does not say its unit"]
        );
        assert_eq!(messages("[metric.events_28d]\nunit = \"events\"\n").len(), 1);
    }

    #[test]
    fn a_catalogue_that_is_broken_or_gone_is_noticed() {
        assert_eq!(messages("[[metric").len(), 2);
        assert_eq!(messages(""), ["no metric below any `definitions/metrics` folder"]);
    }
}
