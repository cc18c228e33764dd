//! How many connections are open, in all and from each address.
//!
//! A *slot* is one open connection's place; dropping it frees the place. Deliberately absent: any judgement of who
//! deserves a place, because behind a proxy every peer is the proxy.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

type Counts = Arc<Mutex<HashMap<IpAddr, usize>>>;

/// The places of one server.
#[derive(Debug)]
pub(super) struct Slots {
    all: Arc<Semaphore>,
    by_peer: Counts,
    per_peer: usize,
}

/// Room for one more connection, from whomever it comes.
pub(super) type Room = Option<OwnedSemaphorePermit>;

/// The place of one open connection.
#[derive(Debug)]
pub(super) struct Slot {
    _room: Room,
    by_peer: Counts,
    peer: IpAddr,
}

impl Slots {
    /// Makes `all` places, of which one address may hold `per_peer`.
    pub(super) fn new(all: usize, per_peer: usize) -> Self {
        Self { all: Arc::new(Semaphore::new(all)), by_peer: Counts::default(), per_peer }
    }

    /// Waits until there is a place.
    pub(super) async fn room(&self) -> Room {
        // The semaphore is never closed, so there is always a permit in the end.
        Arc::clone(&self.all).acquire_owned().await.ok()
    }

    /// Gives the place to `peer`, unless it already holds its share.
    pub(super) fn take(&self, room: Room, peer: IpAddr) -> Option<Slot> {
        let mut counts = self.by_peer.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(peer).or_default();
        if *count >= self.per_peer {
            return None;
        }
        *count += 1;
        Some(Slot { _room: room, by_peer: Arc::clone(&self.by_peer), peer })
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut counts = self.by_peer.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&self.peer) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.peer);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_dropped_slot_is_free_again_and_forgotten() {
        let slots = Slots::new(2, 1);
        let peer = IpAddr::from([192, 0, 2, 7]);
        let first = slots.take(slots.room().await, peer).unwrap();
        assert!(slots.take(slots.room().await, peer).is_none());
        assert!(slots.take(slots.room().await, IpAddr::from([192, 0, 2, 8])).is_some());
        drop(first);
        assert!(slots.by_peer.lock().unwrap().is_empty());
        assert!(slots.take(slots.room().await, peer).is_some());
    }
}
