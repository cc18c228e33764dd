//! Several ways to leave, each of which prevents the others: voluntary churn, failed payment, insolvency.
//! The cumulative incidence (Aalen & Johansen 1978) is the probability of having left *by that way* by then;
//! one minus Kaplan-Meier per cause would add up to more than one and is not offered.

use super::{Subject, check_subjects};
use crate::error::{Error, same_length};
use crate::interval::{Confidence, Estimate};

/// The incidences at one distinct time.
#[derive(Debug, Clone, PartialEq)]
pub struct Point {
    /// The time.
    pub time: f64,
    /// Probability of still being here.
    pub survival: f64,
    /// Probability of having left by each cause, in the order of the causes.
    pub incidence: Vec<Estimate>,
}

/// Estimates the cumulative incidence of every cause. `causes[i]` is the zero-based cause of subject `i`'s exit
/// and is read only where its event flag is set. Fails on bad spells, columns of different length or no causes.
pub fn cumulative_incidence(
    subjects: &[Subject],
    causes: &[usize],
    confidence: Confidence,
) -> Result<Vec<Point>, Error> {
    check_subjects("cumulative incidence", subjects)?;
    same_length("subjects and causes", subjects.len(), causes.len())?;
    let left = subjects.iter().zip(causes).filter(|(s, _)| s.event).map(|(_, &c)| c);
    let Some(last) = left.max() else {
        return Err(Error::NotIdentified { what: "cumulative incidence", why: "nobody has left yet" });
    };
    let steps = steps(subjects, causes, last + 1);
    let mut incidence = vec![0.0; last + 1];
    let mut survival = 1.0;
    let mut running: Vec<Running> = vec![Running::default(); last + 1];
    let mut points = Vec::with_capacity(steps.len());
    for step in steps {
        let before = survival;
        let total: f64 = step.events.iter().sum();
        survival *= 1.0 - total / step.at_risk;
        let estimates = (0..=last)
            .map(|cause| {
                incidence[cause] += before * step.events[cause] / step.at_risk;
                running[cause].add(&step, cause, before, incidence[cause]);
                let variance = running[cause].variance(incidence[cause]);
                Estimate::probability(incidence[cause], variance.max(0.0).sqrt(), confidence)
            })
            .collect();
        points.push(Point { time: step.time, survival, incidence: estimates });
    }
    Ok(points)
}

#[derive(Debug, Clone)]
struct Step {
    time: f64,
    at_risk: f64,
    events: Vec<f64>,
}

/// Sums from which the delta-method variance at any later time follows: it is a quadratic in the incidence,
/// `Σ (F(t)-F(u))² a(u) + Σ b(u) - 2 Σ (F(t)-F(u)) c(u)`, so three coefficients suffice.
#[derive(Debug, Clone, Copy, Default)]
struct Running {
    constant: f64,
    linear: f64,
    square: f64,
}

impl Running {
    fn add(&mut self, step: &Step, cause: usize, before: f64, incidence: f64) {
        let (n, own, total) = (step.at_risk, step.events[cause], step.events.iter().sum::<f64>());
        if n <= total {
            // The last one left: no variance of the hazard is defined here.
            return;
        }
        let a = total / (n * (n - total));
        let b = before * before * own * (n - own) / (n * n * n);
        let c = before * own / (n * n);
        self.square += a;
        self.linear += -2.0 * incidence * a - 2.0 * c;
        self.constant += incidence * incidence * a + b + 2.0 * incidence * c;
    }

    fn variance(&self, incidence: f64) -> f64 {
        self.square * incidence * incidence + self.linear * incidence + self.constant
    }
}

fn steps(subjects: &[Subject], causes: &[usize], count: usize) -> Vec<Step> {
    let mut order: Vec<usize> = (0..subjects.len()).collect();
    order.sort_unstable_by(|&a, &b| subjects[a].exit.total_cmp(&subjects[b].exit));
    let mut entries: Vec<f64> = subjects.iter().map(|s| s.entry).collect();
    entries.sort_unstable_by(f64::total_cmp);
    let mut steps = Vec::new();
    let mut gone = 0;
    for tie in order.chunk_by(|&a, &b| subjects[a].exit == subjects[b].exit) {
        let time = subjects[tie[0]].exit;
        let entered = if time > 0.0 { entries.partition_point(|&e| e < time) } else { subjects.len() };
        let at_risk = entered.saturating_sub(gone) as f64;
        let mut events = vec![0.0; count];
        for &i in tie.iter().filter(|&&i| subjects[i].event) {
            events[causes[i]] += 1.0;
        }
        if events.iter().any(|&e| e > 0.0) && at_risk > 0.0 {
            steps.push(Step { time, at_risk, events });
        }
        gone += tie.len();
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn incidences_and_survival_add_up_to_one() {
        let subjects: Vec<_> = (0..60).map(|i| Subject::from_start(1.0 + f64::from(i % 12), i % 4 != 0)).collect();
        let causes: Vec<_> = (0..60).map(|i| usize::from(i % 3 == 0)).collect();
        let points = cumulative_incidence(&subjects, &causes, Confidence::P95).unwrap();
        for p in &points {
            let sum: f64 = p.incidence.iter().map(|e| e.value).sum();
            assert!((sum + p.survival - 1.0).abs() < 1e-12);
            assert!(p.incidence.iter().all(|e| e.interval.low >= 0.0 && e.interval.high <= 1.0));
        }
    }

    #[test]
    fn without_censoring_it_is_a_proportion_with_its_binomial_error() {
        let subjects: Vec<_> = (0..50).map(|i| Subject::from_start(1.0 + f64::from(i), true)).collect();
        let causes: Vec<_> = (0..50).map(|i| usize::from(i % 5 == 0)).collect();
        let points = cumulative_incidence(&subjects, &causes, Confidence::P95).unwrap();
        let at_40 = &points[39].incidence[1];
        assert!((at_40.value - 8.0 / 50.0).abs() < 1e-12);
        assert!((at_40.standard_error - (0.16_f64 * 0.84 / 50.0).sqrt()).abs() < 2e-3);
    }
}
