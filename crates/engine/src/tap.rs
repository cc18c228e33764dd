//! What an extractor prints, onto the records, with its *state*: the place from which it goes on next time. A state is
//! passed on only when everything printed before it is committed, so whoever keeps it loses nothing (T16). Of states
//! that say the same, or that a later one replaces before anything is committed, only the last is passed on.
//!
//! Records are remembered by their key and a digest, so what comes again unchanged costs nothing and changes nothing.
//! What a source deleted, or a full table no longer holds, ends: contacts have left, subscriptions are cancelled.
//! Deliberately absent: deleting anything, and ending an account because a table was filtered differently today.

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;
use connectors::{
    preset::Preset,
    record::{Draft, Fields, Object, Value},
    segment,
    singer::LineError,
    tap::{Message, Open, Reader},
};
use domain::{Instant, time::day_of};
use serde::{Deserialize, Serialize};
use store::tap_row::{self, Model as TapRow};

use crate::{
    Engine, EngineError,
    import::{self, ImportError, Records, RefusedRow, SourceMapping},
};

/// Records committed together.
const CHUNK: usize = 500;

/// How long a state waits for more records before what came before it is committed.
const PATIENCE: TimeDelta = TimeDelta::seconds(5);

/// Bytes of a request's body once it is unpacked.
const MOST_BYTES: usize = 64 << 20;

/// Refused records listed in a report.
const MOST_LISTED: usize = 100;

/// What an extractor brought.
#[derive(Debug, Clone, Default, Serialize)]
pub struct TapReport {
    /// Records read, by stream.
    pub streams: BTreeMap<String, u64>,
    /// Of those, records no rule knows: kept as they came, by stream.
    pub unmapped: BTreeMap<String, u64>,
    /// Records of ours that came to be.
    pub created: u64,
    /// Records of ours that changed.
    pub updated: u64,
    /// Records that said what they had said before.
    pub unchanged: u64,
    /// Of the unchanged, those that differ, and only in fields that a person holds.
    pub held: u64,
    /// Records their source no longer has.
    pub gone: u64,
    /// How many were refused.
    pub failed: u64,
    /// The first of them, with their line.
    pub refused: Vec<RefusedRow>,
    /// Records counted since the last states: said again at the head of the next part of the same run, where a run is
    /// sent in parts.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub open: Vec<Open>,
}

/// Why an extractor's output could not be read on. What came before the line is stored, and `states` may be passed on.
#[derive(Debug, thiserror::Error)]
pub enum TapError {
    /// A line that cannot be understood; what follows could depend on it.
    #[error("{}: {fault}", fault.code)]
    Line {
        /// Where and why.
        fault: LineError,
        /// The states that hold all the same.
        states: Vec<String>,
    },
    /// A request's body cannot be unpacked.
    #[error("{message}")]
    Body {
        /// 400 or 413.
        status: u16,
        /// A stable word.
        code: &'static str,
        /// What to do.
        message: String,
    },
    /// The records before could not be stored.
    #[error(transparent)]
    Import(#[from] ImportError),
}

impl From<EngineError> for TapError {
    fn from(error: EngineError) -> Self {
        Self::Import(ImportError::Engine(error))
    }
}

impl From<store::StoreError> for TapError {
    fn from(error: store::StoreError) -> Self {
        EngineError::from(error).into()
    }
}

/// An extractor being listened to.
#[derive(Debug)]
pub struct Tap<'e> {
    engine: &'e Engine,
    source_id: i64,
    preset: String,
    rules: Preset,
    reader: Reader,
    waiting: Vec<Waiting>,
    states: Vec<String>,
    /// Whether the last state may be replaced by the next.
    replaceable: bool,
    committed_at: Instant,
    report: TapReport,
}

/// A record that is not committed yet.
#[derive(Debug)]
struct Waiting {
    line: u64,
    body: String,
    deleted: bool,
    row: TapRow,
}

/// What a record became, so that it can end.
#[derive(Debug, Serialize, Deserialize)]
struct Became {
    object: Object,
    key: String,
    account: Option<String>,
}

/// The source of an extractor that runs on this machine, made when it is first used.
pub async fn source(engine: &Engine, key: &str) -> Result<i64, EngineError> {
    let name = format!("Extractor, {key}");
    import::source(engine, key, &name, store::source::Kind::Singer, engine.now()).await
}

/// Takes what an extractor printed as the body of one request, which may be compressed. Lines that can be understood are
/// stored up to the first that cannot. Returns what became of them and the states that may be kept.
pub async fn take(
    engine: &Engine,
    source_id: i64,
    preset: &str,
    body: &[u8],
    encoding: Option<&str>,
) -> Result<(TapReport, Vec<String>), TapError> {
    let bytes = segment::decode(body, encoding, MOST_BYTES).map_err(|error| TapError::Body {
        status: error.status,
        code: error.code,
        message: error.message,
    })?;
    let text = String::from_utf8_lossy(&bytes);
    let mut tap = Tap::open(engine, source_id, preset).await?;
    let mut states = Vec::new();
    for line in text.lines() {
        states.extend(tap.line(line).await?);
    }
    let (report, last) = tap.finish().await?;
    states.extend(last);
    Ok((report, states))
}

impl<'e> Tap<'e> {
    /// Begins to listen to an extractor of a source, by the source's own mapping or else by a preset such as `stripe`.
    pub async fn open(engine: &'e Engine, source_id: i64, preset: &str) -> Result<Self, TapError> {
        let known = import::mapping_of(engine.store().read(), source_id).await?;
        let mapping = known.unwrap_or_else(|| SourceMapping::preset(preset));
        let rules = mapping.read().map_err(|fault| ImportError::Mapping(fault.to_string()))?;
        Ok(Self {
            engine,
            source_id,
            preset: preset.to_owned(),
            rules,
            reader: Reader::default(),
            waiting: Vec::new(),
            states: Vec::new(),
            replaceable: false,
            committed_at: engine.now(),
            report: TapReport::default(),
        })
    }

    /// Takes the next line. Returns the states that may be passed on now.
    pub async fn line(&mut self, text: &str) -> Result<Vec<String>, TapError> {
        match self.reader.message(text) {
            Ok(Some(Message::Record(record))) => self.record(&record),
            Ok(Some(Message::State(state))) => {
                if self.replaceable && state.replaceable {
                    self.states.pop();
                }
                self.replaceable = state.replaceable;
                self.states.push(state.text.to_owned());
            }
            Ok(Some(Message::Stream { name, key_changed: true })) => {
                self.commit().await?;
                let (store, source_id) = (self.engine.store(), self.source_id);
                store.write(async |tx| tap_row::forget(tx, source_id, &name).await).await?;
            }
            Ok(Some(Message::ActivateVersion { stream, version })) => {
                self.commit().await?;
                self.retire(&stream, version).await?;
            }
            Ok(_) => {}
            Err(fault) => return Err(TapError::Line { fault, states: self.commit().await? }),
        }
        let due = !self.states.is_empty() && self.engine.now() - self.committed_at >= PATIENCE;
        if due || self.waiting.len() >= CHUNK { self.commit().await } else { Ok(Vec::new()) }
    }

    /// Stores what is left. Returns what became of everything and the states that may be passed on.
    pub async fn finish(mut self) -> Result<(TapReport, Vec<String>), TapError> {
        let states = self.commit().await?;
        self.report.open = self.reader.open();
        Ok((self.report, states))
    }

    fn record(&mut self, record: &connectors::tap::Record<'_>) {
        *self.report.streams.entry(record.stream.clone()).or_default() += 1;
        let drafts = self.rules.drafts(&record.stream, &record.value, self.engine.now());
        let became = drafts.into_iter().flatten().map(|draft| Became {
            object: draft.object,
            account: draft.text("account").set().map(str::to_owned),
            key: draft.key,
        });
        let row = TapRow {
            source_id: self.source_id,
            stream: record.stream.clone(),
            key: record.key.clone(),
            version: record.version,
            digest: record.digest(),
            became: serde_json::to_value(became.collect::<Vec<_>>()).unwrap_or_default(),
            gone_at: record.deleted.then(|| self.engine.now()),
        };
        let (line, body) = (self.reader.lines(), record.value.to_string());
        self.waiting.push(Waiting { line, body, deleted: record.deleted, row });
    }

    /// Commits everything that waits. Returns the states that came before.
    async fn commit(&mut self) -> Result<Vec<String>, TapError> {
        let waiting = std::mem::take(&mut self.waiting);
        if !waiting.is_empty() {
            self.store(waiting).await?;
        }
        self.committed_at = self.engine.now();
        self.replaceable = false;
        Ok(std::mem::take(&mut self.states))
    }

    async fn store(&mut self, waiting: Vec<Waiting>) -> Result<(), TapError> {
        let known = self.known(&waiting).await?;
        let mut records = Records::open(self.engine, self.source_id, &self.preset).await?;
        let mut rows: BTreeMap<(String, String), TapRow> = BTreeMap::new();
        let mut ended = Vec::new();
        for Waiting { line, body, deleted, row } in waiting {
            let name = (row.stream.clone(), row.key.clone());
            let before = rows.get(&name).or_else(|| known.get(&name));
            let same = before.is_some_and(|before| before.digest == row.digest && before.gone_at.is_none() != deleted);
            if same {
                self.report.unchanged += 1;
            } else {
                records.take_text(line, &row.stream, &row.key, &body).await?;
                if deleted {
                    ended.push(row.clone());
                }
            }
            rows.insert(name, row);
        }
        let done = records.finish().await?;
        self.report.created += done.created;
        self.report.updated += done.updated;
        self.report.unchanged += done.unchanged;
        self.report.held += done.held;
        self.report.failed += done.failed;
        let room = MOST_LISTED.saturating_sub(self.report.refused.len());
        self.report.refused.extend(done.refused.into_iter().take(room));
        for (stream, count) in done.unmapped {
            *self.report.unmapped.entry(stream).or_default() += count;
        }
        // After the records: a crash in between repeats them, and repeating them changes nothing.
        let rows: Vec<TapRow> = rows.into_values().collect();
        self.engine.store().write(async |tx| tap_row::remember(tx, rows).await).await?;
        self.end(&ended).await
    }

    async fn known(&self, waiting: &[Waiting]) -> Result<BTreeMap<(String, String), TapRow>, TapError> {
        let streams: BTreeSet<&str> = waiting.iter().map(|waiting| waiting.row.stream.as_str()).collect();
        let mut known = BTreeMap::new();
        for stream in streams {
            let keys = waiting.iter().filter(|waiting| waiting.row.stream == stream);
            let keys: Vec<String> = keys.map(|waiting| waiting.row.key.clone()).collect();
            for row in tap_row::known(self.engine.store().read(), self.source_id, stream, &keys).await? {
                known.insert((row.stream.clone(), row.key.clone()), row);
            }
        }
        Ok(known)
    }

    /// Ends what belongs to another version of a table.
    async fn retire(&mut self, stream: &str, version: i64) -> Result<(), TapError> {
        let (store, source_id, now) = (self.engine.store(), self.source_id, self.engine.now());
        let gone = store.write(async |tx| tap_row::retire(tx, source_id, stream, version, now).await).await?;
        self.end(&gone).await
    }

    async fn end(&mut self, gone: &[TapRow]) -> Result<(), TapError> {
        let now = self.engine.now();
        self.report.gone += gone.len() as u64;
        for row in gone {
            let became: Vec<Became> = serde_json::from_value(row.became.clone()).unwrap_or_default();
            for draft in became.into_iter().filter_map(|became| ending(became, now)) {
                if let Ok(taken) = import::take(self.engine, &draft, self.source_id, now).await?
                    && let Some(account) = taken.account_id
                {
                    self.engine.touch(account);
                }
            }
        }
        Ok(())
    }
}

/// What ends of a record that is gone: a contact has left, a subscription is cancelled. Everything else keeps its past.
fn ending(became: Became, now: Instant) -> Option<Draft> {
    let today = Value::Day(day_of(now));
    let mut fields = Fields::new();
    match became.object {
        Object::Contact => fields.insert("effective_to", today),
        Object::Subscription => {
            fields.insert("effective_to", today.clone());
            fields.insert("cancelled_on", today)
        }
        _ => return None,
    };
    fields.insert("account", Value::Text(became.account?));
    Some(Draft { object: became.object, key: became.key, key_given: true, fields, extra: serde_json::Map::new() })
}
