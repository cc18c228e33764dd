//! `pomona config`: definitions are files, and this checks them. It opens no data and changes nothing.

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
                let definitions = Definitions::load(&settings.home())?;
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
