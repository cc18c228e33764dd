//! `/api/v1/accounts/{id}/contacts`: the people at an account, with what they are to us.
//!
//! A role is listed while it lasts or lasted; whoever wants today's compares the days. Absent: search across accounts.

use std::collections::HashMap;

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::list::{List, Paging};
use super::visible;
use super::wire::{wire, words};
use crate::extract::{At, Params};
use crate::gate::Access;
use crate::problem::Answer;
use crate::state::AppState;

words! {
    role: store::contact_role::Role,
}

/// A person at an account.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[schema(as = Contact)]
pub struct ContactView {
    /// Identity.
    pub id: i64,
    /// Where they work.
    pub account_id: i64,
    /// The identity in the source.
    pub external_id: Option<String>,
    /// Their name.
    pub name: String,
    /// Their mail address.
    pub email: Option<String>,
    /// Their job.
    pub title: Option<String>,
    /// First day there.
    pub effective_from: NaiveDate,
    /// First day no longer there.
    pub effective_to: Option<NaiveDate>,
    /// When this version became known.
    pub recorded_at: DateTime<Utc>,
    /// What they are or were to us.
    pub roles: Vec<RoleView>,
}

wire! {
    /// What a contact is to us, for a time.
    #[schema(as = ContactRole)]
    pub struct RoleView from store::ContactRole {
        /// The role.
        #[schema(schema_with = role)]
        role: store::contact_role::Role,
        /// First day.
        effective_from: NaiveDate,
        /// First day no longer.
        effective_to: Option<NaiveDate>,
    }
}

impl From<(store::Contact, Vec<RoleView>)> for ContactView {
    fn from((contact, roles): (store::Contact, Vec<RoleView>)) -> Self {
        Self {
            id: contact.id,
            account_id: contact.account_id,
            external_id: contact.external_id,
            name: contact.name,
            email: contact.email,
            title: contact.title,
            effective_from: contact.effective_from,
            effective_to: contact.effective_to,
            recorded_at: contact.recorded_at,
            roles,
        }
    }
}

/// `GET /api/v1/accounts/{id}/contacts`.
pub async fn list(
    State(app): State<AppState>,
    access: Access,
    At(account_id): At<i64>,
    Params(paging): Params<Paging>,
) -> Answer<Json<List<ContactView>>> {
    visible(&app, &access, account_id)?;
    let db = app.engine.store().read();
    let contacts = store::contact::of_account(db, account_id, paging.after()?, paging.fetch()?).await?;
    let mut roles: HashMap<i64, Vec<RoleView>> = HashMap::new();
    for role in store::record::load::<store::ContactRole>(db, None, Some(&[account_id])).await? {
        roles.entry(role.contact_id).or_default().push(role.into());
    }
    let rows = contacts.into_iter().map(|contact| {
        let of_contact = roles.remove(&contact.id).unwrap_or_default();
        (contact, of_contact)
    });
    Ok(Json(paging.page(rows, |(contact, _)| contact.id)?))
}
