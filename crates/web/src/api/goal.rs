//! `/api/v1/goals`: figures that should be somewhere by a day, each with where it is and whether it is on track. Whoever
//! may not see the accounts a goal is about does not see the goal. A target that would rather fit another scale (an NPS of
//! 4.2) is refused once with the question, and taken with `confirmed`.

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, NaiveDate, Utc};
use domain::goal::PRESETS;
use engine::goals::{self, Held};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::list::{List, Paging};
use super::operation::{Created, Done};
use crate::extract::{At, Input, Params};
use crate::gate::Access;
use crate::goal::{self, Wanted};
use crate::problem::{Answer, Problem};
use crate::state::AppState;

/// A goal and how it stands.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[schema(as = Goal)]
pub struct GoalView {
    /// Identity.
    pub id: i64,
    /// What people call it.
    pub name: String,
    /// The figure: `nrr`, `grr`, `logo_churn`, `churned_revenue`, `expansion_share`, `arr`, `lifetime_value`, `value_to_cost`,
    /// `acquisition_cost`, `green_share`, `red_share`, `nps`, `csat`.
    pub figure: String,
    /// What the figure counts, in words.
    pub scale: &'static str,
    /// `level`, `change` (in the figure's own unit) or `relative` (in percent of where it stood).
    pub base: String,
    /// Months the figure is measured over; 0 for a state.
    pub period_months: i32,
    /// How much; money in minor units.
    pub value: f64,
    /// What the figure should be; unknown for a change of something unknown.
    pub aim: Option<f64>,
    /// Where it stood at the start.
    pub baseline: Option<f64>,
    /// Where it stands today.
    pub actual: Option<f64>,
    /// What it is forecast to be when the goal is due; unknown where nothing forecasts it.
    pub forecast: Option<f64>,
    /// What the forecast rests on, or why there is none.
    pub forecast_reason: String,
    /// The currency of money.
    pub currency: String,
    /// `reached`, `on track`, `behind`, `missed` or `unknown`.
    pub standing: &'static str,
    /// Why, in one sentence.
    pub reason: String,
    /// How the actual figure comes about.
    pub arithmetic: String,
    /// When it was set.
    pub starts_on: NaiveDate,
    /// By when.
    pub due_on: NaiveDate,
    /// Who answers for it.
    pub owner_id: i64,
    /// Whether it is about every account, or about those of its owner.
    pub whole_book: bool,
    /// The preset it was made from.
    pub preset: Option<String>,
    /// When it was written down.
    pub created_at: DateTime<Utc>,
}

impl From<&Held> for GoalView {
    fn from(held: &Held) -> Self {
        let (reason, aim) = (held.reason(), held.goal.aim());
        let Held { record, goal, measured, outlook, judgement } = held;
        let record = record.clone();
        let (forecast, forecast_reason) = match outlook {
            Ok(outlook) => (Some(outlook.value), outlook.said.clone()),
            Err(why) => (None, why.to_string()),
        };
        Self {
            id: record.id,
            name: record.name,
            figure: record.figure,
            scale: goal.target.scale.name(),
            base: record.base,
            period_months: record.period_months,
            value: record.value,
            aim,
            baseline: record.baseline,
            actual: measured.value,
            forecast,
            forecast_reason,
            currency: measured.currency.clone(),
            standing: judgement.standing.as_str(),
            reason,
            arithmetic: measured.arithmetic.clone(),
            starts_on: record.starts_on,
            due_on: record.due_on,
            owner_id: record.owner_id,
            whole_book: record.whole_book,
            preset: record.preset,
            created_at: record.created_at,
        }
    }
}

/// A goal to set.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewGoal {
    /// What people call it, at most 120 characters; the figure's name if absent.
    pub name: Option<String>,
    /// The figure.
    pub figure: String,
    /// `level`, `change` or `relative`; a level if absent.
    pub base: Option<String>,
    /// Months the figure is measured over, 1 to 36; 12 if absent, 0 for figures that are a state.
    pub period_months: Option<u32>,
    /// How much; percent as 6 for 6 %, money in minor units.
    pub value: f64,
    /// By when.
    pub due_on: NaiveDate,
    /// Who answers for it; whoever asks if absent.
    pub owner_id: Option<i64>,
    /// Whether it is about every account; if absent, whether whoever asks sees every account.
    pub whole_book: Option<bool>,
    /// The preset it is made from.
    pub preset: Option<String>,
    /// Whether an unusual target is meant.
    #[serde(default)]
    pub confirmed: bool,
}

/// What to change; a field left out stays.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeGoal {
    /// What people call it.
    pub name: Option<String>,
    /// The figure; a goal of another figure begins today.
    pub figure: Option<String>,
    /// `level`, `change` or `relative`.
    pub base: Option<String>,
    /// Months the figure is measured over.
    pub period_months: Option<u32>,
    /// How much.
    pub value: Option<f64>,
    /// By when.
    pub due_on: Option<NaiveDate>,
    /// Who answers for it.
    pub owner_id: Option<i64>,
    /// Whether it is about every account.
    pub whole_book: Option<bool>,
    /// Whether an unusual target is meant.
    #[serde(default)]
    pub confirmed: bool,
}

/// A goal to start from.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[schema(as = GoalPreset)]
pub struct PresetView {
    /// A stable word.
    pub key: &'static str,
    /// What it is called.
    pub name: &'static str,
    /// What was written, and how it is read.
    pub says: &'static str,
    /// The figure.
    pub figure: &'static str,
    /// `level`, `change` or `relative`.
    pub base: &'static str,
    /// How much.
    pub value: f64,
    /// Months the figure is measured over; 0 for a state.
    pub period_months: u32,
    /// Months until it is due.
    pub within_months: u32,
}

/// `GET /api/v1/goals`.
pub async fn list(
    State(app): State<AppState>,
    access: Access,
    Params(paging): Params<Paging>,
) -> Answer<Json<List<GoalView>>> {
    let after = paging.after()?.unwrap_or(0);
    let mut rows = goal::list(&app, &access).await?;
    rows.sort_unstable_by_key(|goal| goal.id);
    let book = app.engine.book();
    let model = app.engine.forecast();
    let held = rows.into_iter().filter(|goal| goal.id > after);
    let held = held.filter_map(|goal| goals::hold(&book, model.as_deref(), goal).transpose());
    let held = held.collect::<Result<Vec<_>, _>>()?;
    Ok(Json(paging.page(held.iter().map(|held| GoalView::from(&**held)), |goal| goal.id)?))
}

/// `GET /api/v1/goals/presets`.
pub async fn presets(State(_app): State<AppState>, _access: Access) -> Answer<Json<Vec<PresetView>>> {
    let view = |preset: &domain::goal::Preset| PresetView {
        key: preset.key,
        name: preset.name,
        says: preset.says,
        figure: preset.figure.as_str(),
        base: preset.base.as_str(),
        value: preset.value,
        period_months: preset.period_months,
        within_months: preset.within_months,
    };
    Ok(Json(PRESETS.iter().map(view).collect()))
}

/// `GET /api/v1/goals/{id}`.
pub async fn show(State(app): State<AppState>, access: Access, At(id): At<i64>) -> Answer<Json<GoalView>> {
    view(&app, goal::find(&app, &access, id).await?).map(Json)
}

/// `POST /api/v1/goals`.
pub async fn create(
    State(app): State<AppState>,
    access: Access,
    Input(new): Input<NewGoal>,
) -> Answer<Created<GoalView>> {
    let wanted = Wanted {
        name: new.name,
        figure: Some(new.figure),
        base: new.base,
        period_months: new.period_months,
        value: Some(new.value),
        due_on: Some(new.due_on),
        owner_id: new.owner_id,
        whole_book: new.whole_book,
        preset: new.preset,
        confirmed: new.confirmed,
    };
    let set = goal::set(&app, &access, wanted).await?;
    Ok(Created { location: format!("/api/v1/goals/{}", set.id), body: view(&app, set)? })
}

/// `PATCH /api/v1/goals/{id}`.
pub async fn change(
    State(app): State<AppState>,
    access: Access,
    At(id): At<i64>,
    Input(change): Input<ChangeGoal>,
) -> Answer<Json<GoalView>> {
    let wanted = Wanted {
        name: change.name,
        figure: change.figure,
        base: change.base,
        period_months: change.period_months,
        value: change.value,
        due_on: change.due_on,
        owner_id: change.owner_id,
        whole_book: change.whole_book,
        preset: None,
        confirmed: change.confirmed,
    };
    view(&app, goal::change(&app, &access, id, wanted).await?).map(Json)
}

/// `DELETE /api/v1/goals/{id}`.
pub async fn remove(State(app): State<AppState>, access: Access, At(id): At<i64>) -> Answer<Done> {
    goal::delete(&app, &access, id).await?;
    Ok(Done)
}

fn view(app: &AppState, record: store::Goal) -> Answer<GoalView> {
    let held = goals::hold(&app.engine.book(), app.engine.forecast().as_deref(), record)?;
    held.map(|held| GoalView::from(&*held)).ok_or_else(Problem::not_found)
}
