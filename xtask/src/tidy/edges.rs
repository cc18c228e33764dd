//! The edge table: which crate of the product may depend on which.
//!
//! Locality of change follows the number of edges, so a new one is a decision (an ADR), not a line in a manifest. The
//! test kit and this crate are outside the table; nothing may depend on them except for tests.

use std::collections::BTreeMap;

use super::config::Config;
use super::report::Report;
use super::workspace::Workspace;

/// Crates that the product may use in tests only.
const TOOLS: [&str; 2] = ["testkit", "xtask"];

pub(super) fn check(workspace: &Workspace, config: &Config, report: &mut Report) {
    let mut actual: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for member in workspace.crates.iter().filter(|member| !TOOLS.contains(&member.name.as_str())) {
        let ours = |name: &str| workspace.crates.iter().any(|other| other.name == name);
        let targets: Vec<&str> = member
            .dependencies
            .iter()
            .filter(|dependency| !dependency.is_dev && ours(&dependency.name))
            .map(|dependency| dependency.name.as_str())
            .collect();
        compare(&member.name, &targets, config, report);
        actual.insert(&member.name, targets);
    }
    for name in config.edges.keys().filter(|name| !actual.contains_key(name.as_str())) {
        report.finding("edge", "xtask/tidy.toml", format!("the table names `{name}`, which is not in the workspace"));
    }
    let edges: usize = actual.values().map(Vec::len).sum();
    report.budget("edges per crate", edges as f64 / actual.len().max(1) as f64, config.budgets.edges_per_crate);
    let depth = actual.keys().map(|name| depth(name, &actual)).max().unwrap_or(0);
    report.budget("depth of the crate graph", depth as f64, config.budgets.depth);
}

fn compare(name: &str, targets: &[&str], config: &Config, report: &mut Report) {
    let place = format!("crates/{name}/Cargo.toml");
    let Some(allowed) = config.edges.get(name) else {
        report.finding("edge", place, "the crate is not in the edge table; a new crate needs an ADR");
        return;
    };
    for target in targets.iter().filter(|target| !allowed.iter().any(|allowed| allowed == *target)) {
        report.finding("edge", &*place, format!("{name} → {target} is not in the edge table; a new edge needs an ADR"));
    }
}

/// Crates on the longest path that starts here. Cargo refuses cycles, so this ends.
fn depth(name: &str, edges: &BTreeMap<&str, Vec<&str>>) -> usize {
    let below = edges.get(name).into_iter().flatten().map(|target| depth(target, edges)).max();
    1 + below.unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(crates: &[(&str, &[&str])]) -> Vec<String> {
        let mut report = Report::default();
        check(&Workspace::of_edges(crates), &Config::ours(), &mut report);
        let unknown = |message: &String| !message.contains("which is not in the workspace");
        report.findings.into_iter().map(|finding| finding.message).filter(unknown).collect()
    }

    #[test]
    fn an_edge_outside_the_table_is_found() {
        let found = findings(&[("stats", &["domain"]), ("domain", &[])]);
        assert_eq!(found, ["stats → domain is not in the edge table; a new edge needs an ADR"]);
    }

    #[test]
    fn edges_in_the_table_and_edges_of_tests_are_not() {
        assert!(
            findings(&[("store", &["domain", "dev:testkit"]), ("domain", &[]), ("testkit", &["store"])]).is_empty()
        );
    }

    #[test]
    fn the_product_may_not_ship_the_test_kit_or_an_unknown_crate() {
        assert_eq!(findings(&[("domain", &["testkit"]), ("testkit", &[])]).len(), 1);
        assert_eq!(findings(&[("attic", &[])]), ["the crate is not in the edge table; a new crate needs an ADR"]);
    }

    #[test]
    fn depth_counts_the_crates_of_the_longest_path() {
        let mut report = Report::default();
        let crates: &[(&str, &[&str])] =
            &[("cli", &["web", "domain"]), ("web", &["engine"]), ("engine", &["domain"]), ("domain", &[])];
        check(&Workspace::of_edges(crates), &Config::ours(), &mut report);
        assert_eq!(report.figures(), ["1", "4"]);
    }
}
