//! A CSM sentiment is a member's own judgement of an account, set by hand. It stands beside the health score and by
//! default is no part of it.

use domain::Instant;
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{declare::no_relations, record::fact};

/// A member's judgement of an account on a day.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, DeriveEntityModel)]
#[sea_orm(table_name = "csm_sentiment")]
pub struct Model {
    /// Identity; 0 before the first insert.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The account it belongs to.
    pub account_id: i64,
    /// Who judged.
    pub member_id: i64,
    /// 1 (lost) to 5 (delighted).
    pub score: i16,
    /// Why.
    pub note: Option<String>,
    /// When it was set.
    pub occurred_at: Instant,
    /// When this version became known.
    pub recorded_at: Instant,
}

no_relations!();
fact!("csm_sentiment");
