//! A renewal is what people say of the end of a contract's term: how far they are with it, what they forecast, why it was
//! lost. What is due, when, and what became of it is not kept here, since it follows from the contracts.

use domain::{Day, Instant};
use sea_orm::{ConnectionTrait, entity::prelude::*};
use serde::{Deserialize, Serialize};

use crate::{
    StoreError,
    declare::{no_relations, text_enum},
    packed,
    record::fact,
};

text_enum! {
    /// How far a renewal has been worked.
    pub enum Stage {
        /// Nobody has begun.
        Upcoming = "upcoming",
        /// Value, usage and people are being looked at.
        Preparing = "preparing",
        /// The customer is spoken to about it.
        InTalks = "in_talks",
        /// Terms have been offered.
        Proposed = "proposed",
        /// Agreed by word; the signature is missing.
        Agreed = "agreed",
    }
}

text_enum! {
    /// How sure somebody is.
    pub enum Category {
        /// It will renew: somebody stands for it.
        Commit = "commit",
        /// It will renew if nothing goes wrong.
        BestCase = "best_case",
        /// It may go either way.
        AtRisk = "at_risk",
        /// It will be lost.
        Lost = "lost",
    }
}

text_enum! {
    /// Why a renewal was lost.
    pub enum LossReason {
        /// It cost more than it was worth to them.
        Price = "price",
        /// They saw no result.
        NoValue = "no_value",
        /// Too few people used it.
        Adoption = "adoption",
        /// Something they need is missing.
        ProductGap = "product_gap",
        /// Another product replaced it.
        Competitor = "competitor",
        /// Their money ran short.
        Budget = "budget",
        /// Who wanted it has left.
        SponsorLeft = "sponsor_left",
        /// They were bought or merged.
        Acquired = "acquired",
        /// They closed down.
        Closed = "closed",
        /// Something else; the note says what.
        Other = "other",
    }
}

/// What is said of the end of one term.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, DeriveEntityModel)]
#[sea_orm(table_name = "renewal")]
pub struct Model {
    /// Identity; 0 before the first insert.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The account it belongs to.
    pub account_id: i64,
    /// The contract whose term ends.
    pub subscription_id: i64,
    /// First day after the term.
    pub due_on: Day,
    /// How far it has been worked.
    pub stage: Stage,
    /// How sure they are.
    pub category: Option<Category>,
    /// What they think will recur after it, minor units a year in the contract's currency.
    pub forecast_cents: Option<i64>,
    /// Why it was lost.
    pub loss_reason: Option<LossReason>,
    /// In words.
    pub note: Option<String>,
    /// Who said so last.
    pub member_id: Option<i64>,
    /// When this version became known.
    pub recorded_at: Instant,
}

no_relations!();
fact!("renewal");

/// What is said of one term, if anything.
pub async fn of_term(
    db: &impl ConnectionTrait,
    subscription_id: i64,
    due_on: Day,
) -> Result<Option<Model>, StoreError> {
    let query = Entity::find().filter(Column::SubscriptionId.eq(subscription_id)).filter(Column::DueOn.eq(due_on));
    Ok(query.one(db).await?)
}

/// What is said of every term that ends in a span of days, both included.
pub async fn due_between(db: &impl ConnectionTrait, from: Day, to: Day) -> Result<Vec<Model>, StoreError> {
    packed::all(db, Entity::find().filter(Column::DueOn.between(from, to))).await
}
