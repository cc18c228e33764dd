//! The inbox: events are acknowledged when they are committed here, and wait here until they are sealed.
//!
//! Requests queue for one writer, which takes all that wait into one transaction: the cost of making a commit durable
//! is shared, and each caller still hears only after it. The queue is bounded; when it is full a caller is told to
//! come back, because an inbox that answers late is worse than one that says so.
//!
//! Deliberately absent: the encoding of events, which is the lake's and handed in, and the task that runs the writer,
//! which belongs to whoever must wait for it at shutdown.

use std::{collections::BTreeSet, fmt, time::Duration};

use domain::{Day, Event, Instant};
use sea_orm::ConnectionTrait;
use tokio::{
    sync::{mpsc, oneshot},
    time::{self, timeout_at},
};

use crate::{
    Db, Store, StoreError, Tx,
    statement::{statement, text},
};

mod accept;
mod filter;
pub(crate) mod keys;
mod people;
mod recent;

pub use keys::{GATHERED, file as file_keys, known};

/// Identity of an event: a hash of its source and of what the sender calls it.
pub type Key = [u8; 16];

/// Writes events into one blob, in the order given. What fails, fails the requests they came with.
pub type Encoder = Box<dyn Fn(&[Event]) -> Result<Vec<u8>, Box<dyn std::error::Error + Send + Sync>> + Send + Sync>;

/// What one request brings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accept {
    /// Who sent it.
    pub source_id: i64,
    /// When it arrived; the `recorded_at` of its events.
    pub received_at: Instant,
    /// When it was sent, by the sender's clock.
    pub sent_at: Option<Instant>,
    /// Its events.
    pub events: Vec<NewEvent>,
    /// What it says about people.
    pub users: Vec<SeenUser>,
    /// Which names it says are one person.
    pub aliases: Vec<SameUser>,
    /// What had to be refused.
    pub refused: Vec<Refused>,
}

/// An event as it arrives: its user is still named as the source names them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewEvent {
    /// Identity of the fact; an event with a known key is a duplicate.
    pub key: Key,
    /// The account, if the message said so; otherwise that of the user, if known.
    pub account_id: Option<i64>,
    /// What the source calls the user.
    pub user: Option<String>,
    /// What happened.
    pub name: String,
    /// When it happened.
    pub occurred_at: Instant,
    /// How many.
    pub quantity: i64,
    /// Remaining properties as a JSON object.
    pub properties: Option<String>,
}

/// What a message says about a user: seen, and perhaps whose they are. What is `None` stays as it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenUser {
    /// What the source calls them.
    pub external_id: String,
    /// The account they were grouped with.
    pub account_id: Option<i64>,
    /// The account of their mail domain, which counts only while they were grouped with none.
    pub likely_account_id: Option<i64>,
    /// The contact they were found to be.
    pub contact_id: Option<i64>,
    /// When this was so, by the message: they are members of the account from then on.
    pub at: Instant,
}

/// Two names that are one person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SameUser {
    /// What the source called them before.
    pub previous: String,
    /// What it calls them since.
    pub user: String,
}

/// A message that could not be taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Why, as a stable word.
    pub code: String,
    /// Why, in a sentence.
    pub message: String,
    /// What was sent; cut at [`crate::refusal::MAX_BODY`].
    pub body: String,
}

/// What became of the events of a request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Receipt {
    /// Events committed.
    pub accepted: u64,
    /// Events that had been committed before.
    pub duplicates: u64,
    /// The accounts of the committed events, whether the event named its account or its user is known to be there.
    pub accounts: BTreeSet<i64>,
}

/// How much may wait, and how much one transaction takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Requests that may wait for the writer.
    pub queue: usize,
    /// Events after which a transaction takes no further request.
    pub group: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { queue: 1024, group: 10_000 }
    }
}

/// How long a transaction waits for requests like those that came with the last one.
const GATHER: Duration = Duration::from_millis(1);

/// Where requests are handed in. Clones share the queue; when the last is dropped, the writer finishes and ends.
#[derive(Clone, Debug)]
pub struct Inbox {
    queue: mpsc::Sender<Waiting>,
}

/// The one writer of the inbox.
pub struct Writer {
    store: Store,
    queue: mpsc::Receiver<Waiting>,
    encoder: Encoder,
    limits: Limits,
    recent: recent::Recent,
}

impl fmt::Debug for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writer").field("limits", &self.limits).finish_non_exhaustive()
    }
}

/// A request and the one who waits for its receipt.
#[derive(Debug)]
struct Waiting {
    request: Accept,
    answer: oneshot::Sender<Result<Receipt, StoreError>>,
}

/// The two ends of an inbox. [`Writer::run`] must run for anything to be accepted.
pub fn open(store: Store, encoder: Encoder, limits: Limits) -> (Inbox, Writer) {
    let (sender, queue) = mpsc::channel(limits.queue.max(1));
    (Inbox { queue: sender }, Writer { store, queue, encoder, limits, recent: recent::Recent::default() })
}

impl Inbox {
    /// Hands in a request and waits until it is committed.
    ///
    /// Fails with [`StoreError::Busy`] at once when the queue is full; nothing was done then.
    pub async fn accept(&self, request: Accept) -> Result<Receipt, StoreError> {
        let (answer, receipt) = oneshot::channel();
        self.queue.try_send(Waiting { request, answer }).map_err(|_| StoreError::Busy)?;
        receipt.await.map_err(|_| StoreError::Busy)?
    }

    /// How many requests wait.
    pub fn waiting(&self) -> usize {
        self.queue.max_capacity() - self.queue.capacity()
    }
}

impl Writer {
    /// Commits what is handed in until every [`Inbox`] is dropped and the queue is empty.
    pub async fn run(mut self) {
        let mut expected = 1;
        while let Some(first) = self.next().await {
            let group = self.gather(first, expected).await;
            expected = group.len();
            self.commit(group).await;
        }
    }

    /// What goes into one transaction with a request: all that wait, and those that come within [`GATHER`] if the last
    /// transaction had more. Its senders have just been answered, and without a wait the first of them to send again
    /// would have a transaction to itself, which costs nearly as much as one for all.
    async fn gather(&mut self, first: Waiting, expected: usize) -> Vec<Waiting> {
        let mut events = first.request.events.len();
        let mut group = vec![first];
        let until = time::Instant::now() + GATHER;
        while events < self.limits.group {
            let next = match self.queue.try_recv() {
                Ok(next) => Some(next),
                Err(_) if group.len() < expected => timeout_at(until, self.queue.recv()).await.ok().flatten(),
                Err(_) => None,
            };
            let Some(next) = next else { break };
            events += next.request.events.len();
            group.push(next);
        }
        group
    }

    /// The next request. Until one comes, what is in the index is learned.
    async fn next(&mut self) -> Option<Waiting> {
        while self.queue.is_empty() && !self.queue.is_closed() {
            match self.recent.learn(self.store.read()).await {
                Ok(true) => {}
                Ok(false) => break,
                Err(error) => {
                    tracing::warn!(%error, "the ids of events could not be read; they are looked up one by one");
                    break;
                }
            }
        }
        self.queue.recv().await
    }

    /// Commits a group together. If that fails, each alone, so that one bad request does not fail its neighbours;
    /// but if the database is not to be had, all are told so at once.
    async fn commit(&mut self, group: Vec<Waiting>) {
        let (requests, answers): (Vec<Accept>, Vec<_>) =
            group.into_iter().map(|waiting| (waiting.request, waiting.answer)).unzip();
        match self.write(&requests).await {
            Ok(receipts) => {
                for (answer, receipt) in answers.into_iter().zip(receipts) {
                    // A caller that went away has its events all the same.
                    let _ = answer.send(Ok(receipt));
                }
            }
            Err(error) if requests.len() == 1 || error.is_transient() => {
                tracing::warn!(%error, requests = requests.len(), "requests were not accepted");
                let mut errors = std::iter::once(error).chain(std::iter::repeat_with(|| StoreError::Busy));
                for (answer, error) in answers.into_iter().zip(&mut errors) {
                    let _ = answer.send(Err(error));
                }
            }
            Err(error) => {
                tracing::warn!(%error, requests = requests.len(), "a group was not accepted; trying each request alone");
                for (request, answer) in requests.iter().zip(answers) {
                    let alone = self.write(std::slice::from_ref(request)).await;
                    let _ = answer.send(alone.map(|receipts| receipts.first().cloned().unwrap_or_default()));
                }
            }
        }
    }

    async fn write(&mut self, requests: &[Accept]) -> Result<Vec<Receipt>, StoreError> {
        let Self { store, encoder, recent, .. } = self;
        store.write(async |tx| accept::write(tx, requests, encoder, recent).await).await
    }
}

/// What waits to be sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backlog {
    /// Inbox rows.
    pub rows: i64,
    /// Events in them.
    pub events: i64,
    /// Their size in bytes.
    pub bytes: i64,
    /// When the oldest arrived.
    pub oldest: Option<Instant>,
}

/// How much waits to be sealed, and since when.
pub async fn backlog(db: &impl Db) -> Result<Backlog, StoreError> {
    let sql = "SELECT count(*), CAST(COALESCE(sum(events), 0) AS BIGINT), CAST(COALESCE(sum(length(payload)), 0) AS BIGINT) FROM inbox";
    let totals = db.query_one_raw(text(db, sql)).await?;
    let totals = totals.ok_or_else(|| StoreError::not_found("inbox", &"total"))?;
    let first = db.query_one_raw(text(db, "SELECT received_at FROM inbox ORDER BY seq LIMIT 1")).await?;
    Ok(Backlog {
        rows: totals.try_get_by_index(0)?,
        events: totals.try_get_by_index(1)?,
        bytes: totals.try_get_by_index(2)?,
        oldest: first.map(|row| row.try_get_by_index(0)).transpose()?,
    })
}

/// How many days an event's key is kept, and so how late a repeat is still recognised.
pub const KEY_DAYS: u64 = 35;

/// Forgets keys received more than [`KEY_DAYS`] before `today`, at most `at_most` of those in the index. Returns how many
/// rows that were; repeat until 0.
pub async fn prune_keys(tx: &Tx, today: Day, at_most: u32) -> Result<u64, StoreError> {
    let before = domain::time::days_before(today, KEY_DAYS);
    let sql = "DELETE FROM event_key WHERE key IN (SELECT key FROM event_key WHERE received_on < $1 LIMIT $2)";
    let filed = tx.execute_raw(statement(tx, sql, [before.into(), i64::from(at_most).into()])).await?;
    let sql = "DELETE FROM event_key_log WHERE received_on < $1";
    let gathered = tx.execute_raw(statement(tx, sql, [before.into()])).await?;
    Ok(filed.rows_affected() + gathered.rows_affected())
}
