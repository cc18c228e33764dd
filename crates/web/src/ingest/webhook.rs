//! Webhooks in: `POST /v1/webhooks/{source}`. A request is answered as soon as it is stored; what it says is read a
//! moment later. Some senders ask first whether the address is there. What a signature must be is the connector's
//! business. Absent: answers that tell a forger more than a word.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use engine::webhook::{self, Answer as Heard, Post, WebhookError};
use serde_json::json;

use crate::extract::At;
use crate::problem::{Answer, Problem};
use crate::state::AppState;

/// Seconds after which a sender may try again.
const RETRY_AFTER: u64 = 5;

/// `POST /v1/webhooks/{source}`.
pub async fn take(
    State(app): State<AppState>,
    At(source): At<String>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Answer<Response> {
    let text = |value: &axum::http::HeaderValue| value.to_str().ok().map(str::to_owned);
    let sent: Vec<(String, String)> =
        headers.iter().filter_map(|(name, value)| Some((name.as_str().to_owned(), text(value)?))).collect();
    let called = called(&app, &headers, &uri);
    let post = Post { source: &source, method: method.as_str(), uri: &called, headers: &sent, body: &body };
    match webhook::receive(&app.engine, post).await.map_err(refuse)? {
        Heard::Challenge(word) => Ok(Json(json!({ "challenge": word })).into_response()),
        Heard::Stored | Heard::Repeated => Ok(Json(json!({ "success": true })).into_response()),
    }
}

/// `GET` of the same address: yes, somebody listens here.
pub async fn here() -> StatusCode {
    StatusCode::NO_CONTENT
}

/// The address as the sender wrote it: the public one, where there is one.
fn called(app: &AppState, headers: &HeaderMap, uri: &Uri) -> String {
    let target = uri.path_and_query().map_or("/", |target| target.as_str());
    if let Some(public) = &app.settings.public_url {
        return format!("{}{target}", public.trim_end_matches('/'));
    }
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    format!("http://{host}{target}")
}

fn refuse(error: WebhookError) -> Problem {
    match error {
        WebhookError::NoSource => Problem::not_found(),
        WebhookError::Unverified(ref reason) => {
            let said = "The request was not believed; the page of the source says why.";
            Problem::refused(StatusCode::UNAUTHORIZED, reason.code(), said)
        }
        WebhookError::Unreadable(_) => Problem::malformed(format!("{error}.")),
        WebhookError::Unavailable(_) => Problem::unavailable(error.to_string(), RETRY_AFTER).because(error),
    }
}
