//! Sessions: a browser that is signed in, until it signs out, idles, ages or is ended by an admin.
//!
//! Signing in always makes a new secret and ends the session the browser came with, so a planted cookie is worth
//! nothing. Absent: what a session may do; the gate reads the member's role with each request.

use axum::http::{HeaderMap, HeaderValue, header};
use store::{Session, StoreError, session};

use super::secret;
use crate::problem::{Answer, Problem};
use crate::state::AppState;

const LONGEST_USER_AGENT: usize = 200;

/// Begins a session for a member and returns the `Set-Cookie` value; ends the one the browser came with.
pub async fn begin(app: &AppState, member_id: i64, headers: &HeaderMap) -> Answer<HeaderValue> {
    let secret = secret::opaque().map_err(Problem::internal)?;
    let now = app.engine.now();
    let row = Session {
        token_hash: secret.hash(),
        member_id,
        created_at: now,
        last_seen_at: now,
        expires_at: now + app.settings.session_length,
        user_agent: user_agent(headers),
    };
    let old = app.settings.cookie().find(headers).map(secret::hash);
    let begun: Result<(), StoreError> = app
        .engine
        .store()
        .write(async |tx| {
            if let Some(old) = old {
                session::delete(tx, &old).await?;
            }
            session::insert(tx, row).await?;
            Ok(())
        })
        .await;
    begun?;
    Ok(app.settings.cookie().begin(&secret, app.settings.session_length.num_seconds()))
}

/// Ends a session by its hash and returns the `Set-Cookie` value that removes the cookie.
pub async fn end(app: &AppState, hash: Option<&str>) -> Answer<HeaderValue> {
    if let Some(hash) = hash {
        let ended: Result<_, StoreError> = app.engine.store().write(async |tx| session::delete(tx, hash).await).await;
        ended?;
    }
    Ok(app.settings.cookie().end())
}

fn user_agent(headers: &HeaderMap) -> Option<String> {
    let text = headers.get(header::USER_AGENT)?.to_str().ok()?;
    Some(text.chars().take(LONGEST_USER_AGENT).collect())
}
