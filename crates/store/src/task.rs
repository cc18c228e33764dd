//! A task is one step of a CTA, done or not. It has no owner or date of its own; those are the CTA's.

use domain::Instant;
use sea_orm::{ConnectionTrait, QueryOrder, entity::prelude::*};
use serde::{Deserialize, Serialize};

use crate::{StoreError, Tx, cta, declare::no_relations, record, row};

/// One step of a CTA.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, DeriveEntityModel)]
#[sea_orm(table_name = "task")]
pub struct Model {
    /// Identity; 0 before the first insert.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The CTA.
    pub cta_id: i64,
    /// The account it belongs to.
    pub account_id: i64,
    /// What to do.
    pub title: String,
    /// Order within the CTA, from 1.
    pub position: i32,
    /// When it was done.
    pub done_at: Option<Instant>,
    /// The member who did it.
    pub done_by: Option<i64>,
}

no_relations!();

/// Adds the tasks of a new CTA, in order.
pub(crate) async fn insert_all(tx: &Tx, cta: &cta::Model, titles: Vec<String>) -> Result<(), StoreError> {
    let tasks = (1..).zip(titles).map(|(position, title)| Model {
        id: 0,
        cta_id: cta.id,
        account_id: cta.account_id,
        title,
        position,
        done_at: None,
        done_by: None,
    });
    record::insert_many(tx, tasks.collect::<Vec<_>>()).await?;
    Ok(())
}

/// The tasks of a CTA, in order.
pub async fn of_cta(db: &impl ConnectionTrait, cta_id: i64) -> Result<Vec<Model>, StoreError> {
    Ok(Entity::find().filter(Column::CtaId.eq(cta_id)).order_by_asc(Column::Position).all(db).await?)
}

/// Marks a task done, or not done with `None`. Whoever does so also records the change.
pub async fn set_done(tx: &Tx, id: i64, at: Option<Instant>, by: Option<i64>) -> Result<Model, StoreError> {
    let task = row::find::<Entity>(tx, "task", id).await?;
    row::update(tx, Model { done_at: at, done_by: by, ..task }).await
}
