//! BG/NBD and MBG/NBD: drop-out is a coin flipped after purchases, its bias beta-distributed across customers.
//! The two differ in one number, how many coins a customer with `x` repeats has survived: `x` or `x + 1`.
//! Likelihoods need no gamma function (counts are whole), and expectations no value of the hypergeometric
//! function near its singularity: see `expected_factor`.

use super::history::Row;
use super::{Model, Rising};
use crate::real::{Jet, Real};
use crate::special::integral::expectation_over_beta;

/// Coins survived by a customer with `repeats` who is still alive.
pub(super) fn survived(model: Model, repeats: u32) -> u32 {
    repeats + u32::from(model == Model::MbgNbd)
}

/// The tables one set of parameters needs.
#[derive(Debug)]
pub(super) struct Tables {
    r: Rising,
    b: Rising,
    both: Rising,
}

impl Tables {
    pub(super) fn new([r, _, a, b]: [f64; 4], max: u32) -> Self {
        Self { r: Rising::new(r, max), b: Rising::new(b, max), both: Rising::new(a + b, max) }
    }
}

/// A row's log-likelihood with derivatives in `r, alpha, a, b`.
pub(super) fn row(model: Model, [r, alpha, a, b]: [f64; 4], tables: &Tables, row: &Row) -> Jet<4> {
    let x = f64::from(row.repeats);
    let coins = survived(model, row.repeats);
    let [g, g1, g2] = tables.r.at(row.repeats);
    let [tails, tails1, tails2] = tables.b.at(coins);
    let [all, all1, all2] = tables.both.at(coins);
    let inverse_age = 1.0 / (alpha + row.age);
    let ln_ratio = -(row.age / alpha).ln_1p();
    let mut out = Jet {
        value: g + r * ln_ratio - x * (alpha + row.age).ln() + tails - all,
        gradient: [g1 + ln_ratio, r / alpha - (r + x) * inverse_age, -all1, tails1 - all1],
        hessian: [[0.0; 4]; 4],
    };
    let h = &mut out.hessian;
    h[0][0] = g2;
    h[0][1] = 1.0 / alpha - inverse_age;
    h[1][1] = -r / (alpha * alpha) + (r + x) * inverse_age * inverse_age;
    h[2][2] = -all2;
    h[2][3] = -all2;
    h[3][3] = tails2 - all2;
    if coins > 0 {
        add_dropped(&mut out, [r, alpha, a, b], row, coins);
    }
    let h = &mut out.hessian;
    for i in 1..4 {
        for j in 0..i {
            h[i][j] = h[j][i];
        }
    }
    out
}

/// Adds the chance that the customer dropped out after the last purchase: `ln(1 + e^d)` with derivatives
/// (upper triangle), `d` the log-odds of being gone.
fn add_dropped(out: &mut Jet<4>, [r, alpha, a, b]: [f64; 4], row: &Row, coins: u32) {
    let shape = r + f64::from(row.repeats);
    let (at_end, at_last) = (1.0 / (alpha + row.age), 1.0 / (alpha + row.recency));
    let silence = ((row.age - row.recency) * at_last).ln_1p();
    let last = b + f64::from(coins) - 1.0;
    let d = (a / last).ln() + shape * silence;
    let gone = 1.0 / (1.0 + (-d).exp());
    let spread = gone * (1.0 - gone);
    let slope = [silence, shape * (at_end - at_last), 1.0 / a, -1.0 / last];
    out.value += d.max(0.0) + (-d.abs()).exp().ln_1p();
    for i in 0..4 {
        out.gradient[i] += gone * slope[i];
        for j in i..4 {
            out.hessian[i][j] += spread * slope[i] * slope[j];
        }
    }
    out.hessian[0][1] += gone * (at_end - at_last);
    out.hessian[1][1] += gone * shape * (at_last * at_last - at_end * at_end);
    out.hessian[2][2] -= gone / (a * a);
    out.hessian[3][3] += gone / (last * last);
}

/// The log-odds of being gone; `None` for a BG/NBD customer without repeats, who cannot be.
pub(super) fn ln_odds_gone<R: Real>(
    model: Model,
    [r, alpha, a, b]: [R; 4],
    x: u32,
    recency: f64,
    age: f64,
) -> Option<R> {
    let coins = survived(model, x);
    if coins == 0 {
        return None;
    }
    let silence = (alpha + age).ln() - (alpha + recency).ln();
    Some(a.ln() - (b + (f64::from(coins) - 1.0)).ln() + (r + f64::from(x)) * silence)
}

/// Expected purchases within `t` of a customer who is alive with certainty.
///
/// With `B = a-1`, `C = a+b'-1`, `A = r+x`, `z = t/(alpha+T+t)`, `L = ln(1-z)`:
/// `E = C (-expm1(B L)/B - e^{BL} S)`, `S = Σ (C-A)_k (B+1)_{k-1} z^k / ((C)_k k!)`,
/// which is the published ₂F₁ form after Euler's transformation, with its removable pole at `a = 1` removed.
/// Where the series is slow (`z` near 1) or cancels (huge `C`, or `C - A` far below zero), the same expectation is
/// integrated over the coin.
pub(super) fn expected_factor<R: Real>(model: Model, [r, alpha, a, b]: [R; 4], x: u32, age: f64, t: f64) -> R {
    let shape = r + f64::from(x);
    let tails = b + f64::from(survived(model, x));
    let rate = alpha + age;
    let z = R::constant(t) / (rate + t);
    let c = a + tails - 1.0;
    let surplus = c - shape;
    let ln_left = (rate / (rate + t)).ln();
    let shift = (a - 1.0) * ln_left;
    let slow = z.value() > 0.95 || shift.value() < -30.0;
    let cancels = c.value() > 1e4 || c.value() < 1e-3 || surplus.value() < -5.0;
    if slow || cancels {
        let w = R::constant(t) / rate;
        return expectation_over_beta(a, tails, |p| -(-(shape * (w * p).ln_1p())).exp_m1() * (1.0 / p));
    }
    let mut term = surplus / c * z;
    let mut sum = term;
    for k in 1..4000 {
        let k = f64::from(k);
        term = term * (surplus + k) * (a + (k - 1.0)) / ((c + k) * (k + 1.0)) * z;
        sum = sum + term;
        if term.value().abs() <= 1e-17 * sum.value().abs() {
            break;
        }
    }
    c * (-(ln_left * shift.exp_m1_ratio()) - shift.exp() * sum)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::purchase::fit::total;

    #[test]
    fn derivatives_of_a_row_agree_with_differences() {
        let data = Row { repeats: 3, recency: 10.0, age: 38.0, weight: 1.0 };
        let p = [0.3, 4.0, 0.8, 2.4];
        for model in [Model::BgNbd, Model::MbgNbd] {
            let at = |p: [f64; 4]| total(model, p, std::slice::from_ref(&data), 1);
            let exact = at(p);
            for i in 0..4 {
                let h = 1e-5 * p[i];
                let moved = |sign: f64| at(std::array::from_fn(|j| if i == j { p[j] + sign * h } else { p[j] }));
                let (up, down) = (moved(1.0), moved(-1.0));
                assert!(((up.value - down.value) / (2.0 * h) - exact.gradient[i]).abs() < 1e-7);
                for j in 0..4 {
                    let difference = (up.gradient[j] - down.gradient[j]) / (2.0 * h);
                    assert!((difference - exact.hessian[i][j]).abs() < 1e-6, "{model:?} {i}{j}");
                }
            }
        }
    }

    #[test]
    fn poles_heavy_buyers_and_centuries_agree_with_forty_digit_arithmetic() {
        for (p, x, age, t, expected) in [
            ([0.24, 4.4, 1.0, 2.4], 3, 30.0, 52.0, 3.418_285_104_168_891),
            ([0.24, 4.4, 1.0 + 1e-9, 2.4], 3, 30.0, 52.0, 3.418_285_103_169_17),
            ([0.24, 4.4, 0.79, 2.4], 1500, 30.0, 52.0, 1_524.819_129_818_279),
            ([0.24, 4.4, 2.5, 2.4], 3, 30.0, 5200.0, 4.588_555_183_115_245),
            ([40.0, 4.4, 0.8, 0.9], 0, 0.0, 52.0, 11.040_087_953_977_298),
        ] {
            let ours = expected_factor(Model::BgNbd, p, x, age, t);
            assert!((ours / expected - 1.0).abs() < 1e-12, "{x} {t}: {ours} {expected}");
        }
    }

    #[test]
    fn nearly_everybody_staying_is_integrated_to_the_last_digit() {
        // r = alpha = 1: E(t) = t 2F1(1, a; a+b; -t); mpmath.
        let p = [1.0, 1.0, 0.031_856_043_408_248_5, 0.942_534_997_694_882_4];
        for (t, expected) in
            [(1.0, 0.977_682_750_813_404), (10.0, 9.254_208_343_372_458), (67.0, 58.495_173_581_763_16)]
        {
            let ours = expected_factor(Model::BgNbd, p, 0, 0.0, t);
            assert!((ours / expected - 1.0).abs() < 1e-11, "{t}: {ours}");
        }
    }

    #[test]
    fn series_and_integral_agree_where_both_work() {
        for a in [0.05, 0.79, 1.0, 1.0 + 1e-9, 2.5] {
            for x in [0, 2, 40, 300] {
                let p = [0.24, 4.4, a, 2.4];
                let (age, t) = (30.0, 60.0);
                let series = expected_factor(Model::BgNbd, p, x, age, t);
                let w = t / (4.4 + age);
                let shape = 0.24 + f64::from(x);
                let integral =
                    expectation_over_beta(a, 2.4 + f64::from(x), |q| -(-shape * (w * q).ln_1p()).exp_m1() / q);
                assert!((series / integral - 1.0).abs() < 1e-11, "a {a} x {x}: {series} {integral}");
            }
        }
    }
}
