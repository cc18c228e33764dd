//! A file onto the records: CSV, or one sheet of a workbook. Rows are taken in transactions of some thousands while the
//! next are being read; a bad row is reported with its line, column, value and a sentence and never stops its
//! neighbours. A dry run does exactly the same and takes it back, so its counts are those of the real run.
//!
//! A real import is a *run*: how far it came is written with the rows themselves, so the same file, sent again after
//! a stop, goes on where it stopped and no row is taken twice. Deliberately absent: keeping the file.

mod ahead;
mod remember;
mod run;

use std::{
    io::{Cursor, Read, Seek},
    sync::Arc,
};

use connectors::{
    csv::{self as sheet, Mapping, PlanError, Sheet, WorkbookError},
    record::Object,
};
use domain::Instant;
use serde::{Deserialize, Serialize};
use tokio::task::JoinHandle;

use self::{ahead::Ahead, run::Run};
use crate::{Engine, EngineError, actions::chain};

/// What to import and how.
#[derive(Debug, Clone, Copy, Default)]
pub struct CsvImport<'a> {
    /// What the rows are: the plural of a kind of record, such as accounts or events.
    pub object: &'a str,
    /// A mapping as TOML. Without one, that of the last file with the same columns is used, and else it is guessed.
    pub mapping: Option<&'a str>,
    /// Whether to take everything back.
    pub dry_run: bool,
    /// The sheet of a workbook; without one, the mapping's, else the one named like its rows, else the first.
    pub sheet: Option<&'a str>,
    /// What the file is called.
    pub file_name: &'a str,
    /// Who sends it.
    pub member_id: Option<i64>,
}

/// Why a file as a whole was not imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// There is no such kind of record.
    #[error("`{0}` cannot be imported: choose one of {list}", list = kinds())]
    Object(String),
    /// The mapping cannot be read or used.
    #[error("the mapping cannot be used: {0}")]
    Mapping(String),
    /// The key of a rule stands in no message; said in sentences.
    #[error("{0}")]
    Key(String),
    /// The file cannot be understood.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The sheet of a workbook cannot be understood; another may be meant.
    #[error("the sheet `{sheet}` is read, and {source}. The workbook also has `{others}`")]
    Sheet {
        /// The sheet that was read.
        sheet: String,
        /// The others.
        others: String,
        /// What is wrong with it.
        source: PlanError,
    },
    /// The workbook cannot be understood.
    #[error(transparent)]
    Workbook(#[from] WorkbookError),
    /// The file could not be read to its end.
    #[error("the file could not be read to its end")]
    Read(#[from] std::io::Error),
    /// The same file is being imported at this moment.
    #[error("this file is being imported already: the list of imports says how far it is")]
    UnderWay,
    /// Somebody stopped it.
    #[error("stopped after {rows} rows: send the same file again, and it goes on from there")]
    Stopped {
        /// Rows taken.
        rows: u64,
    },
    /// The engine failed.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

/// What an import did, or a dry run would do.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ImportReport {
    /// The run, unless it was a dry one.
    pub run_id: Option<i64>,
    /// Whether everything was taken back.
    pub dry_run: bool,
    /// When this was written down, by a run under way.
    pub written_at: Option<Instant>,
    /// Rows read.
    pub rows: u64,
    /// Rows below the header of the file.
    pub of_rows: u64,
    /// Records created.
    pub created: u64,
    /// Records changed.
    pub updated: u64,
    /// Records that said the same already, and events that were sent before.
    pub unchanged: u64,
    /// Of the unchanged, those that differ, and only in fields that a person holds.
    pub held: u64,
    /// Rows that repeat an event of the same file.
    pub skipped: u64,
    /// Rows that wait for their account.
    pub parked: u64,
    /// Rows refused.
    pub failed: u64,
    /// What the numbers of the rows that were taken add up to, to be compared with the file.
    pub totals: Vec<Total>,
    /// How the file is read: its encoding and what parts its cells.
    pub dialect: String,
    /// What each column was taken for.
    pub columns: Vec<ColumnUse>,
    /// The mapping used, as TOML; give it to the next import.
    pub mapping: String,
    /// What was noticed about the file.
    pub notices: Vec<String>,
    /// The first refused rows.
    pub refused: Vec<RefusedRow>,
    /// A CSV file of every refused row, with `_line` and `_error`; empty when none was.
    pub failed_rows: String,
}

/// What the numbers of one field add up to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Total {
    /// Our field.
    pub field: String,
    /// The currency, where it is money in minor units; empty where nobody named one.
    pub currency: Option<String>,
    /// The sum.
    pub sum: i64,
}

/// What a column of a file was taken for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColumnUse {
    /// What the file calls it.
    pub header: String,
    /// Our fields it fills; none where it is left out.
    pub fields: Vec<String>,
    /// Its first cells.
    pub samples: Vec<String>,
}

/// A row that was refused.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RefusedRow {
    /// 1-based line in the file.
    pub line: u64,
    /// The column at fault, where one is.
    pub column: Option<String>,
    /// Its value.
    pub value: String,
    /// A stable word.
    pub code: String,
    /// What is wrong and what to do.
    pub message: String,
}

/// Imports a CSV file or a workbook; `progress` hears how many rows have been read.
pub async fn csv<R: Read + Seek + Send + 'static>(
    engine: &Engine,
    import: CsvImport<'_>,
    mut input: R,
    progress: &mut (dyn FnMut(u64) + Send),
) -> Result<ImportReport, ImportError> {
    let object = Object::parse(import.object).ok_or_else(|| ImportError::Object(import.object.to_owned()))?;
    let given = import.mapping.map(Mapping::from_toml).transpose();
    let given = given.map_err(|error| ImportError::Mapping(error.to_string()))?;
    if !sheet::is_workbook(&mut input)? {
        return text(engine, import, object, given, input, progress).await;
    }
    let wanted = import.sheet.map(str::to_owned).or_else(|| given.as_ref()?.sheet.clone());
    let book = sheet::workbook(input, wanted.as_deref(), Some(object))?;
    let others = book.others.join("`, `");
    match text(engine, import, object, given, Cursor::new(book.text), progress).await {
        Ok(mut report) if !book.others.is_empty() => {
            let verb = if book.others.len() == 1 { "is" } else { "are" };
            report.notices.insert(0, format!("the sheet `{}` is read; `{others}` {verb} not", book.sheet));
            Ok(report)
        }
        Err(ImportError::Plan(source)) if !book.others.is_empty() => {
            Err(ImportError::Sheet { sheet: book.sheet, others, source })
        }
        outcome => outcome,
    }
}

/// Imports a file in the background: it ends whether or not anybody waits for it, and stops when the engine closes.
pub fn detached(
    engine: &Engine,
    import: CsvImport<'_>,
    input: impl Read + Seek + Send + 'static,
) -> JoinHandle<Result<ImportReport, ImportError>> {
    let (object, mapping) = (import.object.to_owned(), import.mapping.map(str::to_owned));
    let (dry_run, file_name, member_id) = (import.dry_run, import.file_name.to_owned(), import.member_id);
    let sheet = import.sheet.map(str::to_owned);
    let engine_of_task = engine.clone();
    engine.workers().tasks.spawn(async move {
        let (mapping, sheet) = (mapping.as_deref(), sheet.as_deref());
        let import = CsvImport { object: &object, mapping, dry_run, sheet, file_name: &file_name, member_id };
        let outcome = csv(&engine_of_task, import, input, &mut |_| {}).await;
        if let Err(error) = &outcome {
            tracing::warn!(file = file_name, error = %chain(error), "an import ended early");
        }
        outcome
    })
}

async fn text<R: Read + Seek + Send + 'static>(
    engine: &Engine,
    import: CsvImport<'_>,
    object: Object,
    given: Option<Mapping>,
    mut input: R,
    progress: &mut (dyn FnMut(u64) + Send),
) -> Result<ImportReport, ImportError> {
    let (plan, remembered) = match given {
        Some(mapping) => (sheet::plan(&mut input, object, Some(mapping))?, None),
        None => remember::plan(engine, object, &mut input).await?,
    };
    let plan = Arc::new(plan);
    let mut run = Run::begin(engine, import, &plan, &mut input).await?;
    run.report.notices.extend(remembered);
    run.report.notices.extend(plan.notices.iter().map(|notice| notice.sentence.clone()));
    input.rewind()?;
    let passed = run.report.rows;
    let rows = Ahead::of(input, Arc::clone(&plan), run.now(), passed);
    if let Err(error) = all(&mut run, rows, passed, progress).await {
        run.stop().await?;
        return Err(error);
    }
    let report = run.finish().await?;
    if !import.dry_run {
        remember::keep(engine, &plan, import.file_name).await?;
    }
    Ok(report)
}

/// Takes every row that was not taken before a stop, unless somebody stops it again.
async fn all(
    run: &mut Run<'_>,
    mut rows: Ahead,
    passed: u64,
    progress: &mut (dyn FnMut(u64) + Send),
) -> Result<(), ImportError> {
    let mut read = 0;
    while let Some(portion) = rows.next().await? {
        read += portion.len() as u64;
        // What was taken before a stop was counted then.
        if read > passed {
            if run.is_stopped() {
                return Err(ImportError::Stopped { rows: run.report.rows });
            }
            run.take(portion).await?;
            progress(run.report.rows);
        }
    }
    Ok(())
}

/// Every kind of record a file can hold, as people write it.
fn kinds() -> String {
    let words: Vec<String> = Object::ALL.iter().map(|object| format!("{}s", object.as_str())).collect();
    words.join(", ")
}

fn begun(plan: &Sheet, mapping: String, dry_run: bool) -> ImportReport {
    let column = |column: &sheet::Column| ColumnUse {
        header: column.header.clone(),
        fields: column.targets.iter().filter_map(target).collect(),
        samples: column.samples.clone(),
    };
    ImportReport {
        dry_run,
        mapping,
        of_rows: plan.records,
        dialect: format!("{}, cells parted by {}", plan.encoding.name(), plan.delimiter.name()),
        columns: plan.columns.iter().map(column).collect(),
        ..ImportReport::default()
    }
}

fn target(target: &sheet::Target) -> Option<String> {
    match target {
        sheet::Target::Field(name) => Some((*name).to_owned()),
        sheet::Target::Extra(name) => Some(format!("traits.{name}")),
        sheet::Target::Ignore => None,
    }
}
