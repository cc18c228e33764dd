//! Whatever the input, no panic, no NaN, no probability outside [0, 1]: an error or a labelled answer.

use proptest::prelude::*;
use stats::Confidence;
use stats::purchase::bg_bb::{self, Count};
use stats::purchase::{Histories, History, Horizon, Model, Options, Params, fit, summarise};
use stats::shrinkage::{BetaPrior, Tally, partial_pool};
use stats::spend::{self, Spend};
use stats::survival::accelerated::{self, Distribution};
use stats::survival::cox::{self, Design, Ties};
use stats::survival::{Subject, competing, kaplan_meier};
use stats::tenure::{self, Spells};

fn any_number() -> impl Strategy<Value = f64> {
    prop_oneof![
        Just(f64::NAN),
        Just(f64::INFINITY),
        Just(f64::NEG_INFINITY),
        Just(0.0),
        Just(-0.0),
        Just(-1.0),
        Just(1e-300),
        Just(1e300),
        -10.0..100.0,
        any::<f64>(),
    ]
}

fn parameter() -> impl Strategy<Value = f64> {
    (-12.0..12.0_f64).prop_map(f64::exp)
}

fn model() -> impl Strategy<Value = Model> {
    prop_oneof![Just(Model::BgNbd), Just(Model::MbgNbd), Just(Model::ParetoNbd)]
}

fn history() -> impl Strategy<Value = History> {
    (prop_oneof![Just(0_u32), 1..5_u32, 0..2000_u32], 0.001..1.0_f64, 0.0..400.0_f64).prop_map(
        |(repeats, share, age)| {
            if repeats == 0 || age == 0.0 {
                History { repeats: 0, recency: 0.0, age }
            } else {
                History { repeats, recency: share * age, age }
            }
        },
    )
}

fn is_probability(p: f64) -> bool {
    (0.0..=1.0).contains(&p)
}

fn is_amount(x: f64) -> bool {
    x.is_finite() && x >= 0.0
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn predictions_stay_in_range(
        model in model(),
        values in prop::array::uniform4(parameter()),
        history in history(),
        horizon in prop_oneof![Just(0.0), 0.01..100.0, Just(5000.0)],
        discount in 1e-4..0.5_f64,
    ) {
        let params = Params::new(model, values).unwrap();
        prop_assert!(is_probability(params.p_alive(&history).unwrap()));
        let purchases = params.expected_purchases(&history, horizon).unwrap();
        prop_assert!(is_amount(purchases), "{purchases}");
        let discounted = params.discounted_purchases(&history, Horizon { length: horizon, discount }).unwrap();
        prop_assert!(is_amount(discounted) && discounted <= purchases * (1.0 + 1e-6) + 1e-300, "{discounted} {purchases}");
        let forever = params.dert(&history, discount).unwrap();
        prop_assert!(is_amount(forever), "{forever}");
        prop_assert!(forever >= discounted * (1.0 - 1e-6), "{forever} {discounted}");
    }

    #[test]
    fn any_history_is_fitted_or_refused(
        model in model(),
        rows in prop::collection::vec((0..6_u32, any_number(), any_number()), 0..8),
    ) {
        let histories: Vec<History> =
            rows.into_iter().map(|(repeats, recency, age)| History { repeats, recency, age }).collect();
        if let Ok(book) = Histories::new(&histories)
            && let Ok(fitted) = fit(model, &book, Options::default())
        {
            prop_assert!(fitted.params.values().iter().all(|&v| is_amount(v)));
        }
    }

    #[test]
    fn small_books_are_fitted_or_refused(model in model(), histories in prop::collection::vec(history(), 1..25)) {
        let book = Histories::new(&histories).unwrap();
        if let Ok(fitted) = fit(model, &book, Options::default()) {
            prop_assert!(fitted.log_likelihood.is_finite());
            prop_assert!(fitted.standard_errors().into_iter().flatten().all(is_amount));
            let horizon = Horizon { length: 20.0, discount: 0.01 };
            for forecast in fitted.forecast(&histories, horizon, Confidence::P95).unwrap() {
                let p = forecast.p_alive;
                prop_assert!(is_probability(p.value) && is_probability(p.interval.low) && is_probability(p.interval.high));
                for e in [forecast.purchases, forecast.discounted] {
                    prop_assert!(is_amount(e.value) && is_amount(e.interval.low) && is_amount(e.interval.high), "{e:?}");
                }
            }
        }
    }

    #[test]
    fn any_log_is_summarised_or_refused(
        log in prop::collection::vec((-400..400_i32, any_number()), 0..20),
        end in -100..300_i32,
    ) {
        if let Ok(Some(summary)) = summarise(&log, end, stats::purchase::TimeUnit::Week) {
            prop_assert!(summary.history.check(0).is_ok());
        }
    }

    #[test]
    fn any_spend_is_fitted_or_refused(rows in prop::collection::vec((0..9_u32, any_number()), 0..12)) {
        let spends: Vec<Spend> = rows.into_iter().map(|(purchases, mean)| Spend { purchases, mean }).collect();
        if let Ok(fitted) = spend::fit(&spends) {
            for spend in &spends {
                if let Some(mean) = fitted.mean_spend(spend, Confidence::P95).unwrap() {
                    prop_assert!(is_amount(mean.value), "{mean:?}");
                }
                prop_assert!(fitted.params.median_spend(spend).unwrap() >= 0.0);
            }
        }
    }

    #[test]
    fn any_survivors_are_fitted_or_refused(
        start in 1.0..1e4_f64,
        shares in prop::collection::vec(prop_oneof![Just(1.0), Just(0.0), 0.0..1.0_f64], 1..12),
        noise in prop::option::of(any_number()),
    ) {
        let mut survivors = vec![start];
        for share in shares {
            survivors.push(survivors[survivors.len() - 1] * share);
        }
        survivors.extend(noise);
        let Ok(spells) = Spells::from_survivors(&survivors) else { return Ok(()) };
        for model in [tenure::Model::Sbg, tenure::Model::Bdw] {
            if let Ok(fitted) = tenure::fit(model, &spells) {
                for t in [0, 1, 5, 50] {
                    prop_assert!(is_probability(fitted.survival(t, Confidence::P95).value));
                    prop_assert!(is_probability(fitted.params.retention_rate(t)));
                }
                let residual = fitted.discounted_residual(3, 0.1, Confidence::P95).unwrap();
                prop_assert!(is_amount(residual.value) && residual.value <= 11.0 + 1e-9, "{residual:?}");
            }
        }
    }

    #[test]
    fn any_spells_give_curves_and_hazards(
        rows in prop::collection::vec((any_number(), any_number(), any::<bool>(), any_number()), 0..30),
    ) {
        let wild: Vec<Subject> = rows.iter().map(|r| Subject { entry: r.0, exit: r.1, event: r.2 }).collect();
        let tame: Vec<Subject> = wild
            .iter()
            .filter(|s| s.exit.is_finite() && s.exit > 0.0)
            .map(|s| Subject { entry: if s.entry > 0.0 && s.entry < s.exit { s.entry } else { 0.0 }, ..*s })
            .collect();
        let covariates = |n: usize| rows.iter().take(n).map(|r| r.3).collect::<Vec<f64>>();
        for subjects in [wild, tame] {
            if let Ok(curve) = kaplan_meier::fit(&subjects, Confidence::P95) {
                for p in curve.points() {
                    let band = p.band(Confidence::P95);
                    prop_assert!(is_probability(p.survival) && is_probability(band.low) && is_probability(band.high));
                    prop_assert!(is_amount(p.hazard));
                }
            }
            let causes: Vec<usize> = (0..subjects.len()).map(|i| i % 2).collect();
            for point in competing::cumulative_incidence(&subjects, &causes, Confidence::P95).unwrap_or_default() {
                prop_assert!(point.incidence.iter().all(|e| is_probability(e.value)));
            }
            let x = covariates(subjects.len());
            let design = Design { subjects: &subjects, covariates: &x, columns: 1, strata: &[], clusters: &[] };
            if let Ok(fitted) = cox::fit(&design, Ties::Efron) {
                prop_assert!(is_probability(fitted.survival(0, &x[..1], 5.0).unwrap()));
            }
            for distribution in [Distribution::Weibull, Distribution::LogNormal] {
                if let Ok(fitted) = accelerated::fit(distribution, &subjects, &[]) {
                    prop_assert!(is_probability(fitted.params.survival(&[], 5.0).unwrap()));
                }
            }
        }
    }

    #[test]
    fn donors_and_groups(
        rows in prop::collection::vec((0..7_u32, 0..7_u32, 0..7_u32, 0.0..50.0_f64), 0..10),
        groups in prop::collection::vec((0..9_u32, 0..9_u32), 0..9),
        estimates in prop::collection::vec((any_number(), any_number()), 0..6),
    ) {
        let counts: Vec<Count> =
            rows.iter().map(|&(bought, last, opportunities, _)| Count { bought, last, opportunities }).collect();
        let weights: Vec<f64> = rows.iter().map(|r| r.3).collect();
        if let Ok(fitted) = bg_bb::fit(&counts, &weights) {
            for count in &counts {
                prop_assert!(is_probability(fitted.p_alive(count, Confidence::P95).unwrap().value));
                prop_assert!(is_amount(fitted.params.expected_purchases(count, 5).unwrap()));
            }
        }
        let tallies: Vec<Tally> = groups.iter().map(|&(events, trials)| Tally { events, trials }).collect();
        if let Ok(prior) = BetaPrior::estimate(&tallies) {
            for &tally in &tallies {
                let rate = prior.posterior(tally, Confidence::P95).unwrap();
                prop_assert!(is_probability(rate.value) && is_probability(rate.interval.low));
            }
        }
        if let Ok(pool) = partial_pool(&estimates, Confidence::P95) {
            prop_assert!(!pool.mean.is_nan());
        }
    }
}

#[test]
fn degenerate_books_are_labelled() {
    let same = |repeats, recency, age| vec![History { repeats, recency, age }; 30];
    for model in Model::ALL {
        let outcome = |rows: &[History]| fit(model, &Histories::new(rows).unwrap(), Options::default());
        assert!(outcome(&same(3, 20.0, 30.0)[..1]).is_err(), "one customer");
        assert!(outcome(&same(0, 0.0, 30.0)).is_err(), "no repeat buyers");
        let identical = outcome(&same(3, 20.0, 30.0)).unwrap();
        assert!(identical.standard_errors().contains(&None), "identical rows: {identical:?}");
        let steady = outcome(&same(3, 30.0, 30.0)).unwrap();
        assert!(!steady.params.has_attrition() || steady.standard_errors().contains(&None));
    }
}
