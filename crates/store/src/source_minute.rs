//! How much a source sends and how late: its messages counted by the minute, for a day. From these come the rate and
//! the lag on its page. Deliberately absent: history; what was sent in all is a counter of the source itself.

use std::collections::HashMap;

use chrono::{DurationRound, TimeDelta};
use domain::Instant;
use sea_orm::ConnectionTrait;

use crate::{StoreError, Tx, statement::statement};

/// How long minutes are kept.
const KEPT: TimeDelta = TimeDelta::hours(25);

/// The minutes that the rate of a minute is the mean of.
pub const MINUTES: i64 = 5;

/// Messages that came together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Came {
    /// How many.
    pub messages: i64,
    /// How many of them said when they were sent.
    pub timed: i64,
    /// How long these were under way, together, in milliseconds; negative where the sender's clock is ahead.
    pub lag_ms: i64,
}

/// How much a source sends now, and how late.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Pace {
    /// Messages a minute, over the last [`MINUTES`].
    pub per_minute: f64,
    /// Messages of the last hour.
    pub last_hour: i64,
    /// How long messages of the last hour were under way on average; unknown where none said when it was sent.
    pub lag: Option<TimeDelta>,
    /// Events that wait to be sealed, and since when the oldest does.
    pub unsealed: Option<(i64, Instant)>,
}

/// Counts messages of a source that came at an instant.
pub(crate) async fn count(tx: &Tx, source_id: i64, at: Instant, came: Came) -> Result<(), StoreError> {
    if came.messages == 0 {
        return Ok(());
    }
    let sql = "INSERT INTO source_minute (source_id, minute, messages, timed, lag_ms) VALUES ($1, $2, $3, $4, $5)
               ON CONFLICT (source_id, minute) DO UPDATE SET messages = source_minute.messages + excluded.messages,
                   timed = source_minute.timed + excluded.timed, lag_ms = source_minute.lag_ms + excluded.lag_ms";
    let Came { messages, timed, lag_ms } = came;
    let values = [source_id.into(), minute(at).into(), messages.into(), timed.into(), lag_ms.into()];
    tx.execute_raw(statement(tx, sql, values)).await?;
    Ok(())
}

fn minute(at: Instant) -> Instant {
    at.duration_trunc(TimeDelta::minutes(1)).unwrap_or(at)
}

/// How much every source sends at `now`; a source that sent nothing within an hour and waits for nothing is left out.
pub async fn paces(db: &impl ConnectionTrait, now: Instant) -> Result<HashMap<i64, Pace>, StoreError> {
    let mut paces: HashMap<i64, Pace> = HashMap::new();
    let sql = "SELECT source_id, CAST(sum(CASE WHEN minute > $1 THEN messages ELSE 0 END) AS BIGINT),
                      CAST(sum(messages) AS BIGINT), CAST(sum(timed) AS BIGINT), CAST(sum(lag_ms) AS BIGINT)
               FROM source_minute WHERE minute > $2 AND minute <= $3 GROUP BY source_id";
    let since = |minutes: i64| minute(now) - TimeDelta::minutes(minutes);
    let values = [since(MINUTES).into(), since(60).into(), now.into()];
    for row in db.query_all_raw(statement(db, sql, values)).await? {
        let (recent, timed, lag_ms): (i64, i64, i64) =
            (row.try_get_by_index(1)?, row.try_get_by_index(3)?, row.try_get_by_index(4)?);
        let pace = Pace {
            per_minute: recent as f64 / MINUTES as f64,
            last_hour: row.try_get_by_index(2)?,
            lag: (timed > 0).then(|| TimeDelta::milliseconds(lag_ms / timed.max(1))),
            unsealed: None,
        };
        paces.insert(row.try_get_by_index(0)?, pace);
    }
    let sql = "SELECT source_id, CAST(sum(events) AS BIGINT), min(received_at) FROM inbox GROUP BY source_id";
    for row in db.query_all_raw(statement(db, sql, [])).await? {
        let waits = (row.try_get_by_index(1)?, row.try_get_by_index(2)?);
        paces.entry(row.try_get_by_index(0)?).or_default().unsealed = Some(waits);
    }
    Ok(paces)
}

/// Forgets minutes that nobody asks for any more.
pub async fn prune(tx: &Tx, now: Instant) -> Result<(), StoreError> {
    let before = [(now - KEPT).into()];
    tx.execute_raw(statement(tx, "DELETE FROM source_minute WHERE minute < $1", before)).await?;
    Ok(())
}
