//! Webhooks as vendors send them: who signed what, and what they say. A [`Request`] is what arrived, byte for byte; a
//! [`Sender`] knows how its vendor signs; [`verify`] tells whether the request is theirs, whole and fresh, before a
//! byte of it is understood; [`read`] makes records of it, for the mapping that all records go through.
//!
//! Signatures are over the raw body, so nothing is parsed, unpacked or normalised before. They are compared in constant
//! time. Deliberately absent: remembering which messages came before (that is `engine`'s, by [`Delivery::id`]), and
//! vendors' APIs: what a webhook does not say is not fetched.

mod hmac_of;
mod read;
mod scheme;
mod signature;

use domain::Instant;
use serde::{Deserialize, Serialize};

pub use read::{Delivery, Record, read};
pub use scheme::{Algorithm, Encoding, Scheme};
pub use signature::{Unverified, verify};

/// How old a signature may be, and how far ahead of our clock.
pub const REPLAY_SECONDS: i64 = 300;

/// What arrived.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    /// `POST`, mostly.
    pub method: &'a str,
    /// The address the sender called, as the sender wrote it: some sign it.
    pub uri: &'a str,
    /// Looks a header up by its lower-case name.
    pub header: &'a dyn Fn(&str) -> Option<String>,
    /// The body, untouched.
    pub body: &'a [u8],
    /// When it arrived.
    pub received_at: Instant,
}

impl std::fmt::Debug for Request<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Request").field("uri", &self.uri).field("bytes", &self.body.len()).finish_non_exhaustive()
    }
}

/// Who sends, and so how it is signed and read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "sender", rename_all = "snake_case")]
pub enum Sender {
    /// Stripe: `Stripe-Signature`.
    Stripe,
    /// `HubSpot`: `X-HubSpot-Signature-v3`.
    Hubspot,
    /// Zendesk: `X-Zendesk-Webhook-Signature`.
    Zendesk,
    /// Intercom: `X-Hub-Signature`, without a time.
    Intercom,
    /// Slack's events and buttons: `X-Slack-Signature`.
    Slack,
    /// Whoever follows [Standard Webhooks](https://www.standardwebhooks.com) 1.0.
    Standard,
    /// Anybody else who signs with an HMAC.
    Hmac(Scheme),
}

impl Sender {
    /// The word the sender is stored and shown by.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Stripe => "stripe",
            Self::Hubspot => "hubspot",
            Self::Zendesk => "zendesk",
            Self::Intercom => "intercom",
            Self::Slack => "slack",
            Self::Standard => "standard",
            Self::Hmac(_) => "hmac",
        }
    }

    /// The preset that reads the sender's records while its source has no mapping of its own.
    pub fn preset(&self) -> &'static str {
        match self {
            Self::Stripe | Self::Hubspot | Self::Zendesk | Self::Intercom => self.as_str(),
            Self::Slack | Self::Standard | Self::Hmac(_) => "generic",
        }
    }
}

#[cfg(test)]
mod tests;
