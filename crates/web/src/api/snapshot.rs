//! `/api/v1/snapshot`: one row per account with every metric and score, as of any day and as known on any instant.
//!
//! The rows are the ones health and signals were decided on, so they serve as training data too. Absent: a different
//! definition of a metric than the screens have.

use std::collections::{BTreeMap, BTreeSet};

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, NaiveDate, Utc};
use engine::{Book, Row};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::account::{HealthView, select};
use super::book_of;
use super::list::{List, Paging};
use crate::extract::Params;
use crate::gate::Access;
use crate::problem::{Answer, Problem};
use crate::state::AppState;

/// Which rows and columns of a snapshot.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct ListSnapshot {
    /// The day; today if absent.
    as_of: Option<NaiveDate>,
    /// Only what was recorded before this instant.
    known_on: Option<DateTime<Utc>>,
    /// A segment's expression.
    expression: Option<String>,
    /// The key of a saved segment.
    segment: Option<String>,
    /// Keys of metrics, separated by commas; all if absent.
    metrics: Option<String>,
    /// Rows per page, 1 to 500; 50 if absent.
    limit: Option<u64>,
    /// The `next` of the page before.
    cursor: Option<String>,
}

/// One account as of a day.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct SnapshotRow {
    /// The account.
    pub account_id: i64,
    /// Its identity in the customer's own systems.
    pub external_id: String,
    /// Its name.
    pub name: String,
    /// Whether it is a customer on the day.
    pub active: bool,
    /// The day.
    pub as_of: NaiveDate,
    /// Its health.
    pub health: HealthView,
    /// Keys of the signals open on it.
    pub signals: Vec<String>,
    /// Key of the metric to its value; money in minor units, `null` is unknown.
    pub values: BTreeMap<String, Option<f64>>,
}

/// `GET /api/v1/snapshot`.
pub async fn list(
    State(app): State<AppState>,
    access: Access,
    Params(asked): Params<ListSnapshot>,
) -> Answer<Json<List<SnapshotRow>>> {
    let paging = Paging::new(asked.limit, asked.cursor);
    let after = paging.after()?.unwrap_or(0);
    let book = book_of(&app, asked.as_of, asked.known_on).await?;
    let columns = columns(&book, asked.metrics.as_deref())?;
    let chosen = select(&app, &book, asked.expression.as_deref(), asked.segment.as_deref()).await?;
    let today = app.engine.book();
    let rows = book.rows().iter().filter(|row| {
        let id = row.account.id;
        id > after
            && chosen.as_ref().is_none_or(|chosen| chosen.binary_search(&id).is_ok())
            && today.visible_row(id, &access.rows).is_some()
    });
    let views = rows.map(|row| view(&book, row, columns.as_ref()));
    Ok(Json(paging.page(views, |row: &SnapshotRow| row.account_id)?))
}

/// The metrics asked for, each of which must exist; `None` is all of them.
fn columns(book: &Book, asked: Option<&str>) -> Answer<Option<BTreeSet<String>>> {
    let Some(asked) = asked else { return Ok(None) };
    let catalogue = &book.definitions.catalogue;
    let known = |key: &str| match catalogue.get(key) {
        Some(metric) => Ok(metric.key.clone()),
        None => {
            let near = catalogue.nearest(key).map_or(String::new(), |near| format!(" Did you mean `{near}`?"));
            Err(Problem::invalid("metrics", format!("There is no metric `{key}`.{near}")))
        }
    };
    asked.split(',').map(str::trim).filter(|key| !key.is_empty()).map(known).collect::<Answer<_>>().map(Some)
}

fn view(book: &Book, row: &Row, columns: Option<&BTreeSet<String>>) -> SnapshotRow {
    let metrics = book.definitions.catalogue.metrics().iter().zip(&row.values);
    let asked = metrics.filter(|(metric, _)| columns.is_none_or(|columns| columns.contains(&metric.key)));
    SnapshotRow {
        account_id: row.account.id,
        external_id: row.account.external_id.clone(),
        name: row.account.name.clone(),
        active: row.active,
        as_of: book.as_of,
        health: HealthView::from(&row.health),
        signals: row.signals.iter().map(|signal| signal.rule.clone()).collect(),
        values: asked.map(|(metric, value)| (metric.key.clone(), *value)).collect(),
    }
}
