//! `/api/v1/accounts`: the customers the caller may see, as of today or any past day.
//!
//! Rows come from the book that the pages show, so API and screen never disagree. Absent: making accounts one by one;
//! they arrive through sources and imports, which know their identity.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, NaiveDate, Utc};
use domain::access::RowFilter;
use domain::scorecard::Band;
use engine::fields::{self, Hand};
use engine::{Book, Row, query};
use serde::{Deserialize, Serialize};
use store::account::Stage;
use store::{Account, record};
use utoipa::{IntoParams, ToSchema};

use super::list::{List, Paging};
use super::wire::{present, words};
use super::{account_of, book_of, visible};
use crate::extract::{At, Input, Params};
use crate::gate::Access;
use crate::problem::{Answer, Problem};
use crate::state::AppState;

const LONGEST_TIER: usize = 60;

words! {
    kind: store::account::Kind,
    status: store::account::Status,
    stage: Stage,
    band: Band,
}

/// A customer organisation as of a day.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[schema(as = Account)]
pub struct AccountView {
    /// Identity.
    pub id: i64,
    /// The identity in the customer's own systems.
    pub external_id: String,
    /// The name people use.
    pub name: String,
    /// Mail and web domain.
    pub domain: Option<String>,
    /// The organisation above it.
    pub parent_id: Option<i64>,
    /// What the account stands for.
    #[schema(schema_with = kind)]
    pub kind: store::account::Kind,
    /// Where it stands commercially.
    #[schema(schema_with = status)]
    pub status: store::account::Status,
    /// How closely it is served.
    pub tier: Option<String>,
    /// Its industry.
    pub industry: Option<String>,
    /// Its region.
    pub region: Option<String>,
    /// Its position in the journey.
    #[schema(schema_with = stage)]
    pub stage: Option<Stage>,
    /// The currency of its money.
    pub currency: String,
    /// People who work there.
    pub employees: Option<i64>,
    /// First day as a customer.
    pub customer_from: Option<NaiveDate>,
    /// First day no longer a customer.
    pub customer_to: Option<NaiveDate>,
    /// Who looks after it.
    pub owner: Option<OwnerView>,
    /// Recurring revenue of a year, in minor units of `arr_currency`; `null` where a contract has no rate of exchange.
    pub arr_cents: Option<i64>,
    /// The currency the book is read in.
    pub arr_currency: String,
    /// How well it goes.
    pub health: HealthView,
    /// Signals that are open on it.
    pub open_signals: i64,
    /// The day all of this is as of.
    pub as_of: NaiveDate,
}

/// The member who looks after an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Owner)]
pub struct OwnerView {
    /// The member.
    pub id: i64,
    /// Their name.
    pub name: String,
}

/// A health score with what is not known about it.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[schema(as = Health)]
pub struct HealthView {
    /// 0 to 100; `null` when nothing is known.
    pub score: Option<f64>,
    /// The score if everything unknown were at its worst.
    pub low: f64,
    /// The score if everything unknown were at its best.
    pub high: f64,
    /// The share of weight that is known, 0 to 1.
    pub coverage: f64,
    /// The band.
    #[schema(schema_with = band)]
    pub band: &'static str,
}

impl AccountView {
    /// The wire form of a row of a book.
    pub fn of(book: &Book, row: &Row) -> Self {
        let account = row.account.clone();
        Self {
            id: account.id,
            external_id: account.external_id,
            name: account.name,
            domain: account.domain,
            parent_id: account.parent_id,
            kind: account.kind,
            status: account.status,
            tier: account.tier,
            industry: account.industry,
            region: account.region,
            stage: account.stage,
            currency: account.currency,
            employees: account.employees,
            customer_from: account.customer_from,
            customer_to: account.customer_to,
            owner: row.owner.as_ref().map(|owner| OwnerView { id: owner.member_id, name: owner.name.to_string() }),
            arr_cents: book.arr_cents(row),
            arr_currency: book.currency().to_owned(),
            health: HealthView::from(&row.health),
            open_signals: row.signals.len() as i64,
            as_of: book.as_of,
        }
    }
}

impl From<&domain::scorecard::Health> for HealthView {
    fn from(health: &domain::scorecard::Health) -> Self {
        Self {
            score: health.score,
            low: health.low,
            high: health.high,
            coverage: health.coverage,
            band: health.band.as_str(),
        }
    }
}

/// Which accounts to list.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct ListAccounts {
    /// Words in the name, domain or external id.
    q: Option<String>,
    /// A segment's expression, such as `health < 50 and arr >= 20000`.
    expression: Option<String>,
    /// The key of a saved segment.
    segment: Option<String>,
    /// The day to ask about; today if absent.
    as_of: Option<NaiveDate>,
    /// Rows per page, 1 to 500; 50 if absent.
    limit: Option<u64>,
    /// The `next` of the page before.
    cursor: Option<String>,
}

/// A day to ask about.
#[derive(Clone, Copy, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct AsOf {
    /// The day; today if absent.
    pub as_of: Option<NaiveDate>,
    /// Only what was recorded before this instant.
    pub known_on: Option<DateTime<Utc>>,
}

/// What to change about an account; a field left out stays, `null` clears it.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeAccount {
    /// Its position in the journey.
    #[serde(default, deserialize_with = "present")]
    #[schema(schema_with = stage)]
    stage: Option<Option<Stage>>,
    /// How closely it is served.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    tier: Option<Option<String>>,
}

/// The value of every metric; money in minor units.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Metrics {
    /// The account.
    pub account_id: i64,
    /// The day.
    pub as_of: NaiveDate,
    /// Key of the metric to its value; `null` is unknown.
    pub values: BTreeMap<String, Option<f64>>,
}

/// `GET /api/v1/accounts`.
pub async fn list(
    State(app): State<AppState>,
    access: Access,
    Params(asked): Params<ListAccounts>,
) -> Answer<Json<List<AccountView>>> {
    let paging = Paging::new(asked.limit, asked.cursor);
    let after = paging.after()?;
    let book = book_of(&app, asked.as_of, None).await?;
    let mut chosen = select(&app, &book, asked.expression.as_deref(), asked.segment.as_deref()).await?;
    let today = app.engine.book();
    let words = asked.q.unwrap_or_default().to_lowercase();
    let rows = book.rows().iter().filter(|row| {
        let id = row.account.id;
        after.is_none_or(|after| id > after)
            && chosen.as_mut().is_none_or(|chosen| chosen.binary_search(&id).is_ok())
            && today.visible_row(id, &access.rows).is_some()
            && matches(&row.account, &words)
    });
    let views = rows.map(|row| AccountView::of(&book, row));
    Ok(Json(paging.page(views, |account: &AccountView| account.id)?))
}

/// The sorted ids an expression or a saved segment chooses; `None` when neither was asked for.
pub async fn select(
    app: &AppState,
    book: &Book,
    expression: Option<&str>,
    segment: Option<&str>,
) -> Answer<Option<Vec<i64>>> {
    let saved = match segment {
        Some(key) => {
            let found = store::segment::find_by_key(app.engine.store().read(), key).await?;
            let unknown = || Problem::invalid("segment", format!("There is no segment with the key `{key}`."));
            Some(found.ok_or_else(unknown)?.expression)
        }
        None => None,
    };
    let text = match (expression, saved) {
        (None, None) => return Ok(None),
        (Some(one), None) => one.to_owned(),
        (None, Some(one)) => one,
        (Some(one), Some(other)) => format!("({one}) and ({other})"),
    };
    let mut ids = query::select(book, &text, &RowFilter::All)?;
    ids.sort_unstable();
    Ok(Some(ids))
}

fn matches(account: &Account, words: &str) -> bool {
    let texts = [Some(account.name.as_str()), account.domain.as_deref(), Some(account.external_id.as_str())];
    words.is_empty() || texts.into_iter().flatten().any(|text| text.to_lowercase().contains(words))
}

/// `GET /api/v1/accounts/{id}`.
pub async fn show(
    State(app): State<AppState>,
    access: Access,
    At(id): At<i64>,
    Params(asked): Params<AsOf>,
) -> Answer<Json<AccountView>> {
    visible(&app, &access, id)?;
    let (book, row) = account_of(&app, id, asked.as_of, asked.known_on).await?;
    Ok(Json(AccountView::of(&book, &row)))
}

/// `GET /api/v1/accounts/{id}/metrics`.
pub async fn metrics(
    State(app): State<AppState>,
    access: Access,
    At(id): At<i64>,
    Params(asked): Params<AsOf>,
) -> Answer<Json<Metrics>> {
    visible(&app, &access, id)?;
    let (book, row) = account_of(&app, id, asked.as_of, asked.known_on).await?;
    let keys = book.definitions.catalogue.metrics().iter().map(|metric| metric.key.clone());
    Ok(Json(Metrics { account_id: id, as_of: book.as_of, values: keys.zip(row.values.iter().copied()).collect() }))
}

/// `PATCH /api/v1/accounts/{id}`.
pub async fn change(
    State(app): State<AppState>,
    access: Access,
    At(id): At<i64>,
    Input(wanted): Input<ChangeAccount>,
) -> Answer<Json<AccountView>> {
    let (book, row) = visible(&app, &access, id)?;
    if wanted.tier.iter().flatten().any(|tier| tier.trim().is_empty() || tier.chars().count() > LONGEST_TIER) {
        return Err(Problem::invalid("tier", "A tier is 1 to 60 characters, or null for none."));
    }
    let account = apply(&app, &access, id, wanted).await?;
    let fresh = Row { account, ..Row::clone(&row) };
    Ok(Json(AccountView::of(&book, &fresh)))
}

/// Changes an account by hand, so that no source takes it back, and has it recomputed.
async fn apply(app: &AppState, access: &Access, id: i64, wanted: ChangeAccount) -> Answer<Account> {
    let hand = Hand { member_id: access.member_id()?, actor: access.actor.label() };
    let mut values = serde_json::Map::new();
    if let Some(stage) = wanted.stage {
        values.insert("stage".to_owned(), serde_json::json!(stage));
    }
    if let Some(tier) = wanted.tier {
        values.insert("tier".to_owned(), serde_json::json!(tier));
    }
    let now = app.engine.now();
    let account = app
        .engine
        .store()
        .write(async |tx| -> Answer<Account> {
            fields::hold::<Account>(tx, id, values, &hand, now).await.map_err(Problem::internal)?;
            Ok(record::find::<Account>(tx, id).await?)
        })
        .await?;
    app.engine.touch(id);
    Ok(account)
}
