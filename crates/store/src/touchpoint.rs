//! A touchpoint is something we did with an account: a call, a meeting, a mail, a note, a QBR. Usage is not a
//! touchpoint; it is an event in the lake.

use domain::Instant;
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    declare::{no_relations, text_enum},
    record::fact,
    row::until,
};

text_enum! {
    /// What a touchpoint was.
    pub enum Kind {
        /// A call.
        Call = "call",
        /// A meeting.
        Meeting = "meeting",
        /// A mail.
        Email = "email",
        /// A note to ourselves.
        Note = "note",
        /// A quarterly business review.
        Qbr = "qbr",
    }
}

text_enum! {
    /// Who began a touchpoint.
    pub enum Direction {
        /// The account.
        Inbound = "inbound",
        /// We.
        Outbound = "outbound",
        /// Nobody outside took part.
        Internal = "internal",
    }
}

/// Something we did with an account.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, DeriveEntityModel)]
#[sea_orm(table_name = "touchpoint")]
pub struct Model {
    /// Identity; 0 before the first insert.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The account it belongs to.
    pub account_id: i64,
    /// With whom.
    pub contact_id: Option<i64>,
    /// By whom.
    pub member_id: Option<i64>,
    /// What it was.
    pub kind: Kind,
    /// Who began.
    pub direction: Direction,
    /// One line.
    pub subject: String,
    /// Notes, plain text or Markdown.
    pub body: Option<String>,
    /// When it happened.
    pub occurred_at: Instant,
    /// When it was answered.
    pub replied_at: Option<Instant>,
    /// How long it took, in minutes.
    pub minutes: Option<i32>,
    /// When this version became known.
    pub recorded_at: Instant,
}

no_relations!();
fact!("touchpoint");
until!(OccurredAt);
