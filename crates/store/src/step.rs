//! A step is one action of a run at its position. It is marked done in the transaction of its own effect, so an
//! internal effect happens exactly once.

use domain::Instant;
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::declare::{no_relations, text_enum};

text_enum! {
    /// Where a step stands.
    pub enum Status {
        /// Not done yet.
        Planned = "planned",
        /// Done.
        Done = "done",
        /// Failed for good.
        Failed = "failed",
    }
}

/// One action of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, DeriveEntityModel)]
#[sea_orm(table_name = "step")]
pub struct Model {
    /// Identity; 0 before the first insert.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The run.
    pub run_id: i64,
    /// Order within the run, from 1.
    pub position: i32,
    /// What to do, as planned.
    pub action: Json,
    /// Unique: handed to the channel so that a repeat is recognised.
    #[sea_orm(unique)]
    pub idempotency_key: String,
    /// Where it stands.
    pub status: Status,
    /// What came of it.
    pub result: Option<Json>,
    /// When it ended.
    pub finished_at: Option<Instant>,
}

no_relations!();
