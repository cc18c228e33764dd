//! Draws from the distributions these models mix, given a source of uniforms.
//! The source is an argument everywhere ([`Uniforms`], implemented by any `FnMut() -> f64`); [`Seeded`] is one
//! reproducible source for callers who have none. Nothing here reads entropy from the machine.

use crate::special::normal;

/// A source of numbers uniform on [0, 1).
pub trait Uniforms {
    /// The next number.
    fn uniform(&mut self) -> f64;
}

impl<F: FnMut() -> f64> Uniforms for F {
    fn uniform(&mut self) -> f64 {
        self()
    }
}

/// Blackman & Vigna's xoshiro256++, seeded through `SplitMix64`: small, fast, the same on every machine.
#[derive(Debug, Clone)]
pub struct Seeded {
    state: [u64; 4],
}

impl Seeded {
    /// A generator whose whole future follows from `seed`.
    pub fn new(seed: u64) -> Self {
        let mut z = seed;
        let state = std::array::from_fn(|_| {
            z = z.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut x = z;
            x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            x ^ (x >> 31)
        });
        Self { state }
    }
}

impl Uniforms for Seeded {
    fn uniform(&mut self) -> f64 {
        let s = &mut self.state;
        let result = s[0].wrapping_add(s[3]).rotate_left(23).wrapping_add(s[0]);
        let t = s[1] << 17;
        s[2] ^= s[0];
        s[3] ^= s[1];
        s[1] ^= s[2];
        s[0] ^= s[3];
        s[2] ^= t;
        s[3] = s[3].rotate_left(45);
        (result >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// A uniform strictly above zero, so that its logarithm exists.
pub(crate) fn open_uniform(source: &mut impl Uniforms) -> f64 {
    source.uniform().max(f64::MIN_POSITIVE)
}

/// A standard normal draw, by inversion.
pub fn normal(source: &mut impl Uniforms) -> f64 {
    normal::quantile(open_uniform(source))
}

/// An exponential draw with the given rate; infinite where the rate is zero.
pub fn exponential(source: &mut impl Uniforms, rate: f64) -> f64 {
    -open_uniform(source).ln() / rate
}

/// The logarithm of a gamma draw of the given shape and rate 1 (Marsaglia & Tsang 2000).
/// On the log scale because shapes near zero put most of their mass below the smallest `f64`.
pub fn ln_gamma_draw(source: &mut impl Uniforms, shape: f64) -> f64 {
    if shape < 1.0 {
        return ln_gamma_draw(source, shape + 1.0) + open_uniform(source).ln() / shape;
    }
    let d = shape - 1.0 / 3.0;
    let c = 1.0 / (9.0 * d).sqrt();
    loop {
        let x = normal(source);
        let v = (1.0 + c * x).powi(3);
        if v > 0.0 && open_uniform(source).ln() < 0.5 * x * x + d * (1.0 - v + v.ln()) {
            return (d * v).ln();
        }
    }
}

/// A gamma draw of the given shape and rate.
pub fn gamma(source: &mut impl Uniforms, shape: f64, rate: f64) -> f64 {
    ln_gamma_draw(source, shape).exp() / rate
}

/// A beta draw.
pub fn beta(source: &mut impl Uniforms, a: f64, b: f64) -> f64 {
    let (x, y) = (ln_gamma_draw(source, a), ln_gamma_draw(source, b));
    1.0 / (1.0 + (y - x).exp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_have_the_moments_of_their_distribution() {
        let mut source = Seeded::new(7);
        let n = 20_000;
        let mut mean =
            |draw: &mut dyn FnMut(&mut Seeded) -> f64| (0..n).map(|_| draw(&mut source)).sum::<f64>() / f64::from(n);
        assert!((mean(&mut |s| gamma(s, 0.3, 2.0)) - 0.15).abs() < 0.01);
        assert!((mean(&mut |s| beta(s, 0.5, 1.5)) - 0.25).abs() < 0.01);
        assert!((mean(&mut |s| normal(s).powi(2)) - 1.0).abs() < 0.04);
        assert!((mean(&mut |s| exponential(s, 4.0)) - 0.25).abs() < 0.01);
    }

    #[test]
    fn the_same_seed_gives_the_same_future() {
        let draw = |seed| {
            let mut s = Seeded::new(seed);
            (0..5).map(|_| s.uniform()).collect::<Vec<_>>()
        };
        assert_eq!(draw(1), draw(1));
        assert_ne!(draw(1), draw(2));
    }
}
