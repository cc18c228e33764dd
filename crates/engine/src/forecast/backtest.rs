//! Would it have been right? On every third month end of the past the forecast is made again from what had happened by
//! then, with the model of lifetime value that was learned by then, and compared with what followed; so are rules that need
//! no model. Quarters that overlap are not independent, so days of forecast are counted beside figures. A fact that was
//! recorded late counts from the day it was true. What people said of renewals, which is what a CRM's probability is, counts
//! as it was frozen on the day of forecast, and not at all where they had spoken of less than half of what was due.

use std::{cell::RefCell, collections::BTreeMap, sync::Arc};

use domain::{
    Day,
    revenue::{Kind, Span, months_after, months_before},
};
use serde::Serialize;
use stats::validation::quantiles::LEVELS;
use store::{RenewalForecast, renewal_forecast::MACHINE};

use super::{
    MONTHS, Measure, QUARTERS, Quantiles, SEED, Scenario,
    learn::Known,
    predict::{Candidate, ends, judged, paths, portfolio, summarise},
    score::{Case, Rule, Score, Verdict, sentence, verdict},
};
use crate::lifetime::{self, Past};

/// Days of forecast at most, the newest.
const MOST_ORIGINS: usize = 12;

/// Month ends that must have been read before one is forecast from.
const LEAST_PAST: usize = 12;

/// Quarters of the trailing mean.
const TRAILING: u32 = 8;

/// How the forecast would have done.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Backtest {
    /// The days it was made on, oldest first.
    pub trials: Vec<Trial>,
    /// The scores by measure.
    pub scores: Vec<Score>,
    /// Whether to believe it.
    pub verdict: Verdict,
    /// The verdict in one sentence.
    pub sentence: String,
}

/// One day of forecast: every quarter that has ended since.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Trial {
    /// The day.
    pub made_on: Day,
    /// By measure in the order of [`Measure::ALL`], the quarters.
    pub cases: [Vec<Case>; 3],
}

/// The days to forecast from: each third month end that a quarter has followed, oldest first.
pub(super) fn origins(past: &Past, today: Day) -> Vec<Day> {
    let days: Vec<Day> = past.days().collect();
    let followed = |at: &usize| ended(days[*at], 1) <= today;
    let Some(last) = (0..days.len()).rfind(followed) else { return Vec::new() };
    let chosen = (LEAST_PAST..=last).rev().step_by(MONTHS as usize).take(MOST_ORIGINS);
    let mut origins: Vec<Day> = chosen.map(|at| days[at]).collect();
    origins.reverse();
    origins
}

/// The last day of a quarter after a month end; the first quarter is 1.
fn ended(origin: Day, quarter: u32) -> Day {
    let next = origin.succ_opt().unwrap_or(origin);
    months_after(next, MONTHS * quarter).pred_opt().unwrap_or(next)
}

/// Forecasts again from each day, by the model that had been learned by it, and scores what came.
pub(super) fn run(known: &Known<'_>, vintages: &BTreeMap<Day, Arc<lifetime::Model>>) -> Option<Backtest> {
    let outcomes = Outcomes { known, seen: RefCell::default() };
    let trials: Vec<Trial> = vintages.iter().filter_map(|(day, model)| trial(&outcomes, *day, model)).collect();
    if trials.is_empty() {
        return None;
    }
    let score = |measure: Measure| {
        let cases: Vec<Case> = trials.iter().flat_map(|trial| trial.cases[measure as usize].clone()).collect();
        Score::of(measure, &cases)
    };
    let scores: Vec<Score> = Measure::ALL.into_iter().filter_map(score).collect();
    let verdict = verdict(trials.len(), &scores);
    Some(Backtest { sentence: sentence(verdict, trials.len(), &scores), verdict, scores, trials })
}

fn trial(outcomes: &Outcomes<'_>, made_on: Day, lifetime: &Arc<lifetime::Model>) -> Option<Trial> {
    let known = outcomes.known;
    let model = known.model(made_on, lifetime)?;
    let ahead = known.looker(lifetime)?.ahead(made_on);
    let candidate = |account: &Arc<domain::revenue::AccountLedger>| {
        let amount = account.arr(made_on, &known.view).cents();
        let chances = ahead.get(&account.account_id).cloned();
        (amount > 0).then_some(Candidate { account_id: account.account_id, amount, chances })
    };
    let candidates: Vec<Candidate> = known.ledger.accounts().iter().filter_map(candidate).collect();
    let opening: i64 = candidates.iter().map(|it| it.amount).sum();
    if opening == 0 {
        return None;
    }
    let portfolio = portfolio(&model, judged(&candidates, &model), &Scenario::default(), 1.0);
    let flows = portfolio.simulate(&ends(), paths(candidates.len()), SEED);
    let (quarters, _) = summarise(made_on, opening, &flows);
    let today = known.book.as_of;
    let mut cases: [Vec<Case>; 3] = Default::default();
    for quarter in (1..=QUARTERS as u32).take_while(|quarter| ended(made_on, *quarter) <= today) {
        let drawn = &quarters[quarter as usize - 1];
        for measure in Measure::ALL {
            let quantiles = match measure {
                Measure::Arr => drawn.arr.all(),
                Measure::Nrr => shares(&drawn.retained, opening),
                Measure::Churned => drawn.churned.all(),
            };
            let Some(outcome) = outcomes.of(measure, made_on, quarter) else { continue };
            let rules = Rule::ALL.map(|rule| outcomes.rule(rule, measure, made_on, quarter));
            cases[measure as usize].push(Case { quantiles, rules, outcome });
        }
    }
    Some(Trial { made_on, cases })
}

fn shares(retained: &Quantiles, opening: i64) -> [f64; LEVELS.len()] {
    retained.all().map(|cents| cents / opening as f64)
}

/// What followed each month end, looked up once: rules of many days ask for the same quarters.
struct Outcomes<'a> {
    known: &'a Known<'a>,
    seen: RefCell<BTreeMap<(Measure, Day, u32), Option<f64>>>,
}

impl Outcomes<'_> {
    /// What a measure came to, a quarter counted from a month end; `None` where nothing was paid then.
    fn of(&self, measure: Measure, origin: Day, quarter: u32) -> Option<f64> {
        let key = (measure, origin, quarter);
        if let Some(known) = self.seen.borrow().get(&key) {
            return *known;
        }
        let outcome = self.look(measure, origin, quarter);
        self.seen.borrow_mut().insert(key, outcome);
        outcome
    }

    fn look(&self, measure: Measure, origin: Day, quarter: u32) -> Option<f64> {
        let Known { ledger, view, .. } = self.known;
        let through = ended(origin, quarter);
        if !ledger.arr(origin, view).is_positive() {
            return None;
        }
        Some(match measure {
            Measure::Arr => ledger.arr(through, view).as_f64(),
            Measure::Nrr => ledger.retention(Span { after: origin, through }, view).net()?.as_f64(),
            Measure::Churned => {
                let after = if quarter > 1 { ended(origin, quarter - 1) } else { origin };
                (-ledger.bridge(Span { after, through }, view).of(Kind::Churn)).as_f64()
            }
        })
    }

    /// What a rule says of a quarter from a month end, from what had happened by then.
    fn rule(&self, rule: Rule, measure: Measure, origin: Day, quarter: u32) -> Option<f64> {
        let share = match rule {
            Rule::Said => return self.said(measure, origin, quarter),
            Rule::LastYear if month_end(origin, 12) < self.known.since => return None,
            Rule::LastYear => self.share(measure, month_end(origin, 12), quarter)?,
            Rule::TrailingMean => {
                let quarters: Vec<f64> =
                    (1..=TRAILING).map_while(|back| self.share(measure, month_end(origin, MONTHS * back), 1)).collect();
                if quarters.len() < 2 {
                    return None;
                }
                let mean = quarters.iter().sum::<f64>() / quarters.len() as f64;
                if measure == Measure::Churned { mean } else { mean.powi(quarter as i32) }
            }
        };
        let arr = self.known.ledger.arr(origin, &self.known.view).as_f64();
        Some(if measure == Measure::Nrr { share } else { share * arr })
    }

    /// What follows from what people had said of renewals by a month end.
    fn said(&self, measure: Measure, origin: Day, quarter: u32) -> Option<f64> {
        let Known { ledger, view, frozen, .. } = self.known;
        let through = ended(origin, quarter);
        let due = || {
            frozen
                .iter()
                .filter(|it| it.closed_on == origin && it.due_on <= through && it.currency == view.currency.as_str())
        };
        let people = || due().filter(|it| it.forecaster != MACHINE);
        let sum = |of: &dyn Fn(&RenewalForecast) -> i64, all: &mut dyn Iterator<Item = &RenewalForecast>| -> i64 {
            all.map(of).sum()
        };
        let spoken_of = sum(&|it| it.due_cents, &mut people());
        if spoken_of == 0 || 2 * spoken_of < sum(&|it| it.due_cents, &mut due().filter(|it| it.forecaster == MACHINE)) {
            return None;
        }
        let arr = ledger.arr(origin, view).as_f64();
        let lost = |it: &RenewalForecast| it.due_cents - it.forecast_cents;
        let kept = arr - sum(&lost, &mut people()) as f64;
        let begins = if quarter > 1 { ended(origin, quarter - 1) } else { origin };
        Some(match measure {
            Measure::Arr => kept,
            Measure::Nrr => kept / arr,
            Measure::Churned => sum(&|it| lost(it).max(0), &mut people().filter(|it| it.due_on > begins)) as f64,
        })
    }

    /// An outcome in proportion to the ARR it began with.
    fn share(&self, measure: Measure, origin: Day, quarter: u32) -> Option<f64> {
        let came_to = self.of(measure, origin, quarter)?;
        let then = self.known.ledger.arr(origin, &self.known.view).as_f64();
        Some(if measure == Measure::Nrr { came_to } else { came_to / then })
    }
}

/// The month end so many months before another.
fn month_end(origin: Day, back: u32) -> Day {
    let next = origin.succ_opt().unwrap_or(origin);
    months_before(next, back).pred_opt().unwrap_or(next)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quarters_after_a_month_end_end_with_a_month() {
        let day = |text: &str| text.parse::<Day>().unwrap();
        assert_eq!(ended(day("2025-11-30"), 1), day("2026-02-28"));
        assert_eq!(ended(day("2026-02-28"), 4), day("2027-02-28"));
    }
}
