//! An [`Event`]: one immutable fact about usage. It names an account and a user
//! only by opaque numbers; whatever identifies a person lives in records, so that
//! erasing somebody never rewrites history.

use serde::{Deserialize, Serialize};

use crate::Instant;

/// One thing that happened in the customer's use of the product.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// Identity of the fact: the first 16 bytes of SHA-256 over its source and message id.
    pub id: [u8; 16],
    /// The source it came through.
    pub source_id: i64,
    /// The account it belongs to, once somebody could say so.
    pub account_id: Option<i64>,
    /// The opaque number of the user who did it.
    pub user_id: Option<i64>,
    /// What happened, in the product's own words: `report_viewed`.
    pub name: String,
    /// When it happened.
    pub occurred_at: Instant,
    /// When we learned of it.
    pub recorded_at: Instant,
    /// How many; one unless the sender said otherwise.
    pub quantity: i64,
    /// Remaining properties as a JSON object, personal keys removed.
    pub properties: Option<String>,
}
