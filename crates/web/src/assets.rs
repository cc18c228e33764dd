//! The static files, inside the binary.
//!
//! A file is asked for with the fingerprint of the build (`?v=…`, see [`crate::ui::shell::asset`]) and may then be kept
//! for ever; without it, its entity tag is compared each time. Absent: directories, listing, and anything the build did
//! not put there.

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use rust_embed::RustEmbed;

use crate::extract::{At, Params};
use crate::problem::{Answer, Problem};

#[derive(RustEmbed)]
#[folder = "static/"]
struct Static;

/// How a file is asked for.
#[derive(Clone, Debug, serde::Deserialize)]
pub struct Asked {
    /// The fingerprint of the build that wrote the link.
    v: Option<String>,
}

/// Answers `GET /static/{*path}`.
pub async fn file(At(path): At<String>, Params(asked): Params<Asked>, headers: HeaderMap) -> Answer<Response> {
    serve(&path, asked.v.is_some(), &headers)
}

/// Answers `GET /favicon.ico`, which browsers ask for unbidden.
pub async fn favicon(headers: HeaderMap) -> Answer<Response> {
    serve("favicon.svg", false, &headers)
}

fn serve(path: &str, fingerprinted: bool, headers: &HeaderMap) -> Answer<Response> {
    let file = Static::get(path).ok_or_else(Problem::not_found)?;
    let tag = format!("\"{}\"", hex::encode(&file.metadata.sha256_hash()[..12]));
    let keep = if fingerprinted { "public, max-age=31536000, immutable" } else { "public, no-cache" };
    let known = headers.get(header::IF_NONE_MATCH).is_some_and(|tags| tags.as_bytes() == tag.as_bytes());
    let media_type = HeaderValue::try_from(file.metadata.mimetype()).map_err(Problem::internal)?;
    let described = [
        (header::ETAG, HeaderValue::try_from(tag).map_err(Problem::internal)?),
        (header::CACHE_CONTROL, HeaderValue::from_static(keep)),
        (header::CONTENT_TYPE, media_type),
    ];
    Ok(if known {
        (StatusCode::NOT_MODIFIED, described).into_response()
    } else {
        (described, file.data.into_owned()).into_response()
    })
}
