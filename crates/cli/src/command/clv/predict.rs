//! `pomona clv predict`: a row per customer, to standard output or a file. What is said about the rows goes
//! to standard error, so that a pipe carries rows only.

use std::path::PathBuf;

use clap::Args;
use engine::clv::{self, Confidence, Model, Terms};

use super::{Source, answer, followed, notes};
use crate::{print, settings::Settings};

/// Predicts every customer of a file or the book: alive, purchases, lifetime value, each with an interval.
///
/// Example: pomona clv predict --model pareto-nbd --input purchases.csv --horizon 52 --margin 0.3 --out values.csv
#[derive(Debug, Args)]
pub(crate) struct Predict {
    /// bg-nbd, mbg-nbd, pareto-nbd, bg-bb, gamma-gamma, sbg or bdw
    #[arg(long)]
    model: Model,
    #[command(flatten)]
    source: Source,
    /// How far to look, in units of time; a year, or five periods, when left out
    #[arg(long, value_name = "UNITS", allow_negative_numbers = true)]
    horizon: Option<f64>,
    /// Effective annual discount rate
    #[arg(long, value_name = "RATE", default_value_t = 0.10, allow_negative_numbers = true)]
    discount: f64,
    /// Share of revenue that is margin; without it values are revenue
    #[arg(long, value_name = "SHARE", allow_negative_numbers = true)]
    margin: Option<f64>,
    /// Level of the intervals
    #[arg(long, value_name = "LEVEL", default_value = "0.95", value_parser = level, allow_negative_numbers = true)]
    confidence: Confidence,
    /// Write to this file instead of standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Print JSON instead of CSV
    #[arg(long)]
    json: bool,
}

impl Predict {
    pub(super) async fn run(self, settings: &Settings) -> anyhow::Result<()> {
        let records = self.source.records(settings).await?;
        let bar = print::progress();
        let terms = Terms {
            horizon: self.horizon,
            annual_rate: self.discount,
            margin: self.margin,
            confidence: self.confidence,
        };
        let prediction = clv::predict(self.model, &self.source.input(records.as_ref()), terms, &mut followed(&bar))?;
        let mut out = answer(self.out.as_deref())?;
        let total = if self.json {
            prediction.write_json(&mut out, &mut followed(&bar))?
        } else {
            prediction.write_csv(&mut out, &mut followed(&bar))?
        };
        bar.finish_and_clear();
        if !self.json || self.out.is_some() {
            notes(&prediction.fit.notes);
            notes(&prediction.notes);
            if let Some(total) = total {
                print::note(&prediction.in_words(&total));
            }
        }
        Ok(())
    }
}

fn level(text: &str) -> Result<Confidence, String> {
    let level = text.parse().map_err(|_| "expected a number between 0 and 1".to_owned())?;
    Confidence::new(level).map_err(|error| error.to_string())
}
