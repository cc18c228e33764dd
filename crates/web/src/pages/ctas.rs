//! `/ctas`: what there is to do, as a list and as a board, and a page for each
//! CTA on which it is worked. Everything here shows only CTAs of accounts one may
//! see, and every change goes through [`crate::work`], which writes it together
//! with the change that tells of it. Absent: opening CTAs by signals, which
//! playbooks do.

pub mod act;
mod history;
pub mod list;
pub mod new;
pub mod one;
mod view;
mod why;

use domain::Day;
use engine::Definitions;
use maud::{Markup, html};
use report::Ink;
use store::Cta;
use store::cta::{Kind, Outcome, Priority, Status};

use crate::ui::{format, pill};

/// A priority as a pill.
pub(super) fn priority(priority: Priority) -> Markup {
    pill::pill(priority_ink(priority), priority_word(priority))
}

fn priority_ink(priority: Priority) -> Ink {
    match priority {
        Priority::High => Ink::Red,
        Priority::Medium => Ink::Yellow,
        Priority::Low => Ink::Grey,
    }
}

fn priority_word(priority: Priority) -> &'static str {
    match priority {
        Priority::High => "High",
        Priority::Medium => "Medium",
        Priority::Low => "Low",
    }
}

fn status_word(status: Status) -> &'static str {
    match status {
        Status::Open => "Open",
        Status::InProgress => "In progress",
        Status::Closed => "Closed",
    }
}

fn kind_word(kind: Kind) -> &'static str {
    match kind {
        Kind::Risk => "Risk",
        Kind::Opportunity => "Opportunity",
        Kind::Lifecycle => "Lifecycle",
        Kind::Objective => "Objective",
        Kind::Activity => "Activity",
    }
}

fn outcome_word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Recovered => "Recovered",
        Outcome::Lost => "Lost",
        Outcome::Done => "Done",
        Outcome::Dismissed => "Dismissed",
    }
}

fn outcome_ink(outcome: Outcome) -> Ink {
    match outcome {
        Outcome::Recovered | Outcome::Done => Ink::Green,
        Outcome::Lost => Ink::Red,
        Outcome::Dismissed => Ink::Grey,
    }
}

/// A reason for people: the rule's name, or the key with spaces.
fn reason_word(definitions: &Definitions, key: &str) -> String {
    match definitions.rule(key) {
        Some(rule) => rule.name.clone(),
        None => {
            let mut words = key.replace('_', " ");
            if let Some(first) = words.get_mut(..1) {
                first.make_ascii_uppercase();
            }
            words
        }
    }
}

/// Whether it should have been done by now.
pub(super) fn overdue(cta: &Cta, today: Day) -> bool {
    cta.status != Status::Closed && cta.due_on < today
}

/// Whether it is out of sight until a later day.
pub(super) fn snoozed(cta: &Cta, today: Day) -> bool {
    cta.status != Status::Closed && cta.snoozed_until.is_some_and(|until| until > today)
}

/// When it is due, how late it is, or until when it sleeps.
pub(super) fn due(cta: &Cta, today: Day) -> Markup {
    let days = (today - cta.due_on).num_days();
    html! {
        @if let Some(closed_at) = cta.closed_at { "closed " (format::relative(domain::time::day_of(closed_at), today)) }
        @else if let Some(until) = cta.snoozed_until.filter(|until| *until > today) {
            "snoozed until " (format::day(until))
        }
        @else if days > 0 {
            b.bad title=(cta.due_on) { (format::counted(days, "day", "days")) " overdue" }
        }
        @else { (format::relative(cta.due_on, today)) }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use domain::Instant;

    pub(in crate::pages) fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    pub(in crate::pages) fn instant(text: &str) -> Instant {
        text.parse().unwrap()
    }

    /// An open CTA of Orchard Ltd (account 7) that belongs to member 3.
    pub(in crate::pages) fn cta(id: i64, due_on: &str, priority: Priority) -> Cta {
        Cta {
            id,
            account_id: 7,
            kind: Kind::Risk,
            reason: "usage_decline".to_owned(),
            title: "Usage declines: Orchard Ltd".to_owned(),
            detail: Some("Active users, 28 days: 9".to_owned()),
            priority,
            status: Status::Open,
            outcome: None,
            owner_id: Some(3),
            due_on: day(due_on),
            snoozed_until: None,
            signal_id: Some(1),
            run_id: Some(1),
            dedupe_key: format!("key {id}"),
            created_at: instant("2026-11-18T09:00:00Z"),
            closed_at: None,
        }
    }

    #[test]
    fn what_is_late_says_how_late() {
        let today = day("2026-11-22");
        let late = cta(1, "2026-11-20", Priority::High);
        assert_eq!(due(&late, today).into_string(), "<b class=\"bad\" title=\"2026-11-20\">2 days overdue</b>");
        assert!(overdue(&late, today) && !overdue(&cta(2, "2026-11-22", Priority::High), today));
        let asleep = Cta { snoozed_until: Some(day("2026-11-30")), ..late };
        assert!(due(&asleep, today).into_string().starts_with("snoozed until"));
        assert!(snoozed(&asleep, today) && !snoozed(&asleep, day("2026-11-30")));
    }

    #[test]
    fn a_reason_without_a_rule_is_still_words() {
        let definitions = Definitions::shipped().unwrap();
        assert_eq!(reason_word(&definitions, "usage_decline"), "Usage declines");
        assert_eq!(reason_word(&definitions, "by_hand"), "By hand");
        assert_eq!(reason_word(&definitions, ""), "");
        assert_eq!(reason_word(&definitions, "über"), "über");
    }
}
