//! A renewal forecast is what somebody, or the model, said of a renewal when a period closed. It is written once and never
//! changed, so that it can be held against what came; what is said now stands in the [renewal](crate::renewal).

use domain::{Day, Instant};
use sea_orm::{ConnectionTrait, QueryOrder, entity::prelude::*};
use serde::{Deserialize, Serialize};

use crate::{StoreError, declare::no_relations, packed, renewal::Category, row};

/// The forecaster that is no person.
pub const MACHINE: &str = "machine";

/// What was forecast of one renewal at the close of a period.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, DeriveEntityModel)]
#[sea_orm(table_name = "renewal_forecast")]
pub struct Model {
    /// Identity; 0 before the first insert.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The last day of the period.
    pub closed_on: Day,
    /// The account it belongs to.
    pub account_id: i64,
    /// The contract whose term ends.
    pub subscription_id: i64,
    /// First day after the term.
    pub due_on: Day,
    /// Who: [`MACHINE`] or `member:3`.
    pub forecaster: String,
    /// How sure they were; the model has none.
    pub category: Option<Category>,
    /// ISO 4217 code of the amounts.
    pub currency: String,
    /// What was due, minor units a year.
    pub due_cents: i64,
    /// What was said would recur, minor units a year.
    pub forecast_cents: i64,
    /// When it was written.
    pub frozen_at: Instant,
}

no_relations!();

/// Every frozen forecast of a renewal due in a span of days, both included.
pub async fn due_between(db: &impl ConnectionTrait, from: Day, to: Day) -> Result<Vec<Model>, StoreError> {
    packed::all(db, Entity::find().filter(Column::DueOn.between(from, to)).order_by_asc(Column::Id)).await
}

/// The id of the last one that was frozen.
pub async fn last(db: &impl ConnectionTrait) -> Result<Option<i64>, StoreError> {
    row::last::<Entity>(db, Column::Id).await
}
