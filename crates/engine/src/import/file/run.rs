//! One file under way: some thousand rows at a time become drafts, records or events, and counts; the run's own row
//! says how far it is and is written in the transaction of the rows. Deliberately absent: what a row means, which the
//! sheet knows, and what it changes, which `apply` decides.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{self, Read, Seek},
};

use connectors::{
    csv::{self as sheet, FailedRows, Row, RowError, Sheet},
    record::{Code, Draft, Object, Value},
};
use domain::Instant;
use sha2::{Digest, Sha256};
use store::{
    ImportRun, Tx,
    import_run::{self, Status},
    inbox::{Accept, Refused},
    record::Saved,
    refusal, source,
};

use super::{
    super::{
        Orphans, Refusal, Taken,
        apply::{self, Ids},
        event::events,
        introduce,
        parked::Aside,
    },
    CsvImport, ImportError, ImportReport, RefusedRow, Total,
    ahead::Portion,
    begun,
};
use crate::{Engine, EngineError, refresh};

/// Refused rows listed in a report; all of them are in its file of failed rows.
const MOST_LISTED: usize = 1_000;

/// Refused rows that the page of the source shows.
const MOST_SHOWN: usize = 50;

/// The largest file of failed rows that is kept with its run.
const MOST_KEPT: usize = 4 << 20;

/// Numbers worth adding up, besides money.
const COUNTED: [&str; 3] = ["quantity", "seats", "minutes"];

/// One file under way.
pub(super) struct Run<'a> {
    engine: &'a Engine,
    sheet: &'a Sheet,
    from: apply::From,
    /// Its row; none for a dry run.
    row: Option<ImportRun>,
    pub(super) report: ImportReport,
    totals: BTreeMap<(&'static str, Option<String>), i64>,
    touched: BTreeSet<i64>,
    /// Where rows of unknown accounts go, if not among the refused.
    aside: Option<Aside>,
    failed: FailedRows<Vec<u8>>,
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

impl<'a> Run<'a> {
    /// Begins a run, or goes on with the one of the same file that was stopped.
    pub(super) async fn begin(
        engine: &'a Engine,
        import: CsvImport<'_>,
        sheet: &'a Sheet,
        input: &mut (impl Read + Seek),
    ) -> Result<Self, ImportError> {
        let (orphans, aside) = match sheet.mapping.orphans {
            sheet::Orphans::Error => (Orphans::Refuse, None),
            sheet::Orphans::CreateAccount => (Orphans::CreateAccount, None),
            sheet::Orphans::Park => (Orphans::Refuse, Some(Aside::new(sheet)?)),
        };
        let used = sheet.mapping.to_toml().map_err(|error| ImportError::Mapping(error.to_string()))?;
        let mut report = begun(sheet, used, import.dry_run);
        let now = engine.now();
        let source_id = source(engine, import.dry_run, now).await?;
        let row = match source_id.filter(|_| !import.dry_run) {
            None => None,
            Some(source_id) => Some(row(engine, import, sheet, input, (source_id, now), &mut report).await?),
        };
        let now = row.as_ref().map_or(now, |row| row.recorded_at);
        let from = apply::From { source_id, now, orphans, ids: Ids::Shared };
        let failed = FailedRows::new(Vec::new(), sheet)?;
        let (totals, touched) = (BTreeMap::new(), BTreeSet::new());
        Ok(Self { engine, sheet, from, row, report, totals, touched, aside, failed })
    }

    /// When its records become known.
    pub(super) fn now(&self) -> Instant {
        self.from.now
    }

    /// Passes over rows that were taken before a stop. What they add up to counts all the same.
    pub(super) fn pass_over(&mut self, portion: Portion) -> Result<(), ImportError> {
        for row in portion {
            match row {
                Ok(row) => self.add_up(&row.draft),
                Err(error) if !error.is_skip => self.failed.push(&error)?,
                Err(_) => {}
            }
        }
        Ok(())
    }

    /// Takes the next rows.
    pub(super) async fn take(&mut self, portion: Portion) -> Result<(), ImportError> {
        let mut chunk = Vec::with_capacity(portion.len());
        let mut refused = Vec::new();
        for row in portion {
            match row {
                Ok(row) => chunk.push(row),
                Err(error) if error.code == Code::Unreadable => {
                    return Err(ImportError::Read(io::Error::other(error.sentence)));
                }
                Err(error) => refused.push(error),
            }
        }
        self.report.rows += (chunk.len() + refused.len()) as u64;
        if self.sheet.object == Object::Event {
            self.events(chunk, &mut refused).await?;
        } else {
            self.records(chunk, &mut refused).await?;
        }
        self.refuse(refused)?;
        self.write_down().await
    }

    async fn records(&mut self, chunk: Vec<Row>, refused: &mut Vec<RowError>) -> Result<(), ImportError> {
        let (from, rows) = (self.from, self.report.rows as i64);
        let drafts: Vec<&Draft> = chunk.iter().map(|row| &row.draft).collect();
        let run = self.row.clone();
        let outcome = self
            .engine
            .store()
            .write(async |tx| -> Result<Vec<Result<Taken, Refusal>>, Ended> {
                let outcomes = apply::drafts(tx, &drafts, from).await?;
                let Some(run) = &run else { return Err(Ended::TakenBack(outcomes)) };
                import_run::update(tx, ImportRun { rows_read: rows, ..run.clone() }).await?;
                Ok(outcomes)
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
        self.add_up(draft);
        if let (Some(account), true) = (taken.account_id, self.row.is_some()) {
            self.touched.insert(account);
            introduce(self.engine, draft, taken);
        }
    }

    /// Adds the numbers of a row to the totals.
    fn add_up(&mut self, draft: &Draft) {
        for (name, value) in &draft.fields {
            let (currency, number) = match value {
                Value::Cents(cents) => (Some(draft.text("currency").set().unwrap_or_default().to_owned()), *cents),
                Value::Int(number) if COUNTED.contains(name) => (None, *number),
                _ => continue,
            };
            let sum = self.totals.entry((name, currency)).or_default();
            *sum = sum.saturating_add(number);
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
        let dry = self.row.is_none();
        let outcomes = events(self.engine, chunk.iter().map(|row| &row.draft), self.from, dry).await?;
        let mut events = Vec::with_capacity(chunk.len());
        for (row, outcome) in chunk.into_iter().zip(outcomes) {
            match outcome {
                Ok(event) => {
                    self.add_up(&row.draft);
                    events.push(event);
                }
                Err(refusal) => self.turn_away(row, refusal, refused)?,
            }
        }
        let total = events.len() as u64;
        let known = if dry {
            let keys: Vec<[u8; 16]> = events.iter().map(|event| event.key).collect();
            store::inbox::known(self.engine.store().read(), &keys).await.map_err(EngineError::from)?.len() as u64
        } else {
            let source_id = self.from.source_id.unwrap_or_default();
            let accept = Accept {
                source_id,
                received_at: self.from.now,
                sent_at: None,
                events,
                users: Vec::new(),
                aliases: Vec::new(),
                refused: Vec::new(),
            };
            let receipt = self.engine.intake().accept(accept).await.map_err(EngineError::from)?;
            self.touched.extend(receipt.accounts);
            receipt.duplicates
        };
        self.report.created += total - known;
        self.report.unchanged += known;
        Ok(())
    }

    fn refuse(&mut self, rows: Vec<RowError>) -> Result<(), ImportError> {
        for row in rows {
            if row.is_skip {
                self.report.skipped += 1;
                continue;
            }
            self.failed.push(&row)?;
            self.report.failed += 1;
            if self.report.refused.len() < MOST_LISTED {
                let code = row.code.as_str().to_owned();
                let (line, column, value, message) = (row.line, row.column, row.value, row.sentence);
                self.report.refused.push(RefusedRow { line, column, value, code, message });
            }
        }
        Ok(())
    }

    /// Writes down how far the run is, for whoever watches or goes on with it.
    async fn write_down(&mut self) -> Result<(), ImportError> {
        let Some(row) = &mut self.row else { return Ok(()) };
        let brief = ImportReport { refused: Vec::new(), columns: Vec::new(), ..self.report.clone() };
        row.rows_read = self.report.rows as i64;
        row.report = serde_json::to_value(&brief).map_err(io::Error::from)?;
        let row = row.clone();
        self.engine.store().write(async |tx| import_run::update(tx, row).await).await.map_err(EngineError::from)?;
        Ok(())
    }

    /// Notes the import on its source and refreshes what it touched.
    pub(super) async fn finish(mut self) -> Result<ImportReport, ImportError> {
        self.report.totals = std::mem::take(&mut self.totals)
            .into_iter()
            .map(|((field, currency), sum)| Total { field: field.to_owned(), currency, sum })
            .collect();
        let failed = self.failed.finish()?;
        if self.report.failed > 0 {
            self.report.failed_rows = String::from_utf8_lossy(&failed).into_owned();
        }
        let Some(mut row) = self.row.take() else { return Ok(self.report) };
        if let Some(aside) = self.aside.take() {
            aside.keep(self.engine, self.sheet.object, &self.report.mapping, self.from.now).await?;
        }
        let mut kept = self.report.clone();
        if kept.failed_rows.len() > MOST_KEPT {
            kept.failed_rows.clear();
        }
        row.report = serde_json::to_value(&kept).map_err(io::Error::from)?;
        (row.status, row.finished_at) = (Status::Done, Some(self.engine.now()));
        let report = &self.report;
        let events = self.sheet.object == Object::Event;
        self.engine.store().write(async |tx| note(tx, row, report, events).await).await?;
        for account in &self.touched {
            self.engine.touch(*account);
        }
        if self.sheet.object == Object::ExchangeRate {
            refresh::conventions(self.engine).await?;
        }
        Ok(self.report)
    }
}

/// Notes a finished run, and on its source what it brought and had refused.
async fn note(tx: &Tx, run: ImportRun, report: &ImportReport, events: bool) -> Result<(), EngineError> {
    let (id, at) = (run.source_id, run.recorded_at);
    let body = |row: &RefusedRow| format!("{}, line {}: {}", run.file_name, row.line, row.value);
    let shown: Vec<Refused> = report
        .refused
        .iter()
        .take(MOST_SHOWN)
        .map(|row| Refused { code: row.code.clone(), message: row.message.clone(), body: body(row) })
        .collect();
    import_run::update(tx, run).await?;
    refusal::record(tx, id, &shown, at).await?;
    // Events were counted when the inbox took them.
    let taken = report.created + report.updated + report.unchanged;
    let accepted = if events { 0 } else { taken as i64 };
    let error = report.refused.first().map(|row| format!("line {}: {}", row.line, row.message));
    Ok(source::noted(tx, id, accepted, report.failed as i64, error.as_deref(), at).await?)
}

/// The row of a new run, or of the one that goes on.
async fn row(
    engine: &Engine,
    import: CsvImport<'_>,
    sheet: &Sheet,
    input: &mut (impl Read + Seek),
    (source_id, now): (i64, Instant),
    report: &mut ImportReport,
) -> Result<ImportRun, ImportError> {
    let fingerprint = fingerprint(input, sheet, &report.mapping)?;
    let stopped = import_run::unfinished(engine.store().read(), &fingerprint).await.map_err(EngineError::from)?;
    if let Some(run) = stopped {
        let before: ImportReport = serde_json::from_value(run.report.clone()).map_err(io::Error::from)?;
        let sentence = format!("this file was stopped after {} rows and goes on from there", run.rows_read);
        let fresh = std::mem::take(report);
        *report = ImportReport { columns: fresh.columns, run_id: Some(run.id), ..before };
        report.rows = run.rows_read as u64;
        report.notices = vec![sentence];
        return Ok(run);
    }
    let new = ImportRun {
        id: 0,
        source_id,
        object: sheet.object.as_str().to_owned(),
        file_name: import.file_name.to_owned(),
        fingerprint,
        member_id: import.member_id,
        status: Status::Running,
        recorded_at: now,
        rows_read: 0,
        report: serde_json::to_value(&*report).map_err(io::Error::from)?,
        finished_at: None,
        undone_at: None,
    };
    let run = engine.store().write(async |tx| import_run::begin(tx, new).await).await.map_err(EngineError::from)?;
    report.run_id = Some(run.id);
    Ok(run)
}

/// What a file is known by: its bytes, what its rows are and how they are read.
fn fingerprint(input: &mut (impl Read + Seek), sheet: &Sheet, mapping: &str) -> io::Result<String> {
    input.rewind()?;
    let mut digest = Sha256::new();
    digest.update(sheet.object.as_str());
    digest.update([0]);
    digest.update(mapping);
    let mut buffer = vec![0; 1 << 16];
    loop {
        let read = input.read(&mut buffer)?;
        if read == 0 {
            return Ok(hex::encode(digest.finalize()));
        }
        digest.update(&buffer[..read]);
    }
}

/// The source all files come through; a dry run does not make it, and then nothing can have come through it.
async fn source(engine: &Engine, dry_run: bool, now: Instant) -> Result<Option<i64>, EngineError> {
    const KEY: &str = "csv";
    if dry_run {
        return Ok(source::by_key(engine.store().read(), KEY).await?.map(|source| source.id));
    }
    super::super::source(engine, KEY, "Files", source::Kind::Csv, now).await.map(Some)
}
