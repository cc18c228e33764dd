//! What a merge moves: every fact of the account, its work and its changes, and the accounts below it. Each row is
//! written down when it goes, and only what was written down and is still with the survivor comes back. What would
//! contradict something of the survivor stays: a second person in the same role, a second call to act for the same
//! reason.

use domain::{Instant, time::day_of};
use sea_orm::{ConnectionTrait, EntityTrait, QueryFilter, Value, entity::ColumnTrait};

use super::Model;
use crate::{
    Account, Assignment, StoreError, Tx, account, assignment,
    facts::{EachKind, each_kind},
    record::{self, Fact},
    statement::{MAX_VALUES, placeholders, statement},
};

/// The kind under which accounts that were below the merged one are written down.
const BELOW: &str = "account";

/// Tables whose rows no snapshot is computed from, and what of them stays with the merged account.
const WORK: [(&str, &str); 6] = [
    (
        "cta",
        " AND NOT (status <> 'closed' AND run_id IS NOT NULL AND reason IN (
             SELECT reason FROM cta WHERE account_id = $2 AND status <> 'closed' AND run_id IS NOT NULL))",
    ),
    ("task", " AND cta_id IN (SELECT id FROM cta WHERE account_id = $2)"),
    ("opportunity", ""),
    ("change", ""),
    ("renewal", ""),
    ("renewal_forecast", ""),
];

/// Gives everything of the merged account to its survivor.
pub(super) async fn give(tx: &Tx, merge: &Model, now: Instant) -> Result<(), StoreError> {
    each_kind(&Give(Move { tx, merge, now })).await?;
    give_below(tx, merge, now).await?;
    for (table, stays) in WORK {
        let sql = format!("UPDATE {table} SET account_id = $2 WHERE account_id = $1{stays} RETURNING id");
        let values = [merge.account_id.into(), merge.survivor_id.into()];
        let rows = tx.query_all_raw(statement(tx, sql, values)).await?;
        let ids = rows.iter().map(|row| row.try_get_by_index(0)).collect::<Result<Vec<i64>, _>>()?;
        note(tx, merge, table, &ids).await?;
    }
    Ok(())
}

/// Takes back what was given and is still with the survivor.
pub(super) async fn take_back(tx: &Tx, merge: &Model, now: Instant) -> Result<(), StoreError> {
    each_kind(&TakeBack(Move { tx, merge, now })).await?;
    take_back_below(tx, merge, now).await?;
    for (table, _) in WORK {
        let sql = format!(
            "UPDATE {table} SET account_id = $1 WHERE account_id = $2 AND id IN (
                 SELECT record_id FROM moved_row WHERE merge_id = $3 AND record_kind = $4)"
        );
        let values: [Value; 4] = [merge.account_id.into(), merge.survivor_id.into(), merge.id.into(), table.into()];
        tx.execute_raw(statement(tx, sql, values)).await?;
    }
    Ok(())
}

/// A merge on its way, in its transaction.
struct Move<'a> {
    tx: &'a Tx,
    merge: &'a Model,
    now: Instant,
}

struct Give<'a>(Move<'a>);

impl EachKind for Give<'_> {
    async fn on<M: Fact>(&self) -> Result<(), StoreError> {
        let Move { tx, merge, now } = self.0;
        if M::KIND == Account::KIND {
            return Ok(());
        }
        let rows = M::Entity::find().filter(M::ACCOUNT.eq(merge.account_id)).all(tx).await?;
        let rows = if M::KIND == Assignment::KIND { vacant(tx, merge, rows, now).await? } else { rows };
        let ids: Vec<i64> = rows.iter().map(Fact::id).collect();
        hand_over(tx, rows, merge.survivor_id, now).await?;
        note(tx, merge, M::KIND, &ids).await
    }
}

struct TakeBack<'a>(Move<'a>);

impl EachKind for TakeBack<'_> {
    async fn on<M: Fact>(&self) -> Result<(), StoreError> {
        let Move { tx, merge, now } = self.0;
        let given = given(tx, merge, M::KIND).await?;
        if M::KIND == Account::KIND || given.is_empty() {
            return Ok(());
        }
        let rows = record::of_ids::<M>(tx, &given).await?.into_values();
        let still: Vec<M> = rows.filter(|row| row.account_id() == merge.survivor_id).collect();
        hand_over(tx, still, merge.account_id, now).await
    }
}

/// Writes the rows down as another account's, keeping what they said before.
async fn hand_over<M: Fact>(tx: &Tx, rows: Vec<M>, to: i64, now: Instant) -> Result<(), StoreError> {
    let facts = rows.into_iter().map(|row| (Some(row.clone()), row.given_to(to).recorded(now)));
    record::save(tx, facts.collect()).await?;
    Ok(())
}

/// The assignments in roles that nobody has at the survivor today.
async fn vacant<M: Fact>(tx: &Tx, merge: &Model, rows: Vec<M>, now: Instant) -> Result<Vec<M>, StoreError> {
    let theirs = assignment::Entity::find()
        .filter(assignment::Column::AccountId.is_in([merge.account_id, merge.survivor_id]))
        .filter(assignment::holds_on(day_of(now)))
        .all(tx)
        .await?;
    let taken = |role| theirs.iter().any(|each| each.account_id == merge.survivor_id && each.role == role);
    let stay: Vec<i64> = theirs
        .iter()
        .filter(|each| each.account_id == merge.account_id && taken(each.role))
        .map(|each| each.id)
        .collect();
    Ok(rows.into_iter().filter(|row| !stay.contains(&row.id())).collect())
}

/// Puts the accounts below the merged one below its survivor, and the survivor, if it was one, below what was above.
async fn give_below(tx: &Tx, merge: &Model, now: Instant) -> Result<(), StoreError> {
    let above = record::find::<Account>(tx, merge.account_id).await?.parent_id;
    let below = account::Entity::find().filter(account::Column::ParentId.eq(merge.account_id)).all(tx).await?;
    let ids: Vec<i64> = below.iter().map(|account| account.id).collect();
    let facts = below.into_iter().map(|account| {
        let parent_id = if account.id == merge.survivor_id { above } else { Some(merge.survivor_id) };
        (Some(account.clone()), Account { parent_id, recorded_at: now, ..account })
    });
    record::save(tx, facts.collect()).await?;
    note(tx, merge, BELOW, &ids).await
}

async fn take_back_below(tx: &Tx, merge: &Model, now: Instant) -> Result<(), StoreError> {
    let ids = given(tx, merge, BELOW).await?;
    let rows = record::of_ids::<Account>(tx, &ids).await?.into_values();
    let still = rows.filter(|row| row.id == merge.survivor_id || row.parent_id == Some(merge.survivor_id));
    let facts =
        still.map(|row| (Some(row.clone()), Account { parent_id: Some(merge.account_id), recorded_at: now, ..row }));
    record::save(tx, facts.collect()).await?;
    Ok(())
}

async fn note(tx: &Tx, merge: &Model, kind: &str, ids: &[i64]) -> Result<(), StoreError> {
    for ids in ids.chunks(MAX_VALUES / 3) {
        let sql = format!(
            "INSERT INTO moved_row (merge_id, record_kind, record_id) VALUES {}",
            placeholders(tx, 0, ids.len(), 3)
        );
        let values = ids.iter().flat_map(|id| -> [Value; 3] { [merge.id.into(), kind.into(), (*id).into()] });
        tx.execute_raw(statement(tx, sql, values)).await?;
    }
    Ok(())
}

async fn given(tx: &Tx, merge: &Model, kind: &str) -> Result<Vec<i64>, StoreError> {
    let sql = "SELECT record_id FROM moved_row WHERE merge_id = $1 AND record_kind = $2 ORDER BY record_id";
    let rows = tx.query_all_raw(statement(tx, sql, [merge.id.into(), kind.into()])).await?;
    Ok(rows.iter().map(|row| row.try_get_by_index(0)).collect::<Result<_, _>>()?)
}
