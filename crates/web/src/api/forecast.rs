//! `/api/v1/forecast`: ARR, retention and churned revenue of the next four quarters with their bands, of the accounts one
//! may see, under a scenario or none; and to whom sees all, how such forecasts did. The same as the page and
//! `pomona forecast --json`. Absent: paths; they follow from the seed.

use axum::Json;
use axum::extract::State;
use domain::access::RowFilter;
use engine::forecast::{Ask, Backtest, Forecast, SEED, Scenario, forecast};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::extract::Params;
use crate::gate::Access;
use crate::problem::{Answer, Problem};
use crate::state::AppState;

/// What if, drawn from which seed.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct AskForecast {
    /// The largest accounts, by ARR, that leave in the first month.
    lose_top: Option<String>,
    /// A factor on the hazard of leaving.
    churn: Option<String>,
    /// A factor on how often accounts grow.
    expansion: Option<String>,
    /// A factor on how many new accounts come.
    new: Option<String>,
    /// An expression over the snapshot: only these accounts' churn and expansion are changed.
    among: Option<String>,
    /// The seed of all chance; 1 if absent.
    seed: Option<u64>,
}

/// The forecast of some accounts.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[schema(as = Forecast)]
pub struct ForecastView {
    /// What was changed.
    #[schema(value_type = Object)]
    pub scenario: Scenario,
    /// The quarters; fields are explained in the guide to the forecast. `null` before anything was learned.
    #[schema(value_type = Object)]
    pub forecast: Option<Forecast>,
    /// How forecasts of the whole book did; only for those who see all of it.
    #[schema(value_type = Object)]
    pub backtest: Option<Backtest>,
}

/// `GET /api/v1/forecast`.
pub async fn show(
    State(app): State<AppState>,
    access: Access,
    Params(asked): Params<AskForecast>,
) -> Answer<Json<ForecastView>> {
    let mut scenario = Scenario::default();
    let AskForecast { lose_top, churn, expansion, new, among, seed } = asked;
    for (name, value) in
        [("lose_top", lose_top), ("churn", churn), ("expansion", expansion), ("new", new), ("among", among)]
    {
        let value = value.unwrap_or_default();
        scenario.set(name, &value).map_err(|error| Problem::invalid(name, format!("{error}.")))?;
    }
    scenario.check().map_err(|error| Problem::invalid("among", format!("{error}.")))?;
    let (book, model) = (app.engine.book(), app.engine.forecast());
    let ask = Ask { scenario: scenario.clone(), seed: seed.unwrap_or(SEED) };
    let drawn = model.as_ref().map(|model| forecast(&book, model, &access.rows, &ask)).transpose()?;
    let backtest = model.filter(|_| access.rows == RowFilter::All).and_then(|model| model.backtest.clone());
    Ok(Json(ForecastView { scenario, forecast: drawn.map(|drawn| Forecast::clone(&drawn)), backtest }))
}
