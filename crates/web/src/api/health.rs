//! `/api/v1/accounts/{id}/health`: the score with its whole arithmetic, and one metric down to its rows.
//!
//! Every dimension and measure shows its weight, its value and its points, so a reader can add them up. Absent: advice.

use axum::Json;
use axum::extract::State;
use chrono::NaiveDate;
use domain::scorecard::Scorecard;
use engine::explain;
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::account::{AsOf, HealthView};
use super::{account_of, visible};
use crate::api::metric::MetricView;
use crate::extract::{At, Params};
use crate::gate::Access;
use crate::problem::{Answer, Problem};
use crate::state::AppState;

/// A health score, explained.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct HealthExplanation {
    /// The account.
    pub account_id: i64,
    /// The day.
    pub as_of: NaiveDate,
    /// The key of the scorecard.
    pub scorecard: String,
    /// The score.
    pub health: HealthView,
    /// The score before a cap held it down.
    pub uncapped: Option<f64>,
    /// Why it is held down, if it is.
    pub cap: Option<String>,
    /// What it is made of.
    pub dimensions: Vec<DimensionView>,
}

/// A part of a score.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[schema(as = Dimension)]
pub struct DimensionView {
    /// Stable name.
    pub key: String,
    /// Name on screen.
    pub name: String,
    /// Weight among the dimensions.
    pub weight: f64,
    /// 0 to 100; `null` when nothing of it is known.
    pub score: Option<f64>,
    /// The share of its weight that is known, 0 to 1.
    pub coverage: f64,
    /// What it is made of.
    pub measures: Vec<MeasureView>,
}

/// A metric inside a score.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[schema(as = Measure)]
pub struct MeasureView {
    /// The key of the metric.
    pub metric: String,
    /// Weight among the measures of its dimension.
    pub weight: f64,
    /// The metric's value; `null` is unknown.
    pub value: Option<f64>,
    /// The points it gives, 0 to 100.
    pub points: Option<f64>,
}

/// One metric of one account, down to its rows.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct MetricExplanation {
    /// The definition.
    pub metric: MetricView,
    /// The value; `null` is unknown.
    pub value: Option<f64>,
    /// The metrics it is computed from, with their values.
    pub inputs: Vec<InputView>,
    /// The rows it is computed from, at most 500.
    #[schema(value_type = Vec<Object>)]
    pub rows: Vec<Map<String, Value>>,
}

/// A metric that another is computed from.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[schema(as = MetricInput)]
pub struct InputView {
    /// The key of the metric.
    pub metric: String,
    /// Its value.
    pub value: Option<f64>,
}

/// `GET /api/v1/accounts/{id}/health`.
pub async fn show(
    State(app): State<AppState>,
    access: Access,
    At(account_id): At<i64>,
    Params(asked): Params<AsOf>,
) -> Answer<Json<HealthExplanation>> {
    visible(&app, &access, account_id)?;
    let (book, row) = account_of(&app, account_id, asked.as_of, asked.known_on).await?;
    let (card, health) = (&book.definitions.scorecard, &row.health);
    Ok(Json(HealthExplanation {
        account_id,
        as_of: book.as_of,
        scorecard: card.key.clone(),
        health: HealthView::from(health),
        uncapped: health.uncapped,
        cap: health.cap.and_then(|cap| card.caps.get(cap)).map(|cap| cap.reason.clone()),
        dimensions: dimensions(card, health),
    }))
}

fn dimensions(card: &Scorecard, health: &domain::scorecard::Health) -> Vec<DimensionView> {
    let scored = card.dimensions.iter().zip(&health.dimensions);
    let views = scored.map(|(dimension, score)| DimensionView {
        key: dimension.key.clone(),
        name: dimension.name.clone(),
        weight: dimension.weight,
        score: score.score,
        coverage: score.coverage,
        measures: dimension
            .measures
            .iter()
            .zip(&score.measures)
            .map(|(measure, score)| MeasureView {
                metric: measure.metric.clone(),
                weight: measure.weight,
                value: score.value,
                points: score.score,
            })
            .collect(),
    });
    views.collect()
}

/// `GET /api/v1/accounts/{id}/metrics/{key}`.
pub async fn metric(
    State(app): State<AppState>,
    access: Access,
    At((account_id, key)): At<(i64, String)>,
    Params(asked): Params<AsOf>,
) -> Answer<Json<MetricExplanation>> {
    let as_of = asked.as_of.unwrap_or_else(|| app.engine.today());
    let explained = explain::metric(&app.engine, account_id, &key, as_of, &access.rows).await?;
    let explained = explained.ok_or_else(Problem::not_found)?;
    let inputs = explained.inputs.into_iter().map(|(metric, value)| InputView { metric: metric.key, value });
    Ok(Json(MetricExplanation {
        metric: MetricView::from(&explained.metric),
        value: explained.value,
        inputs: inputs.collect(),
        rows: explained.rows.map(|rows| rows.json_rows().collect()).unwrap_or_default(),
    }))
}
