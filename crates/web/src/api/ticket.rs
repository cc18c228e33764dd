//! `/api/v1/accounts/{id}/tickets`: support cases, newest first. Absent: answering them; that happens where they came
//! from.

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};

use super::list::{List, Paging};
use super::visible;
use super::wire::{wire, words};
use crate::extract::{At, Params};
use crate::gate::Access;
use crate::problem::Answer;
use crate::state::AppState;

words! {
    priority: store::ticket::Priority,
}

wire! {
    /// A support case.
    #[schema(as = Ticket)]
    pub struct TicketView from store::Ticket {
        /// Identity.
        id: i64,
        /// Whose it is.
        account_id: i64,
        /// Who asked.
        contact_id: Option<i64>,
        /// The identity in the source.
        external_id: Option<String>,
        /// One line.
        subject: String,
        /// How urgent.
        #[schema(schema_with = priority)]
        priority: store::ticket::Priority,
        /// When it was opened.
        opened_at: DateTime<Utc>,
        /// When we first answered.
        first_response_at: Option<DateTime<Utc>>,
        /// When it was resolved.
        resolved_at: Option<DateTime<Utc>>,
        /// When it was escalated.
        escalated_at: Option<DateTime<Utc>>,
        /// How the customer judged it, 1 to 5.
        csat: Option<i16>,
        /// When this version became known.
        recorded_at: DateTime<Utc>,
    }
}

/// `GET /api/v1/accounts/{id}/tickets`.
pub async fn list(
    State(app): State<AppState>,
    access: Access,
    At(account_id): At<i64>,
    Params(paging): Params<Paging>,
) -> Answer<Json<List<TicketView>>> {
    visible(&app, &access, account_id)?;
    let db = app.engine.store().read();
    let rows = store::ticket::of_account(db, account_id, paging.after()?, paging.fetch()?).await?;
    Ok(Json(paging.page(rows, |ticket| ticket.id)?))
}
