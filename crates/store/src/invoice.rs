//! An invoice is what an account owes for a period. Whether it is overdue follows from its days and is not stored.

use domain::{Day, Instant};
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{declare::no_relations, record::fact};

/// A bill.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, DeriveEntityModel)]
#[sea_orm(table_name = "invoice")]
pub struct Model {
    /// Identity; 0 before the first insert.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The account it belongs to.
    pub account_id: i64,
    /// The contract it bills.
    pub subscription_id: Option<i64>,
    /// The identity in the source system, for imports.
    pub external_id: Option<String>,
    /// Gross amount in minor units.
    pub amount_cents: i64,
    /// ISO 4217 code.
    pub currency: String,
    /// The day it was sent.
    pub issued_on: Day,
    /// The last day to pay in time.
    pub due_on: Day,
    /// The day it was paid in full.
    pub paid_on: Option<Day>,
    /// The day it was taken back.
    pub voided_on: Option<Day>,
    /// The source that brought it; `None` when a person typed it.
    pub source_id: Option<i64>,
    /// When this version became known.
    pub recorded_at: Instant,
}

no_relations!();
fact!("invoice", imported);
