//! The handle to a running engine: where its data is, what it knows now, and how
//! to reach its workers. It does nothing itself beyond opening and closing.

use std::{
    collections::VecDeque,
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex as Latch, PoisonError, RwLock},
    time::Duration,
};

use domain::{Day, Instant};
use lake::Lake;
use store::{Store, catalogue};
use tokio::sync::{Mutex, MutexGuard, broadcast, mpsc};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    Book, Clock, Definitions, EngineError, Live, forecast,
    import::Underway,
    ingest::Intake,
    lifetime, refresh,
    snapshot::{Ask, Basis},
    vault::Vault,
    worker,
};

/// How many live messages a slow page may lag behind before it is told to reload.
const LIVE_CAPACITY: usize = 1024;

/// Books of past days that are kept for whoever pages through one.
const PAST_BOOKS: usize = 3;

/// Where an engine keeps its data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The home folder: store, lake and definitions, unless they are elsewhere.
    pub home: PathBuf,
    /// `postgres://…`, or nothing for SQLite in the home.
    pub database_url: Option<String>,
    /// Where the lake is, or nothing for the home.
    pub lake_url: Option<String>,
    /// Memory that queries may use, in bytes.
    pub query_memory_bytes: usize,
    /// How often the inbox is sealed.
    pub seal_every: Duration,
    /// Whether to refresh, seal and fill in history in the background; a one-off command need not.
    pub background: bool,
    /// Whether to compute today's book; a command that only writes leaves that to whoever opens the home next.
    pub book: bool,
    /// A deliberate fault, to prove that a test would notice it.
    pub mutant: Option<Mutant>,
}

/// A deliberate fault. Each test of the reliability contract names the one it must catch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mutant {
    /// Events are acknowledged before they are committed.
    AckBeforeCommit,
    /// Commits are not flushed to the disk.
    SyncNormal,
    /// Events are acknowledged even if they could not be stored.
    SwallowErrors,
    /// A compressed body is measured as it was sent.
    TrustCompressedSize,
}

impl Settings {
    /// Everything in one folder, with the usual limits.
    pub fn at(home: impl Into<PathBuf>) -> Self {
        Self {
            home: home.into(),
            database_url: None,
            lake_url: None,
            query_memory_bytes: 512 << 20,
            seal_every: Duration::from_secs(20),
            background: true,
            book: true,
            mutant: None,
        }
    }

    /// Fails where there is no home yet: for a command that only reads, and would begin one by looking.
    pub fn must_exist(&self) -> Result<(), EngineError> {
        let there = if self.database_url.is_some() { self.home.is_dir() } else { self.database().is_file() };
        if there { Ok(()) } else { Err(EngineError::NoHome { path: self.home.display().to_string() }) }
    }

    /// Creates the folder where there is none.
    pub(crate) fn create(&self) -> Result<(), EngineError> {
        let home = |source| EngineError::Home { path: self.home.display().to_string(), source };
        fs::create_dir_all(&self.home).map_err(home)
    }

    /// The embedded database.
    fn database(&self) -> PathBuf {
        self.home.join("pomona.db")
    }

    fn store(&self) -> store::Settings {
        let settings = match &self.database_url {
            Some(url) => store::Settings::new(url),
            None => store::Settings::embedded(&self.database()),
        };
        store::Settings { flushed: self.mutant != Some(Mutant::SyncNormal), ..settings }
    }

    fn lake(&self) -> lake::Settings {
        let root = self.lake_url.clone().unwrap_or_else(|| self.home.join("lake").display().to_string());
        lake::Settings { memory_limit_bytes: self.query_memory_bytes, ..lake::Settings::new(root) }
    }
}

/// A running engine; clones are the same engine.
#[derive(Debug, Clone)]
pub struct Engine(Arc<Parts>);

#[derive(Debug)]
struct Parts {
    store: Store,
    lake: Lake,
    clock: Clock,
    home: PathBuf,
    definitions: Arc<Definitions>,
    vault: Vault,
    intake: Intake,
    imports: Underway,
    book: RwLock<Arc<Book>>,
    past: Latch<VecDeque<Past>>,
    lifetime: RwLock<Option<Arc<lifetime::Model>>>,
    forecast: RwLock<Option<Arc<forecast::Model>>>,
    live: broadcast::Sender<Live>,
    dirty: mpsc::UnboundedSender<i64>,
    workers: Workers,
    turns: Turns,
}

/// A book of a past day, and what it answers: the day, what was known, and the version of today's book, which grows
/// with every fact.
#[derive(Debug)]
struct Past {
    asked: (Day, Option<Instant>, u64),
    book: Arc<Book>,
}

/// What must not happen twice at the same time.
#[derive(Debug, Default)]
struct Turns {
    sealing: Mutex<()>,
    refreshing: Mutex<()>,
    learning: Mutex<()>,
}

/// What runs in the background, and how to end it.
#[derive(Debug)]
pub(crate) struct Workers {
    pub(crate) tasks: TaskTracker,
    pub(crate) stop: CancellationToken,
}

impl Engine {
    /// Opens the data of a home folder, creating what is missing, computes today's
    /// book and starts the workers, as far as the settings want them.
    pub async fn open(settings: &Settings, clock: Clock) -> Result<Self, EngineError> {
        let (store, lake) = open_data(settings, clock.now()).await?;
        let definitions = Arc::new(Definitions::load(&settings.home)?);
        let vault = Vault::open(&settings.home)?;
        let lifetime = lifetime::vintage(&store, &definitions, clock.today(), None).await?;
        let ask = Ask { lifetime: lifetime.clone(), ..Ask::default() };
        let basis = if settings.book { Some(Basis::load(&store, &lake, ask).await?) } else { None };
        let book = Book::empty(clock.today(), clock.now(), Arc::clone(&definitions));
        let (dirty, dirty_accounts) = mpsc::unbounded_channel();
        let workers = Workers { tasks: TaskTracker::new(), stop: CancellationToken::new() };
        let intake = Intake::open(&store, &workers, settings.mutant).await?;
        let engine = Self(Arc::new(Parts {
            store,
            lake,
            clock,
            home: settings.home.clone(),
            definitions,
            vault,
            intake,
            imports: Underway::default(),
            book: RwLock::new(Arc::new(book)),
            past: Latch::default(),
            lifetime: RwLock::new(lifetime),
            forecast: RwLock::default(),
            live: broadcast::Sender::new(LIVE_CAPACITY),
            dirty,
            workers,
            turns: Turns::default(),
        }));
        if let Some(basis) = basis {
            refresh::all_from(&engine, &basis).await?;
        }
        if settings.background {
            worker::start(&engine, dirty_accounts, settings.seal_every);
        }
        Ok(engine)
    }

    /// Ends the workers, seals what has arrived and closes the store.
    pub async fn close(self) -> Result<(), EngineError> {
        self.0.workers.stop.cancel();
        self.0.workers.tasks.close();
        self.0.workers.tasks.wait().await;
        crate::seal::seal(&self).await?;
        Ok(())
    }

    /// The store.
    pub fn store(&self) -> &Store {
        &self.0.store
    }

    /// The lake.
    pub fn lake(&self) -> &Lake {
        &self.0.lake
    }

    /// The home folder.
    pub fn home(&self) -> &Path {
        &self.0.home
    }

    /// The secrets of sources.
    pub(crate) fn vault(&self) -> &Vault {
        &self.0.vault
    }

    /// The definitions in force.
    pub fn definitions(&self) -> &Arc<Definitions> {
        &self.0.definitions
    }

    /// The one clock.
    pub fn now(&self) -> Instant {
        self.0.clock.now()
    }

    /// The day it is.
    pub fn today(&self) -> Day {
        self.0.clock.today()
    }

    /// Today's book; cheap.
    pub fn book(&self) -> Arc<Book> {
        Arc::clone(&self.0.book.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Computes the book of any day, with what is known now or was known before an instant.
    pub async fn book_as_of(&self, as_of: Day, known_on: Option<Instant>) -> Result<Arc<Book>, EngineError> {
        if let Some(computed) = self.known_book(as_of, known_on) {
            return Ok(computed);
        }
        let asked = (as_of, known_on, self.book().version);
        let lifetime = self.lifetime_as_of(as_of, known_on).await?;
        let basis = Basis::load(self.store(), self.lake(), Ask { known_on, lifetime, ..Ask::default() }).await?;
        let book = Arc::new(basis.book(self.definitions(), as_of, self.now()).await?);
        let mut past = self.past();
        past.truncate(PAST_BOOKS - 1);
        past.push_front(Past { asked, book: Arc::clone(&book) });
        Ok(book)
    }

    /// The same, if it was computed since the last fact.
    pub(crate) fn known_book(&self, as_of: Day, known_on: Option<Instant>) -> Option<Arc<Book>> {
        let asked = (as_of, known_on, self.book().version);
        let past = self.past();
        past.iter().find(|past| past.asked == asked).map(|past| Arc::clone(&past.book))
    }

    fn past(&self) -> std::sync::MutexGuard<'_, VecDeque<Past>> {
        self.0.past.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Computes one account's row as of any day, with what is known now or was known before an instant: the row it has
    /// in the book of that day.
    pub async fn account_as_of(
        &self,
        account_id: i64,
        as_of: Day,
        known_on: Option<Instant>,
    ) -> Result<Book, EngineError> {
        let basis = Basis::of_account(self, account_id, as_of, known_on).await?;
        basis.book(self.definitions(), as_of, self.now()).await
    }

    /// What values accounts today; `None` before anything was learned.
    pub fn lifetime(&self) -> Option<Arc<lifetime::Model>> {
        self.0.lifetime.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What values accounts as of a day: the newest model that knew nothing later, and was computed before
    /// `known_on` where that is given.
    pub async fn lifetime_as_of(
        &self,
        day: Day,
        known_on: Option<Instant>,
    ) -> Result<Option<Arc<lifetime::Model>>, EngineError> {
        match self.lifetime().filter(|model| model.as_of <= day && known_on.is_none()) {
            Some(model) => Ok(Some(model)),
            None => lifetime::vintage(self.store(), self.definitions(), day, known_on).await,
        }
    }

    /// Puts a new model in place of the current one.
    pub(crate) fn set_lifetime(&self, model: lifetime::Model) {
        *self.0.lifetime.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(model));
    }

    /// What forecasts the book today; `None` before it was learned.
    pub fn forecast(&self) -> Option<Arc<forecast::Model>> {
        self.0.forecast.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Puts a new model in place of the current one.
    pub(crate) fn set_forecast(&self, model: forecast::Model) {
        *self.0.forecast.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(model));
    }

    /// Schedules the refresh of an account; never waits.
    pub fn touch(&self, account_id: i64) {
        // The receiver lives as long as the workers; after that nobody looks at the book.
        let _ = self.0.dirty.send(account_id);
    }

    /// What changes from now on.
    pub fn subscribe(&self) -> broadcast::Receiver<Live> {
        self.0.live.subscribe()
    }

    /// Forgets which write keys are good, after a source was created, changed or disabled.
    pub fn sources_changed(&self) {
        self.0.intake.forget_sources();
    }

    /// Requests that wait for a commit.
    pub fn waiting(&self) -> usize {
        self.0.intake.waiting()
    }

    /// Held by whoever seals, compacts or sweeps.
    pub(crate) async fn sealing(&self) -> MutexGuard<'_, ()> {
        self.0.turns.sealing.lock().await
    }

    /// Held by whoever computes a new current book.
    pub(crate) async fn refreshing(&self) -> MutexGuard<'_, ()> {
        self.0.turns.refreshing.lock().await
    }

    /// Held by whoever learns about lifetime value.
    pub(crate) async fn learning(&self) -> MutexGuard<'_, ()> {
        self.0.turns.learning.lock().await
    }

    /// The same, if nobody is.
    pub(crate) fn try_learning(&self) -> Option<MutexGuard<'_, ()>> {
        self.0.turns.learning.try_lock().ok()
    }

    pub(crate) fn intake(&self) -> &Intake {
        &self.0.intake
    }

    /// Files on their way into the records.
    pub(crate) fn imports(&self) -> &Underway {
        &self.0.imports
    }

    pub(crate) fn workers(&self) -> &Workers {
        &self.0.workers
    }

    /// Puts a new book in place of the current one.
    pub(crate) fn publish(&self, book: Book, changes: impl IntoIterator<Item = Live>) {
        *self.0.book.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(book);
        for change in changes {
            // An error means nobody is watching.
            let _ = self.0.live.send(change);
        }
    }
}

/// Opens store and lake, founding the lake's catalogue, without computing or starting anything.
pub async fn open_data(settings: &Settings, now: Instant) -> Result<(Store, Lake), EngineError> {
    settings.create()?;
    let store = Store::open(&settings.store()).await?;
    let lake = Lake::open(&settings.lake())?;
    let root = lake.root().display().to_string();
    store.write(async |tx| catalogue::found(tx, &root, now).await).await?;
    Ok((store, lake))
}
