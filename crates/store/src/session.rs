//! A session is a browser that is logged in. Only a hash of its cookie is kept.

use domain::Instant;
use sea_orm::{ConnectionTrait, QueryOrder, entity::prelude::*};
use serde::{Deserialize, Serialize};

use crate::{StoreError, Tx, declare::no_relations, row};

/// A browser that is logged in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, DeriveEntityModel)]
#[sea_orm(table_name = "session")]
pub struct Model {
    /// Hex SHA-256 of the cookie.
    #[sea_orm(primary_key, auto_increment = false)]
    pub token_hash: String,
    /// Who.
    pub member_id: i64,
    /// When it began.
    pub created_at: Instant,
    /// When it was last used.
    pub last_seen_at: Instant,
    /// When it ends by itself.
    pub expires_at: Instant,
    /// What the browser called itself.
    pub user_agent: Option<String>,
}

no_relations!();

/// Begins a session.
pub async fn insert(tx: &Tx, session: Model) -> Result<Model, StoreError> {
    row::insert(tx, session).await
}

/// The session whose cookie has this hash, ended or not.
pub async fn find(db: &impl ConnectionTrait, token_hash: &str) -> Result<Option<Model>, StoreError> {
    Ok(Entity::find_by_id(token_hash).one(db).await?)
}

/// Notes that a session was used.
pub async fn seen(tx: &Tx, token_hash: &str, at: Instant) -> Result<(), StoreError> {
    let update = Entity::update_many().filter(Column::TokenHash.eq(token_hash));
    update.col_expr(Column::LastSeenAt, Expr::value(at)).exec(tx).await?;
    Ok(())
}

/// Ends a session; one that is gone stays gone.
pub async fn delete(tx: &Tx, token_hash: &str) -> Result<(), StoreError> {
    Entity::delete_by_id(token_hash).exec(tx).await?;
    Ok(())
}

/// Ends every session of a member.
pub async fn delete_of_member(tx: &Tx, member_id: i64) -> Result<(), StoreError> {
    Entity::delete_many().filter(Column::MemberId.eq(member_id)).exec(tx).await?;
    Ok(())
}

/// The sessions of a member, latest used first.
pub async fn of_member(db: &impl ConnectionTrait, member_id: i64) -> Result<Vec<Model>, StoreError> {
    Ok(Entity::find().filter(Column::MemberId.eq(member_id)).order_by_desc(Column::LastSeenAt).all(db).await?)
}

/// Forgets sessions that ended by themselves. Returns how many.
pub async fn prune(tx: &Tx, now: Instant) -> Result<u64, StoreError> {
    Ok(Entity::delete_many().filter(Column::ExpiresAt.lte(now)).exec(tx).await?.rows_affected)
}
