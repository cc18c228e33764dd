//! `/api/v1/revenue`: movements, retention, cohorts and renewals by month, of the accounts one may see: the same report as
//! the page and as `pomona revenue --json`. Absent: rows; those of a figure are taken out on its page.

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use domain::Day;
use domain::revenue::{Currency, month_of};
use engine::revenue::source::{Question, SourceError, of_book};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::extract::Params;
use crate::gate::Access;
use crate::problem::{Answer, Problem};
use crate::state::AppState;

/// Which months, as known when.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct AskRevenue {
    /// The first month, like `2026-03`; twelve months up to the last if absent.
    from: Option<String>,
    /// The last month; the current one, through today, if absent.
    to: Option<String>,
    /// The currency to report in, others converted at the rates that are kept; if absent, the one that is set, or every
    /// currency by itself.
    currency: Option<String>,
    /// Only what was recorded before this instant.
    known_on: Option<DateTime<Utc>>,
}

/// Revenue of some months, one report for each currency.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[schema(as = Revenue)]
pub struct RevenueView {
    /// The instant that was asked for.
    pub known_on: Option<DateTime<Utc>>,
    /// The reports; their fields are explained in the guide to revenue.
    #[schema(value_type = Vec<Object>)]
    pub reports: Vec<engine::revenue::report::Report>,
}

/// `GET /api/v1/revenue`.
pub async fn show(
    State(app): State<AppState>,
    access: Access,
    Params(asked): Params<AskRevenue>,
) -> Answer<Json<RevenueView>> {
    let currency = asked.currency.as_deref().map(str::parse::<Currency>).transpose();
    let question = Question {
        from: month("from", asked.from.as_deref())?,
        to: month("to", asked.to.as_deref())?,
        currency: currency.map_err(|error| Problem::invalid("currency", format!("{error}.")))?,
        ..Question::default()
    };
    super::known_by(asked.known_on, app.engine.today())?;
    let book = app.engine.book();
    let reports = of_book(&app.engine, &book, &access.rows, asked.known_on, &question).await;
    let reports = reports.map_err(|error| match error {
        SourceError::NoMonth { .. } => Problem::invalid("from", format!("{error}.")),
        other => Problem::internal(other),
    })?;
    Ok(Json(RevenueView { known_on: asked.known_on, reports: reports.to_vec() }))
}

fn month(name: &'static str, text: Option<&str>) -> Answer<Option<Day>> {
    let Some(text) = text else { return Ok(None) };
    let day = format!("{}-01", text.get(..7).unwrap_or(text)).parse::<Day>();
    let day = day.map_err(|_| Problem::invalid(name, format!("`{text}` is no month: write it like 2026-03.")))?;
    Ok(Some(month_of(day).0))
}
