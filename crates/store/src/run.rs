//! A run is one execution of a playbook for one account. Its plan is written once and never changed; its
//! `idempotency_key` makes starting it twice impossible.

use domain::Instant;
use sea_orm::{ConnectionTrait, entity::prelude::*, sea_query::OnConflict};
use serde::{Deserialize, Serialize};

use crate::{
    StoreError, Tx,
    declare::{no_relations, text_enum},
    record,
    row::{self, of_account},
    step,
};

text_enum! {
    /// The arm of the experiment a run is in.
    pub enum Arm {
        /// The steps are carried out.
        Treatment = "treatment",
        /// The steps are withheld to compare.
        Control = "control",
    }
}

text_enum! {
    /// Where a run stands.
    pub enum Status {
        /// Nothing done yet.
        Planned = "planned",
        /// Some steps done.
        Running = "running",
        /// All steps done.
        Done = "done",
        /// A step failed for good.
        Failed = "failed",
    }
}

/// One execution of a playbook.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, DeriveEntityModel)]
#[sea_orm(table_name = "run")]
pub struct Model {
    /// Identity; 0 before the first insert.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The playbook's key.
    pub playbook: String,
    /// The account it belongs to.
    pub account_id: i64,
    /// The signal that started it.
    pub signal_id: Option<i64>,
    /// Treatment or control.
    pub arm: Arm,
    /// Unique: the same cause starts one run.
    #[sea_orm(unique)]
    pub idempotency_key: String,
    /// The immutable list of actions.
    pub plan: Json,
    /// Where it stands.
    pub status: Status,
    /// When it was planned.
    pub created_at: Instant,
    /// When its last step ended.
    pub finished_at: Option<Instant>,
}

no_relations!();
of_account!();

/// A run about to be stored.
#[derive(Clone, Debug, PartialEq)]
pub struct NewRun {
    /// The playbook's key.
    pub playbook: String,
    /// The account.
    pub account_id: i64,
    /// The signal that starts it.
    pub signal_id: Option<i64>,
    /// Treatment or control.
    pub arm: Arm,
    /// The same cause has the same key.
    pub idempotency_key: String,
    /// The immutable list of actions.
    pub plan: Json,
    /// Its steps, in order.
    pub steps: Vec<step::NewStep>,
}

/// Stores a plan with its run and steps; `None` if a run with this key was stored before.
pub async fn plan(tx: &Tx, new: NewRun, now: Instant) -> Result<Option<Model>, StoreError> {
    let done = new.steps.is_empty();
    let run = Model {
        id: 0,
        playbook: new.playbook,
        account_id: new.account_id,
        signal_id: new.signal_id,
        arm: new.arm,
        idempotency_key: new.idempotency_key,
        plan: new.plan,
        status: if done { Status::Done } else { Status::Planned },
        created_at: now,
        finished_at: done.then_some(now),
    };
    let same_key = &mut OnConflict::column(Column::IdempotencyKey);
    let Some(run) = row::insert_unless(tx, run, same_key).await? else { return Ok(None) };
    let steps = new.steps.into_iter().map(|step| step.of(run.id));
    record::insert_many(tx, steps.collect::<Vec<_>>()).await?;
    Ok(Some(run))
}

/// The run with this id.
pub async fn find(db: &impl ConnectionTrait, id: i64) -> Result<Model, StoreError> {
    row::find::<Entity>(db, "run", id).await
}
