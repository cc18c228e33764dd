//! A contact is a person at an account. What they do there is `contact_role`, whom they sway is `stakeholder_edge`;
//! the pseudonymous usage of end users is `end_user` and is not joined to a name unless somebody says so.

use std::collections::HashMap;

use domain::{Day, Instant};
use sea_orm::{ConnectionTrait, QuerySelect, entity::prelude::*};
use serde::{Deserialize, Serialize};

use crate::{StoreError, declare::no_relations, record::fact, statement::MAX_VALUES};

/// A person at an account.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, DeriveEntityModel)]
#[sea_orm(table_name = "contact")]
pub struct Model {
    /// Identity; 0 before the first insert.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The account it belongs to.
    pub account_id: i64,
    /// The identity in the source system, for imports.
    pub external_id: Option<String>,
    /// Full name.
    pub name: String,
    /// Mail address, lower case.
    pub email: Option<String>,
    /// Job title.
    pub title: Option<String>,
    /// First day it holds.
    pub effective_from: Day,
    /// First day it no longer holds; `None` while it does.
    pub effective_to: Option<Day>,
    /// The source that brought it; `None` when a person typed it.
    pub source_id: Option<i64>,
    /// When this version became known.
    pub recorded_at: Instant,
}

no_relations!();
fact!("contact", imported);

/// The accounts of everybody with one of these mail addresses, by address.
pub async fn accounts_of(
    db: &impl ConnectionTrait,
    addresses: &[&str],
) -> Result<HashMap<String, Vec<i64>>, StoreError> {
    let mut accounts: HashMap<String, Vec<i64>> = HashMap::new();
    for (account, address) in of_addresses(db, addresses).await?.into_keys() {
        accounts.entry(address).or_default().push(account);
    }
    Ok(accounts)
}

/// Everybody with one of these mail addresses, by account and address.
pub async fn of_addresses(
    db: &impl ConnectionTrait,
    addresses: &[&str],
) -> Result<HashMap<(i64, String), i64>, StoreError> {
    let mut people = HashMap::new();
    for addresses in addresses.chunks(MAX_VALUES) {
        let query = Entity::find().select_only().column(Column::AccountId).column(Column::Email).column(Column::Id);
        let query = query.filter(Column::Email.is_in(addresses.iter().copied()));
        let rows: Vec<(i64, String, i64)> = query.into_tuple().all(db).await?;
        people.extend(rows.into_iter().map(|(account, address, id)| ((account, address), id)));
    }
    Ok(people)
}
