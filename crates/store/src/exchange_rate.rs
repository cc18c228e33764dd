//! An exchange rate is what one unit of a currency is worth in another from a day until the next rate of the two. Rows
//! are added and never changed: a correction is a later row for the same day, and one without a rate takes it back. So
//! the rates known on an instant are those recorded by then, and no other table keeps their past.

use std::collections::BTreeMap;

use domain::{Day, Instant};
use sea_orm::{ConnectionTrait, QueryOrder, entity::prelude::*};
use serde::{Deserialize, Serialize};

use crate::{StoreError, Tx, declare::no_relations, record};

/// What somebody said of a rate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, DeriveEntityModel)]
#[sea_orm(table_name = "exchange_rate")]
pub struct Model {
    /// Identity; 0 before the first insert.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// ISO 4217 code of what is converted.
    pub currency: String,
    /// ISO 4217 code of what it is converted into.
    pub into_currency: String,
    /// The first day it holds.
    pub effective_on: Day,
    /// Billionths of the rate; `None` where it was taken back.
    pub rate_nanos: Option<i64>,
    /// The source that brought it; `None` when a person typed it.
    pub source_id: Option<i64>,
    /// The person who typed it.
    pub member_id: Option<i64>,
    /// When it became known.
    pub recorded_at: Instant,
}

no_relations!();

/// The rates that hold, as known now or on an earlier instant: by pair of currencies, and of each by day.
pub async fn known(db: &impl ConnectionTrait, known_on: Option<Instant>) -> Result<Vec<Model>, StoreError> {
    let mut query = Entity::find().order_by_asc(Column::RecordedAt).order_by_asc(Column::Id);
    if let Some(known_on) = known_on {
        query = query.filter(Column::RecordedAt.lte(known_on));
    }
    let said = query.all(db).await?.into_iter();
    let last: BTreeMap<_, Model> = said.map(|rate| (rate.key(), rate)).collect();
    Ok(last.into_values().filter(|rate| rate.rate_nanos.is_some()).collect())
}

/// Adds what differs from what is known. Returns, for each in its order, whether there was none, another, or the same.
pub async fn add(tx: &Tx, rates: Vec<Model>) -> Result<Vec<record::Saved>, StoreError> {
    let mut known: BTreeMap<_, Option<i64>> =
        known(tx, None).await?.into_iter().map(|rate| (rate.key(), rate.rate_nanos)).collect();
    let (mut saved, mut new) = (Vec::with_capacity(rates.len()), Vec::new());
    for rate in rates {
        let before = known.insert(rate.key(), rate.rate_nanos).flatten();
        saved.push(match before {
            _ if before == rate.rate_nanos => record::Saved::Unchanged,
            None => record::Saved::Created,
            Some(_) => record::Saved::Updated,
        });
        if before != rate.rate_nanos {
            new.push(rate);
        }
    }
    record::insert_many(tx, new).await?;
    Ok(saved)
}

/// Forgets what was recorded at an instant, as an import that is taken back. Returns how many rows that were.
pub(crate) async fn forget(tx: &Tx, at: Instant) -> Result<u64, StoreError> {
    Ok(Entity::delete_many().filter(Column::RecordedAt.eq(at)).exec(tx).await?.rows_affected)
}

impl Model {
    /// What it is a rate of.
    fn key(&self) -> (String, String, Day) {
        (self.currency.clone(), self.into_currency.clone(), self.effective_on)
    }
}
