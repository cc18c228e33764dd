//! What extractors print, over HTTP: `POST /v1/ingest/singer` takes Singer or Airbyte messages, one JSON object a line,
//! and answers with the states that may be kept, after everything before them is committed. Each request is understood by
//! itself, so it begins with the schemas of its streams. Absent: streaming; whoever has more sends more requests.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use engine::ingest::{self, Sent};
use engine::tap::{self, TapError, TapReport};
use serde::{Deserialize, Serialize};

use super::{refuse, token_source};
use crate::extract::Params;
use crate::gate::Access;
use crate::problem::{Answer, Problem};
use crate::state::AppState;

/// How the records are to be read.
#[derive(Debug, Deserialize)]
pub struct Asked {
    /// The mapping to use while the source has none of its own.
    #[serde(default = "generic")]
    preset: String,
}

fn generic() -> String {
    "generic".to_owned()
}

/// What became of a request's messages.
#[derive(Debug, Serialize)]
pub struct Taken {
    /// Always true: what was not taken is a problem.
    success: bool,
    /// The states to keep, as they came: the value for Singer, the whole message for Airbyte.
    states: Vec<String>,
    /// What became of the records.
    report: TapReport,
}

/// `POST /v1/ingest/singer`.
pub async fn take(
    State(app): State<AppState>,
    access: Access,
    Params(asked): Params<Asked>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Answer<Json<Taken>> {
    let text = |name: header::HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let sent = Sent {
        authorization: text(header::AUTHORIZATION),
        x_write_key: text(header::HeaderName::from_static("x-write-key")),
        query: uri.query(),
        origin: text(header::ORIGIN),
    };
    let source = match token_source(&app, &access.actor).await? {
        Some(source) => source,
        None => ingest::source_of(&app.engine, sent).await.map_err(refuse)?,
    };
    let encoding = text(header::CONTENT_ENCODING);
    match tap::take(&app.engine, source, &asked.preset, &body, encoding).await {
        Ok((report, states)) => Ok(Json(Taken { success: true, states, report })),
        Err(TapError::Body { status, code, message }) => {
            Err(Problem::refused(StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST), code, message))
        }
        Err(TapError::Line { fault, .. }) => {
            Err(Problem::refused(StatusCode::BAD_REQUEST, fault.code, fault.to_string()))
        }
        Err(TapError::Import(engine::import::ImportError::Engine(error))) => {
            Err(Problem::unavailable("The store cannot take records now.", 5).because(error))
        }
        Err(TapError::Import(error)) => Err(Problem::refused(StatusCode::BAD_REQUEST, "malformed", error.to_string())),
    }
}
