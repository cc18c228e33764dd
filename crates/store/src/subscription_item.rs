//! A subscription item is one line of a contract with its monthly recurring revenue. A changed amount is a new
//! item, so the MRR of a day is the sum of the items effective on it, and ARR is twelve times that.

use std::collections::HashMap;

use domain::{Day, Instant};
use sea_orm::{ConnectionTrait, QueryOrder, entity::prelude::*};
use serde::{Deserialize, Serialize};

use crate::{
    StoreError,
    declare::{no_relations, text_enum},
    identity,
    record::fact,
    statement::MAX_VALUES,
};

text_enum! {
    /// What the quantity of an item counts.
    pub enum Unit {
        /// Named or concurrent users.
        Seat = "seat",
        /// Nothing: a fixed price.
        Flat = "flat",
    }
}

/// One line of a subscription.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, DeriveEntityModel)]
#[sea_orm(table_name = "subscription_item")]
pub struct Model {
    /// Identity; 0 before the first insert.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The contract.
    pub subscription_id: i64,
    /// The account it belongs to.
    pub account_id: i64,
    /// What is sold.
    pub product: String,
    /// In which edition.
    pub plan: String,
    /// What the quantity counts.
    pub unit: Unit,
    /// How many units.
    pub quantity: i64,
    /// Monthly recurring revenue of the whole line, in minor units.
    pub mrr_cents: i64,
    /// ISO 4217 code.
    pub currency: String,
    /// First day it holds.
    pub effective_from: Day,
    /// First day it no longer holds; `None` while it does.
    pub effective_to: Option<Day>,
    /// When this version became known.
    pub recorded_at: Instant,
}

no_relations!();
fact!("subscription_item");

/// The line of each contract that runs: the newest without an end, else the one that began last. Lines that a source
/// has named are told apart by their names, and are not meant here.
pub async fn all_running(db: &impl ConnectionTrait, subscriptions: &[i64]) -> Result<HashMap<i64, Model>, StoreError> {
    let mut running = HashMap::with_capacity(subscriptions.len());
    for subscriptions in subscriptions.chunks(MAX_VALUES) {
        let query = Entity::find()
            .filter(Column::SubscriptionId.is_in(subscriptions.iter().copied()))
            .filter(Column::Id.not_in_subquery(identity::records_named("subscription_item")))
            .order_by_desc(Column::EffectiveTo.is_null())
            .order_by_desc(Column::EffectiveFrom)
            .order_by_desc(Column::Id);
        for item in query.all(db).await? {
            running.entry(item.subscription_id).or_insert(item);
        }
    }
    Ok(running)
}
