//! A *stream* is the sequence of random draws for one topic of one account (and one month, where that matters). Each
//! stream is seeded by its own name, so what one part of the company draws never shifts another part, and any part can
//! be drawn again alone. Draws that take a logarithm or an exponential may differ in the last bit between machines;
//! whoever keeps such a value rounds it ([`micro`]), so that the same seed gives the same bytes everywhere.

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use rand_distr::{Distribution, Poisson, StandardNormal};

/// What a stream is drawn for; the number is part of the seed and never changes.
#[derive(Debug, Clone, Copy)]
pub(super) enum Topic {
    World = 1,
    Profile = 2,
    Life = 3,
    People = 4,
    Contract = 5,
    Billing = 6,
    Support = 7,
    Touch = 8,
    Feedback = 9,
    Outcome = 10,
    Taste = 11,
    Events = 12,
    Team = 13,
}

/// Draws for one topic.
#[derive(Debug)]
pub(super) struct Stream(StdRng);

impl Stream {
    /// The stream of `topic` for an account and a month (0 where there is none).
    pub(super) fn new(seed: u64, topic: Topic, account: i64, month: i32) -> Self {
        let named = mix(seed ^ mix(topic as u64));
        let named = mix(named ^ account.cast_unsigned());
        Self(StdRng::seed_from_u64(mix(named ^ u64::from(month.cast_unsigned()) << 32)))
    }

    /// A number in [0, 1).
    pub(super) fn unit(&mut self) -> f64 {
        self.0.random()
    }

    /// Whether something with probability `p` happens.
    pub(super) fn chance(&mut self, p: f64) -> bool {
        self.unit() < p
    }

    /// A whole number from `low` to `high`, both included; `low` where they are the wrong way round.
    pub(super) fn between(&mut self, low: i64, high: i64) -> i64 {
        self.0.random_range(low..=high.max(low))
    }

    /// A standard normal draw.
    pub(super) fn normal(&mut self) -> f64 {
        StandardNormal.sample(&mut self.0)
    }

    /// A positive draw whose logarithm is normal around `ln(median)` with deviation `sigma`.
    pub(super) fn spread(&mut self, median: f64, sigma: f64) -> f64 {
        median * (sigma * self.normal()).exp()
    }

    /// A count with this mean; 0 where the mean is not positive.
    pub(super) fn count(&mut self, mean: f64) -> u32 {
        match Poisson::new(mean) {
            Ok(poisson) => poisson.sample(&mut self.0) as u32,
            Err(_) => 0,
        }
    }

    /// One of a non-empty list.
    pub(super) fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.0.random_range(0..of.len())]
    }

    /// The index of one of the weights, in proportion to them.
    pub(super) fn weighted(&mut self, weights: &[f64]) -> usize {
        let mut left = self.unit() * weights.iter().sum::<f64>();
        for (index, weight) in weights.iter().enumerate() {
            left -= weight;
            if left < 0.0 {
                return index;
            }
        }
        weights.len().saturating_sub(1)
    }
}

/// A bijection of 64 bits whose every output bit depends on every input bit (the finaliser of `SplitMix64`).
pub(super) fn mix(value: u64) -> u64 {
    let value = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

/// The value rounded to a millionth.
pub(super) fn micro(value: f64) -> f64 {
    (value * 1e6).round() / 1e6
}

/// The logistic function: log-odds to a probability.
pub(super) fn logistic(log_odds: f64) -> f64 {
    1.0 / (1.0 + (-log_odds).exp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_repeat_and_differ_by_name() {
        let draw = |topic, account, month| Stream::new(7, topic, account, month).unit();
        assert_eq!(draw(Topic::Life, 3, 2).to_bits(), draw(Topic::Life, 3, 2).to_bits());
        for other in [draw(Topic::People, 3, 2), draw(Topic::Life, 2, 3), draw(Topic::Life, 3, 3)] {
            assert_ne!(draw(Topic::Life, 3, 2).to_bits(), other.to_bits());
        }
    }

    #[test]
    fn counts_have_their_mean_and_impossible_means_give_none() {
        let mut stream = Stream::new(1, Topic::World, 0, 0);
        let total: u32 = (0..10_000).map(|_| stream.count(2.5)).sum();
        assert!((24_000..26_000).contains(&total), "{total}");
        assert_eq!(stream.count(0.0), 0);
        assert_eq!(stream.count(f64::NAN), 0);
    }

    #[test]
    fn weights_are_proportions() {
        let mut stream = Stream::new(1, Topic::World, 0, 1);
        let mut hits = [0_u32; 3];
        for _ in 0..9_000 {
            hits[stream.weighted(&[1.0, 0.0, 2.0])] += 1;
        }
        assert_eq!(hits[1], 0);
        assert!((2_700..3_300).contains(&hits[0]), "{hits:?}");
    }
}
