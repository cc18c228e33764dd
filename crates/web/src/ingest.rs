//! Events over HTTP, in the shape that Segment's, `RudderStack`'s and Jitsu's libraries send.
//!
//! A call is answered `200 {"success":true}` exactly, after its events are on disk; a bad body gets a 400 or 413 that no
//! library repeats, an unknown key a 401, and overload a 429 or 503 that says when to come back. Browser libraries ask
//! for their settings first ([`settings`]). What a message means is the engine's business, and which websites may read
//! an answer is [`cors`]'s. Absent: reading anything back.

pub mod cors;
pub mod settings;
pub mod tap;
pub mod webhook;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use domain::access::Actor;
use engine::ingest::{self, IntakeError, SegmentCall};
use store::{Source, source};

use crate::gate::Access;
use crate::problem::{Answer, Problem};
use crate::state::AppState;

/// The key of the source that API tokens send through.
const TOKEN_SOURCE: &str = "api";
const RETRY_AFTER: u64 = 2;

/// `POST /v1/batch`, `/v1/track`, `/beacon/v1/batch`, `/api/s/track`, … and their short forms.
pub async fn take(State(app): State<AppState>, access: Access, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    match receive(&app, &access, &uri, &headers, &body).await {
        Ok(()) => {
            let json = [(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))];
            (json, r#"{"success":true}"#).into_response()
        }
        Err(problem) => problem.into_response(),
    }
}

async fn receive(app: &AppState, access: &Access, uri: &Uri, headers: &HeaderMap, body: &[u8]) -> Answer<()> {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let call = SegmentCall {
        path: uri.path(),
        authorization: text(header::AUTHORIZATION),
        x_write_key: text(HeaderName::from_static("x-write-key")),
        query_key: uri.query(),
        content_encoding: text(header::CONTENT_ENCODING),
        origin: text(header::ORIGIN),
        source_id: token_source(app, &access.actor).await?,
        body,
    };
    ingest::segment(&app.engine, call).await.map_err(refuse)?;
    Ok(())
}

fn refuse(error: IntakeError) -> Problem {
    match error {
        IntakeError::UnknownKey => Problem::refused(StatusCode::UNAUTHORIZED, "unknown_write_key", error.to_string()),
        IntakeError::ForeignOrigin(_) => Problem::refused(StatusCode::FORBIDDEN, "foreign_origin", error.to_string()),
        IntakeError::Refused { status, ref message, .. } => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
            let code = if status == StatusCode::PAYLOAD_TOO_LARGE { "too_large" } else { "malformed" };
            Problem::refused(status, code, message.clone())
        }
        IntakeError::Busy => {
            Problem::refused(StatusCode::TOO_MANY_REQUESTS, "busy", error.to_string()).retry(RETRY_AFTER)
        }
        IntakeError::Unavailable(_) => Problem::unavailable(error.to_string(), RETRY_AFTER).because(error),
    }
}

/// The source of a caller with an API token, made on first use; a write key names its own.
async fn token_source(app: &AppState, actor: &Actor) -> Answer<Option<i64>> {
    if !matches!(actor, Actor::Token { .. }) {
        return Ok(None);
    }
    if let Some(source) = source::by_key(app.engine.store().read(), TOKEN_SOURCE).await? {
        return Ok(Some(source.id));
    }
    let row = Source::new(TOKEN_SOURCE, "API tokens", source::Kind::Api, app.engine.now());
    let made = app
        .engine
        .store()
        .write(async |tx| -> Answer<Source> {
            match source::by_key(tx, TOKEN_SOURCE).await? {
                Some(source) => Ok(source),
                None => Ok(source::insert(tx, row).await?),
            }
        })
        .await?;
    Ok(Some(made.id))
}
