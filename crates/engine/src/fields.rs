//! The fields of an account as a person meets them: what each says, who said it and since when. What a person sets is
//! *held*: no source changes it until somebody releases it, and then the field says what its source said meanwhile.
//! Deliberately absent: fields that are computed, which have explanations instead.

use std::collections::BTreeMap;

use domain::{Day, Instant};
use serde_json::{Map, Value, json};
use store::{
    Account, Provenance, StoreError, Tx,
    change::{self, NewChange},
    member, provenance, record, record_version, source,
};

use crate::{Engine, EngineError};

/// The kind under which provenance of accounts is kept.
const ACCOUNT: &str = "account";

/// What a field may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Text that must be there.
    Name,
    /// Text.
    Text,
    /// A whole number, not negative.
    Count,
    /// A calendar date.
    Day,
    /// One of these words, which must be there.
    Word(&'static [&'static str]),
    /// One of these words, or none.
    WordOrNone(&'static [&'static str]),
}

/// The fields of an account that a person may set: column, name on screen, shape.
pub const FIELDS: [(&str, &str, Shape); 12] = [
    ("name", "Name", Shape::Name),
    ("domain", "Web domain", Shape::Text),
    ("kind", "Kind", Shape::Word(&["customer", "site", "product_instance"])),
    ("status", "Status", Shape::Word(&["active", "churned", "prospect"])),
    ("stage", "Stage", Shape::WordOrNone(&["onboarding", "adoption", "expansion", "renewal"])),
    ("tier", "Tier", Shape::Text),
    ("industry", "Industry", Shape::Text),
    ("region", "Region", Shape::Text),
    ("employees", "Employees", Shape::Count),
    ("currency", "Currency", Shape::Name),
    ("customer_from", "Customer from", Shape::Day),
    ("customer_to", "Customer to", Shape::Day),
];

/// The longest text of a field, in characters.
const LONGEST: usize = 400;

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

/// One field of an account.
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
    pub offered: Option<String>,
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

/// The fields of an account with where each comes from.
pub async fn of_account(engine: &Engine, account_id: i64) -> Result<Vec<Field>, EngineError> {
    let db = engine.store().read();
    let rows = record::of_ids::<Account>(db, &[account_id]).await?;
    let account = rows.get(&account_id).ok_or_else(|| StoreError::not_found(ACCOUNT, &account_id))?;
    let versions = record_version::of_record(db, ACCOUNT, account_id).await?;
    let origins = provenance::of_record(db, ACCOUNT, account_id).await?;
    let origins: BTreeMap<&str, &Provenance> = origins.iter().map(|origin| (origin.field.as_str(), origin)).collect();
    let sources: BTreeMap<i64, String> =
        source::all(db).await?.into_iter().map(|source| (source.id, source.name)).collect();
    let members: BTreeMap<i64, String> =
        member::list(db).await?.into_iter().map(|member| (member.id, member.name)).collect();
    let named = |source: Option<i64>| {
        let name = source.and_then(|id| sources.get(&id));
        name.map_or(Origin::Unknown, |name| Origin::Source(name.clone()))
    };
    let columns = columns(account)?;
    let field = |(key, label, shape): (&'static str, &'static str, Shape)| {
        let value = &columns[key];
        let known = origins.get(key);
        let person = known.and_then(|origin| origin.member_id).and_then(|id| members.get(&id));
        let origin = match (person, known) {
            (Some(person), _) => Origin::Person(person.clone()),
            (None, Some(origin)) => named(origin.source_id),
            (None, None) => named(account.source_id),
        };
        let held = known.is_some_and(|origin| origin.held);
        let offered = known.filter(|_| held).and_then(|origin| origin.offered.as_ref()).map(text);
        Field { key, label, shape, value: text(value), origin, since: since(key, account, &versions), held, offered }
    };
    Ok(FIELDS.into_iter().map(field).collect())
}

/// When a field began to say what it says: the first version in an unbroken row that says the same.
fn since(key: &str, account: &Account, versions: &[store::RecordVersion]) -> Instant {
    let now = columns(account).ok().and_then(|mut columns| columns.remove(key));
    let same = versions.iter().rev().take_while(|version| version.body.get(key) == now.as_ref());
    same.last().map_or(account.recorded_at, |version| version.recorded_at)
}

/// Sets fields of an account by hand; each that changes is held. Returns how many did.
pub async fn edit(
    engine: &Engine,
    account_id: i64,
    typed: &BTreeMap<String, String>,
    hand: &Hand,
) -> Result<usize, FieldError> {
    let mut wanted = Map::new();
    for (key, _, shape) in FIELDS {
        if let Some(typed) = typed.get(key) {
            wanted.insert(key.to_owned(), read(key, shape, typed)?);
        }
    }
    let now = engine.now();
    let changed = engine
        .store()
        .write(async |tx| -> Result<usize, FieldError> { Ok(hold(tx, account_id, wanted, hand, now).await?) })
        .await?;
    if changed > 0 {
        engine.touch(account_id);
    }
    Ok(changed)
}

/// Writes values over those of an account and holds them, in the caller's transaction. Returns how many changed.
pub async fn hold(
    tx: &Tx,
    account_id: i64,
    wanted: Map<String, Value>,
    hand: &Hand,
    now: Instant,
) -> Result<usize, EngineError> {
    let before = record::find::<Account>(tx, account_id).await?;
    let was = columns(&before)?;
    let known = provenance::of_record(tx, ACCOUNT, account_id).await?;
    let changes: Vec<(String, Value)> =
        wanted.into_iter().filter(|(key, value)| was.get(key).is_some_and(|before| before != value)).collect();
    if changes.is_empty() {
        return Ok(0);
    }
    write(tx, &before, changes.iter().cloned(), now).await?;
    let held = changes.iter().map(|(key, _)| {
        let before = known.iter().find(|origin| origin.field == *key && origin.held);
        let offered = before.map_or_else(|| was.get(key).cloned(), |origin| origin.offered.clone());
        // What the source says stays known while a person says something else, however often they change it.
        let source_id =
            known.iter().find(|origin| origin.field == *key).map_or(before_source(&was), |origin| origin.source_id);
        Provenance {
            record_kind: ACCOUNT.to_owned(),
            record_id: account_id,
            field: key.clone(),
            source_id,
            member_id: Some(hand.member_id),
            held: true,
            offered,
            at: now,
        }
    });
    provenance::note(tx, &held.collect::<Vec<_>>()).await?;
    let detail = |pick: &dyn Fn(&str) -> Value| -> Map<String, Value> {
        changes.iter().map(|(key, _)| (key.clone(), pick(key))).collect()
    };
    let becomes: Map<String, Value> = changes.iter().cloned().collect();
    let from = detail(&|key| was[key].clone());
    say(tx, account_id, "account.changed", json!({ "from": from, "to": becomes }), hand, now).await?;
    Ok(changes.len())
}

fn before_source(columns: &Map<String, Value>) -> Option<i64> {
    columns.get("source_id").and_then(Value::as_i64)
}

/// Gives a held field back to its source: it says what the source said last, and follows it again. False if it was
/// not held.
pub async fn release(engine: &Engine, account_id: i64, field: &str, hand: &Hand) -> Result<bool, EngineError> {
    let now = engine.now();
    let released = engine
        .store()
        .write(async |tx| -> Result<bool, EngineError> {
            let known = provenance::of_record(tx, ACCOUNT, account_id).await?;
            let Some(origin) = known.into_iter().find(|origin| origin.held && origin.field == field) else {
                return Ok(false);
            };
            let before = record::find::<Account>(tx, account_id).await?;
            let value = origin.offered.clone();
            write(tx, &before, value.map(|value| (field.to_owned(), value)), now).await?;
            let free = Provenance { held: false, offered: None, member_id: None, at: now, ..origin };
            provenance::note(tx, &[free]).await?;
            say(tx, account_id, "account.released", json!({ "field": field }), hand, now).await?;
            Ok(true)
        })
        .await?;
    if released {
        engine.touch(account_id);
    }
    Ok(released)
}

async fn write(
    tx: &Tx,
    before: &Account,
    values: impl IntoIterator<Item = (String, Value)>,
    now: Instant,
) -> Result<(), EngineError> {
    let mut becomes = columns(before)?;
    becomes.extend(values);
    let after: Account = serde_json::from_value(Value::Object(becomes))
        .map_err(|source| StoreError::Malformed { what: ACCOUNT, source })?;
    record::update(tx, Account { recorded_at: now, ..after }).await?;
    Ok(())
}

async fn say(
    tx: &Tx,
    account_id: i64,
    kind: &str,
    detail: Value,
    hand: &Hand,
    now: Instant,
) -> Result<(), EngineError> {
    let (actor, kind) = (hand.actor.clone(), kind.to_owned());
    let change = NewChange { actor, account_id: Some(account_id), kind, subject_id: Some(account_id), detail };
    change::record(tx, change, now).await?;
    Ok(())
}

/// What was typed, as the column holds it.
fn read(field: &'static str, shape: Shape, typed: &str) -> Result<Value, FieldError> {
    let typed = typed.trim();
    let fault = |sentence: String| FieldError::Value { field, sentence };
    if typed.chars().count() > LONGEST || typed.contains('\0') {
        return Err(fault(format!("This may have at most {LONGEST} characters, and no NUL.")));
    }
    let is_word = |words: &[&str]| words.contains(&typed);
    match shape {
        Shape::Name | Shape::Word(_) if typed.is_empty() => Err(fault("This must not be empty.".to_owned())),
        _ if typed.is_empty() => Ok(Value::Null),
        Shape::Name if field == "currency" && !(typed.len() == 3 && typed.bytes().all(|b| b.is_ascii_uppercase())) => {
            Err(fault("A currency is three capital letters, such as EUR.".to_owned()))
        }
        Shape::Count => {
            let count = typed.parse::<u32>();
            count.map(Value::from).map_err(|_| fault(format!("`{typed}` is not a whole number from 0.")))
        }
        Shape::Day => {
            let day = typed.parse::<Day>();
            day.map(|day| day.to_string().into()).map_err(|_| fault(format!("`{typed}` is not a day like 2026-12-31.")))
        }
        Shape::Word(words) | Shape::WordOrNone(words) if !is_word(words) => {
            Err(fault(format!("`{typed}` is not one of {}.", words.join(", "))))
        }
        Shape::Name | Shape::Text | Shape::Word(_) | Shape::WordOrNone(_) => Ok(typed.into()),
    }
}

fn columns(account: &Account) -> Result<Map<String, Value>, EngineError> {
    match serde_json::to_value(account) {
        Ok(Value::Object(columns)) => Ok(columns),
        Ok(_) => Ok(Map::new()),
        Err(source) => Err(StoreError::Malformed { what: ACCOUNT, source }.into()),
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
    use store::account::{Kind, Stage, Status};

    use super::*;

    #[test]
    fn every_field_is_a_column_and_every_word_its_columns_word() {
        let words = |shape| match shape {
            Shape::Word(words) | Shape::WordOrNone(words) => words.to_vec(),
            _ => Vec::new(),
        };
        for (key, _, shape) in FIELDS {
            let known: Vec<&str> = match key {
                "kind" => Kind::ALL.iter().map(|word| word.as_str()).collect(),
                "status" => Status::ALL.iter().map(|word| word.as_str()).collect(),
                "stage" => Stage::ALL.iter().map(|word| word.as_str()).collect(),
                _ => Vec::new(),
            };
            assert_eq!(words(shape), known, "{key}");
        }
    }

    #[test]
    fn what_is_typed_is_read_by_its_shape() {
        assert_eq!(read("tier", Shape::Text, "  ").unwrap(), Value::Null);
        assert_eq!(read("employees", Shape::Count, "420").unwrap(), json!(420));
        assert_eq!(read("customer_from", Shape::Day, "2026-01-31").unwrap(), json!("2026-01-31"));
        for (field, shape, typed) in [
            ("name", Shape::Name, " "),
            ("currency", Shape::Name, "euro"),
            ("employees", Shape::Count, "-1"),
            ("customer_from", Shape::Day, "31.01.2026"),
            ("stage", Shape::WordOrNone(&["onboarding"]), "moon"),
        ] {
            assert!(matches!(read(field, shape, typed), Err(FieldError::Value { .. })), "{field} {typed}");
        }
    }
}
