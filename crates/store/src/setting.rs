//! A setting is a value the installation remembers that people can change on screen. What is set by file or
//! environment is not here.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::declare::no_relations;

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
