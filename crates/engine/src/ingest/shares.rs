//! Who may wait when many do. The inbox has a bounded queue; a *share* is one source's part of it. While the queue is
//! less than half full anybody may enter. Above that, a source that already holds its equal part is turned away, so that
//! one flooding source is shed before its quiet neighbours notice (T3).
//!
//! Deliberately absent: priorities between sources, and any memory of who flooded before.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

/// How many requests of each source are being taken.
#[derive(Debug, Clone)]
pub(super) struct Shares {
    places: usize,
    held: Arc<Mutex<HashMap<i64, usize>>>,
}

/// The place of one request; dropping it frees the place.
#[derive(Debug)]
pub(super) struct Place {
    source_id: i64,
    held: Arc<Mutex<HashMap<i64, usize>>>,
}

impl Shares {
    /// Shares of a queue with this many places.
    pub(super) fn new(places: usize) -> Self {
        Self { places, held: Arc::default() }
    }

    /// A place for a request of a source, or none if it has to come back later.
    pub(super) fn enter(&self, source_id: i64) -> Option<Place> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let all: usize = held.values().sum();
        let own = held.get(&source_id).copied().unwrap_or_default();
        let sources = held.len() + usize::from(own == 0);
        if all >= self.places || (all >= self.places / 2 && own >= (self.places / sources).max(1)) {
            return None;
        }
        *held.entry(source_id).or_default() += 1;
        Some(Place { source_id, held: Arc::clone(&self.held) })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = held.get_mut(&self.source_id) {
            *count -= 1;
            if *count == 0 {
                held.remove(&self.source_id);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fill(shares: &Shares, source_id: i64) -> Vec<Place> {
        std::iter::from_fn(|| shares.enter(source_id)).collect()
    }

    #[test]
    fn a_flooding_source_is_shed_before_a_quiet_one() {
        let shares = Shares::new(8);
        let quiet = shares.enter(2).unwrap();
        let flood = fill(&shares, 1);
        assert_eq!(flood.len(), 4, "an equal part of eight places for two sources");
        let newcomer: Vec<_> = (0..2).map(|_| shares.enter(3).unwrap()).collect();
        assert!(shares.enter(2).is_some(), "the quiet source is let in, the flooding one is not");
        assert!(shares.enter(1).is_none());
        drop((flood, quiet, newcomer));
        assert!(shares.held.lock().unwrap().is_empty());
    }

    #[test]
    fn a_source_alone_may_fill_the_queue_and_no_more() {
        let shares = Shares::new(8);
        let all = fill(&shares, 1);
        assert_eq!(all.len(), 8);
        drop(all);
        assert!(shares.enter(1).is_some());
    }
}
