//! A contact role says what a contact is to us at an account, and for which period. One contact may hold several.

use domain::{Day, Instant};
use sea_orm::{Condition, ConnectionTrait, PaginatorTrait, entity::prelude::*};
use serde::{Deserialize, Serialize};

use crate::{
    StoreError,
    declare::{no_relations, text_enum},
    record::fact,
};

text_enum! {
    /// What a contact can be to us.
    pub enum Role {
        /// Carries the project inside the account.
        Sponsor = "sponsor",
        /// Speaks for us unasked.
        Champion = "champion",
        /// Owns the budget.
        EconomicBuyer = "economic_buyer",
        /// Signs.
        DecisionMaker = "decision_maker",
        /// Runs the product there.
        Admin = "admin",
        /// Uses it most.
        PowerUser = "power_user",
        /// Uses it.
        User = "user",
        /// Speaks against us.
        Detractor = "detractor",
        /// Negotiates.
        Procurement = "procurement",
    }
}

/// What a contact is to us, from a day to a day.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, DeriveEntityModel)]
#[sea_orm(table_name = "contact_role")]
pub struct Model {
    /// Identity; 0 before the first insert.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Who.
    pub contact_id: i64,
    /// The account it belongs to.
    pub account_id: i64,
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
fact!("contact_role");

/// Whether a contact has a role on a day.
pub async fn has(db: &impl ConnectionTrait, contact_id: i64, role: Role, day: Day) -> Result<bool, StoreError> {
    let query = Entity::find()
        .filter(Column::ContactId.eq(contact_id))
        .filter(Column::Role.eq(role))
        .filter(Column::EffectiveFrom.lte(day))
        .filter(Condition::any().add(Column::EffectiveTo.is_null()).add(Column::EffectiveTo.gt(day)));
    Ok(query.count(db).await? > 0)
}
