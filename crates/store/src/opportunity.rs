//! An opportunity is more that an account may buy: seats, a feature, a use case, an organisation. It carries its case
//! (problem, solution, what it brings and costs, timeline) through stages, of which one is the customer's approval. What
//! it said before is kept, so every stage it has been in can be found with its day. Absent: renewals, which follow from
//! contracts and are not typed in.

use domain::{Day, Instant, access::RowFilter};
use sea_orm::{
    FromQueryResult, QueryOrder, QuerySelect,
    entity::prelude::*,
    sea_query::{CaseStatement, Expr, ExprTrait},
};
use serde::{Deserialize, Serialize};

use crate::{
    Db, StoreError,
    declare::{no_relations, text_enum},
    record::fact,
    row, visible,
};

text_enum! {
    /// What more is bought.
    pub enum Kind {
        /// More users.
        Seat = "seat",
        /// A feature or an edition.
        Feature = "feature",
        /// An application to another problem.
        UseCase = "use_case",
        /// Another organisation, site or team.
        Organisation = "organisation",
    }
}

text_enum! {
    /// How far it is.
    pub enum Stage {
        /// Somebody of us sees it.
        Identified = "identified",
        /// The customer has been told.
        Presented = "presented",
        /// The case is made with the customer.
        Case = "case",
        /// The customer has approved it; it is being carried out.
        Approved = "approved",
        /// It was bought.
        Won = "won",
        /// It was not.
        Lost = "lost",
    }
}

impl Stage {
    /// Whether nothing more will come.
    pub const fn is_closed(self) -> bool {
        matches!(self, Self::Won | Self::Lost)
    }
}

/// More that an account may buy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, DeriveEntityModel)]
#[sea_orm(table_name = "opportunity")]
pub struct Model {
    /// Identity; 0 before the first insert.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The account it belongs to.
    pub account_id: i64,
    /// What more is bought.
    pub kind: Kind,
    /// How far it is.
    pub stage: Stage,
    /// One line.
    pub title: String,
    /// What it is that the customer needs solved.
    pub problem: Option<String>,
    /// How it would be.
    pub solution: Option<String>,
    /// What happens when, once it is approved.
    pub timeline: Option<String>,
    /// ARR it would bring us, minor units.
    pub amount_cents: i64,
    /// What it is worth to the customer in a year, minor units.
    pub benefit_cents: Option<i64>,
    /// What it costs the customer in the first year beside our price, minor units.
    pub cost_cents: Option<i64>,
    /// ISO 4217 code of all three.
    pub currency: String,
    /// The day it should be decided.
    pub close_on: Day,
    /// The member who pursues it.
    pub owner_id: Option<i64>,
    /// The member who recorded the customer's approval.
    pub approved_by: Option<i64>,
    /// Why it was lost.
    pub loss_reason: Option<String>,
    /// The day it was won or lost.
    pub closed_on: Option<Day>,
    /// When it was seen first.
    pub created_at: Instant,
    /// When this version became known.
    pub recorded_at: Instant,
}

no_relations!();
fact!("opportunity");

impl Model {
    /// What the customer gains in the first year over what it spends in it; `None` without both, or where nothing is spent.
    pub fn return_on_investment(&self) -> Option<f64> {
        let (benefit, spent) = (self.benefit_cents?, self.amount_cents + self.cost_cents?);
        (spent > 0).then(|| (benefit - spent) as f64 / spent as f64)
    }
}

/// The opportunity with this id.
pub async fn find(db: &impl Db, id: i64) -> Result<Model, StoreError> {
    row::find::<Entity>(db, "opportunity", id).await
}

/// A page of the opportunities that may be seen on a day, in order of id.
pub async fn visible(
    db: &impl Db,
    rows: &RowFilter,
    today: Day,
    after: Option<i64>,
    limit: u64,
) -> Result<Vec<Model>, StoreError> {
    visible::facts::<Model>(db, rows, today, after, limit).await
}

/// What the opportunities of one stage come to in one currency.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct Sum {
    /// The stage.
    pub stage: Stage,
    /// ISO 4217 code.
    pub currency: String,
    /// How many they are.
    pub count: i64,
    /// ARR they would bring us, minor units.
    pub amount_cents: i64,
}

/// What the opportunities that may be seen on a day come to, by stage and currency.
pub async fn sums(db: &impl Db, rows: &RowFilter, today: Day) -> Result<Vec<Sum>, StoreError> {
    // A sum of PostgreSQL's is wider than what it adds up.
    let amount = Expr::col(Column::AmountCents).sum().cast_as("bigint");
    let query = Entity::find()
        .filter(visible::accounts(rows, Column::AccountId, today))
        .select_only()
        .columns([Column::Stage, Column::Currency])
        .column_as(Column::Id.count(), "count")
        .column_as(amount, "amount_cents")
        .group_by(Column::Stage)
        .group_by(Column::Currency)
        .order_by_asc(Column::Currency);
    Ok(query.into_model().all(db).await?)
}

/// Stages as a list of opportunities goes through them: what is nearest to a purchase first, what is decided last.
const LISTED: [Stage; 6] = [Stage::Approved, Stage::Case, Stage::Presented, Stage::Identified, Stage::Lost, Stage::Won];

/// Some of the opportunities that may be seen on a day, by how far they are and then by the day of their decision.
pub async fn by_stage(
    db: &impl Db,
    rows: &RowFilter,
    today: Day,
    (offset, limit): (u64, u64),
) -> Result<Vec<Model>, StoreError> {
    let ranks = (0_i32..).zip(LISTED);
    let rank = ranks.fold(CaseStatement::new(), |case, (rank, stage)| case.case(Column::Stage.eq(stage), rank));
    let query = Entity::find()
        .filter(visible::accounts(rows, Column::AccountId, today))
        .order_by_asc(Expr::Case(Box::new(rank)))
        .order_by_asc(Column::CloseOn)
        .order_by_asc(Column::Id);
    Ok(query.offset(offset).limit(limit).all(db).await?)
}
