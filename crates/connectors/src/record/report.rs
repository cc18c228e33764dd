//! The counts of an import, dry or real. `engine` fills them in, since only it
//! knows what a draft changes.

use serde::{Deserialize, Serialize};

/// What an import did, or would do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// Rows that were read.
    pub rows: u64,
    /// Records that came to be.
    pub created: u64,
    /// Records that changed.
    pub updated: u64,
    /// Records that stayed as they were.
    pub unchanged: u64,
    /// Rows passed over because they repeat an earlier one.
    pub skipped: u64,
    /// Rows that were refused.
    pub failed: u64,
}
