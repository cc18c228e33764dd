//! A segment is a saved expression over the snapshot. Who is in it is computed; membership is deliberately not
//! stored.

use domain::Instant;
use sea_orm::{ConnectionTrait, QueryOrder, entity::prelude::*};
use serde::{Deserialize, Serialize};

use crate::{StoreError, Tx, declare::no_relations, row};

/// A saved expression over the snapshot.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, DeriveEntityModel)]
#[sea_orm(table_name = "segment")]
pub struct Model {
    /// Identity; 0 before the first insert.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Its name in URLs and files; unique.
    #[sea_orm(unique)]
    pub key: String,
    /// Its name for people.
    pub name: String,
    /// The SQL boolean expression.
    pub expression: String,
    /// The member who made it; `None` for those from files.
    pub owner_id: Option<i64>,
    /// When it was made.
    pub created_at: Instant,
}

no_relations!();

/// Saves a new segment.
pub async fn insert(tx: &Tx, segment: Model) -> Result<Model, StoreError> {
    row::insert(tx, segment).await
}

/// Replaces the segment with the same id.
pub async fn update(tx: &Tx, segment: Model) -> Result<Model, StoreError> {
    row::update(tx, segment).await
}

/// Deletes a segment; one that is gone stays gone.
pub async fn delete(tx: &Tx, id: i64) -> Result<(), StoreError> {
    Entity::delete_by_id(id).exec(tx).await?;
    Ok(())
}

/// The segment with this id.
pub async fn find(db: &impl ConnectionTrait, id: i64) -> Result<Model, StoreError> {
    row::find::<Entity>(db, "segment", id).await
}

/// The segment with this key.
pub async fn find_by_key(db: &impl ConnectionTrait, key: &str) -> Result<Option<Model>, StoreError> {
    Ok(Entity::find().filter(Column::Key.eq(key)).one(db).await?)
}

/// Every segment, by name.
pub async fn all(db: &impl ConnectionTrait) -> Result<Vec<Model>, StoreError> {
    Ok(Entity::find().order_by_asc(Column::Name).order_by_asc(Column::Id).all(db).await?)
}
