//! A change is the fact that something happened here: a CTA opened, a band moved, a ticket was created. It is
//! written in the transaction of the change itself; timelines, "since yesterday" and live updates derive from it.

use domain::Instant;
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::declare::no_relations;

/// Something that happened, and who did it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, DeriveEntityModel)]
#[sea_orm(table_name = "change")]
pub struct Model {
    /// Identity; 0 before the first insert.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// When.
    pub at: Instant,
    /// Who: `member:3`, `source:1`, `rule:usage_decline`.
    pub actor: String,
    /// The account it concerns.
    pub account_id: Option<i64>,
    /// What, as noun and verb: `cta.opened`, `health.band`.
    pub kind: String,
    /// The record it concerns; its table follows from the kind.
    pub subject_id: Option<i64>,
    /// The rest, for the sentence on the timeline.
    pub detail: Json,
}

no_relations!();
