//! Late attribution: events that came before anybody knew whose they are. They lie in parts of their own, so giving
//! them to their accounts rewrites only those, in one transaction each month, and the accounts are computed again.
//! What still belongs to nobody is counted, source by source, and shown. Deliberately absent: guessing; who belongs
//! where is decided when it is said, and an event counts where its user was when it happened.

use std::collections::{BTreeMap, BTreeSet};

use domain::Instant;
use lake::{Attribution, Params, PartFile};
use serde_json::{Value, json};
use store::{catalogue, end_user, setting, source};

use crate::{Engine, EngineError, seal};

/// The setting that remembers how much was known of where users belong when this was last done.
const SEEN: &str = "attribution.users";

/// Users of events that have no account, and when these happened.
const STRANGERS: &str = "select user_id, min(occurred_at) as first_at, max(occurred_at) as last_at from event
    where account_id is null and user_id is not null group by user_id";

/// Events that have no account, by source.
const UNATTRIBUTED: &str =
    "select source_id, count(*) as events from event where account_id is null group by source_id";

/// Gives events to the accounts their users have turned out to belong to, if more is known of these than the last time.
/// Returns how many parts were rewritten.
pub(crate) async fn when_due(engine: &Engine) -> Result<usize, EngineError> {
    let db = engine.store().read();
    let known = end_user::count_known(db).await?;
    let seen = setting::find(db, SEEN).await?.as_ref().and_then(Value::as_u64);
    if seen == Some(known) {
        return Ok(0);
    }
    let rewritten = attribute(engine).await?;
    engine.store().write(async |tx| setting::put(tx, SEEN, json!(known)).await).await?;
    Ok(rewritten)
}

/// Gives events to the accounts their users have turned out to belong to. Returns how many parts were rewritten.
pub async fn attribute(engine: &Engine) -> Result<usize, EngineError> {
    let known = seal::attribution_now(engine.store()).await?;
    let strangers = strangers(engine).await?.into_iter();
    let accounts: BTreeSet<i64> =
        strangers.flat_map(|(user, [first, last])| known.accounts_during(user, first, last)).collect();
    let rewritten = if accounts.is_empty() { 0 } else { rewrite(engine, known).await? };
    recount(engine).await?;
    for account in accounts {
        engine.touch(account);
    }
    Ok(rewritten)
}

/// Users of events that have no account, and from when to when these happened.
async fn strangers(engine: &Engine) -> Result<Vec<(i64, [Instant; 2])>, EngineError> {
    let view = seal::view(engine.store(), engine.lake(), None).await?;
    let frame = view.query(STRANGERS, &Params::new()).await?;
    let times = frame.instants("first_at")?.zip(frame.instants("last_at")?);
    let users = frame.ints("user_id")?.zip(times);
    Ok(users.filter_map(|(user, (first, last))| Some((user?, [first?, last?]))).collect())
}

/// Rewrites the parts that hold events of nobody, a month at a time.
async fn rewrite(engine: &Engine, attribution: Attribution) -> Result<usize, EngineError> {
    let _one_at_a_time = engine.sealing().await;
    let mut months: BTreeMap<String, Vec<PartFile>> = BTreeMap::new();
    for part in catalogue::parts(engine.store().read()).await? {
        let month = part.month().to_owned();
        let file = seal::part_file(part);
        if file.unattributed > 0 {
            months.entry(month).or_default().push(file);
        }
    }
    let mut rewritten = 0;
    for files in months.into_values() {
        let old: Vec<i64> = files.iter().map(|file| file.id).collect();
        let (lake, attribution) = (engine.lake().clone(), attribution.clone());
        let new = seal::blocking(move || lake.compact(&files, &attribution)).await?;
        let new: Vec<_> = new.into_iter().map(seal::new_part).collect();
        let now = engine.now();
        engine.store().write(async |tx| catalogue::replace_parts(tx, &old, &new, now).await).await?;
        rewritten += old.len();
    }
    Ok(rewritten)
}

/// Counts what belongs to nobody, source by source.
async fn recount(engine: &Engine) -> Result<(), EngineError> {
    let view = seal::view(engine.store(), engine.lake(), None).await?;
    let frame = view.query(UNATTRIBUTED, &Params::new()).await?;
    let counts: BTreeMap<i64, i64> =
        frame.ints("source_id")?.zip(frame.ints("events")?).filter_map(|(id, n)| Some((id?, n?))).collect();
    let sources = source::all(engine.store().read()).await?;
    let changed: Vec<(i64, i64)> = sources
        .into_iter()
        .map(|source| (source.id, source.unattributed, counts.get(&source.id).copied().unwrap_or_default()))
        .filter(|(_, before, now)| before != now)
        .map(|(id, _, now)| (id, now))
        .collect();
    if changed.is_empty() {
        return Ok(());
    }
    Ok(engine.store().write(async |tx| source::recount(tx, &changed).await).await?)
}
