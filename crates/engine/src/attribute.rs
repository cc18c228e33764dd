//! Late attribution: events that came before anybody knew whose they are. They lie in parts of their own, so giving
//! them to their accounts rewrites only those, in one transaction each month, and the accounts are computed again.
//! What still belongs to nobody is counted, source by source, and shown. Deliberately absent: guessing; who belongs
//! where is decided when it is said.

use std::collections::{BTreeMap, BTreeSet};

use lake::{Attribution, Params, PartFile};
use serde_json::{Value, json};
use store::{catalogue, end_user, setting, source};

use crate::{Engine, EngineError, seal};

/// The setting that remembers how many users belonged to an account when this was last done.
const SEEN: &str = "attribution.users";

/// Users of events that have no account.
const STRANGERS: &str = "select distinct user_id from event where account_id is null and user_id is not null";

/// Events that have no account, by source.
const UNATTRIBUTED: &str =
    "select source_id, count(*) as events from event where account_id is null group by source_id";

/// Gives events to the accounts their users have turned out to belong to, if more users do than the last time.
/// Returns how many parts were rewritten.
pub(crate) async fn when_due(engine: &Engine) -> Result<usize, EngineError> {
    let db = engine.store().read();
    let users = end_user::count_attributed(db).await?;
    let seen = setting::find(db, SEEN).await?.as_ref().and_then(Value::as_u64);
    if seen == Some(users) {
        return Ok(0);
    }
    let rewritten = attribute(engine).await?;
    engine.store().write(async |tx| setting::put(tx, SEEN, json!(users)).await).await?;
    Ok(rewritten)
}

/// Gives events to the accounts their users have turned out to belong to. Returns how many parts were rewritten.
pub async fn attribute(engine: &Engine) -> Result<usize, EngineError> {
    let known: BTreeMap<i64, i64> = end_user::attributed(engine.store().read()).await?.into_iter().collect();
    let strangers = users(engine).await?;
    let accounts: BTreeSet<i64> = strangers.iter().filter_map(|user| known.get(user)).copied().collect();
    let rewritten = if accounts.is_empty() { 0 } else { rewrite(engine, known.into_iter().collect()).await? };
    recount(engine).await?;
    for account in accounts {
        engine.touch(account);
    }
    Ok(rewritten)
}

async fn users(engine: &Engine) -> Result<BTreeSet<i64>, EngineError> {
    let view = seal::view(engine.store(), engine.lake(), None).await?;
    let frame = view.query(STRANGERS, &Params::new()).await?;
    Ok(frame.ints("user_id")?.flatten().collect())
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
