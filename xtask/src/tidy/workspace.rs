//! What cargo says about the crates: who depends on whom, and what every package from outside is licensed under.
//!
//! Names are the short ones of the design: `pomona-web` is `web`, and the binary's package `pomona` is `cli`. Only the
//! host's platform is resolved, so that nothing has to be downloaded that the build did not need already.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use cargo_metadata::{DependencyKind, Metadata, MetadataCommand};

/// The crates of the workspace and the packages they pull in.
#[derive(Debug)]
pub struct Workspace {
    /// Ours.
    pub crates: Vec<Member>,
    /// Everybody else's.
    pub packages: Vec<Foreign>,
}

/// A crate of the workspace.
#[derive(Debug, Clone)]
pub struct Member {
    /// Its short name.
    pub name: String,
    /// What it depends on, ours and others'.
    pub dependencies: Vec<Dependency>,
}

/// One line of a manifest.
#[derive(Debug, Clone)]
pub struct Dependency {
    /// The package, by its short name when it is ours.
    pub name: String,
    /// Whether only tests, benchmarks and examples use it.
    pub is_dev: bool,
}

/// A package from outside.
#[derive(Debug, Clone)]
pub struct Foreign {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Its licence as an SPDX expression, where it states one.
    pub licence: Option<String>,
    /// Where it came from; `None` for a path.
    pub source: Option<String>,
}

impl Workspace {
    /// Asks cargo about the workspace at `root`.
    pub fn read(root: &Path) -> Result<Self> {
        let host = host_platform()?;
        let metadata = MetadataCommand::new()
            .manifest_path(root.join("Cargo.toml"))
            .other_options(["--filter-platform".to_owned(), host])
            .exec()
            .context("cargo cannot describe the workspace")?;
        Ok(Self::of(&metadata))
    }

    fn of(metadata: &Metadata) -> Self {
        let (ours, foreign): (Vec<_>, Vec<_>) =
            metadata.packages.iter().partition(|package| metadata.workspace_members.contains(&package.id));
        let crates = ours
            .iter()
            .map(|package| Member {
                name: short_name(package.name.as_ref()).to_owned(),
                dependencies: package
                    .dependencies
                    .iter()
                    .map(|dependency| Dependency {
                        name: short_name(&dependency.name).to_owned(),
                        is_dev: dependency.kind == DependencyKind::Development,
                    })
                    .collect(),
            })
            .collect();
        let packages = foreign
            .iter()
            .map(|package| Foreign {
                name: package.name.to_string(),
                version: package.version.to_string(),
                licence: package.license.clone(),
                source: package.source.as_ref().map(|source| source.repr.clone()),
            })
            .collect();
        Self { crates, packages }
    }
}

/// `pomona-web` → `web`, `pomona` → `cli`, anything else as it is.
fn short_name(package: &str) -> &str {
    match package {
        "pomona" => "cli",
        other => other.strip_prefix("pomona-").unwrap_or(other),
    }
}

fn host_platform() -> Result<String> {
    let output = Command::new("rustc").arg("-vV").output().context("cannot run rustc")?;
    let text = String::from_utf8_lossy(&output.stdout);
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host.context("rustc does not name its host")?.to_owned())
}

#[cfg(test)]
impl Workspace {
    /// A workspace of these crates, each with its dependencies; a name that starts with `dev:` is for tests only.
    pub(super) fn of_edges(crates: &[(&str, &[&str])]) -> Self {
        let dependency = |name: &&str| match name.strip_prefix("dev:") {
            Some(name) => Dependency { name: name.to_owned(), is_dev: true },
            None => Dependency { name: (*name).to_owned(), is_dev: false },
        };
        let member = |(name, dependencies): &(&str, &[&str])| Member {
            name: (*name).to_owned(),
            dependencies: dependencies.iter().map(dependency).collect(),
        };
        Self { crates: crates.iter().map(member).collect(), packages: Vec::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_workspace_is_read_by_its_short_names() {
        let workspace = Workspace::read(super::super::workspace_root()).unwrap();
        let names: Vec<_> = workspace.crates.iter().map(|member| member.name.as_str()).collect();
        for name in ["cli", "web", "domain", "xtask"] {
            assert!(names.contains(&name), "{name} is missing from {names:?}");
        }
        assert!(workspace.packages.iter().any(|package| package.name == "serde" && package.licence.is_some()));
    }
}
