//! What just changed, for whoever watches: one small message per change, sent to
//! every open page. A page decides for itself whether it shows the account, and
//! fetches what it shows; nothing of the account travels here.

/// One change worth redrawing for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Live {
    /// An account was recomputed.
    Account {
        /// The account.
        id: i64,
    },
    /// The whole book was recomputed.
    Book {
        /// Its version.
        version: u64,
    },
}
