//! A step is one action of a run at its position. It is marked done in the transaction of its own effect, so an
//! internal effect happens exactly once.

use domain::Instant;
use sea_orm::{ConnectionTrait, QueryOrder, QuerySelect, entity::prelude::*, sea_query::Query};
use serde::{Deserialize, Serialize};

use crate::{
    StoreError, Tx,
    declare::{no_relations, text_enum},
    row, run,
};

text_enum! {
    /// Where a step stands.
    pub enum Status {
        /// Not done yet.
        Planned = "planned",
        /// Done.
        Done = "done",
        /// Failed for good.
        Failed = "failed",
    }
}

/// One action of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, DeriveEntityModel)]
#[sea_orm(table_name = "step")]
pub struct Model {
    /// Identity; 0 before the first insert.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The run.
    pub run_id: i64,
    /// Order within the run, from 1.
    pub position: i32,
    /// What to do, as planned.
    pub action: Json,
    /// Unique: handed to the channel so that a repeat is recognised.
    #[sea_orm(unique)]
    pub idempotency_key: String,
    /// Where it stands.
    pub status: Status,
    /// What came of it.
    pub result: Option<Json>,
    /// When it ended.
    pub finished_at: Option<Instant>,
}

no_relations!();

/// A step about to be stored with its run.
#[derive(Clone, Debug, PartialEq)]
pub struct NewStep {
    /// Order within the run.
    pub position: i32,
    /// The key its effect is carried out under.
    pub idempotency_key: String,
    /// What to do.
    pub action: Json,
}

impl NewStep {
    pub(crate) fn of(self, run_id: i64) -> Model {
        Model {
            id: 0,
            run_id,
            position: self.position,
            action: self.action,
            idempotency_key: self.idempotency_key,
            status: Status::Planned,
            result: None,
            finished_at: None,
        }
    }
}

/// Steps that are to be carried out, in order of run and position; those of a control arm never are.
pub async fn pending(db: &impl ConnectionTrait, limit: u64) -> Result<Vec<Model>, StoreError> {
    let treated = Query::select()
        .column(run::Column::Id)
        .from(run::Entity)
        .and_where(run::Column::Arm.eq(run::Arm::Treatment))
        .to_owned();
    let query = Entity::find()
        .filter(Column::Status.eq(Status::Planned))
        .filter(Column::RunId.in_subquery(treated))
        .order_by_asc(Column::RunId)
        .order_by_asc(Column::Position)
        .limit(limit);
    Ok(query.all(db).await?)
}

/// The steps of a run, in order.
pub async fn of_run(db: &impl ConnectionTrait, run_id: i64) -> Result<Vec<Model>, StoreError> {
    Ok(Entity::find().filter(Column::RunId.eq(run_id)).order_by_asc(Column::Position).all(db).await?)
}

/// Marks a step done, in the transaction of its effect.
///
/// Fails with [`StoreError::Lost`] if it is marked already, which undoes the effect: it happened before.
pub async fn finish(tx: &Tx, id: i64, result: Json, now: Instant) -> Result<(), StoreError> {
    end(tx, id, Status::Done, result, now).await
}

/// Marks a step failed for good, with the reason.
pub async fn fail(tx: &Tx, id: i64, result: Json, now: Instant) -> Result<(), StoreError> {
    end(tx, id, Status::Failed, result, now).await
}

async fn end(tx: &Tx, id: i64, status: Status, result: Json, now: Instant) -> Result<(), StoreError> {
    let ended = Entity::update_many()
        .filter(Column::Id.eq(id))
        .filter(Column::Status.eq(Status::Planned))
        .col_expr(Column::Status, Expr::value(status))
        .col_expr(Column::Result, Expr::value(result))
        .col_expr(Column::FinishedAt, Expr::value(now))
        .exec_with_returning(tx)
        .await?;
    let Some(step) = ended.into_iter().next() else {
        return Err(StoreError::Lost { what: "a planned step", expected: 1, found: 0 });
    };
    let steps = of_run(tx, step.run_id).await?;
    let run = run::find(tx, step.run_id).await?;
    let open = steps.iter().any(|step| step.status == Status::Planned);
    let failed = steps.iter().any(|step| step.status == Status::Failed);
    let status = match (open, failed) {
        (true, _) => run::Status::Running,
        (false, true) => run::Status::Failed,
        (false, false) => run::Status::Done,
    };
    row::update(tx, run::Model { status, finished_at: (!open).then_some(now), ..run }).await?;
    Ok(())
}
