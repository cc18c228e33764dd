//! A setting is a value the installation remembers that people can change on screen. What is set by file or
//! environment is not here.

use sea_orm::{ConnectionTrait, entity::prelude::*, sea_query::OnConflict};
use serde::{Deserialize, Serialize};

use crate::{StoreError, Tx, declare::no_relations, row};

/// A remembered value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, DeriveEntityModel)]
#[sea_orm(table_name = "setting")]
pub struct Model {
    /// Its name.
    #[sea_orm(primary_key, auto_increment = false)]
    pub key: String,
    /// Its value.
    pub value: Json,
}

no_relations!();

/// The value of a setting, if it was ever set.
pub async fn find(db: &impl ConnectionTrait, key: &str) -> Result<Option<Json>, StoreError> {
    Ok(Entity::find_by_id(key).one(db).await?.map(|setting| setting.value))
}

/// Sets a value.
pub async fn put(tx: &Tx, key: &str, value: Json) -> Result<(), StoreError> {
    let replace = OnConflict::column(Column::Key).update_column(Column::Value).to_owned();
    let setting = row::ready::<Model, _, _>(Model { key: key.to_owned(), value });
    Entity::insert(setting).on_conflict(replace).exec_without_returning(tx).await?;
    Ok(())
}
