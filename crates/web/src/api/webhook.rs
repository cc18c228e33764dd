//! `/api/v1/sources/{id}/webhook` and `…/deliveries`: who posts to a source and how that is signed, what arrived, and
//! having it read again. Secrets go in and never come out. Absent: sending webhooks.

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use engine::webhook::{self, SetupError};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::delivery::{self, Status};
use store::{Delivery, source};
use utoipa::ToSchema;

use super::list::{List, Paging};
use super::operation::Done;
use super::wire::{wire, words};
use crate::extract::{At, Input, Params};
use crate::gate::Access;
use crate::problem::{Answer, Problem};
use crate::state::AppState;

words! {
    status: Status,
}

wire! {
    /// A webhook that arrived.
    #[schema(as = Delivery)]
    pub struct DeliveryView from Delivery {
        /// Identity.
        id: i64,
        /// To which source.
        source_id: i64,
        /// The message's id, by which a repeat is recognised.
        external_id: String,
        /// What it is about, in the sender's words.
        topic: String,
        /// When it arrived.
        received_at: DateTime<Utc>,
        /// How far it is.
        #[schema(schema_with = status)]
        status: Status,
        /// What became of it.
        note: Option<String>,
    }
}

/// Who posts to a source, and the secrets of their signatures.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewWebhook {
    /// `{"sender":"stripe"}`, or another vendor, or `{"sender":"hmac","header":…}`.
    pub sender: Value,
    /// One secret, or two while one replaces the other.
    pub secrets: Vec<String>,
}

/// Who posts to a source, and where.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct WebhookView {
    /// The address to give to the vendor, below the server's own.
    pub path: String,
    /// Who posts; absent while nobody may.
    pub sender: Option<Value>,
    /// How many secrets there are.
    pub secrets: usize,
}

async fn view(app: &AppState, id: i64) -> Answer<Json<WebhookView>> {
    let source = source::find(app.engine.store().read(), id).await?;
    let setup = webhook::setup(&app.engine, id).await?;
    let secrets = setup.as_ref().map_or(0, |setup| setup.secrets.len());
    let sender = setup.map(|setup| serde_json::to_value(setup.sender)).transpose().map_err(Problem::internal)?;
    Ok(Json(WebhookView { path: format!("/v1/webhooks/{}", source.key), sender, secrets }))
}

/// `GET /api/v1/sources/{id}/webhook`.
pub async fn show(State(app): State<AppState>, _access: Access, At(id): At<i64>) -> Answer<Json<WebhookView>> {
    view(&app, id).await
}

/// `PUT /api/v1/sources/{id}/webhook`.
pub async fn set_up(
    State(app): State<AppState>,
    _access: Access,
    At(id): At<i64>,
    Input(new): Input<NewWebhook>,
) -> Answer<Json<WebhookView>> {
    source::find(app.engine.store().read(), id).await?;
    webhook::set_up(&app.engine, id, new.sender, &new.secrets).await.map_err(|error| match error {
        SetupError::Sender(_) => Problem::invalid("sender", error.to_string()),
        SetupError::Secrets => Problem::invalid("secrets", error.to_string()),
        SetupError::Engine(error) => error.into(),
    })?;
    view(&app, id).await
}

/// `GET /api/v1/sources/{id}/deliveries`.
pub async fn deliveries(
    State(app): State<AppState>,
    _access: Access,
    At(id): At<i64>,
    Params(paging): Params<Paging>,
) -> Answer<Json<List<DeliveryView>>> {
    let db = app.engine.store().read();
    source::find(db, id).await?;
    let rows = delivery::of_source(db, id, paging.after()?, paging.fetch()?).await?;
    Ok(Json(paging.page(rows, |delivery| delivery.id)?))
}

/// `POST /api/v1/sources/{id}/deliveries/{delivery}/replay`.
pub async fn replay(
    State(app): State<AppState>,
    _access: Access,
    At((id, delivery_id)): At<(i64, i64)>,
) -> Answer<Done> {
    again(&app, id, delivery_id).await?;
    Ok(Done)
}

/// Has a delivery of a source read again; the page and the API end here.
pub async fn again(app: &AppState, source_id: i64, delivery_id: i64) -> Answer<()> {
    let found = delivery::find(app.engine.store().read(), delivery_id).await?;
    if found.source_id != source_id {
        return Err(Problem::not_found());
    }
    Ok(webhook::replay(&app.engine, delivery_id).await?)
}
