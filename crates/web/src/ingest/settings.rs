//! What browser libraries ask before they send: Segment's for `/v1/projects/{key}/settings`, `RudderStack`'s for
//! `/sourceConfig/`. Both expect a list of destinations to load scripts for; here there is one destination, ourselves,
//! and no script.
//!
//! An unknown key is answered 404, so that a mistyped one shows in the browser at once. Deliberately absent: anything
//! about the source but the key its page already has.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, Uri, header};
use engine::ingest;
use serde_json::{Value, json};

use crate::extract::At;
use crate::problem::{Answer, Problem};
use crate::state::AppState;

/// `GET /v1/projects/{key}/settings`, where analytics.js reads where to send: to the host it asked.
pub async fn segment(State(app): State<AppState>, At(key): At<String>, headers: HeaderMap) -> Answer<Json<Value>> {
    known(&app, &key).await?;
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let (protocol, host) = match app.settings.public_url.as_deref().and_then(|url| url.split_once("://")) {
        Some((protocol, host)) => (protocol, host.trim_end_matches('/')),
        None => ("http", host),
    };
    let ourselves = json!({ "apiKey": key, "apiHost": format!("{host}/v1"), "protocol": protocol, "type": "server" });
    let all = json!({ "__default": { "enabled": true, "integrations": {} } });
    Ok(Json(json!({
        "integrations": { "Segment.io": ourselves },
        "plan": { "track": all, "identify": all, "group": all },
        "edgeFunction": {},
        "metrics": { "sampleRate": 0 },
        "middlewareSettings": {},
        "enabledMiddleware": {},
        "remotePlugins": [],
    })))
}

/// `GET /sourceConfig/`, where `RudderStack`'s library reads what to load: nothing.
pub async fn rudderstack(State(app): State<AppState>, headers: HeaderMap, uri: Uri) -> Answer<Json<Value>> {
    let authorization = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let named = ingest::write_key(None, uri.query());
    let key = named.or_else(|| ingest::write_key(authorization, None)).ok_or_else(Problem::not_found)?;
    known(&app, &key).await?;
    let silent = json!({ "enabled": false });
    Ok(Json(json!({
        "source": {
            "id": "pomona",
            "name": "Pomona",
            "writeKey": key,
            "enabled": true,
            "workspaceId": "pomona",
            "config": { "statsCollection": { "errors": silent, "metrics": silent } },
            "connections": [],
            "destinations": [],
        },
        "updatedAt": "2026-01-01T00:00:00.000Z",
    })))
}

async fn known(app: &AppState, key: &str) -> Answer<()> {
    match ingest::knows(&app.engine, key).await {
        Ok(true) => Ok(()),
        Ok(false) => Err(Problem::not_found()),
        Err(error) => Err(Problem::internal(error)),
    }
}
