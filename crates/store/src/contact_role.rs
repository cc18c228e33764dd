//! A contact role says what a contact is to us at an account, and for which period. One contact may hold several.

use domain::{Day, Instant};
use sea_orm::{ConnectionTrait, entity::prelude::*};
use serde::{Deserialize, Serialize};

use crate::{
    StoreError,
    declare::{no_relations, text_enum},
    filled::Count,
    record::fact,
    statement::{MAX_VALUES, statement},
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

/// The roles of some contacts, whenever they held.
pub async fn of_contacts(db: &impl ConnectionTrait, contacts: &[i64]) -> Result<Vec<Model>, StoreError> {
    let mut roles = Vec::new();
    for contacts in contacts.chunks(MAX_VALUES) {
        let query = Entity::find().filter(Column::ContactId.is_in(contacts.iter().copied()));
        roles.append(&mut query.all(db).await?);
    }
    Ok(roles)
}

/// How many contacts have or had a role, and at how many accounts.
pub async fn held_by(db: &impl ConnectionTrait) -> Result<Count, StoreError> {
    let sql = "SELECT CAST(count(DISTINCT contact_id) AS BIGINT), CAST(count(DISTINCT account_id) AS BIGINT)
               FROM contact_role";
    let Some(row) = db.query_one_raw(statement(db, sql, [])).await? else { return Ok(Count::default()) };
    Ok(Count { rows: row.try_get_by_index(0)?, accounts: row.try_get_by_index(1)? })
}
