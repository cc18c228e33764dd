//! Many facts at once: found, compared and written with a few statements for a thousand rows, because a statement
//! costs more than a row. The rules are those of saving one: a row that says the same is left alone, and what a row
//! said before is kept. Deliberately absent: how rows are merged, which the caller has done.

use std::collections::HashMap;

use sea_orm::{ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect};

use super::{Fact, Imported, Saved, version};
use crate::{
    StoreError, Tx, insertion, row,
    statement::{MAX_VALUES, among},
};

/// The facts a source knows by these identities, locked until the transaction ends.
pub async fn known<M: Imported>(
    tx: &Tx,
    source_id: Option<i64>,
    external_ids: &[&str],
) -> Result<HashMap<String, M>, StoreError> {
    if external_ids.is_empty() {
        return Ok(HashMap::new());
    }
    let mut query = M::Entity::find().filter(among(tx, &M::EXTERNAL, external_ids));
    if let Some(named) = M::named_by(source_id) {
        query = query.filter(named);
    }
    let facts = query.lock_exclusive().all(tx).await?;
    let named = facts.into_iter().filter_map(|fact| Some((fact.external_id()?.to_owned(), fact)));
    Ok(named.collect())
}

/// The facts with these ids, by id.
pub async fn of_ids<M: Fact>(db: &impl ConnectionTrait, ids: &[i64]) -> Result<HashMap<i64, M>, StoreError> {
    let mut found = HashMap::with_capacity(ids.len());
    for ids in ids.chunks(MAX_VALUES) {
        let facts = M::Entity::find().filter(M::ID.is_in(ids.iter().copied())).all(db).await?;
        found.extend(facts.into_iter().map(|fact| (fact.id(), fact)));
    }
    Ok(found)
}

/// Saves facts, each with the row it replaces, if any. Answers in the order given, with the rows as they stand.
pub async fn save<M: Fact>(tx: &Tx, facts: Vec<(Option<M>, M)>) -> Result<Vec<(Saved, M)>, StoreError> {
    let mut saved: Vec<Option<(Saved, M)>> = Vec::with_capacity(facts.len());
    let (mut new, mut versions) = (Vec::new(), Vec::new());
    for (before, after) in facts {
        let Some(before) = before else {
            new.push(after);
            saved.push(None);
            continue;
        };
        if before == after.clone().recorded(before.recorded_at()) {
            saved.push(Some((Saved::Unchanged, before)));
            continue;
        }
        // A clock that was set back must not make the old version end before it began.
        let since = after.recorded_at().max(before.recorded_at());
        versions.push(version(&before, since)?);
        let after = row::ready(after.recorded(since)).update(tx).await?;
        saved.push(Some((Saved::Updated, after)));
    }
    super::insert_many(tx, versions).await?;
    let mut inserted = insert(tx, new).await?.into_iter();
    let rows = saved.into_iter().map(|known| known.or_else(|| inserted.next().map(|fact| (Saved::Created, fact))));
    Ok(rows.flatten().collect())
}

/// Inserts facts and gives them the ids the database chose.
async fn insert<M: Fact>(tx: &Tx, mut facts: Vec<M>) -> Result<Vec<M>, StoreError> {
    let ids = insertion::numbered(tx, &facts).await?;
    for (fact, id) in facts.iter_mut().zip(ids) {
        fact.try_set(M::ID, id.into())?;
    }
    Ok(facts)
}
