//! Answers that are kept by what was asked. What is asked again and again of something that does not change in between, a
//! book or a model, is computed once; how many answers are kept is bounded, and what nobody asked for longest goes first.
//!
//! [`Answers`] belong to what they are given from and go with it, so no answer outlives its facts. What somebody may see is
//! part of the question. Absent: time; nothing here grows old.

use std::{
    collections::VecDeque,
    convert::Infallible,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// Answers by question, the one that was asked longest ago first.
#[derive(Debug)]
pub(crate) struct Answers<K, V, const MOST: usize>(Mutex<VecDeque<(K, Arc<V>)>>);

impl<K, V, const MOST: usize> Default for Answers<K, V, MOST> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: PartialEq, V, const MOST: usize> Answers<K, V, MOST> {
    /// The answer as it was given before, or a new one.
    pub(crate) fn of(&self, question: K, answer: impl FnOnce() -> V) -> Arc<V> {
        let made: Result<_, Infallible> = self.try_of(question, || Ok(answer()));
        match made {
            Ok(known) => known,
        }
    }

    /// The same where there may be no answer, which is not kept.
    pub(crate) fn try_of<E>(&self, question: K, answer: impl FnOnce() -> Result<V, E>) -> Result<Arc<V>, E> {
        match self.known(&question) {
            Some(known) => Ok(known),
            // Nobody waits for a long answer to another question; two that ask the same at once both compute it.
            None => Ok(self.keep(question, answer()?)),
        }
    }

    /// The answer that was given before, if it still is there.
    pub(crate) fn known(&self, question: &K) -> Option<Arc<V>> {
        let mut kept = self.kept();
        let at = kept.iter().position(|(other, _)| other == question)?;
        let answer = kept.remove(at)?;
        let known = Arc::clone(&answer.1);
        kept.push_back(answer);
        Some(known)
    }

    /// Keeps an answer, unless somebody else has in the meantime.
    pub(crate) fn keep(&self, question: K, answer: V) -> Arc<V> {
        if let Some(known) = self.known(&question) {
            return known;
        }
        let (mut kept, answer) = (self.kept(), Arc::new(answer));
        while kept.len() >= MOST {
            kept.pop_front();
        }
        kept.push_back((question, Arc::clone(&answer)));
        answer
    }

    fn kept(&self) -> MutexGuard<'_, VecDeque<(K, Arc<V>)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_asked_longest_ago_goes_first() {
        let kept = Answers::<_, _, 2>::default();
        let mut computed = Vec::new();
        for question in [1, 2, 1, 3, 1, 2] {
            let answer = kept.of(question, || {
                computed.push(question);
                10 * question
            });
            assert_eq!(*answer, 10 * question);
        }
        assert_eq!(computed, [1, 2, 3, 2], "one was asked again before three came, and stayed");
    }

    #[test]
    fn a_failure_is_not_kept() {
        let kept = Answers::<_, i32, 2>::default();
        assert_eq!(kept.try_of("a", || Err("broken")), Err("broken"));
        assert_eq!(kept.try_of("a", || Ok::<_, &str>(1)), Ok(Arc::new(1)));
    }
}
