//! A health day is the score of an account on a day with its range and band. Why it is so is recomputed from the
//! snapshot, not stored.

use domain::{Day, Instant};
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::declare::{no_relations, text_enum};

text_enum! {
    /// The colour of a health score.
    pub enum Band {
        /// Well.
        Green = "green",
        /// To watch.
        Yellow = "yellow",
        /// In danger.
        Red = "red",
        /// Too little is known to say.
        Unknown = "unknown",
    }
}

/// The health of an account on a day.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, DeriveEntityModel)]
#[sea_orm(table_name = "health_day")]
pub struct Model {
    /// The account.
    #[sea_orm(primary_key, auto_increment = false)]
    pub account_id: i64,
    /// The day.
    #[sea_orm(primary_key, auto_increment = false)]
    pub day: Day,
    /// 0 to 100; `None` when too little is known.
    pub score: Option<f64>,
    /// Lower end of the range that missing data leaves.
    pub low: Option<f64>,
    /// Upper end of that range.
    pub high: Option<f64>,
    /// Share of the scorecard's weight that is known, 0 to 1.
    pub coverage: f64,
    /// Colour.
    pub band: Band,
    /// Annual recurring revenue that day, in minor units.
    pub arr_cents: i64,
    /// When it was computed.
    pub computed_at: Instant,
}

no_relations!();
