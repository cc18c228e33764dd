//! The beta function's logarithm and the regularised incomplete beta integral with its inverse.
//! These give posterior intervals of rates; the continued fraction is Lentz's evaluation of DLMF 8.17.22.

use super::gamma::{bisect, guard, ln_gamma};

/// `ln B(a, b)` for positive arguments.
pub fn ln_beta(a: f64, b: f64) -> f64 {
    ln_gamma(a) + ln_gamma(b) - ln_gamma(a + b)
}

/// The regularised incomplete beta integral `I_x(a, b)`: the distribution function of a beta variable.
pub fn regularised(a: f64, b: f64, x: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    if x >= 1.0 {
        return 1.0;
    }
    let lead = (a * x.ln() + b * (-x).ln_1p() - ln_beta(a, b)).exp();
    let value = if x < (a + 1.0) / (a + b + 2.0) {
        lead * fraction(a, b, x) / a
    } else {
        1.0 - lead * fraction(b, a, 1.0 - x) / b
    };
    value.clamp(0.0, 1.0)
}

fn fraction(a: f64, b: f64, x: f64) -> f64 {
    let mut c = 1.0;
    let mut d = 1.0 / guard(1.0 - (a + b) * x / (a + 1.0));
    let mut h = d;
    for i in 1..100_000 {
        let m = f64::from(i);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        d = 1.0 / guard(1.0 + even * d);
        c = guard(1.0 + even / c);
        h *= c * d;
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        d = 1.0 / guard(1.0 + odd * d);
        c = guard(1.0 + odd / c);
        let step = c * d;
        h *= step;
        if (step - 1.0).abs() < 1e-16 {
            break;
        }
    }
    h
}

/// The quantile of a beta variable; `p` in [0, 1], result in [0, 1].
pub fn quantile(a: f64, b: f64, p: f64) -> f64 {
    if p <= 0.0 {
        return 0.0;
    }
    if p >= 1.0 {
        return 1.0;
    }
    bisect(0.0, 1.0, |x| regularised(a, b, x) - p)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn incomplete_beta_matches_closed_forms() {
        // I_x(1, b) = 1 - (1-x)^b and I_x(a, 1) = x^a.
        for x in [0.01, 0.3, 0.77, 0.999] {
            assert!((regularised(1.0, 7.5, x) - (1.0 - (1.0 - x).powf(7.5))).abs() < 1e-14);
            assert!((regularised(0.4, 1.0, x) - x.powf(0.4)).abs() < 1e-14);
        }
        assert!((ln_beta(2.0, 3.0) - (1.0_f64 / 12.0).ln()).abs() < 1e-14);
    }

    #[test]
    fn quantile_inverts() {
        for (a, b) in [(0.5, 0.5), (2.0, 300.0), (40.0, 1.5)] {
            for p in [0.025, 0.5, 0.975] {
                assert!((regularised(a, b, quantile(a, b, p)) - p).abs() < 1e-10);
            }
        }
    }
}
