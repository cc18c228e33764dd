//! What surrounds every request: a name, a log line, a figure, a net for panics, and headers.
//!
//! The frame is also where a [`Problem`] becomes what its audience reads. A log line names the route's template and
//! never the address itself, because addresses carry login links and search words. Absent: request and response bodies
//! in logs, at any level.

use std::panic::AssertUnwindSafe;
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use futures::FutureExt;
use maud::html;

use crate::auth::sign_in;
use crate::ingest::cors;
use crate::problem::Problem;
use crate::route::Audience;
use crate::state::AppState;
use crate::ui::shell;

const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
     connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// The headers of every answer that does not set them itself.
const HEADERS: [(HeaderName, &str); 7] = [
    (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "same-origin"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=()"),
];

/// The name of a request, for whoever writes it into an answer.
#[derive(Clone, Debug)]
pub struct RequestId(pub String);

/// What the frame must remember of a request to finish its answer.
struct Seen {
    id: String,
    method: Method,
    path: String,
    target: String,
    route: String,
    fetches: bool,
    /// Where other websites may send: which one asks.
    asked: Option<cors::Asked>,
}

/// Runs everything inside and finishes its answer.
pub async fn around(State(app): State<AppState>, mut request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let seen = Seen {
        id: app.requests.next(),
        method: request.method().clone(),
        path: request.uri().path().to_owned(),
        target: request.uri().path_and_query().map_or("/", |target| target.as_str()).to_owned(),
        route: request.extensions().get::<MatchedPath>().map_or("unmatched", |path| path.as_str()).to_owned(),
        fetches: !accepts_html(request.headers()),
        asked: (Audience::of(request.uri().path()) == Audience::Sender).then(|| cors::Asked::of(request.headers())),
    };
    request.extensions_mut().insert(RequestId(seen.id.clone()));
    let answer = AssertUnwindSafe(next.run(request)).catch_unwind().await;
    let answer = answer.unwrap_or_else(|_| {
        metrics::counter!("pomona_http_panics_total", "route" => seen.route.clone()).increment(1);
        Problem::panicked().into_response()
    });
    let mut answer = tell(&seen, answer);
    dress(&seen, answer.headers_mut());
    if let Some(asked) = seen.asked.clone() {
        asked.permit(answer.headers_mut());
    }
    record(&seen, answer.status(), begun);
    answer
}

/// Whether the reader would show HTML; a program that fetches anything else gets no redirect to a page.
fn accepts_html(headers: &HeaderMap) -> bool {
    let accepts = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
    accepts.is_none_or(|accepts| accepts.contains("html") || accepts.contains("*/*"))
}

/// Writes a problem, if the answer is one, for the audience of its path.
fn tell(seen: &Seen, mut answer: Response) -> Response {
    let Some(problem) = answer.extensions_mut().remove::<Problem>() else { return answer };
    log(seen, &problem);
    let mut told = match Audience::of(&seen.path) {
        Audience::Api => problem.to_json(&seen.id, false),
        Audience::Sender => problem.to_json(&seen.id, true),
        Audience::Page if problem.status == StatusCode::UNAUTHORIZED && !seen.fetches => {
            let back = if seen.method == Method::GET { seen.target.as_str() } else { "/" };
            return Redirect::to(&sign_in::address(back).to_string()).into_response();
        }
        Audience::Page => (problem.status, page(seen, &problem)).into_response(),
    };
    let headers = told.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(seconds) = problem.retry_after {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    if problem.status == StatusCode::UNAUTHORIZED {
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"Pomona\""));
    }
    if matches!(problem.status, StatusCode::PAYLOAD_TOO_LARGE | StatusCode::REQUEST_TIMEOUT) {
        // The rest of the body is not read, so nothing can follow it; a client that is not told sends into the void.
        headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    if let Some(allow) = answer.headers_mut().remove(header::ALLOW) {
        headers.insert(header::ALLOW, allow);
    }
    told
}

/// A problem as a page: what happened, what to try, and the request's name for whoever helps.
fn page(seen: &Seen, problem: &Problem) -> maud::Markup {
    shell::bare(
        problem.title(),
        &html! {
            h1 { (problem.title()) }
            p { (problem.detail) }
            @if !problem.fields.is_empty() {
                ul { @for fault in &problem.fields { li { b { (fault.field) } ": " (fault.message) } } }
            }
            @if let Some(advice) = &problem.advice { p { (advice) } }
            p { a href="/" { "Go to Home" } }
            p.muted { small { "Request " code { (seen.id) } } }
        },
    )
}

fn dress(seen: &Seen, headers: &mut HeaderMap) {
    for (name, value) in HEADERS {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    if let Ok(id) = HeaderValue::try_from(seen.id.as_str()) {
        headers.insert("x-request-id", id);
    }
}

/// Logs a problem once, with the chain of what caused it.
fn log(seen: &Seen, problem: &Problem) {
    if !problem.status.is_server_error() {
        return;
    }
    let mut chain = String::new();
    let mut cause = problem.cause.as_deref().map(|cause| cause as &dyn std::error::Error);
    while let Some(error) = cause {
        if !chain.is_empty() {
            chain.push_str(": ");
        }
        chain.push_str(&error.to_string());
        cause = error.source();
    }
    tracing::error!(
        request = seen.id,
        route = seen.route,
        status = problem.status.as_u16(),
        cause = chain,
        "{}",
        problem.detail
    );
}

fn record(seen: &Seen, status: StatusCode, begun: Instant) {
    let took = begun.elapsed();
    let labels = [("route", seen.route.clone()), ("status", status.as_str().to_owned())];
    metrics::counter!("pomona_http_requests_total", &labels).increment(1);
    metrics::histogram!("pomona_http_request_seconds", "route" => seen.route.clone()).record(took.as_secs_f64());
    tracing::debug!(
        request = seen.id,
        method = %seen.method,
        route = seen.route,
        status = status.as_u16(),
        micros = took.as_micros() as u64,
        "answered"
    );
}
