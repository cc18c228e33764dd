//! `pomona clv fit`: parameters with their errors. Nothing is kept; `predict` and
//! `report` fit again, which costs less than a file that goes stale.

use clap::Args;
use engine::clv::{self, Model};

use super::{Source, followed, notes};
use crate::{print, settings::Settings};

/// Fits a model to a file or the book and prints its parameters.
///
/// Example: pomona clv fit --model bg-nbd --input purchases.csv --calibration-end 1997-09-30 --json
#[derive(Debug, Args)]
pub(crate) struct Fit {
    /// bg-nbd, mbg-nbd, pareto-nbd, bg-bb, gamma-gamma, sbg or bdw
    #[arg(long)]
    model: Model,
    #[command(flatten)]
    source: Source,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Fit {
    pub(super) async fn run(self, settings: &Settings) -> anyhow::Result<()> {
        let records = self.source.records(settings).await?;
        let bar = print::progress();
        let fit = clv::fit(self.model, &self.source.input(records.as_ref()), &mut followed(&bar))?;
        bar.finish_and_clear();
        if self.json {
            print::line(&serde_json::to_string(&fit)?);
        } else {
            print::line(&fit.to_string());
            notes(&fit.notes);
        }
        Ok(())
    }
}
