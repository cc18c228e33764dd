//! A payment attempt is one try to collect an invoice. Failed ones are an early sign of involuntary churn.

use domain::Instant;
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{declare::no_relations, record::fact};

/// One try to collect an invoice.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, DeriveEntityModel)]
#[sea_orm(table_name = "payment_attempt")]
pub struct Model {
    /// Identity; 0 before the first insert.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The bill.
    pub invoice_id: i64,
    /// The account it belongs to.
    pub account_id: i64,
    /// When it was tried.
    pub occurred_at: Instant,
    /// Whether it failed.
    pub failed: bool,
    /// What the payment provider said.
    pub reason: Option<String>,
    /// When this version became known.
    pub recorded_at: Instant,
}

no_relations!();
fact!("payment_attempt");
