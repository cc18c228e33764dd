//! Events over HTTP in Segment's shape. One request becomes one durable inbox
//! row: it is answered after its events, what it says about people, and whatever
//! had to be refused are committed together. Accounts and contacts that
//! `group` and `identify` describe are records, written just before.
//!
//! An event's account is taken from the strongest evidence the message carries;
//! failing that, from what is known of its user, now or when it is sealed. An
//! account nobody has introduced is never invented from an event.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{PoisonError, RwLock},
};

use connectors::segment::{self, Batch, Credentials, Kind, Limits, Message, Route};
use domain::{Instant, time::day_of};
use sha2::{Digest, Sha256};
use store::{
    Source, Store,
    inbox::{self, Accept, Inbox, NewEvent, Refused, SeenUser},
};
use tokio_util::task::TaskTracker;

use crate::{
    Engine, EngineError,
    handle::{Mutant, Workers},
    import,
};

/// A request as the web layer received it.
#[derive(Debug, Clone, Copy)]
pub struct SegmentCall<'a> {
    /// Its path, which says what a bare body means: `/v1/batch`, `/v1/t`.
    pub path: &'a str,
    /// The `Authorization` header.
    pub authorization: Option<&'a str>,
    /// The `X-Write-Key` header.
    pub x_write_key: Option<&'a str>,
    /// The `writeKey` of the query string.
    pub query_key: Option<&'a str>,
    /// The `Content-Encoding` header.
    pub content_encoding: Option<&'a str>,
    /// The source, where an API token has already said who sends.
    pub source_id: Option<i64>,
    /// The body as it was sent.
    pub body: &'a [u8],
}

/// What became of a request's messages.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Receipt {
    /// Events stored now.
    pub accepted: u64,
    /// Events stored before.
    pub duplicates: u64,
    /// Messages refused, each listed on the source's page.
    pub refused: u64,
}

/// Why a request was not taken; nothing of it was stored.
#[derive(Debug, thiserror::Error)]
pub enum IntakeError {
    /// No source has this write key, or it was disabled.
    #[error("no source has this write key: copy it from the Sources page")]
    UnknownKey,
    /// The body as a whole cannot be read.
    #[error("{message}")]
    Refused {
        /// 400 or 413.
        status: u16,
        /// A stable word.
        code: String,
        /// What to do.
        message: String,
    },
    /// Too much waits to be stored.
    #[error("too much is waiting to be stored: try again in a moment")]
    Busy,
    /// The store cannot take anything now.
    #[error("the store cannot take events now")]
    Unavailable(#[source] EngineError),
}

impl From<EngineError> for IntakeError {
    fn from(error: EngineError) -> Self {
        match error {
            EngineError::Store(store::StoreError::Busy) => Self::Busy,
            error => Self::Unavailable(error),
        }
    }
}

/// The entrance: the inbox and what is needed to understand a message without asking the store each time.
#[derive(Debug)]
pub(crate) struct Intake {
    inbox: Inbox,
    tasks: TaskTracker,
    mutant: Option<Mutant>,
    sources: RwLock<HashMap<String, i64>>,
    accounts: RwLock<HashMap<String, i64>>,
}

impl Intake {
    /// Opens the inbox and starts its writer.
    pub(crate) async fn open(store: &Store, workers: &Workers, mutant: Option<Mutant>) -> Result<Self, EngineError> {
        let encoder: inbox::Encoder = Box::new(|events| Ok(lake::tail::encode(events)?));
        let (inbox, writer) = inbox::open(store.clone(), encoder, inbox::Limits::default());
        let stop = workers.stop.clone();
        workers.tasks.spawn(async move {
            // Whoever still waits when the engine stops is not answered, and so sends again.
            tokio::select! {
                () = writer.run() => {}
                () = stop.cancelled() => {}
            }
        });
        let accounts = store::account::external_ids(store.read()).await?;
        Ok(Self {
            inbox,
            tasks: workers.tasks.clone(),
            mutant,
            sources: RwLock::default(),
            accounts: RwLock::new(accounts.into_iter().collect()),
        })
    }

    /// Hands events to the inbox and waits until they are durable.
    pub(crate) async fn accept(&self, accept: Accept) -> Result<inbox::Receipt, store::StoreError> {
        if self.mutant == Some(Mutant::AckBeforeCommit) {
            let (inbox, accepted) = (self.inbox.clone(), accept.events.len() as u64);
            self.tasks.spawn(async move { inbox.accept(accept).await });
            return Ok(inbox::Receipt { accepted, duplicates: 0 });
        }
        self.inbox.accept(accept).await
    }

    /// Requests waiting for a commit.
    pub(crate) fn waiting(&self) -> usize {
        self.inbox.waiting()
    }

    /// The account of an external id, if it has been introduced.
    pub(crate) fn account(&self, external_id: &str) -> Option<i64> {
        self.accounts.read().unwrap_or_else(PoisonError::into_inner).get(external_id).copied()
    }

    /// Remembers an account that was just introduced.
    pub(crate) fn introduce(&self, external_id: &str, account_id: i64) {
        self.accounts.write().unwrap_or_else(PoisonError::into_inner).insert(external_id.to_owned(), account_id);
    }

    /// Forgets which write keys are good, after a source changed.
    pub(crate) fn forget_sources(&self) {
        self.sources.write().unwrap_or_else(PoisonError::into_inner).clear();
    }

    async fn source(&self, store: &Store, key: &str) -> Result<Option<i64>, EngineError> {
        let hash = hash_key(key);
        let known = self.sources.read().unwrap_or_else(PoisonError::into_inner).get(&hash).copied();
        if known.is_some() {
            return Ok(known);
        }
        let found: Option<Source> = store::source::by_write_key(store.read(), &hash).await?;
        let Some(source) = found.filter(|source| source.enabled) else { return Ok(None) };
        self.sources.write().unwrap_or_else(PoisonError::into_inner).insert(hash, source.id);
        Ok(Some(source.id))
    }
}

/// How a write key is kept: SHA-256 in hexadecimal.
pub fn hash_key(key: &str) -> String {
    hex::encode(Sha256::digest(key.as_bytes()))
}

/// Takes a request; returns after everything it brought is durable.
pub async fn segment(engine: &Engine, call: SegmentCall<'_>) -> Result<Receipt, IntakeError> {
    let now = engine.now();
    let route = Route::from_path(call.path).unwrap_or(Route::Batch);
    let header_key = segment::write_key(
        &Credentials { authorization: call.authorization, x_write_key: call.x_write_key, query: call.query_key },
        None,
    );
    let mut source = match (call.source_id, &header_key) {
        (Some(source), _) => Some(source),
        (None, Some(key)) => engine.intake().source(engine.store(), key).await?,
        (None, None) => None,
    };
    if source.is_none() && header_key.is_some() {
        return Err(IntakeError::UnknownKey);
    }
    let batch = segment::parse(call.body, route, call.content_encoding, &Limits::default(), now).map_err(|error| {
        IntakeError::Refused { status: error.status, code: error.code.to_owned(), message: error.message }
    })?;
    if source.is_none()
        && let Some(key) = &batch.write_key
    {
        source = engine.intake().source(engine.store(), key).await?;
    }
    let source = source.ok_or(IntakeError::UnknownKey)?;
    store_batch(engine, source, batch, now).await
}

async fn store_batch(engine: &Engine, source_id: i64, batch: Batch, now: Instant) -> Result<Receipt, IntakeError> {
    let mut touched = BTreeSet::new();
    let mut accept = Accept { source_id, received_at: now, events: Vec::new(), users: Vec::new(), refused: Vec::new() };
    for refused in batch.refused {
        accept.refused.push(Refused { code: refused.code.to_owned(), message: refused.message, body: refused.body });
    }
    for message in batch.messages {
        take(engine, source_id, message, now, &mut accept, &mut touched).await?;
    }
    let refused = accept.refused.len() as u64;
    touched.extend(accept.events.iter().filter_map(|event| event.account_id));
    touched.extend(accept.users.iter().filter_map(|user| user.account_id));
    let receipt = engine.intake().accept(accept).await.map_err(EngineError::from)?;
    for account in touched {
        engine.touch(account);
    }
    metrics::counter!("pomona_events_accepted_total").increment(receipt.accepted);
    metrics::counter!("pomona_messages_refused_total").increment(refused);
    Ok(Receipt { accepted: receipt.accepted, duplicates: receipt.duplicates, refused })
}

async fn take(
    engine: &Engine,
    source_id: i64,
    message: Message,
    now: Instant,
    accept: &mut Accept,
    touched: &mut BTreeSet<i64>,
) -> Result<(), IntakeError> {
    let evidence = message.account.as_ref().and_then(|evidence| engine.intake().account(&evidence.account));
    let user = message.user_id.clone().or_else(|| message.anonymous_id.clone());
    if let Some(action) = message.action() {
        accept.events.push(NewEvent {
            key: segment::event_id(source_id, &message.id),
            account_id: evidence,
            user: user.clone(),
            name: action.name.clone(),
            occurred_at: message.occurred_at,
            quantity: action.quantity,
            properties: action.properties.clone(),
        });
    }
    let draft = match message.kind {
        Kind::Group(account) => Some(account),
        Kind::Identify(contact) => contact,
        Kind::Track(_) | Kind::Page(_) | Kind::Screen(_) | Kind::Alias { .. } => None,
    };
    let mut seen = SeenUser { external_id: user.unwrap_or_default(), account_id: evidence, contact_id: None };
    if let Some(draft) = draft {
        match import::take(engine, &draft, source_id, now).await? {
            Ok(taken) => {
                touched.extend(taken.account_id);
                seen.account_id = seen.account_id.or(taken.account_id);
                seen.contact_id = taken.contact_id;
            }
            Err(fault) => {
                let body = serde_json::to_string(&draft.fields).unwrap_or_default();
                accept.refused.push(Refused { code: fault.code.as_str().to_owned(), message: fault.sentence, body });
            }
        }
    }
    if !seen.external_id.is_empty() && (seen.account_id.is_some() || seen.contact_id.is_some()) {
        accept.users.push(seen);
    }
    Ok(())
}

/// Forgets event keys that are too old for a repeat to be expected.
pub(crate) async fn prune(engine: &Engine) -> Result<(), EngineError> {
    let today = day_of(engine.now());
    while engine.store().write(async |tx| inbox::prune_keys(tx, today, 20_000).await).await? > 0 {}
    Ok(())
}
