//! Attribution: whose account a user belongs to, as far as we know it by now.
//! Events are accepted before the answer is known; the answer is applied when
//! they are queried or sealed, never written back into the request they came in.

use std::collections::HashMap;

/// The account of each known user.
#[derive(Debug, Clone, Default)]
pub struct Attribution(HashMap<i64, i64>);

impl Attribution {
    /// Returns the account of `user_id`, or none while nobody could say.
    pub fn account_of(&self, user_id: i64) -> Option<i64> {
        self.0.get(&user_id).copied()
    }

    /// Tells whether no user is attributed.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Collects pairs of user id and account id; the last pair of a user wins.
impl FromIterator<(i64, i64)> for Attribution {
    fn from_iter<I: IntoIterator<Item = (i64, i64)>>(pairs: I) -> Self {
        Self(pairs.into_iter().collect())
    }
}
