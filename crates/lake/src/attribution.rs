//! Attribution: whose account a user belonged to when something happened, as far
//! as we know it by now. Events are accepted before the answer is known; the answer
//! is applied when they are queried or sealed, never written back into the request
//! they came in.

use std::collections::HashMap;

use domain::{Instant, belonging::Belonging};

/// The accounts of each known user.
#[derive(Debug, Clone, Default)]
pub struct Attribution {
    always: HashMap<i64, i64>,
    over_time: HashMap<i64, Belonging>,
}

impl Attribution {
    /// Users who belong to one account whenever something happens, and those of whom it depends.
    pub fn new(always: Vec<(i64, i64)>, over_time: Vec<(i64, Belonging)>) -> Self {
        Self { always: always.into_iter().collect(), over_time: over_time.into_iter().collect() }
    }

    /// Returns the account at which `user_id` was then, or none while nobody could say.
    pub fn account_of(&self, user_id: i64, then: Instant) -> Option<i64> {
        let always = self.always.get(&user_id).copied();
        always.or_else(|| self.over_time.get(&user_id)?.at(then))
    }

    /// Returns the accounts of `user_id` from one instant to another.
    pub fn accounts_during(&self, user_id: i64, from: Instant, to: Instant) -> impl Iterator<Item = i64> {
        let over_time = self.over_time.get(&user_id).into_iter().flat_map(move |belonging| belonging.during(from, to));
        self.always.get(&user_id).copied().into_iter().chain(over_time)
    }

    /// Tells whether no user is attributed.
    pub fn is_empty(&self) -> bool {
        self.always.is_empty() && self.over_time.is_empty()
    }
}
