//! Which websites may send events and read the answers: any, because a write key can only write, and a source that is
//! limited to its own websites refuses the others itself (T10).
//!
//! The permission is written around everything, also around refusals the gate makes before a handler runs: a browser
//! library that may not read a 429 takes it for a dead network. Deliberately absent: permission to send cookies.

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

/// Seconds for which a browser need not ask again.
const A_DAY: HeaderValue = HeaderValue::from_static("86400");

/// What a request said about the website it comes from.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    origin: Option<HeaderValue>,
    headers: Option<HeaderValue>,
}

impl Asked {
    /// Reads the headers a browser adds.
    pub fn of(headers: &HeaderMap) -> Self {
        Self {
            origin: headers.get(header::ORIGIN).cloned(),
            headers: headers.get(header::ACCESS_CONTROL_REQUEST_HEADERS).cloned(),
        }
    }

    /// Lets the website read the answer, and send with whatever headers it asked for.
    pub fn permit(self, answer: &mut HeaderMap) {
        let any = HeaderValue::from_static("*");
        answer.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, self.origin.unwrap_or(any));
        answer.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("retry-after"));
        answer.insert(header::VARY, HeaderValue::from_static("origin"));
        answer.insert("cross-origin-resource-policy", HeaderValue::from_static("cross-origin"));
        if let Some(wanted) = self.headers {
            answer.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, wanted);
            answer.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, POST"));
            answer.insert(header::ACCESS_CONTROL_MAX_AGE, A_DAY);
        }
    }
}

/// `OPTIONS` of the paths that take events: a browser asks before it sends.
pub async fn preflight() -> Response {
    StatusCode::NO_CONTENT.into_response()
}
