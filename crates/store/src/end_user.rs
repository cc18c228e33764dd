//! An end user is the pseudonym of a person in events: the lake stores only `id`. Erasing a person deletes this
//! row, after which their events say nothing about anybody.

use domain::Instant;
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::declare::no_relations;

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
    /// The account they were last grouped with.
    pub account_id: Option<i64>,
    /// The contact they are, if known.
    pub contact_id: Option<i64>,
    /// When they first appeared.
    pub first_seen_at: Instant,
    /// When they last appeared.
    pub last_seen_at: Instant,
}

no_relations!();
