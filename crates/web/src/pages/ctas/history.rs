//! What happened with a CTA, from the changes that were recorded: who opened it,
//! moved it, ticked tasks off. It stores nothing of its own.

use std::collections::HashMap;

use domain::time::day_of;
use domain::{Day, Instant};
use engine::Definitions;
use maud::{Markup, html};
use report::Ink;
use serde_json::Value;
use store::cta::Outcome;
use store::{Change, Cta, Task};

use super::{outcome_word, status_word};
use crate::ui::{format, timeline};

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) at: Instant,
    pub(super) kind: &'static str,
    pub(super) title: String,
    pub(super) actor: String,
}

/// The lines of a CTA among the changes of its account, newest first.
pub(super) fn of(
    cta: &Cta,
    tasks: &[Task],
    changes: Vec<Change>,
    names: &HashMap<i64, &str>,
    definitions: &Definitions,
) -> Vec<Line> {
    let mine = |change: &Change| {
        let subject = change.subject_id;
        (change.kind.starts_with("cta.") && subject == Some(cta.id))
            || (change.kind.starts_with("task.") && tasks.iter().any(|task| subject == Some(task.id)))
    };
    let line = |change: Change| Line {
        at: change.at,
        kind: if change.kind.starts_with("task.") { "Task" } else { "CTA" },
        title: sentence(&change),
        actor: who(&change.actor, names, definitions),
    };
    changes.into_iter().filter(mine).map(line).collect()
}

fn sentence(change: &Change) -> String {
    let text = |name: &str| change.detail.get(name).and_then(Value::as_str).unwrap_or_default();
    let status = |name: &str| text(name).parse().map_or("?", status_word);
    match change.kind.as_str() {
        "cta.opened" => "Opened".to_owned(),
        "cta.closed" => match text("outcome").parse::<Outcome>() {
            Ok(outcome) => format!("Closed as {}", outcome_word(outcome).to_lowercase()),
            Err(_) => "Closed".to_owned(),
        },
        "cta.changed" if text("from") != text("to") => format!("{} → {}", status("from"), status("to")),
        "cta.changed" => "Owner, priority, due day or snooze changed".to_owned(),
        "task.done" => format!("Done: {}", text("title")),
        "task.reopened" => format!("Not done after all: {}", text("title")),
        other => other.replace('.', " "),
    }
}

/// Who did it, in words: a member's name, a playbook's name, or what the label says.
fn who(label: &str, names: &HashMap<i64, &str>, definitions: &Definitions) -> String {
    let (kind, key) = label.split_once(':').unwrap_or((label, ""));
    match kind {
        "member" => {
            key.parse().ok().and_then(|id| names.get(&id)).map_or_else(|| label.to_owned(), |name| (*name).to_owned())
        }
        "playbook" => {
            let playbook = definitions.playbooks.iter().find(|playbook| playbook.key == key);
            format!("playbook “{}”", playbook.map_or(key, |playbook| &playbook.name))
        }
        "token" => "an API token".to_owned(),
        _ => label.to_owned(),
    }
}

/// The lines as a timeline.
pub(super) fn shown(lines: &[Line], today: Day) -> Markup {
    if lines.is_empty() {
        return html! { p.muted { "Nothing is recorded." } };
    }
    let entries: Vec<_> = lines
        .iter()
        .map(|line| timeline::Entry {
            kind: line.kind,
            ink: if line.kind == "Task" { Ink::Green } else { Ink::One },
            title: html! { (line.title) },
            detail: html! { "by " (line.actor) },
            when: html! { (format::relative(day_of(line.at), today)) ", " (line.at.format("%H:%M")) " UTC" },
        })
        .collect();
    timeline::timeline(&entries)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pages::ctas::tests::{cta, instant};
    use serde_json::json;
    use store::cta::Priority;

    fn change(kind: &str, actor: &str, subject_id: i64, detail: Value) -> Change {
        let at = instant("2026-11-21T10:30:00Z");
        let kind = kind.to_owned();
        Change { id: 1, at, actor: actor.to_owned(), account_id: Some(7), kind, subject_id: Some(subject_id), detail }
    }

    #[test]
    fn a_cta_has_its_own_changes_and_those_of_its_tasks() {
        let cta = cta(5, "2026-11-25", Priority::High);
        let task = Task {
            id: 50,
            cta_id: 5,
            account_id: 7,
            title: "Call".to_owned(),
            position: 1,
            done_at: None,
            done_by: None,
        };
        let changes = vec![
            change("task.done", "member:3", 50, json!({ "title": "Call" })),
            change("task.done", "member:3", 51, json!({ "title": "Another CTA's" })),
            change("cta.changed", "member:8", 5, json!({ "from": "open", "to": "in_progress" })),
            change("cta.closed", "token:1", 5, json!({ "outcome": "recovered" })),
            change("signal.opened", "rule:usage_decline", 5, json!({})),
            change("cta.opened", "playbook:detect_risk", 5, json!({})),
        ];
        let names = HashMap::from([(3, "Sofia Duarte")]);
        let lines = of(&cta, &[task], changes, &names, &Definitions::shipped().unwrap());
        let told: Vec<_> = lines.iter().map(|line| format!("{} by {}", line.title, line.actor)).collect();
        assert_eq!(
            told,
            [
                "Done: Call by Sofia Duarte",
                "Open → In progress by member:8",
                "Closed as recovered by an API token",
                "Opened by playbook “Detect risk”",
            ]
        );
    }
}
