//! The understood forms: [`Message`], its [`Kind`], and what is kept of a message that
//! was not understood. They hold no rules; what makes a message good or bad is in
//! `read`.

use domain::Instant;
use sha2::{Digest, Sha256};

use super::Evidence;
use crate::record::{Draft, Fault};

/// One call of the tracking API.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// What it says.
    pub kind: Kind,
    /// Its identity within the source: the sender's, or derived from its content, so
    /// that a retry is recognised either way.
    pub id: String,
    /// Who it is about, by the sender's id.
    pub user_id: Option<String>,
    /// The browser or device it is about, before anybody signed in.
    pub anonymous_id: Option<String>,
    /// What it says about its account, if it says anything.
    pub account: Option<Evidence>,
    /// The domain of the person's mail address, unless anybody can have one there: the
    /// weakest evidence for an account.
    pub mail_domain: Option<String>,
    /// When it happened, by our clock.
    pub occurred_at: Instant,
    /// What the clocks said.
    pub clocks: Clocks,
    /// How many personal properties were removed.
    pub removed: u32,
    /// Whether NUL or broken bytes were taken out of its text.
    pub altered: bool,
    /// The message itself, for those that may have to wait: who somebody is.
    pub text: Option<String>,
    /// Traits that could not be read into their field and were kept as they came.
    pub faults: Vec<Fault>,
}

/// What a message says.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    /// Somebody did something.
    Track(Action),
    /// Somebody saw a page.
    Page(Action),
    /// Somebody saw a screen.
    Screen(Action),
    /// Who somebody is; no draft for somebody who has not signed in.
    Identify(Option<Draft>),
    /// What an account is like. Its key is the group id.
    Group(Draft),
    /// That `previous_id` and the user id are one person.
    Alias {
        /// The id used before.
        previous_id: String,
    },
}

/// Something that becomes an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Action {
    /// What happened, in the product's own words.
    pub name: String,
    /// How many.
    pub quantity: i64,
    /// The remaining properties as a JSON object, nothing personal among them.
    pub properties: Option<String>,
}

/// What the clocks said, kept beside the corrected time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clocks {
    /// When it happened, by the sender's clock.
    pub original: Option<Instant>,
    /// When it was sent, by the sender's clock.
    pub sent: Option<Instant>,
    /// When we received it.
    pub received: Instant,
}

/// A message that was not understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// Its position in the batch, from zero.
    pub index: usize,
    /// Why, for machines.
    pub code: &'static str,
    /// Why, for people.
    pub message: String,
    /// Its text, up to 8 KiB.
    pub body: String,
}

impl Message {
    /// The action, for messages that become events.
    pub fn action(&self) -> Option<&Action> {
        match &self.kind {
            Kind::Track(action) | Kind::Page(action) | Kind::Screen(action) => Some(action),
            Kind::Identify(_) | Kind::Group(_) | Kind::Alias { .. } => None,
        }
    }
}

/// The identity of an event: the first 16 bytes of SHA-256 over the source's id as
/// decimal digits, a zero byte, and the message id.
pub fn event_id(source_id: i64, message_id: &str) -> [u8; 16] {
    let hash = Sha256::new().chain_update(source_id.to_string()).chain_update([0]).chain_update(message_id);
    let digest = hash.finalize();
    std::array::from_fn(|i| digest[i])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn event_ids_are_stable_and_separate_sources() {
        // printf '7\0m1' | sha256sum
        assert_eq!(hex::encode(event_id(7, "m1")), "f1e6b09c049b41621b72d735188bfbac");
        assert_ne!(event_id(1, "11"), event_id(11, "1"));
    }
}
