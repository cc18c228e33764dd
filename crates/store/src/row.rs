//! What every record that is not a fact needs: insert a row, find it, replace it. Keeping the past is `record`'s.

use sea_orm::{
    ActiveModelBehavior, ActiveModelTrait, ConnectionTrait, EntityTrait, IntoActiveModel, Iterable, ModelTrait,
    PrimaryKeyToColumn, PrimaryKeyTrait,
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

/// The row with this key.
pub(crate) async fn find<E: EntityTrait>(
    db: &impl ConnectionTrait,
    kind: &'static str,
    id: <E::PrimaryKey as PrimaryKeyTrait>::ValueType,
) -> Result<E::Model, StoreError> {
    let named = format!("{id:?}");
    E::find_by_id(id).one(db).await?.ok_or_else(|| StoreError::not_found(kind, named))
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
