//! A milestone is a weighted step of a journey, most often of onboarding. The stage it belongs to is on the
//! account.

use domain::{Day, Instant};
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{declare::no_relations, record::fact};

/// A weighted step to reach.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, DeriveEntityModel)]
#[sea_orm(table_name = "milestone")]
pub struct Model {
    /// Identity; 0 before the first insert.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The account it belongs to.
    pub account_id: i64,
    /// What is to be reached.
    pub title: String,
    /// How much it counts against the others.
    pub weight: i32,
    /// The day it should be reached.
    pub due_on: Day,
    /// The day it was reached.
    pub reached_on: Option<Day>,
    /// When this version became known.
    pub recorded_at: Instant,
}

no_relations!();
fact!("milestone");
