//! `/api/v1/signals`: risks and opportunities that are open now. Absent: closed ones, which the timeline tells of.

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::list::{List, Paging};
use crate::extract::Params;
use crate::gate::Access;
use crate::problem::Answer;
use crate::state::AppState;

/// A signal that is open.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[schema(as = Signal)]
pub struct SignalView {
    /// Identity.
    pub id: i64,
    /// On which account.
    pub account_id: i64,
    /// The key of its rule.
    pub rule: String,
    /// Its name.
    pub name: String,
    /// `risk` or `opportunity`.
    #[schema(value_type = String)]
    pub kind: domain::signal::Kind,
    /// How much it matters.
    #[schema(value_type = String)]
    pub severity: domain::signal::Severity,
    /// Since when.
    pub opened_at: DateTime<Utc>,
}

/// Which signals to list.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct ListSignals {
    /// Only this account's.
    account_id: Option<i64>,
    /// Only of this rule.
    rule: Option<String>,
    /// Rows per page, 1 to 500; 50 if absent.
    limit: Option<u64>,
    /// The `next` of the page before.
    cursor: Option<String>,
}

/// `GET /api/v1/signals`.
pub async fn list(
    State(app): State<AppState>,
    access: Access,
    Params(asked): Params<ListSignals>,
) -> Answer<Json<List<SignalView>>> {
    let paging = Paging::new(asked.limit, asked.cursor);
    let after = paging.after()?;
    let book = app.engine.book();
    let mut signals: Vec<SignalView> = book
        .visible(&access.rows)
        .filter(|row| asked.account_id.is_none_or(|id| row.account.id == id))
        .flat_map(|row| row.signals.iter().map(|signal| (row.account.id, signal)))
        .filter(|(_, signal)| after.is_none_or(|after| signal.id > after))
        .filter(|(_, signal)| asked.rule.as_ref().is_none_or(|rule| signal.rule == *rule))
        .map(|(account_id, signal)| SignalView {
            id: signal.id,
            account_id,
            rule: signal.rule.clone(),
            name: signal.name.clone(),
            kind: signal.kind,
            severity: signal.severity,
            opened_at: signal.opened_at,
        })
        .collect();
    signals.sort_unstable_by_key(|signal| signal.id);
    Ok(Json(paging.page(signals, |signal| signal.id)?))
}
