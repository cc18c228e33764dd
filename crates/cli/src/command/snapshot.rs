//! `pomona snapshot`: every metric and the health of every account as of a day, from what is known now or was known
//! before an instant. It computes and prints, and stores nothing.

use anyhow::{Context, bail};
use chrono::{DateTime, Utc};
use clap::Args;
use domain::{Day, Instant, time::end_of};
use engine::{Book, Clock, Definitions, Row, snapshot};
use serde_json::{Map, Value, json};

use crate::{print, settings::Settings};

/// Computes the snapshot of a day and prints it.
///
/// Example: pomona snapshot --as-of 2026-06-30 --known-on 2026-07-01 --json
#[derive(Debug, Args)]
pub(crate) struct Snapshot {
    /// The day; today when left out
    #[arg(long, value_name = "DAY")]
    as_of: Option<Day>,
    /// Use only what was recorded by the end of this day, or before this instant
    #[arg(long, value_name = "DAY|INSTANT", value_parser = moment)]
    known_on: Option<Instant>,
    /// Only this account, by its id or external id
    #[arg(long)]
    account: Option<String>,
    /// Print JSON lines instead of a table
    #[arg(long)]
    json: bool,
}

impl Snapshot {
    pub(crate) async fn run(self, settings: &Settings) -> anyhow::Result<()> {
        let home = settings.existing()?;
        let definitions = std::sync::Arc::new(Definitions::load(&home.home)?);
        let clock = Clock::System;
        let (store, lake) = engine::open_data(&home, clock.now()).await?;
        let as_of = self.as_of.unwrap_or_else(|| clock.today());
        let lifetime = engine::lifetime::vintage(&store, &definitions, as_of, self.known_on).await?;
        let ask = snapshot::Ask { known_on: self.known_on, lifetime, ..snapshot::Ask::default() };
        let basis = snapshot::Basis::load(&store, &lake, ask).await?;
        let book = basis.book(&definitions, as_of, clock.now()).await?;
        let rows: Vec<_> = book.rows().iter().filter(|row| self.wants(row)).collect();
        if let (Some(account), true) = (&self.account, rows.is_empty()) {
            bail!("no account `{account}` on {}: check its id or external id", book.as_of);
        }
        if !self.json {
            print::note(&format!("{} accounts as of {}", rows.len(), book.as_of));
            print::line("account\thealth\tband\tcoverage\tarr");
        }
        for row in rows {
            print::line(&if self.json { object(&book, row).to_string() } else { summary(&book, row) });
        }
        Ok(store.close().await?)
    }

    fn wants(&self, row: &Row) -> bool {
        self.account
            .as_ref()
            .is_none_or(|wanted| row.account.external_id == *wanted || row.account.id.to_string() == *wanted)
    }
}

/// A day means its end; an instant means itself.
pub(super) fn moment(text: &str) -> anyhow::Result<Instant> {
    if let Ok(day) = text.parse::<Day>() {
        return Ok(end_of(day));
    }
    let instant = DateTime::parse_from_rfc3339(text)
        .context("write a day like 2026-06-30 or an instant like 2026-06-30T12:00:00Z")?;
    Ok(instant.with_timezone(&Utc))
}

fn summary(book: &Book, row: &Row) -> String {
    let health = row.health.score.map_or_else(|| "unknown".to_owned(), |score| format!("{score:.1}"));
    let money = |cents| domain::money::Money { cents, currency: book.currency().to_owned() }.to_string();
    let arr = book.arr_cents(row).map_or_else(|| "unknown: no rate of exchange".to_owned(), money);
    let (band, coverage) = (row.health.band.as_str(), row.health.coverage * 100.0);
    format!("{}\t{health}\t{band}\t{coverage:.0} %\t{arr}", row.account.external_id)
}

fn object(book: &Book, row: &Row) -> Value {
    let metrics = book.definitions.catalogue.metrics().iter().zip(&row.values);
    let metrics: Map<String, Value> = metrics.map(|(metric, value)| (metric.key.clone(), json!(value))).collect();
    json!({
        "account": row.account.external_id,
        "as_of": book.as_of,
        "health": row.health.score,
        "band": row.health.band,
        "low": row.health.low,
        "high": row.health.high,
        "coverage": row.health.coverage,
        "value_tier": row.value_tier(&book.definitions).map(|tier| &tier.key),
        "metrics": metrics,
    })
}
