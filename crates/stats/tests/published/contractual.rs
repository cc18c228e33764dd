//! Shifted-beta-geometric and beta-discrete-Weibull beside Fader & Hardie (2007), its notes and handbook chapter, and
//! Fader, Hardie, Liu, Davin & Steenburgh (2018). The survivors are typed in from the 2007 paper.

use stats::tenure::{Fitted, Model, Params, Spells, compare, constant_retention, fit};

use crate::reference::{all_printed, printed};

const REGULAR: [f64; 13] =
    [1_000.0, 631.0, 468.0, 382.0, 326.0, 289.0, 262.0, 241.0, 223.0, 207.0, 194.0, 183.0, 173.0];
const HIGH_END: [f64; 13] =
    [1_000.0, 869.0, 743.0, 653.0, 593.0, 551.0, 517.0, 491.0, 468.0, 445.0, 427.0, 409.0, 394.0];
/// Note 017: survivors by age of five cohorts, observed for four years down to none.
const COHORTS: [f64; 5] = [10_000.0, 8_000.0, 6_480.0, 5_307.0, 4_391.0];

fn fitted(model: Model, survivors: &[f64], years: usize) -> Fitted {
    fit(model, &Spells::from_survivors(&survivors[..=years]).unwrap()).unwrap()
}

fn values(fitted: &Fitted) -> [f64; 2] {
    [fitted.params.gamma, fitted.params.delta]
}

#[test]
fn seven_years_of_2007() {
    let high = fitted(Model::Sbg, &HIGH_END, 7);
    all_printed("High End", &values(&high), &[0.668_09, 3.806_09], 1e-5);
    printed("LL", high.log_likelihood, -1_611.158_1, 1e-4);
    let regular = fitted(Model::Sbg, &REGULAR, 7);
    all_printed("Regular", &values(&regular), &[0.704_08, 1.182_04], 1e-5);
    printed("LL", regular.log_likelihood, -1_680.265_2, 1e-4);
    let percent = |f: &Fitted| (1..=12).map(|t| 100.0 * f.params.survival(t)).collect::<Vec<_>>();
    let published = [62.67, 47.38, 38.80, 33.21, 29.23, 26.25, 23.90, 22.01, 20.44, 19.12, 17.99, 17.00];
    all_printed("Regular %", &percent(&regular), &published, 0.01);
    let published = [85.07, 74.69, 66.98, 60.99, 56.18, 52.22, 48.89, 46.04, 43.58, 41.42, 39.51, 37.80];
    all_printed("High End %", &percent(&high), &published, 0.01);
}

#[test]
fn four_years_of_2018() {
    for (survivors, sbg, sbg_ll, bdw, bdw_ll, ratio) in [
        (&REGULAR, [0.7637, 1.2958], -1_401.559_4, [0.5230, 0.8943, 1.1964], -1_401.383_1, 0.35),
        (&HIGH_END, [1.2810, 7.7904], -1_225.134_9, [0.2593, 1.7226, 1.5844], -1_222.749_3, 4.77),
    ] {
        let simple = fitted(Model::Sbg, survivors, 4);
        all_printed("sBG", &values(&simple), &sbg, 1e-4);
        printed("LL", simple.log_likelihood, sbg_ll, 1e-4);
        let general = fitted(Model::Bdw, survivors, 4);
        let Params { gamma, delta, c } = general.params;
        all_printed("BdW", &[gamma, delta, c], &bdw, 1e-4);
        printed("LL", general.log_likelihood, bdw_ll, 1e-4);
        printed("LR", compare(&simple, &general).statistic, ratio, 0.01);
    }
    printed("polarization", fitted(Model::Sbg, &HIGH_END, 4).params.polarization(), 0.099, 1e-3);
    printed("polarization", fitted(Model::Bdw, &HIGH_END, 4).params.polarization(), 0.335, 1e-3);
    let percent = |s: &[f64]| {
        let params = fitted(Model::Bdw, s, 4).params;
        (1..=12).map(|t| 100.0 * params.survival(t)).collect::<Vec<_>>()
    };
    let published = [63.10, 46.84, 38.12, 32.60, 28.75, 25.89, 23.66, 21.86, 20.38, 19.14, 18.07, 17.14];
    all_printed("Regular %", &percent(&REGULAR), &published, 0.01);
    let published = [86.91, 74.19, 65.48, 59.29, 54.66, 51.04, 48.10, 45.67, 43.60, 41.82, 40.27, 38.89];
    all_printed("High End %", &percent(&HIGH_END), &published, 0.01);
}

#[test]
fn errors_of_year_twelve_by_length_of_history() {
    let error = |model, survivors: &[f64], years| {
        100.0 * (1_000.0 * fitted(model, survivors, years).params.survival(12) / survivors[12] - 1.0)
    };
    let over = |model, survivors: &[f64]| [4, 5, 7].map(|years| error(model, survivors, years));
    all_printed("sBG High End", &over(Model::Sbg, &HIGH_END), &[-22.1, -12.0, -4.1], 0.1);
    all_printed("BdW High End", &over(Model::Bdw, &HIGH_END), &[-1.3, 1.4, 2.5], 0.1);
    all_printed("sBG Regular", &over(Model::Sbg, &REGULAR), &[-7.8, -5.1, -1.7], 0.1);
    all_printed("BdW Regular", &over(Model::Bdw, &REGULAR), &[-0.9, 0.8, 2.5], 0.1);
    printed("High End", error(Model::Sbg, &HIGH_END, 7), -4.06, 0.01);
    printed("Regular", error(Model::Sbg, &REGULAR, 7), -1.71, 0.01);
}

#[test]
fn pooled_cohorts_of_note_017() {
    let cohorts: Vec<&[f64]> = (1..=5).rev().map(|n| &COHORTS[..n]).collect();
    let pooled = fit(Model::Sbg, &Spells::from_cohorts(&cohorts).unwrap()).unwrap();
    all_printed("pooled", &values(&pooled), &[3.7981, 15.1919], 1e-4);
    printed("LL", pooled.log_likelihood, -40_255.837_3, 1e-4);
    let ends: Vec<(f64, u32, f64)> = (0..5).map(|age| (COHORTS[0], age, COHORTS[age as usize])).collect();
    let limited = fit(Model::Sbg, &Spells::from_begin_and_end(&ends).unwrap()).unwrap();
    // The workbook's solver stops early on a flat ridge: 3.7949, 15.1783 at the same likelihood.
    all_printed("begin and end", &values(&limited), &[3.7965, 15.1849], 1e-4);
    let workbook = Params::new(3.7949, 15.1783, 1.0).unwrap();
    printed("LL", workbook.log_likelihood(&Spells::from_begin_and_end(&ends).unwrap()), -25_260.504_9, 1e-4);
    printed("LL", limited.log_likelihood, -25_260.504_9, 1e-4);
}

#[test]
fn residual_lifetimes() {
    // Handbook of Research on Customer Equity, ch. 3: $100 a year at ten per cent.
    let params = Params::new(0.764, 1.296, 1.0).unwrap();
    let derl = [1, 2, 5].map(|n| 100.0 * params.discounted_residual(n, 0.1).unwrap());
    all_printed("DERL", &derl, &[288.0, 394.0, 568.0], 1.0);
    printed("constant r", 100.0 * constant_retention(0.833, 0.1).unwrap(), 343.0, 1.0);
    // Workshop of 2010, DERL by tenure; the second pair of parameters is printed rounded.
    let by_tenure = |gamma, delta| {
        let params = Params::new(gamma, delta, 1.0).unwrap();
        [1, 2, 3, 4, 5].map(|n| params.discounted_residual(n, 0.1).unwrap())
    };
    all_printed("DERL by tenure", &by_tenure(3.80, 15.20), &[3.31, 3.45, 3.59, 3.72, 3.84], 0.01);
    all_printed("DERL by tenure", &by_tenure(0.067, 0.267), &[7.67, 9.46, 9.85, 10.06, 10.19], 0.01);
}
