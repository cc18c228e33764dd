//! A mapping tried on what a source sent last: each record beside what it would become, so that a rule is corrected
//! before anything is written. Nothing here changes anything, until a mapping is kept; then what waited for it is read.

use connectors::{
    json,
    preset::{self, Preset},
    record::{Draft, Value},
};
use domain::Instant;
use store::raw_record;

use super::{GENERIC, ImportError, RecordsReport, SourceMapping, mapping_of, read_waiting, set_mapping, try_keys};
use crate::{Engine, EngineError};

/// A record of a source, and what a mapping makes of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preview {
    /// What the source calls it.
    pub key: String,
    /// When it came last.
    pub received_at: Instant,
    /// The record, JSON.
    pub body: String,
    /// What it becomes, one line each; none where it is passed over or kept as it is.
    pub becomes: Vec<Result<String, String>>,
}

impl Preview {
    /// What a preset makes of the text of a record.
    pub(super) fn of(
        preset: &Preset,
        stream: &str,
        key: String,
        body: String,
        received_at: Instant,
        now: Instant,
    ) -> Self {
        let becomes = match json::parse(&body) {
            Ok(document) => {
                let drafts = preset.drafts(stream, &document.value, now);
                let said = drafts.into_iter().map(|draft| {
                    draft.map(|draft| told(&draft)).map_err(|fault| format!("{}: {}", fault.field, fault.sentence))
                });
                said.collect()
            }
            Err(error) => vec![Err(error.to_string())],
        };
        Self { key, received_at, body, becomes }
    }
}

/// A stream of a source and how it is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamUse {
    /// Its name.
    pub name: String,
    /// What its records become; none where no rule knows it.
    pub objects: Vec<&'static str>,
    /// Records that wait for a rule.
    pub waiting: i64,
    /// Records that are kept to try a mapping on.
    pub kept: i64,
}

/// The names of the presets, each with a sentence about it.
pub fn presets() -> Vec<(&'static str, String)> {
    let doc = |name: &'static str| Some((name, Preset::named(name)?.ok()?.doc));
    Preset::names().filter_map(doc).collect()
}

/// How a source is read now.
pub async fn mapping_in_use(engine: &Engine, source: &store::Source) -> Result<SourceMapping, EngineError> {
    let known = mapping_of(engine.store().read(), source.id).await?;
    // A tap's source is named after its preset until somebody says otherwise.
    let named = source.key.rsplit('-').next().filter(|name| Preset::names().any(|known| known == *name));
    let usual = if source.kind == store::source::Kind::Sql { "postgres" } else { GENERIC };
    Ok(known.unwrap_or_else(|| SourceMapping::preset(named.unwrap_or(usual))))
}

/// The streams of a source, as a mapping reads them.
pub async fn streams(engine: &Engine, source_id: i64, mapping: &SourceMapping) -> Result<Vec<StreamUse>, EngineError> {
    let preset = mapping.read().ok();
    let objects = |name: &str| preset.as_ref().map(|preset| preset.objects(name)).unwrap_or_default();
    let known = raw_record::streams(engine.store().read(), source_id).await?;
    let used = |stream: raw_record::Stream| StreamUse {
        objects: objects(&stream.name).into_iter().map(connectors::record::Object::as_str).collect(),
        name: stream.name,
        waiting: stream.unmapped,
        kept: stream.kept,
    };
    Ok(known.into_iter().map(used).collect())
}

/// What a mapping makes of the latest records of a stream.
pub async fn preview(
    engine: &Engine,
    source_id: i64,
    stream: &str,
    mapping: &SourceMapping,
) -> Result<Vec<Preview>, ImportError> {
    let preset = mapping.read().map_err(|fault| ImportError::Mapping(fault.to_string()))?;
    let latest = latest(engine, source_id, stream).await?;
    let now = engine.now();
    let seen = |raw: store::RawRecord| Preview::of(&preset, stream, raw.external_id, raw.body, raw.received_at, now);
    Ok(latest.into_iter().map(seen).collect())
}

/// A rule that would read the latest records of a stream, as a beginning for a person.
pub async fn propose(engine: &Engine, source_id: i64, stream: &str) -> Result<String, ImportError> {
    let latest = latest(engine, source_id, stream).await?;
    let documents: Vec<_> = latest.iter().filter_map(|raw| json::parse(&raw.body).ok()).collect();
    let values: Vec<_> = documents.into_iter().map(|document| document.value).collect();
    Ok(preset::propose(stream, &values))
}

pub(super) async fn latest(
    engine: &Engine,
    source_id: i64,
    stream: &str,
) -> Result<Vec<store::RawRecord>, ImportError> {
    let latest = raw_record::latest(engine.store().read(), source_id, stream, raw_record::KEPT).await;
    Ok(latest.map_err(EngineError::from)?)
}

/// Keeps a mapping whose keys can be found and reads by it what waited. Answers with what became of that.
pub async fn keep_mapping(
    engine: &Engine,
    source_id: i64,
    mapping: &SourceMapping,
) -> Result<RecordsReport, ImportError> {
    mapping.read().map_err(|fault| ImportError::Mapping(fault.to_string()))?;
    let keys = try_keys(engine, source_id, mapping).await?;
    if !keys.faults.is_empty() {
        return Err(ImportError::Key(keys.faults.join(" ")));
    }
    engine.store().write(async |tx| set_mapping(tx, source_id, mapping).await).await?;
    let mut all = RecordsReport::default();
    for stream in streams(engine, source_id, mapping).await? {
        if stream.waiting > 0 && !stream.objects.is_empty() {
            let read = read_waiting(engine, source_id, &stream.name).await?;
            all.streams.extend(read.streams);
            all.created += read.created;
            all.updated += read.updated;
            all.unchanged += read.unchanged;
            all.held += read.held;
            all.failed += read.failed;
            all.refused.extend(read.refused);
        }
    }
    Ok(all)
}

/// A draft in one line: the kind of record, its key, and what is said about it.
fn told(draft: &Draft) -> String {
    let value = |value: &Value| match value {
        Value::Cleared => "(cleared)".to_owned(),
        Value::Text(text) => text.clone(),
        Value::Cents(cents) => format!("{}.{:02}", cents / 100, (cents % 100).abs()),
        Value::Int(number) => number.to_string(),
        Value::Decimal(number) => number.to_string(),
        Value::Bool(flag) => flag.to_string(),
        Value::Day(day) => day.to_string(),
        Value::Instant(at) => at.to_rfc3339(),
    };
    let fields: Vec<String> = draft.fields.iter().map(|(name, said)| format!("{name} = {}", value(said))).collect();
    format!("{} {}: {}", draft.object.as_str().replace('_', " "), draft.key, fields.join(", "))
}
