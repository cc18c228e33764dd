//! A record version is an earlier state of a fact, kept when it is changed or deleted. "Known on K" is the current
//! rows recorded by K plus the versions recorded by K and superseded after it.

use std::collections::HashMap;

use domain::Instant;
use sea_orm::{ConnectionTrait, PaginatorTrait, QueryOrder, entity::prelude::*};
use serde::{Deserialize, Serialize};

use crate::{StoreError, declare::no_relations, record::Fact};

/// An earlier state of a fact.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, DeriveEntityModel)]
#[sea_orm(table_name = "record_version")]
pub struct Model {
    /// Identity.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Which table.
    pub record_kind: String,
    /// Which row.
    pub record_id: i64,
    /// Whose it was.
    pub account_id: Option<i64>,
    /// When this version became known.
    pub recorded_at: Instant,
    /// When it stopped being the current one.
    pub superseded_at: Instant,
    /// The whole row.
    pub body: Json,
}

no_relations!();

/// The earlier states of one fact, oldest first.
pub async fn of_record(db: &impl ConnectionTrait, kind: &str, record_id: i64) -> Result<Vec<Model>, StoreError> {
    let query = Entity::find().filter(Column::RecordKind.eq(kind)).filter(Column::RecordId.eq(record_id));
    Ok(query.order_by_asc(Column::RecordedAt).order_by_asc(Column::Id).all(db).await?)
}

/// What the facts of a kind said until an instant, by id.
pub(crate) async fn superseded<M: Fact>(db: &impl ConnectionTrait, at: Instant) -> Result<HashMap<i64, M>, StoreError> {
    let query = Entity::find().filter(Column::RecordKind.eq(M::KIND)).filter(Column::SupersededAt.eq(at));
    let read = |version: Model| {
        let fact = serde_json::from_value(version.body);
        let fact = fact.map_err(|source| StoreError::Malformed { what: M::KIND, source })?;
        Ok((version.record_id, fact))
    };
    query.all(db).await?.into_iter().map(read).collect()
}

/// How many facts of a kind said something that began at an instant and has ended since.
pub(crate) async fn of_instant(db: &impl ConnectionTrait, kind: &str, at: Instant) -> Result<u64, StoreError> {
    let query = Entity::find().filter(Column::RecordKind.eq(kind)).filter(Column::RecordedAt.eq(at));
    Ok(query.count(db).await?)
}

/// What the facts of a kind said at `known_on` where they say something else now, or are gone.
pub(crate) async fn known<M: Fact>(
    db: &impl ConnectionTrait,
    known_on: Instant,
    accounts: Option<&[i64]>,
) -> Result<Vec<M>, StoreError> {
    let mut query = Entity::find()
        .filter(Column::RecordKind.eq(M::KIND))
        .filter(Column::RecordedAt.lte(known_on))
        .filter(Column::SupersededAt.gt(known_on));
    if let Some(accounts) = accounts {
        query = query.filter(Column::AccountId.is_in(accounts.iter().copied()));
    }
    let versions = query.all(db).await?;
    versions
        .into_iter()
        .map(|version| {
            serde_json::from_value(version.body).map_err(|source| StoreError::Malformed { what: M::KIND, source })
        })
        .collect()
}
