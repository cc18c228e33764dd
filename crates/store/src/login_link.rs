//! A login link lets somebody in once, or creates the first admin. Only a hash of the link is kept.

use domain::Instant;
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::declare::{no_relations, text_enum};

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
