//! `/api/v1/exchange-rates` and `/api/v1/revenue/conventions`: what currencies are worth in each other from a day on, and in
//! which currency reports are. The rules are in [`crate::rate`]. Absent: changing a rate; a correction is another one for
//! the same day, and what was known before stays known.

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, NaiveDate, Utc};
use domain::revenue::Rate;
use engine::revenue::conventions::Set;
use serde::{Deserialize, Serialize};
use store::{ExchangeRate, exchange_rate};
use utoipa::{IntoParams, ToSchema};

use super::operation::Created;
use crate::extract::{Input, Params};
use crate::gate::Access;
use crate::problem::Answer;
use crate::rate::{self, Quote};
use crate::state::AppState;

/// What one unit of a currency is worth in another from a day until the next rate of the two.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ExchangeRate)]
pub struct RateView {
    /// ISO 4217 code of what is converted.
    pub currency: String,
    /// ISO 4217 code of what it is converted into.
    pub into_currency: String,
    /// The first day it holds.
    pub effective_on: NaiveDate,
    /// How much one unit is worth, as an exact decimal; `null` where it was taken back.
    pub rate: Option<String>,
    /// The source that brought it.
    pub source_id: Option<i64>,
    /// The member who gave it.
    pub member_id: Option<i64>,
    /// When it became known.
    pub recorded_at: DateTime<Utc>,
}

impl From<ExchangeRate> for RateView {
    fn from(rate: ExchangeRate) -> Self {
        Self {
            rate: rate.rate_nanos.and_then(Rate::from_nanos).map(|rate| rate.to_string()),
            currency: rate.currency,
            into_currency: rate.into_currency,
            effective_on: rate.effective_on,
            source_id: rate.source_id,
            member_id: rate.member_id,
            recorded_at: rate.recorded_at,
        }
    }
}

/// Every rate that holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ExchangeRates)]
pub struct RatesView {
    /// By currencies and day.
    pub items: Vec<RateView>,
}

/// A rate to keep.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewRate {
    /// ISO 4217 code of what is converted.
    currency: String,
    /// ISO 4217 code of what it is converted into.
    into_currency: String,
    /// The first day it holds.
    effective_on: NaiveDate,
    /// How much one unit is worth, as a decimal in a string, like `"1.0843"`; `null` takes the day's rate back.
    rate: Option<String>,
}

/// As known when.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct AskRates {
    /// Only what was recorded before this instant.
    known_on: Option<DateTime<Utc>>,
}

/// How revenue is read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = RevenueConventions)]
#[serde(deny_unknown_fields)]
pub struct ConventionsView {
    /// The currency reports are in; `null` for that in which most is sold.
    pub currency: Option<String>,
    /// Days without revenue after which an account that comes back counts as new; `null` for never.
    pub reactivation_days: Option<u32>,
    /// The source whose contracts count where several speak of one account; `null` for all of them.
    pub contracts_from: Option<i64>,
}

impl From<Set> for ConventionsView {
    fn from(set: Set) -> Self {
        Self {
            currency: set.currency.map(|it| it.to_string()),
            reactivation_days: set.reactivation_days,
            contracts_from: set.contracts_from,
        }
    }
}

/// `GET /api/v1/exchange-rates`.
pub async fn list(
    State(app): State<AppState>,
    _access: Access,
    Params(asked): Params<AskRates>,
) -> Answer<Json<RatesView>> {
    super::known_by(asked.known_on, app.engine.today())?;
    let known = exchange_rate::known(app.engine.store().read(), asked.known_on).await?;
    Ok(Json(RatesView { items: known.into_iter().map(RateView::from).collect() }))
}

/// `POST /api/v1/exchange-rates`.
pub async fn create(
    State(app): State<AppState>,
    access: Access,
    Input(new): Input<NewRate>,
) -> Answer<Created<RateView>> {
    let quote = Quote {
        currency: &new.currency,
        into_currency: &new.into_currency,
        effective_on: new.effective_on,
        rate: new.rate.as_deref(),
    };
    let kept = rate::quote(&app, &access, quote).await?;
    Ok(Created { location: "/api/v1/exchange-rates".to_owned(), body: kept.into() })
}

/// `GET /api/v1/revenue/conventions`.
pub async fn conventions(State(app): State<AppState>, _access: Access) -> Answer<Json<ConventionsView>> {
    Ok(Json(app.engine.book().conventions.set.into()))
}

/// `PUT /api/v1/revenue/conventions`.
pub async fn set_conventions(
    State(app): State<AppState>,
    access: Access,
    Input(wanted): Input<ConventionsView>,
) -> Answer<Json<ConventionsView>> {
    let currency = wanted.currency.as_deref().map(|code| rate::currency("currency", code)).transpose()?;
    let ConventionsView { reactivation_days, contracts_from, .. } = wanted;
    rate::read_by(&app, &access, Set { currency, reactivation_days, contracts_from }).await?;
    Ok(Json(app.engine.book().conventions.set.into()))
}
