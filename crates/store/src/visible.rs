//! What somebody may see, as a condition in the query: accounts currently assigned to one of some members.
//!
//! The decision who that is was made by `domain::access`; here it becomes SQL, so that no row that is not to be seen
//! is ever read. Lists are pages in order of id: a page begins after the last id of the one before.

use domain::{Day, access::RowFilter};
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, ExprTrait, Query},
};

use crate::{Db, StoreError, account, account_merge, assignment, record::Fact};

/// Restricts a query to the accounts a filter shows on a day. An account that was merged into another is out of sight.
pub(crate) fn accounts(rows: &RowFilter, account: impl ColumnTrait, today: Day) -> Condition {
    let shown = Condition::all().add(Expr::col(account.as_column_ref()).not_in_subquery(account_merge::hidden()));
    match rows {
        RowFilter::All => shown,
        RowFilter::Members(members) => {
            let theirs = Query::select()
                .column(assignment::Column::AccountId)
                .from(assignment::Entity)
                .and_where(assignment::Column::MemberId.is_in(members.iter().copied()))
                .cond_where(assignment::holds_on(today))
                .to_owned();
            shown.add(Expr::col(account.as_column_ref()).in_subquery(theirs))
        }
    }
}

/// A page of rows that may be seen, in order of id.
pub(crate) async fn page<E: EntityTrait>(
    db: &impl Db,
    (account, id): (E::Column, E::Column),
    (rows, today): (&RowFilter, Day),
    after: Option<i64>,
    limit: u64,
) -> Result<Vec<E::Model>, StoreError> {
    let mut query = E::find().filter(accounts(rows, account, today));
    if let Some(after) = after {
        query = query.filter(id.gt(after));
    }
    Ok(query.order_by_asc(id).limit(limit).all(db).await?)
}

/// A page of facts of a kind that may be seen on a day: those with an id after `after`, at most `limit`.
pub async fn facts<M: Fact>(
    db: &impl Db,
    rows: &RowFilter,
    today: Day,
    after: Option<i64>,
    limit: u64,
) -> Result<Vec<M>, StoreError> {
    page::<M::Entity>(db, (M::ACCOUNT, M::ID), (rows, today), after, limit).await
}

/// Whether an account may be seen on a day.
pub async fn account(db: &impl Db, rows: &RowFilter, today: Day, account_id: i64) -> Result<bool, StoreError> {
    let query = account::Entity::find_by_id(account_id).filter(accounts(rows, account::Column::Id, today));
    Ok(query.one(db).await?.is_some())
}
