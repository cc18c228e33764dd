//! An alias says that two names of a source are one person: the number of a browser, and later the id of whoever
//! signed in there. Names that are one person share a number, `person_id`, under which their events are counted, and
//! the account of any of them is that of all.
//!
//! What was said is kept as it was said, once for each pair of names, and whoever knows better undoes it; saying it
//! again does not bring it back. A name that was said to be two people, as that of a browser several use, is neither:
//! nothing is guessed, whichever was said first. Deliberately absent: rewriting events, and making one contact of two.

use std::collections::{BTreeMap, BTreeSet};

use domain::Instant;
use sea_orm::{Condition, ConnectionTrait, FromQueryResult, QuerySelect, Value, entity::prelude::*};
use serde::{Deserialize, Serialize};

use crate::{
    StoreError, Tx,
    declare::no_relations,
    end_user, row,
    statement::{MAX_VALUES, placeholders, statement},
};

/// What was said of two names.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, DeriveEntityModel)]
#[sea_orm(table_name = "user_alias")]
pub struct Model {
    /// Identity; 0 before the first insert.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The source that said it.
    pub source_id: i64,
    /// The user under the name used before.
    pub previous_id: i64,
    /// The user under the name used since.
    pub user_id: i64,
    /// When it was said first.
    pub told_at: Instant,
    /// When it was undone.
    pub undone_at: Option<Instant>,
    /// Who undid it.
    pub undone_by: Option<String>,
}

no_relations!();

/// An alias with the names it is about.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct Named {
    /// The alias.
    pub id: i64,
    /// The name used before.
    pub previous: String,
    /// The name used since.
    pub user: String,
    /// When it was said first.
    pub told_at: Instant,
    /// When it was undone.
    pub undone_at: Option<Instant>,
    /// Whether the two are counted as one: it was not undone, and the name used before was said to be nobody else.
    pub holds: bool,
}

/// Users of one source that are one person since an instant: the name used before, and the one used since.
pub(crate) type Told = (i64, i64, Instant);

/// Writes down which users are one person.
pub(crate) async fn tell(tx: &Tx, source_id: i64, told: &[Told]) -> Result<(), StoreError> {
    let mut new = BTreeSet::new();
    for told in told.chunks(MAX_VALUES / 4) {
        let sql = format!(
            "INSERT INTO user_alias (source_id, previous_id, user_id, told_at) VALUES {}
             ON CONFLICT (previous_id, user_id) DO NOTHING RETURNING previous_id, user_id",
            placeholders(tx, 0, told.len(), 4)
        );
        let values = told.iter().flat_map(|(previous, user, at)| -> [Value; 4] {
            [source_id.into(), (*previous).into(), (*user).into(), (*at).into()]
        });
        for row in tx.query_all_raw(statement(tx, sql, values)).await? {
            new.extend([row.try_get_by_index::<i64>(0)?, row.try_get_by_index(1)?]);
        }
    }
    if new.is_empty() { Ok(()) } else { regroup(tx, new).await }
}

/// Undoes an alias: its names are two people again, as far as nothing else says they are one. Undone already, it stays
/// as it is.
pub async fn undo(tx: &Tx, id: i64, by: &str, now: Instant) -> Result<Model, StoreError> {
    let alias = find(tx, id).await?;
    if alias.undone_at.is_some() {
        return Ok(alias);
    }
    let undone = row::update(tx, Model { undone_at: Some(now), undone_by: Some(by.to_owned()), ..alias }).await?;
    regroup(tx, BTreeSet::from([undone.previous_id, undone.user_id])).await?;
    Ok(undone)
}

/// The alias with this id.
pub async fn find(db: &impl ConnectionTrait, id: i64) -> Result<Model, StoreError> {
    row::find::<Entity>(db, "alias", id).await
}

/// What a source said of names, newest first: those with an id before `before`, at most `limit`.
pub async fn of_source(
    db: &impl ConnectionTrait,
    source_id: i64,
    before: Option<i64>,
    limit: u64,
) -> Result<Vec<Named>, StoreError> {
    let sql = "SELECT a.id, p.external_id AS previous, u.external_id AS \"user\", a.told_at, a.undone_at,
                      COALESCE(p.person_id = u.person_id AND a.undone_at IS NULL, FALSE) AS holds
               FROM user_alias a JOIN end_user p ON p.id = a.previous_id JOIN end_user u ON u.id = a.user_id
               WHERE a.source_id = $1 AND a.id < $2 ORDER BY a.id DESC LIMIT $3";
    let values = [source_id.into(), before.unwrap_or(i64::MAX).into(), (limit as i64).into()];
    Ok(Named::find_by_statement(statement(db, sql, values)).all(db).await?)
}

/// Users counted under another number than their own, and that number, as far as was said by `known_on`.
pub async fn standing(db: &impl ConnectionTrait, known_on: Option<Instant>) -> Result<Vec<(i64, i64)>, StoreError> {
    let query = Entity::find().select_only().column(Column::PreviousId).column(Column::UserId);
    let query = match known_on {
        None => query.filter(Column::UndoneAt.is_null()),
        Some(known) => query
            .filter(Column::ToldAt.lte(known))
            .filter(Condition::any().add(Column::UndoneAt.is_null()).add(Column::UndoneAt.gt(known))),
    };
    let pairs: BTreeSet<(i64, i64)> = query.into_tuple().all(db).await?.into_iter().collect();
    Ok(persons(&pairs).into_iter().filter(|(user, person)| user != person).collect())
}

/// The users that some alias names together with this one.
pub(crate) async fn neighbours(tx: &Tx, user_id: i64) -> Result<BTreeSet<i64>, StoreError> {
    let pairs = touching(tx, &[user_id]).await?;
    Ok(pairs.into_iter().flat_map(|(previous, user)| [previous, user]).filter(|user| *user != user_id).collect())
}

/// Decides anew who is one person, among these users and whoever an alias ties to them, and where they belong.
pub(crate) async fn regroup(tx: &Tx, users: BTreeSet<i64>) -> Result<(), StoreError> {
    let (mut reached, mut pairs) = (users.clone(), BTreeSet::new());
    let mut next: Vec<i64> = users.into_iter().collect();
    while !next.is_empty() {
        let found = touching(tx, &next).await?;
        next =
            found.iter().flat_map(|(previous, user)| [*previous, *user]).filter(|user| reached.insert(*user)).collect();
        pairs.extend(found);
    }
    let persons = persons(&pairs);
    let mut groups: BTreeMap<Option<i64>, Vec<i64>> = BTreeMap::new();
    for user in &reached {
        groups.entry(persons.get(user).copied()).or_default().push(*user);
    }
    for (person, users) in groups {
        for users in users.chunks(MAX_VALUES - 1) {
            let (one, all) = (placeholders(tx, 0, 1, 1), placeholders(tx, 1, 1, users.len()));
            let sql = format!("UPDATE end_user SET person_id = {one} WHERE id IN {all}");
            let values = std::iter::once(Value::from(person)).chain(users.iter().map(|user| (*user).into()));
            tx.execute_raw(statement(tx, sql, values)).await?;
        }
    }
    end_user::settle_anew(tx, &reached.into_iter().collect::<Vec<_>>()).await
}

/// What stands of any of these users.
async fn touching(tx: &Tx, users: &[i64]) -> Result<Vec<(i64, i64)>, StoreError> {
    let mut pairs = Vec::new();
    for users in users.chunks(MAX_VALUES / 2) {
        let sql = format!(
            "SELECT previous_id, user_id FROM user_alias
             WHERE undone_at IS NULL AND (previous_id IN {} OR user_id IN {})",
            placeholders(tx, 0, 1, users.len()),
            placeholders(tx, users.len(), 1, users.len())
        );
        let values = users.iter().chain(users).map(|user| Value::from(*user));
        for row in tx.query_all_raw(statement(tx, sql, values)).await? {
            pairs.push((row.try_get_by_index(0)?, row.try_get_by_index(1)?));
        }
    }
    Ok(pairs)
}

/// The number of the person behind every name that is tied to another one: the least of all tied together. A name that
/// was said to be several others is tied to none of them.
fn persons(pairs: &BTreeSet<(i64, i64)>) -> BTreeMap<i64, i64> {
    let mut said: BTreeMap<i64, usize> = BTreeMap::new();
    for (previous, _) in pairs {
        *said.entry(*previous).or_default() += 1;
    }
    let mut persons: BTreeMap<i64, i64> = BTreeMap::new();
    for (previous, user) in pairs.iter().filter(|(previous, user)| previous != user && said[previous] == 1) {
        let [one, other] = [*previous, *user].map(|name| person(&mut persons, name));
        persons.insert(one.max(other), one.min(other));
    }
    let names: Vec<i64> = persons.keys().copied().collect();
    names.into_iter().map(|name| (name, person(&mut persons, name))).collect()
}

/// The least number a name is tied to so far; the way there is shortened for the next to ask.
fn person(persons: &mut BTreeMap<i64, i64>, name: i64) -> i64 {
    let mut end = name;
    // Every step leads to a lesser number, so it ends.
    while let Some(&lesser) = persons.get(&end).filter(|lesser| **lesser != end) {
        end = lesser;
    }
    persons.insert(name, end);
    end
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(pairs: &[(i64, i64)]) -> Vec<(i64, i64)> {
        persons(&pairs.iter().copied().collect()).into_iter().collect()
    }

    #[test]
    fn names_tied_together_are_one_person_whatever_the_order() {
        assert_eq!(of(&[(7, 3), (9, 3), (3, 5)]), [(3, 3), (5, 3), (7, 3), (9, 3)]);
        assert_eq!(of(&[(1, 2), (2, 1)]), [(1, 1), (2, 1)], "both ways round");
        assert_eq!(of(&[(4, 4)]), [], "a name is itself anyway");
        assert_eq!(of(&[]), []);
    }

    #[test]
    fn a_name_said_to_be_two_people_is_neither() {
        assert_eq!(of(&[(1, 2), (1, 3), (8, 3)]), [(3, 3), (8, 3)]);
    }
}
