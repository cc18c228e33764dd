//! A change is the fact that something happened here: a CTA opened, a band moved, a ticket was created. It is
//! written in the transaction of the change itself; timelines, "since yesterday" and live updates derive from it.

use domain::Instant;
use sea_orm::{ConnectionTrait, QueryOrder, QuerySelect, entity::prelude::*};
use serde::{Deserialize, Serialize};

use crate::{
    StoreError, Tx,
    declare::no_relations,
    packed,
    row::{self, of_account, until},
};

/// Something that happened, and who did it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, DeriveEntityModel)]
#[sea_orm(table_name = "change")]
pub struct Model {
    /// Identity; 0 before the first insert.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// When.
    pub at: Instant,
    /// Who: `member:3`, `source:1`, `rule:usage_decline`.
    pub actor: String,
    /// The account it concerns.
    pub account_id: Option<i64>,
    /// What, as noun and verb: `cta.opened`, `health.band`.
    pub kind: String,
    /// The record it concerns; its table follows from the kind.
    pub subject_id: Option<i64>,
    /// The rest, for the sentence on the timeline.
    pub detail: Json,
}

no_relations!();
of_account!();
until!(At);

/// A change about to be recorded.
#[derive(Clone, Debug, PartialEq)]
pub struct NewChange {
    /// Who: `member:3`, `source:1`, `rule:usage_decline`.
    pub actor: String,
    /// The account it concerns.
    pub account_id: Option<i64>,
    /// What, as noun and verb: `cta.opened`.
    pub kind: String,
    /// The record it concerns.
    pub subject_id: Option<i64>,
    /// The rest, for the sentence on the timeline.
    pub detail: Json,
}

/// Records a change in the transaction that makes it.
pub async fn record(tx: &Tx, change: NewChange, now: Instant) -> Result<Model, StoreError> {
    let NewChange { actor, account_id, kind, subject_id, detail } = change;
    row::insert(tx, Model { id: 0, at: now, actor, account_id, kind, subject_id, detail }).await
}

/// The latest changes since an instant, newest first; of some accounts, or of all and of none.
pub async fn since(
    db: &impl ConnectionTrait,
    accounts: Option<&[i64]>,
    at: Instant,
    limit: u64,
) -> Result<Vec<Model>, StoreError> {
    let mut query = Entity::find().filter(Column::At.gte(at));
    if let Some(accounts) = accounts {
        query = query.filter(Column::AccountId.is_in(accounts.iter().copied()));
    }
    packed::all(db, query.order_by_desc(Column::Id).limit(limit)).await
}
