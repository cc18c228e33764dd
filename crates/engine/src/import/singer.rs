//! What a tap printed, onto the records: a preset says which stream is what, and
//! every record becomes drafts taken in order. Streams nobody mapped are counted
//! and named, not guessed.

use std::{collections::BTreeMap, io::BufRead};

use connectors::{
    preset::Preset,
    singer::{Message, Reader},
};
use serde::Serialize;
use store::{record::Saved, source};

use super::{ImportError, Orphans, Refusal, RefusedRow, Taken, apply, introduce};
use crate::{Engine, EngineError};

/// Drafts taken in one transaction.
const CHUNK: usize = 500;

/// What a tap's output brought.
#[derive(Debug, Clone, Default, Serialize)]
pub struct SingerReport {
    /// Records read, by stream.
    pub streams: BTreeMap<String, u64>,
    /// Streams the preset does not map, with their records.
    pub unmapped: BTreeMap<String, u64>,
    /// Records created.
    pub created: u64,
    /// Records changed.
    pub updated: u64,
    /// Records that said the same already.
    pub unchanged: u64,
    /// What was refused, with its line.
    pub refused: Vec<RefusedRow>,
}

/// Imports Singer messages by a preset such as `stripe`.
pub async fn singer<R: BufRead + Send>(engine: &Engine, preset: &str, input: R) -> Result<SingerReport, ImportError> {
    let preset = named(preset)?;
    let now = engine.now();
    let source_id = super::source(engine, "singer", "Singer taps", source::Kind::Singer, now).await?;
    let from = apply::From { source_id: Some(source_id), now, orphans: Orphans::CreateAccount };
    let mut report = SingerReport::default();
    let mut reader = Reader::default();
    let mut drafts = Vec::new();
    for line in input.lines() {
        let line = line?;
        let message = reader.message(&line).map_err(|error| (error.line, error.code, error.sentence));
        let number = reader.lines();
        match message {
            Ok(Some(Message::Record(record))) => {
                let count = if preset.knows(&record.stream) { &mut report.streams } else { &mut report.unmapped };
                *count.entry(record.stream.clone()).or_default() += 1;
                for draft in preset.drafts(&record.stream, &record.value, now) {
                    match draft {
                        Ok(draft) => drafts.push((number, draft)),
                        Err(fault) => report.refused.push(RefusedRow {
                            line: number,
                            column: Some(fault.field.to_owned()),
                            value: fault.value,
                            code: fault.code.as_str().to_owned(),
                            message: fault.sentence,
                        }),
                    }
                }
            }
            Ok(_) => {}
            Err((line, code, message)) => report.refused.push(RefusedRow {
                line,
                column: None,
                value: String::new(),
                code: code.to_owned(),
                message,
            }),
        }
        if drafts.len() >= CHUNK {
            write(engine, std::mem::take(&mut drafts), from, &mut report).await?;
        }
    }
    write(engine, drafts, from, &mut report).await?;
    Ok(report)
}

fn named(name: &str) -> Result<Preset, ImportError> {
    let known = || Preset::names().collect::<Vec<_>>().join(", ");
    let preset = Preset::named(name);
    let preset =
        preset.ok_or_else(|| ImportError::Mapping(format!("there is no preset `{name}`: choose {}", known())))?;
    preset.map_err(|error| ImportError::Mapping(error.to_string()))
}

async fn write(
    engine: &Engine,
    drafts: Vec<(u64, connectors::record::Draft)>,
    from: apply::From,
    report: &mut SingerReport,
) -> Result<(), ImportError> {
    let outcomes = engine
        .store()
        .write(async |tx| -> Result<Vec<Result<Taken, Refusal>>, EngineError> {
            let mut outcomes = Vec::with_capacity(drafts.len());
            for (_, draft) in &drafts {
                outcomes.push(apply::draft(tx, draft, from).await?);
            }
            Ok(outcomes)
        })
        .await?;
    for ((line, draft), outcome) in drafts.into_iter().zip(outcomes) {
        match outcome {
            Ok(taken) => {
                introduce(engine, &draft, taken);
                match taken.saved {
                    Saved::Created => report.created += 1,
                    Saved::Updated => report.updated += 1,
                    Saved::Unchanged => report.unchanged += 1,
                }
                if let Some(account) = taken.account_id {
                    engine.touch(account);
                }
            }
            Err(refusal) => report.refused.push(RefusedRow {
                line,
                column: Some(refusal.field.to_owned()),
                value: String::new(),
                code: refusal.code.as_str().to_owned(),
                message: refusal.sentence,
            }),
        }
    }
    Ok(())
}
