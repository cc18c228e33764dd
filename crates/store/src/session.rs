//! A session is a browser that is logged in. Only a hash of its cookie is kept.

use domain::Instant;
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::declare::no_relations;

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
