//! A reading is what lifetime value is learned from as it stood at the end of a month, all accounts in one value. It
//! is computed from facts once, so that learning does not compute past books again; what it holds is the engine's.

use domain::{Day, Instant};
use sea_orm::{ConnectionTrait, QueryOrder, QuerySelect, entity::prelude::*, sea_query::OnConflict};
use serde::{Deserialize, Serialize};

use crate::{StoreError, Tx, declare::no_relations, row};

/// The accounts at the end of a month.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, DeriveEntityModel)]
#[sea_orm(table_name = "lifetime_reading")]
pub struct Model {
    /// The last day of the month.
    #[sea_orm(primary_key, auto_increment = false)]
    pub day: Day,
    /// The fingerprint of the definition it was read under.
    pub definition: String,
    /// How much was known when it was read.
    pub extent: Json,
    /// The values, by account.
    pub content: Json,
    /// When it was computed.
    pub computed_at: Instant,
}

no_relations!();

/// Keeps a reading in place of an earlier one of the same day.
pub async fn put(tx: &Tx, reading: Model) -> Result<(), StoreError> {
    let replace = OnConflict::column(Column::Day)
        .update_columns([Column::Definition, Column::Extent, Column::Content, Column::ComputedAt])
        .to_owned();
    Entity::insert(row::ready::<Model, _, _>(reading)).on_conflict(replace).exec_without_returning(tx).await?;
    Ok(())
}

/// The readings under a definition up to a day, oldest first.
pub async fn until(db: &impl ConnectionTrait, definition: &str, day: Day) -> Result<Vec<Model>, StoreError> {
    let query = Entity::find().filter(Column::Definition.eq(definition)).filter(Column::Day.lte(day));
    Ok(query.order_by_asc(Column::Day).all(db).await?)
}

/// The reading of a day under a definition.
pub async fn of_day(db: &impl ConnectionTrait, definition: &str, day: Day) -> Result<Option<Model>, StoreError> {
    Ok(Entity::find_by_id(day).filter(Column::Definition.eq(definition)).one(db).await?)
}

/// The days read under a definition, in order, and how much was known then.
pub async fn days(db: &impl ConnectionTrait, definition: &str) -> Result<Vec<(Day, Json)>, StoreError> {
    let columns = [Column::Day, Column::Extent];
    let query = Entity::find().select_only().columns(columns).filter(Column::Definition.eq(definition));
    Ok(query.order_by_asc(Column::Day).into_tuple().all(db).await?)
}
