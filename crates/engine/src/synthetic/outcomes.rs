//! What was agreed with an account and what came of it: objectives with baseline, target and actual, and the
//! milestones of onboarding. Progress is the healthier the account was while it lasted.

use domain::Day;
use store::milestone::Model as Milestone;
use store::objective::{Kind, Model as Objective};

use super::calendar::{add_months, at, days_between, shift};
use super::records::Ledger;
use super::stream::{Stream, Topic, logistic};
use super::subject::Subject;

/// A result that accounts agree on with us.
#[derive(Debug, Clone, Copy)]
struct Goal {
    title: &'static str,
    kind: Kind,
    unit: &'static str,
    /// Usual value at the start.
    from: f64,
    /// Share of the baseline by which the target differs; negative where less is better.
    change: f64,
}

const GOALS: [Goal; 10] = [
    goal("Shorten the approval of purchases", Kind::Performance, "days", 9.0, -0.4),
    goal("Deliver projects on time", Kind::Performance, "% on time", 61.0, 0.3),
    goal("Answer internal requests faster", Kind::Performance, "hours", 52.0, -0.5),
    goal("Spend less time on status reports", Kind::Cost, "hours a week", 38.0, -0.45),
    goal("Retire the old ticket tool", Kind::Cost, "thousand dollars a year", 64.0, -0.8),
    goal("Fewer missed compliance deadlines", Kind::Risk, "a quarter", 14.0, -0.7),
    goal("Document every release decision", Kind::Risk, "% documented", 45.0, 0.9),
    goal("More campaigns with the same team", Kind::Revenue, "campaigns a quarter", 11.0, 0.5),
    goal("Faster onboarding of clients", Kind::Revenue, "days", 34.0, -0.35),
    goal("More billable hours", Kind::Revenue, "% billable", 58.0, 0.15),
];

const fn goal(title: &'static str, kind: Kind, unit: &'static str, from: f64, change: f64) -> Goal {
    Goal { title, kind, unit, from, change }
}

/// Steps of onboarding: title, weight, days after the start.
const STEPS: [(&str, i32, i64); 6] = [
    ("Kick-off held", 1, 7),
    ("Data connected", 2, 21),
    ("First process live", 3, 38),
    ("Administrators trained", 1, 48),
    ("Team invited", 1, 60),
    ("First outcome confirmed", 4, 90),
];

/// Writes objectives, one after another over the relationship.
pub(super) fn write_objectives(subject: &Subject<'_>, ledger: &mut Ledger) {
    if subject.profile.missing.objectives {
        return;
    }
    let mut stream = subject.stream(Topic::Outcome);
    let parallel = if subject.is_strategic() { 2 } else { 1 };
    let mut agreed = shift(subject.first_day(), stream.between(20, 60));
    while agreed < subject.last_day() {
        let months = stream.between(5, 11) as i32;
        let first = stream.between(0, GOALS.len() as i64 - 1) as usize;
        for goal in GOALS.iter().cycle().skip(first).step_by(3).take(parallel) {
            pursue(subject, goal, agreed, add_months(agreed, months), &mut stream, ledger);
        }
        agreed = shift(add_months(agreed, months), stream.between(5, 70));
    }
}

fn pursue(subject: &Subject<'_>, goal: &Goal, agreed: Day, due_on: Day, stream: &mut Stream, ledger: &mut Ledger) {
    let most = if goal.unit.starts_with('%') { 98.0 } else { f64::INFINITY };
    let baseline = tenth(stream.spread(goal.from, 0.2).min(0.8 * most));
    let target = tenth((baseline * (1.0 + goal.change * stream.spread(1.0, 0.2)).max(0.05)).min(most));
    let mut progress = 0.0;
    let mut states = vec![Objective {
        id: 0,
        account_id: subject.id(),
        title: goal.title.to_owned(),
        kind: goal.kind,
        unit: Some(goal.unit.to_owned()),
        baseline: Some(baseline),
        target: Some(target),
        actual: None,
        effective_from: agreed,
        due_on,
        achieved_on: None,
        recorded_at: at(agreed, 15 * 3600),
    }];
    // Measured every other month until it is reached, or until nobody asks any more.
    let whole = days_between(agreed, due_on).max(1) as f64;
    let mut day = shift(agreed, stream.between(50, 70));
    while day < subject.last_day() && days_between(due_on, day) < 120 {
        let pace = 1.6 * logistic(-0.1 + 0.9 * subject.latent(day)) + 0.2 * stream.normal();
        progress = (progress + pace * 60.0 / whole).clamp(-0.2, 1.3);
        let reached = progress >= 1.0;
        if let Some(last) = states.last() {
            states.push(Objective {
                actual: Some(tenth((baseline + (target - baseline) * progress).clamp(0.0, most))),
                achieved_on: reached.then_some(day),
                recorded_at: at(day, 15 * 3600),
                ..last.clone()
            });
        }
        if reached {
            break;
        }
        day = shift(day, stream.between(52, 68));
    }
    ledger.write_history(states);
}

fn tenth(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

/// Writes the milestones of onboarding. Accounts that were there before the window are long through.
pub(super) fn write_milestones(subject: &Subject<'_>, ledger: &mut Ledger) {
    let mut stream = Stream::new(subject.seed, Topic::Outcome, subject.id(), 1);
    let start = subject.profile.start;
    let latent = subject.latent(start);
    let mut earliest = start;
    for (title, weight, days) in STEPS {
        let due_on = shift(start, days);
        let drag = stream.spread((-0.45 * latent).exp(), 0.45);
        let reached_on = shift(start, (days as f64 * drag) as i64).max(earliest);
        earliest = reached_on;
        let is_given_up = days_between(due_on, reached_on) > 150 || !subject.is_customer(reached_on);
        let planned = Milestone {
            id: 0,
            account_id: subject.id(),
            title: title.to_owned(),
            weight,
            due_on,
            reached_on: None,
            recorded_at: at(start, 9 * 3600),
        };
        let reached = (!is_given_up).then(|| Milestone {
            reached_on: Some(reached_on),
            recorded_at: at(reached_on, 17 * 3600),
            ..planned.clone()
        });
        ledger.write_history([Some(planned), reached].into_iter().flatten().collect());
    }
}
