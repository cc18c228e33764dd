//! Whose a record is. The id a source gives its account is looked up among the names of that source, then among the
//! company's own ids; a record that names no account belongs where its person does: at the one account of the
//! contact with that mail address, or of that mail domain. Where two accounts would do, none is guessed.

use std::collections::{BTreeSet, HashMap};

use connectors::record::{Draft, Object, Value, mail};
use store::{Account, Identity, Tx, account, account_merge, contact, identity, record};

use super::{
    From, Ids, Orphans, Refusal, missing,
    save::{Known, name},
    unknown,
};
use crate::EngineError;

/// The kind under which names of accounts are kept.
pub(super) const ACCOUNT: &str = "account";

/// The accounts of a batch of drafts.
pub(super) struct Owners {
    by_key: Known<Account>,
    by_mail: Known<Account>,
}

impl Owners {
    /// Finds the accounts that drafts name, and makes those that are missing where that is wanted.
    pub(super) async fn find(tx: &Tx, drafts: &[&Draft], from: From) -> Result<Self, EngineError> {
        let keys: BTreeSet<&str> = drafts.iter().filter_map(|draft| draft.text("account").set()).collect();
        let keys: Vec<&str> = keys.into_iter().collect();
        let mut by_key = accounts(tx, &keys, from).await?;
        if from.orphans == Orphans::CreateAccount {
            let missing: Vec<&str> = keys.into_iter().filter(|key| !by_key.contains_key(*key)).collect();
            by_key.extend(make(tx, &missing, from).await?);
        }
        let mails: BTreeSet<&str> = drafts
            .iter()
            .filter(|draft| draft.text("account").set().is_none())
            .filter_map(|draft| address(draft))
            .collect();
        let mails: Vec<&str> = mails.into_iter().collect();
        Ok(Self { by_key, by_mail: by_mail(tx, &mails).await? })
    }

    /// The account of a draft.
    pub(super) fn of(&self, draft: &Draft) -> Result<&Account, Refusal> {
        if let Some(key) = draft.text("account").set() {
            return self.by_key.get(key).ok_or_else(|| nobody(key));
        }
        let Some(address) = address(draft) else {
            return Err(missing("account", "the record names no account: map the column that holds its id"));
        };
        self.by_mail.get(address).ok_or_else(|| {
            let field = draft.object.mail_field().unwrap_or("account");
            unknown(field, format!("the record names no account, and `{address}` belongs to none or to several"))
        })
    }

    /// The account of a draft about a record that is there already: the one it names, or else the one it had.
    pub(super) fn of_known(&self, draft: &Draft, before: Option<i64>) -> Result<i64, Refusal> {
        match (draft.fields.get("account"), before) {
            (None | Some(Value::Cleared), Some(account)) => Ok(account),
            _ => self.of(draft).map(|account| account.id),
        }
    }
}

pub(super) fn nobody(key: &str) -> Refusal {
    unknown("account", format!("no account has the id `{key}`: import accounts first, or let the import create them"))
}

/// The mail address of the person a draft is about.
pub(super) fn address(draft: &Draft) -> Option<&str> {
    draft.text(draft.object.mail_field()?).set()
}

/// The accounts a source means by these ids; those that were merged are their survivors.
pub(super) async fn accounts(tx: &Tx, keys: &[&str], from: From) -> Result<Known<Account>, EngineError> {
    let mut found = named(tx, keys, from).await?;
    let merged = account_merge::standing(tx, None).await?;
    let gone: Vec<i64> = found.values().map(|account| account.id).filter(|id| merged.hides(*id)).collect();
    if !gone.is_empty() {
        let shown: Vec<i64> = gone.into_iter().map(|id| merged.of(id)).collect();
        let survivors = record::of_ids::<Account>(tx, &shown).await?;
        for account in found.values_mut() {
            if let Some(survivor) = survivors.get(&merged.of(account.id)).filter(|_| merged.hides(account.id)) {
                account.clone_from(survivor);
            }
        }
    }
    Ok(found)
}

/// The accounts a source means by these ids, whether they were merged or not: what is said about an account itself,
/// and events, stay with it.
pub(super) async fn named(tx: &Tx, keys: &[&str], from: From) -> Result<Known<Account>, EngineError> {
    if keys.is_empty() {
        return Ok(Known::new());
    }
    let names = identity::named(tx, ACCOUNT, keys).await?;
    let mut rows = record::known::<Account>(tx, None, keys).await?;
    let mut meant: HashMap<&str, i64> = HashMap::new();
    for key in keys {
        let theirs: Vec<&Identity> = names.iter().filter(|name| name.external_id == *key).collect();
        meant.extend(one_meant(&theirs, rows.get(*key), from).map(|id| (*key, id)));
    }
    let elsewhere: Vec<i64> =
        meant.iter().filter(|(key, id)| rows.get(**key).map(|row| row.id) != Some(**id)).map(|(_, id)| *id).collect();
    let others = record::of_ids::<Account>(tx, &elsewhere).await?;
    let account = |(key, id): (&str, i64)| {
        let row = if others.contains_key(&id) { others.get(&id).cloned() } else { rows.remove(key) };
        Some((key.to_owned(), row?))
    };
    Ok(meant.into_iter().filter_map(account).collect())
}

/// The account meant by an id, given everybody's names and the account whose own id it is.
fn one_meant(names: &[&Identity], row: Option<&Account>, from: From) -> Option<i64> {
    let of = |source: Option<i64>| names.iter().find(|name| name.source_id == source).map(|name| name.record_id);
    let anybodys = of(None);
    match from.ids {
        Ids::Own => {
            let ours = from.source_id.and_then(|source| of(Some(source)));
            // An id that another source gave to this very account is that source's, not the company's.
            let foreign = |row: &&Account| {
                names
                    .iter()
                    .any(|name| name.record_id == row.id && name.source_id.is_some_and(|id| Some(id) != from.source_id))
            };
            ours.or(anybodys).or_else(|| row.filter(|row| !foreign(row)).map(|row| row.id))
        }
        Ids::Shared => {
            let unique = || {
                let ids: BTreeSet<i64> = names.iter().map(|name| name.record_id).collect();
                ids.into_iter().next().filter(|id| names.iter().all(|name| name.record_id == *id))
            };
            row.map(|row| row.id).or(anybodys).or_else(unique)
        }
    }
}

/// Makes accounts of which only the id is known.
pub(super) async fn make(tx: &Tx, keys: &[&str], from: From) -> Result<Known<Account>, EngineError> {
    let taken = record::known::<Account>(tx, None, keys).await?;
    let blank = |key: &&str| (None, account_blank(key, taken.contains_key(*key), from));
    let made = record::save(tx, keys.iter().map(blank).collect()).await?;
    if from.ids == Ids::Own {
        let names = keys.iter().zip(&made).map(|(key, (_, account))| name(ACCOUNT, key, account.id, from));
        identity::insert_many(tx, names.collect()).await?;
    }
    Ok(keys.iter().zip(made).map(|(key, (_, account))| ((*key).to_owned(), account)).collect())
}

/// An account of which only the id is known. An id that means another account already is told apart by its source.
pub(super) fn account_blank(key: &str, is_taken: bool, from: From) -> Account {
    let external_id = match from.source_id.filter(|_| is_taken) {
        Some(source) => format!("source-{source}:{key}"),
        None => key.to_owned(),
    };
    Account {
        id: 0,
        external_id,
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
        traits: serde_json::Value::Object(serde_json::Map::new()),
        source_id: from.source_id,
        recorded_at: from.now,
    }
}

/// The one account of each address: that of the contact who has it, else that of its domain.
async fn by_mail(tx: &Tx, addresses: &[&str]) -> Result<Known<Account>, EngineError> {
    if addresses.is_empty() {
        return Ok(Known::new());
    }
    let contacts = contact::accounts_of(tx, addresses).await?;
    let domains: BTreeSet<String> = addresses.iter().filter_map(|address| mail::business_domain(address)).collect();
    let domains = account::of_domains(tx, &domains.into_iter().collect::<Vec<_>>()).await?;
    let one = |ids: Option<&Vec<i64>>| ids.filter(|ids| ids.len() == 1).map(|ids| ids[0]);
    let mut found: HashMap<&str, i64> = HashMap::new();
    for address in addresses {
        let of_domain = || one(mail::business_domain(address).and_then(|domain| domains.get(&domain)));
        let known = contacts.get(*address);
        let id = if known.is_some() { one(known) } else { of_domain() };
        found.extend(id.map(|id| (*address, id)));
    }
    let ids: Vec<i64> = found.values().copied().collect();
    let rows = record::of_ids::<Account>(tx, &ids).await?;
    Ok(found.into_iter().filter_map(|(address, id)| Some((address.to_owned(), rows.get(&id)?.clone()))).collect())
}

/// The contacts that drafts are about, by their mail address and account, where the account has one such.
pub(super) async fn people(tx: &Tx, drafts: &[&Draft]) -> Result<HashMap<(i64, String), i64>, EngineError> {
    let about = |draft: &&&Draft| draft.object != Object::Contact;
    let addresses: BTreeSet<&str> = drafts.iter().filter(about).filter_map(|draft| address(draft)).collect();
    if addresses.is_empty() {
        return Ok(HashMap::new());
    }
    Ok(contact::of_addresses(tx, &addresses.into_iter().collect::<Vec<_>>()).await?)
}
