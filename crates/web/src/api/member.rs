//! `/api/v1/members`: colleagues who log in, and what they may do.
//!
//! A new member gets a link that lets them in once; they then choose a password. Disabling a member ends their sessions
//! and tokens at once. Absent: deleting one, whose work would lose its author, and leaving nobody who is an admin.

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use store::member::Role;
use store::{Member, member, session};
use utoipa::ToSchema;

use super::list::{List, Paging};
use super::operation::Created;
use super::wire::{present, wire, words};
use crate::auth::link::{self, Kind};
use crate::auth::sign_in::is_address;
use crate::extract::{At, Input, Params};
use crate::fact;
use crate::gate::Access;
use crate::problem::{Answer, Problem};
use crate::state::AppState;

const LONGEST_NAME: usize = 200;

words! {
    role: Role,
}

wire! {
    /// A colleague who logs in.
    #[schema(as = Member)]
    pub struct MemberView from Member {
        /// Identity.
        id: i64,
        /// Mail address.
        email: String,
        /// Full name.
        name: String,
        /// What they are here to do.
        #[schema(schema_with = role)]
        role: Role,
        /// Job title.
        title: Option<String>,
        /// The member they report to.
        manager_id: Option<i64>,
        /// Whether they may log in.
        active: bool,
        /// When they were added.
        created_at: DateTime<Utc>,
    }
}

/// A member to add.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewMember {
    /// Mail address.
    pub email: String,
    /// Full name.
    pub name: String,
    /// What they are here to do.
    #[schema(schema_with = role)]
    pub role: Role,
    /// Job title.
    pub title: Option<String>,
    /// The member they report to.
    pub manager_id: Option<i64>,
}

/// What to change; a field left out stays, `null` clears it.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeMember {
    /// Full name.
    pub name: Option<String>,
    /// What they are here to do.
    #[schema(schema_with = role)]
    pub role: Option<Role>,
    /// Job title.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    pub title: Option<Option<String>>,
    /// The member they report to.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<i64>)]
    pub manager_id: Option<Option<i64>>,
    /// Whether they may log in.
    pub active: Option<bool>,
}

/// A new member with the link that lets them in once.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Invited {
    /// The member.
    pub member: MemberView,
    /// The path of the link; it is never shown again.
    pub link: String,
}

/// `GET /api/v1/members`.
pub async fn list(
    State(app): State<AppState>,
    _access: Access,
    Params(paging): Params<Paging>,
) -> Answer<Json<List<MemberView>>> {
    let after = paging.after()?.unwrap_or(0);
    let mut rows = member::all(app.engine.store()).await?;
    rows.sort_unstable_by_key(|member| member.id);
    Ok(Json(paging.page(rows.into_iter().filter(|member| member.id > after), |member| member.id)?))
}

/// `POST /api/v1/members`.
pub async fn create(
    State(app): State<AppState>,
    _access: Access,
    Input(new): Input<NewMember>,
) -> Answer<Created<Invited>> {
    let (member, link) = invite(&app, new).await?;
    Ok(Created { location: "/api/v1/members".to_owned(), body: Invited { member: member.into(), link } })
}

/// Adds a member and makes their link; forms and the API end here.
pub async fn invite(app: &AppState, new: NewMember) -> Answer<(Member, String)> {
    let email = new.email.trim().to_lowercase();
    if !is_address(&email) {
        return Err(Problem::invalid("email", "Give an email address, like name@example.com."));
    }
    if member::find_by_email(app.engine.store().read(), &email).await?.is_some() {
        return Err(Problem::conflict("There is already a member with this email address."));
    }
    reports_to(app, None, new.manager_id).await?;
    let row = Member {
        id: 0,
        email,
        name: fact::text("name", &new.name, LONGEST_NAME)?,
        role: new.role,
        title: fact::optional_text("title", new.title.as_deref(), LONGEST_NAME)?,
        manager_id: new.manager_id,
        password_hash: None,
        active: true,
        created_at: app.engine.now(),
    };
    let member: Member = app.engine.store().write(async |tx| member::insert(tx, row).await).await?;
    let link = link::create(app.engine.store(), Kind::Invitation { member_id: member.id }, app.engine.now()).await?;
    Ok((member, link))
}

/// `PATCH /api/v1/members/{id}`.
pub async fn change(
    State(app): State<AppState>,
    _access: Access,
    At(id): At<i64>,
    Input(wanted): Input<ChangeMember>,
) -> Answer<Json<MemberView>> {
    Ok(Json(edit(&app, id, wanted).await?.into()))
}

/// Changes a member; forms and the API end here.
pub async fn edit(app: &AppState, id: i64, wanted: ChangeMember) -> Answer<Member> {
    let name = wanted.name.map(|name| fact::text("name", &name, LONGEST_NAME)).transpose()?;
    reports_to(app, Some(id), wanted.manager_id.flatten()).await?;
    app.engine
        .store()
        .write(async |tx| -> Answer<Member> {
            let everybody = member::list(tx).await?;
            let mut member = everybody.iter().find(|member| member.id == id).cloned().ok_or_else(Problem::not_found)?;
            if let Some(name) = name {
                member.name = name;
            }
            member.role = wanted.role.unwrap_or(member.role);
            member.title = wanted.title.unwrap_or(member.title);
            member.manager_id = wanted.manager_id.unwrap_or(member.manager_id);
            member.active = wanted.active.unwrap_or(member.active);
            let leads = |member: &Member| member.active && member.role == Role::Admin;
            if !leads(&member) && !everybody.iter().any(|other| other.id != id && leads(other)) {
                return Err(Problem::conflict("This is the last admin; make somebody else admin first."));
            }
            if !member.active {
                session::delete_of_member(tx, id).await?;
            }
            Ok(member::update(tx, member).await?)
        })
        .await
}

/// Checks that a manager exists and that reporting lines do not run in a circle.
async fn reports_to(app: &AppState, id: Option<i64>, manager_id: Option<i64>) -> Answer<()> {
    let Some(manager_id) = manager_id else { return Ok(()) };
    let db = app.engine.store().read();
    if member::find(db, manager_id).await?.is_none() {
        return Err(Problem::invalid("manager_id", "There is no member with this id."));
    }
    let Some(id) = id else { return Ok(()) };
    if manager_id == id || member::reports_of(db, id).await?.contains(&manager_id) {
        return Err(Problem::invalid("manager_id", "Nobody can report to themselves, directly or further up."));
    }
    Ok(())
}
