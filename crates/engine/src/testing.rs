//! Doors for tests that need to reach inside: events handed to the inbox as a
//! source would, and a plan stored as a crash would leave it. The product does
//! not use them.

use domain::{Event, playbook::Plan};
use store::inbox::{Accept, NewEvent, Receipt};

use crate::{Engine, EngineError, actions};

/// Hands events to the inbox under their own ids and waits until they are durable.
pub async fn accept(engine: &Engine, events: &[Event]) -> Result<Receipt, EngineError> {
    let received_at = engine.now();
    let events = events.iter().map(|event| NewEvent {
        key: event.id,
        account_id: event.account_id,
        user: event.user_id.map(|user| format!("user-{user}")),
        name: event.name.clone(),
        occurred_at: event.occurred_at,
        quantity: event.quantity,
        properties: event.properties.clone(),
    });
    let events = events.collect();
    let accept = Accept {
        source_id: 1,
        received_at,
        sent_at: None,
        events,
        users: Vec::new(),
        aliases: Vec::new(),
        refused: Vec::new(),
    };
    Ok(engine.intake().accept(accept).await?)
}

/// Stores a plan without carrying it out.
pub async fn record_plan(engine: &Engine, plan: &Plan) -> Result<(), EngineError> {
    let now = engine.now();
    engine.store().write(async |tx| actions::record(tx, plan, None, now).await).await
}
