//! `/api/v1/accounts/{id}/touchpoints`: what we did with a customer, listed and logged.
//!
//! Logging one is a fact about the account: it refreshes its numbers at once. Absent: changing what was logged.

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use serde::Deserialize;
use store::Touchpoint;
use store::touchpoint::{Direction, Kind};
use utoipa::ToSchema;

use super::list::{List, Paging};
use super::operation::Created;
use super::visible;
use super::wire::{wire, words};
use crate::extract::{At, Input, Params};
use crate::fact::{self, Occurred};
use crate::gate::Access;
use crate::problem::{Answer, Problem};
use crate::state::AppState;

const LONGEST_SUBJECT: usize = 300;
const LONGEST_BODY: usize = 20_000;
const LONGEST_MINUTES: i32 = 7 * 24 * 60;

words! {
    kind: Kind,
    direction: Direction,
}

wire! {
    /// Something we did with a customer.
    #[schema(as = Touchpoint)]
    pub struct TouchpointView from Touchpoint {
        /// Identity.
        id: i64,
        /// With whom.
        account_id: i64,
        /// With which person.
        contact_id: Option<i64>,
        /// Who of us.
        member_id: Option<i64>,
        /// What it was.
        #[schema(schema_with = kind)]
        kind: Kind,
        /// Who began.
        #[schema(schema_with = direction)]
        direction: Direction,
        /// One line.
        subject: String,
        /// The rest.
        body: Option<String>,
        /// When.
        occurred_at: DateTime<Utc>,
        /// When it was answered.
        replied_at: Option<DateTime<Utc>>,
        /// How long.
        minutes: Option<i32>,
        /// When it became known.
        recorded_at: DateTime<Utc>,
    }
}

/// What to log.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTouchpoint {
    /// What it was.
    #[schema(schema_with = kind)]
    pub kind: Kind,
    /// Who began.
    #[schema(schema_with = direction)]
    pub direction: Direction,
    /// One line, at most 300 characters.
    pub subject: String,
    /// The rest, at most 20,000 characters.
    pub body: Option<String>,
    /// With which person at the account.
    pub contact_id: Option<i64>,
    /// When; now if absent.
    pub occurred_at: Option<DateTime<Utc>>,
    /// When it was answered.
    pub replied_at: Option<DateTime<Utc>>,
    /// How long, in minutes.
    pub minutes: Option<i32>,
}

/// `GET /api/v1/accounts/{id}/touchpoints`.
pub async fn list(
    State(app): State<AppState>,
    access: Access,
    At(account_id): At<i64>,
    Params(paging): Params<Paging>,
) -> Answer<Json<List<TouchpointView>>> {
    visible(&app, &access, account_id)?;
    let db = app.engine.store().read();
    let rows = store::touchpoint::of_account(db, account_id, paging.after()?, paging.fetch()?).await?;
    Ok(Json(paging.page(rows, |touchpoint| touchpoint.id)?))
}

/// `POST /api/v1/accounts/{id}/touchpoints`.
pub async fn create(
    State(app): State<AppState>,
    access: Access,
    At(account_id): At<i64>,
    Input(new): Input<NewTouchpoint>,
) -> Answer<Created<TouchpointView>> {
    let touchpoint = log(&app, &access, account_id, new).await?;
    let location = format!("/api/v1/accounts/{account_id}/touchpoints");
    Ok(Created { location, body: touchpoint.into() })
}

/// Logs a touchpoint; forms and the API end here.
pub async fn log(app: &AppState, access: &Access, account_id: i64, new: NewTouchpoint) -> Answer<Touchpoint> {
    visible(app, access, account_id)?;
    let subject = fact::text("subject", &new.subject, LONGEST_SUBJECT)?;
    let body = fact::optional_text("body", new.body.as_deref(), LONGEST_BODY)?;
    if new.minutes.is_some_and(|minutes| !(0..=LONGEST_MINUTES).contains(&minutes)) {
        return Err(Problem::invalid("minutes", "Minutes are between 0 and a week."));
    }
    let occurred_at = fact::occurred(app, "occurred_at", new.occurred_at)?;
    let replied_at = new.replied_at.map(|at| fact::occurred(app, "replied_at", Some(at))).transpose()?;
    fact::contact_belongs(app, account_id, new.contact_id).await?;
    let row = Touchpoint {
        id: 0,
        account_id,
        contact_id: new.contact_id,
        member_id: access.actor.member().map(|member| member.id),
        kind: new.kind,
        direction: new.direction,
        subject,
        body,
        occurred_at,
        replied_at,
        minutes: new.minutes,
        recorded_at: app.engine.now(),
    };
    fact::record(app, access, row, Occurred::Touchpoint).await
}
