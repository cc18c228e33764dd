//! `/api/v1/accounts/{id}/invoices`: what was billed and whether it was paid, newest first. Absent: collecting it.

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, NaiveDate, Utc};

use super::list::{List, Paging};
use super::visible;
use super::wire::wire;
use crate::extract::{At, Params};
use crate::gate::Access;
use crate::problem::Answer;
use crate::state::AppState;

wire! {
    /// A bill.
    #[schema(as = Invoice)]
    pub struct InvoiceView from store::Invoice {
        /// Identity.
        id: i64,
        /// Who pays.
        account_id: i64,
        /// The contract it belongs to.
        subscription_id: Option<i64>,
        /// The identity in the source.
        external_id: Option<String>,
        /// How much, in minor units.
        amount_cents: i64,
        /// The currency.
        currency: String,
        /// The day it was written.
        issued_on: NaiveDate,
        /// The day it is due.
        due_on: NaiveDate,
        /// The day it was paid.
        paid_on: Option<NaiveDate>,
        /// The day it was withdrawn.
        voided_on: Option<NaiveDate>,
        /// When this version became known.
        recorded_at: DateTime<Utc>,
    }
}

/// `GET /api/v1/accounts/{id}/invoices`.
pub async fn list(
    State(app): State<AppState>,
    access: Access,
    At(account_id): At<i64>,
    Params(paging): Params<Paging>,
) -> Answer<Json<List<InvoiceView>>> {
    visible(&app, &access, account_id)?;
    let db = app.engine.store().read();
    let rows = store::invoice::of_account(db, account_id, paging.after()?, paging.fetch()?).await?;
    Ok(Json(paging.page(rows, |invoice| invoice.id)?))
}
