//! `/api/v1/metrics`: the catalogue of metrics, which is also the vocabulary of expressions. Absent: values; they are on
//! the account and in the snapshot.

use axum::Json;
use axum::extract::State;
use domain::metric::Metric;
use serde::Serialize;
use utoipa::ToSchema;

use super::list::List;
use crate::gate::Access;
use crate::problem::Answer;
use crate::state::AppState;

/// The definition of a metric.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[schema(as = Metric)]
pub struct MetricView {
    /// Its word in expressions.
    pub key: String,
    /// Its name on screen.
    pub name: String,
    /// What it says and how it is counted.
    pub doc: String,
    /// With which others it stands.
    pub group: String,
    /// Its unit; `money` is in minor units in the API and in whole units in expressions.
    pub unit: &'static str,
    /// Which direction is better: `higher`, `lower` or `neutral`.
    #[schema(value_type = String)]
    pub better: domain::metric::Better,
    /// What it is computed from.
    pub relation: String,
    /// How many days it looks back; `null` for all.
    pub window_days: Option<u32>,
}

impl From<&Metric> for MetricView {
    fn from(metric: &Metric) -> Self {
        Self {
            key: metric.key.clone(),
            name: metric.name.clone(),
            doc: metric.doc.clone(),
            group: metric.group.clone(),
            unit: metric.unit.as_str(),
            better: metric.better,
            relation: metric.relation.clone(),
            window_days: metric.window_days,
        }
    }
}

/// `GET /api/v1/metrics`.
pub async fn list(State(app): State<AppState>, _access: Access) -> Answer<Json<List<MetricView>>> {
    let items = app.engine.definitions().catalogue.metrics().iter().map(MetricView::from).collect();
    Ok(Json(List { items, next: None }))
}
