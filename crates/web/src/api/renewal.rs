//! `/api/v1/renewals`: every term that ends in some days: what is due, the last day to give notice, who looks after it, what
//! people say and what the model expects, and what became of it. Writing is saying: amounts and outcomes follow from
//! contracts.

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, NaiveDate, Utc};
use domain::Day;
use domain::revenue::Span;
use domain::time::{days_after, days_before};
use engine::renewals::{AHEAD, BACK, Entry, Saying, Which, between, frozen, one, say};
use engine::revenue::report::{Measure, Renewals};
use serde::{Deserialize, Serialize};
use store::renewal::{Category, LossReason, Stage};
use utoipa::{IntoParams, ToSchema};

use super::list::Paging;
use super::wire::{wire, words};
use crate::extract::{At, Input, Params};
use crate::fact;
use crate::gate::Access;
use crate::problem::{Answer, Problem};
use crate::state::AppState;

/// The most days between the first and the last due day that are asked for.
const MOST_DAYS: i64 = 3 * 366;
/// Renewals on a page where nobody says how many.
const USUAL: u64 = 500;
/// Bits of a cursor that are the contract's.
const CONTRACT_BITS: u32 = 40;
/// Characters a note may have.
const LONGEST_NOTE: usize = 2_000;

words! {
    stage: Stage,
    category: Category,
    loss_reason: LossReason,
    which: Which,
}

/// Which renewals.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct AskRenewals {
    /// The first due day; 90 days ago if absent.
    due_from: Option<NaiveDate>,
    /// The last due day; 180 days ahead if absent.
    due_to: Option<NaiveDate>,
    /// `all`, `missing` (overdue, or past a checkpoint), `overdue`, `notice` (within 30 days), `soon` (open and due within 90 days), `open`, `renewed` or `lost`.
    #[param(schema_with = which)]
    which: Option<String>,
    /// Only of this account.
    account_id: Option<i64>,
    /// Only those this person looks after, by name.
    csm: Option<String>,
    /// Only in this stage.
    #[param(schema_with = stage)]
    stage: Option<Stage>,
    /// Only in this forecast category.
    #[param(schema_with = category)]
    category: Option<Category>,
    /// Renewals per page, 1 to 500; 500 if absent.
    limit: Option<u64>,
    /// The `next` of the page before.
    cursor: Option<String>,
}

/// The end of one term, with all that is said of it. Money is in minor units a year.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[schema(as = Renewal)]
pub struct RenewalView {
    /// The contract.
    pub subscription_id: i64,
    /// Whose it is.
    pub account_id: i64,
    /// First day after the term.
    pub due_on: NaiveDate,
    /// The last day to give notice.
    pub notice_by: NaiveDate,
    /// What recurred on the last day of the term, in the currency of the list; `null` where no exchange rate converts it.
    pub due_cents: Option<i64>,
    /// The same in the currency of the contract.
    pub sold_cents: i64,
    /// That currency.
    pub sold_in: String,
    /// `open`, `overdue`, `early`, `on_time`, `late` or `lost`.
    pub outcome: &'static str,
    /// What recurs where it was renewed; `null` where no rate converts it.
    pub renewed_cents: Option<i64>,
    /// The day it was renewed, as far as known.
    pub signed_on: Option<NaiveDate>,
    /// Who looks after the account: on the due day, or today while that is ahead.
    pub csm: Option<String>,
    /// Health of the account today, 0 to 100.
    pub health: Option<f64>,
    /// Whether the account is at risk today.
    pub at_risk: bool,
    /// How far it has been worked.
    #[schema(schema_with = stage)]
    pub stage: Stage,
    /// How sure people are.
    #[schema(schema_with = category)]
    pub category: Option<Category>,
    /// What people say will recur.
    pub forecast_cents: Option<i64>,
    /// What the model expects.
    pub machine_cents: Option<i64>,
    /// The model's chance that the account is still a customer when the term is over.
    pub chance: Option<f64>,
    /// Checkpoints that have passed and whose need is not met.
    pub missed: Vec<String>,
    /// Why it was lost.
    #[schema(schema_with = loss_reason)]
    pub loss_reason: Option<LossReason>,
    /// In words.
    pub note: Option<String>,
    /// Who said so last.
    pub said_by: Option<i64>,
    /// When.
    pub said_at: Option<DateTime<Utc>>,
}

/// Renewals by due day.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[schema(as = Renewals)]
pub struct RenewalsView {
    /// The day they are judged on.
    pub as_of: NaiveDate,
    /// The currency of all money.
    pub currency: String,
    /// The renewals.
    pub items: Vec<RenewalView>,
    /// The cursor of the next page; `null` when this is the last.
    pub next: Option<String>,
    /// What was renewed of what was due in the last twelve months, whatever was asked for.
    pub year: DueView,
}

wire! {
    /// What was renewed of what was due.
    #[schema(as = DueBase)]
    pub struct DueView from Renewals {
        /// Terms due.
        due: usize,
        /// What they came to.
        due_cents: i64,
        /// Of that, nobody has answered.
        overdue_cents: i64,
        /// Terms in none of these, since no exchange rate converts them.
        unrated: usize,
        /// Renewed, each capped at what was due; `null` where nothing was due.
        gross: Option<f64>,
        /// Renewed, with growth.
        net: Option<f64>,
        /// Renewed by the due day.
        on_time: Option<f64>,
        /// Signed well ahead.
        early: Option<f64>,
        /// Signed after the due day.
        late: Option<f64>,
    }
}

/// What somebody says of a renewal; a field left out is unsaid.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SayRenewal {
    /// How far it has been worked.
    #[schema(schema_with = stage)]
    stage: Stage,
    /// How sure you are.
    #[schema(schema_with = category)]
    category: Option<Category>,
    /// What will recur after it, minor units a year; 0 says it will be lost.
    forecast_cents: Option<i64>,
    /// Why it was lost.
    #[schema(schema_with = loss_reason)]
    loss_reason: Option<LossReason>,
    /// In words, at most 2,000 characters.
    note: Option<String>,
}

/// How good the frozen forecasts were of renewals decided in the last twelve months.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[schema(as = RenewalAccuracy)]
pub struct AccuracyView {
    /// By forecaster and how long before.
    pub items: Vec<AccuracyRow>,
}

/// How good one forecaster was, so long before.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[schema(as = RenewalAccuracyRow)]
pub struct AccuracyRow {
    /// `machine` or `member:3`.
    pub forecaster: String,
    /// How long before the due day.
    pub lead: &'static str,
    /// Renewals.
    pub terms: usize,
    /// What was due, minor units a year.
    pub due_cents: i64,
    /// What was said.
    pub forecast_cents: i64,
    /// What came.
    pub actual_cents: i64,
    /// What each was wrong by, over what was due.
    pub error: Option<f64>,
    /// What was said beyond what came, over what was due.
    pub bias: Option<f64>,
}

fn view(app: &AppState, entry: &Entry) -> RenewalView {
    let (renewal, said, book) = (&entry.renewal, entry.said.as_ref(), app.engine.book());
    let row = book.row(renewal.account_id);
    RenewalView {
        subscription_id: renewal.subscription_id,
        account_id: renewal.account_id,
        due_on: renewal.due,
        notice_by: renewal.notice_by,
        due_cents: entry.due_cents(),
        sold_cents: renewal.sold.cents(),
        sold_in: renewal.currency.to_string(),
        outcome: renewal.outcome.as_str(),
        renewed_cents: entry.renewed_cents(),
        signed_on: renewal.signed_on,
        csm: entry.owner.clone(),
        health: row.and_then(|row| row.health.score),
        at_risk: row.is_some_and(|row| row.at_risk()),
        stage: entry.stage(),
        category: said.and_then(|said| said.category),
        forecast_cents: entry.forecast_cents(),
        machine_cents: entry.machine_cents(),
        chance: entry.chance,
        missed: entry.missed.iter().map(|checkpoint| checkpoint.name.clone()).collect(),
        loss_reason: said.and_then(|said| said.loss_reason),
        note: said.and_then(|said| said.note.clone()),
        said_by: said.and_then(|said| said.member_id),
        said_at: said.map(|said| said.recorded_at),
    }
}

/// A term in one number, for cursors: its due day, then its contract.
fn key(entry: &Entry) -> i64 {
    let day = (entry.renewal.due - Day::default()).num_days();
    day << CONTRACT_BITS | entry.renewal.subscription_id & ((1 << CONTRACT_BITS) - 1)
}

impl AskRenewals {
    fn paging(&self) -> Paging {
        Paging::new(self.limit.or(Some(USUAL)), self.cursor.clone())
    }

    fn span(&self, today: Day) -> Answer<Span> {
        let from = self.due_from.unwrap_or_else(|| days_before(today, BACK));
        let to = self.due_to.unwrap_or_else(|| days_after(today, AHEAD));
        match (to - from).num_days() {
            0..=MOST_DAYS => Ok(Span { after: days_before(from, 1), through: to }),
            _ => Err(Problem::invalid("due_to", format!("Ask for 1 to {MOST_DAYS} days, the first before the last."))),
        }
    }

    fn which(&self) -> Answer<Which> {
        let Some(word) = &self.which else { return Ok(Which::All) };
        let known = || Which::ALL.map(Which::as_str).join(", ");
        Which::parse(word).ok_or_else(|| Problem::invalid("which", format!("Ask for one of {}.", known())))
    }

    fn shows(&self, entry: &Entry) -> bool {
        let category = entry.said.as_ref().and_then(|said| said.category);
        self.account_id.is_none_or(|id| id == entry.renewal.account_id)
            && self.csm.as_ref().is_none_or(|csm| Some(csm) == entry.owner.as_ref())
            && self.stage.is_none_or(|stage| stage == entry.stage())
            && (self.category.is_none() || self.category == category)
    }
}

/// `GET /api/v1/renewals`.
pub async fn list(
    State(app): State<AppState>,
    access: Access,
    Params(asked): Params<AskRenewals>,
) -> Answer<Json<RenewalsView>> {
    let which = asked.which()?;
    let pipeline = between(&app.engine, &access.rows, asked.span(app.engine.today())?).await?;
    let today = pipeline.as_of;
    let shown = pipeline.entries.iter().filter(|entry| which.shows(entry, today) && asked.shows(entry));
    let page = asked.paging().page_behind(shown, |entry| key(entry))?;
    Ok(Json(RenewalsView {
        as_of: today,
        currency: pipeline.currency.to_string(),
        items: page.items.into_iter().map(|entry| view(&app, entry)).collect(),
        next: page.next,
        year: Renewals::of(&pipeline.year, Measure::Arr).into(),
    }))
}

/// `GET /api/v1/renewals/{subscription}/{due}`.
pub async fn show(
    State(app): State<AppState>,
    access: Access,
    At((subscription, due)): At<(i64, Day)>,
) -> Answer<Json<RenewalView>> {
    let (_, entry) = one(&app.engine, &access.rows, subscription, due).await?.ok_or_else(Problem::not_found)?;
    Ok(Json(view(&app, &entry)))
}

/// `PUT /api/v1/renewals/{subscription}/{due}`.
pub async fn change(
    State(app): State<AppState>,
    access: Access,
    At(term): At<(i64, Day)>,
    Input(said): Input<SayRenewal>,
) -> Answer<Json<RenewalView>> {
    if said.forecast_cents.is_some_and(|cents| cents < 0) {
        return Err(Problem::invalid("forecast_cents", "A forecast is nothing or more; 0 says it will be lost."));
    }
    let saying = Saying {
        stage: said.stage,
        category: said.category,
        forecast_cents: said.forecast_cents,
        loss_reason: said.loss_reason,
        note: fact::optional_text("note", said.note.as_deref(), LONGEST_NOTE)?,
    };
    let who = (access.member_id()?, access.actor.label());
    if !say(&app.engine, &access.rows, term, who, saying).await? {
        return Err(Problem::not_found());
    }
    show(State(app), access, At(term)).await
}

/// `GET /api/v1/renewals/accuracy`.
pub async fn accuracy(State(app): State<AppState>, access: Access) -> Answer<Json<AccuracyView>> {
    let table = frozen::accuracy(&app.engine, &access.rows).await?;
    let row =
        |((forecaster, lead), sums): (&(String, domain::renewal::Lead), &domain::renewal::Accuracy)| AccuracyRow {
            forecaster: forecaster.clone(),
            lead: lead.as_str(),
            terms: sums.count,
            due_cents: sums.due_cents,
            forecast_cents: sums.forecast_cents,
            actual_cents: sums.actual_cents,
            error: sums.error(),
            bias: sums.bias(),
        };
    Ok(Json(AccuracyView { items: table.iter().map(row).collect() }))
}
