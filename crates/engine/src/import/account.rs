//! Accounts from outside. A flat file often carries an account's contract on the
//! same line; that becomes a subscription with one line, named after the account,
//! and the CSM's address an assignment.

use connectors::record::{Draft, Given};
use domain::time::day_of;
use serde_json::{Map, Value};
use store::{
    Account, Assignment, Subscription, Tx, account, assignment, member,
    record::{self, Saved},
};

use super::{
    Refusal, Taken,
    apply::{From, blank_subscription, either, line},
};
use crate::EngineError;

/// Writes an account and what its draft carries along.
pub(crate) async fn apply(tx: &Tx, draft: &Draft, from: From) -> Result<Result<Taken, Refusal>, EngineError> {
    let parent = match draft.text("parent") {
        Given::Set(key) => account::find_by_external_id(tx, key).await?.map(|parent| parent.id),
        _ => None,
    };
    let merge = |before: Option<&Account>| merged(before, draft, parent, from);
    let (mut saved, account) = record::upsert::<Account>(tx, from.source_id, &draft.key, merge).await?;
    saved = either(saved, contract(tx, draft, &account, from).await?);
    if let Given::Set(email) = draft.text("csm_email") {
        saved = either(saved, assign(tx, &account, email, from).await?);
    }
    Ok(Ok(Taken { saved, account_id: Some(account.id), contact_id: None }))
}

/// An account of which only the id is known.
pub(crate) fn blank(key: &str, from: From) -> Account {
    Account {
        id: 0,
        external_id: key.to_owned(),
        name: key.to_owned(),
        domain: None,
        parent_id: None,
        kind: account::Kind::Customer,
        status: account::Status::Active,
        tier: None,
        industry: None,
        region: None,
        stage: None,
        currency: "USD".to_owned(),
        employees: None,
        customer_from: None,
        customer_to: None,
        traits: Value::Object(Map::new()),
        source_id: from.source_id,
        recorded_at: from.now,
    }
}

fn merged(before: Option<&Account>, draft: &Draft, parent: Option<i64>, from: From) -> Account {
    let mut account = before.cloned().unwrap_or_else(|| blank(&draft.key, from));
    account.recorded_at = from.now;
    if let Given::Set(name) = draft.text("name") {
        name.clone_into(&mut account.name);
    }
    if let Given::Set(currency) = draft.text("currency") {
        currency.clone_into(&mut account.currency);
    }
    draft.text("domain").apply(&mut account.domain);
    draft.text("tier").apply(&mut account.tier);
    draft.text("industry").apply(&mut account.industry);
    draft.text("region").apply(&mut account.region);
    draft.int("employees").apply(&mut account.employees);
    draft.day("customer_from").apply(&mut account.customer_from);
    draft.day("customer_to").apply(&mut account.customer_to);
    account.parent_id = parent.or(account.parent_id);
    if let Some(kind) = draft.text("kind").set().and_then(|word| word.parse().ok()) {
        account.kind = kind;
    }
    if let Some(status) = draft.text("status").set().and_then(|word| word.parse().ok()) {
        account.status = status;
    }
    if let Some(stage) = draft.text("stage").set().and_then(|word| word.parse().ok()) {
        account.stage = Some(stage);
    }
    if let Value::Object(traits) = &mut account.traits {
        traits.extend(draft.extra.iter().map(|(key, value)| (key.clone(), value.clone())));
    }
    account
}

/// The contract on an account's own line.
async fn contract(tx: &Tx, draft: &Draft, account: &Account, from: From) -> Result<Saved, EngineError> {
    let says = ["arr_cents", "mrr_cents", "renewal_date"].iter().any(|field| draft.fields.contains_key(field));
    if !says {
        return Ok(Saved::Unchanged);
    }
    let key = format!("{}:contract", account.external_id);
    let merge = |before: Option<&Subscription>| {
        let starts = account.customer_from.unwrap_or_else(|| day_of(from.now));
        let mut subscription = before.cloned().unwrap_or_else(|| blank_subscription(account, &key, starts, from));
        subscription.recorded_at = from.now;
        account.currency.clone_into(&mut subscription.currency);
        draft.day("renewal_date").apply(&mut subscription.effective_to);
        subscription
    };
    let (saved, subscription) = record::upsert::<Subscription>(tx, from.source_id, &key, merge).await?;
    Ok(either(saved, line(tx, draft, &subscription, from).await?))
}

/// Makes the member of this address the CSM; an address of nobody changes nothing.
async fn assign(tx: &Tx, account: &Account, email: &str, from: From) -> Result<Saved, EngineError> {
    let Some(member) = member::find_by_email(tx, email).await? else { return Ok(Saved::Unchanged) };
    let today = day_of(from.now);
    let current = assignment::current(tx, account.id, assignment::Role::Csm, today).await?;
    if current.as_ref().is_some_and(|current| current.member_id == member.id) {
        return Ok(Saved::Unchanged);
    }
    if let Some(current) = current {
        record::edit::<Assignment>(tx, current.id, from.now, |old| old.effective_to = Some(today)).await?;
    }
    let fact = Assignment {
        id: 0,
        account_id: account.id,
        member_id: member.id,
        role: assignment::Role::Csm,
        effective_from: today,
        effective_to: None,
        recorded_at: from.now,
    };
    record::insert(tx, fact).await?;
    Ok(Saved::Updated)
}
