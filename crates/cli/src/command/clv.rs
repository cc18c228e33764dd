//! `pomona clv`: lifetime value models on a file, or on the book of the home where none is named; no server is needed. The
//! arguments are read here; what columns mean, what is estimated and how it is worded is decided in the engine.

mod fit;
mod predict;
mod report;
mod simulate;

use std::{
    fs::File,
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

use anyhow::Context;
use clap::{Args, CommandFactory, Subcommand, error::ErrorKind};
use domain::Day;
use engine::{
    Clock,
    clv::{ClvError, CovariateColumns, DateFormat, Input, Override, Progress, Records, TimeUnit, parse_time_unit},
};
use indicatif::ProgressBar;

use crate::{print, settings::Settings};

/// Fits lifetime value models to a file or the book, predicts customers, judges the model, invents data.
#[derive(Debug, Subcommand)]
pub(crate) enum Clv {
    Fit(fit::Fit),
    Predict(predict::Predict),
    Report(report::Report),
    Simulate(simulate::Simulate),
}

/// What errors and reports call the book.
const BOOK: &str = "the book";

/// The file and how to read it, or the book.
#[derive(Debug, Args)]
struct Source {
    /// A purchase log (`id,date,amount`), a summary (`x,t_x,T[,m][,n]`), survivors by age, or tenures (`tenure,left`);
    /// CSV or Parquet; the book of the home when left out
    #[arg(long, value_name = "FILE")]
    input: Option<PathBuf>,
    /// What a column holds, where its name does not tell: `id`, `date`, `amount`, `x`, `t_x`, `T`, `m`, `n`, `customers`,
    /// `tenure`, `left`, `age`, `survivors`; by header or position
    #[arg(long = "column", value_name = "MEANING=COLUMN")]
    columns: Vec<Override>,
    /// Columns that may move how often a customer buys, by header or position; bg-nbd, mbg-nbd and pareto-nbd
    #[arg(long, value_name = "COLUMN,…", value_delimiter = ',', requires = "input")]
    buying: Vec<String>,
    /// Columns that may move how soon a customer stops
    #[arg(long, value_name = "COLUMN,…", value_delimiter = ',', requires = "input")]
    leaving: Vec<String>,
    /// How dates are written: `iso`, `dmy`, `mdy`, `epoch_s`, `epoch_ms`, `excel`, or a pattern like `%d.%m.%Y`
    #[arg(long, value_name = "FORMAT")]
    date_format: Option<DateFormat>,
    /// The unit of time: day, week, month, year; weeks for purchases and years for periods when left out
    #[arg(long, value_name = "UNIT", value_parser = parse_time_unit)]
    time_unit: Option<TimeUnit>,
    /// The last day the fit may know of
    #[arg(long, value_name = "DATE")]
    calibration_end: Option<Day>,
    /// The last age the fit of sbg or bdw may know of
    #[arg(long, value_name = "N")]
    calibration_periods: Option<u32>,
    /// Survivors are shares of so many customers
    #[arg(long, value_name = "N", value_parser = above_zero, allow_negative_numbers = true)]
    cohort_size: Option<f64>,
}

impl Source {
    /// Reads the book where no file is named.
    async fn records(&self, settings: &Settings) -> anyhow::Result<Option<Records>> {
        if self.input.is_some() {
            return Ok(None);
        }
        let clock = Clock::System;
        let (store, lake) = engine::open_data(&settings.existing()?, clock.now()).await?;
        let records = Records::load(&store, &lake, clock.today()).await?;
        store.close().await?;
        Ok(Some(records))
    }

    fn path(&self) -> &Path {
        self.input.as_deref().unwrap_or(Path::new(BOOK))
    }

    fn input<'a>(&'a self, records: Option<&'a Records>) -> Input<'a> {
        Input {
            path: self.path(),
            records,
            covariates: CovariateColumns { buying: &self.buying, leaving: &self.leaving },
            columns: &self.columns,
            date_format: self.date_format.as_ref(),
            unit: self.time_unit,
            calibration_end: self.calibration_end,
            calibration_periods: self.calibration_periods,
            cohort_size: self.cohort_size,
            today: Clock::System.today(),
            threads: std::thread::available_parallelism().map_or(1, usize::from),
        }
    }
}

impl Clv {
    pub(crate) async fn run(self, settings: &Settings) -> anyhow::Result<()> {
        let outcome = match self {
            Self::Fit(fit) => fit.run(settings).await,
            Self::Predict(predict) => predict.run(settings).await,
            Self::Report(report) => report.run(settings).await,
            Self::Simulate(simulate) => simulate.run(),
        };
        let Err(error) = outcome else { return Ok(()) };
        match error.downcast_ref::<ClvError>() {
            // Whoever closed the pipe has read enough.
            Some(ClvError::Write(why)) if why.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            Some(misused) if misused.is_usage() => {
                crate::Arguments::command().error(ErrorKind::ValueValidation, misused).exit()
            }
            _ => Err(error),
        }
    }
}

/// A bar that follows what the engine says.
fn followed(bar: &ProgressBar) -> impl FnMut(Progress) + '_ {
    |progress| {
        bar.set_message(progress.stage.name());
        bar.set_length(progress.total);
        bar.set_position(progress.done);
    }
}

/// Where an answer of many rows goes: a file, or standard output.
fn answer(path: Option<&Path>) -> anyhow::Result<Box<dyn Write>> {
    Ok(match path {
        Some(path) => {
            let file = File::create(path).with_context(|| format!("cannot write {}", path.display()))?;
            Box::new(BufWriter::new(file))
        }
        None => Box::new(BufWriter::new(print::rows())),
    })
}

fn notes(notes: &[String]) {
    for note in notes {
        print::note(&format!("note: {note}"));
    }
}

fn above_zero(text: &str) -> Result<f64, String> {
    text.parse()
        .ok()
        .filter(|value: &f64| *value > 0.0 && value.is_finite())
        .ok_or_else(|| "expected a number above zero".to_owned())
}
