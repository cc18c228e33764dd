//! Records from outside. Whatever a source says about a record arrives as a
//! draft; here a draft meets the records there are: it changes what it speaks
//! of, leaves the rest alone, and is refused in a sentence where it cannot be
//! understood. Files, HTTP messages and taps all come through here.

mod apply;
mod event;
mod file;
mod form;
mod mapping;
mod parked;
mod preview;
mod records;
mod singer;
mod sql;
mod trial;
mod underway;
mod undo;

use connectors::record::{Code, Draft, Object};
use domain::Instant;
use store::record::Saved;

pub use file::{ColumnUse, CsvImport, ImportError, ImportReport, RefusedRow, Total, csv, detached};
pub use form::{FormRow, RuleForm, Seen, form_objects, rule_form, with_form};
pub use mapping::{GENERIC, MappingFault, Place, SourceMapping, mapping_of, set_mapping};
pub use parked::retry_parked;
pub use preview::{Preview, StreamUse, keep_mapping, mapping_in_use, presets, preview, propose, streams};
pub use records::{Records, RecordsReport, read_waiting};
pub use singer::singer;
pub(crate) use sql::read_due;
pub use sql::{
    SqlError, SqlPlace, SqlSource, change_sql_source, read_and_note, read_sql, set_sql_source, sql_place, sql_source,
    try_sql,
};
pub use trial::{KeyReport, try_keys};
pub(crate) use underway::Underway;
pub use underway::{is_under_way, stop};
pub use undo::{UndoError, Undone, can_undo, is_being_undone, undo, undo_detached};

use crate::{Engine, EngineError};

/// What became of a draft.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Taken {
    /// Whether anything was written.
    pub(crate) saved: Saved,
    /// The account it concerns.
    pub(crate) account_id: Option<i64>,
    /// The contact it is about.
    pub(crate) contact_id: Option<i64>,
}

/// Why a draft was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// The field at fault, by our name.
    pub(crate) field: &'static str,
    /// Why, for machines.
    pub(crate) code: Code,
    /// What is wrong and what to do.
    pub(crate) sentence: String,
}

/// What to do with a record whose account nobody has introduced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Orphans {
    /// Refuse the record.
    Refuse,
    /// Introduce the account under the id that was given.
    CreateAccount,
}

/// Writes one draft in a transaction of its own.
pub(crate) async fn take(
    engine: &Engine,
    draft: &Draft,
    source_id: i64,
    now: Instant,
) -> Result<Result<Taken, Refusal>, EngineError> {
    let from = apply::From { source_id: Some(source_id), now, orphans: Orphans::Refuse, ids: apply::Ids::Shared };
    let outcome = engine
        .store()
        .write(async |tx| -> Result<Result<Taken, Refusal>, EngineError> { apply::draft(tx, draft, from).await })
        .await?;
    if let Ok(taken) = &outcome {
        introduce(engine, draft, *taken);
    }
    Ok(outcome)
}

/// Tells the intake the id of the account a draft was about, or that it created by naming it.
fn introduce(engine: &Engine, draft: &Draft, taken: Taken) {
    let named = draft.text("account").set();
    let key = if draft.object == Object::Account { Some(draft.key.as_str()) } else { named };
    if let (Some(key), Some(account)) = (key, taken.account_id) {
        engine.intake().introduce(key, account);
    }
}

/// The source of a key, made when it is first used.
pub(crate) async fn source(
    engine: &Engine,
    key: &str,
    name: &str,
    kind: store::source::Kind,
    now: Instant,
) -> Result<i64, EngineError> {
    engine
        .store()
        .write(async |tx| -> Result<i64, EngineError> {
            if let Some(source) = store::source::by_key(tx, key).await? {
                return Ok(source.id);
            }
            let source = store::Source::new(key, name, kind, now);
            Ok(store::source::insert(tx, source).await?.id)
        })
        .await
}
