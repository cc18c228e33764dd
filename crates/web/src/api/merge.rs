//! `/api/v1/merges`: accounts that turned out to be one, and taking that back.
//!
//! What the merged account had is shown under its survivor; undoing gives it back. Absent: deleting an account.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use engine::fields::Hand;
use engine::merge;
use serde::{Deserialize, Serialize};
use store::{AccountMerge, account_merge};
use utoipa::ToSchema;

use super::list::{List, Paging};
use super::operation::Created;
use super::visible;
use super::wire::wire;
use crate::extract::{At, Input, Params};
use crate::gate::Access;
use crate::problem::{Answer, Problem};
use crate::state::AppState;

wire! {
    /// A merge of two accounts.
    #[schema(as = Merge)]
    pub struct MergeView from AccountMerge {
        /// Identity.
        id: i64,
        /// The account that is out of sight.
        account_id: i64,
        /// The account it was merged into.
        survivor_id: i64,
        /// Who did it.
        actor: String,
        /// When.
        merged_at: DateTime<Utc>,
        /// When it was undone; `null` while it stands.
        undone_at: Option<DateTime<Utc>>,
    }
}

/// The latest merges that are looked at for those the caller may see.
const MOST: u64 = 10_000;

/// Into which account to merge.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MergeInto {
    /// The account that stays.
    pub into: i64,
}

/// A merge, and how many rows of each kind it gave to the survivor.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct MergeWithRows {
    /// The merge.
    pub merge: MergeView,
    /// Rows given to the survivor, by kind of record.
    pub moved: BTreeMap<String, i64>,
}

/// `GET /api/v1/merges`.
pub async fn list(
    State(app): State<AppState>,
    access: Access,
    Params(paging): Params<Paging>,
) -> Answer<Json<List<MergeView>>> {
    let rows = account_merge::list(app.engine.store().read(), paging.after()?, MOST).await?;
    let book = app.engine.book();
    let seen = rows.into_iter().filter(|merge| book.visible_row(merge.final_id, &access.rows).is_some());
    Ok(Json(paging.page(seen, |merge| merge.id)?))
}

/// `POST /api/v1/accounts/{id}/merge`.
pub async fn create(
    State(app): State<AppState>,
    access: Access,
    At(id): At<i64>,
    Input(wanted): Input<MergeInto>,
) -> Answer<Created<MergeWithRows>> {
    visible(&app, &access, id)?;
    visible(&app, &access, wanted.into).map_err(|_| Problem::invalid("into", "No account you can see has this id."))?;
    let merge = merge::merge(&app.engine, id, wanted.into, &hand(&access)?).await?;
    let moved = account_merge::moved(app.engine.store().read(), merge.id).await?;
    let location = format!("/api/v1/accounts/{}", merge.survivor_id);
    Ok(Created { location, body: MergeWithRows { merge: merge.into(), moved } })
}

/// `POST /api/v1/merges/{id}/undo`.
pub async fn undo(State(app): State<AppState>, access: Access, At(id): At<i64>) -> Answer<Json<MergeView>> {
    Ok(Json(take_back(&app, &access, id).await?.into()))
}

/// Undoes a merge into an account the caller may see; forms and the API end here.
pub async fn take_back(app: &AppState, access: &Access, id: i64) -> Answer<AccountMerge> {
    let found = account_merge::find(app.engine.store().read(), id).await?;
    visible(app, access, found.final_id)?;
    Ok(merge::undo(&app.engine, id, &hand(access)?).await?)
}

/// Who merges.
pub(crate) fn hand(access: &Access) -> Answer<Hand> {
    Ok(Hand { member_id: access.member_id()?, actor: access.actor.label() })
}
