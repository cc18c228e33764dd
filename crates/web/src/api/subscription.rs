//! `/api/v1/accounts/{id}/subscriptions`: recurring contracts with their lines.
//!
//! A change of amount is a new line with its own days, so the lines are the history. Absent: changing contracts; they
//! arrive through sources and imports.

use std::collections::HashMap;

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::list::{List, Paging};
use super::visible;
use super::wire::{wire, words};
use crate::extract::{At, Params};
use crate::gate::Access;
use crate::problem::Answer;
use crate::state::AppState;

words! {
    unit: store::subscription_item::Unit,
    charge: store::subscription_item::Charge,
}

/// A recurring contract.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[schema(as = Subscription)]
pub struct SubscriptionView {
    /// Identity.
    pub id: i64,
    /// Whose it is.
    pub account_id: i64,
    /// The identity in the source.
    pub external_id: Option<String>,
    /// What it is called.
    pub name: String,
    /// The currency of its money.
    pub currency: String,
    /// Length of a term in months.
    pub period_months: i32,
    /// Days before the end by which notice must be given.
    pub notice_days: i32,
    /// Whether it goes on without a word.
    pub auto_renew: bool,
    /// First day.
    pub effective_from: NaiveDate,
    /// The day the term ends: the renewal.
    pub effective_to: Option<NaiveDate>,
    /// The day notice was given.
    pub cancelled_on: Option<NaiveDate>,
    /// The day it was signed, where known.
    pub signed_on: Option<NaiveDate>,
    /// The contract it took over.
    pub continues_id: Option<i64>,
    /// First day of a pause.
    pub paused_on: Option<NaiveDate>,
    /// First day after it.
    pub resumes_on: Option<NaiveDate>,
    /// What is taken off all of its lines together, now or at some time.
    pub discounts: Vec<DiscountView>,
    /// When this version became known.
    pub recorded_at: DateTime<Utc>,
    /// Its lines.
    pub items: Vec<ItemView>,
}

wire! {
    /// What is taken off the prices of a contract for a time: a share, or an amount each period.
    #[schema(as = SubscriptionDiscount)]
    pub struct DiscountView from store::subscription::Discount {
        /// What its source calls it.
        key: String,
        /// A share in basis points.
        basis_points: i32,
        /// An amount in minor units, of all lines together.
        cents: i64,
        /// Months of the period it is for; the contract's where there is none.
        period_months: Option<i32>,
        /// First day.
        from: Option<NaiveDate>,
        /// First day no longer.
        until: Option<NaiveDate>,
    }
}

wire! {
    /// A line of a contract, for a time.
    #[schema(as = SubscriptionItem)]
    pub struct ItemView from store::SubscriptionItem {
        /// Identity.
        id: i64,
        /// What is sold.
        product: String,
        /// In which plan.
        plan: String,
        /// What the quantity counts.
        #[schema(schema_with = unit)]
        unit: store::subscription_item::Unit,
        /// How many.
        quantity: i64,
        /// List price of the line each period, in minor units.
        amount_cents: i64,
        /// Months of a period.
        period_months: i32,
        /// How it is charged.
        #[schema(schema_with = charge)]
        charge: store::subscription_item::Charge,
        /// What is taken off the list price, in basis points.
        discount_bp: i32,
        /// What is taken off each period, in minor units.
        discount_cents: i64,
        /// First day without the discount.
        discount_until: Option<NaiveDate>,
        /// The currency.
        currency: String,
        /// First day.
        effective_from: NaiveDate,
        /// First day no longer.
        effective_to: Option<NaiveDate>,
    }
}

impl From<(store::Subscription, Vec<ItemView>)> for SubscriptionView {
    fn from((subscription, items): (store::Subscription, Vec<ItemView>)) -> Self {
        Self {
            id: subscription.id,
            account_id: subscription.account_id,
            external_id: subscription.external_id,
            name: subscription.name,
            currency: subscription.currency,
            period_months: subscription.period_months,
            notice_days: subscription.notice_days,
            auto_renew: subscription.auto_renew,
            effective_from: subscription.effective_from,
            effective_to: subscription.effective_to,
            cancelled_on: subscription.cancelled_on,
            signed_on: subscription.signed_on,
            continues_id: subscription.continues_id,
            paused_on: subscription.paused_on,
            resumes_on: subscription.resumes_on,
            discounts: subscription.discounts.0.into_iter().map(Into::into).collect(),
            recorded_at: subscription.recorded_at,
            items,
        }
    }
}

/// `GET /api/v1/accounts/{id}/subscriptions`.
pub async fn list(
    State(app): State<AppState>,
    access: Access,
    At(account_id): At<i64>,
    Params(paging): Params<Paging>,
) -> Answer<Json<List<SubscriptionView>>> {
    visible(&app, &access, account_id)?;
    let db = app.engine.store().read();
    let subscriptions = store::subscription::of_account(db, account_id, paging.after()?, paging.fetch()?).await?;
    let mut items: HashMap<i64, Vec<ItemView>> = HashMap::new();
    for item in store::record::load::<store::SubscriptionItem>(db, None, Some(&[account_id])).await? {
        items.entry(item.subscription_id).or_default().push(item.into());
    }
    let rows = subscriptions.into_iter().map(|subscription| {
        let lines = items.remove(&subscription.id).unwrap_or_default();
        (subscription, lines)
    });
    Ok(Json(paging.page(rows, |(subscription, _)| subscription.id)?))
}
