//! Accounts from outside. Two sources may speak of one account: the second says so by `same_as`, or by the web
//! domain that only one account has; its id is written down as another name. A flat file often carries an account's
//! contract on the same line; that becomes a subscription with one line, named after the account, and the CSM's
//! address an assignment.

use std::collections::{BTreeSet, HashMap};

use connectors::record::{Draft, Given, mail};
use domain::time::day_of;
use serde_json::Value;
use store::{
    Account, Assignment, Tx, account, assignment, identity, member,
    record::{self, Saved},
};

use super::{
    From, Ids, Outcomes, contract, either,
    owner::{self, ACCOUNT},
    save::{self, Known},
};
use crate::{EngineError, import::Taken};

/// Writes accounts and what their drafts carry along.
pub(super) async fn apply(tx: &Tx, drafts: &[&Draft], from: From) -> Outcomes {
    let keys: Vec<&str> = drafts.iter().map(|draft| draft.key.as_str()).collect();
    let mut known = owner::named(tx, &keys, from).await?;
    known.extend(elsewhere(tx, drafts, &known, from).await?);
    let taken =
        if from.ids == Ids::Own { record::known::<Account>(tx, None, &own_ids(drafts)).await? } else { Known::new() };
    let parents = parents(tx, drafts, from).await?;
    let merge = |draft: &Draft, before: Option<&Account>| Ok(merged(before, draft, &parents, &taken, from));
    let saved = save::all(tx, drafts, &known, from, merge).await?;
    let mut rows: Vec<(Saved, Account)> = saved.into_iter().flatten().collect();
    if from.ids == Ids::Own {
        let ours = identity::of_source(tx, ACCOUNT, from.source_id, &keys).await?;
        let new = drafts.iter().zip(&rows).filter(|(draft, _)| !ours.contains_key(&draft.key));
        let names = new.map(|(draft, (_, account))| save::name(ACCOUNT, &draft.key, account.id, from));
        identity::insert_many(tx, names.collect()).await?;
    }
    adopt(tx, drafts, &mut rows, from).await?;
    let accounts: Vec<&Account> = rows.iter().map(|(_, account)| account).collect();
    let contracts = contract::of_accounts(tx, drafts, &accounts, from).await?;
    let assigned = assign(tx, drafts, &accounts, from).await?;
    let all = rows.iter().zip(contracts).zip(assigned);
    Ok(all
        .map(|(((saved, account), contract), assigned)| Ok(told(either(either(*saved, contract), assigned), account)))
        .collect())
}

fn told(saved: Saved, account: &Account) -> Taken {
    Taken { saved, account_id: Some(account.id), contact_id: None }
}

/// The id an account has in the company's own systems, as far as a draft says: what it is the same as, else its key.
fn own_ids<'a>(drafts: &[&'a Draft]) -> Vec<&'a str> {
    drafts.iter().map(|draft| draft.text("same_as").set().unwrap_or(&draft.key)).collect()
}

/// Accounts that another source brought and drafts speak of under a name that is new: the same by their own word, or
/// by a web domain that only one account has.
async fn elsewhere(
    tx: &Tx,
    drafts: &[&Draft],
    known: &Known<Account>,
    from: From,
) -> Result<Known<Account>, EngineError> {
    let new: Vec<&&Draft> = drafts.iter().filter(|draft| !known.contains_key(&draft.key)).collect();
    let same: Vec<&str> = new.iter().filter_map(|draft| draft.text("same_as").set()).collect();
    let same = owner::named(tx, &same, From { ids: Ids::Shared, ..from }).await?;
    let mut found = Known::new();
    for draft in &new {
        if let Some(account) = draft.text("same_as").set().and_then(|key| same.get(key)) {
            found.insert(draft.key.clone(), account.clone());
        }
    }
    if from.ids == Ids::Own {
        let rest: Vec<&Draft> =
            new.iter().filter(|draft| !found.contains_key(&draft.key)).map(|draft| **draft).collect();
        found.extend(by_domain(tx, &rest, from).await?);
    }
    Ok(found)
}

/// Accounts by a web domain that one account has and one draft names, if the source has no name for it yet.
async fn by_domain(tx: &Tx, drafts: &[&Draft], from: From) -> Result<Known<Account>, EngineError> {
    let mut wanted: HashMap<&str, Vec<&Draft>> = HashMap::new();
    for draft in drafts.iter().filter(|draft| draft.text("same_as").set().is_none()) {
        if let Some(domain) = draft.text("domain").set().filter(|domain| !mail::is_free(domain)) {
            wanted.entry(domain).or_default().push(draft);
        }
    }
    let domains: Vec<String> = wanted.keys().map(|domain| (*domain).to_owned()).collect();
    let mut found = Known::new();
    for (domain, ids) in account::of_domains(tx, &domains).await? {
        let (Some([draft]), [id]) = (wanted.get(domain.as_str()).map(Vec::as_slice), ids.as_slice()) else { continue };
        let names = identity::of_record(tx, ACCOUNT, *id).await?;
        if names.iter().any(|name| name.source_id == from.source_id) {
            continue;
        }
        if let Some(account) = record::of_ids::<Account>(tx, &[*id]).await?.remove(id) {
            found.insert(draft.key.clone(), account);
        }
    }
    Ok(found)
}

/// The accounts that drafts name as the ones above them, as far as they are there.
async fn parents(tx: &Tx, drafts: &[&Draft], from: From) -> Result<HashMap<String, i64>, EngineError> {
    let keys: BTreeSet<&str> = drafts.iter().filter_map(|draft| draft.text("parent").set()).collect();
    let found = owner::accounts(tx, &keys.into_iter().collect::<Vec<_>>(), from).await?;
    Ok(found.into_iter().map(|(key, account)| (key, account.id)).collect())
}

/// Puts accounts under parents that came with them.
async fn adopt(tx: &Tx, drafts: &[&Draft], rows: &mut [(Saved, Account)], from: From) -> Result<(), EngineError> {
    let late = |(draft, (_, account)): &(&&Draft, &mut (Saved, Account))| {
        draft.text("parent").set().is_some() && account.parent_id.is_none()
    };
    let orphans: Vec<_> = drafts.iter().zip(rows).filter(late).collect();
    if orphans.is_empty() {
        return Ok(());
    }
    let these: Vec<&Draft> = orphans.iter().map(|(draft, _)| **draft).collect();
    let parents = parents(tx, &these, from).await?;
    for (draft, row) in orphans {
        let parent = draft.text("parent").set().and_then(|key| parents.get(key)).copied();
        if let Some(parent) = parent.filter(|parent| *parent != row.1.id) {
            row.1 =
                record::edit::<Account>(tx, row.1.id, from.now, |account| account.parent_id = Some(parent)).await?.1;
        }
    }
    Ok(())
}

fn merged(
    before: Option<&Account>,
    draft: &Draft,
    parents: &HashMap<String, i64>,
    taken: &Known<Account>,
    from: From,
) -> Account {
    let own = draft.text("same_as").set().unwrap_or(&draft.key);
    let new = || owner::account_blank(own, taken.contains_key(own), from);
    let mut account = before.cloned().unwrap_or_else(new);
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
    let parent = draft.text("parent").set().and_then(|key| parents.get(key)).copied();
    account.parent_id = parent.filter(|parent| *parent != account.id).or(account.parent_id);
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

/// Makes the members of these addresses the CSMs; an address of nobody changes nothing.
async fn assign(tx: &Tx, drafts: &[&Draft], accounts: &[&Account], from: From) -> Result<Vec<Saved>, EngineError> {
    let mut members: HashMap<&str, Option<i64>> = HashMap::new();
    let mut saved = vec![Saved::Unchanged; drafts.len()];
    for (at, (draft, account)) in drafts.iter().zip(accounts).enumerate() {
        let Given::Set(email) = draft.text("csm_email") else { continue };
        if !members.contains_key(email) {
            members.insert(email, member::find_by_email(tx, email).await?.map(|member| member.id));
        }
        if let Some(Some(member)) = members.get(email) {
            saved[at] = look_after(tx, account, *member, from).await?;
        }
    }
    Ok(saved)
}

async fn look_after(tx: &Tx, account: &Account, member_id: i64, from: From) -> Result<Saved, EngineError> {
    let today = day_of(from.now);
    let current = assignment::current(tx, account.id, assignment::Role::Csm, today).await?;
    if current.as_ref().is_some_and(|current| current.member_id == member_id) {
        return Ok(Saved::Unchanged);
    }
    if let Some(current) = current {
        record::edit::<Assignment>(tx, current.id, from.now, |old| old.effective_to = Some(today)).await?;
    }
    let fact = Assignment {
        id: 0,
        account_id: account.id,
        member_id,
        role: assignment::Role::Csm,
        effective_from: today,
        effective_to: None,
        recorded_at: from.now,
    };
    record::insert(tx, fact).await?;
    Ok(Saved::Updated)
}
