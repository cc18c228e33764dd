//! One file under way: some thousand rows at a time become drafts, records or events, and counts; the run's own row
//! says how far it is and what became of the rows, and is written in the transaction of the records, with the rows that
//! wait for their account. So a run that goes on after a stop ends as if it had never stopped. Deliberately absent: what a row means, which the
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
        underway::Place,
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

/// The largest one that is kept, over and over, while the run is under way.
const MOST_UNDER_WAY: usize = 1 << 20;

/// Numbers worth adding up, besides money.
const COUNTED: [&str; 3] = ["quantity", "seats", "minutes"];

/// One file under way.
pub(super) struct Run<'a> {
    engine: &'a Engine,
    sheet: &'a Sheet,
    from: apply::From,
    /// Its row; none for a dry run.
    row: Option<ImportRun>,
    /// Its place among the imports under way; none for a dry run.
    place: Option<Place<'a>>,
    pub(super) report: ImportReport,
    totals: BTreeMap<(String, Option<String>), i64>,
    touched: BTreeSet<i64>,
    /// Where rows of unknown accounts go, if not among the refused.
    aside: Option<Aside>,
    /// The file of failed rows so far.
    failed: String,
}

/// Ends a transaction without an error and without a trace.
enum Ended {
    TakenBack,
    Failed(ImportError),
}

impl<E: Into<EngineError>> From<E> for Ended {
    fn from(error: E) -> Self {
        Self::Failed(ImportError::Engine(error.into()))
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
        let (row, place) = match source_id.filter(|_| !import.dry_run) {
            None => (None, None),
            Some(source_id) => {
                let fingerprint = fingerprint(input, sheet, &report.mapping)?;
                let place = engine.imports().enter(&fingerprint, &engine.workers().stop);
                let place = place.ok_or(ImportError::UnderWay)?;
                let row = row(engine, import, sheet, fingerprint, (source_id, now), &mut report).await?;
                (Some(row), Some(place))
            }
        };
        let now = row.as_ref().map_or(now, |row| row.recorded_at);
        let from = apply::From { source_id, now, orphans, ids: Ids::Shared };
        let failed = std::mem::take(&mut report.failed_rows);
        let (totals, touched) = (added_up(&report.totals), BTreeSet::new());
        Ok(Self { engine, sheet, from, row, place, report, totals, touched, aside, failed })
    }

    /// When its records become known.
    pub(super) fn now(&self) -> Instant {
        self.from.now
    }

    /// Whether somebody wants it to stop, or the engine closes.
    pub(super) fn is_stopped(&self) -> bool {
        self.place.as_ref().map_or_else(|| self.engine.workers().stop.is_cancelled(), Place::is_stopped)
    }

    /// Says that it stopped; the same file goes on from here.
    pub(super) async fn stop(mut self) -> Result<(), ImportError> {
        let Some(row) = self.row.take() else { return Ok(()) };
        for account in &self.touched {
            self.engine.touch(*account);
        }
        let stopped = ImportRun { status: Status::Stopped, ..row };
        let written = self.engine.store().write(async |tx| import_run::update(tx, stopped).await);
        written.await.map_err(EngineError::from)?;
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
            self.events(chunk, refused).await
        } else {
            self.records(chunk, refused).await
        }
    }

    async fn records(&mut self, chunk: Vec<Row>, refused: Vec<RowError>) -> Result<(), ImportError> {
        let (engine, from) = (self.engine, self.from);
        let mut taken = Vec::with_capacity(chunk.len());
        let outcome = engine
            .store()
            .write(async |tx| -> Result<(), Ended> {
                let drafts: Vec<&Draft> = chunk.iter().map(|row| &row.draft).collect();
                let outcomes = apply::drafts(tx, &drafts, from).await?;
                taken = self.settle(chunk, outcomes, refused).map_err(|error| Ended::Failed(error.into()))?;
                self.write_down(tx).await.map_err(Ended::Failed)?;
                if self.row.is_some() { Ok(()) } else { Err(Ended::TakenBack) }
            })
            .await;
        match outcome {
            Err(Ended::Failed(error)) => return Err(error),
            Err(Ended::TakenBack) => return Ok(()),
            Ok(()) => {}
        }
        for (draft, taken) in taken {
            if let Some(account) = taken.account_id {
                self.touched.insert(account);
                introduce(engine, &draft, taken);
            }
        }
        Ok(())
    }

    /// Counts what became of rows; answers with those that were taken.
    fn settle(
        &mut self,
        chunk: Vec<Row>,
        outcomes: Vec<Result<Taken, Refusal>>,
        mut refused: Vec<RowError>,
    ) -> io::Result<Vec<(Draft, Taken)>> {
        let mut all = Vec::with_capacity(chunk.len());
        for (row, outcome) in chunk.into_iter().zip(outcomes) {
            match outcome {
                Ok(taken) => {
                    self.count(&row.draft, taken);
                    all.push((row.draft, taken));
                }
                Err(refusal) => self.turn_away(row, refusal, &mut refused)?,
            }
        }
        self.refuse(refused)?;
        Ok(all)
    }

    fn count(&mut self, draft: &Draft, taken: Taken) {
        match taken.saved {
            Saved::Created => self.report.created += 1,
            Saved::Updated => self.report.updated += 1,
            Saved::Unchanged => self.report.unchanged += 1,
            Saved::Held => {
                self.report.unchanged += 1;
                self.report.held += 1;
            }
        }
        self.add_up(draft);
    }

    /// Adds the numbers of a row to the totals.
    fn add_up(&mut self, draft: &Draft) {
        for (name, value) in &draft.fields {
            let (currency, number) = match value {
                Value::Cents(cents) => (Some(draft.text("currency").set().unwrap_or_default().to_owned()), *cents),
                Value::Int(number) if COUNTED.contains(name) => (None, *number),
                _ => continue,
            };
            let sum = self.totals.entry(((*name).to_owned(), currency)).or_default();
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
    async fn events(&mut self, chunk: Vec<Row>, mut refused: Vec<RowError>) -> Result<(), ImportError> {
        let dry = self.row.is_none();
        let outcomes = events(self.engine, chunk.iter().map(|row| &row.draft), self.from, dry).await?;
        let mut events = Vec::with_capacity(chunk.len());
        for (row, outcome) in chunk.into_iter().zip(outcomes) {
            match outcome {
                Ok(event) => {
                    self.add_up(&row.draft);
                    events.push(event);
                }
                Err(refusal) => self.turn_away(row, refusal, &mut refused)?,
            }
        }
        self.refuse(refused)?;
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
        if dry {
            return Ok(());
        }
        let store = self.engine.store();
        store.write(async |tx| self.write_down(tx).await.map_err(Ended::Failed)).await.or_else(|ended| match ended {
            Ended::Failed(error) => Err(error),
            Ended::TakenBack => Ok(()),
        })
    }

    fn refuse(&mut self, mut rows: Vec<RowError>) -> io::Result<()> {
        rows.sort_by_key(|row| row.line);
        let header = FailedRows::new(Vec::new(), self.sheet)?.finish()?.len();
        let mut file = FailedRows::new(Vec::new(), self.sheet)?;
        for row in rows {
            if row.is_skip {
                self.report.skipped += 1;
                continue;
            }
            file.push(&row)?;
            self.report.failed += 1;
            if self.report.refused.len() < MOST_LISTED {
                let code = row.code.as_str().to_owned();
                let (line, column, value, message) = (row.line, row.column, row.value, row.sentence);
                self.report.refused.push(RefusedRow { line, column, value, code, message });
            }
        }
        let file = file.finish()?;
        if file.len() > header {
            let more = if self.failed.is_empty() { &file[..] } else { &file[header..] };
            self.failed.push_str(&String::from_utf8_lossy(more));
        }
        Ok(())
    }

    /// Writes down how far the run is, for whoever watches or goes on with it, and keeps the rows that wait.
    async fn write_down(&mut self, tx: &Tx) -> Result<(), ImportError> {
        let Some(row) = &mut self.row else { return Ok(()) };
        let few = self.failed.len() <= MOST_UNDER_WAY;
        let brief = ImportReport {
            written_at: Some(self.engine.now()),
            refused: if few { self.report.refused.clone() } else { Vec::new() },
            failed_rows: if few { self.failed.clone() } else { String::new() },
            columns: Vec::new(),
            totals: totals(&self.totals),
            ..self.report.clone()
        };
        row.rows_read = self.report.rows as i64;
        row.report = serde_json::to_value(&brief).map_err(io::Error::from)?;
        import_run::update(tx, row.clone()).await.map_err(EngineError::from)?;
        if self.aside.is_some()
            && let Some(aside) = self.aside.replace(Aside::new(self.sheet)?)
        {
            aside.keep(tx, self.sheet.object, &self.report.mapping, self.from.now).await?;
        }
        Ok(())
    }

    /// Notes the import on its source and refreshes what it touched.
    pub(super) async fn finish(mut self) -> Result<ImportReport, ImportError> {
        self.report.totals = totals(&self.totals);
        self.report.failed_rows = std::mem::take(&mut self.failed);
        let Some(mut row) = self.row.take() else { return Ok(self.report) };
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

fn totals(added: &BTreeMap<(String, Option<String>), i64>) -> Vec<Total> {
    let total = |((field, currency), sum): (&(String, Option<String>), &i64)| Total {
        field: field.clone(),
        currency: currency.clone(),
        sum: *sum,
    };
    added.iter().map(total).collect()
}

/// What a report's totals were added up from.
fn added_up(totals: &[Total]) -> BTreeMap<(String, Option<String>), i64> {
    totals.iter().map(|total| ((total.field.clone(), total.currency.clone()), total.sum)).collect()
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
    fingerprint: String,
    (source_id, now): (i64, Instant),
    report: &mut ImportReport,
) -> Result<ImportRun, ImportError> {
    let stopped = import_run::unfinished(engine.store().read(), &fingerprint).await.map_err(EngineError::from)?;
    if let Some(run) = stopped {
        let before: ImportReport = serde_json::from_value(run.report.clone()).map_err(io::Error::from)?;
        let sentence = format!("this file was stopped after {} rows and goes on from there", run.rows_read);
        let fresh = std::mem::take(report);
        *report = ImportReport { columns: fresh.columns, run_id: Some(run.id), ..before };
        report.rows = run.rows_read as u64;
        report.notices = vec![sentence];
        if report.failed > 0 && report.failed_rows.is_empty() {
            let sentence = format!(
                "the {} rows refused before were too many to keep: only those refused since are in the file of failed rows",
                report.failed
            );
            report.notices.push(sentence);
        }
        return Ok(ImportRun { status: Status::Running, ..run });
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
