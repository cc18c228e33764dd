//! A goal is a figure that should be somewhere by a day, and the member who answers for it. Whether it is on track is
//! computed from the book; what is kept is what was agreed: the target, and where the figure stood at the start.

use domain::{Day, Instant};
use sea_orm::{ConnectionTrait, QueryOrder, entity::prelude::*};
use serde::{Deserialize, Serialize};

use crate::{StoreError, Tx, declare::no_relations, row};

/// Where a figure should be by a day.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, DeriveEntityModel)]
#[sea_orm(table_name = "goal")]
pub struct Model {
    /// Identity; 0 before the first insert.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// What people call it.
    pub name: String,
    /// The figure's word, as `domain::goal::Figure` writes it.
    pub figure: String,
    /// `level`, `change` or `relative`.
    pub base: String,
    /// Months the figure is measured over; 0 for a state.
    pub period_months: i32,
    /// What it should be, or by how much it should change; money in minor units.
    pub value: f64,
    /// Where it stood at the start; `None` where that was not known.
    pub baseline: Option<f64>,
    /// When it was set.
    pub starts_on: Day,
    /// By when.
    pub due_on: Day,
    /// The member who answers for it.
    pub owner_id: i64,
    /// Whether it is about every account, or about those of its owner.
    pub whole_book: bool,
    /// The preset it was made from.
    pub preset: Option<String>,
    /// When it was written down.
    pub created_at: Instant,
}

no_relations!();

/// Saves a new goal.
pub async fn insert(tx: &Tx, goal: Model) -> Result<Model, StoreError> {
    row::insert(tx, goal).await
}

/// Replaces the goal with the same id.
pub async fn update(tx: &Tx, goal: Model) -> Result<Model, StoreError> {
    row::update(tx, goal).await
}

/// Deletes a goal; one that is gone stays gone.
pub async fn delete(tx: &Tx, id: i64) -> Result<(), StoreError> {
    Entity::delete_by_id(id).exec(tx).await?;
    Ok(())
}

/// The goal with this id.
pub async fn find(db: &impl ConnectionTrait, id: i64) -> Result<Model, StoreError> {
    row::find::<Entity>(db, "goal", id).await
}

/// Every goal, the one that is due first before others.
pub async fn all(db: &impl ConnectionTrait) -> Result<Vec<Model>, StoreError> {
    Ok(Entity::find().order_by_asc(Column::DueOn).order_by_asc(Column::Id).all(db).await?)
}
