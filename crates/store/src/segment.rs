//! A segment is a saved expression over the snapshot. Who is in it is computed; membership is deliberately not
//! stored.

use domain::Instant;
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::declare::no_relations;

/// A saved expression over the snapshot.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, DeriveEntityModel)]
#[sea_orm(table_name = "segment")]
pub struct Model {
    /// Identity; 0 before the first insert.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Its name in URLs and files; unique.
    #[sea_orm(unique)]
    pub key: String,
    /// Its name for people.
    pub name: String,
    /// The SQL boolean expression.
    pub expression: String,
    /// The member who made it; `None` for those from files.
    pub owner_id: Option<i64>,
    /// When it was made.
    pub created_at: Instant,
}

no_relations!();
