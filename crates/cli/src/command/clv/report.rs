//! `pomona clv report`: may the model be trusted here? The answer is printed; the page and the plots are
//! written where they are asked for.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context;
use clap::Args;
use engine::clv::{self, Model};

use super::{Source, followed, notes};
use crate::{print, settings::Settings};

/// Fits to the beginning of a file or the book, predicts the rest, and says whether the model may be trusted.
///
/// Example: pomona clv report --input purchases.csv --calibration-end 1997-09-30 --out report.html
#[derive(Debug, Args)]
pub(crate) struct Report {
    /// The model to judge; all that suit the file when left out, the best in the holdout first
    #[arg(long)]
    model: Option<Model>,
    #[command(flatten)]
    source: Source,
    /// Write the report with its plots to this file, HTML that needs nothing else
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Write the plots as SVG files into this folder
    #[arg(long, value_name = "DIR")]
    svg: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Report {
    pub(super) async fn run(self, settings: &Settings) -> anyhow::Result<()> {
        let records = self.source.records(settings).await?;
        let bar = print::progress();
        let evidence = clv::evaluate(self.model, &self.source.input(records.as_ref()), &mut followed(&bar))?;
        bar.finish_and_clear();
        if let Some(path) = &self.out {
            let source = self.source.path().file_name().unwrap_or_default().to_string_lossy();
            written(path, &evidence.to_html(&source))?;
        }
        if let Some(folder) = &self.svg {
            fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
            for picture in evidence.pictures() {
                written(&folder.join(picture.name), &picture.svg)?;
            }
        }
        if self.json {
            print::line(&serde_json::to_string(&evidence)?);
        } else {
            print::line(&evidence.to_string());
            notes(&evidence.notes);
        }
        Ok(())
    }
}

fn written(path: &Path, text: &str) -> anyhow::Result<()> {
    fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}
