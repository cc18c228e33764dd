//! The pipeline of renewals: what the contracts say is due, what people and the model say of it, and what is missing.
//! Contracts decide what an entry is and how it ended; nothing a person types can add one, move it or make it renewed.
//!
//! Beside each other stand what a person forecasts and what the model expects: the chance that the account is still a
//! customer when the term is over, times what is due. At the end of every month both are [frozen], so that they can be
//! held against what came. Absent: a figure mixed of the two, for which nobody could answer.

pub mod frozen;
mod table;
mod which;

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use domain::{
    Day,
    access::RowFilter,
    renewal::{Checkpoint, Said},
    revenue::{Arr, Currency, DueBase, Outcome, Renewal, Sensitivity, Span, month_of, months_before},
    time::{days_after, days_before},
};
use serde_json::json;
use store::{
    StoreError,
    change::{self, NewChange},
    record,
    renewal::{self, Category, LossReason, Stage},
};

use crate::{Book, Engine, EngineError, Row, lifetime, revenue::ledger};

pub use table::table;
pub use which::{NOTICE_DAYS, Which};

/// Days back a pipeline reaches.
pub const BACK: u64 = 90;
/// Days ahead a pipeline reaches.
pub const AHEAD: u64 = 180;

/// Renewals with all that is said of them, by due day.
#[derive(Debug)]
pub struct Pipeline {
    /// The day they are judged on.
    pub as_of: Day,
    /// The currency of all money.
    pub currency: Currency,
    /// The renewals.
    pub entries: Vec<Entry>,
    /// Terms that were due in the last twelve months.
    pub year: DueBase,
}

/// One renewal.
#[derive(Debug)]
pub struct Entry {
    /// What the contracts say.
    pub renewal: Renewal,
    /// What people say, as they said it last.
    pub said: Option<store::Renewal>,
    /// Who looks after the account: on the due day, or today while that is ahead.
    pub owner: Option<String>,
    /// The model's chance that the account is still a customer when the term is over; only while it is open.
    pub chance: Option<f64>,
    /// Checkpoints whose day has come and whose need is not met.
    pub missed: Vec<Checkpoint>,
}

/// What somebody says of a renewal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Saying {
    /// How far it is.
    pub stage: Stage,
    /// How sure they are.
    pub category: Option<Category>,
    /// What will recur, minor units a year.
    pub forecast_cents: Option<i64>,
    /// Why it was lost.
    pub loss_reason: Option<LossReason>,
    /// In words.
    pub note: Option<String>,
}

impl Entry {
    /// How far it has been worked.
    pub fn stage(&self) -> Stage {
        self.said.as_ref().map_or(Stage::Upcoming, |said| said.stage)
    }

    /// What is due, minor units a year in the currency of the pipeline; `None` without a rate.
    pub fn due_cents(&self) -> Option<i64> {
        self.renewal.rated.then(|| self.renewal.arr.cents())
    }

    /// What it was renewed at; nothing where it was not, `None` without a rate.
    pub fn renewed_cents(&self) -> Option<i64> {
        self.renewal.rated.then(|| self.renewal.renewed.cents())
    }

    /// What a person forecasts, minor units a year.
    pub fn forecast_cents(&self) -> Option<i64> {
        self.said.as_ref().and_then(|said| said.forecast_cents)
    }

    /// What the model expects, minor units a year.
    pub fn machine_cents(&self) -> Option<i64> {
        self.chance.filter(|_| self.renewal.rated).map(|chance| expected(self.renewal.arr, chance))
    }

    /// Whether somebody has to say or do something: it is overdue, or a checkpoint was missed.
    pub fn needs_somebody(&self) -> bool {
        self.renewal.outcome == Outcome::Overdue || !self.missed.is_empty()
    }
}

/// The expected value of an amount.
fn expected(arr: Arr, chance: f64) -> i64 {
    (arr.as_f64() * chance).round() as i64
}

/// The pipeline of the accounts a filter shows.
pub async fn pipeline(engine: &Engine, filter: &RowFilter) -> Result<Arc<Pipeline>, EngineError> {
    let today = engine.book().as_of;
    between(engine, filter, Span { after: days_before(today, BACK), through: days_after(today, AHEAD) }).await
}

/// The same of terms that end in a span of days; kept with the book while nobody says anything of a renewal.
pub async fn between(engine: &Engine, filter: &RowFilter, span: Span) -> Result<Arc<Pipeline>, EngineError> {
    let (book, db) = (engine.book(), engine.store().read());
    let kept = &book.derived.moment.pipelines;
    let question = (filter.clone(), span, record::stamp::<store::Renewal>(db).await?);
    if let Some(pipeline) = kept.known(&question) {
        return Ok(pipeline);
    }
    let due = Due::of(&book, filter, span);
    let said = match filter {
        RowFilter::All => renewal::due_between(db, span.after, span.through).await?,
        RowFilter::Members(_) => {
            let accounts: BTreeSet<i64> = due.renewals.iter().map(|renewal| renewal.account_id).collect();
            record::load(db, None, Some(&Vec::from_iter(accounts))).await?
        }
    };
    Ok(kept.keep(question, Pipeline::new(&book, filter, &due.renewals, said)))
}

/// The end of one term, if there is one that a filter shows.
pub async fn one(
    engine: &Engine,
    filter: &RowFilter,
    subscription_id: i64,
    due: Day,
) -> Result<Option<(Pipeline, Entry)>, EngineError> {
    let book = engine.book();
    let holds = |row: &&Arc<Row>| row.revenue.subscriptions.iter().any(|it| it.id == subscription_id);
    let Some(account_id) = book.visible(filter).find(holds).map(|row| row.account.id) else { return Ok(None) };
    let span = Span { after: days_before(due, 1), through: due };
    let ledger = book.ledger().only(|id| id == account_id);
    let mut renewals = ledger.renewals(span, book.as_of, Sensitivity::default(), &book.lens.view());
    renewals.retain(|renewal| renewal.subscription_id == subscription_id);
    let said = record::load(engine.store().read(), None, Some(&[account_id])).await?;
    let mut pipeline = Pipeline::new(&book, filter, &renewals, said);
    Ok(pipeline.entries.pop().map(|entry| (pipeline, entry)))
}

/// What the contracts of some accounts say of the terms that end in a span; it stays while they do.
#[derive(Debug)]
pub(crate) struct Due {
    currency: Currency,
    renewals: Vec<Renewal>,
}

impl Due {
    fn of(book: &Book, filter: &RowFilter, span: Span) -> Arc<Self> {
        book.derived.standing.due.of((filter.clone(), span), || {
            let ledger = ledger(book, |row| row.visible(filter));
            let renewals = ledger.renewals(span, book.as_of, Sensitivity::default(), &book.lens.view());
            Self { currency: book.lens.currency, renewals }
        })
    }

    /// Those of the months that the page of revenue shows where nobody asks.
    fn year(book: &Book, filter: &RowFilter) -> Arc<Self> {
        let first = month_of(months_before(book.as_of, 11)).0;
        Self::of(book, filter, Span { after: days_before(first, 1), through: book.as_of })
    }
}

impl Pipeline {
    fn new(book: &Book, filter: &RowFilter, renewals: &[Renewal], said: Vec<store::Renewal>) -> Self {
        let (today, year) = (book.as_of, Due::year(book, filter));
        let mut said: HashMap<(i64, Day), store::Renewal> =
            said.into_iter().map(|said| ((said.subscription_id, said.due_on), said)).collect();
        let owners = book.owners();
        let checkpoints = &book.definitions.checkpoints;
        let entry = |renewal: &Renewal| {
            let said = said.remove(&(renewal.subscription_id, renewal.due));
            let open = matches!(renewal.outcome, Outcome::Open | Outcome::Overdue);
            let words = said.as_ref().map_or_else(Said::default, |said| Said {
                stage: said.stage != Stage::Upcoming,
                category: said.category.is_some(),
                forecast: said.forecast_cents.is_some(),
            });
            let missed = checkpoints.missed(renewal.due, today, words).filter(|_| open).cloned().collect();
            let chance = book.row(renewal.account_id).and_then(|row| chance(row, renewal, today));
            let owner = owners.on(renewal.account_id, renewal.due.min(today));
            Entry { renewal: *renewal, said, owner, chance, missed }
        };
        let entries = renewals.iter().map(entry).collect();
        Self { as_of: today, currency: year.currency, entries, year: DueBase::of(&year.renewals) }
    }
}

/// The chance that an account is a customer at the end of the month its term ends in; unknown where the model does not
/// know the account, and for terms that are over.
fn chance(row: &Row, renewal: &Renewal, today: Day) -> Option<f64> {
    (renewal.outcome == Outcome::Open && renewal.due > today)
        .then(|| row.lifetime.forecast.as_ref()?.survival_on(today, renewal.due))
        .flatten()
}

/// Keeps what somebody says of a renewal; `false` where there is no such renewal, or the filter does not show it.
pub async fn say(
    engine: &Engine,
    filter: &RowFilter,
    (subscription_id, due_on): (i64, Day),
    (member_id, actor): (i64, String),
    saying: Saying,
) -> Result<bool, EngineError> {
    let Some((_, entry)) = one(engine, filter, subscription_id, due_on).await? else { return Ok(false) };
    let (account_id, now) = (entry.renewal.account_id, engine.now());
    let Saying { stage, category, forecast_cents, loss_reason, note } = saying;
    let change = NewChange {
        actor,
        account_id: Some(account_id),
        kind: "renewal.said".to_owned(),
        subject_id: Some(subscription_id),
        detail: json!({ "due": due_on, "stage": stage, "category": category, "forecast_cents": forecast_cents }),
    };
    let member_id = Some(member_id);
    engine
        .store()
        .write(async |tx| -> Result<(), StoreError> {
            let saved = match renewal::of_term(tx, subscription_id, due_on).await? {
                None => {
                    let new = store::Renewal {
                        id: 0,
                        account_id,
                        subscription_id,
                        due_on,
                        stage,
                        category,
                        forecast_cents,
                        loss_reason,
                        note: note.clone(),
                        member_id,
                        recorded_at: now,
                    };
                    record::insert(tx, new).await?;
                    record::Saved::Created
                }
                Some(before) => {
                    let edit = |said: &mut store::Renewal| {
                        (said.stage, said.category, said.forecast_cents) = (stage, category, forecast_cents);
                        (said.loss_reason, said.note, said.account_id) = (loss_reason, note.clone(), account_id);
                        said.member_id = member_id;
                    };
                    record::edit::<store::Renewal>(tx, before.id, now, edit).await?.0
                }
            };
            if saved != record::Saved::Unchanged {
                change::record(tx, change.clone(), now).await?;
            }
            Ok(())
        })
        .await?;
    Ok(true)
}

impl lifetime::Forecast {
    /// The chance to be a customer at the end of the month ahead that a day falls in; `None` beyond the horizon.
    fn survival_on(&self, today: Day, day: Day) -> Option<f64> {
        self.survival.get(lifetime::month_ahead(today, day) as usize).copied()
    }
}
