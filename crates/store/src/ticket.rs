//! A ticket is a support case with the instants its service levels are measured from. The conversation itself stays
//! in the help desk.

use domain::Instant;
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    declare::{no_relations, text_enum},
    record::fact,
    row::until,
};

text_enum! {
    /// How urgent a ticket is.
    pub enum Priority {
        /// Can wait.
        Low = "low",
        /// The usual.
        Normal = "normal",
        /// Soon.
        High = "high",
        /// Now.
        Urgent = "urgent",
    }
}

/// A support case.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, DeriveEntityModel)]
#[sea_orm(table_name = "ticket")]
pub struct Model {
    /// Identity; 0 before the first insert.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The account it belongs to.
    pub account_id: i64,
    /// Who asked.
    pub contact_id: Option<i64>,
    /// The identity in the source system, for imports.
    pub external_id: Option<String>,
    /// One line.
    pub subject: String,
    /// How urgent.
    pub priority: Priority,
    /// When it was opened.
    pub opened_at: Instant,
    /// When a person first answered.
    pub first_response_at: Option<Instant>,
    /// When it was resolved.
    pub resolved_at: Option<Instant>,
    /// When it was escalated.
    pub escalated_at: Option<Instant>,
    /// Satisfaction with the answer, 1 to 5.
    pub csat: Option<i16>,
    /// The source that brought it; `None` when a person typed it.
    pub source_id: Option<i64>,
    /// When this version became known.
    pub recorded_at: Instant,
}

no_relations!();
fact!("ticket", imported);
until!(OpenedAt);
