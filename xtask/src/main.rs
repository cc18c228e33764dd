//! `cargo xtask`: the command line of the house rules. One subcommand today; it prints every budget with its figure
//! and exits with 1 when a rule is broken.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Checks that belong to the workspace rather than to the product.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Compares the tree with the rules of the house and prints every budget with its figure.
    #[command(after_help = "Example: cargo xtask tidy")]
    Tidy {
        /// The root of the workspace; by default the one this program was built in.
        #[arg(long, value_name = "DIR")]
        root: Option<PathBuf>,
    },
}

fn main() -> anyhow::Result<ExitCode> {
    match Arguments::parse().command {
        Command::Tidy { root } => tidy(root.as_deref()),
    }
}

fn tidy(root: Option<&Path>) -> anyhow::Result<ExitCode> {
    let report = xtask::tidy::run(root.unwrap_or(xtask::tidy::workspace_root()))?;
    println!("{report}");
    Ok(if report.is_clean() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
