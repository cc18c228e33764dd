//! What a supervisor asks: alive, ready, and the process's figures.
//!
//! Alive means that the process answers; ready, that it can read the store and the lake's folder, with each said by name.
//! Figures are Prometheus text, for callers on the same machine or with an admin's key. Absent: anything about customers.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use store::source;

use crate::state::AppState;

/// One thing we need, and how it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Part {
    /// What: store, lake or book.
    pub name: &'static str,
    /// Whether it works.
    pub ok: bool,
    /// How it is, in a few words without secrets.
    pub detail: String,
}

/// `GET /healthz`.
pub async fn alive() -> &'static str {
    "ok\n"
}

/// `GET /readyz`.
pub async fn ready(State(app): State<AppState>) -> Response {
    let parts = [store(&app).await, lake(&app), book(&app)];
    let status = if parts.iter().all(|part| part.ok) { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(parts)).into_response()
}

/// `GET /metrics`.
pub async fn figures(State(app): State<AppState>) -> Response {
    let book = app.engine.book();
    metrics::gauge!("pomona_book_accounts").set(book.rows().len() as f64);
    metrics::gauge!("pomona_book_age_seconds").set((app.engine.now() - book.computed_at).num_seconds() as f64);
    metrics::gauge!("pomona_inbox_waiting_requests").set(app.engine.waiting() as f64);
    app.metrics.run_upkeep();
    let kind = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    ([(header::CONTENT_TYPE, kind)], app.metrics.render()).into_response()
}

async fn store(app: &AppState) -> Part {
    match source::all(app.engine.store().read()).await {
        Ok(_) => Part { name: "store", ok: true, detail: "answers".to_owned() },
        Err(error) => {
            tracing::warn!(%error, "the store does not answer");
            Part { name: "store", ok: false, detail: "does not answer".to_owned() }
        }
    }
}

fn lake(app: &AppState) -> Part {
    let there = app.engine.lake().root().is_dir();
    let detail = if there { "folder is there" } else { "folder is missing" };
    Part { name: "lake", ok: there, detail: detail.to_owned() }
}

fn book(app: &AppState) -> Part {
    let book = app.engine.book();
    Part { name: "book", ok: true, detail: format!("{} accounts as of {}", book.rows().len(), book.as_of) }
}
