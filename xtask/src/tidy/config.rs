//! `xtask/tidy.toml` as types: the edge table, the fences, the limits and the exceptions. Unknown keys are refused, and
//! so is an exception without a reason: a typing error must not switch a rule off.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use super::report::Finding;

/// The data that the rules compare the tree with.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Config {
    /// For each crate of the product, the crates it may depend on.
    pub edges: BTreeMap<String, Vec<String>>,
    /// Which crate alone may name which dependencies.
    #[serde(rename = "fence")]
    pub fences: Vec<Fence>,
    /// The crates that do no input or output.
    pub pure: Pure,
    /// The limits of the printed budgets.
    pub budgets: Limits,
    /// Words that name nothing.
    pub names: Names,
    /// Findings that are right as they are.
    #[serde(rename = "exception", default)]
    pub exceptions: Vec<Exception>,
}

/// A dependency with one home.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fence {
    /// The only crate that may depend on these; without one, no crate may.
    pub home: Option<String>,
    /// Package names; `arrow` covers `arrow-array` too.
    pub packages: Vec<String>,
    /// Why the fence stands.
    pub reason: String,
}

/// The crates that stay free of the outside world.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pure {
    /// Their names.
    pub crates: Vec<String>,
    /// Packages that they may not depend on.
    pub packages: Vec<String>,
    /// Paths that they may not name, such as `std::fs`.
    pub paths: Vec<String>,
}

/// The most that each budget may be.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Limits {
    /// Mean number of workspace crates that a crate depends on.
    pub edges_per_crate: f64,
    /// Crates on the longest path of the edge table.
    pub depth: f64,
    /// Median lines of a file, tests not counted.
    pub file_median: f64,
    /// 95th percentile of the same.
    pub file_p95: f64,
    /// Lines, tests not counted, from which a file needs an exception with a reason.
    pub file_longest: usize,
    /// 90th percentile of the lines of a function.
    pub function_p90: f64,
    /// `unwrap` and `expect` outside tests, per thousand lines.
    pub panics_per_1000_lines: f64,
    /// Fields of the state that handlers share.
    pub state_fields: usize,
    /// Names that a crate root re-exports.
    pub root_reexports: usize,
}

/// Words that name nothing.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Names {
    /// Module names that say nothing about what is inside.
    pub modules: Vec<String>,
    /// Prefixes of public functions that say nothing about what they do.
    pub prefixes: Vec<String>,
    /// Crates that speak other systems' words because they translate them.
    pub translators: Vec<String>,
}

/// A finding that is right as it is, and why.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exception {
    /// The rule as printed in the finding.
    pub rule: String,
    /// The beginning of the place: a file, or a folder with its slash.
    pub path: String,
    /// Why the rule does not apply there.
    pub reason: String,
}

impl Exception {
    /// Whether this exception speaks of that finding.
    pub(super) fn covers(&self, finding: &Finding) -> bool {
        self.rule == finding.rule && finding.place.starts_with(&self.path)
    }
}

impl Config {
    /// Reads `xtask/tidy.toml` below the root and checks that every exception says why.
    pub fn read(root: &Path) -> Result<Self> {
        Self::parse(&super::read(root, "xtask/tidy.toml")?).context("xtask/tidy.toml")
    }

    pub(super) fn parse(text: &str) -> Result<Self> {
        let config: Self = toml::from_str(text)?;
        for Exception { rule, path, reason } in &config.exceptions {
            ensure!(reason.len() >= 20, "the exception from `{rule}` for {path} does not say why");
        }
        Ok(config)
    }
}

#[cfg(test)]
impl Config {
    /// The configuration of this workspace, so that tests judge by the real limits.
    pub(super) fn ours() -> Self {
        Self::read(super::workspace_root()).unwrap()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_an_exception_without_a_reason_and_an_unknown_key() {
        let ours = super::super::read(super::super::workspace_root(), "xtask/tidy.toml").unwrap();
        let lazy = format!("{ours}\n[[exception]]\nrule = \"long-file\"\npath = \"x.rs\"\nreason = \"\"\n");
        let error = format!("{:#}", Config::parse(&lazy).unwrap_err());
        assert!(error.contains("does not say why"), "{error}");

        let typo = format!("{ours}\n[[exeption]]\nrule = \"long-file\"\n");
        assert!(Config::parse(&typo).is_err());
    }
}
