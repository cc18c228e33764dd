//! `/api/v1/accounts/{id}/timeline`: what happened with a customer, newest first. Absent: paging; a caller asks for as
//! many as it wants.

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, NaiveDate, Utc};
use engine::timeline::{self, Entry, EntryKind};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::list::{List, Paging};
use super::visible;
use crate::extract::{At, Params};
use crate::gate::Access;
use crate::problem::Answer;
use crate::state::AppState;

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[schema(as = TimelineEntry)]
pub struct EntryView {
    /// When.
    pub at: DateTime<Utc>,
    /// What kind of thing: touchpoint, ticket, response, signal, work or change.
    pub kind: &'static str,
    /// One line.
    pub title: String,
    /// More, where there is more.
    pub detail: Option<String>,
}

impl From<Entry> for EntryView {
    fn from(entry: Entry) -> Self {
        let kind = match entry.kind {
            EntryKind::Touchpoint => "touchpoint",
            EntryKind::Ticket => "ticket",
            EntryKind::Response => "response",
            EntryKind::Signal => "signal",
            EntryKind::Work => "work",
            EntryKind::Change => "change",
        };
        Self { at: entry.at, kind, title: entry.title, detail: entry.detail }
    }
}

/// How much of a timeline.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct ListTimeline {
    /// Up to the end of this day; today if absent.
    as_of: Option<NaiveDate>,
    /// Entries, 1 to 500; 50 if absent.
    limit: Option<u64>,
}

/// `GET /api/v1/accounts/{id}/timeline`.
pub async fn list(
    State(app): State<AppState>,
    access: Access,
    At(account_id): At<i64>,
    Params(asked): Params<ListTimeline>,
) -> Answer<Json<List<EntryView>>> {
    visible(&app, &access, account_id)?;
    let most = Paging::new(asked.limit, None).limit()?;
    let as_of = asked.as_of.unwrap_or_else(|| app.engine.today());
    let entries = timeline::timeline(&app.engine, account_id, as_of, most).await?;
    Ok(Json(List { items: entries.into_iter().map(EntryView::from).collect(), next: None }))
}
