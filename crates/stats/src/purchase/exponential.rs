//! Pareto/NBD: lifetimes are exponential with gamma-distributed rates, independent of buying.
//! The likelihood is evaluated as what it is, an integral of a positive function over the moment of death, by
//! Gauss-Legendre panels in `ln(m + u)`; the published difference of hypergeometric functions cancels for heavy
//! buyers and is not used. Gradient and Hessian come from the same nodes.

use super::Rising;
use super::history::Row;
use crate::real::{Jet, Real};
use crate::special::integral::{legendre, scaled_exponential_integral};

/// Log-odds of having died between the last purchase and the end of observation, with the first `ORDER` derivatives
/// in `r, alpha, s, beta` and zeros for the others; `None` where no time has passed since the last purchase.
pub(super) fn ln_odds_gone<const ORDER: usize>(
    [r, alpha, s, beta]: [f64; 4],
    x: u32,
    recency: f64,
    age: f64,
) -> Option<Jet<4>> {
    let silence = age - recency;
    if silence <= 0.0 {
        return None;
    }
    let shape = r + f64::from(x);
    let smaller = alpha.min(beta) + recency;
    let length = (silence / smaller).ln_1p();
    let (alpha_last, beta_last) = (alpha + recency, beta + recency);
    let (alpha_end, beta_end) = (1.0 / (alpha + age), 1.0 / (beta + age));
    // The integrand at the last purchase: its maximum up to a factor, taken out against overflow.
    let top = shape * (silence / alpha_last).ln_1p() + s * (silence / beta_last).ln_1p();
    let mut sums = Moments::<ORDER>::default();
    let mut from = 0.0;
    let mut width = 12.0 / (shape + s + 1.0);
    while from < length {
        let half = 0.5 * width.min(length - from);
        let mut largest = f64::NEG_INFINITY;
        let middle = (from + half).exp();
        for &(node, weight) in legendre(2.0 * half * (shape + s + 1.0), 2.0 * half) {
            // Nodes lie symmetrically: one exponential serves both, at the cost of rounding errors that are
            // small against `alpha` and `beta`, to which they are added.
            let away = (half * node).exp();
            for (side, grown) in [(-half, middle / away), (half, middle * away)] {
                let v = from + half + side * node;
                let passed = smaller * (grown - 1.0);
                let (at_alpha, at_beta) = (1.0 / (alpha_last + passed), 1.0 / (beta_last + passed));
                let (ln_alpha, ln_beta) = if alpha <= beta {
                    (length - v, ((beta_last + silence) * at_beta).ln())
                } else {
                    (((alpha_last + silence) * at_alpha).ln(), length - v)
                };
                let log = shape * ln_alpha + s * ln_beta - top;
                largest = largest.max(log);
                let mass = weight * half * (smaller + passed) * at_beta * log.exp();
                sums.add(mass, ln_alpha, at_alpha, ln_beta, at_beta);
            }
        }
        if largest < -45.0 {
            break;
        }
        from += 2.0 * half;
        width *= 1.6;
    }
    Some(sums.jet(top, shape, s, alpha_end, beta_end))
}

/// Mass-weighted sums over the nodes: `ln_alpha = ln((alpha+T)/(alpha+u))`, `at_alpha = 1/(alpha+u)`, likewise beta.
#[derive(Debug, Default)]
struct Moments<const ORDER: usize> {
    mass: f64,
    first: [f64; 4],
    second: [[f64; 4]; 4],
}

impl<const ORDER: usize> Moments<ORDER> {
    fn add(&mut self, mass: f64, ln_alpha: f64, at_alpha: f64, ln_beta: f64, at_beta: f64) {
        self.mass += mass;
        if ORDER == 0 {
            return;
        }
        let z = [ln_alpha, at_alpha, ln_beta, at_beta];
        for i in 0..4 {
            let scaled = mass * z[i];
            self.first[i] += scaled;
            if ORDER >= 2 {
                for j in i..4 {
                    self.second[i][j] += scaled * z[j];
                }
            }
        }
    }

    /// The logarithm of `s ∫ …` with derivatives, from the moments of the node statistics.
    fn jet(&self, top: f64, shape: f64, s: f64, alpha_end: f64, beta_end: f64) -> Jet<4> {
        let value = top + s.ln() + self.mass.ln();
        if ORDER == 0 {
            return Jet::constant(value);
        }
        let mean = self.first.map(|m| m / self.mass);
        let square = |i: usize| self.second[i][i] / self.mass;
        let covariance = |i: usize, j: usize| self.second[i.min(j)][i.max(j)] / self.mass - mean[i] * mean[j];
        // Slopes of a node's log in terms of its statistics: (1, -shape, 1, -(s+1)), plus constants.
        let slope = [1.0, -shape, 1.0, -(s + 1.0)];
        let constant = [0.0, shape * alpha_end, 1.0 / s, s * beta_end];
        let gradient = std::array::from_fn(|i| slope[i] * mean[i] + constant[i]);
        if ORDER == 1 {
            return Jet { value, gradient, hessian: [[0.0; 4]; 4] };
        }
        let mut jet = Jet {
            value,
            gradient,
            hessian: std::array::from_fn(|i| std::array::from_fn(|j| slope[i] * slope[j] * covariance(i, j))),
        };
        let h = &mut jet.hessian;
        let cross = alpha_end - mean[1];
        h[0][1] += cross;
        h[1][0] += cross;
        h[1][1] += shape * (square(1) - alpha_end * alpha_end);
        h[2][2] -= 1.0 / (s * s);
        let cross = beta_end - mean[3];
        h[2][3] += cross;
        h[3][2] += cross;
        h[3][3] += (s + 1.0) * square(3) - s * beta_end * beta_end;
        jet
    }
}

/// A row's log-likelihood with derivatives in `r, alpha, s, beta`.
pub(super) fn row([r, alpha, s, beta]: [f64; 4], counts: &Rising, row: &Row) -> Jet<4> {
    let shape = r + f64::from(row.repeats);
    let [g, g1, g2] = counts.at(row.repeats);
    let (at_alpha, at_beta) = (1.0 / (alpha + row.age), 1.0 / (beta + row.age));
    let (ln_alpha, ln_beta) = (-(row.age / alpha).ln_1p(), -(row.age / beta).ln_1p());
    let mut out = Jet {
        value: g + r * ln_alpha - f64::from(row.repeats) * (alpha + row.age).ln() + s * ln_beta,
        gradient: [g1 + ln_alpha, r / alpha - shape * at_alpha, ln_beta, s / beta - s * at_beta],
        hessian: [[0.0; 4]; 4],
    };
    let h = &mut out.hessian;
    h[0][0] = g2;
    h[0][1] = 1.0 / alpha - at_alpha;
    h[1][0] = h[0][1];
    h[1][1] = shape * at_alpha * at_alpha - r / (alpha * alpha);
    h[2][3] = 1.0 / beta - at_beta;
    h[3][2] = h[2][3];
    h[3][3] = s * at_beta * at_beta - s / (beta * beta);
    match ln_odds_gone::<2>([r, alpha, s, beta], row.repeats, row.recency, row.age) {
        Some(odds) => out + odds.softplus(),
        None => out,
    }
}

/// Expected purchases within `t` of a customer who is alive with certainty.
pub(super) fn expected_factor<R: Real>([r, alpha, s, beta]: [R; 4], x: u32, age: f64, t: f64) -> R {
    let shape = r + f64::from(x);
    let span = beta + age;
    let ln_left = (span / (span + t)).ln();
    shape / (alpha + age) * span * -(ln_left * ((s - 1.0) * ln_left).exp_m1_ratio())
}

/// Discounted expected purchases over an infinite future of a customer who is alive with certainty:
/// the published Tricomi form (Fader, Hardie & Lee 2005, JMR), as a generalised exponential integral.
pub(super) fn discounted_factor<R: Real>([r, alpha, s, beta]: [R; 4], x: u32, age: f64, delta: f64) -> R {
    let span = beta + age;
    (r + f64::from(x)) / (alpha + age) * span * scaled_exponential_integral(s, span * delta)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::purchase::Model;
    use crate::purchase::fit::total;

    #[test]
    fn derivatives_of_a_row_agree_with_differences() {
        for (data, p) in [
            (Row { repeats: 2, recency: 30.0, age: 38.0, weight: 1.0 }, [0.5, 10.0, 0.6, 12.0]),
            (Row { repeats: 40, recency: 9.0, age: 38.0, weight: 1.0 }, [0.5, 20.0, 0.6, 2.0]),
            (Row { repeats: 0, recency: 0.0, age: 5.0, weight: 1.0 }, [1.5, 1.0, 2.0, 3.0]),
        ] {
            let at = |p: [f64; 4]| total(Model::ParetoNbd, p, std::slice::from_ref(&data), 1);
            let exact = at(p);
            for i in 0..4 {
                let h = 1e-5 * p[i];
                let moved = |sign: f64| at(std::array::from_fn(|j| if i == j { p[j] + sign * h } else { p[j] }));
                let (up, down) = (moved(1.0), moved(-1.0));
                let slope = (up.value - down.value) / (2.0 * h);
                assert!((slope - exact.gradient[i]).abs() < 1e-6, "{i}: {slope} {}", exact.gradient[i]);
                for j in 0..4 {
                    let difference = (up.gradient[j] - down.gradient[j]) / (2.0 * h);
                    assert!(
                        (difference - exact.hessian[i][j]).abs() < 1e-5,
                        "{i}{j} {difference} {}",
                        exact.hessian[i][j]
                    );
                }
            }
        }
    }

    #[test]
    fn extremes_agree_with_forty_digit_arithmetic() {
        let cdnow = [0.553_28, 10.577_68, 0.606_24, 11.668_74];
        for (p, x, recency, age, expected) in [
            (cdnow, 300, 90.0, 365.0, 390.564_560_708_136),
            (cdnow, 1500, 30.0, 365.0, 3_332.595_652_654_956),
            (cdnow, 2, 30.43, 30.430_000_1, -20.358_592_791_524),
            ([0.5, 0.01, 0.6, 1000.0], 3, 5.0, 40.0, 0.553_722_500_063_505),
            ([0.5, 1000.0, 0.6, 0.01], 40, 5.0, 40.0, 1.999_673_013_205_641),
        ] {
            let ours = ln_odds_gone::<0>(p, x, recency, age).unwrap().value;
            // A difference of two times of 30 that is 1e-7 long carries 8 digits, no more.
            let digits = if age - recency < 1e-6 { 1e-8 } else { 1e-11 };
            assert!((ours - expected).abs() < digits * expected.abs().max(1.0), "{x}: {ours} {expected}");
        }
    }

    #[test]
    fn equal_rates_have_a_closed_form() {
        // alpha = beta: the integral is elementary, s/(shape+s) ((a+tx)^-(shape+s) - (a+T)^-(shape+s)).
        for (x, recency, age) in [(0, 0.0, 10.0), (3, 5.0, 40.0), (300, 90.0, 365.0), (1500, 30.0, 365.0)] {
            let (r, alpha, s): (f64, f64, f64) = (0.6, 8.0, 0.7);
            let shape = r + f64::from(x) + s;
            let grown = shape * ((age - recency) / (alpha + recency)).ln_1p();
            let expected = (s / shape).ln() + grown + (-(-grown).exp()).ln_1p();
            let ours = ln_odds_gone::<0>([r, alpha, s, alpha], x, recency, age).unwrap().value;
            assert!((ours - expected).abs() < 1e-11 * expected.abs().max(1.0), "{x}: {ours} {expected}");
        }
    }
}
