//! Events over HTTP in Segment's shape. A request is answered after its events, what it says about people, and whatever
//! had to be refused are committed together. Accounts and contacts that `group` and `identify` describe are records,
//! written just before.
//!
//! An event's account is taken from the strongest evidence the message carries; failing that, from what is known of its
//! user, now or when it is sealed. An account nobody has introduced is never invented from an event.

mod introductions;
mod sayings;
mod sender;
mod shares;

use std::{
    collections::{BTreeSet, HashMap},
    sync::{PoisonError, RwLock},
};

use chrono::TimeDelta;
use connectors::{
    record::{Draft, Value},
    segment::{self, Action, Batch, Credentials, Kind, Limits, Message, Route},
};
use domain::{Instant, time::day_of};
use store::{
    Store, account, alias, end_user,
    inbox::{self, Accept, Inbox, NewEvent, Refused, SameUser},
    refusal,
};
use tokio_util::task::TaskTracker;

pub use sender::{hash_key, origins, set_origins};

use self::{
    introductions::Introductions,
    sayings::{Saying, Sayings},
    sender::{Sender, Senders},
    shares::Shares,
};
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
    /// The `Origin` header: the website whose page sends.
    pub origin: Option<&'a str>,
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
    /// The key belongs to other websites.
    #[error("this write key may not be used from {0}: add the website to the source's origins")]
    ForeignOrigin(String),
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
    senders: Senders,
    introductions: Introductions,
    shares: Shares,
    accounts: RwLock<HashMap<String, i64>>,
}

impl Intake {
    /// Opens the inbox and starts its writer.
    pub(crate) async fn open(store: &Store, workers: &Workers, mutant: Option<Mutant>) -> Result<Self, EngineError> {
        let encoder: inbox::Encoder = Box::new(|events| Ok(lake::tail::encode(events)?));
        let limits = inbox::Limits::default();
        let (inbox, writer) = inbox::open(store.clone(), encoder, limits);
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
            senders: Senders::default(),
            introductions: Introductions::load(store).await?,
            shares: Shares::new(limits.queue),
            accounts: RwLock::new(accounts.into_iter().collect()),
        })
    }

    /// Hands events to the inbox and waits until they are durable.
    pub(crate) async fn accept(&self, accept: Accept) -> Result<inbox::Receipt, store::StoreError> {
        if self.mutant == Some(Mutant::AckBeforeCommit) {
            let (inbox, accepted) = (self.inbox.clone(), accept.events.len() as u64);
            self.tasks.spawn(async move { inbox.accept(accept).await });
            return Ok(inbox::Receipt { accepted, ..inbox::Receipt::default() });
        }
        let accepted = accept.events.len() as u64;
        match self.inbox.accept(accept).await {
            Err(_) if self.mutant == Some(Mutant::SwallowErrors) => {
                Ok(inbox::Receipt { accepted, ..inbox::Receipt::default() })
            }
            outcome => outcome,
        }
    }

    /// What a body may hold.
    fn limits(&self) -> Limits {
        match self.mutant {
            Some(Mutant::TrustCompressedSize) => Limits { decoded_bytes: usize::MAX >> 1, ..Limits::default() },
            _ => Limits::default(),
        }
    }

    /// Requests waiting for a commit.
    pub(crate) fn waiting(&self) -> usize {
        self.inbox.waiting()
    }

    /// The account of an external id, if it has been introduced.
    pub(crate) fn account(&self, external_id: &str) -> Option<i64> {
        self.accounts.read().unwrap_or_else(PoisonError::into_inner).get(external_id).copied()
    }

    /// Remembers an account that was just introduced. One that is known keeps its id: after a merge, events are still
    /// stored under the account they name.
    pub(crate) fn introduce(&self, external_id: &str, account_id: i64) {
        let mut accounts = self.accounts.write().unwrap_or_else(PoisonError::into_inner);
        accounts.entry(external_id.to_owned()).or_insert(account_id);
    }

    /// Forgets accounts that are gone.
    pub(crate) fn forget_accounts(&self, gone: &[i64]) {
        self.accounts.write().unwrap_or_else(PoisonError::into_inner).retain(|_, account| !gone.contains(account));
    }

    /// Forgets which write keys are good, after a source changed.
    pub(crate) fn forget_sources(&self) {
        self.senders.forget();
    }
}

/// How a request that is not in Segment's shape says who sends it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Sent<'a> {
    /// The `Authorization` header.
    pub authorization: Option<&'a str>,
    /// The `X-Write-Key` header.
    pub x_write_key: Option<&'a str>,
    /// The query string.
    pub query: Option<&'a str>,
    /// The `Origin` header.
    pub origin: Option<&'a str>,
}

/// The source whose write key a request carries outside its body.
pub async fn source_of(engine: &Engine, sent: Sent<'_>) -> Result<i64, IntakeError> {
    let Sent { authorization, x_write_key, query, origin } = sent;
    let key = segment::write_key(&Credentials { authorization, x_write_key, query }, None);
    sender(engine, &key.ok_or(IntakeError::UnknownKey)?, origin).await
}

/// Whether some source has this write key and may send: browsers ask before they send anything.
pub async fn knows(engine: &Engine, key: &str) -> Result<bool, EngineError> {
    Ok(engine.intake().senders.find(engine.store(), key).await?.is_some())
}

/// The write key a request carries outside its body, wherever clients put one.
pub fn write_key(authorization: Option<&str>, query: Option<&str>) -> Option<String> {
    segment::write_key(&Credentials { authorization, x_write_key: None, query }, None)
}

/// Takes a request; returns after everything it brought is durable.
pub async fn segment(engine: &Engine, call: SegmentCall<'_>) -> Result<Receipt, IntakeError> {
    let now = engine.now();
    let route = Route::from_path(call.path).unwrap_or(Route::Batch);
    let header_key = segment::write_key(
        &Credentials { authorization: call.authorization, x_write_key: call.x_write_key, query: call.query_key },
        None,
    );
    let by_token = call.source_id;
    let mut source = match (by_token, &header_key) {
        (Some(source), _) => Some(source),
        (None, Some(key)) => Some(sender(engine, key, call.origin).await?),
        (None, None) => None,
    };
    // Whoever said who they are in the head waits for a place before their body costs anything.
    let mut place = source.map(|source| place(engine, source)).transpose()?;
    let batch =
        segment::parse(call.body, route, call.content_encoding, &engine.intake().limits(), now).map_err(|error| {
            IntakeError::Refused { status: error.status, code: error.code.to_owned(), message: error.message }
        })?;
    if source.is_none()
        && let Some(key) = &batch.write_key
    {
        let id = sender(engine, key, call.origin).await?;
        (source, place) = (Some(id), Some(self::place(engine, id)?));
    }
    let source = source.ok_or(IntakeError::UnknownKey)?;
    let receipt = store_batch(engine, source, batch, now).await;
    drop(place);
    receipt
}

/// The source that a key speaks for, if it may from there.
async fn sender(engine: &Engine, key: &str, origin: Option<&str>) -> Result<i64, IntakeError> {
    let sender: Option<Sender> = engine.intake().senders.find(engine.store(), key).await?;
    let sender = sender.ok_or(IntakeError::UnknownKey)?;
    match origin {
        Some(origin) if !sender.admits(Some(origin)) => Err(IntakeError::ForeignOrigin(origin.to_owned())),
        _ => Ok(sender.source_id),
    }
}

fn place(engine: &Engine, source_id: i64) -> Result<shares::Place, IntakeError> {
    engine.intake().shares.enter(source_id).ok_or(IntakeError::Busy)
}

async fn store_batch(engine: &Engine, source_id: i64, batch: Batch, now: Instant) -> Result<Receipt, IntakeError> {
    let mut touched = BTreeSet::new();
    let sent_at = batch.messages.iter().filter_map(|message| message.clocks.sent).max();
    let (events, users, aliases, refused) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let mut accept = Accept { source_id, received_at: now, sent_at, events, users, aliases, refused };
    for refused in batch.refused {
        accept.refused.push(Refused { code: refused.code.to_owned(), message: refused.message, body: refused.body });
    }
    meet_accounts(engine, &batch.messages).await?;
    let groups = Groups::of(&batch.messages);
    let mut sayings = Sayings::default();
    for message in batch.messages {
        take(engine, source_id, message, &groups, &mut accept, &mut sayings, &mut touched).await?;
    }
    accept.users = sayings.into_users();
    let refused = accept.refused.len() as u64;
    touched.extend(accept.users.iter().filter_map(|user| user.account_id));
    let receipt = engine.intake().accept(accept).await.map_err(EngineError::from)?;
    touched.extend(&receipt.accounts);
    for account in touched {
        engine.touch(account);
    }
    metrics::counter!("pomona_events_accepted_total").increment(receipt.accepted);
    metrics::counter!("pomona_events_duplicate_total").increment(receipt.duplicates);
    metrics::counter!("pomona_messages_refused_total").increment(refused);
    Ok(Receipt { accepted: receipt.accepted, duplicates: receipt.duplicates, refused })
}

async fn take(
    engine: &Engine,
    source_id: i64,
    message: Message,
    groups: &Groups,
    accept: &mut Accept,
    sayings: &mut Sayings,
    touched: &mut BTreeSet<i64>,
) -> Result<(), IntakeError> {
    let Message { kind, id, user_id, anonymous_id, account, mail_domain, occurred_at, text, .. } = message;
    let named = account.map(|evidence| evidence.account);
    let evidence = named.as_deref().and_then(|named| engine.intake().account(named));
    // The browser's own id, so that what somebody did before signing in finds their account, too (T8).
    let (user, before) = match (user_id, anonymous_id) {
        (Some(user), anonymous) => (Some(user), anonymous),
        (None, anonymous) => (anonymous, None),
    };
    let draft = match kind {
        Kind::Track(action) | Kind::Page(action) | Kind::Screen(action) => {
            let Action { name, quantity, properties } = action;
            let (key, user) = (segment::event_id(source_id, &id), user.clone());
            accept.events.push(NewEvent { key, account_id: evidence, user, name, occurred_at, quantity, properties });
            None
        }
        Kind::Group(account) => Some(account),
        Kind::Identify(Some(contact)) => {
            let named = named.clone().or_else(|| groups.0.get(&contact.key).cloned());
            introduced(engine, source_id, contact, named, text, accept.received_at).await?
        }
        Kind::Alias { previous_id: previous } => {
            let alias = SameUser { previous, user: user.clone().unwrap_or_default() };
            touched.extend(accounts_of(engine, source_id, &alias).await?);
            accept.aliases.push(alias);
            None
        }
        Kind::Identify(None) => None,
    };
    let likely = match (&mail_domain, evidence) {
        (Some(domain), None) => of_domain(engine, domain).await?,
        _ => None,
    };
    let mut saying = Saying { account: evidence, likely, contact: None };
    if let Some(draft) = draft {
        match import::take(engine, &draft, source_id, accept.received_at).await? {
            Ok(taken) => {
                touched.extend(taken.account_id);
                saying.account = saying.account.or(taken.account_id);
                saying.contact = taken.contact_id;
            }
            Err(fault) => {
                let body = serde_json::to_string(&draft.fields).unwrap_or_default();
                accept.refused.push(Refused { code: fault.code.as_str().to_owned(), message: fault.sentence, body });
            }
        }
    }
    let Some(user) = user else { return Ok(()) };
    if let Some(named) = &named
        && let Some(account_id) = evidence.or_else(|| engine.intake().account(named))
        && let Some(contact) = introductions::meet(engine, source_id, &user, named).await?
    {
        touched.insert(account_id);
        (saying.account, saying.contact) = (Some(account_id), Some(contact));
    }
    if let Some(before) = before.filter(|before| saying.account.is_some() && *before != user) {
        sayings.hear(before, saying, occurred_at);
    }
    if saying != Saying::default() {
        sayings.hear(user, saying, occurred_at);
    }
    Ok(())
}

/// A person who was introduced, with their account; what was said of somebody whose account is not known yet is kept.
async fn introduced(
    engine: &Engine,
    source_id: i64,
    mut contact: Draft,
    named: Option<String>,
    text: Option<String>,
    received_at: Instant,
) -> Result<Option<Draft>, EngineError> {
    let account = match named {
        Some(account) => Some(account),
        None => end_user::account_of(engine.store().read(), source_id, &contact.key).await?,
    };
    if let Some(account) = account {
        contact.fields.entry("account").or_insert(Value::Text(account));
        return Ok(Some(contact));
    }
    let waiting = &engine.intake().introductions;
    waiting.keep(engine.store(), source_id, &contact.key, text.unwrap_or_default(), received_at).await?;
    Ok(None)
}

/// Looks up the accounts that messages name and the intake does not know: another process may have introduced them.
async fn meet_accounts(engine: &Engine, messages: &[Message]) -> Result<(), IntakeError> {
    let named = messages.iter().filter_map(|message| message.account.as_ref());
    let strangers: BTreeSet<&str> = named
        .map(|evidence| evidence.account.as_str())
        .filter(|external_id| engine.intake().account(external_id).is_none())
        .collect();
    if strangers.is_empty() {
        return Ok(());
    }
    let strangers: Vec<&str> = strangers.into_iter().collect();
    for (external_id, id) in account::known(engine.store().read(), &strangers).await.map_err(EngineError::from)? {
        engine.intake().introduce(&external_id, id);
    }
    Ok(())
}

/// Which account the messages of one request say each user belongs to: an `identify` may come before its `group`.
#[derive(Debug, Default)]
struct Groups(HashMap<String, String>);

impl Groups {
    fn of(messages: &[Message]) -> Self {
        let told = messages.iter().filter_map(|message| match (&message.kind, &message.user_id) {
            (Kind::Group(account), Some(user)) => Some((user.clone(), account.key.clone())),
            _ => None,
        });
        Self(told.collect())
    }
}

/// Where two names belong that turn out to be one person: these accounts have to be computed again.
async fn accounts_of(engine: &Engine, source_id: i64, alias: &SameUser) -> Result<Vec<i64>, IntakeError> {
    let names = [alias.previous.as_str(), alias.user.as_str()];
    Ok(end_user::accounts_of(engine.store().read(), source_id, &names).await.map_err(EngineError::from)?)
}

/// Takes back that two names are one person, and computes their accounts again.
pub async fn undo_alias(engine: &Engine, alias_id: i64, actor: &str) -> Result<(), EngineError> {
    let (db, now) = (engine.store().read(), engine.now());
    let names = alias::find(db, alias_id).await?;
    let belong = async || -> Result<Vec<i64>, EngineError> {
        let [previous, user] = [end_user::find(db, names.previous_id).await?, end_user::find(db, names.user_id).await?];
        Ok(previous.account_id.into_iter().chain(user.account_id).collect())
    };
    let before = belong().await?;
    engine.store().write(async |tx| alias::undo(tx, alias_id, actor, now).await).await?;
    for account in before.into_iter().chain(belong().await?) {
        engine.touch(account);
    }
    Ok(())
}

/// The one account with this web domain: the weakest evidence there is (T8).
async fn of_domain(engine: &Engine, domain: &str) -> Result<Option<i64>, EngineError> {
    let accounts = store::account::of_domains(engine.store().read(), &[domain.to_owned()]).await?;
    Ok(accounts.into_values().next().filter(|accounts| accounts.len() == 1).map(|accounts| accounts[0]))
}

/// How long a refused message is kept for whoever repairs its sender.
const REFUSALS_KEPT: TimeDelta = TimeDelta::days(30);

/// The refused messages kept of each source, so that one that fails all the time does not fill the disk.
const MOST_REFUSALS: i64 = 10_000;

/// Forgets event keys that are too old for a repeat to be expected, and refused messages nobody will repair.
pub(crate) async fn prune(engine: &Engine) -> Result<(), EngineError> {
    let (now, today) = (engine.now(), day_of(engine.now()));
    let before = now - REFUSALS_KEPT;
    engine.store().write(async |tx| refusal::prune(tx, before, MOST_REFUSALS).await).await?;
    while engine.store().write(async |tx| inbox::prune_keys(tx, today, 20_000).await).await? > 0 {}
    Ok(())
}
