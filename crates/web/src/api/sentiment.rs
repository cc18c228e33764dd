//! `/api/v1/accounts/{id}/sentiments`: how the people who look after an account feel about it.
//!
//! It stands beside the health score and is not part of it. Absent: text sentiment, which is called tone.

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use serde::Deserialize;
use store::CsmSentiment;
use utoipa::ToSchema;

use super::list::{List, Paging};
use super::operation::Created;
use super::visible;
use super::wire::wire;
use crate::extract::{At, Input, Params};
use crate::fact::{self, Occurred};
use crate::gate::Access;
use crate::problem::{Answer, Problem};
use crate::state::AppState;

const LONGEST_NOTE: usize = 5_000;

wire! {
    /// A member's judgement of an account.
    #[schema(as = Sentiment)]
    pub struct SentimentView from CsmSentiment {
        /// Identity.
        id: i64,
        /// Of which account.
        account_id: i64,
        /// Whose judgement.
        member_id: i64,
        /// 1 (bad) to 5 (good).
        score: i16,
        /// Why.
        note: Option<String>,
        /// When.
        occurred_at: DateTime<Utc>,
        /// When it became known.
        recorded_at: DateTime<Utc>,
    }
}

/// What to record.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSentiment {
    /// 1 (bad) to 5 (good).
    pub score: i16,
    /// Why, at most 5,000 characters.
    pub note: Option<String>,
}

/// `GET /api/v1/accounts/{id}/sentiments`.
pub async fn list(
    State(app): State<AppState>,
    access: Access,
    At(account_id): At<i64>,
    Params(paging): Params<Paging>,
) -> Answer<Json<List<SentimentView>>> {
    visible(&app, &access, account_id)?;
    let db = app.engine.store().read();
    let rows = store::csm_sentiment::of_account(db, account_id, paging.after()?, paging.fetch()?).await?;
    Ok(Json(paging.page(rows, |sentiment| sentiment.id)?))
}

/// `POST /api/v1/accounts/{id}/sentiments`.
pub async fn create(
    State(app): State<AppState>,
    access: Access,
    At(account_id): At<i64>,
    Input(new): Input<NewSentiment>,
) -> Answer<Created<SentimentView>> {
    let sentiment = judge(&app, &access, account_id, new).await?;
    Ok(Created { location: format!("/api/v1/accounts/{account_id}/sentiments"), body: sentiment.into() })
}

/// Records a judgement; forms and the API end here.
pub async fn judge(app: &AppState, access: &Access, account_id: i64, new: NewSentiment) -> Answer<CsmSentiment> {
    visible(app, access, account_id)?;
    if !(1..=5).contains(&new.score) {
        return Err(Problem::invalid("score", "Sentiment goes from 1 (bad) to 5 (good)."));
    }
    let now = app.engine.now();
    let row = CsmSentiment {
        id: 0,
        account_id,
        member_id: access.member_id()?,
        score: new.score,
        note: fact::optional_text("note", new.note.as_deref(), LONGEST_NOTE)?,
        occurred_at: now,
        recorded_at: now,
    };
    fact::record(app, access, row, Occurred::Sentiment).await
}
