//! `pomona import`: records and events from a file, with a dry run that says what would happen, row by row. What a
//! row means is decided in the engine; this only reads files and prints reports.

use std::{
    fs::{self, File},
    io::{self, BufReader},
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use engine::{
    Clock, Engine,
    import::{self, CsvImport, ImportReport},
};

use crate::{print, settings::Settings};

/// Rows of a report printed at most; the file of failed rows has all.
const MOST_PRINTED: usize = 20;

/// Loads records or events from a file.
#[derive(Debug, Subcommand)]
pub(crate) enum Import {
    /// Loads a CSV file, whatever its separator, encoding and locale
    ///
    /// Example: pomona import csv accounts accounts.csv --dry-run
    Csv(Csv),
    /// Loads what a Singer tap printed; `-` reads standard input
    ///
    /// Example: tap-stripe --config c.json | pomona import singer - --preset stripe
    Singer(Singer),
}

#[derive(Debug, Args)]
pub(crate) struct Csv {
    /// What the rows are: accounts, contacts, subscriptions, `subscription_items`, invoices, `payment_attempts`, tickets,
    /// touchpoints, `survey_responses`, milestones, objectives, entitlements, events
    kind: String,
    /// The file
    file: PathBuf,
    /// A mapping written by an earlier import (TOML)
    #[arg(long, value_name = "FILE")]
    mapping: Option<PathBuf>,
    /// The sheet of a workbook; else the one named like its rows, else the first
    #[arg(long, value_name = "NAME")]
    sheet: Option<String>,
    /// Write the mapping that was used here
    #[arg(long, value_name = "FILE")]
    save_mapping: Option<PathBuf>,
    /// Write refused rows here, with two columns that say where and why
    #[arg(long, value_name = "FILE")]
    failed_rows: Option<PathBuf>,
    /// Change nothing; say what would change
    #[arg(long)]
    dry_run: bool,
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Singer {
    /// The file, or `-` for standard input
    file: PathBuf,
    /// Which preset to use: stripe, hubspot, salesforce, zendesk, intercom, chargebee, postgres, generic
    #[arg(long, default_value = "generic")]
    preset: String,
}

impl Import {
    pub(crate) async fn run(self, settings: &Settings) -> anyhow::Result<()> {
        let quiet = engine::Settings { background: false, book: false, ..settings.engine(settings.home()) };
        let engine = Engine::open(&quiet, Clock::System).await?;
        let outcome = match self {
            Self::Csv(csv) => csv.run(&engine).await,
            Self::Singer(singer) => singer.run(&engine).await,
        };
        engine.close().await?;
        outcome
    }
}

impl Csv {
    async fn run(self, engine: &Engine) -> anyhow::Result<()> {
        let file = File::open(&self.file).with_context(|| format!("cannot read {}", self.file.display()))?;
        let mapping = self.mapping.as_deref().map(text).transpose()?;
        let name = self.file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let plan = CsvImport {
            object: &self.kind,
            mapping: mapping.as_deref(),
            dry_run: self.dry_run,
            sheet: self.sheet.as_deref(),
            file_name: &name,
            member_id: None,
        };
        let bar = print::progress();
        bar.set_message("rows");
        let report = import::csv(engine, plan, file, &mut |rows| bar.set_position(rows)).await?;
        bar.finish_and_clear();
        if let Some(path) = &self.save_mapping {
            fs::write(path, &report.mapping).with_context(|| format!("cannot write {}", path.display()))?;
        }
        if let Some(path) = self.failed_rows.as_ref().filter(|_| report.failed > 0) {
            fs::write(path, &report.failed_rows).with_context(|| format!("cannot write {}", path.display()))?;
        }
        if self.json {
            print::line(&serde_json::to_string(&report)?);
        } else {
            tell(&report);
        }
        if report.failed > 0 && report.created + report.updated + report.unchanged + report.skipped + report.parked == 0
        {
            bail!("no row could be taken");
        }
        Ok(())
    }
}

impl Singer {
    async fn run(self, engine: &Engine) -> anyhow::Result<()> {
        let report = if self.file == Path::new("-") {
            import::singer(engine, &self.preset, BufReader::new(io::stdin())).await?
        } else {
            let file = File::open(&self.file).with_context(|| format!("cannot read {}", self.file.display()))?;
            import::singer(engine, &self.preset, BufReader::new(file)).await?
        };
        print::line(&serde_json::to_string_pretty(&report)?);
        Ok(())
    }
}

fn text(path: &Path) -> anyhow::Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

fn tell(report: &ImportReport) {
    for notice in &report.notices {
        print::note(notice);
    }
    for row in report.refused.iter().take(MOST_PRINTED) {
        let column = row.column.as_deref().map_or_else(String::new, |column| format!(", column {column}"));
        print::note(&format!("line {}{column}: {} ({})", row.line, row.message, row.code));
    }
    if report.refused.len() > MOST_PRINTED {
        print::note(&format!("… and {} more", report.failed - MOST_PRINTED as u64));
    }
    let would = if report.dry_run { "would be " } else { "" };
    for total in &report.totals {
        let amount = match &total.currency {
            Some(currency) => format!("{}.{:02} {currency}", total.sum / 100, (total.sum % 100).abs()),
            None => total.sum.to_string(),
        };
        print::note(&format!("sum of {}: {}", total.field, amount.trim_end()));
    }
    if report.held > 0 {
        let differ = if report.held == 1 { "row differs" } else { "rows differ" };
        print::note(&format!("{} unchanged {differ}, but only in fields that a person holds", report.held));
    }
    print::line(&format!(
        "{} rows: {would}{} created, {} updated, {} unchanged, {} skipped, {} parked, {} failed",
        report.rows, report.created, report.updated, report.unchanged, report.skipped, report.parked, report.failed
    ));
}
