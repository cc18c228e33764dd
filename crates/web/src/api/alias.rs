//! `/api/v1/sources/{id}/aliases`: which names a source said are one person, and taking that back.
//!
//! Undone, an alias stays undone, however often the source repeats it. Absent: making one, which is the sender's to say.

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use store::{alias, source};

use super::list::{List, Paging};
use super::operation::Done;
use super::wire::wire;
use crate::extract::{At, Params};
use crate::gate::Access;
use crate::problem::{Answer, Problem};
use crate::state::AppState;

wire! {
    /// What a source said of two names.
    #[schema(as = Alias)]
    pub struct AliasView from alias::Named {
        /// Identity.
        id: i64,
        /// The name used before.
        previous: String,
        /// The name used since.
        user: String,
        /// When it was said first.
        told_at: DateTime<Utc>,
        /// When it was undone; `null` while it stands.
        undone_at: Option<DateTime<Utc>>,
        /// Whether both are counted as one person: it was not undone, and the name used before was said to be nobody else.
        holds: bool,
    }
}

/// `GET /api/v1/sources/{id}/aliases`.
pub async fn list(
    State(app): State<AppState>,
    _access: Access,
    At(id): At<i64>,
    Params(paging): Params<Paging>,
) -> Answer<Json<List<AliasView>>> {
    let db = app.engine.store().read();
    source::find(db, id).await?;
    let rows = alias::of_source(db, id, paging.after()?, paging.fetch()?).await?;
    Ok(Json(paging.page(rows, |alias| alias.id)?))
}

/// `POST /api/v1/sources/{id}/aliases/{alias}/undo`.
pub async fn undo(State(app): State<AppState>, access: Access, At((id, alias)): At<(i64, i64)>) -> Answer<Done> {
    take_back(&app, &access, id, alias).await?;
    Ok(Done)
}

/// Undoes what a source said of two names; forms and the API end here.
pub async fn take_back(app: &AppState, access: &Access, source_id: i64, alias_id: i64) -> Answer<()> {
    if alias::find(app.engine.store().read(), alias_id).await?.source_id != source_id {
        return Err(Problem::not_found());
    }
    Ok(engine::ingest::undo_alias(&app.engine, alias_id, &access.actor.label()).await?)
}
