//! An end user is the pseudonym of a person in events: the lake stores only `id`. Erasing a person deletes this
//! row, after which their events say nothing about anybody.

use domain::Instant;
use sea_orm::{ConnectionTrait, PaginatorTrait, QuerySelect, entity::prelude::*};
use serde::{Deserialize, Serialize};

use crate::{
    StoreError, Tx,
    declare::no_relations,
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
