//! Who is asking: passwords, sessions, login links and API tokens.
//!
//! Three kinds of *secret* let somebody in: a password (kept as Argon2id), a session cookie or login link (a random
//! 256-bit word, kept as its SHA-256) and an API token (the same, with a recognisable prefix and a checksum). Knowing
//! who asks is all that happens here; what they may do is [`domain::access::authorize`], called by [`crate::gate`].
//!
//! Deliberately absent: single sign-on, second factors and password rules beyond a minimum length.

pub mod cookie;
pub mod demo;
pub mod link;
pub mod password;
pub mod secret;
pub mod session;
pub mod sign_in;
pub mod token;
