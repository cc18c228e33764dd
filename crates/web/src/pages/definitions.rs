//! `/definitions`: what every number means and where it comes from: the metric
//! catalogue with its SQL, the scorecard, the signal rules, the playbooks, and the
//! words that expressions may use. It shows what is in force; the files are edited
//! outside.

mod metrics;
mod rules;
mod scorecard;
mod words;

use std::collections::BTreeMap;

use axum::extract::State;
use axum::response::Response;
use engine::{Definitions, Engine};
use maud::{Markup, html};
use serde::Deserialize;

use crate::extract::Params;
use crate::gate::Access;
use crate::page::{Titled, Want, respond};
use crate::problem::Answer;
use crate::ui::tabs::{Tab, tabs};
use crate::ui::{Link, shell};

/// The fragment that the tabs and the search swap.
const FRAGMENT: &str = "definitions";

const PARTS: [(&str, &str); 5] = [
    ("", "Metrics"),
    ("scorecard", "Scorecard"),
    ("signals", "Signals"),
    ("playbooks", "Playbooks"),
    ("words", "Words for expressions"),
];

/// Which definitions, and which of the metrics.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    q: String,
    group: String,
    part: String,
}

impl Asked {
    fn link(&self) -> Link {
        Link::to("/definitions").with("part", &self.part).with("group", &self.group).with("q", &self.q)
    }
}

/// How many accounts have a signal of each rule open, by the rule's key.
type Open = BTreeMap<String, i64>;

/// Shows the definitions in force.
pub async fn show(
    State(engine): State<Engine>,
    access: Access,
    want: Want,
    Params(asked): Params<Asked>,
) -> Answer<Response> {
    let mut open = Open::new();
    for signal in engine.book().visible(&access.rows).flat_map(|row| &row.signals) {
        *open.entry(signal.rule.clone()).or_default() += 1;
    }
    let titled = Titled { title: "Definitions", active: None };
    Ok(respond(&access, &engine, want, &titled, &page(engine.definitions(), &open, &asked)))
}

fn page(definitions: &Definitions, open: &Open, asked: &Asked) -> Markup {
    let detail = html! { "What every number means, and where it comes from." };
    let tab = |(key, label)| Tab {
        label,
        link: Link::to("/definitions").with("part", key),
        count: count(definitions, key),
        active: asked.part == key,
    };
    html! {
        (shell::heading(&[], "Definitions", &detail, &html! {}))
        div id=(FRAGMENT) data-fragment="" {
            (tabs("Definitions", &PARTS.map(tab), FRAGMENT))
            @match asked.part.as_str() {
                "scorecard" => (scorecard::view(definitions)),
                "signals" => (rules::signals(definitions, open)),
                "playbooks" => (rules::playbooks(definitions)),
                "words" => (words::view(definitions)),
                _ => (metrics::view(definitions, asked)),
            }
        }
    }
}

fn count(definitions: &Definitions, part: &str) -> Option<i64> {
    let all = match part {
        "" => definitions.catalogue.metrics().len(),
        "signals" => definitions.rules.len(),
        "playbooks" => definitions.playbooks.len(),
        _ => return None,
    };
    Some(all as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_renders_and_marks_its_tab() {
        let definitions = Definitions::shipped().unwrap();
        for (part, label) in PARTS {
            let asked = Asked { part: part.to_owned(), ..Asked::default() };
            let html = page(&definitions, &Open::new(), &asked).into_string();
            assert_eq!(html.matches("aria-current=\"page\"").count(), 1, "{part}");
            assert!(html.contains(&format!("aria-current=\"page\">{label}")), "{part}: {html}");
            assert!(html.contains("class=\"card\""), "{part}: {html}");
        }
    }
}
