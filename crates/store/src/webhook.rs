//! A webhook is how a source is spoken to: who signs, and with which secrets. Secrets are needed as they are, to compute
//! signatures, so they are not hashed like write keys; they come here sealed, and no page and no answer shows them again.

use domain::Instant;
use sea_orm::{ConnectionTrait, entity::prelude::*, sea_query::OnConflict};
use serde::{Deserialize, Serialize};

use crate::{StoreError, Tx, declare::no_relations, row};

/// How a source is spoken to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, DeriveEntityModel)]
#[sea_orm(table_name = "webhook")]
pub struct Model {
    /// The source.
    #[sea_orm(primary_key, auto_increment = false)]
    pub source_id: i64,
    /// The sender, as the connector writes it.
    pub sender: Json,
    /// The secrets, sealed: two while one replaces the other.
    pub secrets: Json,
    /// When this was said.
    pub changed_at: Instant,
}

no_relations!();

/// How a source is spoken to, if by webhooks.
pub async fn find(db: &impl ConnectionTrait, source_id: i64) -> Result<Option<Model>, StoreError> {
    Ok(Entity::find_by_id(source_id).one(db).await?)
}

/// Says how a source is spoken to.
pub async fn put(tx: &Tx, webhook: Model) -> Result<(), StoreError> {
    let replace = OnConflict::column(Column::SourceId)
        .update_columns([Column::Sender, Column::Secrets, Column::ChangedAt])
        .to_owned();
    let webhook = row::ready::<Model, _, _>(webhook);
    Entity::insert(webhook).on_conflict(replace).exec_without_returning(tx).await?;
    Ok(())
}
