//! The step all kinds share: find the rows that drafts are about, merge, give back what a person holds, save, and
//! note who changed what. How a draft and a row become a row is each kind's own function.

use std::collections::HashMap;

use connectors::record::Draft;
use serde_json::{Map, Value};
use store::{
    Identity, Provenance, StoreError, Tx, identity, provenance,
    record::{self, Fact, Imported, Saved},
};

use super::{From, Refusal};
use crate::{EngineError, fields::columns};

/// Rows by the name their source gave them.
pub(super) type Known<M> = HashMap<String, M>;

/// What saving did, draft by draft.
pub(super) type Rows<M> = Vec<Result<(Saved, M), Refusal>>;

fn keys<'a>(drafts: &[&'a Draft]) -> Vec<&'a str> {
    drafts.iter().map(|draft| draft.key.as_str()).collect()
}

/// Saves drafts of a kind that keeps its source's name in a column.
pub(super) async fn imported<M: Imported>(
    tx: &Tx,
    drafts: &[&Draft],
    from: From,
    merge: impl Fn(&Draft, Option<&M>) -> Result<M, Refusal>,
) -> Result<Rows<M>, EngineError> {
    let known = record::known::<M>(tx, from.source_id, &keys(drafts)).await?;
    all(tx, drafts, &known, from, merge).await
}

/// Saves drafts of a kind whose names are kept beside it.
pub(super) async fn named<M: Fact>(
    tx: &Tx,
    drafts: &[&Draft],
    from: From,
    merge: impl Fn(&Draft, Option<&M>) -> Result<M, Refusal>,
) -> Result<Rows<M>, EngineError> {
    let names = identity::of_source(tx, M::KIND, from.source_id, &keys(drafts)).await?;
    let ids: Vec<i64> = names.values().copied().collect();
    let mut rows = record::of_ids::<M>(tx, &ids).await?;
    let known: Known<M> = names.into_iter().filter_map(|(name, id)| Some((name, rows.remove(&id)?))).collect();
    let saved = all(tx, drafts, &known, from, merge).await?;
    let new = drafts.iter().zip(&saved).filter_map(|(draft, outcome)| match outcome {
        Ok((Saved::Created, fact)) => Some(name(M::KIND, &draft.key, fact.id(), from)),
        _ => None,
    });
    identity::insert_many(tx, new.collect()).await?;
    Ok(saved)
}

/// A source's name for a row.
pub(super) fn name(kind: &str, external_id: &str, record_id: i64, from: From) -> Identity {
    Identity {
        id: 0,
        record_kind: kind.to_owned(),
        source_id: from.source_id,
        external_id: external_id.to_owned(),
        record_id,
        recorded_at: from.now,
    }
}

/// Merges and saves drafts whose rows have been found.
pub(super) async fn all<M: Fact>(
    tx: &Tx,
    drafts: &[&Draft],
    known: &Known<M>,
    from: From,
    merge: impl Fn(&Draft, Option<&M>) -> Result<M, Refusal>,
) -> Result<Rows<M>, EngineError> {
    let ids: Vec<i64> = known.values().map(Fact::id).collect();
    let origins = if ids.is_empty() { HashMap::new() } else { provenance::of_records(tx, M::KIND, &ids).await? };
    let (mut refusals, mut facts) = (Vec::with_capacity(drafts.len()), Vec::with_capacity(drafts.len()));
    let (mut offers, mut keeps) = (Vec::new(), Vec::with_capacity(drafts.len()));
    for draft in drafts {
        let before = known.get(&draft.key);
        let held = before.and_then(|before| Held::of(before, origins.get(&before.id())?));
        let merged = match &held {
            Some(held) => merge(draft, Some(&held.as_said()?)),
            None => merge(draft, before),
        };
        match merged {
            Ok(after) => {
                keeps.push(held.as_ref().map_or(Ok(false), |held| held.keeps_from(draft, &after))?);
                let after = match held {
                    Some(held) => held.left_alone(&after, from, &mut offers)?,
                    None => after,
                };
                facts.push((before.cloned(), after));
                refusals.push(None);
            }
            Err(refusal) => refusals.push(Some(refusal)),
        }
    }
    let before: Vec<Option<M>> = facts.iter().map(|(before, _)| before.clone()).collect();
    let saved = record::save(tx, facts).await?;
    provenance::note(tx, &offers).await?;
    note(tx, &before, &saved, &origins, from).await?;
    let told = |((saved, fact), keeps)| match saved {
        Saved::Unchanged if keeps => (Saved::Held, fact),
        saved => (saved, fact),
    };
    let mut saved = saved.into_iter().zip(keeps).map(told);
    let rows = refusals.into_iter().map(|refusal| refusal.map_or_else(|| saved.next().map(Ok), |no| Some(Err(no))));
    Ok(rows.flatten().collect())
}

/// A row of which a person holds some fields.
struct Held<'a, M> {
    row: &'a M,
    fields: Vec<&'a Provenance>,
}

impl<'a, M: Fact> Held<'a, M> {
    /// The row, if a person holds any of its fields.
    fn of(row: &'a M, origins: &'a [Provenance]) -> Option<Self> {
        let fields: Vec<&Provenance> = origins.iter().filter(|origin| origin.held).collect();
        (!fields.is_empty()).then_some(Self { row, fields })
    }

    /// The row as sources would have it: what a draft does not speak of stays what they said before.
    fn as_said(&self) -> Result<M, EngineError> {
        let mut columns = columns(self.row)?;
        for origin in &self.fields {
            if let (Some(column), Some(offered)) = (columns.get_mut(&origin.field), &origin.offered) {
                column.clone_from(offered);
            }
        }
        read(columns)
    }

    /// Whether a draft says something else of a field than the person who holds it.
    fn keeps_from(&self, draft: &Draft, after: &M) -> Result<bool, EngineError> {
        let (was, said) = (columns(self.row)?, columns(after)?);
        let spoken = self.fields.iter().filter(|origin| draft.fields.contains_key(origin.field.as_str()));
        Ok(spoken.into_iter().any(|origin| was.get(&origin.field) != said.get(&origin.field)))
    }

    /// The row with what the person says in the fields they hold; what the source says instead is noted beside them,
    /// for the day they are released.
    fn left_alone(&self, after: &M, from: From, offers: &mut Vec<Provenance>) -> Result<M, EngineError> {
        let (was, mut becomes) = (columns(self.row)?, columns(after)?);
        for origin in &self.fields {
            let (Some(held), Some(said)) = (was.get(&origin.field), becomes.get_mut(&origin.field)) else { continue };
            if origin.offered.as_ref().unwrap_or(held) != said {
                let offer = Provenance { offered: Some(said.clone()), source_id: from.source_id, ..(*origin).clone() };
                offers.push(offer);
            }
            held.clone_into(said);
        }
        read(becomes)
    }
}

fn read<M: Fact>(columns: Map<String, Value>) -> Result<M, EngineError> {
    let row = serde_json::from_value(Value::Object(columns));
    Ok(row.map_err(|source| StoreError::Malformed { what: M::KIND, source })?)
}

/// Notes which fields a source changed that another had brought.
async fn note<M: Fact>(
    tx: &Tx,
    before: &[Option<M>],
    saved: &[(Saved, M)],
    origins: &HashMap<i64, Vec<Provenance>>,
    from: From,
) -> Result<(), EngineError> {
    let mut rows = Vec::new();
    for (before, (_, after)) in before.iter().zip(saved).filter(|(_, (saved, _))| *saved == Saved::Updated) {
        let Some(before) = before else { continue };
        let was = columns(before)?;
        let bringer = was.get("source_id").and_then(Value::as_i64);
        if bringer == from.source_id && !origins.contains_key(&before.id()) {
            continue;
        }
        let is = columns(after)?;
        let changed = is.into_iter().filter(|(field, value)| field != "recorded_at" && was.get(field) != Some(value));
        rows.extend(changed.map(|(field, _)| Provenance {
            record_kind: M::KIND.to_owned(),
            record_id: before.id(),
            field,
            source_id: from.source_id,
            member_id: None,
            held: false,
            offered: None,
            at: from.now,
        }));
    }
    Ok(provenance::note(tx, &rows).await?)
}
