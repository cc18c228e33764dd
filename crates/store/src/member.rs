//! A member is a colleague who logs in. What a member may do is decided by `domain::access` from the role here;
//! which accounts are theirs is `assignment`.

use std::collections::BTreeSet;

use domain::Instant;
use sea_orm::{ConnectionTrait, PaginatorTrait, QueryOrder, QuerySelect, entity::prelude::*};
use serde::{Deserialize, Serialize};

use crate::{
    Store, StoreError, Tx,
    declare::{no_relations, text_enum},
    row,
};

text_enum! {
    /// What a member is here to do; the words of [`domain::access::Role`].
    pub enum Role {
        /// Runs the installation.
        Admin = "admin",
        /// Leads CSMs.
        Manager = "manager",
        /// Looks after accounts.
        Csm = "csm",
        /// Reads everything, changes nothing.
        Viewer = "viewer",
    }
}

/// A colleague who logs in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, DeriveEntityModel)]
#[sea_orm(table_name = "member")]
pub struct Model {
    /// Identity; 0 before the first insert.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Mail address, lower case; unique.
    #[sea_orm(unique)]
    pub email: String,
    /// Full name.
    pub name: String,
    /// What they are here to do.
    pub role: Role,
    /// Job title.
    pub title: Option<String>,
    /// The member they report to.
    pub manager_id: Option<i64>,
    /// Argon2 hash in PHC form; `None` until a password is set. Never serialized.
    #[serde(skip)]
    pub password_hash: Option<String>,
    /// Whether they may log in.
    pub active: bool,
    /// When they were added.
    pub created_at: Instant,
}

no_relations!();

impl From<Role> for domain::access::Role {
    fn from(role: Role) -> Self {
        match role {
            Role::Admin => Self::Admin,
            Role::Manager => Self::Manager,
            Role::Csm => Self::Csm,
            Role::Viewer => Self::Viewer,
        }
    }
}

/// Adds a member.
pub async fn insert(tx: &Tx, member: Model) -> Result<Model, StoreError> {
    row::insert(tx, member).await
}

/// Replaces the member with the same id.
pub async fn update(tx: &Tx, member: Model) -> Result<Model, StoreError> {
    row::update(tx, member).await
}

/// The member with this id.
pub async fn find(db: &impl ConnectionTrait, id: i64) -> Result<Option<Model>, StoreError> {
    Ok(Entity::find_by_id(id).one(db).await?)
}

/// The member with this mail address, in lower case.
pub async fn find_by_email(db: &impl ConnectionTrait, email: &str) -> Result<Option<Model>, StoreError> {
    Ok(Entity::find().filter(Column::Email.eq(email)).one(db).await?)
}

/// Every member, by name.
pub async fn list(db: &impl ConnectionTrait) -> Result<Vec<Model>, StoreError> {
    Ok(Entity::find().order_by_asc(Column::Name).order_by_asc(Column::Id).all(db).await?)
}

/// Every member, by name.
pub async fn all(store: &Store) -> Result<Vec<Model>, StoreError> {
    list(store.read()).await
}

/// Whether there is an admin who may log in; until then a set-up link is needed.
pub async fn any(db: &impl ConnectionTrait) -> Result<bool, StoreError> {
    let query = Entity::find().filter(Column::Role.eq(Role::Admin)).filter(Column::Active.eq(true));
    Ok(query.count(db).await? > 0)
}

/// The members who report to one, directly or further down, in order of id; never that one.
pub async fn reports_of(db: &impl ConnectionTrait, id: i64) -> Result<Vec<i64>, StoreError> {
    let query = Entity::find().select_only().column(Column::Id).column(Column::ManagerId);
    let managed: Vec<(i64, Option<i64>)> = query.into_tuple().all(db).await?;
    let mut reports = BTreeSet::new();
    let mut managers = vec![id];
    while let Some(manager) = managers.pop() {
        for (member, reports_to) in &managed {
            // Whoever is there already is not visited again, so two who manage each other end the walk.
            if *reports_to == Some(manager) && *member != id && reports.insert(*member) {
                managers.push(*member);
            }
        }
    }
    Ok(reports.into_iter().collect())
}
