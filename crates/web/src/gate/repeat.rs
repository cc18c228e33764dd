//! Requests that may be repeated: an `Idempotency-Key` on a `POST` of the API.
//!
//! The first request under a key runs, and its success is kept; a repeat by the same caller with the same body gets the
//! kept answer and has no second effect, and one with another body is refused. A failure is not kept, because nothing
//! was done. The key is marked as carried out in the transaction that does the work, so a crash before the answer was kept
//! costs the answer and never does the work twice.

use axum::body::{Body, Bytes};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::access::Actor;
use http_body_util::{BodyExt, Limited};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use store::{StoreError, idempotency};

use crate::problem::{Answer, Problem};
use crate::route::{Audience, Route};
use crate::state::AppState;

const KEY_HEADER: &str = "idempotency-key";
const REPLAYED_HEADER: &str = "idempotency-replayed";
const LONGEST_KEY: usize = 255;
const LONGEST_ANSWER: usize = 1 << 20;

/// Whether a request is the first of its kind.
pub(super) enum Begun {
    /// It runs.
    First(Repeat),
    /// It ran before; this is what it answered.
    Replayed(Response),
}

/// The place where a running request's answer will be kept, if it carries a key.
#[derive(Debug)]
pub(super) struct Repeat(Option<String>);

/// What is kept of an answer.
#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    location: Option<String>,
    body: String,
}

/// Looks for an earlier answer and, if there is none, reserves the key.
pub(super) async fn begin(app: &AppState, route: &Route, actor: &Actor, parts: &Parts, body: &Bytes) -> Answer<Begun> {
    let given = parts.headers.get(KEY_HEADER);
    let Some(given) = given.filter(|_| *route.method == Method::POST && Audience::of(route.path) == Audience::Api)
    else {
        return Ok(Begun::First(Repeat(None)));
    };
    let word = given.to_str().ok().filter(|word| !word.is_empty() && word.len() <= LONGEST_KEY);
    let Some(word) = word else {
        return Err(Problem::malformed("The Idempotency-Key must be 1 to 255 printable ASCII characters."));
    };
    let key = format!("{} {word}", actor.label());
    let request = fingerprint(parts, body);
    let now = app.engine.now();
    let begun = app.engine.store().write(async |tx| idempotency::begin(tx, &key, &request, now).await).await?;
    match begun {
        idempotency::Begun::New => Ok(Begun::First(Repeat(Some(key)))),
        idempotency::Begun::Same(kept) if kept.status == 0 => {
            Err(Problem::conflict("The first request with this Idempotency-Key is still running.").retry(2))
        }
        idempotency::Begun::Same(kept) if kept.status == idempotency::CARRIED_OUT => Err(Problem::refused(
            StatusCode::CONFLICT,
            "answer_lost",
            "The first request with this Idempotency-Key was carried out, but its answer was not kept; read what it changed.",
        )),
        idempotency::Begun::Same(kept) => replay(&kept).map(Begun::Replayed),
        idempotency::Begun::Different => Err(Problem::refused(
            StatusCode::UNPROCESSABLE_ENTITY,
            "idempotency_key_reused",
            "This Idempotency-Key was used for a different request; use a new key for a new request.",
        )),
    }
}

impl Repeat {
    /// Runs the handler on behalf of the key, if there is one.
    pub(super) async fn run(&self, handler: impl Future<Output = Response>) -> Response {
        match &self.0 {
            Some(key) => idempotency::within(key.clone(), handler).await,
            None => handler.await,
        }
    }

    /// Keeps the answer if the request succeeded, and frees the key if it did not.
    pub(super) async fn finish(self, app: &AppState, answer: Response) -> Response {
        let Some(key) = self.0 else { return answer };
        let store = app.engine.store();
        if !answer.status().is_success() {
            let freed: Result<(), StoreError> = store.write(async |tx| idempotency::forget(tx, &key).await).await;
            if let Err(error) = freed {
                tracing::warn!(%error, "could not free an idempotency key");
            }
            return answer;
        }
        let (parts, body) = answer.into_parts();
        let body = match Limited::new(body, LONGEST_ANSWER).collect().await {
            Ok(body) => body.to_bytes(),
            Err(_) => return Problem::panicked().into_response(),
        };
        let location = parts.headers.get(header::LOCATION).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let kept = Kept { location, body: String::from_utf8_lossy(&body).into_owned() };
        let text = serde_json::to_string(&kept).unwrap_or_default();
        let status = i32::from(parts.status.as_u16());
        if let Err(error) = store.write(async |tx| idempotency::finish(tx, &key, status, &text).await).await {
            tracing::warn!(%error, "could not keep an answer for repeats");
        }
        Response::from_parts(parts, Body::from(body))
    }
}

fn replay(kept: &store::Idempotency) -> Answer<Response> {
    let answer: Kept = serde_json::from_str(&kept.body).map_err(Problem::internal)?;
    let status = u16::try_from(kept.status).ok().and_then(|status| StatusCode::from_u16(status).ok());
    let mut response = (status.unwrap_or(StatusCode::OK), answer.body).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(REPLAYED_HEADER, HeaderValue::from_static("true"));
    if let Some(location) = answer.location.and_then(|location| HeaderValue::try_from(location).ok()) {
        headers.insert(header::LOCATION, location);
    }
    Ok(response)
}

/// The hexadecimal SHA-256 of what was asked.
fn fingerprint(parts: &Parts, body: &[u8]) -> String {
    let target = parts.uri.path_and_query().map_or("", |target| target.as_str());
    let digest = Sha256::new().chain_update(target.as_bytes()).chain_update([0]).chain_update(body).finalize();
    hex::encode(digest)
}
