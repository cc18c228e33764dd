//! A subscription is a recurring contract; what it costs is in its items. `effective_to` is the end of the term,
//! which makes it the renewal date.

use domain::{Day, Instant};
use sea_orm::{FromJsonQueryResult, entity::prelude::*};
use serde::{Deserialize, Serialize};

use crate::{declare::no_relations, record::fact};

/// A recurring contract.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, DeriveEntityModel)]
#[sea_orm(table_name = "subscription")]
pub struct Model {
    /// Identity; 0 before the first insert.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The account it belongs to.
    pub account_id: i64,
    /// The identity in the source system, for imports.
    pub external_id: Option<String>,
    /// What it is called on the contract.
    pub name: String,
    /// ISO 4217 code.
    pub currency: String,
    /// Length of one term in months.
    pub period_months: i32,
    /// Days before the end by which notice must be given.
    pub notice_days: i32,
    /// Whether it renews by itself.
    pub auto_renew: bool,
    /// First day of the term.
    pub effective_from: Day,
    /// First day after the term: the renewal date. `None` for an open end.
    pub effective_to: Option<Day>,
    /// The day notice was given.
    pub cancelled_on: Option<Day>,
    /// The day it was signed, where a source says so.
    #[serde(default)]
    pub signed_on: Option<Day>,
    /// The contract it took over: of the same account for a renewal, of a sibling for a transfer.
    #[serde(default)]
    pub continues_id: Option<i64>,
    /// First day on which nothing is owed, while it is paused.
    #[serde(default)]
    pub paused_on: Option<Day>,
    /// First day on which it is owed again; `None` while nobody knows.
    #[serde(default)]
    pub resumes_on: Option<Day>,
    /// Its pauses before that one, which are over.
    #[serde(default)]
    pub earlier_pauses: Pauses,
    /// What is taken off all of its items together, now or at some time.
    #[serde(default)]
    pub discounts: Discounts,
    /// The source that brought it; `None` when a person typed it.
    pub source_id: Option<i64>,
    /// When this version became known.
    pub recorded_at: Instant,
}

/// Pauses that are over: the first day of each, and the first on which it was owed again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, FromJsonQueryResult)]
pub struct Pauses(pub Vec<(Day, Day)>);

/// What is taken off a whole contract, by the day it began.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, FromJsonQueryResult)]
pub struct Discounts(pub Vec<Discount>);

/// What is taken off the prices of a contract for a time: a share, or an amount each period.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Discount {
    /// What its source calls it.
    pub key: String,
    /// Basis points: 1,500 is 15 %.
    pub basis_points: i32,
    /// Minor units each period, of all items together.
    pub cents: i64,
    /// Months of that period; `None` for that of the contract.
    pub period_months: Option<i32>,
    /// First day it holds; `None` for ever since.
    pub from: Option<Day>,
    /// First day it no longer holds; `None` for good.
    pub until: Option<Day>,
}

no_relations!();
fact!("subscription", imported);
