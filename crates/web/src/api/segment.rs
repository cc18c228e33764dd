//! `/api/v1/segments`: saved expressions over the snapshot.
//!
//! An expression is checked when it is saved, and the answer to a bad one says at which byte it stops making sense.
//! Everybody sees every segment; what a segment chooses is always cut to the accounts the caller sees.

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use engine::query;
use serde::Deserialize;
use store::{Segment, segment};
use utoipa::ToSchema;

use super::list::{List, Paging};
use super::operation::{Created, Done};
use super::wire::wire;
use crate::extract::{At, Input, Params};
use crate::fact;
use crate::gate::Access;
use crate::problem::{Answer, Problem};
use crate::state::AppState;

const LONGEST_NAME: usize = 120;
const LONGEST_EXPRESSION: usize = 4_000;

wire! {
    /// A saved expression.
    #[schema(as = Segment)]
    pub struct SegmentView from Segment {
        /// Identity.
        id: i64,
        /// A stable word for addresses.
        key: String,
        /// What people call it.
        name: String,
        /// What it chooses, such as `health < 50 and arr >= 20000`.
        expression: String,
        /// Who made it.
        owner_id: Option<i64>,
        /// When.
        created_at: DateTime<Utc>,
    }
}

/// A segment to save.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSegment {
    /// What people call it, at most 120 characters.
    pub name: String,
    /// What it chooses.
    pub expression: String,
}

/// What to change; a field left out stays.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeSegment {
    /// What people call it.
    pub name: Option<String>,
    /// What it chooses.
    pub expression: Option<String>,
}

/// `GET /api/v1/segments`.
pub async fn list(
    State(app): State<AppState>,
    _access: Access,
    Params(paging): Params<Paging>,
) -> Answer<Json<List<SegmentView>>> {
    let after = paging.after()?.unwrap_or(0);
    let mut rows = segment::all(app.engine.store().read()).await?;
    rows.sort_unstable_by_key(|segment| segment.id);
    Ok(Json(paging.page(rows.into_iter().filter(|segment| segment.id > after), |segment| segment.id)?))
}

/// `GET /api/v1/segments/{id}`.
pub async fn show(State(app): State<AppState>, _access: Access, At(id): At<i64>) -> Answer<Json<SegmentView>> {
    Ok(Json(segment::find(app.engine.store().read(), id).await?.into()))
}

/// `POST /api/v1/segments`.
pub async fn create(
    State(app): State<AppState>,
    access: Access,
    Input(new): Input<NewSegment>,
) -> Answer<Created<SegmentView>> {
    let segment = save(&app, &access, new).await?;
    Ok(Created { location: format!("/api/v1/segments/{}", segment.id), body: segment.into() })
}

/// Checks and saves a segment; forms and the API end here.
pub async fn save(app: &AppState, access: &Access, new: NewSegment) -> Answer<Segment> {
    let name = fact::text("name", &new.name, LONGEST_NAME)?;
    let expression = checked(app, &new.expression)?;
    let key = key_of(&name);
    let db = app.engine.store().read();
    if segment::find_by_key(db, &key).await?.is_some() {
        return Err(Problem::conflict(format!("There is already a segment called like this (`{key}`).")));
    }
    let owner_id = access.actor.member().map(|member| member.id);
    let row = Segment { id: 0, key, name, expression, owner_id, created_at: app.engine.now() };
    Ok(app.engine.store().write(async |tx| segment::insert(tx, row).await).await?)
}

/// `PATCH /api/v1/segments/{id}`.
pub async fn change(
    State(app): State<AppState>,
    _access: Access,
    At(id): At<i64>,
    Input(wanted): Input<ChangeSegment>,
) -> Answer<Json<SegmentView>> {
    let mut segment = segment::find(app.engine.store().read(), id).await?;
    if let Some(name) = wanted.name {
        segment.name = fact::text("name", &name, LONGEST_NAME)?;
    }
    if let Some(expression) = wanted.expression {
        segment.expression = checked(&app, &expression)?;
    }
    let saved: Segment = app.engine.store().write(async |tx| segment::update(tx, segment).await).await?;
    Ok(Json(saved.into()))
}

/// `DELETE /api/v1/segments/{id}`.
pub async fn remove(State(app): State<AppState>, _access: Access, At(id): At<i64>) -> Answer<Done> {
    segment::find(app.engine.store().read(), id).await?;
    app.engine.store().write(async |tx| segment::delete(tx, id).await).await?;
    Ok(Done)
}

/// An expression that can be a segment, trimmed.
fn checked(app: &AppState, expression: &str) -> Answer<String> {
    let text = fact::text("expression", expression, LONGEST_EXPRESSION)?;
    query::check(&app.engine.book(), &text).map_err(Problem::from)?;
    Ok(text)
}

/// The key of a name: its letters and digits in lower case, anything between them one underscore.
fn key_of(name: &str) -> String {
    let words = name.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    let key = words.map(str::to_lowercase).collect::<Vec<_>>().join("_");
    if key.is_empty() { "segment".to_owned() } else { key }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_made_of_the_words_of_the_name() {
        assert_eq!(key_of("At risk: renewals < 90 days"), "at_risk_renewals_90_days");
        assert_eq!(key_of("Über-Kunden"), "über_kunden");
        assert_eq!(key_of("!!!"), "segment");
    }
}
