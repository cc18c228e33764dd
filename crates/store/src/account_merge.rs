//! A merge says that two accounts are one customer. What belongs to the merged account is given to its survivor: its
//! facts, its work and its changes, each written down, so that undoing the merge gives exactly these back, with what
//! has become of them since. Events and users keep the account they were said to belong to; whoever reads them asks
//! [`Standing`] where that account has gone.
//!
//! The merged account itself stays as it is, out of sight: its sources go on changing it, and it is up to date on the
//! day it comes back. Deliberately absent: guessing that two accounts are one, and merging their fields.

use std::collections::{BTreeMap, HashMap};

use domain::{Instant, time::day_of};
use sea_orm::{Condition, ConnectionTrait, QueryOrder, QuerySelect, entity::prelude::*, sea_query::SelectStatement};
use serde::{Deserialize, Serialize};

use crate::{StoreError, Tx, declare::no_relations, end_user, record, row, statement::statement};

mod moved;

/// A merge of two accounts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, DeriveEntityModel)]
#[sea_orm(table_name = "account_merge")]
pub struct Model {
    /// Identity; 0 before the first insert.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The account that is out of sight.
    pub account_id: i64,
    /// The account it was merged into.
    pub survivor_id: i64,
    /// Where it is shown: the survivor, or what that was merged into later.
    pub final_id: i64,
    /// Who did it.
    pub actor: String,
    /// When.
    pub merged_at: Instant,
    /// When it was undone.
    pub undone_at: Option<Instant>,
}

no_relations!();

/// Why accounts were not merged, or a merge not undone.
#[derive(Debug, thiserror::Error)]
pub enum MergeError {
    /// Both are the same.
    #[error("an account cannot be merged into itself: choose another one")]
    Itself,
    /// One of them is merged already.
    #[error("account {0} is merged into another one already: undo that first, or merge into the other one")]
    Merged(i64),
    /// It was undone before.
    #[error("this merge was undone before")]
    Undone,
    /// The survivor was merged on.
    #[error("account {0}, into which this one was merged, was merged into another one since: undo that first")]
    Later(i64),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Where merged accounts have gone: the merges that stand at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing(BTreeMap<i64, i64>);

impl Standing {
    fn new(pairs: impl IntoIterator<Item = (i64, i64)>) -> Self {
        let into: HashMap<i64, i64> = pairs.into_iter().collect();
        let end = |mut account: i64| {
            // Each account has gone to one other, so a chain is no longer than there are merges.
            for _ in 0..into.len() {
                account = into.get(&account).copied().unwrap_or(account);
            }
            account
        };
        Self(into.keys().map(|account| (*account, end(*account))).collect())
    }

    /// Whether nothing is merged.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether an account is out of sight.
    pub fn hides(&self, account_id: i64) -> bool {
        self.0.contains_key(&account_id)
    }

    /// Where an account is shown: itself, unless it was merged.
    pub fn of(&self, account_id: i64) -> i64 {
        self.0.get(&account_id).copied().unwrap_or(account_id)
    }

    /// Every account that is out of sight, and where it is shown.
    pub fn pairs(&self) -> impl Iterator<Item = (i64, i64)> + '_ {
        self.0.iter().map(|(account, shown)| (*account, *shown))
    }
}

/// The merges that stand now, or stood as far as was known at `known_on`.
pub async fn standing(db: &impl ConnectionTrait, known_on: Option<Instant>) -> Result<Standing, StoreError> {
    let query = Entity::find();
    let query = match known_on {
        None => query.filter(Column::UndoneAt.is_null()),
        Some(known) => query
            .filter(Column::MergedAt.lte(known))
            .filter(Condition::any().add(Column::UndoneAt.is_null()).add(Column::UndoneAt.gt(known))),
    };
    let merges = query.order_by_asc(Column::Id).all(db).await?;
    Ok(Standing::new(merges.into_iter().map(|merge| (merge.account_id, merge.survivor_id))))
}

/// The accounts that are out of sight, as part of another question.
pub(crate) fn hidden() -> SelectStatement {
    let query = Entity::find().select_only().column(Column::AccountId).filter(Column::UndoneAt.is_null());
    sea_orm::QueryTrait::into_query(query)
}

/// Merges, newest first: those with an id before `before`, at most `limit`.
pub async fn list(db: &impl ConnectionTrait, before: Option<i64>, limit: u64) -> Result<Vec<Model>, StoreError> {
    let mut query = Entity::find();
    if let Some(before) = before {
        query = query.filter(Column::Id.lt(before));
    }
    Ok(query.order_by_desc(Column::Id).limit(limit).all(db).await?)
}

/// The merge with this id.
pub async fn find(db: &impl ConnectionTrait, id: i64) -> Result<Model, StoreError> {
    row::find::<Entity>(db, "merge", id).await
}

/// How many rows of each kind a merge gave to its survivor.
pub async fn moved(db: &impl ConnectionTrait, merge_id: i64) -> Result<BTreeMap<String, i64>, StoreError> {
    let sql = "SELECT record_kind, CAST(count(*) AS BIGINT) FROM moved_row WHERE merge_id = $1 GROUP BY record_kind";
    let rows = db.query_all_raw(statement(db, sql, [merge_id.into()])).await?;
    rows.iter().map(|row| Ok((row.try_get_by_index(0)?, row.try_get_by_index(1)?))).collect()
}

/// Merges an account into another one; known since `now`.
pub async fn merge(tx: &Tx, account_id: i64, survivor_id: i64, actor: &str, now: Instant) -> Result<Model, MergeError> {
    if account_id == survivor_id {
        return Err(MergeError::Itself);
    }
    // Both are locked, in one order everywhere, so that two merges cannot cross.
    for id in [account_id.min(survivor_id), account_id.max(survivor_id)] {
        record::find::<crate::Account>(tx, id).await?;
    }
    let merged = standing(tx, None).await?;
    if let Some(id) = [account_id, survivor_id].into_iter().find(|id| merged.hides(*id)) {
        return Err(MergeError::Merged(id));
    }
    let actor = actor.to_owned();
    let merge = Model { id: 0, account_id, survivor_id, final_id: survivor_id, actor, merged_at: now, undone_at: None };
    let merge = row::insert(tx, merge).await?;
    moved::give(tx, &merge, now).await?;
    // Its health of this day would be counted beside that of the survivor, which has everything now.
    let today = "DELETE FROM health_day WHERE account_id = $1 AND day >= $2";
    tx.execute_raw(statement(tx, today, [account_id.into(), day_of(now).into()])).await.map_err(StoreError::from)?;
    point(tx).await?;
    end_user::settle_members(tx, &[account_id, survivor_id]).await?;
    Ok(merge)
}

/// Undoes a merge: what it gave to the survivor and is still there goes back. Returns it as it stands.
pub async fn undo(tx: &Tx, id: i64, now: Instant) -> Result<Model, MergeError> {
    let merge = find(tx, id).await?;
    if merge.undone_at.is_some() {
        return Err(MergeError::Undone);
    }
    if standing(tx, None).await?.hides(merge.survivor_id) {
        return Err(MergeError::Later(merge.survivor_id));
    }
    moved::take_back(tx, &merge, now).await?;
    let (account_id, survivor_id) = (merge.account_id, merge.survivor_id);
    let undone = row::update(tx, Model { undone_at: Some(now), ..merge }).await?;
    point(tx).await?;
    end_user::settle_members(tx, &[account_id, survivor_id]).await?;
    Ok(undone)
}

/// Writes down anew where every chain of merges ends, for questions asked in SQL.
async fn point(tx: &Tx) -> Result<(), StoreError> {
    let standing = standing(tx, None).await?;
    for merge in Entity::find().filter(Column::UndoneAt.is_null()).all(tx).await? {
        let final_id = standing.of(merge.account_id);
        if final_id != merge.final_id {
            row::update(tx, Model { final_id, ..merge }).await?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_of_merges_ends_where_the_last_one_does() {
        let standing = Standing::new([(1, 2), (2, 3), (7, 3)]);
        assert_eq!([1, 2, 3, 7, 9].map(|account| standing.of(account)), [3, 3, 3, 3, 9]);
        assert!(standing.hides(1) && !standing.hides(3));
        assert_eq!(standing.pairs().collect::<Vec<_>>(), [(1, 3), (2, 3), (7, 3)]);
        assert!(Standing::default().is_empty());
    }
}
