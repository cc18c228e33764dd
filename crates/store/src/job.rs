//! A job is work to be done later, by whichever process leases it. A lease has a fencing number, so that a worker
//! that was thought dead cannot finish what another has taken over.

use domain::Instant;
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::declare::no_relations;

/// Work to be done later.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, DeriveEntityModel)]
#[sea_orm(table_name = "job")]
pub struct Model {
    /// Identity; 0 before the first insert.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Which work.
    pub kind: String,
    /// Unique while set: the same work is queued once.
    #[sea_orm(unique)]
    pub key: Option<String>,
    /// Its arguments.
    pub payload: Json,
    /// Not before.
    pub run_at: Instant,
    /// How often it was tried.
    pub attempts: i32,
    /// Taken until then.
    pub lease_until: Option<Instant>,
    /// Counts the leases; finishing needs the current number.
    pub fence: i64,
    /// What went wrong last.
    pub last_error: Option<String>,
    /// When it was done.
    pub done_at: Option<Instant>,
}

no_relations!();
