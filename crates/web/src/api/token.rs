//! `/api/v1/tokens`: one's own keys for programs, and an admin's view of everybody's.
//!
//! A token is shown once, when it is made, and cannot make another: only a session may. Absent: changing one; it is
//! withdrawn and a new one made.

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, TimeDelta, Utc};
use domain::access::Scope;
use serde::{Deserialize, Serialize};
use store::{Token, token};
use utoipa::ToSchema;

use super::list::List;
use super::operation::{Created, Done};
use crate::auth::secret::Secret;
use crate::auth::token::{NewToken, issue};
use crate::extract::{At, Input};
use crate::fact;
use crate::gate::Access;
use crate::gate::actor::scopes;
use crate::problem::{Answer, Problem};
use crate::state::AppState;

const LONGEST_NAME: usize = 120;
const USUAL_DAYS: i64 = 90;
const MOST_DAYS: i64 = 730;

/// A key for programs, without the key.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[schema(as = Token)]
pub struct TokenView {
    /// Identity.
    pub id: i64,
    /// What people call it.
    pub name: String,
    /// Its first characters.
    pub prefix: String,
    /// What it may be used for.
    pub scopes: Vec<&'static str>,
    /// As whom it acts.
    pub member_id: i64,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it stops working.
    pub expires_at: Option<DateTime<Utc>>,
    /// When it was last used, to the minute.
    pub last_used_at: Option<DateTime<Utc>>,
    /// When it was withdrawn.
    pub revoked_at: Option<DateTime<Utc>>,
}

impl From<Token> for TokenView {
    fn from(token: Token) -> Self {
        Self {
            id: token.id,
            scopes: scopes(&token).into_iter().map(Scope::as_str).collect(),
            name: token.name,
            prefix: token.prefix,
            member_id: token.member_id,
            created_at: token.created_at,
            expires_at: token.expires_at,
            last_used_at: token.last_used_at,
            revoked_at: token.revoked_at,
        }
    }
}

/// A token to make.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MakeToken {
    /// What people call it.
    pub name: String,
    /// What it may be used for: accounts:read, accounts:write, events:write, ctas:write, query:read, admin.
    #[schema(value_type = Vec<String>)]
    pub scopes: Vec<Scope>,
    /// Days until it stops working, up to 730; 90 if absent.
    pub days: Option<i64>,
}

/// A new token, which is never shown again.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct IssuedToken {
    /// The token without its secret.
    pub token: TokenView,
    /// The secret; keep it now.
    pub secret: String,
}

/// `GET /api/v1/tokens`.
pub async fn list(State(app): State<AppState>, access: Access) -> Answer<Json<List<TokenView>>> {
    of_member(&app, access.member_id()?).await.map(Json)
}

/// `GET /api/v1/members/{id}/tokens`.
pub async fn list_of_member(
    State(app): State<AppState>,
    _access: Access,
    At(member_id): At<i64>,
) -> Answer<Json<List<TokenView>>> {
    store::member::find(app.engine.store().read(), member_id).await?.ok_or_else(Problem::not_found)?;
    of_member(&app, member_id).await.map(Json)
}

async fn of_member(app: &AppState, member_id: i64) -> Answer<List<TokenView>> {
    let tokens = token::list(app.engine.store().read(), Some(member_id)).await?;
    Ok(List { items: tokens.into_iter().map(TokenView::from).collect(), next: None })
}

/// `POST /api/v1/tokens`.
pub async fn create(
    State(app): State<AppState>,
    access: Access,
    Input(new): Input<MakeToken>,
) -> Answer<Created<IssuedToken>> {
    let (token, secret) = make(&app, &access, new).await?;
    let body = IssuedToken { token: token.into(), secret: secret.reveal().to_owned() };
    Ok(Created { location: "/api/v1/tokens".to_owned(), body })
}

/// Makes a token for the caller; forms and the API end here.
pub async fn make(app: &AppState, access: &Access, new: MakeToken) -> Answer<(Token, Secret)> {
    if new.scopes.is_empty() {
        return Err(Problem::invalid("scopes", "Choose at least one scope."));
    }
    let days = new.days.unwrap_or(USUAL_DAYS);
    if !(1..=MOST_DAYS).contains(&days) {
        return Err(Problem::invalid("days", format!("A token works for 1 to {MOST_DAYS} days.")));
    }
    let now = app.engine.now();
    let new = NewToken {
        name: fact::text("name", &new.name, LONGEST_NAME)?,
        member_id: access.member_id()?,
        scopes: new.scopes,
        expires_at: Some(now + TimeDelta::days(days)),
    };
    Ok(issue(app.engine.store(), new, now).await?)
}

/// `DELETE /api/v1/tokens/{id}`.
pub async fn revoke(State(app): State<AppState>, access: Access, At(id): At<i64>) -> Answer<Done> {
    withdraw(&app, access.member_id()?, id).await
}

/// `DELETE /api/v1/members/{id}/tokens/{token}`.
pub async fn revoke_of_member(
    State(app): State<AppState>,
    _access: Access,
    At((member_id, id)): At<(i64, i64)>,
) -> Answer<Done> {
    withdraw(&app, member_id, id).await
}

/// Withdraws a member's token; somebody else's is not found. Forms and the API end here.
pub async fn withdraw(app: &AppState, member_id: i64, id: i64) -> Answer<Done> {
    let tokens = token::list(app.engine.store().read(), Some(member_id)).await?;
    if !tokens.iter().any(|token| token.id == id) {
        return Err(Problem::not_found());
    }
    let now = app.engine.now();
    app.engine.store().write(async |tx| token::revoke(tx, id, now).await).await?;
    Ok(Done)
}
