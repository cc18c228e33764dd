//! Records of one source, one after another: its mapping makes drafts of them, and drafts are written many at a time.
//! What no rule knows is kept as it came and offered for mapping, never dropped; what was refused is kept with its
//! reason, so that a sender can be repaired. Taps, the SQL source and whatever else brings records come through here.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use connectors::{
    json::{self, Value},
    preset::Preset,
    record::{Draft, Object},
};
use serde::Serialize;
use store::{
    Account,
    inbox::{Accept, Refused},
    raw_record::{self, NewRaw},
    record::{self, Saved},
    refusal, source,
};

use super::{
    ImportError, Orphans, Refusal, RefusedRow, Taken,
    apply::{self, Ids},
    event::events,
    mapping::{self, SourceMapping},
};
use crate::{Engine, EngineError, refresh};

/// Drafts written in one transaction.
const CHUNK: usize = 1_000;

/// Refused records listed in a report and kept for the page of the source.
const MOST_LISTED: usize = 1_000;

/// What the records of a source brought.
#[derive(Debug, Clone, Default, Serialize)]
pub struct RecordsReport {
    /// Records read, by stream.
    pub streams: BTreeMap<String, u64>,
    /// Of those, records no rule knows: kept as they came, by stream.
    pub unmapped: BTreeMap<String, u64>,
    /// Records of ours that came to be.
    pub created: u64,
    /// Records of ours that changed.
    pub updated: u64,
    /// Records of ours that said the same already.
    pub unchanged: u64,
    /// Of the unchanged, those that differ, and only in fields that a person holds.
    pub held: u64,
    /// How many were refused.
    pub failed: u64,
    /// The first of them, with their place.
    pub refused: Vec<RefusedRow>,
}

/// Records of a source on their way in.
#[derive(Debug)]
pub struct Records<'e> {
    engine: &'e Engine,
    source_id: i64,
    preset: Preset,
    from: apply::From,
    drafts: Vec<(u64, Draft, String)>,
    raw: Vec<NewRaw>,
    latest: HashMap<String, VecDeque<NewRaw>>,
    turned_away: Vec<Refused>,
    report: RecordsReport,
}

impl<'e> Records<'e> {
    /// Begins to take records of a source, read as its mapping says, or by a preset while it has none.
    pub async fn open(engine: &'e Engine, source_id: i64, preset: &str) -> Result<Self, ImportError> {
        let known = mapping::mapping_of(engine.store().read(), source_id).await?;
        let mapping = known.unwrap_or_else(|| SourceMapping::preset(preset));
        Self::read_by(engine, source_id, &mapping)
    }

    /// Begins to take records of a source by a mapping.
    pub fn read_by(engine: &'e Engine, source_id: i64, mapping: &SourceMapping) -> Result<Self, ImportError> {
        let preset = mapping.read().map_err(|fault| ImportError::Mapping(fault.to_string()))?;
        let ids = if preset.shared_ids { Ids::Shared } else { Ids::Own };
        let from = apply::From { source_id: Some(source_id), now: engine.now(), orphans: Orphans::CreateAccount, ids };
        Ok(Self {
            engine,
            source_id,
            preset,
            from,
            drafts: Vec::new(),
            raw: Vec::new(),
            latest: HashMap::new(),
            turned_away: Vec::new(),
            report: RecordsReport::default(),
        })
    }

    /// Takes a record; `place` is its line or number, for the report, and `key` what its source calls it.
    pub async fn take(&mut self, place: u64, stream: &str, key: &str, value: &Value<'_>) -> Result<(), ImportError> {
        *self.report.streams.entry(stream.to_owned()).or_default() += 1;
        let (mapped, body) = (self.preset.knows(stream), value.to_string());
        let raw = NewRaw { stream: stream.to_owned(), external_id: key.to_owned(), mapped, body };
        if mapped {
            for draft in self.preset.drafts(stream, value, self.from.now) {
                match draft {
                    Ok(draft) => self.drafts.push((place, draft, raw.body.clone())),
                    Err(fault) => {
                        let field = fault.field;
                        self.refuse(place, field, fault.value, fault.code.as_str(), fault.sentence, &raw.body);
                    }
                }
            }
            self.show(raw);
        } else {
            *self.report.unmapped.entry(stream.to_owned()).or_default() += 1;
            self.raw.push(raw);
        }
        if self.drafts.len() + self.raw.len() >= CHUNK { self.write().await } else { Ok(()) }
    }

    /// Takes a record from its text.
    pub async fn take_text(&mut self, place: u64, stream: &str, key: &str, body: &str) -> Result<(), ImportError> {
        match json::parse(body) {
            Ok(document) => self.take(place, stream, key, &document.value).await,
            Err(error) => {
                self.refuse(place, "", String::new(), "broken_json", error.to_string(), body);
                Ok(())
            }
        }
    }

    /// Refuses something that did not even become a draft.
    pub fn refuse(&mut self, line: u64, column: &str, value: String, code: &str, message: String, body: &str) {
        self.report.failed += 1;
        if self.report.refused.len() >= MOST_LISTED {
            return;
        }
        self.turned_away.push(Refused { code: code.to_owned(), message: message.clone(), body: body.to_owned() });
        let column = Some(column.to_owned()).filter(|column| !column.is_empty());
        self.report.refused.push(RefusedRow { line, column, value, code: code.to_owned(), message });
    }

    /// Writes what is left and answers with what became of everything.
    pub async fn finish(mut self) -> Result<RecordsReport, ImportError> {
        self.write().await?;
        let streams: Vec<String> = self.latest.keys().cloned().collect();
        let shown: Vec<NewRaw> = self.latest.drain().flat_map(|(_, latest)| latest).collect();
        let (source_id, now) = (self.source_id, self.from.now);
        let taken = (self.report.created + self.report.updated + self.report.unchanged) as i64;
        let (failed, last) = (self.report.failed as i64, self.report.refused.last());
        let error = last.map(|row| row.message.clone());
        self.engine
            .store()
            .write(async |tx| -> Result<(), EngineError> {
                raw_record::keep(tx, source_id, &shown, now).await?;
                for stream in &streams {
                    raw_record::trim(tx, source_id, stream).await?;
                }
                Ok(source::noted(tx, source_id, taken, failed, error.as_deref(), now).await?)
            })
            .await?;
        Ok(self.report)
    }

    /// Remembers the last few of a mapped stream.
    fn show(&mut self, raw: NewRaw) {
        let latest = self.latest.entry(raw.stream.clone()).or_default();
        latest.retain(|known| known.external_id != raw.external_id);
        latest.push_back(raw);
        if latest.len() > raw_record::KEPT as usize {
            latest.pop_front();
        }
    }

    async fn write(&mut self) -> Result<(), ImportError> {
        let (drafts, raw) = (std::mem::take(&mut self.drafts), std::mem::take(&mut self.raw));
        let (events, records): (Vec<_>, Vec<_>) =
            drafts.into_iter().partition(|(_, draft, _)| draft.object == Object::Event);
        let (from, source_id) = (self.from, self.source_id);
        let outcomes = self
            .engine
            .store()
            .write(async |tx| -> Result<Vec<Result<Taken, Refusal>>, EngineError> {
                raw_record::keep(tx, source_id, &last_of_each(&raw), from.now).await?;
                let drafts: Vec<&Draft> = records.iter().map(|(_, draft, _)| draft).collect();
                apply::drafts(tx, &drafts, from).await
            })
            .await?;
        if records.iter().any(|(_, draft, _)| draft.object == Object::ExchangeRate) {
            refresh::conventions(self.engine).await?;
        }
        let mut met = BTreeSet::new();
        for ((place, _, body), outcome) in records.into_iter().zip(outcomes) {
            match outcome {
                Ok(taken) => {
                    self.count(taken.saved);
                    met.extend(taken.account_id);
                }
                Err(refusal) => self.turn_away(place, refusal, &body),
            }
        }
        self.events(events, &mut met).await?;
        introduce(self.engine, &met).await?;
        for account in met {
            self.engine.touch(account);
        }
        let refused = std::mem::take(&mut self.turned_away);
        if !refused.is_empty() {
            self.engine
                .store()
                .write(async |tx| refusal::record(tx, source_id, &refused, from.now).await)
                .await
                .map_err(EngineError::from)?;
        }
        Ok(())
    }

    async fn events(&mut self, drafts: Vec<(u64, Draft, String)>, met: &mut BTreeSet<i64>) -> Result<(), ImportError> {
        let outcomes = events(self.engine, drafts.iter().map(|(_, draft, _)| draft), self.from, false).await?;
        let mut events = Vec::with_capacity(drafts.len());
        for ((place, _, body), outcome) in drafts.into_iter().zip(outcomes) {
            match outcome {
                Ok(event) => events.push(event),
                Err(refusal) => self.turn_away(place, refusal, &body),
            }
        }
        if events.is_empty() {
            return Ok(());
        }
        let (source_id, received_at) = (self.source_id, self.from.now);
        let accept = Accept {
            source_id,
            received_at,
            sent_at: None,
            events,
            users: Vec::new(),
            aliases: Vec::new(),
            refused: Vec::new(),
        };
        let receipt = self.engine.intake().accept(accept).await.map_err(EngineError::from)?;
        self.report.created += receipt.accepted;
        self.report.unchanged += receipt.duplicates;
        met.extend(receipt.accounts);
        Ok(())
    }

    fn count(&mut self, saved: Saved) {
        match saved {
            Saved::Created => self.report.created += 1,
            Saved::Updated => self.report.updated += 1,
            Saved::Unchanged => self.report.unchanged += 1,
            Saved::Held => {
                self.report.unchanged += 1;
                self.report.held += 1;
            }
        }
    }

    fn turn_away(&mut self, place: u64, refusal: Refusal, body: &str) {
        self.refuse(place, refusal.field, String::new(), refusal.code.as_str(), refusal.sentence, body);
    }
}

/// Only the last of records that come twice: one statement keeps each once.
fn last_of_each(raw: &[NewRaw]) -> Vec<NewRaw> {
    let last: BTreeMap<(&str, &str), &NewRaw> =
        raw.iter().map(|raw| ((raw.stream.as_str(), raw.external_id.as_str()), raw)).collect();
    last.into_values().cloned().collect()
}

/// Tells the intake the own ids of accounts, which may be new.
async fn introduce(engine: &Engine, accounts: &BTreeSet<i64>) -> Result<(), EngineError> {
    let ids: Vec<i64> = accounts.iter().copied().collect();
    for account in record::of_ids::<Account>(engine.store().read(), &ids).await?.into_values() {
        engine.intake().introduce(&account.external_id, account.id);
    }
    Ok(())
}

/// Reads the records of a stream again that no rule knew when they came. Returns what became of them.
pub async fn read_waiting(engine: &Engine, source_id: i64, stream: &str) -> Result<RecordsReport, ImportError> {
    let mut records = Records::open(engine, source_id, mapping::GENERIC).await?;
    if !records.preset.knows(stream) {
        return Ok(RecordsReport::default());
    }
    let (mut after, mut place) = (0, 0);
    loop {
        let waiting = raw_record::waiting(engine.store().read(), source_id, stream, after, CHUNK as u64);
        let waiting = waiting.await.map_err(EngineError::from)?;
        let Some(last) = waiting.last() else { break };
        after = last.id;
        for raw in &waiting {
            place += 1;
            records.take_text(place, stream, &raw.external_id, &raw.body).await?;
        }
        let ids: Vec<i64> = waiting.iter().map(|raw| raw.id).collect();
        engine.store().write(async |tx| raw_record::understood(tx, &ids).await).await.map_err(EngineError::from)?;
    }
    records.finish().await
}
