//! Facts: records whose past is kept.
//!
//! A fact is written with the instant it became known. Changing or deleting it first copies the row it replaces, as
//! JSON, to `record_version` in the same transaction, so that any number can be asked again as it was known on a day.
//! What a change *means* is not decided here; whoever makes a meaningful one also writes a `change`.

use domain::Instant;
use sea_orm::{
    ActiveModelBehavior, ActiveModelTrait, ColumnTrait, Condition, DbBackend, EntityTrait, FromQueryResult,
    IntoActiveModel, ModelTrait, PrimaryKeyTrait, QueryFilter, QueryOrder, QuerySelect,
};
use serde::{Serialize, de::DeserializeOwned};

use crate::{StoreError, Tx, insertion, packed, record_version, row, statement::MAX_VALUES};

mod many;
mod undo;

pub use many::{known, of_ids, save};
pub use undo::{Undone, undo};

/// A record whose past is kept.
pub trait Fact:
    ModelTrait<
        Entity: EntityTrait<
            Model = Self,
            ActiveModel: ActiveModelBehavior + Send,
            PrimaryKey: PrimaryKeyTrait<ValueType = i64>,
        >,
    > + FromQueryResult
    + IntoActiveModel<<Self::Entity as EntityTrait>::ActiveModel>
    + PartialEq
    + Serialize
    + DeserializeOwned
    + Sync
    + 'static
{
    /// The table, as named in `record_version` and in errors.
    const KIND: &'static str;
    /// The column of its identity.
    const ID: <Self::Entity as EntityTrait>::Column;
    /// The column that says whose it is.
    const ACCOUNT: <Self::Entity as EntityTrait>::Column;
    /// The column that says when it became known.
    const RECORDED: <Self::Entity as EntityTrait>::Column;

    /// Its identity; 0 before the first insert.
    fn id(&self) -> i64;
    /// Whose it is.
    fn account_id(&self) -> i64;
    /// When this version became known.
    fn recorded_at(&self) -> Instant;
    /// The same fact, known since `at`.
    #[must_use]
    fn recorded(self, at: Instant) -> Self;
    /// The same fact of another account. An account itself is nobody's and stays as it is.
    #[must_use]
    fn given_to(self, _account_id: i64) -> Self {
        self
    }
}

/// A fact that an import recognises by the identity its source gives it.
pub trait Imported: Fact {
    /// The column of that identity.
    const EXTERNAL: <Self::Entity as EntityTrait>::Column;

    /// The rows this source may have named; `None` where identities are shared by all sources.
    fn named_by(source_id: Option<i64>) -> Option<Condition>;

    /// What the source calls it.
    fn external_id(&self) -> Option<&str>;

    /// The row of this source with this identity.
    fn known_as(source_id: Option<i64>, external_id: &str) -> Condition {
        let named = Condition::all().add(Self::EXTERNAL.eq(external_id));
        Self::named_by(source_id).into_iter().fold(named, Condition::add)
    }
}

/// Which state the facts of a kind are in: it differs wherever one was added, changed or deleted in between.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    last: Option<i64>,
    superseded: Option<i64>,
}

/// The state of the facts of a kind, of which each got its id when it was added. It may differ where only facts of other
/// kinds were changed.
pub async fn stamp<M: Fact>(db: &impl sea_orm::ConnectionTrait) -> Result<Stamp, StoreError> {
    let last = row::last::<M::Entity>(db, M::ID).await?;
    // Whatever replaces or deletes a fact first copies it there.
    let superseded = row::last::<record_version::Entity>(db, record_version::Column::Id).await?;
    Ok(Stamp { last, superseded })
}

/// What saving did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Saved {
    /// There was no such row.
    Created,
    /// The row said something else before.
    Updated,
    /// The row already said this; nothing was written.
    Unchanged,
    /// A person holds whatever would have changed; nothing was written. Said by whoever knows what is held.
    Held,
}

/// Inserts a new fact under the database's next id. Rows that bring their ids go through [`insert_many`].
pub async fn insert<M: Fact>(tx: &Tx, fact: M) -> Result<M, StoreError> {
    let row = row::ready(fact);
    Ok(M::Entity::insert(row).exec_with_returning(tx).await?)
}

/// The fact with this id, locked until the transaction ends.
pub async fn find<M: Fact>(tx: &Tx, id: i64) -> Result<M, StoreError> {
    let found = M::Entity::find_by_id(id).lock_exclusive().one(tx).await?;
    found.ok_or_else(|| StoreError::not_found(M::KIND, &id))
}

/// Replaces the fact with the same id, keeping what it said before. A fact that says the same is left alone.
pub async fn update<M: Fact>(tx: &Tx, fact: M) -> Result<(Saved, M), StoreError> {
    let before = find::<M>(tx, fact.id()).await?;
    replace(tx, before, fact).await
}

/// Changes the fact with this id through a function; known since `now`.
pub async fn edit<M: Fact>(
    tx: &Tx,
    id: i64,
    now: Instant,
    change: impl FnOnce(&mut M),
) -> Result<(Saved, M), StoreError> {
    let before = find::<M>(tx, id).await?;
    let mut after = before.clone().recorded(now);
    change(&mut after);
    replace(tx, before, after).await
}

/// Deletes a fact, keeping what it said.
pub async fn delete<M: Fact>(tx: &Tx, id: i64, now: Instant) -> Result<(), StoreError> {
    let before = find::<M>(tx, id).await?;
    keep(tx, &before, now).await?;
    M::Entity::delete_by_id(id).exec(tx).await?;
    Ok(())
}

/// Writes the fact a source knows by `external_id`: `merge` gets the row there is and returns the row there should be.
///
/// So an import changes what it brings and leaves alone what a person added.
pub async fn upsert<M: Imported>(
    tx: &Tx,
    source_id: Option<i64>,
    external_id: &str,
    merge: impl FnOnce(Option<&M>) -> M,
) -> Result<(Saved, M), StoreError> {
    let before = M::Entity::find().filter(M::known_as(source_id, external_id)).lock_exclusive().one(tx).await?;
    let after = merge(before.as_ref());
    match before {
        None => Ok((Saved::Created, insert(tx, after).await?)),
        Some(before) => replace(tx, before, after).await,
    }
}

/// Inserts many rows at once, of any entity, as few statements as the databases allow. Returns how many.
///
/// Ids that are not 0 are kept; all rows must have one, or none.
pub async fn insert_many<M: ModelTrait>(tx: &Tx, rows: Vec<M>) -> Result<u64, StoreError> {
    insertion::insert(tx, &rows).await?;
    if insertion::has_ids(&rows) {
        continue_ids_after_given::<M::Entity>(tx).await?;
    }
    Ok(rows.len() as u64)
}

/// PostgreSQL counts ids beside the table; after ids were given it must be told where to go on.
async fn continue_ids_after_given<E: EntityTrait>(tx: &Tx) -> Result<(), StoreError> {
    use sea_orm::ConnectionTrait;
    if tx.get_database_backend() == DbBackend::Postgres {
        let table = E::default().table_name().to_owned();
        let sql = format!(
            "SELECT setval(pg_get_serial_sequence('{table}', 'id'), GREATEST((SELECT max(id) FROM \"{table}\"), 1))"
        );
        tx.execute_unprepared(&sql).await?;
    }
    Ok(())
}

async fn replace<M: Fact>(tx: &Tx, before: M, after: M) -> Result<(Saved, M), StoreError> {
    if before == after.clone().recorded(before.recorded_at()) {
        return Ok((Saved::Unchanged, before));
    }
    // A clock that was set back must not make the old version end before it began.
    let since = after.recorded_at().max(before.recorded_at());
    let after = after.recorded(since);
    keep(tx, &before, since).await?;
    let saved = row::ready(after).update(tx).await?;
    Ok((Saved::Updated, saved))
}

/// Copies a row that is about to be replaced.
async fn keep<M: Fact>(tx: &Tx, fact: &M, superseded_at: Instant) -> Result<(), StoreError> {
    record_version::Entity::insert(row::ready(version(fact, superseded_at)?)).exec_without_returning(tx).await?;
    Ok(())
}

/// What a row said until `superseded_at`.
fn version<M: Fact>(fact: &M, superseded_at: Instant) -> Result<record_version::Model, StoreError> {
    let body = serde_json::to_value(fact).map_err(|source| StoreError::Malformed { what: M::KIND, source })?;
    Ok(record_version::Model {
        id: 0,
        record_kind: M::KIND.to_owned(),
        record_id: fact.id(),
        account_id: Some(fact.account_id()),
        recorded_at: fact.recorded_at(),
        superseded_at,
        body,
    })
}

/// Every fact of a kind as it is, or as it was known at `known_on`; of some accounts, or of all. Ordered by id.
pub async fn load<M: Fact>(
    db: &impl sea_orm::ConnectionTrait,
    known_on: Option<Instant>,
    accounts: Option<&[i64]>,
) -> Result<Vec<M>, StoreError> {
    let mut facts = Vec::new();
    for accounts in pages_of(accounts) {
        match accounts {
            None => each_page(db, |mut page| facts.append(&mut page)).await?,
            Some(accounts) => {
                let query = M::Entity::find().filter(M::ACCOUNT.is_in(accounts.iter().copied()));
                facts.append(&mut packed::all(db, query).await?);
            }
        }
        if let Some(known_on) = known_on {
            facts.retain(|fact: &M| fact.recorded_at() <= known_on);
            facts.append(&mut record_version::known::<M>(db, known_on, accounts).await?);
        }
    }
    facts.sort_unstable_by_key(Fact::id);
    Ok(facts)
}

/// Facts of a kind that are in memory at once while a whole book is read.
const PAGE: u64 = 4_096;

/// Hands out the facts of a kind as they are in pages, ordered by id; at least one page, which may be empty.
pub(crate) async fn each_page<M: Fact>(
    db: &impl sea_orm::ConnectionTrait,
    mut take: impl FnMut(Vec<M>),
) -> Result<(), StoreError> {
    let mut after = i64::MIN;
    loop {
        let query = M::Entity::find().filter(M::ID.gt(after)).order_by_asc(M::ID).limit(PAGE);
        let page: Vec<M> = packed::all(db, query).await?;
        let last = page.last().filter(|_| page.len() as u64 == PAGE).map(Fact::id);
        take(page);
        match last {
            Some(last) => after = last,
            None => return Ok(()),
        }
    }
}

/// Splits a list of accounts so that each part fits a statement; no list is one part without a filter.
fn pages_of(accounts: Option<&[i64]>) -> Vec<Option<&[i64]>> {
    match accounts {
        None => vec![None],
        Some(accounts) => accounts.chunks(MAX_VALUES / 2).map(Some).collect(),
    }
}

/// Declares that a record is a fact of an account, and optionally that its source names it.
macro_rules! fact {
    ($kind:literal, account = $account:ident ($column:ident) $(, given by $given:ident)?) => {
        impl crate::record::Fact for Model {
            const KIND: &'static str = $kind;
            const ID: Column = Column::Id;
            const ACCOUNT: Column = Column::$column;
            const RECORDED: Column = Column::RecordedAt;

            fn id(&self) -> i64 {
                self.id
            }

            fn account_id(&self) -> i64 {
                self.$account
            }

            fn recorded_at(&self) -> domain::Instant {
                self.recorded_at
            }

            fn recorded(mut self, at: domain::Instant) -> Self {
                self.recorded_at = at;
                self
            }

            $(fn given_to(mut self, account_id: i64) -> Self {
                self.$given = account_id;
                self
            })?
        }
    };
    ($kind:literal) => {
        fact!($kind, account = account_id(AccountId), given by account_id);
        crate::row::of_account!();
    };
    ($kind:literal, imported) => {
        fact!($kind);

        impl crate::record::Imported for Model {
            const EXTERNAL: Column = Column::ExternalId;

            fn named_by(source_id: Option<i64>) -> Option<sea_orm::Condition> {
                let source = match source_id {
                    Some(source_id) => Column::SourceId.eq(source_id),
                    None => Column::SourceId.is_null(),
                };
                Some(sea_orm::Condition::all().add(source))
            }

            fn external_id(&self) -> Option<&str> {
                self.external_id.as_deref()
            }
        }
    };
}

pub(crate) use fact;
