//! An end user is the pseudonym of a person in events: the lake stores only `id`. Erasing a person deletes this
//! row, after which their events say nothing about anybody.
//!
//! Whoever has several names, as an `alias` says, belongs where any of these does, and is counted once.
//!
//! Whoever was grouped with one account belongs to it; two that were merged are one. Whoever was grouped with several
//! belongs to the one a person has chosen, else to that of the contact they are, and to none while that is not known:
//! an account is never guessed (T9). What such a person did before they were grouped with a second account belongs to
//! the first, as [`Belonging`] says (T8).

use std::collections::HashMap;

use domain::{Instant, belonging::Belonging};
use sea_orm::{ConnectionTrait, FromQueryResult, QuerySelect, Value, entity::prelude::*};
use serde::{Deserialize, Serialize};

use crate::{
    StoreError, Tx, alias,
    declare::no_relations,
    row,
    statement::{MAX_VALUES, placeholders, statement, text},
};

/// The pseudonym of a person in events.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, DeriveEntityModel)]
#[sea_orm(table_name = "end_user")]
pub struct Model {
    /// Identity; 0 before the first insert.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The source that knows them.
    pub source_id: i64,
    /// What the source calls them.
    pub external_id: String,
    /// The account they belong to: the one they were grouped with, or that of the contact they are; none is guessed.
    pub account_id: Option<i64>,
    /// The contact they are, if known.
    pub contact_id: Option<i64>,
    /// The person they are, where that person has other names too: the least number among them.
    pub person_id: Option<i64>,
    /// The account of their mail domain, which counts while no name of theirs was grouped with any.
    pub likely_account_id: Option<i64>,
    /// Whether they were grouped with several accounts, so that it matters when something happened.
    pub in_several: bool,
    /// When they first appeared.
    pub first_seen_at: Instant,
    /// When they last appeared.
    pub last_seen_at: Instant,
}

no_relations!();

/// The external id of the account that a user was grouped with, by what the source calls the user.
pub async fn account_of(
    db: &impl ConnectionTrait,
    source_id: i64,
    external_id: &str,
) -> Result<Option<String>, StoreError> {
    let sql = "SELECT account.external_id FROM end_user JOIN account ON account.id = end_user.account_id
               WHERE end_user.source_id = $1 AND end_user.external_id = $2";
    let found = db.query_one_raw(statement(db, sql, [source_id.into(), external_id.into()])).await?;
    Ok(found.map(|row| row.try_get_by_index(0)).transpose()?)
}

/// The accounts to which users of a source belong, by what the source calls the users.
pub async fn accounts_of(
    db: &impl ConnectionTrait,
    source_id: i64,
    external_ids: &[&str],
) -> Result<Vec<i64>, StoreError> {
    let query = Entity::find().select_only().column(Column::AccountId).filter(Column::SourceId.eq(source_id));
    let query = query.filter(Column::ExternalId.is_in(external_ids.iter().copied()));
    Ok(query.filter(Column::AccountId.is_not_null()).distinct().into_tuple().all(db).await?)
}

/// Everybody who belongs to an account, whenever something happens: their number and the account.
pub async fn attributed(db: &impl ConnectionTrait) -> Result<Vec<(i64, i64)>, StoreError> {
    let query = Entity::find()
        .select_only()
        .column(Column::Id)
        .column(Column::AccountId)
        .filter(Column::AccountId.is_not_null())
        .filter(Column::InSeveral.eq(false));
    Ok(query.into_tuple().all(db).await?)
}

/// Where everybody was over time who was grouped with several accounts.
pub async fn torn_over_time(db: &impl ConnectionTrait) -> Result<Vec<(i64, Belonging)>, StoreError> {
    histories(db, "", Vec::new()).await
}

/// Where these users were over time, as far as they were grouped with several accounts.
pub(crate) async fn torn_between(tx: &Tx, users: &[i64]) -> Result<HashMap<i64, Belonging>, StoreError> {
    let mut found = HashMap::new();
    for users in users.chunks(MAX_VALUES) {
        let these = format!("AND u.id IN {}", placeholders(tx, 0, 1, users.len()));
        found.extend(histories(tx, &these, users.iter().map(|user| (*user).into()).collect()).await?);
    }
    Ok(found)
}

/// The accounts over time of those who were grouped with several, by everything that was said of any name of theirs.
async fn histories(
    db: &impl ConnectionTrait,
    these: &str,
    values: Vec<Value>,
) -> Result<Vec<(i64, Belonging)>, StoreError> {
    let sql = format!(
        "SELECT u.id, u.account_id, COALESCE(g.final_id, m.account_id) AS tied_id, min(m.since) AS since
         FROM end_user u JOIN end_user n ON n.id = u.id OR n.person_id = u.person_id
             JOIN membership m ON m.end_user_id = n.id
             LEFT JOIN account_merge g ON g.account_id = m.account_id AND g.undone_at IS NULL
         WHERE u.in_several {these}
         GROUP BY u.id, u.account_id, COALESCE(g.final_id, m.account_id) ORDER BY u.id"
    );
    let mut ties: Vec<(i64, Option<i64>, (i64, Instant))> = Vec::new();
    for row in db.query_all_raw(statement(db, sql, values)).await? {
        let tie = (row.try_get_by_index(2)?, row.try_get_by_index(3)?);
        ties.push((row.try_get_by_index(0)?, row.try_get_by_index(1)?, tie));
    }
    let users = ties.chunk_by(|one, next| one.0 == next.0);
    Ok(users
        .map(|ties| {
            let accounts: Vec<(i64, Instant)> = ties.iter().map(|(_, _, tie)| *tie).collect();
            (ties[0].0, Belonging::over(&accounts, ties[0].1))
        })
        .collect())
}

/// The accounts that users were grouped with: user, account and since when.
pub async fn memberships(db: &impl ConnectionTrait, users: &[i64]) -> Result<Vec<(i64, i64, Instant)>, StoreError> {
    let mut found = Vec::new();
    for users in users.chunks(MAX_VALUES) {
        let sql = format!(
            "SELECT end_user_id, account_id, since FROM membership WHERE end_user_id IN {} ORDER BY end_user_id, since",
            placeholders(db, 0, 1, users.len())
        );
        for row in db.query_all_raw(statement(db, sql, users.iter().map(|user| (*user).into()))).await? {
            found.push((row.try_get_by_index(0)?, row.try_get_by_index(1)?, row.try_get_by_index(2)?));
        }
    }
    Ok(found)
}

/// How much is known of where users belong, to notice when it becomes more: those who belong somewhere, and everything
/// they were grouped with.
pub async fn count_known(db: &impl ConnectionTrait) -> Result<u64, StoreError> {
    let sql = "SELECT (SELECT count(*) FROM end_user WHERE account_id IS NOT NULL) + (SELECT count(*) FROM membership)";
    let row = db.query_one_raw(text(db, sql)).await?;
    let known: Option<i64> = row.map(|row| row.try_get_by_index(0)).transpose()?;
    Ok(known.unwrap_or_default().unsigned_abs())
}

/// Erases a person: what remains in events is a number that means nobody. False if they were not known.
pub async fn erase(tx: &Tx, source_id: i64, external_id: &str) -> Result<bool, StoreError> {
    let query = Entity::find().filter(Column::SourceId.eq(source_id)).filter(Column::ExternalId.eq(external_id));
    let Some(person) = query.one(tx).await? else { return Ok(false) };
    let others = alias::neighbours(tx, person.id).await?;
    Entity::delete_by_id(person.id).exec(tx).await?;
    alias::regroup(tx, others).await?;
    Ok(true)
}

/// Where users belong, by everything that was said of any name of theirs.
const SETTLE: &str = "UPDATE end_user SET (account_id, in_several) = (
     SELECT COALESCE(
         CASE WHEN count(DISTINCT CASE WHEN m.chosen THEN m.account_id END) = 1
              THEN min(CASE WHEN m.chosen THEN m.account_id END) END,
         CASE WHEN count(DISTINCT m.account_id) = 1 THEN min(m.account_id) END,
         CASE WHEN count(DISTINCT COALESCE(g.final_id, m.account_id)) = 1
              THEN min(COALESCE(g.final_id, m.account_id)) END,
         CASE WHEN count(DISTINCT c.account_id) = 1 THEN min(c.account_id) END,
         CASE WHEN count(m.account_id) = 0 AND count(DISTINCT n.likely_account_id) = 1
              THEN min(n.likely_account_id) END),
         count(DISTINCT COALESCE(g.final_id, m.account_id)) > 1
     FROM end_user n LEFT JOIN membership m ON m.end_user_id = n.id
         LEFT JOIN account_merge g ON g.account_id = m.account_id AND g.undone_at IS NULL
         LEFT JOIN contact c ON c.id = n.contact_id
     WHERE n.id = end_user.id OR n.person_id = end_user.person_id)";

/// Those of whom anything was said that decides where they belong.
const KNOWN: &str = "(likely_account_id IS NOT NULL OR person_id IS NOT NULL
     OR EXISTS (SELECT 1 FROM membership m WHERE m.end_user_id = end_user.id))";

/// Decides anew where these users belong, and whoever is one person with them. Answers with those of whom anything
/// was said: the account, and whether they are in several.
pub(crate) async fn settle(tx: &Tx, users: &[i64]) -> Result<HashMap<i64, (Option<i64>, bool)>, StoreError> {
    let mut belongs = HashMap::new();
    for users in users.chunks(MAX_VALUES) {
        let sql = format!(
            "WITH told AS (SELECT id, person_id FROM end_user WHERE id IN {})
             {SETTLE} WHERE {KNOWN} AND id IN (
                 SELECT id FROM told UNION SELECT o.id FROM end_user o JOIN told ON o.person_id = told.person_id)
             RETURNING id, account_id, in_several",
            placeholders(tx, 0, 1, users.len())
        );
        for row in tx.query_all_raw(statement(tx, sql, users.iter().map(|user| (*user).into()))).await? {
            belongs.insert(row.try_get_by_index(0)?, (row.try_get_by_index(1)?, row.try_get_by_index(2)?));
        }
    }
    Ok(belongs)
}

/// Decides anew where these users belong, and to nobody where nothing is said of them any more.
pub(crate) async fn settle_anew(tx: &Tx, users: &[i64]) -> Result<(), StoreError> {
    for users in users.chunks(MAX_VALUES) {
        let sql = format!("{SETTLE} WHERE id IN {}", placeholders(tx, 0, 1, users.len()));
        tx.execute_raw(statement(tx, sql, users.iter().map(|user| (*user).into()))).await?;
    }
    Ok(())
}

/// Decides anew where the users of these accounts belong.
pub(crate) async fn settle_members(tx: &Tx, accounts: &[i64]) -> Result<(), StoreError> {
    let sql = format!(
        "SELECT DISTINCT end_user_id FROM membership WHERE account_id IN {}",
        placeholders(tx, 0, 1, accounts.len())
    );
    let rows = tx.query_all_raw(statement(tx, sql, accounts.iter().map(|account| (*account).into()))).await?;
    let users = rows.iter().map(|row| row.try_get_by_index(0)).collect::<Result<Vec<i64>, _>>()?;
    settle(tx, &users).await?;
    Ok(())
}

/// The user with this id.
pub async fn find(db: &impl ConnectionTrait, id: i64) -> Result<Model, StoreError> {
    row::find::<Entity>(db, "user", id).await
}

/// Chooses which of their accounts a person belongs to, under every name of theirs, or takes the choice back. False if
/// they were never grouped with that account.
pub async fn choose(tx: &Tx, user_id: i64, account_id: Option<i64>) -> Result<bool, StoreError> {
    let sql = "UPDATE membership SET chosen = (account_id = $2) WHERE end_user_id IN (
                   SELECT n.id FROM end_user n JOIN end_user u ON n.id = u.id OR n.person_id = u.person_id
                   WHERE u.id = $1) RETURNING chosen";
    let rows = tx.query_all_raw(statement(tx, sql, [user_id.into(), account_id.unwrap_or_default().into()])).await?;
    let chosen = rows.iter().map(|row| row.try_get_by_index(0)).collect::<Result<Vec<bool>, _>>()?;
    settle(tx, &[user_id]).await?;
    Ok(account_id.is_none() || chosen.contains(&true))
}

/// A user's tie to one of several accounts.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct Tie {
    /// The user.
    pub user_id: i64,
    /// What their source calls them.
    pub external_id: String,
    /// The account.
    pub account_id: i64,
    /// Its name.
    pub account_name: String,
    /// Since when.
    pub since: Instant,
    /// Whether a person has chosen it.
    pub chosen: bool,
    /// Whether the user belongs to it now.
    pub belongs: bool,
}

/// The ties of people of a source who were grouped with several accounts: of at most `limit` people, those without an
/// account first. Whoever has several names is shown under the first.
pub async fn torn(db: &impl ConnectionTrait, source_id: i64, limit: u64) -> Result<Vec<Tie>, StoreError> {
    let sql = "WITH tie AS (
             SELECT COALESCE(u.person_id, u.id) AS person_id, m.account_id, min(m.since) AS since,
                    max(CASE WHEN m.chosen THEN 1 ELSE 0 END) AS chosen
             FROM end_user u JOIN membership m ON m.end_user_id = u.id
             WHERE u.source_id = $1 GROUP BY COALESCE(u.person_id, u.id), m.account_id),
         torn AS (
             SELECT u.id, u.external_id, u.account_id FROM end_user u JOIN tie t ON t.person_id = u.id
             GROUP BY u.id, u.external_id, u.account_id HAVING count(*) > 1
             ORDER BY CASE WHEN u.account_id IS NULL THEN 0 ELSE 1 END, u.id LIMIT $2)
         SELECT t.id AS user_id, t.external_id, m.account_id, a.name AS account_name, m.since, m.chosen = 1 AS chosen,
                COALESCE(t.account_id = m.account_id, FALSE) AS belongs
         FROM torn t JOIN tie m ON m.person_id = t.id JOIN account a ON a.id = m.account_id
         ORDER BY CASE WHEN t.account_id IS NULL THEN 0 ELSE 1 END, t.id, m.since, m.account_id";
    Ok(Tie::find_by_statement(statement(db, sql, [source_id.into(), (limit as i64).into()])).all(db).await?)
}
