//! A run is one execution of a playbook for one account. Its plan is written once and never changed; its
//! `idempotency_key` makes starting it twice impossible.

use domain::Instant;
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::declare::{no_relations, text_enum};

text_enum! {
    /// The arm of the experiment a run is in.
    pub enum Arm {
        /// The steps are carried out.
        Treatment = "treatment",
        /// The steps are withheld to compare.
        Control = "control",
    }
}

text_enum! {
    /// Where a run stands.
    pub enum Status {
        /// Nothing done yet.
        Planned = "planned",
        /// Some steps done.
        Running = "running",
        /// All steps done.
        Done = "done",
        /// A step failed for good.
        Failed = "failed",
    }
}

/// One execution of a playbook.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, DeriveEntityModel)]
#[sea_orm(table_name = "run")]
pub struct Model {
    /// Identity; 0 before the first insert.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The playbook's key.
    pub playbook: String,
    /// The account it belongs to.
    pub account_id: i64,
    /// The signal that started it.
    pub signal_id: Option<i64>,
    /// Treatment or control.
    pub arm: Arm,
    /// Unique: the same cause starts one run.
    #[sea_orm(unique)]
    pub idempotency_key: String,
    /// The immutable list of actions.
    pub plan: Json,
    /// Where it stands.
    pub status: Status,
    /// When it was planned.
    pub created_at: Instant,
    /// When its last step ended.
    pub finished_at: Option<Instant>,
}

no_relations!();
