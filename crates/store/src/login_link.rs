//! A login link lets somebody in once, or creates the first admin. Only a hash of the link is kept.

use domain::Instant;
use sea_orm::{Condition, ConnectionTrait, entity::prelude::*};
use serde::{Deserialize, Serialize};

use crate::{
    StoreError, Tx,
    declare::{no_relations, text_enum},
    row,
};

text_enum! {
    /// What a login link is for.
    pub enum Purpose {
        /// Create the first admin.
        Setup = "setup",
        /// Log a member in.
        Login = "login",
    }
}

/// A link that logs somebody in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, DeriveEntityModel)]
#[sea_orm(table_name = "login_link")]
pub struct Model {
    /// Hex SHA-256 of the link's secret.
    #[sea_orm(primary_key, auto_increment = false)]
    pub token_hash: String,
    /// Who; `None` means it creates the first admin.
    pub member_id: Option<i64>,
    /// What it is for.
    pub purpose: Purpose,
    /// When it stops working.
    pub expires_at: Instant,
    /// When it was last used.
    pub used_at: Option<Instant>,
    /// Whether it works more than once (the demo).
    pub reusable: bool,
}

no_relations!();

/// Keeps a new link.
pub async fn insert(tx: &Tx, link: Model) -> Result<Model, StoreError> {
    row::insert(tx, link).await
}

/// The link whose secret has this hash, usable or not.
pub async fn find(db: &impl ConnectionTrait, token_hash: &str) -> Result<Option<Model>, StoreError> {
    Ok(Entity::find_by_id(token_hash).one(db).await?)
}

/// Uses a link: `None` if there is none, it has expired, or somebody used it before and it works only once.
pub async fn take(tx: &Tx, token_hash: &str, now: Instant) -> Result<Option<Model>, StoreError> {
    let taken = Entity::update_many()
        .filter(Column::TokenHash.eq(token_hash))
        .filter(Column::ExpiresAt.gt(now))
        .filter(Condition::any().add(Column::Reusable.eq(true)).add(Column::UsedAt.is_null()))
        .col_expr(Column::UsedAt, Expr::value(now))
        .exec_with_returning(tx)
        .await?;
    Ok(taken.into_iter().next())
}
