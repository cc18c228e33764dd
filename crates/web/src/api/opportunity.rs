//! `/api/v1/opportunities` and `/api/v1/expansion`: what is pursued, and who is ready for what. The rules of an
//! opportunity are in [`crate::sell`]; absent here are those of accounts the caller does not see.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, NaiveDate, Utc};
use engine::expansion::{Idle, Prospect, Reason, Room, prospects, reasons};
use serde::{Deserialize, Serialize};
use store::Opportunity;
use store::opportunity::{self, Kind, Stage};
use utoipa::ToSchema;

use super::list::{List, Paging};
use super::operation::Created;
use super::wire::{present, wire, words};
use crate::extract::{At, Input, Params};
use crate::gate::Access;
use crate::problem::Answer;
use crate::sell::{self, Pitch};
use crate::state::AppState;

words! {
    kind: Kind,
    stage: Stage,
}

wire! {
    /// More that an account may buy.
    #[schema(as = Opportunity)]
    pub struct OpportunityView from Opportunity {
        /// Identity.
        id: i64,
        /// Which account it is about.
        account_id: i64,
        /// What more is bought.
        #[schema(schema_with = kind)]
        kind: Kind,
        /// How far it is.
        #[schema(schema_with = stage)]
        stage: Stage,
        /// One line.
        title: String,
        /// What the customer needs solved.
        problem: Option<String>,
        /// How it would be.
        solution: Option<String>,
        /// What happens when, once it is approved.
        timeline: Option<String>,
        /// ARR it would bring us, minor units.
        amount_cents: i64,
        /// What it is worth to the customer in a year, minor units.
        benefit_cents: Option<i64>,
        /// What it costs the customer in the first year beside our price, minor units.
        cost_cents: Option<i64>,
        /// ISO 4217 code.
        currency: String,
        /// The day it should be decided.
        close_on: NaiveDate,
        /// The member who pursues it.
        owner_id: Option<i64>,
        /// The member who recorded the customer's approval.
        approved_by: Option<i64>,
        /// Why it was lost.
        loss_reason: Option<String>,
        /// The day it was won or lost.
        closed_on: Option<NaiveDate>,
        /// When it was seen first.
        created_at: DateTime<Utc>,
        /// When this version became known.
        recorded_at: DateTime<Utc>,
    }
}

/// An opportunity to record, in the currency the book is read in.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewOpportunity {
    /// Which account it is about.
    account_id: i64,
    /// What more is bought.
    #[schema(schema_with = kind)]
    kind: Kind,
    /// One line.
    title: String,
    /// ARR it would bring us, minor units.
    amount_cents: i64,
    /// The day it should be decided.
    close_on: NaiveDate,
    /// What the customer needs solved.
    problem: Option<String>,
    /// How it would be.
    solution: Option<String>,
    /// What happens when.
    timeline: Option<String>,
    /// What it is worth to the customer in a year, minor units.
    benefit_cents: Option<i64>,
    /// What it costs the customer in the first year beside our price, minor units.
    cost_cents: Option<i64>,
}

/// What to change; a field left out stays, `null` clears it.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeOpportunity {
    /// How far it is.
    #[schema(schema_with = stage)]
    stage: Option<Stage>,
    /// What more is bought.
    #[schema(schema_with = kind)]
    kind: Option<Kind>,
    /// One line.
    title: Option<String>,
    /// ARR it would bring us, minor units.
    amount_cents: Option<i64>,
    /// The day it should be decided.
    close_on: Option<NaiveDate>,
    /// What the customer needs solved; empty clears it.
    problem: Option<String>,
    /// How it would be; empty clears it.
    solution: Option<String>,
    /// What happens when; empty clears it.
    timeline: Option<String>,
    /// What it is worth to the customer in a year, minor units.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<i64>)]
    benefit_cents: Option<Option<i64>>,
    /// What it costs the customer in the first year beside our price, minor units.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<i64>)]
    cost_cents: Option<Option<i64>>,
    /// The member who pursues it.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<i64>)]
    owner_id: Option<Option<i64>>,
    /// Why it was lost.
    loss_reason: Option<String>,
}

/// How ready the accounts are to buy more, the readiest first.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[schema(as = Expansion)]
pub struct ExpansionView {
    /// The accounts that pay.
    pub accounts: Vec<ProspectView>,
    /// The cursor of the next page; `null` when this is the last.
    pub next: Option<String>,
}

/// How ready an account is, and for what.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[schema(as = Prospect)]
pub struct ProspectView {
    /// The account.
    pub account_id: i64,
    /// Readiness, 0 to 100; `null` where nothing is known.
    pub readiness: Option<f64>,
    /// Share of the score's weight that is known.
    pub coverage: f64,
    /// The measures, those that speak loudest for it first.
    #[schema(value_type = Vec<Object>)]
    pub reasons: Vec<Reason>,
    /// What it could buy, what would bring most first.
    #[schema(value_type = Vec<Object>)]
    pub white_space: Vec<Room>,
    /// What it has by its contract and does not use: kind, how many it has, how many it uses, and the metric that explains it.
    #[schema(value_type = Vec<Object>)]
    pub idle: Vec<Idle>,
}

/// `GET /api/v1/expansion`.
pub async fn ready(
    State(app): State<AppState>,
    access: Access,
    Params(paging): Params<Paging>,
) -> Answer<Json<ExpansionView>> {
    let book = app.engine.book();
    let view = |it: Arc<Prospect>| ProspectView {
        account_id: it.account_id,
        readiness: it.readiness.score,
        coverage: it.readiness.coverage,
        reasons: reasons(&book, &it.readiness),
        white_space: it.rooms.clone(),
        idle: it.idle.clone(),
    };
    let page = paging.page_behind(prospects(&book, &access.rows), |it| it.account_id)?;
    Ok(Json(ExpansionView { accounts: page.items.into_iter().map(view).collect(), next: page.next }))
}

/// `GET /api/v1/opportunities`.
pub async fn list(
    State(app): State<AppState>,
    access: Access,
    Params(paging): Params<Paging>,
) -> Answer<Json<List<OpportunityView>>> {
    let (db, today) = (app.engine.store().read(), app.engine.today());
    let rows = opportunity::visible(db, &access.rows, today, paging.after()?, paging.fetch()?).await?;
    Ok(Json(paging.page(rows, |it| it.id)?))
}

/// `GET /api/v1/opportunities/{id}`.
pub async fn show(State(app): State<AppState>, access: Access, At(id): At<i64>) -> Answer<Json<OpportunityView>> {
    Ok(Json(sell::find(&app, &access, id).await?.into()))
}

/// `POST /api/v1/opportunities`.
pub async fn create(
    State(app): State<AppState>,
    access: Access,
    Input(new): Input<NewOpportunity>,
) -> Answer<Created<OpportunityView>> {
    let pitch = Pitch {
        kind: Some(new.kind),
        title: Some(new.title),
        amount_cents: Some(new.amount_cents),
        close_on: Some(new.close_on),
        problem: new.problem,
        solution: new.solution,
        timeline: new.timeline,
        benefit_cents: Some(new.benefit_cents),
        cost_cents: Some(new.cost_cents),
        ..Pitch::default()
    };
    let it = sell::open(&app, &access, new.account_id, pitch).await?;
    Ok(Created { location: format!("/api/v1/opportunities/{}", it.id), body: it.into() })
}

/// `PATCH /api/v1/opportunities/{id}`.
pub async fn change(
    State(app): State<AppState>,
    access: Access,
    At(id): At<i64>,
    Input(wanted): Input<ChangeOpportunity>,
) -> Answer<Json<OpportunityView>> {
    let pitch = Pitch {
        kind: wanted.kind,
        stage: wanted.stage,
        title: wanted.title,
        problem: wanted.problem,
        solution: wanted.solution,
        timeline: wanted.timeline,
        amount_cents: wanted.amount_cents,
        benefit_cents: wanted.benefit_cents,
        cost_cents: wanted.cost_cents,
        close_on: wanted.close_on,
        owner_id: wanted.owner_id,
        loss_reason: wanted.loss_reason,
    };
    Ok(Json(sell::change(&app, &access, id, pitch).await?.into()))
}
