//! `pomona forecast`: ARR, retention and churned revenue of the next four quarters, a scenario beside them, or what a
//! target takes. What has not been learned yet is learned first and kept; nothing else is stored.

use anyhow::{Context, bail};
use clap::Args;
use domain::{access::RowFilter, money::Money};
use engine::{
    Clock, Engine,
    forecast::{self, Ask, Forecast, Quantiles, SEED, Scenario, Target, what_it_takes},
};
use serde_json::json;

use crate::{print, settings::Settings};

/// Prints ARR, NRR and churned revenue of the next four quarters with their bands.
///
/// Example: pomona forecast --scenario churn=2 --scenario "among=tier = 'enterprise'" --json
#[derive(Debug, Args)]
pub(crate) struct ForecastCommand {
    /// What if: `lose_top=N`, `churn=FACTOR`, `expansion=FACTOR`, `new=FACTOR`, `among=EXPRESSION`; may be repeated
    #[arg(long, value_name = "NAME=VALUE")]
    scenario: Vec<String>,
    /// Print what a target takes within a year, in per cent: `churn=6`, `nrr=+18`, `clv=+25`, `from_churn=15`; may be repeated, and
    /// what is not said is that
    #[arg(long, value_name = "NAME=PERCENT", conflicts_with = "scenario")]
    target: Vec<String>,
    /// The seed of all chance; the same one draws the same years
    #[arg(long, default_value_t = SEED)]
    seed: u64,
    /// Print one JSON document instead of a table
    #[arg(long)]
    json: bool,
}

impl ForecastCommand {
    pub(crate) async fn run(self, settings: &Settings) -> anyhow::Result<()> {
        let mut scenario = Scenario::default();
        for part in &self.scenario {
            let (name, value) = pair("--scenario", part)?;
            scenario.set(name, value)?;
        }
        scenario.check()?;
        let mut target = Target::QUOTED;
        for part in &self.target {
            let (name, value) = pair("--target", part)?;
            target.set(name, value)?;
        }
        let engine = engine::Settings { background: false, ..settings.existing()? };
        let engine = Engine::open(&engine, Clock::System).await?;
        forecast::bring_up_to_date(&engine).await?;
        let answered = if self.target.is_empty() { self.draw(&engine, scenario) } else { self.aim(&engine, target) };
        engine.close().await?;
        answered
    }

    fn draw(&self, engine: &Engine, scenario: Scenario) -> anyhow::Result<()> {
        let (book, model) = (engine.book(), learned(engine)?);
        let ask = Ask { scenario, seed: self.seed };
        let drawn = forecast::forecast(&book, &model, &RowFilter::All, &ask)?;
        if self.json {
            let answer = json!({ "scenario": ask.scenario, "forecast": drawn, "backtest": model.backtest });
            print::line(&answer.to_string());
            return Ok(());
        }
        print::note(&format!("{} accounts, {}; {}", drawn.accounts, money(&drawn, drawn.opening_cents), ask.scenario));
        table(&drawn);
        if let Some(backtest) = &model.backtest {
            print::note(&backtest.sentence);
        }
        Ok(())
    }

    fn aim(&self, engine: &Engine, target: Target) -> anyhow::Result<()> {
        let (book, model) = (engine.book(), learned(engine)?);
        let answer = what_it_takes(&book, &model, &RowFilter::All, target, self.seed)??;
        if self.json {
            print::line(&json!(answer).to_string());
            return Ok(());
        }
        let money = |cents: i64| Money { cents, currency: answer.currency.clone() }.to_string();
        answer.sentences(money).iter().for_each(|sentence| print::line(sentence));
        Ok(())
    }
}

fn pair<'a>(option: &str, text: &'a str) -> anyhow::Result<(&'a str, &'a str)> {
    text.split_once('=').with_context(|| format!("{option} is `{text}`: write a name, `=` and a value"))
}

fn learned(engine: &Engine) -> anyhow::Result<std::sync::Arc<forecast::Model>> {
    match engine.forecast() {
        Some(model) => Ok(model),
        None => bail!("nothing can be forecast: no account under contract has been watched for a month yet"),
    }
}

fn money(drawn: &Forecast, cents: i64) -> String {
    Money { cents, currency: drawn.currency.clone() }.to_string()
}

fn table(drawn: &Forecast) {
    print::line("figure\tthrough\tmedian\t50 %\t80 %\t95 %");
    let amount = |cents: i64| money(drawn, cents);
    let share = |cents: i64| drawn.retention(cents).map_or_else(|| "–".to_owned(), |it| format!("{:.1} %", it * 100.0));
    let row = |name: &str, through: &str, quantiles: &Quantiles, write: &dyn Fn(i64) -> String| {
        let band = |(low, high): (i64, i64)| format!("{} to {}", write(low), write(high));
        let Quantiles { median_cents, band_50_cents, band_80_cents, band_95_cents } = *quantiles;
        let bands = [band_50_cents, band_80_cents, band_95_cents].map(band).join("\t");
        print::line(&format!("{name}\t{through}\t{}\t{bands}", write(median_cents)));
    };
    for quarter in &drawn.quarters {
        row("ARR", &quarter.ends_on.to_string(), &quarter.arr, &amount);
    }
    for quarter in &drawn.quarters {
        row("NRR since today", &quarter.ends_on.to_string(), &quarter.retained, &share);
    }
    for quarter in &drawn.quarters {
        row("churned", &quarter.ends_on.to_string(), &quarter.churned, &amount);
    }
    row("churned in the year", "", &drawn.churned, &amount);
}
