//! A token lets a program act as a member within scopes. Only a hash is kept; the prefix is shown so that people
//! can tell tokens apart.

use domain::Instant;
use sea_orm::{Condition, ConnectionTrait, QueryOrder, entity::prelude::*};
use serde::{Deserialize, Serialize};

use crate::{StoreError, Tx, declare::no_relations, row};

/// A key for programs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, DeriveEntityModel)]
#[sea_orm(table_name = "token")]
pub struct Model {
    /// Identity; 0 before the first insert.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// What people call it.
    pub name: String,
    /// Hex SHA-256; unique.
    #[sea_orm(unique)]
    pub token_hash: String,
    /// The first characters, shown in lists.
    pub prefix: String,
    /// Array of scope words.
    pub scopes: Json,
    /// As whom it acts.
    pub member_id: i64,
    /// When it was made.
    pub created_at: Instant,
    /// When it stops working.
    pub expires_at: Option<Instant>,
    /// When it was last used.
    pub last_used_at: Option<Instant>,
    /// When it was withdrawn.
    pub revoked_at: Option<Instant>,
}

no_relations!();

/// Keeps a new token.
pub async fn insert(tx: &Tx, token: Model) -> Result<Model, StoreError> {
    row::insert(tx, token).await
}

/// The token with this hash, usable or not.
pub async fn find_by_hash(db: &impl ConnectionTrait, token_hash: &str) -> Result<Option<Model>, StoreError> {
    Ok(Entity::find().filter(Column::TokenHash.eq(token_hash)).one(db).await?)
}

/// The tokens of a member, or all, newest first.
pub async fn list(db: &impl ConnectionTrait, member_id: Option<i64>) -> Result<Vec<Model>, StoreError> {
    let theirs = Condition::all().add_option(member_id.map(|id| Column::MemberId.eq(id)));
    Ok(Entity::find().filter(theirs).order_by_desc(Column::Id).all(db).await?)
}

/// Notes that a token was used.
pub async fn used(tx: &Tx, id: i64, at: Instant) -> Result<(), StoreError> {
    let update = Entity::update_many().filter(Column::Id.eq(id));
    update.col_expr(Column::LastUsedAt, Expr::value(at)).exec(tx).await?;
    Ok(())
}

/// Withdraws a token; false if it was withdrawn before or never was.
pub async fn revoke(tx: &Tx, id: i64, at: Instant) -> Result<bool, StoreError> {
    let update = Entity::update_many().filter(Column::Id.eq(id)).filter(Column::RevokedAt.is_null());
    Ok(update.col_expr(Column::RevokedAt, Expr::value(at)).exec(tx).await?.rows_affected > 0)
}
