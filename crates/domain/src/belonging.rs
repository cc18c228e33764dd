//! Belonging: at which account somebody was when they did something. An event often says who and not where, and may
//! arrive long after it happened; it counts for the account its user was a member of *then*, not now (T8).
//!
//! A membership begins when it was first said and has no end, since no convention says that one ended. So whoever was
//! grouped with one account and later with another was at the first until then, and is at both after; where the two
//! would do, what a person has chosen decides, and else nothing: an account is never guessed (T9). What happened before
//! anything was said belongs to the first account named, because browsers track before they group.

use crate::Instant;

/// The accounts of a user over time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Belonging {
    /// Before the first of `later`.
    first: Option<i64>,
    /// From an instant on, oldest first.
    later: Vec<(Instant, Option<i64>)>,
}

impl Belonging {
    /// Somebody who was never at two accounts.
    pub const fn always(account_id: Option<i64>) -> Self {
        Self { first: account_id, later: Vec::new() }
    }

    /// Somebody who was grouped with these accounts, each since an instant, and is `settled` at one of them, or at the
    /// one of the contact they are, as far as that is known.
    pub fn over(ties: &[(i64, Instant)], settled: Option<i64>) -> Self {
        let mut ties = ties.to_vec();
        ties.sort_unstable_by_key(|(account, since)| (*since, *account));
        let of_a_member = settled.is_some_and(|account| ties.iter().any(|(tied, _)| *tied == account));
        let mut members: Vec<i64> = Vec::new();
        let mut periods = ties.chunk_by(|one, next| one.1 == next.1).map(|said| {
            members.extend(said.iter().map(|(account, _)| *account));
            members.sort_unstable();
            members.dedup();
            let account = match members.as_slice() {
                [only] => Some(*only),
                several => settled.filter(|account| !of_a_member || several.contains(account)),
            };
            (said[0].1, account)
        });
        let Some((_, first)) = periods.next() else { return Self::always(settled) };
        let later = periods.collect();
        Self { first, later }
    }

    /// The account at an instant; none while it is not known which of several.
    pub fn at(&self, instant: Instant) -> Option<i64> {
        let begun = self.later.partition_point(|(since, _)| *since <= instant);
        begun.checked_sub(1).map_or(self.first, |last| self.later[last].1)
    }

    /// The accounts from one instant to another, both included.
    pub fn during(&self, from: Instant, to: Instant) -> impl Iterator<Item = i64> {
        let begun = self.later.iter().filter(move |(since, _)| from < *since && *since <= to);
        std::iter::once(self.at(from)).chain(begun.map(|(_, account)| *account)).flatten()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn on(day: u32) -> Instant {
        format!("2026-06-{day:02}T12:00:00Z").parse().unwrap()
    }

    #[test]
    fn an_event_counts_where_its_user_was_at_the_time() {
        let moved = Belonging::over(&[(8, on(20)), (7, on(10))], None);
        let accounts = [1, 10, 19, 20, 28].map(|day| moved.at(on(day)));
        assert_eq!(accounts, [Some(7), Some(7), Some(7), None, None], "at both since the 20th, and not guessed");
        assert_eq!(moved.during(on(1), on(28)).collect::<Vec<_>>(), [7]);
        assert_eq!(moved.during(on(20), on(28)).count(), 0);
    }

    #[test]
    fn what_a_person_chose_decides_between_several_and_not_before_them() {
        let chosen = Belonging::over(&[(7, on(10)), (8, on(20)), (9, on(25))], Some(8));
        assert_eq!([15, 20, 26].map(|day| chosen.at(on(day))), [Some(7), Some(8), Some(8)]);
        let late = Belonging::over(&[(7, on(10)), (8, on(20)), (9, on(25))], Some(9));
        assert_eq!([15, 22, 26].map(|day| late.at(on(day))), [Some(7), None, Some(9)], "not yet a member on the 22nd");
        let contact = Belonging::over(&[(7, on(10)), (8, on(20))], Some(5));
        assert_eq!([15, 22].map(|day| contact.at(on(day))), [Some(7), Some(5)], "the contact works elsewhere");
    }

    #[test]
    fn groups_named_at_once_leave_nothing_to_tell_them_apart() {
        let both = Belonging::over(&[(7, on(10)), (8, on(10))], None);
        assert_eq!((both.at(on(1)), both.at(on(15))), (None, None));
        assert_eq!(Belonging::over(&[], Some(3)), Belonging::always(Some(3)));
    }

    proptest! {
        #[test]
        fn the_order_in_which_ties_are_told_does_not_matter(
            ties in prop::collection::vec((1..4_i64, 1..28_u32), 0..6), settled in prop::option::of(1..5_i64), day in 1..28_u32
        ) {
            let ties: Vec<(i64, Instant)> = ties.into_iter().map(|(account, day)| (account, on(day))).collect();
            let reversed: Vec<_> = ties.iter().rev().copied().collect();
            let told = Belonging::over(&ties, settled);
            prop_assert_eq!(&told, &Belonging::over(&reversed, settled));
            let at = told.at(on(day));
            prop_assert!(at.is_none_or(|account| told.during(on(1), on(28)).any(|one| one == account)));
            prop_assert!(at.is_none_or(|account| settled == Some(account) || ties.iter().any(|(tied, _)| *tied == account)));
        }
    }
}
