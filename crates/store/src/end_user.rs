//! An end user is the pseudonym of a person in events: the lake stores only `id`. Erasing a person deletes this
//! row, after which their events say nothing about anybody.
//!
//! Whoever was grouped with one account belongs to it; two that were merged are one. Whoever was grouped with several
//! belongs to the one a person has chosen, else to that of the contact they are, and to none while that is not known:
//! an account is never guessed (T9).

use std::collections::HashMap;

use domain::Instant;
use sea_orm::{ConnectionTrait, FromQueryResult, PaginatorTrait, QuerySelect, entity::prelude::*};
use serde::{Deserialize, Serialize};

use crate::{
    StoreError, Tx,
    declare::no_relations,
    row,
    statement::{MAX_VALUES, placeholders, statement},
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

/// Everybody who belongs to an account: their number and the account.
pub async fn attributed(db: &impl ConnectionTrait) -> Result<Vec<(i64, i64)>, StoreError> {
    let query = Entity::find()
        .select_only()
        .column(Column::Id)
        .column(Column::AccountId)
        .filter(Column::AccountId.is_not_null());
    Ok(query.into_tuple().all(db).await?)
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

/// How many users belong to an account, to notice when more do.
pub async fn count_attributed(db: &impl ConnectionTrait) -> Result<u64, StoreError> {
    Ok(Entity::find().filter(Column::AccountId.is_not_null()).count(db).await?)
}

/// Erases a person: what remains in events is a number that means nobody. False if they were not known.
pub async fn erase(tx: &Tx, source_id: i64, external_id: &str) -> Result<bool, StoreError> {
    let person =
        Entity::delete_many().filter(Column::SourceId.eq(source_id)).filter(Column::ExternalId.eq(external_id));
    Ok(person.exec(tx).await?.rows_affected > 0)
}

/// Where users belong who were grouped with something.
const SETTLE: &str = "UPDATE end_user SET account_id = COALESCE(
     (SELECT min(m.account_id) FROM membership m WHERE m.end_user_id = end_user.id AND m.chosen),
     (SELECT CASE WHEN count(*) = 1 THEN min(m.account_id)
                  WHEN count(DISTINCT COALESCE(g.final_id, m.account_id)) = 1
                      THEN min(COALESCE(g.final_id, m.account_id)) END
      FROM membership m LEFT JOIN account_merge g ON g.account_id = m.account_id AND g.undone_at IS NULL
      WHERE m.end_user_id = end_user.id),
     (SELECT c.account_id FROM contact c WHERE c.id = end_user.contact_id))
 WHERE EXISTS (SELECT 1 FROM membership m WHERE m.end_user_id = end_user.id)";

/// Decides anew where these users belong. Answers with those who were grouped with anything.
pub(crate) async fn settle(tx: &Tx, users: &[i64]) -> Result<HashMap<i64, Option<i64>>, StoreError> {
    let mut belongs = HashMap::new();
    for users in users.chunks(MAX_VALUES) {
        let sql = format!("{SETTLE} AND id IN {} RETURNING id, account_id", placeholders(tx, 0, 1, users.len()));
        for row in tx.query_all_raw(statement(tx, sql, users.iter().map(|user| (*user).into()))).await? {
            belongs.insert(row.try_get_by_index(0)?, row.try_get_by_index(1)?);
        }
    }
    Ok(belongs)
}

/// Decides anew where the users of these accounts belong.
pub(crate) async fn settle_members(tx: &Tx, accounts: &[i64]) -> Result<(), StoreError> {
    let sql = format!(
        "{SETTLE} AND id IN (SELECT end_user_id FROM membership WHERE account_id IN {})",
        placeholders(tx, 0, 1, accounts.len())
    );
    tx.execute_raw(statement(tx, sql, accounts.iter().map(|account| (*account).into()))).await?;
    Ok(())
}

/// The user with this id.
pub async fn find(db: &impl ConnectionTrait, id: i64) -> Result<Model, StoreError> {
    row::find::<Entity>(db, "user", id).await
}

/// Chooses which of their accounts a user belongs to, or takes the choice back. False if they were never grouped with
/// that account.
pub async fn choose(tx: &Tx, user_id: i64, account_id: Option<i64>) -> Result<bool, StoreError> {
    let sql = "UPDATE membership SET chosen = (account_id = $2) WHERE end_user_id = $1 RETURNING chosen";
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

/// The ties of users of a source who were grouped with several accounts: of at most `limit` users, those without an
/// account first.
pub async fn torn(db: &impl ConnectionTrait, source_id: i64, limit: u64) -> Result<Vec<Tie>, StoreError> {
    let sql = "WITH torn AS (
             SELECT u.id, u.external_id, u.account_id FROM end_user u JOIN membership m ON m.end_user_id = u.id
             WHERE u.source_id = $1 GROUP BY u.id, u.external_id, u.account_id HAVING count(*) > 1
             ORDER BY CASE WHEN u.account_id IS NULL THEN 0 ELSE 1 END, u.id LIMIT $2)
         SELECT t.id AS user_id, t.external_id, m.account_id, a.name AS account_name, m.since, m.chosen,
                COALESCE(t.account_id = m.account_id, FALSE) AS belongs
         FROM torn t JOIN membership m ON m.end_user_id = t.id JOIN account a ON a.id = m.account_id
         ORDER BY CASE WHEN t.account_id IS NULL THEN 0 ELSE 1 END, t.id, m.since, m.account_id";
    Ok(Tie::find_by_statement(statement(db, sql, [source_id.into(), (limit as i64).into()])).all(db).await?)
}
