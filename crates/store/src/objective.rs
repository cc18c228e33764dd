//! An objective is a result agreed with an account, with baseline, target and actual where it can be measured.
//! Progress is computed, not stored.

use domain::{Day, Instant};
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    declare::{no_relations, text_enum},
    record::fact,
};

text_enum! {
    /// What kind of value an objective is about.
    pub enum Kind {
        /// Doing more or better.
        Performance = "performance",
        /// Spending less.
        Cost = "cost",
        /// Avoiding harm.
        Risk = "risk",
        /// Earning more.
        Revenue = "revenue",
    }
}

/// A result agreed with an account.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, DeriveEntityModel)]
#[sea_orm(table_name = "objective")]
pub struct Model {
    /// Identity; 0 before the first insert.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The account it belongs to.
    pub account_id: i64,
    /// What is to be reached.
    pub title: String,
    /// What kind of value it is.
    pub kind: Kind,
    /// What the numbers count.
    pub unit: Option<String>,
    /// Where it started.
    pub baseline: Option<f64>,
    /// Where it should get.
    pub target: Option<f64>,
    /// Where it is.
    pub actual: Option<f64>,
    /// The day it was agreed.
    pub effective_from: Day,
    /// The day it should be reached.
    pub due_on: Day,
    /// The day it was reached.
    pub achieved_on: Option<Day>,
    /// When this version became known.
    pub recorded_at: Instant,
}

no_relations!();
fact!("objective");
