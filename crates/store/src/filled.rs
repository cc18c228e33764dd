//! How full the columns of a kind of record are: how many rows and how many accounts say something in each. It is counted
//! when somebody asks, over the rows as they stand. Deliberately absent: which rows those are.

use std::{collections::BTreeMap, fmt::Write as _};

use sea_orm::{ConnectionTrait, EntityTrait, IdenStatic, Iterable};

use crate::{StoreError, record::Fact, statement::statement};

/// Rows, and the accounts that have some.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// The rows.
    pub rows: i64,
    /// The accounts of these rows.
    pub accounts: i64,
}

/// How full a table is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filled {
    /// All of its rows.
    pub all: Count,
    /// Rows in which a column says something, by column.
    pub columns: BTreeMap<String, Count>,
}

/// How full the records of a kind are.
pub async fn of_kind<M: Fact>(db: &impl ConnectionTrait) -> Result<Filled, StoreError> {
    let names: Vec<&'static str> = <M::Entity as EntityTrait>::Column::iter().map(|column| column.as_str()).collect();
    let (mut outer, mut inner) = (String::new(), String::new());
    for name in &names {
        // Writing to a String cannot fail.
        let _ = write!(inner, ", count({name}) AS n_{name}");
        let some = format!("CASE WHEN n_{name} > 0 THEN 1 ELSE 0 END");
        let _ = write!(outer, ", CAST(coalesce(sum(n_{name}), 0) AS BIGINT), CAST(coalesce(sum({some}), 0) AS BIGINT)");
    }
    let (table, account) = (M::KIND, M::ACCOUNT.as_str());
    let sql = format!(
        "SELECT CAST(coalesce(sum(n), 0) AS BIGINT), CAST(count(*) AS BIGINT){outer}
         FROM (SELECT count(*) AS n{inner} FROM {table} GROUP BY {account}) AS of_account"
    );
    let Some(row) = db.query_one_raw(statement(db, sql, [])).await? else { return Ok(Filled::default()) };
    let count = |at: usize| -> Result<Count, StoreError> {
        Ok(Count { rows: row.try_get_by_index(2 * at)?, accounts: row.try_get_by_index(2 * at + 1)? })
    };
    let columns = names.into_iter().enumerate().map(|(at, name)| Ok((name.to_owned(), count(at + 1)?)));
    Ok(Filled { all: count(0)?, columns: columns.collect::<Result<_, StoreError>>()? })
}
