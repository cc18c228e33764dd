//! What went wrong, once, for every reader.
//!
//! A [`Problem`] is an answer that is not success: a status, a stable code, a sentence about what happened and one about
//! what to try. Handlers return it; the outermost layer in [`crate::gate`] writes it for the *audience* of the path: an
//! HTML page for people, `application/problem+json` (RFC 9457) for programs, the same with a top-level `message` for the
//! event senders that insist on one. What caused it is logged there once and never sent.
//!
//! Deliberately absent: stack traces, database texts, and any difference between what is absent and what is hidden.

mod cause;

use std::error::Error;
use std::sync::Arc;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

/// An answer that is not success.
#[derive(Clone, Debug)]
pub struct Problem {
    /// The HTTP status.
    pub status: StatusCode,
    /// A stable word for programs, such as `rate_limited`.
    pub code: &'static str,
    /// What happened, as a sentence for the reader.
    pub detail: String,
    /// What the reader can do about it.
    pub advice: Option<String>,
    /// Faults of single fields, by JSON pointer or field name.
    pub fields: Vec<FieldFault>,
    /// Seconds after which to try again.
    pub retry_after: Option<u64>,
    /// What caused it; logged, never sent.
    pub cause: Option<Arc<dyn Error + Send + Sync>>,
}

/// What is wrong with one field of an input.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct FieldFault {
    /// The field, as the input names it.
    pub field: String,
    /// What is wrong with it, as a sentence.
    pub message: String,
    /// The byte at which a text stops making sense, for expressions and SQL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offset: Option<usize>,
}

/// What handlers return.
pub type Answer<T> = Result<T, Problem>;

impl Problem {
    fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self { status, code, detail: detail.into(), advice: None, fields: Vec::new(), retry_after: None, cause: None }
    }

    /// 404: there is no such thing, or none that the reader may see; the two are never told apart.
    pub fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", "There is nothing here that you can see.")
            .advise("Check the address. What belongs to an account is seen only by those it is assigned to.")
    }

    /// 400: the request cannot be read.
    pub fn malformed(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "malformed", detail)
    }

    /// 401: nobody is signed in, or the key is unknown, expired or withdrawn.
    pub fn unauthenticated() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "unauthenticated", "You are not signed in, or your key is not valid.")
            .advise("Sign in again, or send `Authorization: Bearer pom_…` with a key that has not expired.")
    }

    /// 403: the reader is known and may not do this.
    pub fn forbidden() -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", "Your role or your key does not permit this.")
            .advise("Ask an admin for the role or the scope that does.")
    }

    /// 403: the request was started by another website.
    pub fn cross_site() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "cross_site",
            "This request came from another website and was not carried out.",
        )
        .advise("Open Pomona in its own tab and repeat what you were doing there.")
    }

    /// 409: the thing changed, or exists already.
    pub fn conflict(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, "conflict", detail)
    }

    /// 413: the body, decoded, is larger than this route takes.
    pub fn too_large(limit: usize) -> Self {
        let size = if limit >= 1 << 20 { format!("{} MiB", limit >> 20) } else { format!("{} KiB", limit >> 10) };
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", format!("The body is larger than {size} once decoded."))
            .advise("Send it in smaller parts; `pomona import` on the server has no such limit.")
    }

    /// 422: the input was read and one of its fields is not acceptable.
    pub fn invalid(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", "Some of the input is not acceptable.")
            .field(field, message, None)
    }

    /// 429: too many requests; the reader may try again after `seconds`.
    pub fn rate_limited(seconds: u64) -> Self {
        Self::new(StatusCode::TOO_MANY_REQUESTS, "rate_limited", "Too many requests in a short time.").retry(seconds)
    }

    /// 500: our fault. The cause is logged under the request's id.
    pub fn internal(cause: impl Error + Send + Sync + 'static) -> Self {
        let mut problem = Self::panicked();
        problem.cause = Some(Arc::new(cause));
        problem
    }

    /// 500 without a cause at hand: a handler panicked.
    pub fn panicked() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "Something went wrong on our side. Nothing was changed.",
        )
        .advise("Try again; if it happens again, give the request id below to whoever runs this server.")
    }

    /// 503: something we need is away; the reader may try again after `seconds`.
    pub fn unavailable(detail: impl Into<String>, seconds: u64) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", detail).retry(seconds)
    }

    /// Any other refusal of a request.
    pub fn refused(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(status, code, detail)
    }

    /// Adds what the reader can do about it.
    #[must_use]
    pub fn advise(mut self, advice: impl Into<String>) -> Self {
        self.advice = Some(advice.into());
        self
    }

    /// Adds a fault of a single field; `offset` is the byte at which its text stops making sense.
    #[must_use]
    pub fn field(mut self, field: impl Into<String>, message: impl Into<String>, offset: Option<usize>) -> Self {
        self.fields.push(FieldFault { field: field.into(), message: message.into(), offset });
        self
    }

    /// Says when to try again.
    #[must_use]
    pub fn retry(mut self, seconds: u64) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// Keeps what caused it, for the log.
    #[must_use]
    pub fn because(mut self, cause: impl Error + Send + Sync + 'static) -> Self {
        self.cause = Some(Arc::new(cause));
        self
    }

    /// A few words for the status, as RFC 9457's `title`.
    pub fn title(&self) -> &'static str {
        self.status.canonical_reason().unwrap_or("Error")
    }
}

/// The wire form: RFC 9457 with `code`, `advice`, `fields` and `request_id` as extension members.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ProblemBody<'a> {
    /// Always `about:blank`: the status and the code say what kind of problem it is.
    pub r#type: &'static str,
    /// A few words for the status.
    pub title: &'a str,
    /// The HTTP status.
    pub status: u16,
    /// A stable word for programs.
    pub code: &'a str,
    /// What happened.
    pub detail: &'a str,
    /// What can be done about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advice: Option<&'a str>,
    /// Faults of single fields.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub fields: &'a [FieldFault],
    /// The same as `detail`, for event senders that look for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<&'a str>,
    /// The id under which the server logged the request.
    pub request_id: &'a str,
}

impl Problem {
    /// Writes the problem as `application/problem+json`; `for_senders` adds the top-level `message`.
    pub fn to_json(&self, request_id: &str, for_senders: bool) -> Response {
        let body = ProblemBody {
            r#type: "about:blank",
            title: self.title(),
            status: self.status.as_u16(),
            code: self.code,
            detail: &self.detail,
            advice: self.advice.as_deref(),
            fields: &self.fields,
            message: for_senders.then_some(self.detail.as_str()),
            request_id,
        };
        let text = serde_json::to_string(&body).unwrap_or_default();
        (self.status, [(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"))], text)
            .into_response()
    }
}

impl IntoResponse for Problem {
    /// Leaves the problem in the extensions for the outermost layer, which knows the audience and the request id.
    fn into_response(self) -> Response {
        let mut response = self.to_json("", false);
        response.extensions_mut().insert(self);
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wire_form_says_what_happened_and_hides_the_cause() {
        let problem = Problem::invalid("expression", "There is no metric called `helth`.").because(std::fmt::Error);
        let body = ProblemBody {
            r#type: "about:blank",
            title: problem.title(),
            status: problem.status.as_u16(),
            code: problem.code,
            detail: &problem.detail,
            advice: None,
            fields: &problem.fields,
            message: None,
            request_id: "r1",
        };
        insta::assert_snapshot!(serde_json::to_string_pretty(&body).unwrap(), @r#"
        {
          "type": "about:blank",
          "title": "Unprocessable Entity",
          "status": 422,
          "code": "invalid",
          "detail": "Some of the input is not acceptable.",
          "fields": [
            {
              "field": "expression",
              "message": "There is no metric called `helth`."
            }
          ],
          "request_id": "r1"
        }
        "#);
    }
}
