//! An idempotency row keeps the answer to a request that carried an `Idempotency-Key`, so that a repeat gets the
//! same answer and has no second effect. Old rows are pruned.

use domain::Instant;
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::declare::no_relations;

/// The kept answer to a request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, DeriveEntityModel)]
#[sea_orm(table_name = "idempotency")]
pub struct Model {
    /// Caller and `Idempotency-Key`.
    #[sea_orm(primary_key, auto_increment = false)]
    pub key: String,
    /// Hex SHA-256 of method, path and body.
    pub request_hash: String,
    /// HTTP status answered.
    pub status: i32,
    /// Body answered.
    pub body: String,
    /// When it was answered.
    pub created_at: Instant,
}

no_relations!();
