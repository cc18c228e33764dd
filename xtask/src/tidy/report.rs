//! What the rules say in the end: findings, which fail the run, and budgets, which are printed with their figures even
//! when they hold. An exception silences a finding only with a reason, and an exception that silences nothing is itself
//! a finding, so the list cannot outlive its causes.

use std::fmt;

use super::config::Exception;
use super::tree::Tree;

/// Something that breaks a rule, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The name of the rule, as exceptions in `xtask/tidy.toml` spell it.
    pub rule: &'static str,
    /// The file, with a line where there is one: `crates/web/src/ui.rs:12`.
    pub place: String,
    /// What is wrong and what to do about it.
    pub message: String,
}

/// A figure of the tree, with its limit where it has one.
#[derive(Debug, Clone, PartialEq)]
pub struct Budget {
    /// What is counted.
    pub name: &'static str,
    /// What it is today.
    pub figure: f64,
    /// The most that it may be; `None` for a figure that is only shown.
    pub limit: Option<f64>,
}

impl Budget {
    fn is_kept(&self) -> bool {
        self.limit.is_none_or(|limit| self.figure <= limit)
    }
}

/// Everything that the rules had to say about one tree.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Report {
    /// What breaks a rule.
    pub findings: Vec<Finding>,
    /// The figures, in the order of the rules.
    pub budgets: Vec<Budget>,
    size: String,
}

impl Report {
    /// Whether no rule is broken and no budget exceeded.
    pub fn is_clean(&self) -> bool {
        self.findings.is_empty() && self.budgets.iter().all(Budget::is_kept)
    }

    pub(super) fn finding(&mut self, rule: &'static str, place: impl Into<String>, message: impl Into<String>) {
        self.findings.push(Finding { rule, place: place.into(), message: message.into() });
    }

    pub(super) fn budget(&mut self, name: &'static str, figure: f64, limit: impl Into<Option<f64>>) {
        self.budgets.push(Budget { name, figure, limit: limit.into() });
    }

    /// Drops the findings that an exception covers, and reports each exception that covers none.
    pub(super) fn excuse(&mut self, exceptions: &[Exception]) {
        let mut stale = Vec::new();
        for exception in exceptions {
            let before = self.findings.len();
            self.findings.retain(|finding| !exception.covers(finding));
            if self.findings.len() == before {
                stale.push(exception);
            }
        }
        for exception in stale {
            self.finding(
                "exception",
                "xtask/tidy.toml",
                format!("`{}` for {} silences nothing any more; delete it", exception.rule, exception.path),
            );
        }
    }

    pub(super) fn measured(&mut self, tree: &Tree) {
        let rust = tree.sources().count();
        let lines: usize = tree.sources().map(|source| source.lines).sum();
        self.size = format!("{} files, {rust} of them Rust with {lines} lines outside tests", tree.files.len());
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "tidy: {}", self.size)?;
        for budget in &self.budgets {
            let mark = if budget.is_kept() { ' ' } else { '!' };
            write!(f, "{mark} {:<44} {:>8}", budget.name, figure(budget.figure))?;
            match budget.limit {
                Some(limit) => writeln!(f, "  (at most {})", figure(limit))?,
                None => writeln!(f)?,
            }
        }
        for Finding { rule, place, message } in &self.findings {
            writeln!(f, "! {rule}: {place}: {message}")?;
        }
        let over = self.budgets.iter().filter(|budget| !budget.is_kept()).count();
        write!(f, "{} findings, {over} budgets exceeded", self.findings.len())
    }
}

/// Whole numbers without decimals, the rest with two.
fn figure(value: f64) -> String {
    if value.fract() == 0.0 { format!("{value:.0}") } else { format!("{value:.2}") }
}

#[cfg(test)]
impl Report {
    /// The figures as printed, in their order.
    pub(super) fn figures(&self) -> Vec<String> {
        self.budgets.iter().map(|budget| figure(budget.figure)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exception(rule: &str, path: &str) -> Exception {
        Exception { rule: rule.to_owned(), path: path.to_owned(), reason: "because".to_owned() }
    }

    #[test]
    fn a_finding_or_an_exceeded_budget_is_not_clean() {
        let mut report = Report::default();
        report.budget("pages", 3.0, 3.0);
        report.budget("only shown", 1e9, None);
        assert!(report.is_clean());
        report.budget("pages", 3.5, 3.0);
        assert!(!report.is_clean());
        assert!(report.to_string().contains('!'), "{report}");

        let mut report = Report::default();
        report.finding("rule", "a.rs:1", "wrong");
        assert!(!report.is_clean());
    }

    #[test]
    fn an_exception_silences_its_rule_in_its_place_only() {
        let mut report = Report::default();
        report.finding("long-file", "crates/a/src/x.rs", "600 lines");
        report.finding("long-file", "crates/b/src/x.rs", "600 lines");
        report.finding("module-doc", "crates/a/src/x.rs", "none");
        report.excuse(&[exception("long-file", "crates/a/")]);
        let left: Vec<_> = report.findings.iter().map(|f| (f.rule, f.place.as_str())).collect();
        assert_eq!(left, [("long-file", "crates/b/src/x.rs"), ("module-doc", "crates/a/src/x.rs")]);
    }

    #[test]
    fn an_exception_without_a_cause_is_a_finding() {
        let mut report = Report::default();
        report.excuse(&[exception("long-file", "crates/a/")]);
        assert_eq!(report.findings.len(), 1);
        assert_eq!(report.findings[0].rule, "exception");
    }
}
