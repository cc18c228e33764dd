//! A refusal is a message we could not take, kept with the reason so that somebody can repair and resend it. Bodies
//! are cut at 8 KiB.

use domain::Instant;
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::declare::no_relations;

/// A message that was refused.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, DeriveEntityModel)]
#[sea_orm(table_name = "refusal")]
pub struct Model {
    /// Identity; 0 before the first insert.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Who sent it.
    pub source_id: i64,
    /// When.
    pub at: Instant,
    /// Why, as a stable word.
    pub code: String,
    /// Why, in a sentence.
    pub message: String,
    /// What was sent, at most 8 KiB.
    pub body: String,
}

no_relations!();
