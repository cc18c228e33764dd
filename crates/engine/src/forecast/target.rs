//! What a target takes: by how much the hazard of leaving must fall for a yearly churn, what that alone does to net revenue
//! retention and to lifetime value, and how much more often accounts must grow for the rest. A case often quoted (yearly
//! churn from 15 to 6 %, NRR up by 18, lifetime value up by 25 %, within a year) is three targets that hang together, since
//! losses prevented are retention gained; the answer says which of them the others already give. A rise of NRR "by 18" may
//! be meant in points or in per cent, so both are answered. Absent: how to do it, which playbooks are for.

use serde::Serialize;

use super::{Ask, Model, Quantiles, Scenario, predict::draw};
use crate::{Book, EngineError, lifetime::Standing};
use domain::access::RowFilter;

/// Steps of halving an interval of factors: finer than any estimate.
const HALVINGS: usize = 40;

/// Steps where each is a simulation.
const TRIES: usize = 14;

/// The most that accounts can be asked to grow more often.
const MOST_GROWTH: f64 = 20.0;

/// What is wanted within a year.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Target {
    /// The yearly churn of accounts to begin with, as a share; the book's own where absent.
    pub from_churn: Option<f64>,
    /// The yearly churn of accounts to reach, as a share.
    pub churn: f64,
    /// By how much net revenue retention is to rise: 0.18 for 18 points, or for 18 per cent.
    pub nrr_rise: f64,
    /// By how much the mean lifetime value is to rise, as a share.
    pub clv_rise: f64,
}

/// Why a target cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    /// No such name.
    #[error("`{0}` is no part of a target: write from_churn, churn, nrr or clv")]
    Unknown(String),
    /// Not a percentage.
    #[error("{name} is `{value}`: write per cent, like 6 or 6%")]
    Value {
        /// The name.
        name: String,
        /// What was written.
        value: String,
    },
    /// The chances to leave have not been learned.
    #[error("no account's chance to leave is known yet, so nothing can be said of a target")]
    Unjudged,
}

/// Factors that reach a target.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Levers {
    /// Net revenue retention that is wanted.
    pub nrr: f64,
    /// By how much more often accounts must grow; `None` where twenty times as often is not enough.
    pub expansion: Option<f64>,
}

/// What a target takes.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Answer {
    /// The target.
    pub target: Target,
    /// Accounts under contract that were judged, and their ARR.
    pub accounts: usize,
    /// Their ARR in minor units.
    pub arr_cents: i64,
    /// ISO 4217 code of all money.
    pub currency: String,
    /// Yearly churn of accounts as the book is.
    pub book_churn: f64,
    /// The factor on the book's hazards at which churn is that of the beginning.
    pub start_factor: Option<f64>,
    /// The factor at which it is that of the target; `None` where too many have given notice already.
    pub target_factor: Option<f64>,
    /// Losses of a year at the beginning, and at the target.
    pub losses: (f64, f64),
    /// Net revenue retention of the year at the beginning: the median of drawn years.
    pub nrr_start: f64,
    /// The same with the target's churn and nothing else.
    pub nrr_churn: f64,
    /// Its 80 % band.
    pub nrr_churn_band: (f64, f64),
    /// What is left to reach the rise in points.
    pub points: Levers,
    /// What is left to reach it in per cent.
    pub percent: Levers,
    /// Mean lifetime value at the beginning and with the target's churn, minor units.
    pub clv_cents: (i64, i64),
}

impl Target {
    /// A case often quoted: churn from 15 to 6 % a year, NRR up by 18, lifetime value up by 25 %.
    pub const QUOTED: Self = Self { from_churn: Some(0.15), churn: 0.06, nrr_rise: 0.18, clv_rise: 0.25 };

    /// Sets a part by its name, in per cent.
    pub fn set(&mut self, name: &str, value: &str) -> Result<(), TargetError> {
        let digits = value.trim().trim_start_matches('+').trim_end_matches('%').trim();
        let share = digits.parse::<f64>().ok().map(|percent| percent / 100.0);
        let refused = || TargetError::Value { name: name.to_owned(), value: value.to_owned() };
        let churn = || share.filter(|share| (0.0..1.0).contains(share)).ok_or_else(refused);
        let rise = || share.filter(|share| (-1.0..10.0).contains(share)).ok_or_else(refused);
        match name {
            "from_churn" => self.from_churn = Some(churn()?),
            "churn" => self.churn = churn()?,
            "nrr" => self.nrr_rise = rise()?,
            "clv" => self.clv_rise = rise()?,
            _ => return Err(TargetError::Unknown(name.to_owned())),
        }
        Ok(())
    }
}

/// An account whose chances are known, with its value.
struct Judged {
    hazards: Vec<f64>,
    margin: f64,
    historic: f64,
}

/// Answers for the accounts a filter shows.
pub fn what_it_takes(
    book: &Book,
    model: &Model,
    filter: &RowFilter,
    target: Target,
    seed: u64,
) -> Result<Result<Answer, TargetError>, EngineError> {
    let accounts = judged(book, model, filter);
    if accounts.is_empty() {
        return Ok(Err(TargetError::Unjudged));
    }
    let churn = |factor: f64| churn(&accounts, factor);
    let book_churn = churn(1.0);
    let start_factor = target.from_churn.map_or(Some(1.0), |share| factor_of(share, churn));
    let target_factor = factor_of(target.churn, churn);
    let (from, to) = (start_factor.unwrap_or(1.0), target_factor.unwrap_or(0.0));
    let year = |scenario: Scenario| -> Result<(Quantiles, i64, String), EngineError> {
        let drawn = draw(book, model, filter, &Ask { scenario, seed })?;
        let last = drawn.quarters.last().map(|quarter| quarter.retained);
        Ok((last.unwrap_or(Quantiles::of(&[])), drawn.opening_cents, drawn.currency))
    };
    let (start, arr_cents, currency) = year(Scenario { churn: from, ..Scenario::default() })?;
    let (reached, ..) = year(Scenario { churn: to, ..Scenario::default() })?;
    let share = |cents: i64| cents as f64 / arr_cents.max(1) as f64;
    let nrr_start = share(start.median_cents);
    let levers = |nrr: f64| -> Result<Levers, EngineError> {
        let at = |expansion: f64| -> Result<f64, EngineError> {
            Ok(share(year(Scenario { churn: to, expansion, ..Scenario::default() })?.0.median_cents))
        };
        Ok(Levers { nrr, expansion: growth_of(nrr, at)? })
    };
    Ok(Ok(Answer {
        target,
        accounts: accounts.len(),
        arr_cents,
        currency,
        book_churn,
        start_factor,
        target_factor,
        losses: (churn(from) * accounts.len() as f64, churn(to) * accounts.len() as f64),
        nrr_start,
        nrr_churn: share(reached.median_cents),
        nrr_churn_band: (share(reached.band_80_cents.0), share(reached.band_80_cents.1)),
        points: levers(nrr_start + target.nrr_rise)?,
        percent: levers(nrr_start * (1.0 + target.nrr_rise))?,
        clv_cents: (value(book, &accounts, from), value(book, &accounts, to)),
    }))
}

fn judged(book: &Book, model: &Model, filter: &RowFilter) -> Vec<Judged> {
    let rows = book.visible(filter).filter(|row| row.lifetime.standing == Standing::Contract);
    let judge = |row: &std::sync::Arc<crate::Row>| {
        let lifetime = &row.lifetime;
        let chances = lifetime.forecast.as_ref()?.chances();
        let leaving = model.leaving.of(book.arr_cents(row)?);
        let hazards = chances.into_iter().map(|chance| -leaving * (-chance).ln_1p()).collect();
        Some(Judged { hazards, margin: lifetime.monthly_margin?, historic: lifetime.historic? })
    };
    rows.filter_map(judge).collect()
}

impl Judged {
    /// Chance to stay through so many months under a factor; who has given notice leaves whatever the factor.
    fn stays(&self, months: usize, factor: f64) -> f64 {
        let scaled = |hazard: &f64| if hazard.is_finite() { hazard * factor } else { *hazard };
        (-self.hazards.iter().take(months).map(scaled).sum::<f64>()).exp()
    }
}

/// The share of accounts that leave within a year under a factor.
fn churn(accounts: &[Judged], factor: f64) -> f64 {
    accounts.iter().map(|it| 1.0 - it.stays(12, factor)).sum::<f64>() / accounts.len() as f64
}

/// The factor at which the churn is a share; `None` where even none leaves more, or a hundredfold leaves less.
fn factor_of(share: f64, churn: impl Fn(f64) -> f64) -> Option<f64> {
    let (mut low, mut high) = (0.0, 100.0);
    if churn(low) > share || churn(high) < share {
        return None;
    }
    for _ in 0..HALVINGS {
        let middle = 0.5 * (low + high);
        if churn(middle) < share { low = middle } else { high = middle }
    }
    Some(0.5 * (low + high))
}

/// The least factor on growth at which retention is reached; one where it is without.
fn growth_of(nrr: f64, at: impl Fn(f64) -> Result<f64, EngineError>) -> Result<Option<f64>, EngineError> {
    if at(1.0)? >= nrr {
        return Ok(Some(1.0));
    }
    let (mut low, mut high) = (1.0, MOST_GROWTH);
    if at(high)? < nrr {
        return Ok(None);
    }
    for _ in 0..TRIES {
        let middle = 0.5 * (low + high);
        if at(middle)? < nrr { low = middle } else { high = middle }
    }
    Ok(Some(high))
}

/// Mean lifetime value under a factor, minor units: as the definition of lifetime value has it, without growth.
fn value(book: &Book, accounts: &[Judged], factor: f64) -> i64 {
    let receipts = book.definitions.lifetime.receipts();
    let worth = |it: &Judged| {
        let mut alive = 1.0;
        let mut months = 0.0;
        for month in 0..receipts.horizon {
            months += alive * receipts.factor(month);
            let hazard = it.hazards.get(month as usize).copied().unwrap_or(f64::INFINITY);
            alive *= (-if hazard.is_finite() { hazard * factor } else { hazard }).exp();
        }
        it.historic + it.margin * months
    };
    (accounts.iter().map(worth).sum::<f64>() / accounts.len() as f64).round() as i64
}

impl Answer {
    /// The answer in plain sentences.
    pub fn sentences(&self, money: impl Fn(i64) -> String) -> Vec<String> {
        let percent = |share: f64| format!("{:.1} %", share * 100.0);
        let Self { target, accounts, .. } = self;
        let mut lines = vec![format!(
            "The book: {accounts} accounts, {} ARR; as it is, {} of the accounts are expected to leave within a year.",
            money(self.arr_cents),
            percent(self.book_churn)
        )];
        match (target.from_churn, self.start_factor) {
            (Some(from), Some(factor)) => lines.push(format!(
                "To begin at {} a year, its hazards are taken times {factor:.2}; net revenue retention of the year is then {}.",
                percent(from),
                percent(self.nrr_start)
            )),
            (Some(from), None) => lines.push(format!(
                "A churn of {} to begin with is out of this book's reach; it begins as it is, with a net revenue retention of {}.",
                percent(from),
                percent(self.nrr_start)
            )),
            (None, _) => lines.push(format!("It begins as it is, with a net revenue retention of {}.", percent(self.nrr_start))),
        }
        let (before, after) = self.losses;
        match self.target_factor {
            Some(factor) => lines.push(format!(
                "Churn of {}: {:.0} of every 100 losses must be prevented: {after:.1} leave in the year and not {before:.1}; \
                 every account's hazard falls to {:.2} of what it was.",
                percent(target.churn),
                100.0 * (1.0 - after / before.max(f64::MIN_POSITIVE)),
                factor / self.start_factor.unwrap_or(1.0)
            )),
            None => lines.push(format!(
                "Churn of {} cannot be reached within the year: who has given notice already is more than that.",
                percent(target.churn)
            )),
        }
        let (low, high) = self.nrr_churn_band;
        lines.push(format!(
            "That alone brings net revenue retention to {} ({} to {} in four of five years): {:+.1} points.",
            percent(self.nrr_churn),
            percent(low),
            percent(high),
            100.0 * (self.nrr_churn - self.nrr_start)
        ));
        let rise = target.nrr_rise * 100.0;
        for (unit, levers) in [("points", &self.points), ("per cent", &self.percent)] {
            lines.push(match levers.expansion {
                Some(factor) if factor <= 1.0 => {
                    format!("NRR {rise:+.0} {unit} ({}): the churn alone gives it.", percent(levers.nrr))
                }
                Some(factor) => format!(
                    "NRR {rise:+.0} {unit} ({}): besides, accounts must grow {factor:.1} times as often as they do.",
                    percent(levers.nrr)
                ),
                None => format!(
                    "NRR {rise:+.0} {unit} ({}): growing {MOST_GROWTH:.0} times as often would not be enough.",
                    percent(levers.nrr)
                ),
            });
        }
        let (from, to) = self.clv_cents;
        let clv = to as f64 / from.max(1) as f64 - 1.0;
        lines.push(format!(
            "Mean lifetime value goes from {} to {} ({:+.0} %) by the churn alone, {} the {:+.0} % that are wanted.",
            money(from),
            money(to),
            100.0 * clv,
            if clv >= target.clv_rise { "at least" } else { "less than" },
            100.0 * target.clv_rise
        ));
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(hazard: f64, accounts: usize) -> Vec<Judged> {
        let one = || Judged { hazards: vec![hazard; 60], margin: 100.0, historic: 1_000.0 };
        (0..accounts).map(|_| one()).collect()
    }

    #[test]
    fn the_factor_gives_the_churn_that_was_wanted() {
        let accounts = judged(0.01, 50);
        let factor = factor_of(0.15, |factor| churn(&accounts, factor)).unwrap();
        assert!((churn(&accounts, factor) - 0.15).abs() < 1e-9);
        // A constant hazard: 1 - exp(-12 h f) = 0.15.
        assert!((factor - -(0.85_f64).ln() / 0.12).abs() < 1e-6, "{factor}");
    }

    #[test]
    fn who_has_given_notice_cannot_be_kept() {
        let mut accounts = judged(0.01, 9);
        accounts.push(Judged { hazards: vec![f64::INFINITY; 60], margin: 100.0, historic: 0.0 });
        assert_eq!(factor_of(0.06, |factor| churn(&accounts, factor)), None);
        assert!((churn(&accounts, 0.0) - 0.1).abs() < 1e-12);
    }

    #[test]
    fn parts_are_set_in_per_cent() {
        let mut target = Target::QUOTED;
        target.set("churn", "5 %").unwrap();
        target.set("nrr", "+9").unwrap();
        assert!((target.churn - 0.05).abs() < 1e-12 && (target.nrr_rise - 0.09).abs() < 1e-12);
        assert!(target.set("churn", "150").is_err() && target.set("luck", "1").is_err());
    }
}
