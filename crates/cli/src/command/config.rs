//! `pomona config`: definitions are files, and this checks them. It opens no data and changes nothing.

use anyhow::bail;
use clap::Subcommand;
use engine::Definitions;

use crate::{print, settings::Settings};

/// Checks definition files.
#[derive(Debug, Subcommand)]
pub(crate) enum Config {
    /// Reads every definition of the home folder and says what is wrong
    ///
    /// Example: pomona config validate --home /var/lib/pomona
    Validate,
}

impl Config {
    pub(crate) fn run(self, settings: &Settings) -> anyhow::Result<()> {
        match self {
            Self::Validate => {
                let home = settings.home();
                if !home.is_dir() {
                    bail!("there is no folder {}: say with --home whose definitions are meant", home.display());
                }
                let definitions = Definitions::load(&home)?;
                print::line(&format!(
                    "{} metrics, 1 scorecard, {} signals, {} playbooks: all right",
                    definitions.catalogue.metrics().len(),
                    definitions.rules.len(),
                    definitions.playbooks.len()
                ));
                Ok(())
            }
        }
    }
}
