//! The fields of a record as a person meets them: what each says, who said it and since when. What a person sets is
//! *held*: no source changes it until somebody releases it, and then the field says what its source said meanwhile.
//! Accounts and contacts have such fields; everything else that people write here no source ever says. Deliberately
//! absent: fields that are computed, which have explanations instead.

pub mod roles;
mod settable;

use std::collections::{BTreeMap, HashMap};

use domain::Instant;
use serde_json::{Map, Value, json};
use store::{
    Provenance, StoreError, Tx,
    change::{self, NewChange},
    member, provenance,
    record::{self, Fact},
    record_version, source,
};

pub use settable::{Editable, Settable, Shape};

use crate::{Engine, EngineError};

/// Who a value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// A source, by its name.
    Source(String),
    /// A person, by name.
    Person(String),
    /// Nobody we know of: the record was typed in, or its source is gone.
    Unknown,
}

/// One field of a record.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    /// The column.
    pub key: &'static str,
    /// Its name on screen.
    pub label: &'static str,
    /// What it may hold.
    pub shape: Shape,
    /// What it says; empty where there is nothing.
    pub value: String,
    /// Who said so.
    pub origin: Origin,
    /// Since when it says so.
    pub since: Instant,
    /// Whether sources must leave it alone.
    pub held: bool,
    /// What a source says instead, while it is held.
    pub offered: Option<Offered>,
}

/// What a source says of a field that a person holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offered {
    /// The source, by its name, where it is known.
    pub source: Option<String>,
    /// Its value; empty where it says that there is none.
    pub value: String,
}

/// Why a field was not set.
#[derive(Debug, thiserror::Error)]
pub enum FieldError {
    /// The value does not fit.
    #[error("{sentence}")]
    Value {
        /// The column.
        field: &'static str,
        /// What is wrong and what to do.
        sentence: String,
    },
    /// The engine failed.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

impl From<StoreError> for FieldError {
    fn from(error: StoreError) -> Self {
        Self::Engine(error.into())
    }
}

/// Who sets or releases fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hand {
    /// The member.
    pub member_id: i64,
    /// How changes name them.
    pub actor: String,
}

/// The fields of a record with where each comes from.
pub async fn of<M: Editable>(engine: &Engine, id: i64) -> Result<Vec<Field>, EngineError> {
    let db = engine.store().read();
    let rows = record::of_ids::<M>(db, &[id]).await?;
    let row = rows.get(&id).ok_or_else(|| StoreError::not_found(M::KIND, &id))?;
    let versions = record_version::of_record(db, M::KIND, id).await?;
    let origins = provenance::of_record(db, M::KIND, id).await?;
    let origins: BTreeMap<&str, &Provenance> = origins.iter().map(|origin| (origin.field.as_str(), origin)).collect();
    let names = Names::load(engine).await?;
    let columns = columns(row)?;
    let field = |&(key, label, shape): &Settable| {
        let value = &columns[key];
        let known = origins.get(key).copied();
        let (origin, held) = (names.origin(known, row.source_id()), known.is_some_and(|origin| origin.held));
        let offered = known.filter(|_| held).and_then(|known| {
            let value = text(known.offered.as_ref()?);
            Some(Offered { source: known.source_id.and_then(|id| names.sources.get(&id).cloned()), value })
        });
        let since = known.filter(|_| held).map_or_else(|| since(key, value, row, &versions), |known| known.at);
        Field { key, label, shape, value: text(value), origin, since, held, offered }
    };
    Ok(M::FIELDS.iter().map(field).collect())
}

/// Names of whoever may have said something.
struct Names {
    sources: HashMap<i64, String>,
    members: HashMap<i64, String>,
}

impl Names {
    async fn load(engine: &Engine) -> Result<Self, EngineError> {
        let db = engine.store().read();
        let sources = source::all(db).await?.into_iter().map(|source| (source.id, source.name)).collect();
        let members = member::list(db).await?.into_iter().map(|member| (member.id, member.name)).collect();
        Ok(Self { sources, members })
    }

    /// Who a value comes from: whoever is known to have said it, else the source of the whole record.
    fn origin(&self, known: Option<&Provenance>, of_record: Option<i64>) -> Origin {
        if let Some(person) = known.and_then(|known| self.members.get(&known.member_id?)) {
            return Origin::Person(person.clone());
        }
        let source = known.map_or(of_record, |known| known.source_id);
        source.and_then(|id| self.sources.get(&id)).map_or(Origin::Unknown, |name| Origin::Source(name.clone()))
    }
}

/// When a field began to say what it says: the first version in an unbroken row that says the same.
fn since<M: Editable>(key: &str, now: &Value, row: &M, versions: &[store::RecordVersion]) -> Instant {
    let same = versions.iter().rev().take_while(|version| version.body.get(key) == Some(now));
    same.last().map_or(row.recorded_at(), |version| version.recorded_at)
}

/// Sets fields of a record by hand; each that changes is held. Returns how many did.
pub async fn edit<M: Editable>(
    engine: &Engine,
    id: i64,
    typed: &BTreeMap<String, String>,
    hand: &Hand,
) -> Result<usize, FieldError> {
    let now = engine.now();
    let edit = engine.store().write(async |tx| -> Result<(usize, i64), FieldError> {
        let before = record::find::<M>(tx, id).await?;
        let mut becomes = columns(&before)?;
        let wanted = changes::<M>(typed, &becomes)?;
        becomes.extend(wanted.clone());
        in_order(M::PERIOD, &becomes)?;
        Ok((hold::<M>(tx, id, wanted, hand, now).await?, before.account_id()))
    });
    let (changed, account_id) = edit.await?;
    if changed > 0 {
        engine.touch(account_id);
    }
    Ok(changed)
}

/// What was typed, as far as it differs: a form sends every field, and what was there before it had to fit may stay.
fn changes<M: Editable>(
    typed: &BTreeMap<String, String>,
    was: &Map<String, Value>,
) -> Result<Map<String, Value>, FieldError> {
    let mut changes = Map::new();
    for (key, _, shape) in M::FIELDS {
        let typed = typed.get(*key).filter(|typed| was.get(*key).is_none_or(|was| text(was) != typed.trim()));
        if let Some(typed) = typed {
            changes.insert((*key).to_owned(), settable::read(key, *shape, typed)?);
        }
    }
    Ok(changes)
}

/// Refuses a record that ends before it begins. Days are written so that their texts sort as they do.
fn in_order((first, last): (&'static str, &'static str), columns: &Map<String, Value>) -> Result<(), FieldError> {
    let day = |column: &str| columns.get(column).and_then(Value::as_str);
    match (day(first), day(last)) {
        (Some(from), Some(to)) if to <= from => {
            let sentence = format!("`{to}` is not after the first day, {from}.");
            Err(FieldError::Value { field: last, sentence })
        }
        _ => Ok(()),
    }
}

/// Writes values over those of a record and holds them, in the caller's transaction. Returns how many changed.
pub async fn hold<M: Editable>(
    tx: &Tx,
    id: i64,
    wanted: Map<String, Value>,
    hand: &Hand,
    now: Instant,
) -> Result<usize, EngineError> {
    let before = record::find::<M>(tx, id).await?;
    let was = columns(&before)?;
    let known = provenance::of_record(tx, M::KIND, id).await?;
    let changes: Vec<(String, Value)> =
        wanted.into_iter().filter(|(key, value)| was.get(key).is_some_and(|before| before != value)).collect();
    if changes.is_empty() {
        return Ok(0);
    }
    write(tx, &before, changes.iter().cloned(), now).await?;
    let held = changes.iter().map(|(key, _)| {
        let known = known.iter().find(|origin| origin.field == *key);
        // What the source says stays known while a person says something else, however often they change it.
        let offered =
            known.filter(|origin| origin.held).map_or_else(|| was.get(key).cloned(), |origin| origin.offered.clone());
        Provenance {
            record_kind: M::KIND.to_owned(),
            record_id: id,
            field: key.clone(),
            source_id: known.map_or(before.source_id(), |origin| origin.source_id),
            member_id: Some(hand.member_id),
            held: true,
            offered,
            at: now,
        }
    });
    provenance::note(tx, &held.collect::<Vec<_>>()).await?;
    let from: Map<String, Value> = changes.iter().map(|(key, _)| (key.clone(), was[key].clone())).collect();
    let becomes: Map<String, Value> = changes.iter().cloned().collect();
    say(tx, &before, M::CHANGED, json!({ "from": from, "to": becomes }), hand, now).await?;
    Ok(changes.len())
}

/// Gives a held field back to its source: it says what the source said last, and follows it again. False if it was
/// not held.
pub async fn release<M: Editable>(engine: &Engine, id: i64, field: &str, hand: &Hand) -> Result<bool, EngineError> {
    let now = engine.now();
    let released = engine
        .store()
        .write(async |tx| -> Result<Option<i64>, EngineError> {
            let known = provenance::of_record(tx, M::KIND, id).await?;
            let is_field = M::FIELDS.iter().any(|(key, ..)| *key == field);
            let held = known.into_iter().find(|origin| is_field && origin.held && origin.field == field);
            let Some(origin) = held else { return Ok(None) };
            let before = record::find::<M>(tx, id).await?;
            let value = origin.offered.clone();
            write(tx, &before, value.map(|value| (field.to_owned(), value)), now).await?;
            let free = Provenance { held: false, offered: None, member_id: None, at: now, ..origin };
            provenance::note(tx, &[free]).await?;
            say(tx, &before, M::RELEASED, json!({ "field": field }), hand, now).await?;
            Ok(Some(before.account_id()))
        })
        .await?;
    if let Some(account_id) = released {
        engine.touch(account_id);
    }
    Ok(released.is_some())
}

async fn write<M: Editable>(
    tx: &Tx,
    before: &M,
    values: impl IntoIterator<Item = (String, Value)>,
    now: Instant,
) -> Result<(), EngineError> {
    let mut becomes = columns(before)?;
    becomes.extend(values);
    let after: M = serde_json::from_value(Value::Object(becomes))
        .map_err(|source| StoreError::Malformed { what: M::KIND, source })?;
    record::update(tx, after.recorded(now)).await?;
    Ok(())
}

async fn say<M: Editable>(
    tx: &Tx,
    about: &M,
    kind: &str,
    detail: Value,
    hand: &Hand,
    now: Instant,
) -> Result<(), EngineError> {
    let (actor, kind) = (hand.actor.clone(), kind.to_owned());
    let change = NewChange { actor, account_id: Some(about.account_id()), kind, subject_id: Some(about.id()), detail };
    change::record(tx, change, now).await?;
    Ok(())
}

/// A row as its columns.
pub(crate) fn columns<M: Fact>(row: &M) -> Result<Map<String, Value>, EngineError> {
    match serde_json::to_value(row) {
        Ok(Value::Object(columns)) => Ok(columns),
        Ok(_) => Ok(Map::new()),
        Err(source) => Err(StoreError::Malformed { what: M::KIND, source }.into()),
    }
}

/// A value as a person reads it.
fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_there_before_it_had_to_fit_may_stay() {
        let was = Map::from_iter([("domain".to_owned(), json!("gmail.com")), ("tier".to_owned(), Value::Null)]);
        let typed = |domain: &str| {
            BTreeMap::from([("domain".to_owned(), domain.to_owned()), ("tier".to_owned(), "growth".to_owned())])
        };
        let tier = Map::from_iter([("tier".to_owned(), json!("growth"))]);
        assert_eq!(changes::<store::Account>(&typed("gmail.com"), &was).unwrap(), tier);
        assert!(changes::<store::Account>(&typed("gmx.de"), &was).is_err());
    }

    #[test]
    fn nothing_ends_before_it_begins() {
        let days = |to: Value| Map::from_iter([("a".to_owned(), json!("2026-03-01")), ("b".to_owned(), to)]);
        assert!(in_order(("a", "b"), &days(json!("2026-03-02"))).is_ok());
        assert!(in_order(("a", "b"), &days(Value::Null)).is_ok());
        let fault = in_order(("a", "b"), &days(json!("2026-03-01"))).unwrap_err();
        assert_eq!(fault.to_string(), "`2026-03-01` is not after the first day, 2026-03-01.");
    }
}
