//! How often somebody may ask: one token bucket per caller and rate class.
//!
//! A *bucket* fills at a steady rate up to a burst and a request takes its *cost*: one, or the body's KiB for event
//! senders, who are limited by volume and not by calls. The map of buckets is bounded: full buckets carry no information
//! and are dropped first. Absent: sharing between processes; each counts for itself.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// What kind of request it is, for counting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Rate {
    /// Files and probes: not counted.
    Free,
    /// Pages, forms and fragments.
    Page,
    /// The JSON API.
    Api,
    /// Whatever costs seconds: SQL, imports, exports.
    Heavy,
    /// Attempts to sign in.
    SignIn,
    /// Events, counted in KiB of the body as sent.
    Events,
}

/// How fast one bucket fills and how much it holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Allowance {
    /// Units regained per second.
    pub per_second: f64,
    /// Units at most.
    pub burst: f64,
}

/// The allowance of every class that is counted, per caller.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Allowances {
    /// Pages, forms and fragments.
    pub page: Allowance,
    /// The JSON API.
    pub api: Allowance,
    /// SQL, imports, exports.
    pub heavy: Allowance,
    /// Attempts to sign in, per address.
    pub sign_in: Allowance,
    /// Event bodies, in KiB.
    pub events: Allowance,
}

impl Default for Allowances {
    fn default() -> Self {
        Self {
            page: Allowance { per_second: 100.0, burst: 1000.0 },
            api: Allowance { per_second: 100.0, burst: 1000.0 },
            heavy: Allowance { per_second: 2.0, burst: 30.0 },
            sign_in: Allowance { per_second: 0.5, burst: 30.0 },
            events: Allowance { per_second: 64.0 * 1024.0, burst: 512.0 * 1024.0 },
        }
    }
}

impl Allowances {
    fn of(&self, class: Rate) -> Option<Allowance> {
        match class {
            Rate::Free => None,
            Rate::Page => Some(self.page),
            Rate::Api => Some(self.api),
            Rate::Heavy => Some(self.heavy),
            Rate::SignIn => Some(self.sign_in),
            Rate::Events => Some(self.events),
        }
    }
}

/// The buckets of all callers.
#[derive(Debug)]
pub struct Limiter {
    allowances: Allowances,
    capacity: usize,
    buckets: Mutex<HashMap<(Rate, String), Bucket>>,
}

#[derive(Clone, Copy, Debug)]
struct Bucket {
    left: f64,
    at: Instant,
}

impl Limiter {
    /// Makes a limiter that remembers at most `capacity` buckets.
    pub fn new(allowances: Allowances, capacity: usize) -> Self {
        Self { allowances, capacity, buckets: Mutex::default() }
    }

    /// Takes `cost` from the caller's bucket, or says after how long there will be enough.
    ///
    /// A cost above the burst passes when the bucket is full, so that one large body is slow and not impossible.
    pub fn take(&self, class: Rate, caller: &str, cost: f64, at: Instant) -> Result<(), Duration> {
        let Some(allowance) = self.allowances.of(class) else { return Ok(()) };
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= self.capacity {
            self.forget(&mut buckets, at);
        }
        let bucket = buckets.entry((class, caller.to_owned())).or_insert(Bucket { left: allowance.burst, at });
        bucket.left = bucket.filled(allowance, at);
        bucket.at = at;
        let cost = cost.min(allowance.burst);
        if bucket.left >= cost {
            bucket.left -= cost;
            return Ok(());
        }
        Err(Duration::from_secs_f64((cost - bucket.left) / allowance.per_second))
    }

    /// Drops full buckets, and if every one is in use, all: a flood of addresses must not become a flood of memory.
    fn forget(&self, buckets: &mut HashMap<(Rate, String), Bucket>, at: Instant) {
        buckets.retain(|(class, _), bucket| {
            self.allowances.of(*class).is_some_and(|allowance| bucket.filled(allowance, at) < allowance.burst)
        });
        if buckets.len() >= self.capacity {
            buckets.clear();
        }
    }
}

impl Bucket {
    fn filled(self, allowance: Allowance, at: Instant) -> f64 {
        let gained = at.saturating_duration_since(self.at).as_secs_f64() * allowance.per_second;
        (self.left + gained).min(allowance.burst)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limiter(capacity: usize) -> Limiter {
        let api = Allowance { per_second: 2.0, burst: 4.0 };
        Limiter::new(Allowances { api, ..Allowances::default() }, capacity)
    }

    #[test]
    fn a_burst_passes_and_then_the_rate_holds() {
        let (limiter, start) = (limiter(100), Instant::now());
        for _ in 0..4 {
            limiter.take(Rate::Api, "member:1", 1.0, start).unwrap();
        }
        assert_eq!(limiter.take(Rate::Api, "member:1", 1.0, start), Err(Duration::from_millis(500)));
        assert_eq!(limiter.take(Rate::Api, "member:2", 1.0, start), Ok(()));
        assert_eq!(limiter.take(Rate::Api, "member:1", 1.0, start + Duration::from_millis(500)), Ok(()));
    }

    #[test]
    fn a_cost_above_the_burst_is_slow_and_not_impossible() {
        let (limiter, start) = (limiter(100), Instant::now());
        limiter.take(Rate::Api, "source:1", 9.0, start).unwrap();
        assert_eq!(limiter.take(Rate::Api, "source:1", 9.0, start), Err(Duration::from_secs(2)));
    }

    #[test]
    fn memory_is_bounded() {
        let (limiter, start) = (limiter(10), Instant::now());
        for caller in 0..1000 {
            limiter.take(Rate::Api, &caller.to_string(), 1.0, start).unwrap();
        }
        assert!(limiter.buckets.lock().unwrap().len() <= 10);
    }
}
