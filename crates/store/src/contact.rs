//! A contact is a person at an account. What they do there is `contact_role`, whom they sway is `stakeholder_edge`;
//! the pseudonymous usage of end users is `end_user` and is not joined to a name unless somebody says so.

use domain::{Day, Instant};
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{declare::no_relations, record::fact};

/// A person at an account.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, DeriveEntityModel)]
#[sea_orm(table_name = "contact")]
pub struct Model {
    /// Identity; 0 before the first insert.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The account it belongs to.
    pub account_id: i64,
    /// The identity in the source system, for imports.
    pub external_id: Option<String>,
    /// Full name.
    pub name: String,
    /// Mail address, lower case.
    pub email: Option<String>,
    /// Job title.
    pub title: Option<String>,
    /// First day it holds.
    pub effective_from: Day,
    /// First day it no longer holds; `None` while it does.
    pub effective_to: Option<Day>,
    /// The source that brought it; `None` when a person typed it.
    pub source_id: Option<i64>,
    /// When this version became known.
    pub recorded_at: Instant,
}

no_relations!();
fact!("contact", imported);
