//! Signal rules and playbooks: when a risk opens and closes, what it rests on, and what happens then. It shows the
//! rules and runs none.

use domain::playbook::{Playbook, StepTemplate};
use domain::signal::{Kind, Rule, Severity};
use engine::Definitions;
use maud::{Markup, html};
use report::Ink;

use super::Open;
use crate::ui::card::{card, card_with, definitions as terms};
use crate::ui::{Link, format, notice, pill};

/// The signal rules.
pub(super) fn signals(definitions: &Definitions, open: &Open) -> Markup {
    html! {
        p.muted {
            "A signal opens when its first expression holds and closes when its second does; in between, and where an "
            "input is unknown, nothing changes."
        }
        @if definitions.rules.is_empty() {
            (notice::empty("No signal rules", "Add a file to definitions/signals in the home folder.", &html! {}))
        }
        @for compiled in &definitions.rules {
            (rule(definitions, &compiled.rule, open.get(&compiled.rule.key).copied().unwrap_or(0)))
        }
    }
}

fn rule(definitions: &Definitions, rule: &Rule, open: i64) -> Markup {
    let now = html! { span.muted { "open on " (format::counted(open, "account", "accounts")) } };
    let evidence = html! { @for (at, key) in rule.evidence.iter().enumerate() {
        @if at > 0 { ", " }
        a href=(Link::to("/definitions").with("q", key)) { (definitions.catalogue.get(key).map_or(key.as_str(), |metric| &metric.name)) }
    } };
    let starts = definitions.playbooks.iter().filter(|playbook| playbook.trigger.signals.contains(&rule.key));
    let starts: Vec<&str> = starts.map(|playbook| playbook.name.as_str()).collect();
    card_with(
        &rule.name,
        &now,
        &html! {
            p { (pill::pill(severity_ink(rule.severity), severity_word(rule.severity))) " " (kind_word(rule.kind))
                " · " code { (rule.key) } }
            p { (rule.doc) }
            div.card-body { (terms(&[
                ("Opens when", html! { code { (rule.open_when) } }),
                ("Closes when", html! { code { (rule.close_when) } }),
                ("Evidence", evidence),
                ("Starts", html! { @if starts.is_empty() { "nothing" } @else { (starts.join(", ")) } }),
            ])) }
        },
    )
}

fn severity_ink(severity: Severity) -> Ink {
    match severity {
        Severity::High => Ink::Red,
        Severity::Medium => Ink::Yellow,
        Severity::Low => Ink::Grey,
    }
}

fn severity_word(severity: Severity) -> &'static str {
    match severity {
        Severity::High => "High",
        Severity::Medium => "Medium",
        Severity::Low => "Low",
    }
}

fn kind_word(kind: Kind) -> &'static str {
    match kind {
        Kind::Risk => "Risk",
        Kind::Opportunity => "Opportunity",
    }
}

/// The playbooks.
pub(super) fn playbooks(definitions: &Definitions) -> Markup {
    html! {
        p.muted {
            "A playbook runs once for every time one of its signals opens. Its plan is written down before anything "
            "happens, and each of its steps happens exactly once."
        }
        @if definitions.playbooks.is_empty() {
            (notice::empty("No playbooks", "Add a file to definitions/playbooks in the home folder.", &html! {}))
        }
        @for each in &definitions.playbooks { (playbook(definitions, each)) }
    }
}

fn playbook(definitions: &Definitions, playbook: &Playbook) -> Markup {
    let name = |key: &String| definitions.rule(key).map_or_else(|| key.clone(), |rule| rule.name.clone());
    let signals: Vec<String> = playbook.trigger.signals.iter().map(name).collect();
    card(
        &playbook.name,
        &html! {
            p { (playbook.doc) }
            div.card-body { (terms(&[
                ("Key", html! { code { (playbook.key) } }),
                ("Starts with", html! { (signals.join(", ")) }),
            ])) }
            @for (at, template) in playbook.steps.iter().enumerate() { (step(at + 1, template)) }
        },
    )
}

fn step(number: usize, template: &StepTemplate) -> Markup {
    match template {
        StepTemplate::OpenCta { due_days, tasks } => html! {
            div.card-body {
                p { b { "Step " (number) ": open a CTA" } " for the account's CSM" }
                p.muted {
                    "Due in " (days(due_days.high)) " when the signal is high, " (days(due_days.medium))
                    " when medium, " (days(due_days.low)) " when low. Its tasks:"
                }
            }
            div.card-body { ul.plain { @for task in tasks { li { (task) } } } }
        },
    }
}

fn days(days: u32) -> String {
    format::counted(i64::from(days), "day", "days")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_shows_its_expressions_and_how_many_it_fires_for() {
        let open = Open::from([("usage_decline".to_owned(), 12)]);
        let html = signals(&Definitions::shipped().unwrap(), &open).into_string();
        assert!(html.contains("open on 12 accounts") && html.contains("open on 0 accounts"), "{html}");
        assert!(html.contains("days_overdue = 0 and failed_payments_90d &lt; 2"), "{html}");
        assert!(html.contains("href=\"/definitions?q=days_overdue\"") && html.contains("Detect risk"), "{html}");
    }

    #[test]
    fn a_playbook_shows_its_steps_in_order() {
        let html = playbooks(&Definitions::shipped().unwrap()).into_string();
        assert!(html.contains("Step 1: open a CTA") && html.contains("Due in 2 days"), "{html}");
        assert!(html.contains("Usage declines, Engagement drops"), "{html}");
    }
}
