//! How many requests are worked on at once, in two pools that share nothing: one for pages and the API, one for what
//! senders bring. However many people reload however many pages, a fact still finds a place (and the other way round).
//!
//! Whoever finds no place waits a little and is then told to come back. Probes and static files wait for nobody.
//! Deliberately absent: queues that grow, because an answer nobody waits for any more helps nobody.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::body::Take;
use super::rate::Rate;
use crate::problem::{Answer, Problem};
use crate::route::Rule;

/// How long a request waits for a place.
const PATIENCE: Duration = Duration::from_secs(5);

/// Seconds after which whoever found no place may try again.
const RETRY_AFTER: u64 = 2;

/// How many requests each pool works on at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Places {
    /// Pages, forms and the API.
    pub reading: usize,
    /// Events, records and webhooks.
    pub sending: usize,
}

impl Default for Places {
    fn default() -> Self {
        Self { reading: 128, sending: 256 }
    }
}

/// The place of one request; `None` for those that need none. Dropping it frees the place.
pub(super) type Place = Option<OwnedSemaphorePermit>;

/// The two pools.
#[derive(Clone, Debug)]
pub struct Pools {
    reading: Arc<Semaphore>,
    sending: Arc<Semaphore>,
}

impl Pools {
    /// Makes both pools.
    pub fn new(places: Places) -> Self {
        Self { reading: Arc::new(Semaphore::new(places.reading)), sending: Arc::new(Semaphore::new(places.sending)) }
    }

    /// A place for a request of this rule, held until its answer has begun; `None` where none is needed.
    pub(super) async fn enter(&self, rule: Rule) -> Answer<Place> {
        let pool = match (rule.take, rule.rate) {
            (_, Rate::Free) => return Ok(None),
            (Take::Events, _) => &self.sending,
            _ => &self.reading,
        };
        match tokio::time::timeout(PATIENCE, Arc::clone(pool).acquire_owned()).await {
            // The semaphores are never closed, so whoever waited long enough got a place.
            Ok(place) => Ok(place.ok()),
            Err(_) => Err(Problem::unavailable("Too much is being worked on at this moment.", RETRY_AFTER)),
        }
    }
}
