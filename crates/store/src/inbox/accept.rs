//! The transaction that accepts a group of requests: keys, people, a blob for each source, counters.
//!
//! Its statements are few and long, because a statement costs more than a row, and so does a blob of its own for each of
//! many small requests. An event is new if its key was not there; the key and the blob with the event are committed
//! together, so neither can be without the other.

use std::collections::BTreeMap;

use domain::{Day, Event, Instant};
use sea_orm::{ConnectionTrait, Value};

use super::{Accept, Encoder, NewEvent, Receipt, keys, people::People, recent::Recent};
use crate::{
    StoreError, Tx, refusal,
    source_minute::{self, Came},
    statement::{placeholders, statement},
};

/// Accepts a group of requests; one receipt each, in their order.
pub(super) async fn write(
    tx: &Tx,
    requests: &[Accept],
    encoder: &Encoder,
    recent: &mut Recent,
) -> Result<Vec<Receipt>, StoreError> {
    let mut new = recent.new_keys(tx, requests).await?;
    let people = People::meet(tx, requests).await?;
    let mut receipts = Vec::with_capacity(requests.len());
    let mut packs: BTreeMap<(i64, Day), Pack> = BTreeMap::new();
    let mut tallies: BTreeMap<i64, Tally> = BTreeMap::new();
    for request in requests {
        let pack = packs.entry((request.source_id, request.received_at.date_naive())).or_default();
        pack.received_at = pack.received_at.into_iter().chain([request.received_at]).min();
        let others = pack.events.len();
        // A key leaves the set with its first event: a repeat within the group is a duplicate too.
        let events = request.events.iter().filter(|event| new.remove(&event.key));
        pack.events.extend(events.map(|event| attributed(event, request, &people)));
        let events = &pack.events[others..];
        tallies.entry(request.source_id).or_default().count(request, events);
        receipts.push(Receipt {
            accepted: events.len() as u64,
            duplicates: (request.events.len() - events.len()) as u64,
            accounts: events.iter().filter_map(|event| event.account_id).collect(),
        });
    }
    store_packs(tx, packs, encoder).await?;
    for (source_id, tally) in tallies {
        tally.record(tx, source_id).await?;
    }
    for request in requests.iter().filter(|request| !request.refused.is_empty()) {
        refusal::record(tx, request.source_id, &request.refused, request.received_at).await?;
    }
    Ok(receipts)
}

fn attributed(event: &NewEvent, request: &Accept, people: &People) -> Event {
    let user = event.user.as_ref().and_then(|user| people.find(request.source_id, user));
    Event {
        id: event.key,
        source_id: request.source_id,
        account_id: event.account_id.or_else(|| people.account_of(user?, event.occurred_at)),
        user_id: user.map(|user| user.id),
        name: event.name.clone(),
        occurred_at: event.occurred_at,
        recorded_at: request.received_at,
        quantity: event.quantity,
        properties: event.properties.clone(),
    }
}

/// What one source sent on one day, for one inbox row.
#[derive(Default)]
struct Pack {
    events: Vec<Event>,
    /// When the first of them arrived.
    received_at: Option<Instant>,
}

async fn store_packs(tx: &Tx, mut packs: BTreeMap<(i64, Day), Pack>, encoder: &Encoder) -> Result<(), StoreError> {
    packs.retain(|_, pack| !pack.events.is_empty());
    if packs.is_empty() {
        return Ok(());
    }
    let sql = format!(
        "INSERT INTO inbox (source_id, events, payload, keys, received_at) VALUES {}",
        placeholders(tx, 0, packs.len(), 5)
    );
    let mut values: Vec<Value> = Vec::with_capacity(5 * packs.len());
    for ((source_id, _), Pack { events, received_at }) in packs {
        let payload = encoder(&events).map_err(StoreError::Encode)?;
        let keys = keys::beside_events(tx).then(|| keys::joined(events.iter().map(|event| &event.id)));
        values.extend([
            source_id.into(),
            (events.len() as i32).into(),
            payload.into(),
            keys.into(),
            received_at.into(),
        ]);
    }
    tx.execute_raw(statement(tx, sql, values)).await?;
    Ok(())
}

/// What a group adds to the counters of a source.
#[derive(Default)]
struct Tally {
    accepted: i64,
    refused: i64,
    unattributed: i64,
    came: Came,
    last_message_at: Option<Instant>,
    last_error: Option<(String, Instant)>,
}

impl Tally {
    fn count(&mut self, request: &Accept, events: &[Event]) {
        self.accepted += events.len() as i64;
        self.unattributed += events.iter().filter(|event| event.account_id.is_none()).count() as i64;
        self.refused += request.refused.len() as i64;
        // A repeat is a message that came, too.
        let messages = (request.events.len() + request.refused.len()) as i64;
        self.came.messages += messages;
        if let Some(sent_at) = request.sent_at {
            self.came.timed += messages;
            self.came.lag_ms += messages.saturating_mul((request.received_at - sent_at).num_milliseconds());
        }
        self.last_message_at = self.last_message_at.max(Some(request.received_at));
        if let Some(refused) = request.refused.last() {
            self.last_error = Some((refused.message.clone(), request.received_at));
        }
    }

    async fn record(self, tx: &Tx, source_id: i64) -> Result<(), StoreError> {
        if let Some(at) = self.last_message_at {
            source_minute::count(tx, source_id, at, self.came).await?;
        }
        let (error, error_at) = self.last_error.unzip();
        let sql =
            "UPDATE source SET accepted = accepted + $2, refused = refused + $3, unattributed = unattributed + $4,
                       last_message_at = $5, last_error = COALESCE($6, last_error),
                       last_error_at = COALESCE($7, last_error_at)
                   WHERE id = $1";
        let values: [Value; 7] = [
            source_id.into(),
            self.accepted.into(),
            self.refused.into(),
            self.unattributed.into(),
            self.last_message_at.into(),
            error.into(),
            error_at.into(),
        ];
        match tx.execute_raw(statement(tx, sql, values)).await?.rows_affected() {
            0 => Err(StoreError::not_found("source", &source_id)),
            _ => Ok(()),
        }
    }
}
