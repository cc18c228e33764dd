//! Against known truth: a synthetic company whose latent health, hazards and exits are written down, seen through a
//! noisy reading; a hazard drawn from known coefficients; and a published log of purchases.

use std::collections::{BTreeMap, HashMap};

use domain::{
    Day,
    revenue::{Currency, View},
    time::days_before,
};
use stats::{
    Confidence,
    random::{Seeded, Uniforms as _},
    validation::calibration::{auc, bins},
};
use store::Account;

use super::{
    Definition, Model, Standing,
    contract::{Cause, Contracts},
    hazard::{Case, Hazards, Spell},
    learn::{self, Past, month_ends},
    worth::{Appraiser, Reading, Subject},
};
use crate::{
    Definitions,
    revenue::{self, Steps},
    synthetic::{Company, Records, Synthesis, Truth},
};

fn today() -> Day {
    Day::from_ymd_opt(2026, 6, 15).unwrap()
}

fn definition() -> Definition {
    Definitions::shipped().unwrap().lifetime
}

/// The company's records with its truth, which the readings below show through noise.
struct World {
    accounts: Vec<Account>,
    contracts: Contracts,
    steps: BTreeMap<i64, std::sync::Arc<Steps>>,
    truth: Truth,
}

impl World {
    fn of(accounts: usize) -> Self {
        let company = Company::build(&Synthesis { accounts, seed: 3, ..Synthesis::new(today()) }, &mut |_| {});
        let Records { accounts, subscriptions, subscription_items, .. } = company.records();
        let ledgers = revenue::ledgers(&subscriptions, &subscription_items, None);
        Self {
            accounts,
            contracts: Contracts::new(&subscriptions),
            steps: revenue::steps(
                &ledgers,
                &View { currency: Currency::USD, rates: &revenue::NO_RATES, reactivation_days: None },
            ),
            truth: company.truth().clone(),
        }
    }

    fn subjects(&self) -> Vec<Subject<'_>> {
        let with_steps = self.accounts.iter().filter_map(|account| Some((account, self.steps.get(&account.id)?)));
        with_steps
            .map(|(account, steps)| Subject { account, steps, terms: self.contracts.of(account.id), purchases: &[] })
            .collect()
    }

    /// What a reading of a day shows: health is latent health through noise, nothing else is known.
    fn readings(&self, day: Day) -> HashMap<i64, Reading> {
        let one = |truth: &crate::synthetic::truth::AccountTruth| {
            let month = truth.months.iter().rev().find(|month| month.month <= day)?;
            let seed = (truth.account_id as u64) << 32 | u64::from(day.to_epoch_days().unsigned_abs());
            let mut noise = Seeded::new(seed);
            let wobble: f64 = (0..6).map(|_| noise.uniform()).sum::<f64>() - 3.0;
            let mrr = self.steps.get(&truth.account_id).map_or(0, |steps| steps.on(day));
            let reading = Reading {
                drivers: vec![Some(50.0 + 20.0 * month.latent + 10.0 * wobble), None, None, None, None],
                recurring: Some(mrr as f64 / 100.0),
                one_off: Some(0.0),
                referral_margin: Some(0.0),
                cost_to_serve: Some(20.0),
            };
            Some((truth.account_id, reading))
        };
        self.truth.accounts.iter().filter_map(one).collect()
    }

    fn learn(&self) -> Model {
        let definition = definition();
        let mut past = Past::default();
        for day in month_ends(today(), definition.contract.history_months) {
            let readings: Vec<_> = self.readings(day).into_iter().collect();
            past.add(day, learn::packed(&readings), definition.contract.drivers.len());
        }
        learn::model(&definition, &self.subjects(), &past, &self.readings(today()), today(), true)
    }
}

#[test]
fn the_chance_to_leave_ranks_and_calibrates_against_the_truth() {
    let (world, definition) = (World::of(1_200), definition());
    let model = world.learn();
    let appraiser = Appraiser { definition: &definition, model: Some(&model), day: today() };
    let readings = world.readings(today());
    let truth: HashMap<i64, _> = world.truth.accounts.iter().map(|it| (it.account_id, it)).collect();
    let year = today()..=days_before(today(), 0) + chrono::TimeDelta::days(365);
    let (mut chances, mut left, mut along) = (Vec::new(), Vec::new(), Vec::new());
    for subject in world.subjects() {
        let lifetime = appraiser.appraise(subject, &readings[&subject.account.id], None);
        let (Standing::Contract, None, Some(p)) = (lifetime.standing, lifetime.ends_on, lifetime.p_churn) else {
            continue;
        };
        let truth = truth[&subject.account.id];
        chances.push(p.value);
        left.push(truth.exit.is_some_and(|exit| year.contains(&exit.day)));
        let ahead = truth.months.iter().filter(|month| month.month > today());
        along.push(1.0 - ahead.map(|month| 1.0 - month.hazard()).product::<f64>());
    }
    let (expected, happened) = (chances.iter().sum::<f64>(), left.iter().filter(|left| **left).count() as f64);
    let true_rate = along.iter().sum::<f64>();
    let ranks = auc(&chances, &left).unwrap().unwrap();
    let limit = auc(&along, &left).unwrap().unwrap();
    let groups = bins(&chances, &left, 8, Confidence::P95).unwrap();
    let covered = groups.iter().filter(|bin| bin.interval.contains(bin.predicted)).count();
    println!(
        "{} accounts: {expected:.1} expected, {happened} left, {true_rate:.1} by the hazards of the year; \
         AUC {ranks:.3} of {limit:.3} with the future known; {covered} of {} bins covered",
        chances.len(),
        groups.len()
    );
    assert!(ranks > 0.68, "AUC {ranks}");
    assert!((expected / happened - 1.0).abs() < 0.25, "expected {expected}, happened {happened}");
    assert!(covered >= 6, "{groups:?}");
    let evidence = model.evidence.unwrap();
    println!("{}", evidence.sentence());
    assert!(evidence.discrimination.unwrap() > 0.65 && evidence.squared_error.0 < evidence.squared_error.1);
    let hazards = model.hazards.unwrap();
    assert_eq!(hazards.causes.iter().map(|it| it.cause).collect::<Vec<_>>(), Cause::ALL);
    let health = hazards.effects(0)[0];
    assert!(health.interval.high < 0.9, "ten points more health make leaving less likely: {health:?}");
    assert!(hazards.term_end(0).interval.low > 5.0, "most leave when the term ends");
}

#[test]
fn forty_accounts_get_a_wide_interval_and_no_refusal() {
    let (small, large, definition) = (World::of(40), World::of(600), definition());
    let widths = [&small, &large].map(|world| {
        let model = world.learn();
        assert!(model.why_not.is_empty() && model.cuts.len() == 3, "{:?}", model.why_not);
        let appraiser = Appraiser { definition: &definition, model: Some(&model), day: today() };
        let readings = world.readings(today());
        let ratio = |subject: &Subject<'_>| {
            let lifetime = appraiser.appraise(*subject, &readings[&subject.account.id], None);
            let p = lifetime.p_churn.filter(|_| lifetime.ends_on.is_none())?;
            assert!(p.value > 0.0 && p.interval.low > 0.0 && p.interval.high < 1.0);
            Some(p.interval.high / p.interval.low)
        };
        let mut ratios: Vec<f64> = world.subjects().iter().filter_map(ratio).collect();
        ratios.sort_unstable_by(f64::total_cmp);
        ratios[ratios.len() / 2]
    });
    println!(
        "upper over lower bound of the chance to leave: {:.1} with 40 accounts, {:.1} with 600",
        widths[0], widths[1]
    );
    assert!(widths[0] > 4.0 && widths[0] > 1.8 * widths[1], "{widths:?}");
}

/// Spells of a company whose hazard is known: half the accounts are at risk, the other half hardly.
fn drawn(accounts: u32, seed: u64) -> Vec<Spell> {
    let mut chance = Seeded::new(seed);
    let mut spells = Vec::new();
    for account in 0..accounts {
        let step = if account % 2 == 0 { 1.0 } else { -1.0 };
        for year in 0..2 {
            let case = case(step, 24.0 + 12.0 * f64::from(year));
            let left = (1..=12).find(|_| chance.uniform() < true_hazard(step));
            spells.push(Spell { case, followed: left.unwrap_or(12), exit: left.map(|_| Cause::Voluntary) });
            if left.is_some() {
                break;
            }
        }
    }
    spells
}

fn case(step: f64, months: f64) -> Case {
    Case { months, group: None, renewal: None, drivers: vec![Some(60.0 + 10.0 * step), None, None, None, None] }
}

fn true_hazard(step: f64) -> f64 {
    stats::logistic::chance(-4.6 - 0.6 * step)
}

#[test]
fn intervals_cover_the_true_chance() {
    let definition = definition();
    let truth = |step: f64| 1.0 - (1.0 - true_hazard(step)).powi(12);
    let (runs, mut covered, mut asked) = (40, 0, 0);
    for seed in 0..runs {
        let hazards = Hazards::learn(&drawn(120, seed), &definition.contract).unwrap();
        for step in [-1.0, 0.0, 1.0] {
            let chance = hazards.forecast(&case(step, 40.0), &definition.receipts()).p_churn;
            covered += usize::from(chance.interval.contains(truth(step)));
            asked += 1;
        }
    }
    println!("{covered} of {asked} intervals contain the true chance to leave");
    assert!(covered as f64 >= 0.9 * f64::from(asked), "{covered} of {asked}");
}

#[test]
fn nobody_leaving_does_not_promise_eternity() {
    let definition = definition();
    let quiet: Vec<Spell> = drawn(40, 1).into_iter().map(|spell| Spell { followed: 12, exit: None, ..spell }).collect();
    let hazards = Hazards::learn(&quiet, &definition.contract).unwrap();
    let forecast = hazards.forecast(&case(0.0, 40.0), &definition.receipts());
    assert!(forecast.p_churn.value > 0.0 && forecast.p_churn.interval.high > 0.02, "{:?}", forecast.p_churn);
    assert!(forecast.present.value < 60.0);
}

#[test]
fn a_notice_that_was_received_is_certain() {
    let definition = definition();
    let receipts = definition.receipts();
    let forecast = Hazards::until(3, &receipts);
    assert_eq!((forecast.survival[2], forecast.survival[3]), (1.0, 0.0));
    assert!((forecast.p_churn.value - 1.0).abs() < 1e-12);
    let months: f64 = (0..3).map(|month| receipts.factor(month)).sum();
    assert!((forecast.present.value - months).abs() < 1e-12);
}
