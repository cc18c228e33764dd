//! `/api/v1/me`: who the server thinks is asking, and a new password. Absent: changing one's own role.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use store::{Member, member, session};
use utoipa::ToSchema;

use super::operation::Done;
use crate::auth::password::Typed;
use crate::extract::Input;
use crate::gate::Access;
use crate::problem::{Answer, Problem};
use crate::state::AppState;

/// Who is asking.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Me {
    /// How the change log names the caller: `member:3`, `token:7`.
    pub actor: String,
    /// The member, or the member a token acts for.
    pub member_id: Option<i64>,
    /// Their name.
    pub name: String,
    /// Their role.
    pub role: Option<&'static str>,
}

/// A new password.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPassword {
    /// The one until now; absent only if there is none yet.
    #[schema(value_type = Option<String>)]
    pub current: Option<Typed>,
    /// The one from now on, at least 12 characters.
    #[schema(value_type = String)]
    pub new: Typed,
}

/// `GET /api/v1/me`.
pub async fn show(access: Access) -> Answer<Json<Me>> {
    let member = access.actor.member();
    Ok(Json(Me {
        actor: access.actor.label(),
        member_id: member.map(|member| member.id),
        role: member.map(|member| member.role.as_str()),
        name: access.name,
    }))
}

/// `PUT /api/v1/me/password`.
pub async fn set_password(
    State(app): State<AppState>,
    access: Access,
    Input(wanted): Input<NewPassword>,
) -> Answer<Done> {
    choose_password(&app, &access, &wanted).await?;
    Ok(Done)
}

/// Sets the caller's password and ends their other sessions; forms and the API end here.
pub async fn choose_password(app: &AppState, access: &Access, wanted: &NewPassword) -> Answer<()> {
    let id = access.member_id()?;
    let member = member::find(app.engine.store().read(), id).await?.ok_or_else(Problem::not_found)?;
    if let Some(stored) = member.password_hash.as_deref() {
        let current = wanted.current.clone().unwrap_or_default();
        if !app.hasher.verify(&current, Some(stored)).await? {
            return Err(Problem::invalid("current", "This is not your password until now."));
        }
    }
    let hash = app.hasher.hash(&wanted.new).await?;
    app.engine
        .store()
        .write(async |tx| -> Answer<()> {
            let kept = session::of_member(tx, id).await?;
            for other in kept.iter().filter(|other| access.session.as_deref() != Some(other.token_hash.as_str())) {
                session::delete(tx, &other.token_hash).await?;
            }
            member::update(tx, Member { password_hash: Some(hash), ..member }).await?;
            Ok(())
        })
        .await
}
