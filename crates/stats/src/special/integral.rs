//! Integrals that predictions need, evaluated by the trapezoidal rule on the whole line, which converges
//! exponentially once the ends decay (Trefethen & Weideman 2014), or by Gauss-Legendre panels.
//! All integrands are positive, so nothing cancels, and all are generic so that derivatives come along.

use crate::real::Real;

/// Sixteen Gauss-Legendre nodes on (-1, 1), the positive half, with their weights.
pub(crate) const LEGENDRE_16: [(f64, f64); 8] = [
    (0.095_012_509_837_637_44, 0.189_450_610_455_068_64),
    (0.281_603_550_779_258_9, 0.182_603_415_044_923_64),
    (0.458_016_777_657_227_4, 0.169_156_519_395_002_63),
    (0.617_876_244_402_643_7, 0.149_595_988_816_576_7),
    (0.755_404_408_355_003, 0.124_628_971_255_534_03),
    (0.865_631_202_387_831_8, 0.095_158_511_682_492_6),
    (0.944_575_023_073_232_6, 0.062_253_523_938_647_456),
    (0.989_400_934_991_649_4, 0.027_152_459_411_754_176),
];

/// Ten nodes, likewise.
const LEGENDRE_10: [(f64, f64); 5] = [
    (0.148_874_338_981_631_2, 0.295_524_224_714_752_87),
    (0.433_395_394_129_247_2, 0.269_266_719_309_996_35),
    (0.679_409_568_299_024_4, 0.219_086_362_515_982_04),
    (0.865_063_366_688_984_5, 0.149_451_349_150_580_6),
    (0.973_906_528_517_171_7, 0.066_671_344_308_688_14),
];

/// Eight nodes, likewise.
const LEGENDRE_8: [(f64, f64); 4] = [
    (0.183_434_642_495_649_8, 0.362_683_783_378_362),
    (0.525_532_409_916_329, 0.313_706_645_877_887_3),
    (0.796_666_477_413_626_7, 0.222_381_034_453_374_48),
    (0.960_289_856_497_536_2, 0.101_228_536_290_376_26),
];

/// Six nodes, likewise.
const LEGENDRE_6: [(f64, f64); 3] = [
    (0.238_619_186_083_196_9, 0.467_913_934_572_691_04),
    (0.661_209_386_466_264_5, 0.360_761_573_048_138_6),
    (0.932_469_514_203_152, 0.171_324_492_379_170_36),
];

/// The nodes that integrate a sum of two falling powers of `m + u` over a panel of `ln(m + u)` to about `1e-12`:
/// `fall` is the logarithm by which the integrand falls over the panel at most, `length` the panel's. Steeper and longer
/// panels need more of them, because the second power bends within `π` of the real line.
pub(crate) fn legendre(fall: f64, length: f64) -> &'static [(f64, f64)] {
    match (fall, length) {
        (..=1.5, ..=1.0) => &LEGENDRE_6,
        (..=4.0, ..=2.0) => &LEGENDRE_8,
        (..=8.0, ..=2.0) => &LEGENDRE_10,
        _ => &LEGENDRE_16,
    }
}

/// `e^z E_s(z) = ∫₀^∞ e^{-zw} (1+w)^{-s} dw` for `z > 0`, any `s ≥ 0`; relative error near `1e-14`.
/// Substituting `w = e^v` leaves an integrand that decays at both ends; the step of 1/4 is exact to rounding.
pub(crate) fn scaled_exponential_integral<R: Real>(s: R, z: R) -> R {
    let step = 0.25;
    let top = (60.0 / z.value()).ln().max(1.0).min(60.0 / (s.value() - 1.0).max(0.1));
    let bottom = (1.0 / (s.value() + z.value())).ln().min(0.0) - 37.0;
    let points = ((top - bottom) / step).ceil() as u32;
    let mut sum = R::constant(0.0);
    for k in 0..=points {
        let v = bottom + step * f64::from(k);
        let w = v.exp();
        let log = R::constant(v) - z * w - s * w.ln_1p();
        if log.value() > -745.0 {
            sum = sum + log.exp();
        }
    }
    sum * step
}

/// The expectation of `g(p)` for `p ~ Beta(a, b)`, with `g` smooth on (0, 1] and of slow growth at 0.
/// Uses `p = 1/(1+e^{-v})`; `g` receives `p` never below `1e-290`, and is not called where the weight is negligible.
pub(crate) fn expectation_over_beta<R: Real>(a: R, b: R, g: impl Fn(f64) -> R) -> R {
    let (av, bv) = (a.value(), b.value());
    let step = 0.3_f64.min(0.45 / av.min(bv).max(1e-9).sqrt());
    let centre = (av / bv).ln();
    let norm = (a + b).ln_gamma() - a.ln_gamma() - b.ln_gamma();
    let term = |v: f64| {
        // ln p = -softplus(-v), ln(1-p) = -softplus(v)
        let log = norm - a * (-v).softplus() - b * v.softplus();
        (log.value() > -80.0).then(|| (log.exp(), g((1.0 / (1.0 + (-v).exp())).max(1e-290))))
    };
    let mut sum = term(centre).map_or_else(|| R::constant(0.0), |(weight, value)| weight * value);
    for (side, decay) in [(step, b), (-step, a)] {
        let mut before = f64::NAN;
        for k in 1..200_000 {
            let v = centre + side * f64::from(k);
            let Some((weight, value)) = term(v) else { break };
            let product = weight * value;
            sum = sum + product;
            // Once g has reached its limit the rest is a geometric series, long when a or b is small.
            if v.abs() > 45.0 && (value.value() - before).abs() <= 4e-16 * before.abs() {
                sum = sum + product / (decay * step).exp_m1();
                break;
            }
            if product.value().abs() <= 1e-17 * sum.value().abs() {
                break;
            }
            before = value.value();
        }
    }
    sum * step
}

/// `∫₀^t e^{-δτ} dE(τ)`, the value today of a stream whose undiscounted total by `τ` is `E(τ)`, with `E(0) = 0`.
/// By parts this needs `E` itself, not its rate; `scale` is the time over which the rate first changes.
pub(crate) fn discounted<R: Real>(delta: f64, horizon: f64, scale: f64, total: impl Fn(f64) -> R) -> R {
    if horizon <= 0.0 {
        return R::constant(0.0);
    }
    if delta <= 0.0 {
        return total(horizon);
    }
    // What lies further off than e^-45 is nothing.
    let horizon = horizon.min(45.0 / delta);
    let end = total(horizon) * (-delta * horizon).exp();
    // τ = scale (e^v - 1) spreads the nodes where the curve bends; a panel covers at most a factor of e².
    let width = (horizon / scale).ln_1p();
    let panels = (0.5 * width).ceil().max(1.0);
    let half = 0.5 * width / panels;
    let mut sum = R::constant(0.0);
    for panel in 0..panels as u32 {
        let middle = half * (2.0 * f64::from(panel) + 1.0);
        for (node, weight) in LEGENDRE_16 {
            for side in [-half, half] {
                let v = middle + side * node;
                let tau = scale * v.exp_m1();
                sum = sum + total(tau) * (weight * scale * v.exp() * (-delta * tau).exp());
            }
        }
    }
    end + sum * (half * delta)
}

/// `∫₀^∞ e^{-δτ} dE(τ)` for `δ > 0`; `E` grows at most linearly.
pub(crate) fn discounted_forever<R: Real>(delta: f64, total: impl Fn(f64) -> R) -> R {
    let step = 0.25;
    let mut sum = R::constant(0.0);
    for k in 0..=94 {
        let u = (-19.5 + step * f64::from(k)).exp();
        sum = sum + total(u / delta) * (u * (-u).exp());
    }
    sum * step
}

/// The hypergeometric function `₂F₁(1, b; c; z)` for `0 ≤ z < 1`, `c > b > 0`, by Gauss's continued fraction.
/// This is the discounted sum of a shifted-beta-geometric survival curve (Fader & Hardie 2010).
pub(crate) fn hypergeometric_one<R: Real>(b: R, c: R, z: f64) -> R {
    // 2F1(1,b;c;z) = 1/(1 - k1 z/(1 - k2 z/(1 - …))), k_{2m+1} = (b+m)(c+m-1)/((c+2m-1)(c+2m)),
    // k_{2m} = m (c-b+m-1)/((c+2m-2)(c+2m-1)); all positive, evaluated from the tail.
    let terms = ((40.0 / (1.0 - z).sqrt()).ceil() as i32).clamp(20, 100_000);
    let mut tail = R::constant(1.0);
    for m in (1..=terms).rev() {
        let n = f64::from(m);
        let odd = (b + n) * (c + (n - 1.0)) / ((c + (2.0 * n - 1.0)) * (c + 2.0 * n));
        tail = R::constant(1.0) - odd * z / tail;
        let even = (c - b + (n - 1.0)) * n / ((c + (2.0 * n - 2.0)) * (c + (2.0 * n - 1.0)));
        tail = R::constant(1.0) - even * z / tail;
    }
    (R::constant(1.0) - b / c * z / tail).recip()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::real::Dual;

    #[test]
    fn exponential_integral_matches_thirty_digit_arithmetic() {
        // mpmath: exp(z)*expint(s, z)
        for (s, z, expected) in [
            (0.606_24, 0.095, 3.543_260_848_938_064),
            (1.0, 1e-4, 8.634_088_070_212_725),
            (4.5, 12.0, 0.061_541_724_228_486_98),
            (0.0, 0.5, 2.0),
        ] {
            let ours = scaled_exponential_integral(s, z);
            assert!((ours / expected - 1.0).abs() < 1e-12, "{s} {z}: {ours} against {expected}");
        }
    }

    #[test]
    fn gauss_fraction_matches_its_series() {
        let series = |b: f64, c: f64, z: f64| {
            let mut term = 1.0;
            (0..200_000).fold(0.0, |sum, k| {
                let now = term;
                term *= (b + f64::from(k)) / (c + f64::from(k)) * z;
                sum + now
            })
        };
        for (b, c, z) in [(1.296, 2.06, 0.909), (15.2, 19.0, 0.99), (0.267, 0.334, 0.5), (2.0, 400.0, 0.9999)] {
            assert!((hypergeometric_one(b, c, z) / series(b, c, z) - 1.0).abs() < 1e-11, "{b} {c} {z}");
        }
        assert_eq!(hypergeometric_one(2.0, 3.0, 0.0), 1.0);
    }

    #[test]
    fn beta_expectations_match_moments() {
        for (a, b) in [(1e-6, 3.0), (2.0, 1e-4), (0.05, 3.0), (0.8, 2.4), (3.0, 300.0), (150.0, 0.4)] {
            let mean = expectation_over_beta(a, b, |p| p);
            assert!((mean / (a / (a + b)) - 1.0).abs() < 1e-11, "{a} {b}: {mean}");
        }
        let dual = expectation_over_beta(Dual::<2>::variable(0.8, 0), Dual::variable(2.4, 1), Dual::constant);
        assert!((dual.gradient[0] - 2.4 / 3.2_f64.powi(2)).abs() < 1e-11);
    }

    #[test]
    fn discounting_a_constant_stream_is_the_textbook_annuity() {
        let annuity = discounted(0.1, 5.0, 2.0, |t: f64| 3.0 * t);
        assert!((annuity - 3.0 * (1.0 - (-0.5_f64).exp()) / 0.1).abs() < 1e-12);
        assert!((discounted_forever(0.1, |t: f64| 3.0 * t) - 30.0).abs() < 1e-10);
    }
}
