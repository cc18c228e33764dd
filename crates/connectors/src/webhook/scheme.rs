//! How anybody signs: which header, which hash, which alphabet, what is signed, and where in the body the message's id
//! and its record lie. It covers GitHub, Cal.com, Chatwoot, Lago and most others.
//!
//! Deliberately absent: public-key signatures, and hashes without a key.

use serde::{Deserialize, Serialize};

/// How a sender signs and where its message lies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scheme {
    /// The header with the signature.
    pub header: String,
    /// What stands before the signature in the header, such as `sha256=`.
    #[serde(default)]
    pub prefix: String,
    /// The hash.
    #[serde(default)]
    pub algorithm: Algorithm,
    /// How the signature is written.
    #[serde(default)]
    pub encoding: Encoding,
    /// The header with the time in seconds, if one is signed as `TIME.BODY`; without it, there is no replay window.
    #[serde(default)]
    pub timestamp_header: Option<String>,
    /// Where the message's id lies in the body; a digest of the body where it has none.
    #[serde(default)]
    pub id: Option<String>,
    /// The stream of its records, or the path in the body where the stream is named, as `$.type`.
    #[serde(default)]
    pub stream: Option<String>,
    /// Where the record lies in the body; the whole body if nothing is said.
    #[serde(default)]
    pub record: Option<String>,
}

/// The hash of an HMAC.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Algorithm {
    /// SHA-1, which is still sound in an HMAC.
    Sha1,
    /// SHA-256.
    #[default]
    Sha256,
    /// SHA-512.
    Sha512,
}

/// How the bytes of a signature are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Encoding {
    /// Hexadecimal.
    #[default]
    Hex,
    /// Base64.
    Base64,
}
