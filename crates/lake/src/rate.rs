//! How fast this machine reads its lake. One pass over every event, with the shape a
//! nightly snapshot has: grouped by account, counting people and the latest event.
//! It measures; what is fast enough is for the reader to say.

use std::time::{Duration, Instant};

use crate::{Params, QueryError, View};

const PASS: &str = "with account as (
        select account_id, count(*) as events, count(distinct user_id) as users, max(occurred_at) as last_at
        from event group by account_id
    )
    select count(*) as accounts, cast(coalesce(sum(events), 0) as bigint) as events from account";

/// What one pass over all events took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScanRate {
    /// Events read.
    pub events: i64,
    /// Accounts they belong to.
    pub accounts: i64,
    /// Wall time from question to answer.
    pub took: Duration,
}

impl ScanRate {
    /// Returns events per second.
    pub fn per_second(self) -> f64 {
        self.events as f64 / self.took.as_secs_f64().max(f64::EPSILON)
    }
}

impl View {
    /// Reads every event once and tells how long it took. Run it twice to measure without the disk.
    ///
    /// # Errors
    /// [`QueryError`] as for [`View::query`].
    pub async fn scan_rate(&self) -> Result<ScanRate, QueryError> {
        let started = Instant::now();
        let answer = self.query(PASS, &Params::new()).await?;
        let took = started.elapsed();
        let number = |name| answer.ints(name).ok().and_then(|mut values| values.next().flatten()).unwrap_or(0);
        Ok(ScanRate { events: number("events"), accounts: number("accounts"), took })
    }
}
