//! A subscription item is one line of a contract: an amount for a period. A changed amount or quantity is a new item
//! that begins on the day the first ends. What items come to in recurring revenue is `domain::revenue`'s to say; the
//! amount is kept as it was agreed, since the twelfth of a year's price is no whole number of cents.

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
        /// Applications of the product to another problem.
        UseCase = "use_case",
        /// Further organisations, sites or teams.
        Organisation = "organisation",
    }
}

text_enum! {
    /// How an item is charged.
    pub enum Charge {
        /// The amount recurs every period.
        Recurring = "recurring",
        /// Usage with a minimum that is owed in any case: the minimum recurs.
        CommittedUsage = "committed_usage",
        /// Usage as it comes; no recurring revenue.
        Usage = "usage",
        /// Sold once.
        OneOff = "one_off",
        /// Paid back once.
        Refund = "refund",
        /// Free to try.
        Trial = "trial",
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
    /// List price of the whole line each period, in minor units.
    #[serde(alias = "mrr_cents")]
    pub amount_cents: i64,
    /// Months of a period.
    #[serde(default = "one")]
    pub period_months: i32,
    /// How it is charged.
    #[serde(default)]
    pub charge: Charge,
    /// What is taken off the list price, in basis points: 1,500 is 15 %.
    #[serde(default)]
    pub discount_bp: i32,
    /// What is taken off each period besides, in minor units.
    #[serde(default)]
    pub discount_cents: i64,
    /// First day without the discount; `None` while it holds.
    #[serde(default)]
    pub discount_until: Option<Day>,
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

/// Versions from before amounts had a period were months.
fn one() -> i32 {
    1
}

impl Default for Charge {
    /// Versions from before charges were told apart recur.
    fn default() -> Self {
        Self::Recurring
    }
}

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

/// The lines of contracts that run without an end and that a source has named, with their names.
pub async fn named_running(
    db: &impl ConnectionTrait,
    subscriptions: &[i64],
    source_id: Option<i64>,
) -> Result<Vec<(String, Model)>, StoreError> {
    let mut found = Vec::new();
    for subscriptions in subscriptions.chunks(MAX_VALUES) {
        let query = Entity::find().filter(Column::SubscriptionId.is_in(subscriptions.iter().copied()));
        let running: HashMap<i64, Model> = query
            .filter(Column::EffectiveTo.is_null())
            .all(db)
            .await?
            .into_iter()
            .map(|item| (item.id, item))
            .collect();
        let ids: Vec<i64> = running.keys().copied().collect();
        for name in identity::of_records(db, "subscription_item", source_id, &ids).await? {
            if let Some(item) = running.get(&name.record_id) {
                found.push((name.external_id, item.clone()));
            }
        }
    }
    Ok(found)
}
