//! A task is one step of a CTA, done or not. It has no owner or date of its own; those are the CTA's.

use domain::Instant;
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::declare::no_relations;

/// One step of a CTA.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, DeriveEntityModel)]
#[sea_orm(table_name = "task")]
pub struct Model {
    /// Identity; 0 before the first insert.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The CTA.
    pub cta_id: i64,
    /// The account it belongs to.
    pub account_id: i64,
    /// What to do.
    pub title: String,
    /// Order within the CTA, from 1.
    pub position: i32,
    /// When it was done.
    pub done_at: Option<Instant>,
    /// The member who did it.
    pub done_by: Option<i64>,
}

no_relations!();
