//! A record version is an earlier state of a fact, kept when it is changed or deleted. "Known on K" is the current
//! rows recorded by K plus the versions recorded by K and superseded after it.

use domain::Instant;
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::declare::no_relations;

/// An earlier state of a fact.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, DeriveEntityModel)]
#[sea_orm(table_name = "record_version")]
pub struct Model {
    /// Identity.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Which table.
    pub record_kind: String,
    /// Which row.
    pub record_id: i64,
    /// Whose it was.
    pub account_id: Option<i64>,
    /// When this version became known.
    pub recorded_at: Instant,
    /// When it stopped being the current one.
    pub superseded_at: Instant,
    /// The whole row.
    pub body: Json,
}

no_relations!();
