//! Taking an import back. Records it created are deleted and records it changed say again what they said before, as
//! long as nothing else has touched them since; the rest stays and is counted. Deliberately absent: events, which are
//! facts in a lake that only grows.

use connectors::record::Object;
use futures::future::BoxFuture;
use store::{
    ImportRun,
    change::{self, NewChange},
    import_run::{self, Status},
    record,
};

pub use store::record::Undone;
use tokio::task::JoinHandle;

use crate::{Engine, EngineError, fields::Hand, refresh};

/// Why an import cannot be taken back.
#[derive(Debug, thiserror::Error)]
pub enum UndoError {
    /// It brought events.
    #[error("this import brought events, which cannot be taken back: they are facts in the lake")]
    Events,
    /// It is under way, or was taken back.
    #[error("this import is {0}: only one that is done can be taken back")]
    Status(Status),
    /// Somebody else is taking it back at this moment.
    #[error("this import is being taken back already")]
    UnderWay,
    /// The engine failed.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

impl From<store::StoreError> for UndoError {
    fn from(error: store::StoreError) -> Self {
        Self::Engine(error.into())
    }
}

/// Whether an import can be taken back.
pub fn can_undo(run: &ImportRun) -> bool {
    run.status == Status::Done && run.object != Object::Event.as_str()
}

/// Takes an import back in the background: a large one takes longer than anybody waits for an answer.
pub fn undo_detached(engine: &Engine, run_id: i64, hand: &Hand) -> JoinHandle<Result<Undone, UndoError>> {
    let (engine_of_task, hand) = (engine.clone(), hand.clone());
    engine.workers().tasks.spawn(async move {
        let engine = engine_of_task;
        let place = engine.imports().enter(&place(run_id), &engine.workers().stop);
        let _place = place.ok_or(UndoError::UnderWay)?;
        undo(&engine, run_id, &hand).await
    })
}

/// Whether an import is being taken back in this process.
pub fn is_being_undone(engine: &Engine, run: &ImportRun) -> bool {
    engine.imports().holds(&place(run.id))
}

/// What taking an import back is known by among the imports under way.
fn place(run_id: i64) -> String {
    format!("undo {run_id}")
}

/// Takes an import back.
pub fn undo<'a>(engine: &'a Engine, run_id: i64, hand: &'a Hand) -> BoxFuture<'a, Result<Undone, UndoError>> {
    Box::pin(async move {
        let now = engine.now();
        let undone = engine
            .store()
            .write(async |tx| -> Result<Undone, UndoError> {
                let run = import_run::find(tx, run_id).await?;
                if run.object == Object::Event.as_str() {
                    return Err(UndoError::Events);
                }
                if run.status != Status::Done {
                    return Err(UndoError::Status(run.status));
                }
                // What is restored becomes known after what it replaces, even where the clock stands still.
                let since = now.max(run.recorded_at + chrono::TimeDelta::microseconds(1));
                let undone = record::undo(tx, run.recorded_at, since).await?;
                let detail = serde_json::json!({
                    "file": run.file_name, "deleted": undone.deleted, "restored": undone.restored, "kept": undone.kept,
                });
                let change = NewChange {
                    actor: hand.actor.clone(),
                    account_id: None,
                    kind: "import.undone".to_owned(),
                    subject_id: Some(run.id),
                    detail,
                };
                change::record(tx, change, now).await?;
                import_run::update(tx, ImportRun { status: Status::Undone, undone_at: Some(now), ..run }).await?;
                Ok(undone)
            })
            .await?;
        engine.intake().forget_accounts(&undone.gone);
        refresh::all(engine).await?;
        Ok(undone)
    })
}
