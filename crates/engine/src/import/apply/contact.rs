//! People at accounts. A source may say of one person that they are at two accounts: said at once, that is two
//! memberships; said later, the person has moved. Roles are only ever added, since no source says that one ended; where a
//! person holds them, what a source adds is noted beside them.

use std::collections::HashMap;

use connectors::record::{Code, Draft, Given};
use domain::time::day_of;
use serde_json::json;
use store::{
    Contact, ContactRole, Provenance, Tx, contact_role, provenance,
    record::{self, Fact, Saved},
};

use super::{
    From, Outcomes, Refusal, either,
    owner::Owners,
    save::{self, Known},
};
use crate::{EngineError, fields::roles, import::Taken};

/// Writes contacts and their roles.
pub(super) async fn apply(tx: &Tx, drafts: &[&Draft], from: From) -> Outcomes {
    let owners = Owners::find(tx, drafts, from).await?;
    let names = names(drafts);
    let keys: Vec<&str> = names.iter().flat_map(|(plain, at_account)| [plain.as_str(), at_account.as_str()]).collect();
    let mut rows = record::known::<Contact>(tx, from.source_id, &keys).await?;
    let mut known = Known::new();
    for (plain, at_account) in &names {
        let both = rows.remove(at_account).or_else(|| rows.remove(plain));
        known.extend(both.map(|row| (plain.clone(), row)));
    }
    // Who was put at one account by this very import is at a second one besides.
    known.retain(|key, row| {
        let draft = drafts.iter().find(|draft| draft.key == *key);
        let elsewhere =
            draft.and_then(|draft| owners.of(draft).ok()).is_some_and(|account| account.id != row.account_id);
        !(elsewhere && row.recorded_at == from.now)
    });
    let second: HashMap<&str, &str> = names.iter().map(|(plain, at)| (plain.as_str(), at.as_str())).collect();
    let taken = record::known::<Contact>(tx, from.source_id, &keys).await?;
    let merge = |draft: &Draft, before: Option<&Contact>| {
        let name = match second.get(draft.key.as_str()) {
            Some(at_account) if taken.contains_key(&draft.key) => *at_account,
            _ => &draft.key,
        };
        merged(before, name, draft, &owners, from)
    };
    let saved = save::all(tx, drafts, &known, from, merge).await?;
    with_roles(tx, drafts, saved, from).await
}

/// What a contact is called by its source, and what one more membership of the same person is called.
fn names(drafts: &[&Draft]) -> Vec<(String, String)> {
    let name = |draft: &&Draft| {
        let account = draft.text("account").set().unwrap_or_default();
        (draft.key.clone(), format!("{} at {account}", draft.key))
    };
    drafts.iter().map(name).collect()
}

fn merged(
    before: Option<&Contact>,
    name: &str,
    draft: &Draft,
    owners: &Owners,
    from: From,
) -> Result<Contact, Refusal> {
    if let Given::Set(word) = draft.text("role")
        && word.parse::<contact_role::Role>().is_err()
    {
        return Err(Refusal {
            field: "role",
            code: Code::BadChoice,
            sentence: format!("`{word}` is no role of a contact"),
        });
    }
    let account_id = owners.of_known(draft, before.map(|before| before.account_id))?;
    let mut contact = before.cloned().unwrap_or_else(|| Contact {
        id: 0,
        account_id,
        external_id: Some(name.to_owned()),
        name: draft.key.clone(),
        email: None,
        title: None,
        effective_from: day_of(from.now),
        effective_to: None,
        source_id: from.source_id,
        recorded_at: from.now,
    });
    contact.recorded_at = from.now;
    contact.account_id = account_id;
    if let Given::Set(name) = draft.text("name") {
        name.clone_into(&mut contact.name);
    } else if let (None, Given::Set(email)) = (before, draft.text("email")) {
        email.clone_into(&mut contact.name);
    }
    draft.text("email").apply(&mut contact.email);
    draft.text("title").apply(&mut contact.title);
    if let Given::Set(day) = draft.day("effective_from") {
        contact.effective_from = day;
    }
    draft.day("effective_to").apply(&mut contact.effective_to);
    Ok(contact)
}

/// Adds the roles that contacts do not have yet.
async fn with_roles(tx: &Tx, drafts: &[&Draft], saved: save::Rows<Contact>, from: From) -> Outcomes {
    let with_role = drafts.iter().zip(&saved).filter(|(draft, _)| draft.text("role").set().is_some());
    let ids: Vec<i64> = with_role.filter_map(|(_, row)| row.as_ref().ok().map(|(_, contact)| contact.id)).collect();
    let have = standing(tx, &ids, from).await?;
    let mut held = held(tx, &ids).await?;
    let (mut new, mut outcomes) = (Vec::new(), Vec::with_capacity(saved.len()));
    for (draft, row) in drafts.iter().zip(saved) {
        let (mut saved, contact) = match row {
            Ok(row) => row,
            Err(refusal) => {
                outcomes.push(Err(refusal));
                continue;
            }
        };
        let role = draft.text("role").set().and_then(|word| word.parse::<contact_role::Role>().ok());
        let has = |role: &contact_role::Role| have.contains(&(contact.id, *role));
        if let Some((role, held)) = role.zip(held.get_mut(&contact.id)) {
            offer(held, role, from);
            saved = either(saved, if has(&role) { Saved::Unchanged } else { Saved::Held });
        } else if let Some(role) = role.filter(|role| !has(role)) {
            saved = either(saved, Saved::Updated);
            new.push(ContactRole {
                id: 0,
                contact_id: contact.id,
                account_id: contact.account_id,
                role,
                effective_from: contact.effective_from,
                effective_to: None,
                recorded_at: from.now,
            });
        }
        outcomes.push(Ok(Taken { saved, account_id: Some(contact.account_id), contact_id: Some(contact.id) }));
    }
    record::insert_many(tx, new).await?;
    let offers: Vec<Provenance> = held.into_values().collect();
    provenance::note(tx, &offers).await?;
    Ok(outcomes)
}

/// The roles of contacts that have not ended.
async fn standing(tx: &Tx, contacts: &[i64], from: From) -> Result<Vec<(i64, contact_role::Role)>, EngineError> {
    let today = day_of(from.now);
    let roles = contact_role::of_contacts(tx, contacts).await?;
    Ok(roles.into_iter().filter(|role| roles::stands(role, today)).map(|role| (role.contact_id, role.role)).collect())
}

/// Of contacts whose roles a person holds, what is known about that.
async fn held(tx: &Tx, contacts: &[i64]) -> Result<HashMap<i64, Provenance>, EngineError> {
    let known = provenance::of_records(tx, Contact::KIND, contacts).await?;
    let of_roles = |origin: &Provenance| origin.held && origin.field == roles::ROLES;
    Ok(known.into_iter().filter_map(|(id, all)| Some((id, all.into_iter().find(of_roles)?))).collect())
}

/// Adds a role to what a source says while a person says something else.
fn offer(held: &mut Provenance, role: contact_role::Role, from: From) {
    let mut said = roles::said(held);
    if !said.contains(&role) {
        said.push(role);
        let words: Vec<&str> = said.iter().map(|role| role.as_str()).collect();
        (held.offered, held.source_id) = (Some(json!(words)), from.source_id);
    }
}
