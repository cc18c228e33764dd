//! What the messages of one request say about people. A batch is many events of few people, and nearly all of them say
//! again where somebody belongs; what was just said of a person is kept once, from its earliest time on. Absent: what
//! follows from it, which the inbox decides.

use std::collections::HashMap;

use domain::Instant;
use store::inbox::SeenUser;

/// What a message says about where somebody belongs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Saying {
    /// The account they were grouped with.
    pub(super) account: Option<i64>,
    /// The account of their mail domain.
    pub(super) likely: Option<i64>,
    /// The contact they were found to be.
    pub(super) contact: Option<i64>,
}

/// What the messages of one request say about people. Most say again what was just said, and then it is kept once, from
/// its earliest time on.
#[derive(Debug, Default)]
pub(super) struct Sayings {
    users: Vec<SeenUser>,
    last: HashMap<String, (Saying, usize)>,
}

impl Sayings {
    /// Takes in what was said of somebody, and for which time.
    pub(super) fn hear(&mut self, external_id: String, saying: Saying, at: Instant) {
        if let Some((said, position)) = self.last.get(&external_id)
            && *said == saying
        {
            let known = &mut self.users[*position];
            known.at = known.at.min(at);
            return;
        }
        self.last.insert(external_id.clone(), (saying, self.users.len()));
        let Saying { account: account_id, likely: likely_account_id, contact: contact_id } = saying;
        self.users.push(SeenUser { external_id, account_id, likely_account_id, contact_id, at });
    }

    /// What is to be remembered, in the order it was said.
    pub(super) fn into_users(self) -> Vec<SeenUser> {
        self.users
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: i64) -> Instant {
        Instant::from_timestamp(60 * minute, 0).unwrap()
    }

    #[test]
    fn what_is_said_again_is_kept_once_from_its_earliest_time() {
        let (acme, globex) =
            (Saying { account: Some(1), ..Saying::default() }, Saying { account: Some(2), ..Saying::default() });
        let mut sayings = Sayings::default();
        for (user, saying, minute) in [
            ("ann", acme, 5),
            ("bob", acme, 6),
            ("ann", acme, 3),
            ("ann", globex, 7),
            ("ann", globex, 9),
            ("ann", acme, 8),
        ] {
            sayings.hear(user.to_owned(), saying, at(minute));
        }
        let kept = sayings.into_users();
        let kept: Vec<_> = kept.iter().map(|user| (user.external_id.as_str(), user.account_id, user.at)).collect();
        let expected =
            [("ann", Some(1), at(3)), ("bob", Some(1), at(6)), ("ann", Some(2), at(7)), ("ann", Some(1), at(8))];
        assert_eq!(kept, expected);
    }
}
