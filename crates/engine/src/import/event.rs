//! Events that come as records: rows of a log, or a table of usage. They go through the inbox like any others, so a
//! repeat is known by its id; the accounts they name must have been introduced, or are made where that is wanted.

use std::collections::{BTreeSet, HashMap};

use connectors::{
    record::{Code, Draft, Given},
    segment::event_id,
};
use store::inbox::NewEvent;

use super::{
    Orphans, Refusal,
    apply::{self, From, Ids},
};
use crate::{Engine, EngineError};

/// The events that drafts describe. With `dry` no account is made for them.
pub(super) async fn events<'d>(
    engine: &Engine,
    drafts: impl Iterator<Item = &'d Draft> + Clone,
    from: From,
    dry: bool,
) -> Result<Vec<Result<NewEvent, Refusal>>, EngineError> {
    let keys: BTreeSet<&str> = drafts.clone().filter_map(|draft| draft.text("account").set()).collect();
    let accounts = accounts(engine, keys, from, dry).await?;
    let lenient = dry && from.orphans == Orphans::CreateAccount;
    Ok(drafts.map(|draft| event(draft, &accounts, from, lenient)).collect())
}

fn event(draft: &Draft, accounts: &HashMap<String, i64>, from: From, lenient: bool) -> Result<NewEvent, Refusal> {
    let account_id = match draft.text("account") {
        Given::Set(key) => match accounts.get(key) {
            None if !lenient => return Err(apply::no_account(key)),
            known => known.copied(),
        },
        _ => None,
    };
    let (Given::Set(name), Given::Set(occurred_at)) = (draft.text("name"), draft.instant("occurred_at")) else {
        let sentence = "an event needs a name and the moment it happened".to_owned();
        return Err(Refusal { field: "name", code: Code::MissingValue, sentence });
    };
    Ok(NewEvent {
        key: event_id(from.source_id.unwrap_or_default(), &draft.key),
        account_id,
        user: draft.text("user").set().map(str::to_owned),
        name: name.to_owned(),
        occurred_at,
        quantity: draft.int("quantity").set().unwrap_or(1),
        properties: draft.properties(),
    })
}

/// The accounts of these ids. Those nobody has introduced are looked up, and made where that is wanted, together.
async fn accounts(
    engine: &Engine,
    keys: BTreeSet<&str>,
    from: From,
    dry: bool,
) -> Result<HashMap<String, i64>, EngineError> {
    let mut known = HashMap::with_capacity(keys.len());
    let mut unknown = Vec::new();
    for key in keys {
        match engine.intake().account(key).filter(|_| from.ids == Ids::Shared) {
            Some(account) => {
                known.insert(key.to_owned(), account);
            }
            None => unknown.push(key),
        }
    }
    if unknown.is_empty() {
        return Ok(known);
    }
    let from = if dry { From { orphans: Orphans::Refuse, ..from } } else { from };
    let found = engine.store().write(async |tx| apply::accounts_of(tx, &unknown, from).await).await?;
    if from.ids == Ids::Shared {
        for (key, account) in &found {
            engine.intake().introduce(key, *account);
        }
    }
    known.extend(found);
    Ok(known)
}
