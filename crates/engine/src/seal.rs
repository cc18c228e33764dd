//! Sealing: what arrived moves from the inbox into immutable parts of the lake,
//! and is catalogued and deleted from the inbox in one transaction. A crash
//! before that commit leaves a file nobody knows, swept later; never a loss,
//! never a duplicate. Compaction replaces many small parts of a month by one.

use std::{
    collections::{BTreeMap, HashSet},
    sync::Arc,
    time::Duration,
};

use chrono::TimeDelta;
use domain::Instant;
use futures::future::BoxFuture;
use lake::{Attribution, Lake, PartFile, SealedPart, View};
use store::{Store, account_merge, alias, catalogue, end_user, inbox};

use crate::{Engine, EngineError};

/// Inbox requests sealed at once at most.
const MOST_REQUESTS: usize = 20_000;

/// Events that may wait in the inbox whatever their age.
const MOST_WAITING: i64 = 50_000;

/// Small parts a month may gather before they are merged.
const MOST_PARTS_PER_MONTH: usize = 16;

/// A part larger than this is not merged again.
const SETTLED_BYTES: i64 = 256 << 20;

/// How long a file nobody knows, or a part nobody reads any more, is left alone.
const GRACE: TimeDelta = TimeDelta::hours(24);

/// Everything in the lake and the inbox at one moment, ready for queries. Events of accounts that were merged, as far
/// as was known at `known_on`, are those of their survivors, and events of names that are one person are of one user.
pub(crate) fn view<'a>(
    store: &'a Store,
    lake: &'a Lake,
    known_on: Option<Instant>,
) -> BoxFuture<'a, Result<View, EngineError>> {
    Box::pin(async move {
        let merged = account_merge::standing(store.read(), known_on).await?;
        let persons = alias::standing(store.read(), known_on).await?;
        let rows = store.read_lake().await?;
        let parts = rows.parts.into_iter().map(part_file).collect();
        let tail: Vec<(i64, Arc<[u8]>)> = rows.tail.into_iter().map(|blob| (blob.seq, blob.payload.into())).collect();
        let attribution = attribution(store, !tail.is_empty()).await?;
        let view = lake.view(parts, &tail, &attribution)?;
        Ok(view.with_persons(persons)?.with_merged(&merged.pairs().collect::<Vec<_>>())?)
    })
}

/// Seals what the inbox holds. Returns how many requests were sealed.
pub async fn seal(engine: &Engine) -> Result<usize, EngineError> {
    let _one_at_a_time = engine.sealing().await;
    let rows = engine.store().read_lake().await?;
    let tail: Vec<_> = rows.tail.into_iter().take(MOST_REQUESTS).collect();
    if tail.is_empty() {
        return Ok(0);
    }
    let attribution = attribution(engine.store(), true).await?;
    let sealed: Vec<i64> = tail.iter().map(|blob| blob.seq).collect();
    let lake = engine.lake().clone();
    let parts = blocking(move || lake.seal(tail.iter().map(|blob| &blob.payload), &attribution)).await?;
    let parts: Vec<_> = parts.into_iter().map(new_part).collect();
    let now = engine.now();
    let requests = sealed.len();
    engine.store().write(async |tx| catalogue::seal(tx, &sealed, &parts, now).await).await?;
    inbox::file_keys(engine.store(), inbox::GATHERED).await?;
    metrics::counter!("pomona_sealed_requests_total").increment(requests as u64);
    Ok(requests)
}

/// Seals when the oldest request has waited long enough, or too many events wait for queries to carry them along.
pub(crate) async fn when_due(engine: &Engine, most_age: Duration) -> Result<(), EngineError> {
    let backlog = inbox::backlog(engine.store().read()).await?;
    let age = backlog.oldest.map(|oldest| (engine.now() - oldest).to_std().unwrap_or_default());
    if age.is_some_and(|age| age >= most_age) || backlog.events > MOST_WAITING {
        seal(engine).await?;
    }
    Ok(())
}

/// Merges the small parts of every month that has gathered too many, and parts
/// whose accounts have become known. Returns how many parts were replaced.
pub async fn compact(engine: &Engine) -> Result<usize, EngineError> {
    let _one_at_a_time = engine.sealing().await;
    let mut months: BTreeMap<String, Vec<catalogue::Part>> = BTreeMap::new();
    for part in engine.store().read_lake().await?.parts {
        if part.file_size_bytes < SETTLED_BYTES {
            months.entry(part.month().to_owned()).or_default().push(part);
        }
    }
    let attribution = attribution(engine.store(), true).await?;
    let mut replaced = 0;
    for parts in months.into_values().map(mergeable).filter(|parts| parts.len() > MOST_PARTS_PER_MONTH) {
        let old: Vec<i64> = parts.iter().map(|part| part.id).collect();
        let files: Vec<PartFile> = parts.into_iter().map(part_file).collect();
        let (lake, attribution) = (engine.lake().clone(), attribution.clone());
        let merged = blocking(move || lake.compact(&files, &attribution)).await?;
        let merged: Vec<_> = merged.into_iter().map(new_part).collect();
        let now = engine.now();
        engine.store().write(async |tx| catalogue::replace_parts(tx, &old, &merged, now).await).await?;
        replaced += old.len();
    }
    Ok(replaced)
}

/// The small parts of a month: smallest first, up to one that outweighs four times all before it. So a large part is
/// rewritten only when what is new is a fair share of it, and a month never keeps many more parts than it may gather.
fn mergeable(mut parts: Vec<catalogue::Part>) -> Vec<catalogue::Part> {
    parts.sort_by_key(|part| part.file_size_bytes);
    let mut bytes = 0;
    let fits = parts.iter().enumerate().take_while(|(at, part)| {
        let fits = *at <= MOST_PARTS_PER_MONTH || part.file_size_bytes <= 4 * bytes;
        bytes += part.file_size_bytes;
        fits
    });
    let count = fits.count();
    parts.truncate(count);
    parts
}

/// Removes replaced parts that no reader can still hold, and files a crash left behind.
pub async fn sweep(engine: &Engine) -> Result<(), EngineError> {
    let _one_at_a_time = engine.sealing().await;
    let before: Instant = engine.now() - GRACE;
    let replaced = catalogue::scheduled_for_deletion(engine.store().read(), before).await?;
    let known = catalogue::parts(engine.store().read()).await?;
    let waiting = catalogue::scheduled_for_deletion(engine.store().read(), engine.now()).await?;
    let kept: HashSet<String> =
        known.into_iter().map(|part| part.path).chain(waiting.into_iter().map(|(_, path)| path)).collect();
    let (ids, paths): (Vec<i64>, Vec<String>) = replaced.into_iter().unzip();
    let lake = engine.lake().clone();
    blocking(move || {
        lake.remove(&paths)?;
        lake.sweep(&kept, before)
    })
    .await?;
    Ok(engine.store().write(async |tx| catalogue::forget(tx, &ids).await).await?)
}

/// Catalogues parts that were written without the inbox: history and the synthetic company.
pub(crate) async fn adopt(store: &Store, parts: Vec<SealedPart>, now: Instant) -> Result<(), EngineError> {
    let parts: Vec<_> = parts.into_iter().map(new_part).collect();
    Ok(store.write(async |tx| catalogue::seal(tx, &[], &parts, now).await).await?)
}

/// Runs work that blocks on disk or processor away from the async threads.
pub(crate) async fn blocking<T: Send + 'static, E>(
    work: impl FnOnce() -> Result<T, E> + Send + 'static,
) -> Result<T, EngineError>
where
    E: Send + 'static,
    EngineError: From<E>,
{
    Ok(tokio::task::spawn_blocking(work).await??)
}

async fn attribution(store: &Store, needed: bool) -> Result<Attribution, EngineError> {
    if !needed {
        return Ok(Attribution::default());
    }
    attribution_now(store).await
}

/// Where users belong, as far as it is known now.
pub(crate) async fn attribution_now(store: &Store) -> Result<Attribution, EngineError> {
    let over_time = end_user::torn_over_time(store.read()).await?;
    Ok(Attribution::new(end_user::attributed(store.read()).await?, over_time))
}

pub(crate) fn part_file(part: catalogue::Part) -> PartFile {
    let mut file = PartFile::new(part.id, part.path, part.record_count, part.file_size_bytes, part.footer_size);
    for stat in &part.column_stats {
        file.describe(stat.column_id, Some(stat.null_count), stat.min.as_deref(), stat.max.as_deref());
    }
    file
}

pub(crate) fn new_part(part: SealedPart) -> catalogue::NewPart {
    let column_stats = part.columns.into_iter().map(|column| catalogue::ColumnStat {
        column_id: column.column_id,
        value_count: column.value_count,
        null_count: column.null_count,
        min: column.min_value,
        max: column.max_value,
    });
    catalogue::NewPart {
        column_stats: column_stats.collect(),
        month: part.month.format("%Y-%m").to_string(),
        path: part.path,
        record_count: part.record_count,
        file_size_bytes: part.file_size_bytes,
        footer_size: part.footer_size,
    }
}
