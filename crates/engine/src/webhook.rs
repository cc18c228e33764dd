//! Webhooks onto the records. A request is verified, stored as it came and answered; reading it is work for later, done
//! by a worker and, when a mapping was wrong, again. So a sender never waits for us, and nothing a sender said is lost
//! because we did not understand it.
//!
//! Messages overtake each other. Where a sender says when something was so, what is older than what is known of the
//! same record is passed over. Deliberately absent: asking the vendor's API for what a webhook leaves out.

use chrono::TimeDelta;
use connectors::{
    json::JsonError,
    webhook::{self, Delivery as Message, Request, Sender, Unverified},
};
use serde_json::{Map, Value as Json, json};
use store::{
    delivery::{self, Model as Delivery, Status},
    inbox::{Accept, Refused},
    source,
    tap_row::{self, Model as TapRow},
};

use crate::{
    Engine, EngineError,
    import::{ImportError, Records, RecordsReport},
};

/// Deliveries read in one go.
const BATCH: u64 = 200;

/// Days a delivery is kept for whoever wants it read again.
pub const KEPT_DAYS: i64 = 30;

/// Headers that carry keys or sessions and are not stored with a delivery.
const PRIVATE: [&str; 3] = ["authorization", "cookie", "proxy-authorization"];

/// A request to a source's address.
#[derive(Debug, Clone, Copy)]
pub struct Post<'a> {
    /// The key of the source, from the address.
    pub source: &'a str,
    /// `POST`, mostly.
    pub method: &'a str,
    /// The address the sender called, as the sender wrote it.
    pub uri: &'a str,
    /// The headers, by lower-case name.
    pub headers: &'a [(String, String)],
    /// The body, untouched.
    pub body: &'a [u8],
}

/// What to answer a request that was believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// It is stored.
    Stored,
    /// It had been stored before.
    Repeated,
    /// The sender wants this word back, to see that the address is ours.
    Challenge(String),
}

/// Why a request was not taken.
#[derive(Debug, thiserror::Error)]
pub enum WebhookError {
    /// No source listens at this address.
    #[error("no source listens here: set its webhook up first")]
    NoSource,
    /// The request was not believed; it is shown on the page of the source.
    #[error(transparent)]
    Unverified(#[from] Unverified),
    /// It was believed and is not JSON.
    #[error("the body is {0}")]
    Unreadable(#[from] JsonError),
    /// The store cannot take it now.
    #[error("the store cannot take webhooks now")]
    Unavailable(#[from] EngineError),
}

impl From<store::StoreError> for WebhookError {
    fn from(error: store::StoreError) -> Self {
        Self::Unavailable(error.into())
    }
}

/// How a source is spoken to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setup {
    /// Who sends.
    pub sender: Sender,
    /// The secrets: two while one replaces the other.
    pub secrets: Vec<String>,
}

/// How a source is spoken to, if by webhooks.
pub async fn setup(engine: &Engine, source_id: i64) -> Result<Option<Setup>, EngineError> {
    let Some(kept) = store::webhook::find(engine.store().read(), source_id).await? else { return Ok(None) };
    let malformed = |source| store::StoreError::Malformed { what: "webhook", source };
    let sender = serde_json::from_value(kept.sender).map_err(malformed)?;
    let sealed: Vec<String> = serde_json::from_value(kept.secrets).map_err(malformed)?;
    let place = place(source_id);
    let secrets = sealed.iter().map(|secret| engine.vault().unseal(&place, secret)).collect::<Result<_, _>>()?;
    Ok(Some(Setup { sender, secrets }))
}

/// What the secrets of a source's webhook are sealed for.
fn place(source_id: i64) -> String {
    format!("source.{source_id}.webhook")
}

/// Why a webhook could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// The sender is not one we know, or its scheme is not complete.
    #[error("the sender cannot be used: {0}")]
    Sender(String),
    /// Without a secret anybody could send.
    #[error("a webhook needs one secret of at least 8 characters, or two while one replaces the other")]
    Secrets,
    /// The engine failed.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

/// Says how a source is spoken to: `{"sender":"stripe"}`, or `{"sender":"hmac","header":…}`.
pub async fn set_up(engine: &Engine, source_id: i64, sender: Json, secrets: &[String]) -> Result<(), SetupError> {
    let known: Sender = serde_json::from_value(sender).map_err(|error| SetupError::Sender(error.to_string()))?;
    if secrets.is_empty() || secrets.len() > 2 || secrets.iter().any(|secret| secret.trim().len() < 8) {
        return Err(SetupError::Secrets);
    }
    let place = place(source_id);
    let sealed = secrets.iter().map(|secret| engine.vault().seal(&place, secret)).collect::<Result<Vec<_>, _>>();
    let row = store::webhook::Model {
        source_id,
        sender: serde_json::to_value(&known).unwrap_or_default(),
        secrets: json!(sealed.map_err(EngineError::from)?),
        changed_at: engine.now(),
    };
    let stored: Result<(), store::StoreError> =
        engine.store().write(async |tx| store::webhook::put(tx, row).await).await;
    Ok(stored.map_err(EngineError::from)?)
}

/// Verifies a request and stores it as it came.
pub async fn receive(engine: &Engine, post: Post<'_>) -> Result<Answer, WebhookError> {
    let found = source::by_key(engine.store().read(), post.source).await?;
    let source = found.filter(|source| source.enabled).ok_or(WebhookError::NoSource)?;
    let setup = setup(engine, source.id).await?.ok_or(WebhookError::NoSource)?;
    let received_at = engine.now();
    let header = |name: &str| post.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
    let believed = {
        let (method, uri, body) = (post.method, post.uri, post.body);
        webhook::verify(&setup.sender, &setup.secrets, &Request { method, uri, header: &header, body, received_at })
    };
    if let Err(reason) = believed {
        show(engine, source.id, reason, post.body).await?;
        return Err(reason.into());
    }
    let text = readable(&setup.sender, post.body);
    let message = webhook::read(&setup.sender, &text, header("webhook-id").as_deref())?;
    if let Some(word) = challenge(&setup.sender, &message) {
        return Ok(Answer::Challenge(word));
    }
    let kept = post.headers.iter().filter(|(name, _)| !PRIVATE.contains(&name.as_str()));
    let headers: Map<String, Json> = kept.map(|(name, value)| (name.clone(), Json::from(value.as_str()))).collect();
    let row = Delivery {
        id: 0,
        source_id: source.id,
        external_id: message.id,
        topic: message.topic,
        headers: Json::Object(headers),
        body: post.body.to_vec(),
        received_at,
        status: Status::Waiting,
        note: None,
    };
    let stored: Result<bool, store::StoreError> = engine.store().write(async |tx| delivery::store(tx, row).await).await;
    Ok(if stored? { Answer::Stored } else { Answer::Repeated })
}

/// The JSON of a body: Slack's buttons send it as a field of a form.
fn readable(sender: &Sender, body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body).into_owned();
    match (sender, text.strip_prefix("payload=")) {
        (Sender::Slack, Some(form)) => connectors::segment::unescape(form),
        _ => text,
    }
}

/// The word Slack wants back when an address is entered.
fn challenge(sender: &Sender, message: &Message<'_>) -> Option<String> {
    if *sender != Sender::Slack || message.topic != "url_verification" {
        return None;
    }
    let record = message.records.first()?;
    record.value.get("challenge").and_then(connectors::json::Value::as_id).map(str::to_owned)
}

/// Shows a request that was not believed on the page of its source.
async fn show(engine: &Engine, source_id: i64, reason: Unverified, body: &[u8]) -> Result<(), EngineError> {
    let body = String::from_utf8_lossy(body).into_owned();
    let refused = vec![Refused { code: reason.code().to_owned(), message: reason.to_string(), body }];
    let (received_at, events, users) = (engine.now(), Vec::new(), Vec::new());
    let accept = Accept { source_id, received_at, sent_at: None, events, users, aliases: Vec::new(), refused };
    engine.intake().accept(accept).await?;
    Ok(())
}

/// Reads what waits. Returns how many deliveries were looked at.
pub async fn read_waiting(engine: &Engine) -> Result<usize, EngineError> {
    let waiting = delivery::waiting(engine.store().read(), BATCH).await?;
    let count = waiting.len();
    for one in waiting {
        let (id, outcome) = (one.id, read(engine, &one).await);
        let (status, note) = match outcome {
            Ok(note) => (Status::Taken, note),
            Err(ImportError::Engine(error)) => return Err(error),
            Err(error) => (Status::Failed, error.to_string()),
        };
        let marked: Result<(), store::StoreError> =
            engine.store().write(async |tx| delivery::mark(tx, id, status, Some(&note)).await).await;
        marked?;
    }
    Ok(count)
}

/// Has a delivery read again, by the mapping of today.
pub async fn replay(engine: &Engine, delivery_id: i64) -> Result<(), EngineError> {
    let marked: Result<(), store::StoreError> =
        engine.store().write(async |tx| delivery::mark(tx, delivery_id, Status::Waiting, None).await).await;
    Ok(marked?)
}

/// Reads one delivery onto the records; returns what became of it, in a sentence.
async fn read(engine: &Engine, one: &Delivery) -> Result<String, ImportError> {
    let Some(setup) = setup(engine, one.source_id).await? else {
        return Ok("The source is not spoken to by webhooks any more.".to_owned());
    };
    let text = readable(&setup.sender, &one.body);
    let message = match webhook::read(&setup.sender, &text, None) {
        Ok(message) => message,
        Err(error) => return Err(ImportError::Mapping(error.to_string())),
    };
    let mut records = Records::open(engine, one.source_id, setup.sender.preset()).await?;
    let (mut stale, mut seen) = (0, Vec::new());
    for record in &message.records {
        let row = known(engine, one.source_id, record).await?;
        let newest = row.as_ref().and_then(|row| row.version);
        if record.at.is_some_and(|at| newest.is_some_and(|newest| at < newest)) {
            stale += 1;
            continue;
        }
        records.take(one.id as u64, &record.stream, &record.key, &record.value).await?;
        seen.push(TapRow {
            source_id: one.source_id,
            stream: record.stream.clone(),
            key: order_key(record),
            version: record.at.or(newest),
            digest: String::new(),
            became: json!([]),
            gone_at: None,
        });
    }
    let done = records.finish().await?;
    let remembered: Result<(), store::StoreError> =
        engine.store().write(async |tx| tap_row::remember(tx, seen).await).await;
    remembered.map_err(EngineError::from)?;
    Ok(told(message.records.len(), stale, &done))
}

/// What became of the records of a delivery; what there is none of is not said.
fn told(records: usize, stale: u64, done: &RecordsReport) -> String {
    let unmapped = done.unmapped.values().sum::<u64>();
    let counts = [
        (done.created, "created"),
        (done.updated, "updated"),
        (done.unchanged - done.held, "unchanged"),
        (done.held, "different only in what a person holds"),
        (unmapped, "kept for a rule to come"),
        (stale, "older than what is known"),
        (done.failed, "refused"),
    ];
    let said: Vec<String> =
        counts.iter().filter(|(count, _)| *count > 0).map(|(count, word)| format!("{count} {word}")).collect();
    let records = match records {
        0 => return "Nothing in it is a record.".to_owned(),
        1 => "1 record".to_owned(),
        many => format!("{many} records"),
    };
    let became = if said.is_empty() { "passed over".to_owned() } else { said.join(", ") };
    let refused = done.refused.first().map(|row| format!(" {}.", row.message)).unwrap_or_default();
    format!("{records}: {became}.{refused}")
}

async fn known(engine: &Engine, source_id: i64, record: &webhook::Record<'_>) -> Result<Option<TapRow>, EngineError> {
    let rows = tap_row::known(engine.store().read(), source_id, &record.stream, &[order_key(record)]).await?;
    Ok(rows.into_iter().next())
}

/// What of a record has an order of its own: the record, or the one property a message is about.
fn order_key(record: &webhook::Record<'_>) -> String {
    match &record.part {
        Some(part) => format!("{}.{part}", record.key),
        None => record.key.clone(),
    }
}

/// Forgets deliveries that nobody will want read again.
pub(crate) async fn prune(engine: &Engine) -> Result<(), EngineError> {
    let before = engine.now() - TimeDelta::days(KEPT_DAYS);
    engine.store().write(async |tx| delivery::prune(tx, before).await).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_became_of_a_delivery_says_only_what_there_is() {
        let done = RecordsReport { created: 2, ..RecordsReport::default() };
        assert_eq!(told(1, 0, &done), "1 record: 2 created.");
        assert_eq!(told(3, 1, &done), "3 records: 2 created, 1 older than what is known.");
        assert_eq!(told(1, 0, &RecordsReport::default()), "1 record: passed over.");
        assert_eq!(told(0, 0, &RecordsReport::default()), "Nothing in it is a record.");
    }
}
