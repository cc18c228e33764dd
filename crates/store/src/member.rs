//! A member is a colleague who logs in. What a member may do is decided by `domain::access` from the role here;
//! which accounts are theirs is `assignment`.

use domain::Instant;
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::declare::{no_relations, text_enum};

text_enum! {
    /// What a member is here to do; the words of [`domain::access::Role`].
    pub enum Role {
        /// Runs the installation.
        Admin = "admin",
        /// Leads CSMs.
        Manager = "manager",
        /// Looks after accounts.
        Csm = "csm",
        /// Reads everything, changes nothing.
        Viewer = "viewer",
    }
}

/// A colleague who logs in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, DeriveEntityModel)]
#[sea_orm(table_name = "member")]
pub struct Model {
    /// Identity; 0 before the first insert.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Mail address, lower case; unique.
    #[sea_orm(unique)]
    pub email: String,
    /// Full name.
    pub name: String,
    /// What they are here to do.
    pub role: Role,
    /// Job title.
    pub title: Option<String>,
    /// The member they report to.
    pub manager_id: Option<i64>,
    /// Argon2 hash in PHC form; `None` until a password is set. Never serialized.
    #[serde(skip)]
    pub password_hash: Option<String>,
    /// Whether they may log in.
    pub active: bool,
    /// When they were added.
    pub created_at: Instant,
}

no_relations!();
