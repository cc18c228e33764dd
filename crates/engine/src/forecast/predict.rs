//! Drawing a forecast: today's accounts with their chances, as a scenario changes them, become the units of a portfolio,
//! and its paths become quantiles. The same accounts in the same order draw the same exits, so that a scenario differs from
//! the forecast by what it changes and not by luck.

use std::{collections::HashSet, sync::Arc};

use domain::{
    Day,
    access::RowFilter,
    revenue::{Arr, Bridge, Kind, Span, months_after, months_before},
    time::days_before,
};
use stats::portfolio::{Flow, Portfolio, Unit};

use super::{Forecast, MONTHS, Means, Model, QUARTERS, Quantiles, Quarter, Scenario};
use crate::{
    Book, EngineError, Row, query,
    revenue::{ledger, report::window},
};

/// Draws of accounts that one forecast may cost.
const DRAWS: usize = 1_000_000;

/// What to draw.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Ask {
    /// What is changed.
    pub scenario: Scenario,
    /// The seed of all chance.
    pub seed: u64,
}

/// An account with its chance to leave within the year, and what it pays.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Leaver {
    /// The account.
    pub account_id: i64,
    /// Its ARR in minor units.
    pub arr_cents: i64,
    /// Its chance to leave in each quarter.
    pub chances: [f64; QUARTERS],
}

/// One account on the way into a portfolio.
pub(super) struct Candidate {
    pub(super) account_id: i64,
    pub(super) amount: i64,
    /// Chances to leave, month by month; `None` where they are not known.
    pub(super) chances: Option<Vec<f64>>,
}

/// Forecasts the accounts a filter shows; kept with the book.
pub fn forecast(book: &Book, model: &Model, filter: &RowFilter, ask: &Ask) -> Result<Arc<Forecast>, EngineError> {
    let question = (model.drawn.clone(), filter.clone(), ask.clone());
    book.derived.moment.forecasts.try_of(question, || draw(book, model, filter, ask))
}

/// The same, not kept.
pub(super) fn draw(book: &Book, model: &Model, filter: &RowFilter, ask: &Ask) -> Result<Forecast, EngineError> {
    let (candidates, units) = units(book, model, filter, &ask.scenario)?;
    let today = Span { after: days_before(book.as_of, 1), through: book.as_of };
    let left_out = ledger(book, |row| row.visible(filter)).unrated(today, &model.lens.view());
    let share = share_of_book(book, model, filter, candidates.len());
    let portfolio = portfolio(model, units, &ask.scenario, share);
    let paths = paths(portfolio.units.len());
    let opening_cents = candidates.iter().map(|it| it.amount).sum();
    let drawn = model.drawn.of(&portfolio, book.as_of, opening_cents, ask.seed);
    let (quarters, churned) = (drawn.0.clone(), drawn.1);
    Ok(Forecast {
        as_of: book.as_of,
        currency: model.lens.currency.to_string(),
        accounts: candidates.len(),
        unjudged: candidates.iter().filter(|it| it.chances.is_none()).count(),
        opening_cents,
        quarters,
        churned,
        paths,
        seed: ask.seed,
        left_out: left_out.iter().map(|missing| missing.currency.to_string()).collect(),
    })
}

impl Leaver {
    /// The accounts a filter shows, the ARR most likely to be lost within a quarter first; kept with the book.
    pub fn all(
        book: &Book,
        model: &Model,
        filter: &RowFilter,
        scenario: &Scenario,
        quarter: usize,
    ) -> Result<Arc<Vec<Self>>, EngineError> {
        let question = (model.drawn.clone(), filter.clone(), scenario.clone(), quarter);
        book.derived.moment.leavers.try_of(question, || Self::of(book, model, filter, scenario, quarter))
    }

    fn of(
        book: &Book,
        model: &Model,
        filter: &RowFilter,
        scenario: &Scenario,
        quarter: usize,
    ) -> Result<Vec<Self>, EngineError> {
        let (candidates, units) = units(book, model, filter, scenario)?;
        let leaver = |(candidate, unit): (&Candidate, &Unit)| {
            let mut stays = 1.0;
            let months = unit.hazards.chunks(MONTHS as usize);
            let mut chances = [0.0; QUARTERS];
            for (chance, months) in chances.iter_mut().zip(months) {
                let after = stays * (-months.iter().sum::<f64>()).exp();
                *chance = stays - after;
                stays = after;
            }
            Self { account_id: candidate.account_id, arr_cents: candidate.amount, chances }
        };
        let mut leavers: Vec<Self> = candidates.iter().zip(&units).map(leaver).collect();
        let at_stake = |it: &Self| it.arr_cents as f64 * it.chances[quarter.min(QUARTERS - 1)];
        leavers.sort_by(|a, b| at_stake(b).total_cmp(&at_stake(a)).then(a.account_id.cmp(&b.account_id)));
        Ok(leavers)
    }
}

/// Months after which each quarter ends.
pub(super) fn ends() -> [u32; QUARTERS] {
    std::array::from_fn(|quarter| MONTHS * (quarter as u32 + 1))
}

/// Paths that are worth their cost: bands of many accounts are smooth with fewer.
pub(super) fn paths(units: usize) -> usize {
    (DRAWS / units.max(1)).clamp(200, 1_000)
}

/// Accounts that pay in the model's currency, and what a scenario makes of each.
fn units(
    book: &Book,
    model: &Model,
    filter: &RowFilter,
    scenario: &Scenario,
) -> Result<(Vec<Candidate>, Vec<Unit>), EngineError> {
    let candidates: Vec<Candidate> = book.visible(filter).filter_map(|row| candidate(book, model, row)).collect();
    let among = scenario.among.as_deref().map(|text| query::select(book, text, filter)).transpose()?;
    let among: Option<HashSet<i64>> = among.map(|ids| ids.into_iter().collect());
    let mut units = judged(&candidates, model);
    for (candidate, unit) in candidates.iter().zip(&mut units) {
        if among.as_ref().is_none_or(|among| among.contains(&candidate.account_id)) {
            // Who has given notice leaves whatever the factor.
            for hazard in unit.hazards.iter_mut().filter(|hazard| hazard.is_finite()) {
                *hazard *= scenario.churn;
            }
            unit.growth *= scenario.expansion;
        }
    }
    let mut largest: Vec<usize> = (0..candidates.len()).collect();
    largest.sort_by_key(|at| (std::cmp::Reverse(candidates[*at].amount), candidates[*at].account_id));
    for at in largest.into_iter().take(scenario.lose_top) {
        units[at].hazards[0] = f64::INFINITY;
    }
    Ok((candidates, units))
}

pub(super) fn candidate(book: &Book, model: &Model, row: &Row) -> Option<Candidate> {
    let view = model.lens.view();
    let amount = row.revenue.known_arr(book.as_of, &view)?.cents();
    let chances = row.lifetime.forecast.as_ref().map(|forecast| forecast.chances());
    (amount > 0).then_some(Candidate { account_id: row.account.id, amount, chances })
}

/// Units with cumulative hazards; where chances are not known, those of the mean account.
pub(super) fn judged(candidates: &[Candidate], model: &Model) -> Vec<Unit> {
    let months = (MONTHS as usize) * QUARTERS;
    let known: Vec<&Vec<f64>> = candidates.iter().filter_map(|it| it.chances.as_ref()).collect();
    let mean = |month: usize| {
        let sum: f64 = known.iter().filter_map(|chances| chances.get(month)).sum();
        sum / known.len().max(1) as f64
    };
    let usual: Vec<f64> = (0..months).map(mean).collect();
    let unit = |it: &Candidate| {
        let chances = it.chances.as_ref().unwrap_or(&usual);
        let leaving = model.leaving.of(it.amount);
        let hazard = |month: usize| -leaving * (-chances.get(month).copied().unwrap_or(0.0)).ln_1p();
        Unit { amount: it.amount, hazards: (0..months).map(hazard).collect(), growth: model.growth.of(it.amount) }
    };
    candidates.iter().map(unit).collect()
}

/// How much of the whole book's accounts these are: as many of its arrivals are expected to be theirs.
fn share_of_book(book: &Book, model: &Model, filter: &RowFilter, these: usize) -> f64 {
    if *filter == RowFilter::All {
        return 1.0;
    }
    let view = model.lens.view();
    let pays = |row: &&Arc<Row>| row.revenue.known_arr(book.as_of, &view).is_some_and(Arr::is_positive);
    let all = book.rows().iter().filter(pays).count();
    if all == 0 { 1.0 } else { these as f64 / all as f64 }
}

/// The portfolio of units under a model and a scenario.
pub(super) fn portfolio(model: &Model, units: Vec<Unit>, scenario: &Scenario, share: f64) -> Portfolio {
    let mut arrivals = model.arrivals.clone();
    arrivals.rate *= scenario.new * share;
    arrivals.hazard = usual_hazard(&units);
    Portfolio { units, common: model.losses.clone(), up: model.up.clone(), down: model.down.clone(), arrivals }
}

/// The mean hazard of a month over units that are not certain to leave.
fn usual_hazard(units: &[Unit]) -> f64 {
    let all = || units.iter().flat_map(|unit| &unit.hazards).filter(|hazard| hazard.is_finite());
    let count = all().count();
    if count == 0 { 0.0 } else { all().sum::<f64>() / count as f64 }
}

/// What the paths say of each quarter, and of the year's churn.
pub(super) fn summarise(as_of: Day, opening_cents: i64, flows: &[Vec<Flow>]) -> (Vec<Quarter>, Quantiles) {
    let quantiles = |span: &[Flow], of: fn(&Flow) -> i64| {
        let mut amounts: Vec<i64> = span.iter().map(of).collect();
        amounts.sort_unstable();
        Quantiles::of(&amounts)
    };
    let mut opening = opening_cents;
    let quarter = |(at, span): (usize, &Vec<Flow>)| {
        let means = means(opening, span);
        opening = means.closing_cents;
        Quarter {
            ends_on: months_after(as_of, MONTHS * (at as u32 + 1)),
            arr: quantiles(span, |flow| flow.closing),
            retained: quantiles(span, |flow| flow.retained),
            churned: quantiles(span, |flow| flow.lost),
            losses: span.iter().map(|flow| f64::from(flow.exits)).sum::<f64>() / span.len().max(1) as f64,
            means,
        }
    };
    let quarters = flows.iter().enumerate().map(quarter).collect();
    let paths = flows.first().map_or(0, Vec::len);
    let mut lost: Vec<i64> = (0..paths).map(|path| flows.iter().map(|span| span[path].lost).sum()).collect();
    lost.sort_unstable();
    (quarters, Quantiles::of(&lost))
}

fn means(opening_cents: i64, span: &[Flow]) -> Means {
    let mean = |of: fn(&Flow) -> i64| {
        let sum: i128 = span.iter().map(|flow| i128::from(of(flow))).sum();
        let count = span.len().max(1) as i128;
        i64::try_from((sum + count / 2).div_euclid(count)).unwrap_or(i64::MAX)
    };
    let mut means = Means {
        opening_cents,
        new_cents: mean(|flow| flow.arrived),
        expansion_cents: mean(|flow| flow.up),
        contraction_cents: mean(|flow| flow.down),
        churn_cents: mean(|flow| flow.lost),
        closing_cents: 0,
    };
    means.closing_cents =
        opening_cents + means.new_cents + means.expansion_cents - means.contraction_cents - means.churn_cents;
    means
}

/// A quarter of the past, counted back from today, for the line that a forecast goes on from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PastQuarter {
    /// Its last day.
    pub ends_on: Day,
    /// ARR at its end, minor units.
    pub arr_cents: i64,
    /// ARR of the accounts that left within it.
    pub churned_cents: i64,
}

/// The quarters before today of the accounts a filter shows, oldest first; those in which nothing was sold yet are left out.
pub fn past(book: &Book, model: &Model, filter: &RowFilter, quarters: u32) -> Arc<Vec<PastQuarter>> {
    let question = (filter.clone(), model.lens.currency, quarters);
    book.derived.standing.past.of(question, || past_of(book, model, filter, quarters))
}

fn past_of(book: &Book, model: &Model, filter: &RowFilter, quarters: u32) -> Vec<PastQuarter> {
    let ledger = ledger(book, |row| row.visible(filter));
    let view = model.lens.view();
    let end = |back: u32| months_before(book.as_of, MONTHS * back);
    let spans: Vec<Span> = (0..quarters).rev().map(|back| Span { after: end(back + 1), through: end(back) }).collect();
    let quarter = |bridge: &Bridge, span: &Span| PastQuarter {
        ends_on: span.through,
        arr_cents: bridge.closing().cents(),
        churned_cents: -bridge.of(Kind::Churn).cents(),
    };
    // The forecast goes on from the accounts that are known, and so does its past.
    let bridges = ledger.rated(window(&spans), &view).bridges(&spans, &view);
    let all = bridges.iter().zip(&spans).map(|(bridge, span)| quarter(bridge, span));
    all.skip_while(|quarter| quarter.arr_cents == 0).collect()
}
