//! A CSV file onto the records. Rows are taken in transactions of a thousand; a
//! bad row is reported with its line, column, value and a sentence and never
//! stops its neighbours. A dry run does exactly the same and takes it back, so
//! its counts are those of the real run.

use std::{
    collections::BTreeSet,
    io::{self, Read, Seek},
};

use connectors::{
    csv::{self as sheet, FailedRows, Mapping, PlanError, Row, RowError, Sheet},
    record::{Code, Draft, Given, Object},
    segment::event_id,
};
use domain::Instant;
use serde::Serialize;
use store::{
    inbox::{Accept, NewEvent},
    record::Saved,
    source,
};

use super::{Orphans, Refusal, Taken, apply, introduce, parked::Aside};
use crate::{Engine, EngineError};

/// Rows taken in one transaction.
const CHUNK: usize = 1_000;

/// Refused rows listed in a report; all of them are in its file of failed rows.
const MOST_LISTED: usize = 1_000;

/// What to import and how.
#[derive(Debug, Clone, Copy)]
pub struct CsvImport<'a> {
    /// What the rows are: accounts, contacts, subscriptions, invoices, tickets, events.
    pub object: &'a str,
    /// A remembered mapping as TOML; guessed from the header when absent.
    pub mapping: Option<&'a str>,
    /// Whether to take everything back.
    pub dry_run: bool,
}

/// Why a file as a whole was not imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// There is no such kind of record.
    #[error("`{0}` cannot be imported: choose accounts, contacts, subscriptions, invoices, tickets or events")]
    Object(String),
    /// The mapping cannot be read or used.
    #[error("the mapping cannot be used: {0}")]
    Mapping(String),
    /// The file cannot be understood.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The file could not be read to its end.
    #[error("the file could not be read to its end")]
    Read(#[from] std::io::Error),
    /// The engine failed.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

/// What an import did, or a dry run would do.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ImportReport {
    /// Whether everything was taken back.
    pub dry_run: bool,
    /// Rows read.
    pub rows: u64,
    /// Records created.
    pub created: u64,
    /// Records changed.
    pub updated: u64,
    /// Records that said the same already, and events that were sent before.
    pub unchanged: u64,
    /// Rows that repeat an event of the same file.
    pub skipped: u64,
    /// Rows that wait for their account.
    pub parked: u64,
    /// Rows refused.
    pub failed: u64,
    /// The mapping used, as TOML; give it to the next import.
    pub mapping: String,
    /// What was noticed about the file.
    pub notices: Vec<String>,
    /// The first refused rows.
    pub refused: Vec<RefusedRow>,
    /// A CSV file of every refused row, with `_line` and `_error`; empty when none was.
    pub failed_rows: String,
}

/// A row that was refused.
#[derive(Debug, Clone, Serialize)]
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

/// Imports a CSV file; `progress` hears how many rows have been read.
pub async fn csv<R: Read + Seek + Send>(
    engine: &Engine,
    import: CsvImport<'_>,
    mut input: R,
    progress: &mut (dyn FnMut(u64) + Send),
) -> Result<ImportReport, ImportError> {
    let object = importable(import.object)?;
    let mapping = import.mapping.map(Mapping::from_toml).transpose();
    let mapping = mapping.map_err(|error| ImportError::Mapping(error.to_string()))?;
    let plan = sheet::plan(&mut input, object, mapping)?;
    let (orphans, aside) = match plan.mapping.orphans {
        sheet::Orphans::Error => (Orphans::Refuse, None),
        sheet::Orphans::CreateAccount => (Orphans::CreateAccount, None),
        sheet::Orphans::Park => (Orphans::Refuse, Some(Aside::new(&plan)?)),
    };
    let now = engine.now();
    let from = apply::From { source_id: source(engine, import.dry_run, now).await?, now, orphans };
    let used = plan.mapping.to_toml().map_err(|error| ImportError::Mapping(error.to_string()))?;
    let report = begun(&plan, used, import.dry_run);
    let mut run =
        Run { engine, sheet: &plan, from, take_back: import.dry_run, report, touched: BTreeSet::new(), aside };
    let mut failed = FailedRows::new(Vec::new(), &plan)?;
    input.rewind()?;
    let mut rows = plan.rows(input, now);
    loop {
        let mut chunk = Vec::with_capacity(CHUNK);
        let mut refused = Vec::new();
        for row in rows.by_ref().take(CHUNK) {
            match row {
                Ok(row) => chunk.push(row),
                Err(error) => refused.push(error),
            }
        }
        if chunk.is_empty() && refused.is_empty() {
            break;
        }
        run.report.rows += (chunk.len() + refused.len()) as u64;
        if object == Object::Event {
            run.events(chunk, &mut refused).await?;
        } else {
            run.records(chunk, &mut refused).await?;
        }
        run.refuse(refused, &mut failed)?;
        progress(run.report.rows);
    }
    let written = failed.finish()?;
    run.finish(written).await
}

/// One import under way.
struct Run<'a> {
    engine: &'a Engine,
    sheet: &'a Sheet,
    from: apply::From,
    take_back: bool,
    report: ImportReport,
    touched: BTreeSet<i64>,
    /// Where rows of unknown accounts go, if not among the refused.
    aside: Option<Aside>,
}

/// Ends a transaction without an error and without a trace.
enum Ended {
    TakenBack(Vec<Result<Taken, Refusal>>),
    Failed(EngineError),
}

impl<E: Into<EngineError>> From<E> for Ended {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

impl Run<'_> {
    async fn records(&mut self, chunk: Vec<Row>, refused: &mut Vec<RowError>) -> Result<(), ImportError> {
        let (from, take_back) = (self.from, self.take_back);
        let drafts: Vec<&Draft> = chunk.iter().map(|row| &row.draft).collect();
        let outcome = self
            .engine
            .store()
            .write(async |tx| -> Result<Vec<Result<Taken, Refusal>>, Ended> {
                let mut outcomes = Vec::with_capacity(drafts.len());
                for draft in &drafts {
                    outcomes.push(apply::draft(tx, draft, from).await?);
                }
                if take_back { Err(Ended::TakenBack(outcomes)) } else { Ok(outcomes) }
            })
            .await;
        let outcomes = match outcome {
            Ok(outcomes) | Err(Ended::TakenBack(outcomes)) => outcomes,
            Err(Ended::Failed(error)) => return Err(error.into()),
        };
        for (row, outcome) in chunk.into_iter().zip(outcomes) {
            match outcome {
                Ok(taken) => self.count(&row.draft, taken),
                Err(refusal) => self.turn_away(row, refusal, refused)?,
            }
        }
        Ok(())
    }

    fn count(&mut self, draft: &Draft, taken: Taken) {
        match taken.saved {
            Saved::Created => self.report.created += 1,
            Saved::Updated => self.report.updated += 1,
            Saved::Unchanged => self.report.unchanged += 1,
        }
        if let (Some(account), false) = (taken.account_id, self.take_back) {
            self.touched.insert(account);
            introduce(self.engine, draft, taken);
        }
    }

    /// Sets a row aside that waits for its account, where that is wanted, and refuses any other.
    fn turn_away(&mut self, row: Row, refusal: Refusal, refused: &mut Vec<RowError>) -> io::Result<()> {
        let waits = refusal.code == Code::UnknownRecord && refusal.field == "account";
        let account = row.draft.text("account").set().filter(|_| waits).map(str::to_owned);
        let row = row.refused(self.sheet, refusal.field, refusal.code, refusal.sentence);
        match (&mut self.aside, account) {
            (Some(aside), Some(account)) => {
                self.report.parked += 1;
                aside.push(&account, &row)?;
            }
            _ => refused.push(row),
        }
        Ok(())
    }

    /// Events go through the inbox like any others; a repeat is known by its id.
    async fn events(&mut self, chunk: Vec<Row>, refused: &mut Vec<RowError>) -> Result<(), ImportError> {
        let mut events = Vec::with_capacity(chunk.len());
        for row in chunk {
            match self.event(&row.draft).await? {
                Ok(event) => events.push(event),
                Err(refusal) => self.turn_away(row, refusal, refused)?,
            }
        }
        let total = events.len() as u64;
        let known = if self.take_back {
            let keys: Vec<[u8; 16]> = events.iter().map(|event| event.key).collect();
            store::inbox::known(self.engine.store().read(), &keys).await.map_err(EngineError::from)?.len() as u64
        } else {
            self.touched.extend(events.iter().filter_map(|event| event.account_id));
            let source_id = self.from.source_id.unwrap_or_default();
            let accept =
                Accept { source_id, received_at: self.from.now, events, users: Vec::new(), refused: Vec::new() };
            self.engine.intake().accept(accept).await.map_err(EngineError::from)?.duplicates
        };
        self.report.created += total - known;
        self.report.unchanged += known;
        Ok(())
    }

    async fn event(&self, draft: &Draft) -> Result<Result<NewEvent, Refusal>, EngineError> {
        let account = match draft.text("account") {
            Given::Set(key) => match self.engine.intake().account(key) {
                Some(account) => Some(account),
                None if self.take_back && self.from.orphans == Orphans::CreateAccount => None,
                None => {
                    let (store, from) = (self.engine.store(), self.from);
                    let owner = store
                        .write(async |tx| -> Result<Result<i64, Refusal>, EngineError> {
                            Ok(apply::owner(tx, draft, from).await?.map(|account| account.id))
                        })
                        .await?;
                    match owner {
                        Ok(account) => {
                            self.engine.intake().introduce(key, account);
                            Some(account)
                        }
                        Err(refusal) => return Ok(Err(refusal)),
                    }
                }
            },
            _ => None,
        };
        let (Given::Set(name), Given::Set(occurred_at)) = (draft.text("name"), draft.instant("occurred_at")) else {
            let sentence = "an event needs a name and the moment it happened".to_owned();
            return Ok(Err(Refusal { field: "name", code: Code::MissingValue, sentence }));
        };
        Ok(Ok(NewEvent {
            key: event_id(self.from.source_id.unwrap_or_default(), &draft.key),
            account_id: account,
            user: draft.text("user").set().map(str::to_owned),
            name: name.to_owned(),
            occurred_at,
            quantity: draft.int("quantity").set().unwrap_or(1),
            properties: draft.properties(),
        }))
    }

    fn refuse(&mut self, rows: Vec<RowError>, failed: &mut FailedRows<Vec<u8>>) -> Result<(), ImportError> {
        for row in rows {
            if row.is_skip {
                self.report.skipped += 1;
                continue;
            }
            failed.push(&row)?;
            self.report.failed += 1;
            if self.report.refused.len() < MOST_LISTED {
                let code = row.code.as_str().to_owned();
                let (line, column, value, message) = (row.line, row.column, row.value, row.sentence);
                self.report.refused.push(RefusedRow { line, column, value, code, message });
            }
        }
        Ok(())
    }

    /// Notes the import on its source and refreshes what it touched.
    async fn finish(mut self, failed_rows: Vec<u8>) -> Result<ImportReport, ImportError> {
        if self.report.failed > 0 {
            self.report.failed_rows = String::from_utf8_lossy(&failed_rows).into_owned();
        }
        if !self.take_back {
            if let Some(aside) = self.aside.take() {
                aside.keep(self.engine, self.sheet.object, &self.report.mapping, self.from.now).await?;
            }
            // Events were counted when the inbox took them.
            let records = self.sheet.object != Object::Event;
            let taken = self.report.created + self.report.updated + self.report.unchanged;
            let accepted = if records { taken as i64 } else { 0 };
            let error = self.report.refused.first().map(|row| format!("line {}: {}", row.line, row.message));
            let (id, refused, now) =
                (self.from.source_id.unwrap_or_default(), self.report.failed as i64, self.from.now);
            self.engine
                .store()
                .write(async |tx| source::noted(tx, id, accepted, refused, error.as_deref(), now).await)
                .await
                .map_err(EngineError::from)?;
            for account in &self.touched {
                self.engine.touch(*account);
            }
        }
        Ok(self.report)
    }
}

fn importable(object: &str) -> Result<Object, ImportError> {
    let known = Object::parse(object).filter(|object| {
        matches!(
            object,
            Object::Account | Object::Contact | Object::Subscription | Object::Invoice | Object::Ticket | Object::Event
        )
    });
    known.ok_or_else(|| ImportError::Object(object.to_owned()))
}

fn begun(plan: &Sheet, mapping: String, dry_run: bool) -> ImportReport {
    ImportReport {
        dry_run,
        mapping,
        notices: plan.notices.iter().map(|notice| notice.sentence.clone()).collect(),
        ..ImportReport::default()
    }
}

/// The source all files come through; a dry run does not make it, and then nothing can have come through it.
async fn source(engine: &Engine, dry_run: bool, now: Instant) -> Result<Option<i64>, EngineError> {
    const KEY: &str = "csv";
    if dry_run {
        return Ok(source::by_key(engine.store().read(), KEY).await?.map(|source| source.id));
    }
    super::source(engine, KEY, "Files", source::Kind::Csv, now).await.map(Some)
}
