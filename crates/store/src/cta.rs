//! A CTA is a thing for a person to act on, with an owner, a due day and an outcome. Its `dedupe_key` makes opening
//! it twice impossible; its steps are `task` rows.

use domain::{Day, Instant, access::RowFilter};
use sea_orm::{Condition, ConnectionTrait, QueryOrder, QuerySelect, entity::prelude::*, sea_query::OnConflict};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{
    StoreError, Tx,
    change::{self, NewChange},
    declare::{no_relations, text_enum},
    packed,
    row::{self, of_account},
    task, visible,
};

text_enum! {
    /// What a CTA is about.
    pub enum Kind {
        /// Something may be lost.
        Risk = "risk",
        /// Something may be won.
        Opportunity = "opportunity",
        /// A stage of the journey.
        Lifecycle = "lifecycle",
        /// An agreed result.
        Objective = "objective",
        /// A thing to do.
        Activity = "activity",
    }
}

text_enum! {
    /// How urgent a CTA is.
    pub enum Priority {
        /// Can wait.
        Low = "low",
        /// The usual.
        Medium = "medium",
        /// First.
        High = "high",
    }
}

text_enum! {
    /// Where a CTA stands.
    pub enum Status {
        /// Nobody has started.
        Open = "open",
        /// Somebody is on it.
        InProgress = "in_progress",
        /// Ended; see the outcome.
        Closed = "closed",
    }
}

text_enum! {
    /// How a CTA ended.
    pub enum Outcome {
        /// The risk went away.
        Recovered = "recovered",
        /// It was lost.
        Lost = "lost",
        /// It was done.
        Done = "done",
        /// It was not worth doing.
        Dismissed = "dismissed",
    }
}

/// A thing to act on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, DeriveEntityModel)]
#[sea_orm(table_name = "cta")]
pub struct Model {
    /// Identity; 0 before the first insert.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The account it belongs to.
    pub account_id: i64,
    /// What it is about.
    pub kind: Kind,
    /// Why it was opened, as a short key.
    pub reason: String,
    /// One line.
    pub title: String,
    /// The rest.
    pub detail: Option<String>,
    /// How urgent.
    pub priority: Priority,
    /// Where it stands.
    pub status: Status,
    /// How it ended; `None` until closed.
    pub outcome: Option<Outcome>,
    /// The member who acts.
    pub owner_id: Option<i64>,
    /// The day it should be done.
    pub due_on: Day,
    /// Hidden until this day.
    pub snoozed_until: Option<Day>,
    /// The signal it answers.
    pub signal_id: Option<i64>,
    /// The playbook run that opened it.
    pub run_id: Option<i64>,
    /// Unique: the same cause opens one CTA.
    #[sea_orm(unique)]
    pub dedupe_key: String,
    /// When it was opened.
    pub created_at: Instant,
    /// When it was closed.
    pub closed_at: Option<Instant>,
}

no_relations!();
of_account!();

/// A CTA about to be opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewCta {
    /// The account.
    pub account_id: i64,
    /// What it is about.
    pub kind: Kind,
    /// Why, as a short key.
    pub reason: String,
    /// One line.
    pub title: String,
    /// The rest.
    pub detail: Option<String>,
    /// How urgent.
    pub priority: Priority,
    /// The member who acts.
    pub owner_id: Option<i64>,
    /// The day it should be done.
    pub due_on: Day,
    /// The signal it answers.
    pub signal_id: Option<i64>,
    /// The playbook run that opens it.
    pub run_id: Option<i64>,
    /// The same cause has the same key.
    pub dedupe_key: String,
    /// Its tasks, in order.
    pub tasks: Vec<String>,
}

/// What opening a CTA came to.
#[derive(Clone, Debug, PartialEq)]
pub enum Opened {
    /// It was opened.
    New(Model),
    /// The same cause had opened this one, or a playbook has one open for the same account and reason.
    Already(Model),
}

/// Opens a CTA with its tasks and records `cta.opened`, unless there is one for the same cause.
pub async fn open(tx: &Tx, new: NewCta, actor: &str, now: Instant) -> Result<Opened, StoreError> {
    let tasks = new.tasks.clone();
    let same = same_cause(&new);
    // Without a target: whichever of the two uniqueness rules speaks up, there is one already.
    let Some(cta) = row::insert_unless(tx, new.opened(now), &mut OnConflict::new()).await? else {
        let found = Entity::find().filter(same).order_by_asc(Column::Id).one(tx).await?;
        return found.map(Opened::Already).ok_or_else(|| StoreError::not_found("cta", &"of the same cause"));
    };
    task::insert_all(tx, &cta, tasks).await?;
    let change = NewChange {
        actor: actor.to_owned(),
        account_id: Some(cta.account_id),
        kind: "cta.opened".to_owned(),
        subject_id: Some(cta.id),
        detail: json!({ "title": cta.title, "reason": cta.reason, "priority": cta.priority }),
    };
    change::record(tx, change, now).await?;
    Ok(Opened::New(cta))
}

impl NewCta {
    fn opened(self, now: Instant) -> Model {
        Model {
            id: 0,
            account_id: self.account_id,
            kind: self.kind,
            reason: self.reason,
            title: self.title,
            detail: self.detail,
            priority: self.priority,
            status: Status::Open,
            outcome: None,
            owner_id: self.owner_id,
            due_on: self.due_on,
            snoozed_until: None,
            signal_id: self.signal_id,
            run_id: self.run_id,
            dedupe_key: self.dedupe_key,
            created_at: now,
            closed_at: None,
        }
    }
}

/// CTAs that make opening another pointless: the same key, or a playbook's that is open for the same reason.
fn same_cause(new: &NewCta) -> Condition {
    let by_playbook = Condition::all()
        .add(Column::AccountId.eq(new.account_id))
        .add(Column::Reason.eq(new.reason.as_str()))
        .add(Column::Status.ne(Status::Closed))
        .add(Column::RunId.is_not_null());
    Condition::any().add(Column::DedupeKey.eq(new.dedupe_key.as_str())).add(by_playbook)
}

/// The CTA with this id.
pub async fn find(db: &impl ConnectionTrait, id: i64) -> Result<Model, StoreError> {
    row::find::<Entity>(db, "cta", id).await
}

/// Replaces the CTA with the same id. Whoever changes it also records the change.
pub async fn update(tx: &Tx, cta: Model) -> Result<Model, StoreError> {
    row::update(tx, cta).await
}

/// Which CTAs a list shows; an empty filter shows all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Of these accounts.
    pub accounts: Option<Vec<i64>>,
    /// In one of these states; any if there are none.
    pub status: Vec<Status>,
    /// Of this owner.
    pub owner_id: Option<i64>,
    /// Closed at this instant or later; with it, none that is open.
    pub closed_since: Option<Instant>,
}

/// A page of CTAs in order of id: those with an id after `after`, at most `limit`.
pub async fn list(
    db: &impl ConnectionTrait,
    filter: &Filter,
    after: Option<i64>,
    limit: u64,
) -> Result<Vec<Model>, StoreError> {
    let accounts = filter.accounts.as_ref().map(|accounts| Column::AccountId.is_in(accounts.iter().copied()));
    let status = (!filter.status.is_empty()).then(|| Column::Status.is_in(filter.status.iter().copied()));
    let shown = Condition::all()
        .add_option(accounts)
        .add_option(status)
        .add_option(filter.owner_id.map(|owner| Column::OwnerId.eq(owner)))
        .add_option(filter.closed_since.map(|at| Column::ClosedAt.gte(at)))
        .add_option(after.map(|after| Column::Id.gt(after)));
    packed::all(db, Entity::find().filter(shown).order_by_asc(Column::Id).limit(limit)).await
}

/// A page of the CTAs that may be seen on a day, in order of id.
pub async fn visible(
    db: &impl ConnectionTrait,
    rows: &RowFilter,
    today: Day,
    after: Option<i64>,
    limit: u64,
) -> Result<Vec<Model>, StoreError> {
    visible::page::<Entity>(db, (Column::AccountId, Column::Id), (rows, today), after, limit).await
}
