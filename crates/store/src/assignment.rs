//! An assignment says which member looks after which account, as what, and for which period. Row filters of
//! `domain::access` are answered from the assignments that hold today.

use domain::{Day, Instant};
use sea_orm::{Condition, ConnectionTrait, QueryOrder, entity::prelude::*};
use serde::{Deserialize, Serialize};

use crate::{
    StoreError,
    declare::{no_relations, text_enum},
    record::fact,
};

text_enum! {
    /// As what a member is assigned.
    pub enum Role {
        /// Customer success manager.
        Csm = "csm",
        /// Account manager.
        Am = "am",
        /// Technical success engineer.
        Tse = "tse",
        /// Trainer.
        Trainer = "trainer",
        /// Customer operations.
        Ops = "ops",
    }
}

/// A member on an account, from a day to a day.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, DeriveEntityModel)]
#[sea_orm(table_name = "assignment")]
pub struct Model {
    /// Identity; 0 before the first insert.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The account it belongs to.
    pub account_id: i64,
    /// Who.
    pub member_id: i64,
    /// As what.
    pub role: Role,
    /// First day it holds.
    pub effective_from: Day,
    /// First day it no longer holds; `None` while it does.
    pub effective_to: Option<Day>,
    /// When this version became known.
    pub recorded_at: Instant,
}

no_relations!();
fact!("assignment");

/// Assignments that hold on a day.
pub(crate) fn holds_on(day: Day) -> Condition {
    Condition::all()
        .add(Column::EffectiveFrom.lte(day))
        .add(Condition::any().add(Column::EffectiveTo.is_null()).add(Column::EffectiveTo.gt(day)))
}

/// The assignment of an account in a role on a day; the latest if several hold.
pub async fn current(
    db: &impl ConnectionTrait,
    account_id: i64,
    role: Role,
    day: Day,
) -> Result<Option<Model>, StoreError> {
    let query = Entity::find()
        .filter(Column::AccountId.eq(account_id))
        .filter(Column::Role.eq(role))
        .filter(holds_on(day))
        .order_by_desc(Column::EffectiveFrom)
        .order_by_desc(Column::Id);
    Ok(query.one(db).await?)
}
