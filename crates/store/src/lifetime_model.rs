//! A lifetime model is what was learned about leaving and buying from everything that had happened by a day. Past
//! models stay, so that a past day is judged by what was known then.

use domain::{Day, Instant};
use sea_orm::{ConnectionTrait, QueryOrder, QuerySelect, entity::prelude::*, sea_query::OnConflict};
use serde::{Deserialize, Serialize};

use crate::{StoreError, Tx, declare::no_relations, row};

/// A model and the day up to which it knows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, DeriveEntityModel)]
#[sea_orm(table_name = "lifetime_model")]
pub struct Model {
    /// It was learned from what happened up to the end of this day.
    #[sea_orm(primary_key, auto_increment = false)]
    pub as_of: Day,
    /// The fingerprint of the definition it was learned under.
    pub definition: String,
    /// The estimates.
    pub content: Json,
    /// When it was computed.
    pub computed_at: Instant,
}

no_relations!();

/// Keeps a model in place of an earlier one of the same day.
pub async fn put(tx: &Tx, model: Model) -> Result<(), StoreError> {
    let replace = OnConflict::column(Column::AsOf)
        .update_columns([Column::Definition, Column::Content, Column::ComputedAt])
        .to_owned();
    Entity::insert(row::ready::<Model, _, _>(model)).on_conflict(replace).exec_without_returning(tx).await?;
    Ok(())
}

/// The newest model under a definition that knows nothing later than a day and, where that is asked, was computed
/// before an instant, from what was known then.
pub async fn newest(
    db: &impl ConnectionTrait,
    definition: &str,
    until: Day,
    known_on: Option<Instant>,
) -> Result<Option<Model>, StoreError> {
    let mut query = Entity::find().filter(Column::Definition.eq(definition)).filter(Column::AsOf.lte(until));
    if let Some(known) = known_on {
        query = query.filter(Column::ComputedAt.lt(known));
    }
    Ok(query.order_by_desc(Column::AsOf).one(db).await?)
}

/// The days that have a model under a definition, in order.
pub async fn days(db: &impl ConnectionTrait, definition: &str) -> Result<Vec<Day>, StoreError> {
    let query = Entity::find().select_only().column(Column::AsOf).filter(Column::Definition.eq(definition));
    Ok(query.order_by_asc(Column::AsOf).into_tuple().all(db).await?)
}

/// Forgets the models that know a day.
pub async fn forget_from(tx: &Tx, day: Day) -> Result<(), StoreError> {
    Entity::delete_many().filter(Column::AsOf.gte(day)).exec(tx).await?;
    Ok(())
}

/// Forgets the models of some days.
pub async fn forget(tx: &Tx, days: &[Day]) -> Result<(), StoreError> {
    Entity::delete_many().filter(Column::AsOf.is_in(days.iter().copied())).exec(tx).await?;
    Ok(())
}
