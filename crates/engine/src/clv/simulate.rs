//! Invents data from given parameters and a seed: a purchase log, summaries, or survivors by age, as CSV. The same seed
//! gives the same file on every machine. Purchases of a log fall on whole days, so what is fitted to a log differs from
//! the truth by that rounding; summaries keep the exact times.

use std::collections::BTreeSet;
use std::io::Write;

use connectors::csv::Export;
use domain::Day;
use stats::purchase::{self, History, TimeUnit, bg_bb};
use stats::random::{Seeded, Uniforms, beta, exponential};
use stats::spend::{self, Spend};
use stats::tenure;

use super::error::ClvError;
use super::model::Model;
use super::read::{Hear, Progress, Stage};

/// What to invent.
#[derive(Debug, Clone)]
pub struct Draw {
    /// The model.
    pub model: Model,
    /// Its parameters by name.
    pub params: Vec<(String, f64)>,
    /// Parameters of Gamma-Gamma for amounts; none for a log without them.
    pub spend: Option<Vec<(String, f64)>>,
    /// How many customers.
    pub customers: u32,
    /// How long the first of them is watched, in units of time.
    pub periods: f64,
    /// First purchases spread over so many units of time.
    pub joining: f64,
    /// The unit of time.
    pub unit: TimeUnit,
    /// The first day of a log.
    pub from: Day,
    /// Summaries instead of a log.
    pub summary: bool,
    /// The seed.
    pub seed: u64,
}

/// Rows between two words about progress.
const OFTEN: u32 = 8192;
/// Periods beyond which nobody is watched.
const LONGEST: f64 = 100_000.0;

/// Writes the invented data; fails on parameters the model does not have or cannot take.
pub fn draw(draw: &Draw, out: &mut dyn Write, progress: &mut dyn FnMut(Progress)) -> Result<(), ClvError> {
    draw.check()?;
    let spend = draw.spend.as_deref().map(spending).transpose()?;
    let values = named(draw.model, &draw.params)?;
    let bad = |why: stats::Error| ClvError::Argument(format!("--params: {why}"));
    let mut source = Seeded::new(draw.seed);
    let mut export = Export::new(out);
    let hear = &mut Hear(progress);
    match draw.model {
        Model::Purchases(model) => {
            let values = [values[0], values[1], values[2], values[3]];
            let params = purchase::Params::new(model, values).map_err(bad)?;
            draw.purchases(&params, spend.as_ref(), &mut source, &mut export, hear)?;
        }
        Model::Opportunities => {
            let params = bg_bb::Params::new([values[0], values[1], values[2], values[3]]).map_err(bad)?;
            draw.opportunities(&params, &mut source, &mut export, hear)?;
        }
        Model::Spend => {
            let params = spend::Params::new(values[0], values[1], values[2]).map_err(bad)?;
            draw.spends(&params, &mut source, &mut export, hear)?;
        }
        Model::Tenure(_) => {
            let params =
                tenure::Params::new(values[0], values[1], values.get(2).copied().unwrap_or(1.0)).map_err(bad)?;
            draw.survivors(&params, &mut source, &mut export)?;
        }
    }
    export.finish()?.flush()?;
    Ok(())
}

/// The values of a model's parameters, in its order.
fn named(model: Model, params: &[(String, f64)]) -> Result<Vec<f64>, ClvError> {
    let names = model.parameter_names();
    if let Some((stranger, _)) = params.iter().find(|(name, _)| !names.contains(&name.as_str())) {
        return Err(ClvError::Argument(format!("{model} has no parameter `{stranger}`; it has {}", names.join(", "))));
    }
    let value = |name: &&str| params.iter().find(|(known, _)| known == name).map(|(_, value)| *value);
    let missing: Vec<&str> = names.iter().copied().filter(|name| value(name).is_none()).collect();
    if missing.is_empty() {
        return Ok(names.iter().filter_map(value).collect());
    }
    Err(ClvError::Argument(format!("{model} needs {}, and {} is missing", names.join(", "), missing.join(", "))))
}

fn spending(params: &[(String, f64)]) -> Result<spend::Params, ClvError> {
    let values = named(Model::Spend, params)?;
    let bad = |why: stats::Error| ClvError::Argument(format!("--spend: {why}"));
    spend::Params::new(values[0], values[1], values[2]).map_err(bad)
}

impl Draw {
    fn check(&self) -> Result<(), ClvError> {
        let refuse = |message: String| Err(ClvError::Argument(message));
        if !(self.periods > 0.0 && self.periods <= LONGEST) {
            return refuse(format!("--periods is {}; expected a number above zero, at most {LONGEST}", self.periods));
        }
        if !(self.joining >= 0.0 && self.joining < self.periods) {
            let (joining, periods) = (self.joining, self.periods);
            return refuse(format!(
                "--joining is {joining}; expected zero or more and less than the {periods} periods"
            ));
        }
        let days = (self.periods * self.unit.days()).ceil();
        if self.from.checked_add_days(chrono::Days::new(days as u64)).is_none() {
            return refuse(format!(
                "{days} days after {} is beyond the calendar; begin earlier or watch for less",
                self.from
            ));
        }
        Ok(())
    }

    /// When a customer first buys, in units of time after the first day.
    fn start(&self, source: &mut Seeded) -> f64 {
        self.joining * source.uniform()
    }

    fn each(&self, hear: &mut Hear<'_>, mut one: impl FnMut(u32) -> Result<(), ClvError>) -> Result<(), ClvError> {
        for customer in 1..=self.customers {
            one(customer)?;
            if customer.is_multiple_of(OFTEN) {
                hear.at(Stage::Drawing, u64::from(customer), u64::from(self.customers));
            }
        }
        Ok(())
    }

    fn purchases<W: Write>(
        &self,
        params: &purchase::Params,
        spend: Option<&spend::Params>,
        source: &mut Seeded,
        export: &mut Export<W>,
        hear: &mut Hear<'_>,
    ) -> Result<(), ClvError> {
        let failed = |why: stats::Error| ClvError::Argument(why.to_string());
        let columns: &[&str] = match (self.summary, spend) {
            (true, Some(_)) => &["id", "x", "t_x", "T", "m"],
            (true, None) => &["id", "x", "t_x", "T"],
            (false, Some(_)) => &["id", "date", "amount"],
            (false, None) => &["id", "date"],
        };
        export.row(columns)?;
        self.each(hear, |customer| {
            let start = self.start(source);
            let mean = spend.map(|spend| spend.draw(&Spend::NONE, source)).transpose().map_err(failed)?;
            let times = params.draw_future(&History::NEW, self.periods - start, source).map_err(failed)?;
            if self.summary {
                let recency = times.last().copied().unwrap_or(0.0);
                let mut row = vec![customer.to_string(), times.len().to_string(), recency.to_string()];
                row.push((self.periods - start).to_string());
                if let (Some(spend), Some(mean)) = (spend, mean) {
                    let repeats = times.len() as u32;
                    row.push(if repeats > 0 {
                        spend.draw_observed(mean, repeats, source).to_string()
                    } else {
                        String::new()
                    });
                }
                return Ok(export.row(row)?);
            }
            let first = (start * self.unit.days()).floor();
            let later = times.iter().map(|time| ((start + time) * self.unit.days()).ceil());
            // A purchase is at least a day after the first, or it would be none; two on one day are one.
            let days: BTreeSet<i64> = later.map(|day| (day as i64).max(first as i64 + 1)).collect();
            for day in std::iter::once(first as i64).chain(days) {
                let date = (self.from + chrono::TimeDelta::days(day)).to_string();
                let amount = match (spend, mean) {
                    (Some(spend), Some(mean)) => Some(format!("{:.2}", spend.draw_observed(mean, 1, source).max(0.01))),
                    _ => None,
                };
                export.row([customer.to_string(), date].into_iter().chain(amount))?;
            }
            Ok(())
        })
    }

    fn opportunities<W: Write>(
        &self,
        params: &bg_bb::Params,
        source: &mut Seeded,
        export: &mut Export<W>,
        hear: &mut Hear<'_>,
    ) -> Result<(), ClvError> {
        let [a, b, gamma, delta] = params.values;
        let opportunities = self.periods.round() as u32;
        export.row(["id", "x", "t_x", "n"])?;
        self.each(hear, |customer| {
            let (buys, dies) = (beta(source, a, b), beta(source, gamma, delta));
            let (mut bought, mut last) = (0_u32, 0);
            for opportunity in 1..=opportunities {
                if source.uniform() < dies {
                    break;
                }
                if source.uniform() < buys {
                    (bought, last) = (bought + 1, opportunity);
                }
            }
            Ok(export.row([customer, bought, last, opportunities].map(|number| number.to_string()))?)
        })
    }

    fn spends<W: Write>(
        &self,
        params: &spend::Params,
        source: &mut Seeded,
        export: &mut Export<W>,
        hear: &mut Hear<'_>,
    ) -> Result<(), ClvError> {
        let failed = |why: stats::Error| ClvError::Argument(why.to_string());
        export.row(["id", "x", "m"])?;
        self.each(hear, |customer| {
            let mean = params.draw(&Spend::NONE, source).map_err(failed)?;
            let purchases = 1 + (source.uniform() * 6.0) as u32;
            let observed = params.draw_observed(mean, purchases, source);
            Ok(export.row([customer.to_string(), purchases.to_string(), observed.to_string()])?)
        })
    }

    fn survivors<W: Write>(
        &self,
        params: &tenure::Params,
        source: &mut Seeded,
        export: &mut Export<W>,
    ) -> Result<(), ClvError> {
        let periods = self.periods.round().min(10_000.0) as usize;
        let mut survivors = vec![0_u32; periods + 1];
        for _ in 0..self.customers {
            let churn = beta(source, params.gamma, params.delta);
            // The chance to last beyond t periods is (1 - churn)^(t^c).
            let lasted = (exponential(source, 1.0) / -(-churn).ln_1p()).powf(1.0 / params.c).floor();
            let lasted = if lasted.is_nan() { periods } else { lasted.min(periods as f64) as usize };
            survivors[..=lasted].iter_mut().for_each(|here| *here += 1);
        }
        export.row(["age", "survivors"])?;
        for (age, here) in survivors.iter().enumerate() {
            export.row([age.to_string(), here.to_string()])?;
        }
        Ok(())
    }
}
