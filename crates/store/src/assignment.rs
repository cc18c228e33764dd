//! An assignment says which member looks after which account, as what, and for which period. Row filters of
//! `domain::access` are answered from the assignments that hold today.

use domain::{Day, Instant};
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    declare::{no_relations, text_enum},
    record::fact,
};

text_enum! {
    /// As what a member is assigned.
    pub enum Role {
        /// Customer success manager.
        Csm = "csm",
        /// Account manager.
        Am = "am",
        /// Technical success engineer.
        Tse = "tse",
        /// Trainer.
        Trainer = "trainer",
        /// Customer operations.
        Ops = "ops",
    }
}

/// A member on an account, from a day to a day.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, DeriveEntityModel)]
#[sea_orm(table_name = "assignment")]
pub struct Model {
    /// Identity; 0 before the first insert.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The account it belongs to.
    pub account_id: i64,
    /// Who.
    pub member_id: i64,
    /// As what.
    pub role: Role,
    /// First day it holds.
    pub effective_from: Day,
    /// First day it no longer holds; `None` while it does.
    pub effective_to: Option<Day>,
    /// When this version became known.
    pub recorded_at: Instant,
}

no_relations!();
fact!("assignment");
