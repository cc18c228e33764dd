//! A signal is a risk or an opportunity that a rule opened and that closes by itself. At most one per account and
//! rule is open; each opening has the next firing number.

use domain::{Day, Instant};
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::declare::{no_relations, text_enum};

text_enum! {
    /// Whether a signal warns or invites.
    pub enum Kind {
        /// Something may be lost.
        Risk = "risk",
        /// Something may be won.
        Opportunity = "opportunity",
    }
}

text_enum! {
    /// How much a signal matters.
    pub enum Severity {
        /// Worth knowing.
        Low = "low",
        /// Worth acting on.
        Medium = "medium",
        /// Act first.
        High = "high",
    }
}

/// A risk or opportunity that opens and closes by itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, DeriveEntityModel)]
#[sea_orm(table_name = "signal")]
pub struct Model {
    /// Identity; 0 before the first insert.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The account it belongs to.
    pub account_id: i64,
    /// The rule that fired.
    pub rule: String,
    /// Risk or opportunity.
    pub kind: Kind,
    /// How much it matters.
    pub severity: Severity,
    /// The how-manieth opening of this rule for this account, from 1.
    pub firing: i32,
    /// When it opened.
    pub opened_at: Instant,
    /// When it closed.
    pub closed_at: Option<Instant>,
    /// The day of the snapshot that opened it.
    pub as_of: Day,
    /// The numbers it rests on.
    pub evidence: Json,
}

no_relations!();
