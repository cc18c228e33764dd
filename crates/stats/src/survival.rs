//! Time until something happens, when for many it has not happened yet.
//! A [`Subject`] is one spell at risk: it enters, it leaves, and leaving was either the event or the end of
//! watching. Entry times make left truncation (an import that starts years after the customers did) and
//! time-varying covariates the same code. Interval censoring is absent.

pub mod accelerated;
pub mod competing;
pub mod cox;
pub mod discrete;
pub mod kaplan_meier;
pub mod log_rank;

use crate::error::{Error, finite, non_negative};

/// One spell at risk, over the half-open time `(entry, exit]`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Subject {
    /// When the spell came under observation; 0 unless truncated on the left.
    pub entry: f64,
    /// When it ended or was last seen.
    pub exit: f64,
    /// Whether it ended by the event (`true`) or by the end of observation (`false`).
    pub event: bool,
}

impl Subject {
    /// A spell watched from time 0.
    pub const fn from_start(exit: f64, event: bool) -> Self {
        Self { entry: 0.0, exit, event }
    }
}

/// Refuses spells that are not finite, begin before zero or end before they begin.
pub(crate) fn check_subjects(what: &'static str, subjects: &[Subject]) -> Result<(), Error> {
    if subjects.is_empty() {
        return Err(Error::TooFew { what, needed: 1, found: 0 });
    }
    for (row, subject) in subjects.iter().enumerate() {
        non_negative("entry time", row, subject.entry)?;
        finite("exit time", row, subject.exit)?;
        if subject.exit < subject.entry {
            return Err(Error::OutOfRange {
                what: "exit time",
                row,
                value: subject.exit,
                expected: "a time not before the entry",
            });
        }
    }
    Ok(())
}

/// The step of a curve: what was at risk and what happened at one distinct time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Risk {
    pub(crate) time: f64,
    pub(crate) present: u64,
    pub(crate) events: u64,
    pub(crate) censored: u64,
}

/// Counts the risk set at every distinct exit time, in time order.
pub(crate) fn risk_table(subjects: &[Subject]) -> Vec<Risk> {
    // A non-negative float's bits order like the float and leave the sign bit free for the event:
    // one integer sort, no comparisons of floats.
    let mut exits: Vec<u64> = subjects.iter().map(|s| ((s.exit + 0.0).to_bits() << 1) | u64::from(s.event)).collect();
    exits.sort_unstable();
    let mut entries: Vec<f64> = subjects.iter().map(|s| s.entry).filter(|&e| e > 0.0).collect();
    entries.sort_unstable_by(f64::total_cmp);
    let mut entered = (subjects.len() - entries.len()) as u64;
    let mut waiting = entries.into_iter().peekable();
    let (mut left, mut table) = (0_u64, Vec::new());
    for group in exits.chunk_by(|a, b| a >> 1 == b >> 1) {
        let time = f64::from_bits(group[0] >> 1);
        while waiting.next_if(|&entry| entry < time).is_some() {
            entered += 1;
        }
        let events = group.iter().filter(|&&key| key & 1 == 1).count() as u64;
        let total = group.len() as u64;
        table.push(Risk { time, present: entered - left.min(entered), events, censored: total - events });
        left += total;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_risk_set_counts_late_entries_and_ties() {
        let subjects = [
            Subject { entry: 0.0, exit: 2.0, event: true },
            Subject { entry: 1.0, exit: 2.0, event: false },
            Subject { entry: 2.0, exit: 5.0, event: true },
        ];
        let table = risk_table(&subjects);
        assert_eq!(table[0], Risk { time: 2.0, present: 2, events: 1, censored: 1 });
        assert_eq!(table[1], Risk { time: 5.0, present: 1, events: 1, censored: 0 });
    }

    #[test]
    fn impossible_spells_are_refused() {
        let refused = |entry, exit| check_subjects("curve", &[Subject { entry, exit, event: true }]).is_err();
        assert!(refused(0.0, f64::NAN) && refused(-1.0, 2.0) && refused(3.0, 2.0));
        assert!(check_subjects("curve", &[]).is_err());
    }
}
