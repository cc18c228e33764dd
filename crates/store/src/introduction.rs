//! An introduction is what a source said about a person before anybody said whose person it is: browsers identify
//! before they group. It waits here, as it came, and becomes a contact when the account is named.

use domain::Instant;
use sea_orm::{ConnectionTrait, QuerySelect, entity::prelude::*, sea_query::OnConflict};
use serde::{Deserialize, Serialize};

use crate::{StoreError, Tx, declare::no_relations, row};

/// What was said about a person.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, DeriveEntityModel)]
#[sea_orm(table_name = "introduction")]
pub struct Model {
    /// Who said it.
    #[sea_orm(primary_key, auto_increment = false)]
    pub source_id: i64,
    /// What the source calls the person.
    #[sea_orm(primary_key, auto_increment = false)]
    pub external_id: String,
    /// The message, as it came.
    pub body: String,
    /// When.
    pub received_at: Instant,
}

no_relations!();

/// Keeps an introduction; a later one of the same person replaces it.
pub async fn keep(tx: &Tx, introduction: Model) -> Result<(), StoreError> {
    let replace = OnConflict::columns([Column::SourceId, Column::ExternalId])
        .update_columns([Column::Body, Column::ReceivedAt])
        .to_owned();
    let introduction = row::ready::<Model, _, _>(introduction);
    Entity::insert(introduction).on_conflict(replace).exec_without_returning(tx).await?;
    Ok(())
}

/// Whose introductions wait, by source and name.
pub async fn names(db: &impl ConnectionTrait) -> Result<Vec<(i64, String)>, StoreError> {
    let query = Entity::find().select_only().column(Column::SourceId).column(Column::ExternalId);
    Ok(query.into_tuple().all(db).await?)
}

/// The introduction of a person, if one waits.
pub async fn find(db: &impl ConnectionTrait, source_id: i64, external_id: &str) -> Result<Option<Model>, StoreError> {
    Ok(Entity::find_by_id((source_id, external_id.to_owned())).one(db).await?)
}

/// Forgets an introduction that has become a contact.
pub async fn forget(tx: &Tx, source_id: i64, external_id: &str) -> Result<(), StoreError> {
    Entity::delete_by_id((source_id, external_id.to_owned())).exec(tx).await?;
    Ok(())
}
