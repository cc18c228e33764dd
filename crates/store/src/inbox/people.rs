//! The people of a group of requests: each gets an opaque number, and is remembered with the account they belong to.
//!
//! Those already known are only read. A person is written when new, when a message says something about them, or when
//! they were last seen more than an hour before, so that a busy user does not cost a write with every request.
//!
//! Where somebody belongs who was grouped with one account or several, `end_user` decides; of the latter it matters when
//! something happened. A mail domain speaks only where nobody was grouped with anything. Names that are one person
//! belong together, as `alias` says.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::TimeDelta;
use domain::{Instant, belonging::Belonging};
use sea_orm::{ConnectionTrait, Value};

use super::Accept;
use crate::{
    StoreError, Tx, alias, end_user,
    statement::{MAX_VALUES, placeholders, statement},
};

/// A person as events name them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Person {
    /// The opaque number.
    pub(super) id: i64,
    /// The account they belong to, if known.
    account_id: Option<i64>,
    /// Whether they were grouped with several.
    in_several: bool,
}

/// Everybody a group of requests names, by source and by what the source calls them.
#[derive(Debug, Default)]
pub(super) struct People {
    by_source: HashMap<i64, HashMap<String, Person>>,
    /// Where those were over time who were grouped with several accounts.
    torn: HashMap<i64, Belonging>,
}

/// A user grouped with an account.
struct Grouping {
    /// Since when, by the earliest message that says so.
    since: Instant,
    /// Whether that came long after it was so, as from a device that was offline.
    late: bool,
}

/// What a group says about one person.
#[derive(Clone, Copy)]
struct Mention {
    account_id: Option<i64>,
    likely_id: Option<i64>,
    contact_id: Option<i64>,
    at: Instant,
}

/// How long a person counts as just seen.
const JUST_SEEN: TimeDelta = TimeDelta::hours(1);

impl People {
    /// Finds or adds everybody the requests name.
    pub(super) async fn meet(tx: &Tx, requests: &[Accept]) -> Result<Self, StoreError> {
        let mut people = Self::default();
        for (source_id, mut mentions) in mentions(requests) {
            let mut known = known(tx, source_id, &mut mentions).await?;
            known.extend(remember(tx, source_id, &mentions).await?);
            let mut said = groupings(requests, source_id);
            // Whoever belongs there already is a member already; only who was just written may not be.
            said.retain(|(name, account), said| {
                let belongs = known.get(*name).and_then(|known| known.account_id) == Some(*account);
                said.late || mentions.contains_key(name) || !belongs
            });
            let told: BTreeSet<&str> = mentions.keys().copied().chain(said.keys().map(|(name, _)| *name)).collect();
            belong(tx, said, &known).await?;
            alias::tell(tx, source_id, &aliases(requests, source_id, &known)).await?;
            settle(tx, &told, &mut known).await?;
            let torn: Vec<i64> = known.values().filter(|person| person.in_several).map(|person| person.id).collect();
            people.torn.extend(end_user::torn_between(tx, &torn).await?);
            people.by_source.insert(source_id, known);
        }
        Ok(people)
    }

    /// The person a source calls by this name.
    pub(super) fn find(&self, source_id: i64, external_id: &str) -> Option<Person> {
        self.by_source.get(&source_id)?.get(external_id).copied()
    }

    /// The account at which a person was then, if that is known.
    pub(super) fn account_of(&self, person: Person, then: Instant) -> Option<i64> {
        self.torn.get(&person.id).map_or(person.account_id, |belonging| belonging.at(then))
    }
}

/// Who is mentioned, by source; in one order everywhere, so that two processes cannot wait for each other.
fn mentions(requests: &[Accept]) -> BTreeMap<i64, BTreeMap<&str, Mention>> {
    let mut sources: BTreeMap<i64, BTreeMap<&str, Mention>> = BTreeMap::new();
    for request in requests {
        let seen = request.events.iter().filter_map(|event| event.user.as_deref()).map(|user| (user, None, None, None));
        let told = request
            .users
            .iter()
            .map(|user| (user.external_id.as_str(), user.account_id, user.likely_account_id, user.contact_id));
        let same = request.aliases.iter().flat_map(|alias| [&alias.previous, &alias.user]);
        let same = same.map(|user| (user.as_str(), None, None, None));
        for (external_id, account_id, likely_id, contact_id) in seen.chain(told).chain(same) {
            sources
                .entry(request.source_id)
                .or_default()
                .entry(external_id)
                .and_modify(|mention| {
                    mention.account_id = account_id.or(mention.account_id);
                    mention.likely_id = likely_id.or(mention.likely_id);
                    mention.contact_id = contact_id.or(mention.contact_id);
                    mention.at = mention.at.max(request.received_at);
                })
                .or_insert(Mention { account_id, likely_id, contact_id, at: request.received_at });
        }
    }
    sources
}

/// The people already known. Those about whom nothing is new are taken out of `mentions`.
async fn known(
    tx: &Tx,
    source_id: i64,
    mentions: &mut BTreeMap<&str, Mention>,
) -> Result<HashMap<String, Person>, StoreError> {
    let names: Vec<&str> = mentions.keys().copied().collect();
    let mut known = HashMap::with_capacity(names.len());
    for names in names.chunks(MAX_VALUES - 1) {
        let sql = format!(
            "SELECT id, external_id, account_id, contact_id, last_seen_at, in_several FROM end_user
             WHERE source_id = {} AND external_id IN {}",
            placeholders(tx, 0, 1, 1),
            placeholders(tx, 1, 1, names.len())
        );
        let values = std::iter::once(Value::from(source_id)).chain(names.iter().map(|name| Value::from(*name)));
        for row in tx.query_all_raw(statement(tx, sql, values)).await? {
            let name: String = row.try_get_by_index(1)?;
            let (id, account_id, in_several) =
                (row.try_get_by_index(0)?, row.try_get_by_index(2)?, row.try_get_by_index(5)?);
            let person = Person { id, account_id, in_several };
            let contact_id: Option<i64> = row.try_get_by_index(3)?;
            let last_seen_at: Instant = row.try_get_by_index(4)?;
            let stale = mentions.get(name.as_str()).is_some_and(|mention| {
                mention.account_id.is_some_and(|account| person.account_id != Some(account))
                    || (mention.likely_id.is_some() && person.account_id.is_none())
                    || mention.contact_id.is_some_and(|contact| contact_id != Some(contact))
                    || mention.at - last_seen_at > JUST_SEEN
            });
            if !stale {
                mentions.remove(name.as_str());
            }
            known.insert(name, person);
        }
    }
    Ok(known)
}

/// Writes what is new about people.
async fn remember(
    tx: &Tx,
    source_id: i64,
    mentions: &BTreeMap<&str, Mention>,
) -> Result<HashMap<String, Person>, StoreError> {
    let mentions: Vec<(&str, Mention)> = mentions.iter().map(|(name, mention)| (*name, *mention)).collect();
    let mut people = HashMap::with_capacity(mentions.len());
    for mentions in mentions.chunks(MAX_VALUES / 7) {
        let sql = format!(
            "INSERT INTO end_user
                 (source_id, external_id, account_id, likely_account_id, contact_id, first_seen_at, last_seen_at)
             VALUES {}
             ON CONFLICT (source_id, external_id) DO UPDATE SET
                 account_id = COALESCE(end_user.account_id, excluded.account_id),
                 likely_account_id = COALESCE(excluded.likely_account_id, end_user.likely_account_id),
                 contact_id = COALESCE(excluded.contact_id, end_user.contact_id),
                 last_seen_at = excluded.last_seen_at
             RETURNING id, external_id, account_id, in_several",
            placeholders(tx, 0, mentions.len(), 7)
        );
        let values = mentions.iter().flat_map(|(name, mention)| -> [Value; 7] {
            [
                source_id.into(),
                (*name).into(),
                mention.account_id.or(mention.likely_id).into(),
                mention.likely_id.into(),
                mention.contact_id.into(),
                mention.at.into(),
                mention.at.into(),
            ]
        });
        for row in tx.query_all_raw(statement(tx, sql, values)).await? {
            let (id, account_id, in_several) =
                (row.try_get_by_index(0)?, row.try_get_by_index(2)?, row.try_get_by_index(3)?);
            let person = Person { id, account_id, in_several };
            people.insert(row.try_get_by_index(1)?, person);
        }
    }
    Ok(people)
}

/// Which users a source grouped with which accounts, and since when.
fn groupings(requests: &[Accept], source_id: i64) -> BTreeMap<(&str, i64), Grouping> {
    let mut groupings: BTreeMap<(&str, i64), Grouping> = BTreeMap::new();
    for request in requests.iter().filter(|request| request.source_id == source_id) {
        for user in &request.users {
            let Some(account) = user.account_id else { continue };
            let late = request.received_at - user.at > JUST_SEEN;
            let said = Grouping { since: user.at, late };
            let known = groupings.entry((user.external_id.as_str(), account)).or_insert(said);
            *known = Grouping { since: known.since.min(user.at), late: known.late || late };
        }
    }
    groupings
}

/// Which users of a source were said to be one person.
fn aliases(requests: &[Accept], source_id: i64, people: &HashMap<String, Person>) -> Vec<alias::Told> {
    let ours = requests.iter().filter(|request| request.source_id == source_id);
    let told = ours.flat_map(|request| request.aliases.iter().map(|alias| (alias, request.received_at)));
    let told = told.filter_map(|(alias, at)| Some((people.get(&alias.previous)?.id, people.get(&alias.user)?.id, at)));
    // In one order everywhere, so that two processes cannot wait for each other.
    let told: BTreeSet<alias::Told> = told.filter(|(previous, user, _)| previous != user).collect();
    told.into_iter().collect()
}

/// Writes down who was grouped with what. What comes late may have been so earlier than was known.
async fn belong(
    tx: &Tx,
    groupings: BTreeMap<(&str, i64), Grouping>,
    people: &HashMap<String, Person>,
) -> Result<(), StoreError> {
    let said = groupings.into_iter();
    let said = said.filter_map(|((name, account), said)| Some((people.get(name)?.id, account, said.since)));
    let said: Vec<(i64, i64, Instant)> = said.collect();
    for said in said.chunks(MAX_VALUES / 3) {
        let sql = format!(
            "INSERT INTO membership (end_user_id, account_id, since) VALUES {}
             ON CONFLICT (end_user_id, account_id) DO UPDATE SET since = excluded.since
             WHERE excluded.since < membership.since",
            placeholders(tx, 0, said.len(), 3)
        );
        let values = said
            .iter()
            .flat_map(|(user, account, at)| -> [Value; 3] { [(*user).into(), (*account).into(), (*at).into()] });
        tx.execute_raw(statement(tx, sql, values)).await?;
    }
    Ok(())
}

/// Decides anew where people belong about whom something was said.
async fn settle(tx: &Tx, told: &BTreeSet<&str>, people: &mut HashMap<String, Person>) -> Result<(), StoreError> {
    let ids: Vec<i64> = told.iter().filter_map(|name| people.get(*name)).map(|person| person.id).collect();
    let belongs = end_user::settle(tx, &ids).await?;
    for person in people.values_mut() {
        if let Some(settled) = belongs.get(&person.id) {
            (person.account_id, person.in_several) = *settled;
        }
    }
    Ok(())
}
