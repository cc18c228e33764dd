//! A token lets a program act as a member within scopes. Only a hash is kept; the prefix is shown so that people
//! can tell tokens apart.

use domain::Instant;
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::declare::no_relations;

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
