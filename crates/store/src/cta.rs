//! A CTA is a thing for a person to act on, with an owner, a due day and an outcome. Its `dedupe_key` makes opening
//! it twice impossible; its steps are `task` rows.

use domain::{Day, Instant};
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::declare::{no_relations, text_enum};

text_enum! {
    /// What a CTA is about.
    pub enum Kind {
        /// Something may be lost.
        Risk = "risk",
        /// Something may be won.
        Opportunity = "opportunity",
        /// A stage of the journey.
        Lifecycle = "lifecycle",
        /// An agreed result.
        Objective = "objective",
        /// A thing to do.
        Activity = "activity",
    }
}

text_enum! {
    /// How urgent a CTA is.
    pub enum Priority {
        /// Can wait.
        Low = "low",
        /// The usual.
        Medium = "medium",
        /// First.
        High = "high",
    }
}

text_enum! {
    /// Where a CTA stands.
    pub enum Status {
        /// Nobody has started.
        Open = "open",
        /// Somebody is on it.
        InProgress = "in_progress",
        /// Ended; see the outcome.
        Closed = "closed",
    }
}

text_enum! {
    /// How a CTA ended.
    pub enum Outcome {
        /// The risk went away.
        Recovered = "recovered",
        /// It was lost.
        Lost = "lost",
        /// It was done.
        Done = "done",
        /// It was not worth doing.
        Dismissed = "dismissed",
    }
}

/// A thing to act on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, DeriveEntityModel)]
#[sea_orm(table_name = "cta")]
pub struct Model {
    /// Identity; 0 before the first insert.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The account it belongs to.
    pub account_id: i64,
    /// What it is about.
    pub kind: Kind,
    /// Why it was opened, as a short key.
    pub reason: String,
    /// One line.
    pub title: String,
    /// The rest.
    pub detail: Option<String>,
    /// How urgent.
    pub priority: Priority,
    /// Where it stands.
    pub status: Status,
    /// How it ended; `None` until closed.
    pub outcome: Option<Outcome>,
    /// The member who acts.
    pub owner_id: Option<i64>,
    /// The day it should be done.
    pub due_on: Day,
    /// Hidden until this day.
    pub snoozed_until: Option<Day>,
    /// The signal it answers.
    pub signal_id: Option<i64>,
    /// The playbook run that opened it.
    pub run_id: Option<i64>,
    /// Unique: the same cause opens one CTA.
    #[sea_orm(unique)]
    pub dedupe_key: String,
    /// When it was opened.
    pub created_at: Instant,
    /// When it was closed.
    pub closed_at: Option<Instant>,
}

no_relations!();
