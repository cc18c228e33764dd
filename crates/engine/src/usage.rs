//! An account's usage over time, for its page: week by week and feature by feature, straight from the events. No
//! metric is defined here; those are in the catalogue.

use domain::{
    Day, Instant,
    time::{day_of, end_of, start_of},
};
use lake::Params;

use crate::{Engine, EngineError, seal};

/// One week of an account's usage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UsageWeek {
    /// The last day of the week.
    pub ends: Day,
    /// Different people who did anything.
    pub users: i64,
    /// Everything that was done.
    pub events: i64,
}

/// How much one feature was used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeatureUse {
    /// The event's name.
    pub name: String,
    /// How often.
    pub events: i64,
    /// By how many people.
    pub users: i64,
    /// When last.
    pub last_at: Instant,
}

/// Usage of an account up to the end of a day.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Usage {
    /// The last weeks, oldest first; a week without events has zeros.
    pub weeks: Vec<UsageWeek>,
    /// Features of the last 28 days, most used first.
    pub features: Vec<FeatureUse>,
}

const BY_WEEK: &str = "select ($end_us - cast(occurred_at as bigint)) / 604800000000 as week, \
    count(*) as events, count(distinct user_id) as users from event \
    where account_id = $account and occurred_at < $end and occurred_at >= $since group by 1";

const BY_FEATURE: &str = "select name, count(*) as events, count(distinct user_id) as users, max(occurred_at) as last_at \
    from event where account_id = $account and occurred_at < $end and occurred_at >= $since \
    group by name order by events desc, name";

/// Reads an account's usage of the last `weeks` weeks as of a day.
pub async fn usage(engine: &Engine, account_id: i64, as_of: Day, weeks: u32) -> Result<Usage, EngineError> {
    let view = seal::view(engine.store(), engine.lake(), None).await?;
    let end = end_of(as_of);
    let params = |days: i64| {
        let since = end - chrono::TimeDelta::days(days);
        Params::new()
            .int("account", account_id)
            .instant("end", end)
            .int("end_us", end.timestamp_micros())
            .instant("since", since)
    };
    let frame = view.query(BY_WEEK, &params(7 * i64::from(weeks))).await?;
    let empty = (0..weeks).rev().map(|week| empty_week(end, week));
    let mut usage = Usage { weeks: empty.collect(), features: Vec::new() };
    let figures = frame.ints("week")?.zip(frame.ints("events")?).zip(frame.ints("users")?);
    for ((week, events), users) in figures {
        let at = week.and_then(|week| usize::try_from(i64::from(weeks) - 1 - week).ok());
        if let Some(slot) = at.and_then(|at| usage.weeks.get_mut(at)) {
            (slot.events, slot.users) = (events.unwrap_or(0), users.unwrap_or(0));
        }
    }
    let frame = view.query(BY_FEATURE, &params(28)).await?;
    let figures =
        frame.texts("name")?.zip(frame.ints("events")?).zip(frame.ints("users")?).zip(frame.instants("last_at")?);
    usage.features = figures
        .filter_map(|(((name, events), users), last_at)| {
            Some(FeatureUse { name: name?.to_owned(), events: events?, users: users?, last_at: last_at? })
        })
        .collect();
    Ok(usage)
}

fn empty_week(end: Instant, week: u32) -> UsageWeek {
    let last_moment = end - chrono::TimeDelta::days(7 * i64::from(week)) - chrono::TimeDelta::microseconds(1);
    UsageWeek { ends: day_of(start_of(day_of(last_moment))), users: 0, events: 0 }
}
