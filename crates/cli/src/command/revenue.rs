//! `pomona revenue`: movements, retention, cohorts and renewals by month, from the home's contracts or from a bare ledger
//! in a file. It computes and prints, and stores nothing.

use std::path::PathBuf;

use anyhow::bail;
use clap::{Args, ValueEnum};
use domain::{Day, Instant, money::Money, revenue::Currency};
use engine::{
    Clock,
    revenue::{
        left_out::{Unknown, UnknownAmount},
        report::{Disagreement, Figures, Measure, Report},
        source::{self, Question},
    },
};
use serde_json::json;

use super::snapshot::moment;
use crate::{print, settings::Settings};

/// Prints revenue movements, NRR, GRR, churn, cohorts and renewals by month.
///
/// Example: pomona revenue --from 2026-01 --to 2026-06 --known-on 2026-07-01 --json
#[derive(Debug, Args)]
pub(crate) struct Revenue {
    /// The first month; twelve months up to the last when left out
    #[arg(long, value_name = "MONTH", value_parser = month)]
    from: Option<Day>,
    /// The last month; the current one, through today, when left out
    #[arg(long, value_name = "MONTH", value_parser = month)]
    to: Option<Day>,
    /// Use only what was recorded by the end of this day, or before this instant
    #[arg(long, value_name = "DAY|INSTANT", value_parser = moment)]
    known_on: Option<Instant>,
    /// Read a bare ledger instead of the home: account,month,mrr[,currency], or account and a column for each month
    #[arg(long, value_name = "FILE", conflicts_with = "known_on")]
    input: Option<PathBuf>,
    /// Report in this currency; all others are converted to it, at the home's rates and those of --rates
    #[arg(long, value_name = "CODE")]
    currency: Option<Currency>,
    /// Rates into that currency, over those of the home: a CSV file of currency, day and rate
    #[arg(long, value_name = "FILE", requires = "currency")]
    rates: Option<PathBuf>,
    /// Tell money by the year or by the month; a bare ledger is told by the month
    #[arg(long, value_name = "MEASURE")]
    measure: Option<Told>,
    /// Print one JSON document instead of a table
    #[arg(long)]
    json: bool,
}

/// How money is told.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Told {
    Arr,
    Mrr,
}

impl Revenue {
    pub(crate) async fn run(self, settings: &Settings) -> anyhow::Result<()> {
        let measure = self.measure.map(|told| match told {
            Told::Arr => Measure::Arr,
            Told::Mrr => Measure::Mrr,
        });
        let rates = self.rates.as_deref().map(source::rates).transpose()?.unwrap_or_default();
        let question = Question { from: self.from, to: self.to, currency: self.currency, rates, measure };
        let reports = match &self.input {
            Some(path) => source::of_file(path, &question)?,
            None => {
                let clock = Clock::System;
                let (store, _) = engine::open_data(&settings.existing()?, clock.now()).await?;
                let reports = source::of_home(&store, self.known_on, clock.today(), &question).await?;
                store.close().await?;
                reports
            }
        };
        if self.json {
            print::line(&json!({ "known_on": self.known_on, "reports": reports }).to_string());
        } else {
            reports.iter().for_each(table);
        }
        Ok(())
    }
}

/// A month is written as itself or as one of its days; what comes back is its first day.
fn month(text: &str) -> anyhow::Result<Day> {
    let day = if text.len() == 7 { format!("{text}-01") } else { text.to_owned() };
    match day.parse::<Day>() {
        Ok(day) => Ok(domain::revenue::month_of(day).0),
        Err(_) => bail!("write a month like 2026-03"),
    }
}

fn table(report: &Report) {
    let told = match report.measure {
        Measure::Arr => "ARR",
        Measure::Mrr => "MRR",
    };
    print::note(&format!("{told} in {}; every row adds up from its opening to its closing", report.currency));
    print::line(
        "month\topening\tnew\treturned\texpansion\tprice\tcontraction\tchurn\ttransfer\tfx\trounding\tclosing\tNRR\tGRR\tlogo churn\tquick ratio\tARR per CSM",
    );
    for figures in report.months.iter().chain([&report.window]) {
        print::line(&row(report, figures));
    }
    for said in report.faults.iter().chain(&report.unrated) {
        print::note(said);
    }
    if let Some(left_out) = &report.left_out {
        print::note(&amounts_left_out(left_out));
    }
    for found in &report.contradictions {
        print::note(&contradiction(report, found));
    }
}

/// What is in no row, in its own currencies.
fn amounts_left_out(left_out: &Unknown) -> String {
    let amount = |amount: &UnknownAmount| {
        let money = Money { cents: amount.closing_cents, currency: amount.currency.clone() };
        let why = if amount.has_rate { "of the same accounts" } else { "without a rate" };
        format!("{money} in {} {why}", amount.contracts)
    };
    let amounts: Vec<String> = left_out.amounts.iter().map(amount).collect();
    format!(
        "left out of every row: {} contracts of {} accounts; at the last closing {}",
        left_out.contracts,
        left_out.accounts,
        amounts.join(", ")
    )
}

/// What several sources say of an account, and what is counted.
fn contradiction(report: &Report, found: &Disagreement) -> String {
    let money = |cents: i64| Money { cents, currency: report.currency.clone() }.to_string();
    let said = found.said.iter().map(|said| {
        let who = said.source_id.map_or_else(|| "a person".to_owned(), |id| format!("source {id}"));
        format!("{who} says {}{}", money(said.cents), if said.counts { "" } else { ", which does not count" })
    });
    let said: Vec<String> = said.collect();
    format!(
        "account {}: sources disagree: {}; counted are {}",
        found.account_id,
        said.join("; "),
        money(found.counted_cents)
    )
}

fn row(report: &Report, figures: &Figures) -> String {
    let money = |cents: i64| {
        let money = Money { cents, currency: report.currency.clone() }.to_string();
        money.trim_end_matches(|c: char| c.is_ascii_uppercase()).trim_end().replace(',', "")
    };
    let moved = &figures.movements;
    let amounts = [
        moved.opening_cents,
        moved.new_cents,
        moved.reactivation_cents,
        moved.expansion_cents,
        moved.price_cents,
        -moved.contraction_cents,
        -moved.churn_cents,
        moved.transfer_cents,
        moved.fx_cents,
        moved.rounding_cents,
        moved.closing_cents,
    ];
    let share =
        |key: &str| value(figures, key).map_or_else(|| "–".to_owned(), |share| format!("{:.2} %", share * 100.0));
    let quick = value(figures, "quick_ratio").map_or_else(|| "–".to_owned(), |ratio| format!("{ratio:.2}"));
    let amounts: Vec<String> = amounts.into_iter().map(money).collect();
    let per_csm = figures.arr_per_csm.as_ref().and_then(|per| per.cents).map_or_else(|| "–".to_owned(), money);
    let shares = [share("nrr"), share("grr"), share("logo_churn"), quick, per_csm].join("\t");
    format!("{}\t{}\t{shares}", figures.span, amounts.join("\t"))
}

fn value(figures: &Figures, key: &str) -> Option<f64> {
    figures.metrics.get(key).and_then(|metric| metric.value)
}
