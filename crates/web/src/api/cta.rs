//! `/api/v1/ctas`: things to act on, with their tasks. The rules of working them are in [`crate::work`]; absent here are
//! the CTAs of accounts the caller does not see, in every list and by every id.

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use store::cta::{Kind, Outcome, Priority, Status};
use store::{Cta, Task, cta, task};
use utoipa::{IntoParams, ToSchema};

use super::list::{List, Paging};
use super::operation::Created;
use super::visible_ids;
use super::wire::{present, wire, words};
use crate::extract::{At, Input, Params};
use crate::gate::Access;
use crate::problem::Answer;
use crate::state::AppState;
use crate::work::{self, Opening, Working};

words! {
    kind: Kind,
    priority: Priority,
    status: Status,
    outcome: Outcome,
}

wire! {
    /// A thing to act on.
    #[schema(as = Cta)]
    pub struct CtaView from Cta {
        /// Identity.
        id: i64,
        /// Which account it is about.
        account_id: i64,
        /// What it is about.
        #[schema(schema_with = kind)]
        kind: Kind,
        /// A stable word for why.
        reason: String,
        /// One line.
        title: String,
        /// The rest.
        detail: Option<String>,
        /// How urgent.
        #[schema(schema_with = priority)]
        priority: Priority,
        /// Where it stands.
        #[schema(schema_with = status)]
        status: Status,
        /// How it ended.
        #[schema(schema_with = outcome)]
        outcome: Option<Outcome>,
        /// The member who acts.
        owner_id: Option<i64>,
        /// The day it should be done.
        due_on: NaiveDate,
        /// Hidden until this day.
        snoozed_until: Option<NaiveDate>,
        /// The signal it answers.
        signal_id: Option<i64>,
        /// The playbook run that opened it.
        run_id: Option<i64>,
        /// When it was opened.
        created_at: DateTime<Utc>,
        /// When it was closed.
        closed_at: Option<DateTime<Utc>>,
    }
}

wire! {
    /// A step of a CTA.
    #[schema(as = Task)]
    pub struct TaskView from Task {
        /// Identity.
        id: i64,
        /// What to do.
        title: String,
        /// Its place among the others.
        position: i32,
        /// When it was done.
        done_at: Option<DateTime<Utc>>,
        /// Who did it.
        done_by: Option<i64>,
    }
}

/// A CTA with its tasks.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct CtaWithTasks {
    /// The CTA.
    pub cta: CtaView,
    /// Its tasks in order.
    pub tasks: Vec<TaskView>,
}

/// Which CTAs to list.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct ListCtas {
    /// Only those that stand here.
    #[param(schema_with = status)]
    status: Option<Status>,
    /// Only this member's.
    owner_id: Option<i64>,
    /// Only this account's.
    account_id: Option<i64>,
    /// Rows per page, 1 to 500; 50 if absent.
    limit: Option<u64>,
    /// The `next` of the page before.
    cursor: Option<String>,
}

/// A CTA to open.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OpenCta {
    /// Which account it is about.
    account_id: i64,
    /// What it is about.
    #[schema(schema_with = kind)]
    kind: Kind,
    /// A stable word for why, such as `usage_decline`.
    reason: String,
    /// One line.
    title: String,
    /// The rest.
    detail: Option<String>,
    /// How urgent.
    #[schema(schema_with = priority)]
    priority: Priority,
    /// The member who acts; you if absent.
    owner_id: Option<i64>,
    /// The day it should be done.
    due_on: NaiveDate,
    /// Its steps, in order.
    #[serde(default)]
    tasks: Vec<String>,
}

/// What to change; a field left out stays, `null` clears it.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeCta {
    /// Where it stands.
    #[schema(schema_with = status)]
    status: Option<Status>,
    /// How it ended; needed to close it.
    #[schema(schema_with = outcome)]
    outcome: Option<Outcome>,
    /// One line.
    title: Option<String>,
    /// The rest.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    detail: Option<Option<String>>,
    /// How urgent.
    #[schema(schema_with = priority)]
    priority: Option<Priority>,
    /// The member who acts.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<i64>)]
    owner_id: Option<Option<i64>>,
    /// The day it should be done.
    due_on: Option<NaiveDate>,
    /// Hidden until this day.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<NaiveDate>)]
    snoozed_until: Option<Option<NaiveDate>>,
}

/// Whether a task is done.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TickTask {
    /// Done or not.
    done: bool,
}

/// `GET /api/v1/ctas`.
pub async fn list(
    State(app): State<AppState>,
    access: Access,
    Params(asked): Params<ListCtas>,
) -> Answer<Json<List<CtaView>>> {
    let paging = Paging::new(asked.limit, asked.cursor);
    let seen = visible_ids(&app, &access);
    let accounts = match (asked.account_id, seen) {
        (None, seen) => seen,
        (Some(id), None) => Some(vec![id]),
        (Some(id), Some(seen)) => Some(seen.into_iter().filter(|seen| *seen == id).collect()),
    };
    let status = asked.status.into_iter().collect();
    let filter = cta::Filter { accounts, status, owner_id: asked.owner_id, closed_since: None };
    let rows = cta::list(app.engine.store().read(), &filter, paging.after()?, paging.fetch()?).await?;
    Ok(Json(paging.page(rows, |cta| cta.id)?))
}

/// `GET /api/v1/ctas/{id}`.
pub async fn show(State(app): State<AppState>, access: Access, At(id): At<i64>) -> Answer<Json<CtaWithTasks>> {
    let cta = work::find(&app, &access, id).await?;
    with_tasks(&app, cta).await.map(Json)
}

/// `POST /api/v1/ctas`.
pub async fn create(
    State(app): State<AppState>,
    access: Access,
    Input(new): Input<OpenCta>,
) -> Answer<Created<CtaWithTasks>> {
    let opening = Opening {
        account_id: new.account_id,
        kind: new.kind,
        reason: new.reason,
        title: new.title,
        detail: new.detail,
        priority: new.priority,
        owner_id: new.owner_id,
        due_on: new.due_on,
        tasks: new.tasks,
    };
    let cta = work::open(&app, &access, opening).await?;
    Ok(Created { location: format!("/api/v1/ctas/{}", cta.id), body: with_tasks(&app, cta).await? })
}

/// `PATCH /api/v1/ctas/{id}`.
pub async fn change(
    State(app): State<AppState>,
    access: Access,
    At(id): At<i64>,
    Input(wanted): Input<ChangeCta>,
) -> Answer<Json<CtaView>> {
    let working = Working {
        status: wanted.status,
        outcome: wanted.outcome,
        title: wanted.title,
        detail: wanted.detail,
        priority: wanted.priority,
        owner_id: wanted.owner_id,
        due_on: wanted.due_on,
        snoozed_until: wanted.snoozed_until,
    };
    Ok(Json(work::work(&app, &access, id, working).await?.into()))
}

/// `PUT /api/v1/ctas/{id}/tasks/{task}`.
pub async fn tick(
    State(app): State<AppState>,
    access: Access,
    At((id, task)): At<(i64, i64)>,
    Input(wanted): Input<TickTask>,
) -> Answer<Json<TaskView>> {
    Ok(Json(work::tick(&app, &access, id, task, wanted.done).await?.into()))
}

async fn with_tasks(app: &AppState, cta: Cta) -> Answer<CtaWithTasks> {
    let tasks = task::of_cta(app.engine.store().read(), cta.id).await?;
    Ok(CtaWithTasks { cta: cta.into(), tasks: tasks.into_iter().map(TaskView::from).collect() })
}
