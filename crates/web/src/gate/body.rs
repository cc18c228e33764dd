//! How much a request may carry, counted after decoding.
//!
//! The body is read whole before the handler runs, within a deadline, and a gzip body is unpacked here so that a small
//! file cannot become a large one behind the limit. Events are the exception: their parser recognises gzip by content and
//! counts for itself, so their body passes as it was sent. Absent: streaming uploads; what does not fit in memory is
//! imported by the command line.

use std::io::Read;
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::http::{HeaderMap, header};
use flate2::read::MultiGzDecoder;
use http_body_util::{BodyExt, LengthLimitError, Limited};

use crate::problem::{Answer, Problem};

const READ_DEADLINE: Duration = Duration::from_secs(30);
const FILE_DEADLINE: Duration = Duration::from_mins(5);

/// What a route takes as its body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Take {
    /// Nothing; a body is refused.
    Nothing,
    /// A small form, 64 KiB.
    Form,
    /// A JSON document, 1 MiB.
    Json,
    /// A file, 64 MiB.
    File,
    /// Events as sent, 5 MiB; their parser decodes and counts again.
    Events,
}

impl Take {
    /// The most bytes, decoded (for events: as sent).
    pub const fn limit(self) -> usize {
        match self {
            Self::Nothing => 0,
            Self::Form => 64 << 10,
            Self::Json => 1 << 20,
            Self::Events => 5 << 20,
            Self::File => 64 << 20,
        }
    }

    const fn deadline(self) -> Duration {
        match self {
            Self::File => FILE_DEADLINE,
            _ => READ_DEADLINE,
        }
    }
}

/// Reads and decodes a request's body; forgets the headers that described its encoded form.
pub async fn read(take: Take, headers: &mut HeaderMap, body: Body) -> Answer<Bytes> {
    let limit = take.limit();
    if body.is_end_stream() {
        return Ok(Bytes::new());
    }
    if body.size_hint().lower() > limit as u64 {
        return Err(Problem::too_large(limit));
    }
    let collected = tokio::time::timeout(take.deadline(), Limited::new(body, limit).collect());
    let sent = match collected.await {
        Ok(Ok(collected)) => collected.to_bytes(),
        Ok(Err(error)) if error.is::<LengthLimitError>() => return Err(Problem::too_large(limit)),
        Ok(Err(_)) => return Err(Problem::malformed("The body ended before it was complete.")),
        Err(_) => {
            return Err(Problem::refused(
                axum::http::StatusCode::REQUEST_TIMEOUT,
                "slow_body",
                "The body did not arrive in time.",
            ));
        }
    };
    if take == Take::Events {
        return Ok(sent);
    }
    decode(headers, sent, limit)
}

fn decode(headers: &mut HeaderMap, sent: Bytes, limit: usize) -> Answer<Bytes> {
    let Some(encoding) = headers.remove(header::CONTENT_ENCODING) else { return Ok(sent) };
    headers.remove(header::CONTENT_LENGTH);
    match encoding.as_bytes() {
        b"identity" => Ok(sent),
        b"gzip" | b"x-gzip" => {
            let mut plain = Vec::new();
            let mut decoder = MultiGzDecoder::new(sent.as_ref()).take(limit as u64 + 1);
            decoder.read_to_end(&mut plain).map_err(|error| {
                Problem::malformed("The body says it is gzip and cannot be unpacked.").because(error)
            })?;
            if plain.len() > limit { Err(Problem::too_large(limit)) } else { Ok(plain.into()) }
        }
        _ => Err(Problem::malformed("The body's Content-Encoding is not known here; send it plain or as gzip.")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::{HeaderValue, StatusCode};
    use std::io::Write;

    fn gzip(plain: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(plain).unwrap();
        encoder.finish().unwrap()
    }

    async fn send(take: Take, encoding: Option<&'static str>, body: impl Into<Body>) -> Result<usize, StatusCode> {
        let mut headers = HeaderMap::new();
        if let Some(encoding) = encoding {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
        }
        read(take, &mut headers, body.into()).await.map(|bytes| bytes.len()).map_err(|problem| problem.status)
    }

    #[tokio::test]
    async fn decoded_bytes_count() {
        assert_eq!(send(Take::Json, Some("gzip"), gzip(&vec![b'x'; 1 << 20])).await, Ok(1 << 20));
        assert_eq!(
            send(Take::Json, Some("gzip"), gzip(&vec![b'x'; (1 << 20) + 1])).await,
            Err(StatusCode::PAYLOAD_TOO_LARGE)
        );
        let bomb = gzip(&vec![0; 64 << 20]);
        assert!(bomb.len() < Take::Json.limit());
        assert_eq!(send(Take::Json, Some("gzip"), bomb.clone()).await, Err(StatusCode::PAYLOAD_TOO_LARGE));
        assert_eq!(send(Take::Events, Some("gzip"), bomb.clone()).await, Ok(bomb.len()));
    }

    #[tokio::test]
    async fn sent_bytes_count_too() {
        assert_eq!(send(Take::Form, None, vec![b'x'; 64 << 10]).await, Ok(64 << 10));
        assert_eq!(send(Take::Form, None, vec![b'x'; (64 << 10) + 1]).await, Err(StatusCode::PAYLOAD_TOO_LARGE));
        assert_eq!(send(Take::Nothing, None, "x").await, Err(StatusCode::PAYLOAD_TOO_LARGE));
        assert_eq!(send(Take::Nothing, None, "").await, Ok(0));
    }

    #[tokio::test]
    async fn a_body_that_lies_about_itself_is_malformed() {
        assert_eq!(send(Take::Json, Some("gzip"), "{}").await, Err(StatusCode::BAD_REQUEST));
        assert_eq!(send(Take::Json, Some("br"), "{}").await, Err(StatusCode::BAD_REQUEST));
    }
}
