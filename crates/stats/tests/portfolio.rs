//! Books with a known truth: do the bands of the sum hold what then happens as often as they say? The truth is a common
//! factor that the forecast does not know and has to learn from four years of counts. The same forecast without the factor,
//! every account by itself, is the mutant: its bands must fail the same test, or the test proves nothing.

use stats::portfolio::{Arrivals, Changes, Portfolio, Unit};
use stats::random::{Seeded, Uniforms, normal};
use stats::shock::{Common, Period, Prior};
use stats::validation::quantiles::{coverage, quantile};

const UNITS: usize = 300;
const HAZARD: f64 = 0.025;
const MONTHS: usize = 48;
const BOOKS: u64 = 240;
const PATHS: usize = 300;

/// The true factor: the standard deviation of its logarithm, and what is left of it a month later.
const SIZE: f64 = 0.45;
const PERSISTENCE: f64 = 0.6;

/// The factors of some months, one after the other.
fn factors(months: usize, source: &mut Seeded) -> Vec<f64> {
    let mut deviation = normal(source);
    let step = (1.0 - PERSISTENCE * PERSISTENCE).sqrt();
    let next = |_| {
        deviation = PERSISTENCE * deviation + step * normal(source);
        (SIZE * deviation - 0.5 * SIZE * SIZE).exp()
    };
    (0..months).map(next).collect()
}

/// Units that leave in a month.
fn leave(units: usize, factor: f64, source: &mut Seeded) -> usize {
    let chance = 1.0 - (-HAZARD * factor).exp();
    (0..units).filter(|_| source.uniform() < chance).count()
}

/// Lost amounts within a year, as three bands and as what happened.
fn book(seed: u64, common: impl Fn(&[Period]) -> Common) -> ([(f64, f64); 3], f64) {
    let mut source = Seeded::new(7_000 + seed);
    let factors = factors(MONTHS + 12, &mut source);
    let chance = 1.0 - (-HAZARD).exp();
    let month = |factor: &f64| Period {
        expected: UNITS as f64 * chance,
        squares: UNITS as f64 * chance * chance,
        observed: leave(UNITS, *factor, &mut source) as f64,
    };
    // In the past every loss was replaced, so that each month counts the same units.
    let past: Vec<Period> = factors[..MONTHS].iter().map(month).collect();
    let still = || Changes::new(0.0, Common::none(), []);
    let portfolio = Portfolio {
        units: vec![Unit { amount: 1, hazards: vec![HAZARD; 12], growth: 1.0 }; UNITS],
        common: common(&past),
        up: still(),
        down: still(),
        arrivals: Arrivals { rate: 0.0, common: Common::none(), amounts: Vec::new(), hazard: 0.0 },
    };
    let flows = portfolio.simulate(&[12], PATHS, seed);
    let mut lost: Vec<i64> = flows[0].iter().map(|flow| flow.lost).collect();
    lost.sort_unstable();
    let at = |level| quantile(&lost, level).unwrap() as f64;
    let bands = [(at(0.25), at(0.75)), (at(0.1), at(0.9)), (at(0.025), at(0.975))];
    let mut left = UNITS;
    for factor in &factors[MONTHS..] {
        left -= leave(left, *factor, &mut source);
    }
    (bands, (UNITS - left) as f64)
}

/// Shares of books whose year lay within the 50, 80 and 95 % band.
fn shares(common: impl Fn(&[Period]) -> Common) -> [f64; 3] {
    let books: Vec<_> = (0..BOOKS).map(|seed| book(seed, &common)).collect();
    let outcomes: Vec<f64> = books.iter().map(|(_, outcome)| *outcome).collect();
    std::array::from_fn(|band| {
        let bands: Vec<(f64, f64)> = books.iter().map(|(bands, _)| bands[band]).collect();
        coverage(&bands, &outcomes).unwrap().unwrap()
    })
}

/// Whether shares are nominal within three standard errors of so many books.
fn nominal(shares: &[f64; 3]) -> bool {
    let error = |level: f64| 3.0 * (level * (1.0 - level) / BOOKS as f64).sqrt();
    shares.iter().zip([0.5, 0.8, 0.95]).all(|(share, level)| (share - level).abs() <= error(level))
}

#[test]
fn bands_with_the_learned_factor_hold_as_often_as_they_say() {
    let shares = shares(|past| Common::fit(past, Prior::USUAL));
    println!("with what is shared: {shares:.3?}");
    assert!(nominal(&shares), "{shares:?}");
}

#[test]
fn independent_accounts_would_fail_that_test() {
    let shares = shares(|_| Common::none());
    println!("every account by itself: {shares:.3?}");
    assert!(!nominal(&shares) && shares[1] < 0.65, "{shares:?}");
}
