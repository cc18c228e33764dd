//! Do groups survive alike? The log-rank test compares observed with expected events at every time.
//! Weighted variants (Peto, Tarone-Ware) are absent: one test, stated once.

use super::{Subject, check_subjects};
use crate::error::{Error, same_length};
use crate::linear::Matrix;
use crate::special::gamma::chi_squared_upper;

/// The result of a log-rank test.
#[derive(Debug, Clone, PartialEq)]
pub struct LogRank {
    /// Chi-squared statistic.
    pub statistic: f64,
    /// Degrees of freedom: groups minus one.
    pub degrees: usize,
    /// Probability of a statistic at least this large if all groups survived alike.
    pub p_value: f64,
    /// Events observed in each group.
    pub observed: Vec<f64>,
    /// Events each group would have had if all survived alike.
    pub expected: Vec<f64>,
}

/// Compares the survival of groups numbered from 0 (Mantel 1966; Peto & Peto 1972).
/// Fails with fewer than two groups or without any event.
pub fn compare(subjects: &[Subject], groups: &[usize]) -> Result<LogRank, Error> {
    check_subjects("log-rank test", subjects)?;
    same_length("subjects and groups", subjects.len(), groups.len())?;
    let count = groups.iter().max().map_or(0, |g| g + 1);
    if count < 2 {
        return Err(Error::TooFew { what: "log-rank groups", needed: 2, found: count });
    }
    let (observed, expected, variance) = tally(subjects, groups, count);
    let free: Vec<usize> = (0..count - 1).collect();
    let difference: Vec<f64> = free.iter().map(|&g| observed[g] - expected[g]).collect();
    let reduced = Matrix::from_fn(free.len(), |i, j| variance[(i, j)]);
    let solved = reduced.solve_positive(&difference).ok_or(Error::NotIdentified {
        what: "log-rank statistic",
        why: "some group never shares a risk set with an event",
    })?;
    let statistic: f64 = difference.iter().zip(&solved).map(|(a, b)| a * b).sum();
    let degrees = count - 1;
    Ok(LogRank { statistic, degrees, p_value: chi_squared_upper(statistic, degrees as f64), observed, expected })
}

fn tally(subjects: &[Subject], groups: &[usize], count: usize) -> (Vec<f64>, Vec<f64>, Matrix) {
    let mut by_exit: Vec<usize> = (0..subjects.len()).collect();
    by_exit.sort_unstable_by(|&a, &b| subjects[b].exit.total_cmp(&subjects[a].exit));
    let mut by_entry = by_exit.clone();
    by_entry.sort_unstable_by(|&a, &b| subjects[b].entry.total_cmp(&subjects[a].entry));
    let (mut observed, mut expected) = (vec![0.0; count], vec![0.0; count]);
    let (mut variance, mut at_risk) = (Matrix::zeros(count), vec![0.0; count]);
    let mut leaving = by_entry.into_iter().peekable();
    for tie in by_exit.chunk_by(|&a, &b| subjects[a].exit == subjects[b].exit) {
        let time = subjects[tie[0]].exit;
        for &i in tie {
            at_risk[groups[i]] += 1.0;
        }
        while let Some(i) = leaving.next_if(|&i| subjects[i].entry > 0.0 && subjects[i].entry >= time) {
            at_risk[groups[i]] -= 1.0;
        }
        let total: f64 = at_risk.iter().sum();
        let events: f64 = tie.iter().filter(|&&i| subjects[i].event).count() as f64;
        if events == 0.0 || total <= 0.0 {
            continue;
        }
        for &i in tie.iter().filter(|&&i| subjects[i].event) {
            observed[groups[i]] += 1.0;
        }
        let spread = if total > 1.0 { events * (total - events) / (total - 1.0) } else { 0.0 };
        for g in 0..count {
            let share = at_risk[g] / total;
            expected[g] += events * share;
            for h in 0..count {
                let same = f64::from(u8::from(g == h));
                variance[(g, h)] += spread * share * (same - at_risk[h] / total);
            }
        }
    }
    (observed, expected, variance)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identical_groups_do_not_differ() {
        let subjects: Vec<_> = (1..=20).map(|t| Subject::from_start(f64::from((t + 1) / 2), t % 5 != 0)).collect();
        let groups: Vec<_> = (0..20).map(|i| i % 2).collect();
        let test = compare(&subjects, &groups).unwrap();
        assert!(test.p_value > 0.5 && test.degrees == 1);
        assert!((test.observed.iter().sum::<f64>() - test.expected.iter().sum::<f64>()).abs() < 1e-12);
        assert!(compare(&subjects, &[0; 20]).is_err());
    }
}
