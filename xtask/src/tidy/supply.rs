//! What the build is made of: every package from outside has a licence that `deny.toml` allows, is not banned there,
//! and comes from the registry.
//!
//! `cargo deny` judges the same file and more (advisories, platforms that are not this one) where it is installed; it
//! takes minutes to build and needs a database from the network, so what can be judged from cargo's own description is
//! judged here, in every run.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};
use serde::Deserialize;

use super::report::Report;
use super::workspace::{Foreign, Workspace};

/// The part of `deny.toml` that is read here.
#[derive(Debug, Deserialize)]
pub(super) struct Policy {
    licenses: Licences,
    bans: Bans,
}

#[derive(Debug, Deserialize)]
struct Licences {
    allow: Vec<String>,
    #[serde(default)]
    exceptions: Vec<LicenceException>,
}

#[derive(Debug, Deserialize)]
struct LicenceException {
    allow: Vec<String>,
    #[serde(rename = "crate")]
    package: String,
}

#[derive(Debug, Deserialize)]
struct Bans {
    deny: Vec<Ban>,
}

#[derive(Debug, Deserialize)]
struct Ban {
    #[serde(rename = "crate")]
    package: String,
    reason: String,
}

impl Policy {
    pub(super) fn read(root: &Path) -> Result<Self> {
        toml::from_str(&super::read(root, "deny.toml")?).context("deny.toml")
    }
}

pub(super) fn check(workspace: &Workspace, policy: &Policy, report: &mut Report) {
    let mut versions: BTreeMap<&str, usize> = BTreeMap::new();
    for package in &workspace.packages {
        *versions.entry(&package.name).or_default() += 1;
        licence(package, &policy.licenses, report);
        for ban in policy.bans.deny.iter().filter(|ban| ban.package == package.name) {
            report.finding("ban", place(package), &*ban.reason);
        }
        if !package.source.as_deref().is_some_and(|source| source.starts_with("registry+")) {
            report.finding("origin", place(package), "does not come from the registry");
        }
    }
    report.budget("packages from outside", workspace.packages.len() as f64, None);
    let twice = versions.values().filter(|count| **count > 1).count();
    report.budget("of them in more than one version", twice as f64, None);
}

fn place(package: &Foreign) -> String {
    format!("Cargo.lock: {} {}", package.name, package.version)
}

fn licence(package: &Foreign, licences: &Licences, report: &mut Report) {
    let Some(expression) = &package.licence else {
        report.finding("licence", place(package), "states no licence");
        return;
    };
    let excepted = licences.exceptions.iter().filter(|exception| exception.package == package.name);
    let allowed: Vec<&str> =
        licences.allow.iter().chain(excepted.flat_map(|exception| &exception.allow)).map(String::as_str).collect();
    if !is_allowed(expression, &allowed) {
        report.finding("licence", place(package), format!("`{expression}` is not allowed by deny.toml"));
    }
}

/// Whether some choice that the SPDX expression leaves is allowed throughout.
fn is_allowed(expression: &str, allowed: &[&str]) -> bool {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let mut tokens = spaced.split_whitespace().collect::<Vec<_>>().into_iter().peekable();
    any_of(&mut tokens, allowed)
}

type Tokens<'a> = std::iter::Peekable<std::vec::IntoIter<&'a str>>;

fn any_of(tokens: &mut Tokens, allowed: &[&str]) -> bool {
    let mut any = all_of(tokens, allowed);
    while tokens.next_if_eq(&"OR").is_some() {
        any |= all_of(tokens, allowed);
    }
    any
}

fn all_of(tokens: &mut Tokens, allowed: &[&str]) -> bool {
    let mut all = one(tokens, allowed);
    while tokens.next_if_eq(&"AND").is_some() {
        all &= one(tokens, allowed);
    }
    all
}

fn one(tokens: &mut Tokens, allowed: &[&str]) -> bool {
    match tokens.next() {
        Some("(") => {
            let inner = any_of(tokens, allowed);
            tokens.next_if_eq(&")");
            inner
        }
        Some(name) => match tokens.next_if_eq(&"WITH").and_then(|_| tokens.next()) {
            Some(exception) => allowed.contains(&format!("{name} WITH {exception}").as_str()),
            None => allowed.contains(&name),
        },
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(name: &str, licence: Option<&str>, source: Option<&str>) -> Vec<&'static str> {
        let policy = toml::from_str(
            "[licenses]\nallow = [\"MIT\", \"Apache-2.0\"]\nexceptions = [{ allow = [\"MPL-2.0\"], crate = \"odd\" }]\n\
             [bans]\ndeny = [{ crate = \"openssl\", reason = \"one TLS stack\" }]\n",
        );
        let package = Foreign {
            name: name.to_owned(),
            version: "1.0.0".to_owned(),
            licence: licence.map(str::to_owned),
            source: source.map(str::to_owned),
        };
        let mut report = Report::default();
        check(&Workspace { crates: Vec::new(), packages: vec![package] }, &policy.unwrap(), &mut report);
        report.findings.into_iter().map(|finding| finding.rule).collect()
    }

    #[test]
    fn licences_bans_and_origins_are_judged() {
        let registry = Some("registry+https://example.com/index");
        assert!(rules("good", Some("MIT"), registry).is_empty());
        assert_eq!(rules("bad", Some("GPL-3.0-only"), registry), ["licence"]);
        assert_eq!(rules("silent", None, registry), ["licence"]);
        assert!(rules("odd", Some("MPL-2.0"), registry).is_empty());
        assert_eq!(rules("other", Some("MPL-2.0"), registry), ["licence"]);
        assert_eq!(rules("openssl", Some("MIT"), registry), ["ban"]);
        assert_eq!(rules("git", Some("MIT"), Some("git+https://example.com/x")), ["origin"]);
    }

    #[test]
    fn expressions_leave_choices() {
        let allowed = ["MIT", "Unicode-3.0", "Apache-2.0 WITH LLVM-exception"];
        for good in [
            "MIT",
            "MIT/Apache-2.0",
            "Apache-2.0 OR MIT",
            "(MIT OR Apache-2.0) AND Unicode-3.0",
            "Apache-2.0 WITH LLVM-exception OR GPL-2.0",
        ] {
            assert!(is_allowed(good, &allowed), "{good}");
        }
        for bad in ["Apache-2.0", "MIT AND GPL-2.0", "(GPL-2.0 OR LGPL-3.0) AND MIT", "", "MIT WITH odd-exception"] {
            assert!(!is_allowed(bad, &allowed), "{bad}");
        }
    }
}
