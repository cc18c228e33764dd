//! An entitlement says that an account has paid for a feature during a period. Whether it uses the feature is a
//! question to the events.

use domain::{Day, Instant};
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{declare::no_relations, record::fact};

/// A feature an account may use, from a day to a day.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, DeriveEntityModel)]
#[sea_orm(table_name = "entitlement")]
pub struct Model {
    /// Identity; 0 before the first insert.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The account it belongs to.
    pub account_id: i64,
    /// The feature, as its events name it.
    pub feature: String,
    /// First day it holds.
    pub effective_from: Day,
    /// First day it no longer holds; `None` while it does.
    pub effective_to: Option<Day>,
    /// When this version became known.
    pub recorded_at: Instant,
}

no_relations!();
fact!("entitlement");
