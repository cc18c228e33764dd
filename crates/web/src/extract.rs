//! What handlers take from a request: parts of the path, parameters, documents and forms.
//!
//! Each extractor refuses with a [`Problem`] that names the field, refuses fields it does not know when its type does
//! (`deny_unknown_fields`), and describes itself for the API's description ([`crate::api::operation`]). Absent: anything
//! from the headers; who asks is [`crate::gate::Access`].

use axum::extract::{FromRequest, FromRequestParts, RawPathParams, Request};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use serde::de::DeserializeOwned;

use crate::problem::Problem;

/// The variable parts of the path; a part that cannot be an id names nothing, so it is not found.
#[derive(Clone, Copy, Debug)]
pub struct At<T>(pub T);

/// The query parameters.
#[derive(Clone, Copy, Debug)]
pub struct Params<T>(pub T);

/// The body as a JSON document.
#[derive(Clone, Copy, Debug)]
pub struct Input<T>(pub T);

/// The body as a submitted form.
#[derive(Clone, Copy, Debug)]
pub struct Form<T>(pub T);

/// A type that one or more parts of a path spell.
pub trait PathPart: Sized {
    /// Takes what it needs from the front of the parts.
    fn take<'a>(parts: &mut impl Iterator<Item = &'a str>) -> Option<Self>;
}

impl PathPart for domain::Day {
    fn take<'a>(parts: &mut impl Iterator<Item = &'a str>) -> Option<Self> {
        parts.next()?.parse().ok()
    }
}

impl PathPart for i64 {
    fn take<'a>(parts: &mut impl Iterator<Item = &'a str>) -> Option<Self> {
        parts.next()?.parse().ok()
    }
}

impl PathPart for String {
    fn take<'a>(parts: &mut impl Iterator<Item = &'a str>) -> Option<Self> {
        parts.next().map(str::to_owned)
    }
}

impl<A: PathPart, B: PathPart> PathPart for (A, B) {
    fn take<'a>(parts: &mut impl Iterator<Item = &'a str>) -> Option<Self> {
        Some((A::take(parts)?, B::take(parts)?))
    }
}

impl<S: Send + Sync, T: PathPart> FromRequestParts<S> for At<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let raw = RawPathParams::from_request_parts(parts, state).await.map_err(|_| Problem::not_found())?;
        T::take(&mut raw.iter().map(|(_, part)| part)).map(Self).ok_or_else(Problem::not_found)
    }
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Params<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        axum::extract::Query::try_from_uri(&parts.uri)
            .map(|query| Self(query.0))
            .map_err(|rejection| Problem::malformed(sentence(&rejection.body_text())))
    }
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Input<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let declared = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        if !declared.is_some_and(is_json) {
            return Err(Problem::refused(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "not_json",
                "The body must be sent with `Content-Type: application/json`.",
            ));
        }
        let body = axum::body::Bytes::from_request(request, state)
            .await
            .map_err(|_| Problem::malformed("The body could not be read."))?;
        parse(&body).map(Self)
    }
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Form<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        axum::extract::Form::from_request(request, state)
            .await
            .map(|form| Self(form.0))
            .map_err(|rejection| Problem::malformed(sentence(&rejection.body_text())))
    }
}

/// Reads a JSON document; broken JSON is 400 and a wrong field 422, each with its line and column.
fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    serde_json::from_slice(body).map_err(|error| {
        let detail = sentence(&format!("The JSON document is not right: {error}"));
        match error.is_data() {
            true => Problem::refused(StatusCode::UNPROCESSABLE_ENTITY, "invalid", detail),
            false => Problem::malformed(detail),
        }
    })
}

fn is_json(media_type: &str) -> bool {
    let essence = media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"))
}

/// What a library says about an input, without the words it begins with, as a sentence.
fn sentence(text: &str) -> String {
    let text =
        text.strip_prefix("Failed to deserialize ").and_then(|text| text.split_once(": ")).map_or(text, |it| it.1);
    format!("{}.", text.trim_end_matches('.'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Note {
        minutes: i32,
    }

    async fn document(media_type: &str, body: &'static str) -> Result<i32, (u16, String)> {
        let request = Request::builder().header("content-type", media_type).body(Body::from(body)).unwrap();
        let read = Input::<Note>::from_request(request, &()).await;
        read.map(|note| note.0.minutes).map_err(|problem| (problem.status.as_u16(), problem.detail))
    }

    #[tokio::test]
    async fn a_document_says_where_it_is_wrong() {
        assert_eq!(document("application/json; charset=utf-8", r#"{"minutes": 5}"#).await, Ok(5));
        assert_eq!(document("text/plain", "{}").await.unwrap_err().0, 415);
        let (status, detail) = document("application/json", r#"{"minutes": 5, "role": "admin"}"#).await.unwrap_err();
        assert_eq!(status, 422);
        assert_eq!(
            detail,
            "The JSON document is not right: unknown field `role`, expected `minutes` at line 1 column 21."
        );
        assert_eq!(document("application/json", r#"{"minutes": "#).await.unwrap_err().0, 400);
        assert_eq!(document("application/json", "").await.unwrap_err().0, 400);
    }

    #[tokio::test]
    async fn a_form_refuses_what_it_does_not_know() {
        let form = |body| {
            let request = Request::builder().method("POST").header("content-type", "application/x-www-form-urlencoded");
            Form::<Note>::from_request(request.body(Body::from(body)).unwrap(), &())
        };
        assert_eq!(form("minutes=7").await.unwrap().0.minutes, 7);
        assert_eq!(form("minutes=7&role=admin").await.unwrap_err().status, StatusCode::BAD_REQUEST);
    }
}
