//! People who are introduced before their account is: browsers say `identify` and only then `group`. What was said waits
//! in the store and becomes a contact with the first message that names the account. Which people wait is remembered
//! here, so that the others cost nothing.

use std::{
    collections::HashSet,
    sync::{PoisonError, RwLock},
};

use connectors::{
    record::{Draft, Value},
    segment::{self, Call, Kind, Limits, Route},
};
use domain::Instant;
use store::{Store, introduction};

use crate::{Engine, EngineError, import};

/// The people who wait.
#[derive(Debug, Default)]
pub(super) struct Introductions(RwLock<HashSet<(i64, String)>>);

impl Introductions {
    /// Reads who waits.
    pub(super) async fn load(store: &Store) -> Result<Self, EngineError> {
        let names = introduction::names(store.read()).await?;
        Ok(Self(RwLock::new(names.into_iter().collect())))
    }

    fn waits(&self, source_id: i64, user: &str) -> bool {
        let names = self.0.read().unwrap_or_else(PoisonError::into_inner);
        !names.is_empty() && names.contains(&(source_id, user.to_owned()))
    }

    /// Keeps what was said about somebody until their account is named.
    pub(super) async fn keep(
        &self,
        store: &Store,
        source_id: i64,
        user: &str,
        body: String,
        received_at: Instant,
    ) -> Result<(), EngineError> {
        let row = introduction::Model { source_id, external_id: user.to_owned(), body, received_at };
        store.write(async |tx| introduction::keep(tx, row).await).await?;
        self.0.write().unwrap_or_else(PoisonError::into_inner).insert((source_id, user.to_owned()));
        Ok(())
    }

    fn forget(&self, source_id: i64, user: &str) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).remove(&(source_id, user.to_owned()));
    }
}

/// Makes a contact of somebody who waited, now that their account is named. Returns the contact's id.
pub(super) async fn meet(
    engine: &Engine,
    source_id: i64,
    user: &str,
    account: &str,
) -> Result<Option<i64>, EngineError> {
    let waiting = &engine.intake().introductions;
    if !waiting.waits(source_id, user) {
        return Ok(None);
    }
    let kept = introduction::find(engine.store().read(), source_id, user).await?;
    let draft = kept.as_ref().and_then(|kept| contact(&kept.body, account, kept.received_at));
    let taken = match draft {
        Some(draft) => import::take(engine, &draft, source_id, engine.now()).await?.ok(),
        None => None,
    };
    engine.store().write(async |tx| introduction::forget(tx, source_id, user).await).await?;
    waiting.forget(source_id, user);
    Ok(taken.and_then(|taken| taken.contact_id))
}

fn contact(body: &str, account: &str, received_at: Instant) -> Option<Draft> {
    let route = Route::One(Call::Identify);
    let batch = segment::parse(body.as_bytes(), route, None, &Limits::default(), received_at).ok()?;
    let Kind::Identify(Some(mut draft)) = batch.messages.into_iter().next()?.kind else { return None };
    draft.fields.entry("account").or_insert(Value::Text(account.to_owned()));
    Some(draft)
}
