//! What many units have in common: in some months more leave than their single chances explain, in others fewer.
//!
//! The number that is counted in a [`Period`] is the sum of independent chances, each raised or lowered by one *factor*
//! that all units share. The logarithm of the factor is a stationary autoregression of order one; its size and its
//! persistence are unknown. [`Common::fit`] weighs a grid of both by the likelihood of the past counts (the forward
//! recursion of a hidden Markov model over a discretised factor, as in Kitagawa 1987, *Non-Gaussian state-space modeling of
//! nonstationary time series*) and by a [`Prior`] on the size, so that a short past says little and is not taken for calm. The
//! factor has mean one: it widens what is forecast and moves its mean only as far as the last periods say. Absent: factors
//! of groups of units, which a handful of counts cannot tell apart.

use crate::{
    Interval,
    random::{Uniforms, normal},
};

/// Persistences that are weighed: none, months, half a year, years.
const PERSISTENCES: [f64; 4] = [0.0, 0.5, 0.8, 0.95];

/// Sizes that are weighed.
const SIZES: [f64; 12] = [0.0, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.65, 0.8, 1.0, 1.25];

/// Levels of the discretised factor, in its standard deviations from −3 to 3.
const LEVELS: usize = 25;

/// What was counted in a period, and what the units' own chances say of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Period {
    /// Sum of the chances.
    pub expected: f64,
    /// Sum of their squares, which says how far the count is from Poisson.
    pub squares: f64,
    /// The count.
    pub observed: f64,
}

/// What is believed of the size before counting: the standard deviation of the factor's logarithm is half-normal.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Prior {
    /// Scale of the half-normal distribution; two thirds of the belief lie below it.
    pub scale: f64,
}

impl Prior {
    /// A third: months in which a third more or fewer leave than expected are usual, twice as many are rare.
    pub const USUAL: Self = Self { scale: 1.0 / 3.0 };
}

/// The common factor, as far as it is known at the end of the past.
#[derive(Debug, Clone, PartialEq)]
pub struct Common {
    candidates: Vec<Candidate>,
    /// Periods it was learned from.
    pub periods: usize,
}

/// A size and a persistence, how believable they are, and where the factor then stands.
#[derive(Debug, Clone, PartialEq)]
struct Candidate {
    size: f64,
    persistence: f64,
    weight: f64,
    /// Weight of each level at the end of the past.
    levels: Vec<f64>,
}

impl Common {
    /// No factor: units are independent.
    pub fn none() -> Self {
        Self { candidates: vec![Candidate::still(0.0, 0.0, 1.0)], periods: 0 }
    }

    /// Learns from past counts, oldest first; from none, it is the prior.
    pub fn fit(periods: &[Period], prior: Prior) -> Self {
        let mut candidates = Vec::with_capacity(SIZES.len() * PERSISTENCES.len());
        let mut likelihoods = Vec::with_capacity(candidates.capacity());
        for (at, &size) in SIZES.iter().enumerate() {
            // Each size stands for the stretch between its neighbours.
            let below = if at == 0 { size } else { SIZES[at - 1] };
            let stretch = 0.5 * (SIZES.get(at + 1).copied().unwrap_or(size) - below);
            let belief = stretch * (-0.5 * (size / prior.scale).powi(2)).exp();
            for &persistence in &PERSISTENCES {
                let mut candidate = Candidate::still(size, persistence, belief);
                likelihoods.push(candidate.filter(periods));
                candidates.push(candidate);
            }
        }
        let best = likelihoods.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        for (candidate, likelihood) in candidates.iter_mut().zip(likelihoods) {
            candidate.weight *= (likelihood - best).exp();
        }
        let sum: f64 = candidates.iter().map(|candidate| candidate.weight).sum();
        for candidate in &mut candidates {
            candidate.weight /= sum;
        }
        Self { candidates, periods: periods.len() }
    }

    /// Standard deviation of the factor's logarithm: its mean over what is believed.
    pub fn size(&self) -> f64 {
        self.candidates.iter().map(|it| it.weight * it.size).sum()
    }

    /// Between which sizes of the grid 95 % of the belief lie.
    pub fn size_range(&self) -> Interval {
        let at = |share: f64| {
            let mut upto = 0.0;
            let found = self.candidates.iter().find(|it| {
                upto += it.weight;
                upto >= share
            });
            found.map_or(0.0, |it| it.size)
        };
        Interval { low: at(0.025), high: at(0.975) }
    }

    /// How much of the factor's logarithm is left a period later: its mean over what is believed.
    pub fn persistence(&self) -> f64 {
        self.candidates.iter().map(|it| it.weight * it.persistence).sum()
    }

    /// The factor's mean at the end of the past: above one while more is counted than expected.
    pub fn level(&self) -> f64 {
        let mean = |it: &Candidate| {
            let factors = (0..LEVELS).map(|level| it.levels[level] * it.factor(place(level)));
            factors.sum::<f64>()
        };
        self.candidates.iter().map(|it| it.weight * mean(it)).sum()
    }

    /// Draws the factor of the periods to come: a candidate by its weight, where it stands, and on from there.
    pub fn draw(&self, periods: usize, source: &mut impl Uniforms) -> Vec<f64> {
        let chosen = pick(self.candidates.iter().map(|it| it.weight), source);
        let it = &self.candidates[chosen];
        let mut deviation = place(pick(it.levels.iter().copied(), source));
        let step = (1.0 - it.persistence * it.persistence).sqrt();
        let next = |_| {
            deviation = it.persistence * deviation + step * normal(source);
            it.factor(deviation)
        };
        (0..periods).map(next).collect()
    }
}

impl Candidate {
    /// Before anything was counted: the stationary distribution.
    fn still(size: f64, persistence: f64, weight: f64) -> Self {
        let mut levels: Vec<f64> = (0..LEVELS).map(|level| (-0.5 * place(level).powi(2)).exp()).collect();
        scale(&mut levels);
        Self { size, persistence, weight, levels }
    }

    /// The factor, whose mean over the stationary distribution is one.
    fn factor(&self, deviation: f64) -> f64 {
        (self.size * deviation - 0.5 * self.size * self.size).exp()
    }

    /// Goes through the past: moves `levels` to its end and answers with the logarithm of its likelihood.
    fn filter(&mut self, periods: &[Period]) -> f64 {
        let moves = self.moves();
        let mut likelihood = 0.0;
        for period in periods {
            let mut next = vec![0.0; LEVELS];
            for (from, weight) in self.levels.iter().enumerate() {
                let row = &moves[from * LEVELS..(from + 1) * LEVELS];
                next.iter_mut().zip(row).for_each(|(next, chance)| *next += weight * chance);
            }
            let seen: Vec<f64> = (0..LEVELS).map(|to| period.ln_chance(self.factor(place(to)))).collect();
            let best = seen.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            next.iter_mut().zip(&seen).for_each(|(next, seen)| *next *= (seen - best).exp());
            likelihood += best + scale(&mut next).ln();
            self.levels = next;
        }
        likelihood
    }

    /// Chances to go from a level to another within a period, row by row.
    fn moves(&self) -> Vec<f64> {
        let spread = (1.0 - self.persistence * self.persistence).sqrt();
        let mut cells = Vec::with_capacity(LEVELS * LEVELS);
        for from in 0..LEVELS {
            let mean = self.persistence * place(from);
            let mut row: Vec<f64> =
                (0..LEVELS).map(|to| (-0.5 * ((place(to) - mean) / spread).powi(2)).exp()).collect();
            scale(&mut row);
            cells.extend(row);
        }
        cells
    }
}

impl Period {
    /// Logarithm of the chance of the count under a factor, but for a constant: a binomial count with the mean and the
    /// variance of the sum of chances, the odds to stay raised to the factor.
    fn ln_chance(&self, factor: f64) -> f64 {
        if self.expected <= 0.0 {
            return 0.0;
        }
        let chance = (self.squares / self.expected).clamp(1e-9, 1.0 - 1e-9);
        let units = (self.expected / chance).max(self.observed);
        let stay = factor * (-chance).ln_1p();
        let leave = (-stay.exp_m1()).max(f64::MIN_POSITIVE).ln();
        self.observed * leave + (units - self.observed) * stay
    }
}

/// A level in standard deviations of the factor's logarithm.
fn place(level: usize) -> f64 {
    -3.0 + 6.0 * level as f64 / (LEVELS - 1) as f64
}

/// Makes weights add up to one; answers with what they added up to.
fn scale(weights: &mut [f64]) -> f64 {
    let sum: f64 = weights.iter().sum();
    for weight in weights {
        *weight /= sum;
    }
    sum
}

/// A position drawn by weights that add up to one.
fn pick(weights: impl ExactSizeIterator<Item = f64>, source: &mut impl Uniforms) -> usize {
    let last = weights.len().saturating_sub(1);
    let mut left = source.uniform();
    for (at, weight) in weights.enumerate() {
        left -= weight;
        if left < 0.0 {
            return at;
        }
    }
    last
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Seeded;

    fn counts(observed: &[f64]) -> Vec<Period> {
        observed.iter().map(|&observed| Period { expected: 20.0, squares: 0.4, observed }).collect()
    }

    #[test]
    fn counts_as_scattered_as_chance_alone_have_no_factor() {
        let calm: Vec<f64> = [16.0, 24.0, 20.0, 19.0, 22.0, 17.0, 23.0, 20.0, 18.0, 21.0].repeat(4);
        let wild: Vec<f64> = [6.0, 44.0, 20.0, 9.0, 32.0, 7.0, 33.0, 20.0, 8.0, 21.0].repeat(4);
        let (calm, wild) = (Common::fit(&counts(&calm), Prior::USUAL), Common::fit(&counts(&wild), Prior::USUAL));
        assert!(calm.size() < 0.1 && wild.size() > 0.4, "{} {}", calm.size(), wild.size());
        assert!(wild.persistence() < 0.3, "{}", wild.persistence());
        assert!(wild.size_range().low > 0.2, "{:?}", wild.size_range());
    }

    #[test]
    fn without_a_past_the_belief_is_the_prior() {
        let prior = Common::fit(&[], Prior::USUAL);
        // The mean of a half-normal distribution is 0.798 of its scale.
        assert!((prior.size() - 0.798 / 3.0).abs() < 0.02, "{}", prior.size());
        assert!((prior.level() - 1.0).abs() < 0.01, "{}", prior.level());
    }

    #[test]
    fn a_year_of_more_than_expected_is_carried_on() {
        let mut observed = vec![20.0; 24];
        observed.extend([34.0; 12]);
        let common = Common::fit(&counts(&observed), Prior::USUAL);
        assert!(common.persistence() > 0.7 && common.level() > 1.3, "{} {}", common.persistence(), common.level());
    }

    #[test]
    fn drawn_factors_have_mean_one_and_the_size_that_was_put_in() {
        let common = Common { candidates: vec![Candidate::still(0.5, 0.8, 1.0)], periods: 0 };
        let mut source = Seeded::new(5);
        let draws: Vec<f64> = (0..4000).flat_map(|_| common.draw(12, &mut source)).collect();
        let mean = draws.iter().sum::<f64>() / draws.len() as f64;
        let logs: Vec<f64> = draws.iter().map(|x| x.ln() + 0.125).collect();
        let size = (logs.iter().map(|x| x * x).sum::<f64>() / logs.len() as f64).sqrt();
        assert!((mean - 1.0).abs() < 0.02 && (size - 0.5).abs() < 0.02, "{mean} {size}");
    }
}
