//! The rules of the house: one file per family, each a function from what was read to what is wrong with it.
//!
//! Three nouns: the [`Tree`] is every file that git would keep, the [`Workspace`] is what cargo says about the crates,
//! and the [`Report`] collects findings and budgets. The data of the rules (the edge table, limits, exceptions with
//! their reasons) lives in `xtask/tidy.toml`, the words in `docs/reference/glossary.md`, the licences in `deny.toml`:
//! a rule here never repeats what one of those says. No rule changes a file.

use std::path::Path;

use anyhow::{Context, Result};

pub use self::config::Config;
pub use self::report::{Budget, Finding, Report};
pub use self::tree::Tree;
pub use self::workspace::Workspace;

mod attributes;
mod catalogue;
mod config;
mod edges;
mod fences;
mod names;
mod panics;
mod prose;
mod report;
mod size;
mod supply;
mod surface;
mod text;
mod tree;
mod workspace;

/// The root of the workspace that this program was built in.
pub fn workspace_root() -> &'static Path {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here)
}

/// Runs every rule over the workspace at `root`.
///
/// Fails where the tree cannot be read at all: no git, no cargo, a file that is not Rust although it is named so. What
/// can be read and breaks a rule is a [`Finding`] of the report, not an error.
pub fn run(root: &Path) -> Result<Report> {
    let config = Config::read(root)?;
    let tree = Tree::read(root)?;
    let workspace = Workspace::read(root)?;
    let deny = supply::Policy::read(root)?;

    let mut report = Report::default();
    edges::check(&workspace, &config, &mut report);
    fences::check(&workspace, &tree, &config, &mut report);
    size::check(&tree, &config, &mut report);
    panics::check(&tree, &config, &mut report);
    attributes::check(&tree, &mut report);
    surface::check(&tree, &config, &mut report);
    names::check(&tree, &config, &mut report);
    prose::check(&tree, &mut report);
    text::check(&tree, &mut report);
    catalogue::check(&tree, &mut report);
    supply::check(&workspace, &deny, &mut report);
    report.excuse(&config.exceptions);
    report.measured(&tree);
    Ok(report)
}

/// Reads one file below the root, naming it when that fails.
fn read(root: &Path, path: &str) -> Result<String> {
    std::fs::read_to_string(root.join(path)).with_context(|| format!("cannot read {path}"))
}
