//! The Segment tracking API, as Segment, `RudderStack` and Jitsu clients really
//! speak it: identify, group, track, page, screen, alias, alone or in batches.
//!
//! Three nouns. A [`Route`] is what the path says about the body; a [`Batch`] is
//! what became of the body; a [`Message`] is one understood call. Bodies are read
//! by their content, never by their content type (T1). One bad message never
//! loses its batch: it becomes a [`Refused`] with a reason and its text (T4). A
//! whole body is refused only when it cannot be cut into messages at all.
//!
//! Deliberately absent: attribution. A message carries the [`Evidence`] for its
//! account, and `engine` decides, when sealing (T8, T9). Also absent: `context` and
//! `integrations`, which are read for evidence and then dropped.

mod body;
mod clock;
mod evidence;
mod key;
mod message;
mod read;
mod traits;

use std::borrow::Cow;

use domain::Instant;

use crate::json::{self, Value};
use crate::record::{DerivedKeys, shorten};

pub use body::decode;
pub use evidence::Evidence;
pub use key::{Credentials, unescape, write_key};
pub use message::{Action, Clocks, Kind, Message, Refused, event_id};

/// What the path of a request says about its body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Route {
    /// Many messages, each naming its type.
    Batch,
    /// One message of this type, unless it names another.
    One(Call),
}

/// The calls of the tracking API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Call {
    /// Who somebody is.
    Identify,
    /// Which account somebody belongs to, and what it is like.
    Group,
    /// What somebody did.
    Track,
    /// Which page somebody saw.
    Page,
    /// Which screen somebody saw.
    Screen,
    /// That two ids are one person.
    Alias,
}

impl Call {
    /// The call a word names, whatever its case.
    pub fn parse(word: &str) -> Option<Self> {
        match word.to_ascii_lowercase().as_str() {
            "identify" | "i" => Some(Self::Identify),
            "group" | "g" => Some(Self::Group),
            "track" | "t" => Some(Self::Track),
            "page" | "p" => Some(Self::Page),
            "screen" | "s" => Some(Self::Screen),
            "alias" | "a" => Some(Self::Alias),
            _ => None,
        }
    }
}

impl Route {
    /// The route of a path: `/v1/batch`, `/v1/t`, `/beacon/v1/batch`, `/api/s/s2s/track` and
    /// their like. `None` for paths that are not part of the tracking API.
    pub fn from_path(path: &str) -> Option<Self> {
        let path = path.trim_matches('/');
        let word = ["v1/", "beacon/v1/", "api/s/s2s/", "api/s/"].iter().find_map(|base| path.strip_prefix(base))?;
        match word {
            "batch" | "import" | "b" => Some(Self::Batch),
            call => Call::parse(call).map(Self::One),
        }
    }
}

/// What a source may send.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Bytes of a body after decompression.
    pub decoded_bytes: usize,
    /// Messages of a batch.
    pub messages: usize,
    /// Bytes of one message, as it was written.
    pub message_bytes: usize,
    /// Where to look for the account of a message, in this order, as dotted paths.
    pub account_paths: Vec<String>,
}

impl Default for Limits {
    /// 8 MiB, 5,000 messages, 32 KiB each: Segment allows 500 KB and 2,500, and
    /// `RudderStack`'s Python client sends up to 4 MB.
    fn default() -> Self {
        Self {
            decoded_bytes: 8 << 20,
            messages: 5_000,
            message_bytes: 32 << 10,
            account_paths: evidence::DEFAULT_PATHS.iter().map(|path| (*path).to_owned()).collect(),
        }
    }
}

/// What became of a body.
#[derive(Debug, Clone, Default)]
pub struct Batch {
    /// The messages that were understood, in order.
    pub messages: Vec<Message>,
    /// The messages that were not.
    pub refused: Vec<Refused>,
    /// The write key the body carries; Segment's clients send it there as well.
    pub write_key: Option<String>,
}

/// Why a whole body was refused. Every answer is one clients do not retry.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct BatchError {
    /// HTTP status: 400 or 413.
    pub status: u16,
    /// Stable word for machines.
    pub code: &'static str,
    /// What is wrong and what to do.
    pub message: String,
}

impl BatchError {
    fn bad(code: &'static str, message: impl Into<String>) -> Self {
        Self { status: 400, code, message: message.into() }
    }

    fn large(code: &'static str, message: impl Into<String>) -> Self {
        Self { status: 413, code, message: message.into() }
    }
}

/// Bytes of a refused message that are kept for the debugger.
const REFUSED_BYTES: usize = 8 << 10;

/// Understands a request body received at `received_at`.
pub fn parse(
    body: &[u8],
    route: Route,
    content_encoding: Option<&str>,
    limits: &Limits,
    received_at: Instant,
) -> Result<Batch, BatchError> {
    let bytes = body::decode(body, content_encoding, limits.decoded_bytes)?;
    // Nearly every body is UTF-8, which is seen faster than what is not is mended.
    let text = str::from_utf8(&bytes).map_or_else(|_| String::from_utf8_lossy(&bytes), Cow::Borrowed);
    let envelope = Envelope::open(&text, limits)?;
    let mut batch = Batch { write_key: envelope.write_key(), ..Batch::default() };
    let reader = read::Reader {
        hint: match route {
            Route::Batch => None,
            Route::One(call) => Some(call),
        },
        context: envelope.context.as_ref(),
        sent_at: envelope.sent_at.as_ref(),
        limits,
        received_at,
        repaired: matches!(text, Cow::Owned(_)),
    };
    let mut derived = DerivedKeys::default();
    for (index, raw) in envelope.messages.iter().enumerate() {
        match reader.message(raw, index, &mut derived) {
            Ok(message) => batch.messages.push(message),
            Err((code, message)) => {
                let body = shorten(raw, REFUSED_BYTES).to_owned();
                batch.refused.push(Refused { index, code, message, body });
            }
        }
    }
    Ok(batch)
}

/// A body cut into raw messages and what they share.
struct Envelope<'a> {
    messages: Vec<&'a str>,
    context: Option<Value<'a>>,
    sent_at: Option<Value<'a>>,
    keys: Vec<Value<'a>>,
}

impl<'a> Envelope<'a> {
    fn open(text: &'a str, limits: &Limits) -> Result<Self, BatchError> {
        let text = text.trim_start_matches('\u{feff}').trim();
        let broken = |error: json::JsonError| BatchError::bad("broken_json", format!("The body is {error}."));
        let mut envelope = Self { messages: Vec::new(), context: None, sent_at: None, keys: Vec::new() };
        let list = if text.is_empty() {
            return Err(BatchError::bad(
                "empty_body",
                "The body is empty; send one message or a batch of them as JSON.",
            ));
        } else if text.starts_with('[') {
            text
        } else {
            let members = json::members(text).map_err(broken)?;
            let member = |wanted: &str| members.iter().rev().find(|(key, _)| key == wanted).map(|(_, raw)| *raw);
            envelope.keys = ["writeKey", "api_key"].into_iter().filter_map(|key| value(member(key)?)).collect();
            let Some(list) = member("batch") else {
                json::parse(text).map_err(broken)?;
                envelope.messages.push(text);
                return Ok(envelope);
            };
            envelope.context = member("context").and_then(value);
            envelope.sent_at = member("sentAt").and_then(value);
            list
        };
        envelope.messages = json::elements(list, limits.messages).map_err(broken)?;
        if envelope.messages.len() > limits.messages {
            let message = format!("The batch holds more than {} messages; send smaller ones.", limits.messages);
            return Err(BatchError::large("too_many_messages", message));
        }
        Ok(envelope)
    }

    /// The first key that is not masked, from the envelope or the first message.
    fn write_key(&self) -> Option<String> {
        let first = self.messages.first().and_then(|raw| value(raw));
        let inside = first.as_ref().and_then(|message| message.get("writeKey").or_else(|| message.get("api_key")));
        self.keys.iter().chain(inside).filter_map(Value::as_text).find_map(key::plain)
    }
}

/// A shared member; one that is broken is as good as missing.
fn value(raw: &str) -> Option<Value<'_>> {
    json::parse(raw).ok().map(|document| document.value)
}

#[cfg(test)]
mod tests;
