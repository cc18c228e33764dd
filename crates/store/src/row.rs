//! What every record that is not a fact needs: insert a row, find it, replace it. Keeping the past is `record`'s.

use domain::Instant;
use sea_orm::{
    ActiveModelBehavior, ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, Iterable,
    ModelTrait, PrimaryKeyToColumn, PrimaryKeyTrait, QueryFilter, QueryOrder, QuerySelect, Select,
    sea_query::OnConflict,
};

use crate::{StoreError, Tx};

/// A row ready to be written: every column set, an id of 0 left to the database.
pub(crate) fn ready<M, E, A>(model: M) -> A
where
    M: ModelTrait<Entity = E> + IntoActiveModel<A>,
    E: EntityTrait<Model = M, ActiveModel = A>,
    A: ActiveModelBehavior<Entity = E>,
{
    let mut row = model.into_active_model().reset_all();
    if E::PrimaryKey::auto_increment() {
        for key in E::PrimaryKey::iter() {
            let column = key.into_column();
            if row.get(column).into_value() == Some(0_i64.into()) {
                row.not_set(column);
            }
        }
    }
    row
}

/// Inserts a row; returns it with its id.
pub(crate) async fn insert<M, E, A>(tx: &Tx, model: M) -> Result<M, StoreError>
where
    M: ModelTrait<Entity = E> + IntoActiveModel<A>,
    E: EntityTrait<Model = M, ActiveModel = A>,
    A: ActiveModelBehavior<Entity = E> + Send,
{
    Ok(E::insert(ready::<M, E, A>(model)).exec_with_returning(tx).await?)
}

/// Inserts a row unless the conflict it names stands in the way; returns it if it was inserted.
pub(crate) async fn insert_unless<M, E, A>(
    tx: &Tx,
    model: M,
    conflict: &mut OnConflict,
) -> Result<Option<M>, StoreError>
where
    M: ModelTrait<Entity = E> + IntoActiveModel<A>,
    E: EntityTrait<Model = M, ActiveModel = A>,
    A: ActiveModelBehavior<Entity = E> + Send,
{
    let insert = E::insert_many([ready::<M, E, A>(model)]).on_conflict(conflict.do_nothing().to_owned());
    Ok(insert.exec_with_returning(tx).await?.into_iter().next())
}

/// The largest id of a table; `None` where it is empty.
pub(crate) async fn last<E: EntityTrait>(db: &impl ConnectionTrait, id: E::Column) -> Result<Option<i64>, StoreError> {
    let largest: Option<Option<i64>> = E::find().select_only().column_as(id.max(), "last").into_tuple().one(db).await?;
    Ok(largest.flatten())
}

/// The row with this key.
pub(crate) async fn find<E: EntityTrait>(
    db: &impl ConnectionTrait,
    kind: &'static str,
    id: <E::PrimaryKey as PrimaryKeyTrait>::ValueType,
) -> Result<E::Model, StoreError> {
    let named = format!("{id:?}");
    E::find_by_id(id).one(db).await?.ok_or_else(|| StoreError::not_found(kind, &named))
}

/// Replaces the row with the same key.
pub(crate) async fn update<M, E, A>(tx: &Tx, model: M) -> Result<M, StoreError>
where
    M: ModelTrait<Entity = E> + IntoActiveModel<A>,
    E: EntityTrait<Model = M, ActiveModel = A>,
    A: ActiveModelBehavior<Entity = E> + ActiveModelTrait<Entity = E> + Send,
{
    Ok(ready::<M, E, A>(model).update(tx).await?)
}

/// The rows with this value in `column`, newest first: those with an id before `before`, at most `limit`.
pub(crate) fn newest<E: EntityTrait>(
    (column, value): (E::Column, i64),
    id: E::Column,
    before: Option<i64>,
    limit: u64,
) -> Select<E> {
    let mut query = E::find().filter(column.eq(value));
    if let Some(before) = before {
        query = query.filter(id.lt(before));
    }
    query.order_by_desc(id).limit(limit)
}

/// The rows of one account before an instant, latest first; the columns are the account's, the instant's and the id.
pub(crate) fn latest<E: EntityTrait>(
    [account, at, id]: [E::Column; 3],
    account_id: i64,
    end: Instant,
    limit: u64,
) -> Select<E> {
    let query = E::find().filter(account.eq(account_id)).filter(at.lt(end));
    query.order_by_desc(at).order_by_desc(id).limit(limit)
}

/// Declares `until`: the rows of one account that had happened by an instant, latest first.
macro_rules! until {
    ($at:ident) => {
        /// The rows of one account that had happened before `end`, latest first; at most `limit`.
        pub async fn until(
            db: &impl crate::Db,
            account_id: i64,
            end: domain::Instant,
            limit: u64,
        ) -> Result<Vec<Model>, crate::StoreError> {
            let columns = [Column::AccountId, Column::$at, Column::Id];
            crate::packed::all::<Model, Entity>(db, crate::row::latest(columns, account_id, end, limit)).await
        }
    };
}

/// Declares `of_account`: the rows of one account, newest first.
macro_rules! of_account {
    () => {
        /// The rows of one account, newest first: those with an id before `before`, at most `limit`.
        pub async fn of_account(
            db: &impl crate::Db,
            account_id: i64,
            before: Option<i64>,
            limit: u64,
        ) -> Result<Vec<Model>, crate::StoreError> {
            let query = crate::row::newest((Column::AccountId, account_id), Column::Id, before, limit);
            crate::packed::all::<Model, Entity>(db, query).await
        }
    };
}

pub(crate) use {of_account, until};
