//! A stakeholder edge records that one contact influences another. It is an opinion of the CSM and carries no
//! period; changing it keeps the old version.

use domain::Instant;
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{declare::no_relations, record::fact};

/// The influence of one contact on another.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, DeriveEntityModel)]
#[sea_orm(table_name = "stakeholder_edge")]
pub struct Model {
    /// Identity; 0 before the first insert.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The account it belongs to.
    pub account_id: i64,
    /// Who influences.
    pub from_contact_id: i64,
    /// Who is influenced.
    pub to_contact_id: i64,
    /// How much, 0 to 100.
    pub influence: i16,
    /// When this version became known.
    pub recorded_at: Instant,
}

no_relations!();
fact!("stakeholder_edge");
