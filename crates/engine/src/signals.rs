//! Signals in motion. The rules' expressions run over the rows that were just
//! computed; what opens or closes is written in one transaction together with
//! the playbook runs it starts, so a crash leaves either all of it or nothing.
//! Carrying the steps out comes after, in [`crate::actions`].

use std::{collections::HashMap, sync::Arc};

use domain::{
    Instant,
    playbook::{self, Cause, Facts},
    signal::{self, Kind, Rule, Severity, Transition, Verdict},
};
use serde_json::json;
use store::{Signal, Tx};

use crate::{
    Definitions, Engine, EngineError,
    book::{Book, OpenSignal, Row, table},
};

/// What has to happen to one signal of one account.
#[derive(Debug, Clone, Copy)]
struct Change {
    row: usize,
    rule: usize,
    transition: Transition,
}

/// Opens and closes signals on freshly computed rows, and plans the runs they start.
///
/// The rows come back with their signals as they now are.
pub(crate) async fn reconcile(engine: &Engine, book: &Book, rows: Vec<Row>) -> Result<Vec<Row>, EngineError> {
    let definitions = engine.definitions();
    let mut rows = attach_open(engine, definitions, rows).await?;
    let shared: Vec<Arc<Row>> = rows.iter().cloned().map(Arc::new).collect();
    let changes = changes(definitions, &shared)?;
    if changes.is_empty() {
        return Ok(rows);
    }
    let now = engine.now();
    let written = engine
        .store()
        .write(async |tx| -> Result<Vec<Signal>, EngineError> {
            let mut written = Vec::new();
            for change in &changes {
                let (row, rule) = (&shared[change.row], &definitions.rules[change.rule].rule);
                written.push(match change.transition {
                    Transition::Open => open(tx, book, row, rule, definitions, now).await?,
                    Transition::Close => close(tx, row, rule, now).await?,
                });
            }
            Ok(written)
        })
        .await?;
    for (change, signal) in changes.iter().zip(written) {
        let row = &mut rows[change.row];
        row.signals.retain(|open| open.id != signal.id);
        if signal.closed_at.is_none() {
            row.signals.push(shown(&signal, definitions));
        }
    }
    Ok(rows)
}

/// Gives rows the signals that are open in the store.
pub(crate) async fn attach_open(
    engine: &Engine,
    definitions: &Definitions,
    mut rows: Vec<Row>,
) -> Result<Vec<Row>, EngineError> {
    let accounts: Vec<i64> = rows.iter().map(|row| row.account.id).collect();
    let only = (accounts.len() < 500).then_some(accounts.as_slice());
    let mut open: HashMap<i64, Vec<OpenSignal>> = HashMap::new();
    for signal in store::signal::open_now(engine.store().read(), only).await? {
        open.entry(signal.account_id).or_default().push(shown(&signal, definitions));
    }
    for row in &mut rows {
        row.signals = open.remove(&row.account.id).unwrap_or_default();
    }
    Ok(rows)
}

fn changes(definitions: &Definitions, rows: &[Arc<Row>]) -> Result<Vec<Change>, EngineError> {
    let frame = table(definitions, rows)?;
    let mut changes = Vec::new();
    for (rule, compiled) in definitions.rules.iter().enumerate() {
        let (opens, closes) = (compiled.opens.evaluate(&frame)?, compiled.closes.evaluate(&frame)?);
        for (at, row) in rows.iter().enumerate() {
            let is_open = row.signals.iter().any(|open| open.rule == compiled.rule.key);
            // An account that is no customer any more has nothing left to lose.
            let verdict = if row.active {
                Verdict { opens: opens[at], closes: closes[at] }
            } else {
                Verdict { opens: Some(false), closes: Some(true) }
            };
            if let Some(transition) = signal::reconcile(is_open, verdict) {
                changes.push(Change { row: at, rule, transition });
            }
        }
    }
    Ok(changes)
}

async fn open(
    tx: &Tx,
    book: &Book,
    row: &Row,
    rule: &Rule,
    definitions: &Definitions,
    now: Instant,
) -> Result<Signal, EngineError> {
    let evidence: serde_json::Map<_, _> =
        rule.evidence.iter().map(|metric| (metric.clone(), json!(book.value(row, metric)))).collect();
    let signal = store::signal::open(
        tx,
        store::signal::NewSignal {
            account_id: row.account.id,
            rule: rule.key.clone(),
            kind: kind_word(rule.kind),
            severity: severity_word(rule.severity),
            as_of: book.as_of,
            evidence: evidence.into(),
        },
        now,
    )
    .await?;
    for playbook in definitions.playbooks.iter().filter(|playbook| playbook.trigger.signals.contains(&rule.key)) {
        let facts = Facts {
            account_id: row.account.id,
            account: row.account.name.clone(),
            owner_id: row.owner.as_ref().map(|owner| owner.member_id),
            today: book.as_of,
            signal: Cause {
                id: signal.id,
                rule: rule.key.clone(),
                firing: signal.firing,
                name: rule.name.clone(),
                kind: rule.kind,
                severity: rule.severity,
                evidence: sentence(book, row, rule),
            },
        };
        crate::actions::record(tx, &playbook::plan(playbook, &facts), Some(signal.id), now).await?;
    }
    Ok(signal)
}

async fn close(tx: &Tx, row: &Row, rule: &Rule, now: Instant) -> Result<Signal, EngineError> {
    let open = row.signals.iter().find(|open| open.rule == rule.key).map_or(0, |open| open.id);
    Ok(store::signal::close(tx, open, now).await?)
}

/// The evidence in words: each metric the rule shows, with its value.
fn sentence(book: &Book, row: &Row, rule: &Rule) -> String {
    let catalogue = &book.definitions.catalogue;
    let parts = rule.evidence.iter().filter_map(|key| {
        let metric = catalogue.get(key)?;
        let value = book.value(row, key)?;
        Some(format!("{}: {}", metric.name, book.written(row, metric, value)))
    });
    parts.collect::<Vec<_>>().join(" · ")
}

fn shown(signal: &Signal, definitions: &Definitions) -> OpenSignal {
    let rule = definitions.rule(&signal.rule);
    OpenSignal {
        id: signal.id,
        name: rule.map_or_else(|| signal.rule.clone(), |rule| rule.name.clone()),
        rule: signal.rule.clone(),
        kind: match signal.kind {
            store::signal::Kind::Risk => Kind::Risk,
            store::signal::Kind::Opportunity => Kind::Opportunity,
        },
        severity: match signal.severity {
            store::signal::Severity::Low => Severity::Low,
            store::signal::Severity::Medium => Severity::Medium,
            store::signal::Severity::High => Severity::High,
        },
        opened_at: signal.opened_at,
    }
}

fn kind_word(kind: Kind) -> store::signal::Kind {
    match kind {
        Kind::Risk => store::signal::Kind::Risk,
        Kind::Opportunity => store::signal::Kind::Opportunity,
    }
}

fn severity_word(severity: Severity) -> store::signal::Severity {
    match severity {
        Severity::Low => store::signal::Severity::Low,
        Severity::Medium => store::signal::Severity::Medium,
        Severity::High => store::signal::Severity::High,
    }
}
