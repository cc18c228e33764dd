//! A health day is the score of an account on a day with its range and band. Why it is so is recomputed from the
//! snapshot, not stored.

use domain::{Day, Instant};
use sea_orm::{ConnectionTrait, QueryOrder, QuerySelect, entity::prelude::*, sea_query::OnConflict};
use serde::{Deserialize, Serialize};

use crate::{
    StoreError, Tx,
    declare::{no_relations, text_enum},
    packed, row,
    statement::MAX_VALUES,
};

text_enum! {
    /// The colour of a health score.
    pub enum Band {
        /// Well.
        Green = "green",
        /// To watch.
        Yellow = "yellow",
        /// In danger.
        Red = "red",
        /// Too little is known to say.
        Unknown = "unknown",
    }
}

/// The health of an account on a day.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, DeriveEntityModel)]
#[sea_orm(table_name = "health_day")]
pub struct Model {
    /// The account.
    #[sea_orm(primary_key, auto_increment = false)]
    pub account_id: i64,
    /// The day.
    #[sea_orm(primary_key, auto_increment = false)]
    pub day: Day,
    /// 0 to 100; `None` when too little is known.
    pub score: Option<f64>,
    /// Lower end of the range that missing data leaves.
    pub low: Option<f64>,
    /// Upper end of that range.
    pub high: Option<f64>,
    /// Share of the scorecard's weight that is known, 0 to 1.
    pub coverage: f64,
    /// Colour.
    pub band: Band,
    /// Annual recurring revenue that day, in minor units.
    pub arr_cents: i64,
    /// When it was computed.
    pub computed_at: Instant,
}

no_relations!();

/// Writes health days, replacing those of the same account and day.
pub async fn put(tx: &Tx, days: Vec<Model>) -> Result<(), StoreError> {
    let mut days = days.into_iter().map(row::ready::<Model, Entity, ActiveModel>);
    loop {
        let chunk: Vec<ActiveModel> = days.by_ref().take(MAX_VALUES / 9).collect();
        if chunk.is_empty() {
            return Ok(());
        }
        let replace = OnConflict::columns([Column::AccountId, Column::Day])
            .update_columns([
                Column::Score,
                Column::Low,
                Column::High,
                Column::Coverage,
                Column::Band,
                Column::ArrCents,
                Column::ComputedAt,
            ])
            .to_owned();
        Entity::insert_many(chunk).on_conflict(replace).exec_without_returning(tx).await?;
    }
}

/// The health of some accounts, or of all, on some days.
pub async fn on_days(
    db: &impl ConnectionTrait,
    days: &[Day],
    accounts: Option<&[i64]>,
) -> Result<Vec<Model>, StoreError> {
    let mut query = Entity::find().filter(Column::Day.is_in(days.iter().copied()));
    if let Some(accounts) = accounts {
        query = query.filter(Column::AccountId.is_in(accounts.iter().copied()));
    }
    Ok(query.all(db).await?)
}

/// The health of an account on a day, as a line shows it.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
pub struct Point {
    /// The day.
    pub day: Day,
    /// 0 to 100; `None` when unknown.
    pub score: Option<f64>,
    /// What it could be at worst, were the missing data known.
    pub low: Option<f64>,
    /// What it could be at best.
    pub high: Option<f64>,
}

/// The health of one account from a day to the day before another, in order.
pub async fn of_account(
    db: &impl ConnectionTrait,
    account_id: i64,
    from: Day,
    to: Day,
) -> Result<Vec<Point>, StoreError> {
    let columns = [Column::Day, Column::Score, Column::Low, Column::High];
    let query = Entity::find()
        .select_only()
        .columns(columns)
        .filter(Column::AccountId.eq(account_id))
        .filter(Column::Day.gte(from))
        .filter(Column::Day.lt(to))
        .order_by_asc(Column::Day);
    packed::points(db, query, columns).await
}

/// The days that have health, in order.
pub async fn days(db: &impl ConnectionTrait) -> Result<Vec<Day>, StoreError> {
    let query = Entity::find().select_only().column(Column::Day).distinct().order_by_asc(Column::Day);
    Ok(query.into_tuple().all(db).await?)
}
