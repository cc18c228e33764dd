//! `pomona clv simulate`: data with a known truth, to try a model or a pipeline on. Nothing is drawn
//! without a seed.

use std::path::PathBuf;

use clap::Args;
use domain::Day;
use engine::clv::{self, Draw, Model, TimeUnit, parse_time_unit};

use super::{answer, followed};
use crate::print;

/// Invents customers from given parameters and a seed.
///
/// Example: pomona clv simulate --model bg-nbd --params r=0.243,alpha=4.414,a=0.793,b=2.426 --customers 1000 --seed 1
#[derive(Debug, Args)]
pub(crate) struct Simulate {
    /// bg-nbd, mbg-nbd, pareto-nbd, bg-bb, gamma-gamma, sbg or bdw
    #[arg(long)]
    model: Model,
    /// Parameters by name
    #[arg(long, value_name = "NAME=VALUE,…", value_delimiter = ',', required = true, value_parser = parameter)]
    params: Vec<(String, f64)>,
    /// Parameters of gamma-gamma for amounts (p, q, gamma); without them there are no amounts
    #[arg(long, value_name = "NAME=VALUE,…", value_delimiter = ',', value_parser = parameter)]
    spend: Vec<(String, f64)>,
    /// How many customers
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..))]
    customers: u32,
    /// How long the first of them is watched, in units of time; 78 for purchases and 7 for periods when left out
    #[arg(long, value_name = "UNITS", allow_negative_numbers = true)]
    periods: Option<f64>,
    /// First purchases spread over so many units of time; a sixth of the periods when left out
    #[arg(long, value_name = "UNITS", allow_negative_numbers = true)]
    joining: Option<f64>,
    /// The unit of time: day, week, month, year
    #[arg(long, value_name = "UNIT", value_parser = parse_time_unit)]
    time_unit: Option<TimeUnit>,
    /// The first day of a log
    #[arg(long, value_name = "DATE", default_value = "2024-01-01")]
    from: Day,
    /// Write a summary (`x,t_x,T`) with exact times instead of a log in whole days
    #[arg(long)]
    summary: bool,
    /// The seed; the same one gives the same file
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Write to this file instead of standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

impl Simulate {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let bar = print::progress();
        let periods = self.periods.unwrap_or_else(|| self.model.usual_periods());
        let draw = Draw {
            model: self.model,
            params: self.params,
            spend: (!self.spend.is_empty()).then_some(self.spend),
            customers: self.customers,
            periods,
            joining: self.joining.unwrap_or(periods / 6.0),
            unit: self.time_unit.unwrap_or(self.model.usual_unit()),
            from: self.from,
            summary: self.summary,
            seed: self.seed,
        };
        clv::draw(&draw, &mut answer(self.out.as_deref())?, &mut followed(&bar))?;
        bar.finish_and_clear();
        Ok(())
    }
}

fn parameter(text: &str) -> Result<(String, f64), String> {
    let (name, value) = text.split_once('=').ok_or("expected NAME=VALUE")?;
    let value = value.trim().parse().map_err(|_| format!("`{value}` is not a number"))?;
    Ok((name.trim().to_owned(), value))
}
