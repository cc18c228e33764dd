//! `/api/v1/accounts/{id}/responses`: answers to surveys, listed and recorded.
//!
//! Each kind has its own scale, and a score outside it is refused: an "NPS of 4.2" is somebody else's metric. Absent:
//! sending surveys.

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use serde::Deserialize;
use store::SurveyResponse;
use store::survey_response::Kind;
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

const LONGEST_COMMENT: usize = 10_000;

words! {
    kind: Kind,
}

wire! {
    /// An answer to a survey.
    #[schema(as = Response)]
    pub struct ResponseView from SurveyResponse {
        /// Identity.
        id: i64,
        /// Whose.
        account_id: i64,
        /// Which person's.
        contact_id: Option<i64>,
        /// Which survey.
        #[schema(schema_with = kind)]
        kind: Kind,
        /// NPS 0 to 10, CSAT 1 to 5, CES 1 to 7.
        score: i16,
        /// In their words.
        comment: Option<String>,
        /// When.
        occurred_at: DateTime<Utc>,
        /// When it became known.
        recorded_at: DateTime<Utc>,
    }
}

/// What to record.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewResponse {
    /// Which survey.
    #[schema(schema_with = kind)]
    pub kind: Kind,
    /// NPS 0 to 10, CSAT 1 to 5, CES 1 to 7.
    pub score: i16,
    /// In their words, at most 10,000 characters.
    pub comment: Option<String>,
    /// Which person at the account.
    pub contact_id: Option<i64>,
    /// When; now if absent.
    pub occurred_at: Option<DateTime<Utc>>,
}

/// `GET /api/v1/accounts/{id}/responses`.
pub async fn list(
    State(app): State<AppState>,
    access: Access,
    At(account_id): At<i64>,
    Params(paging): Params<Paging>,
) -> Answer<Json<List<ResponseView>>> {
    visible(&app, &access, account_id)?;
    let db = app.engine.store().read();
    let rows = store::survey_response::of_account(db, account_id, paging.after()?, paging.fetch()?).await?;
    Ok(Json(paging.page(rows, |response| response.id)?))
}

/// `POST /api/v1/accounts/{id}/responses`.
pub async fn create(
    State(app): State<AppState>,
    access: Access,
    At(account_id): At<i64>,
    Input(new): Input<NewResponse>,
) -> Answer<Created<ResponseView>> {
    visible(&app, &access, account_id)?;
    let scale = scale(new.kind);
    if !scale.contains(&new.score) {
        let sentence =
            format!("{} is scored from {} to {}.", new.kind.as_str().to_uppercase(), scale.start(), scale.end());
        return Err(Problem::invalid("score", sentence));
    }
    let comment = fact::optional_text("comment", new.comment.as_deref(), LONGEST_COMMENT)?;
    let occurred_at = fact::occurred(&app, "occurred_at", new.occurred_at)?;
    fact::contact_belongs(&app, account_id, new.contact_id).await?;
    let row = SurveyResponse {
        id: 0,
        account_id,
        contact_id: new.contact_id,
        kind: new.kind,
        score: new.score,
        comment,
        occurred_at,
        source_id: None,
        recorded_at: app.engine.now(),
    };
    let response = fact::record(&app, &access, row, Occurred::Response).await?;
    Ok(Created { location: format!("/api/v1/accounts/{account_id}/responses"), body: response.into() })
}

const fn scale(kind: Kind) -> std::ops::RangeInclusive<i16> {
    match kind {
        Kind::Nps => 0..=10,
        Kind::Csat => 1..=5,
        Kind::Ces => 1..=7,
    }
}
