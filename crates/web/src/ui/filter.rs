//! Narrowing a list: chips with counts, and the search form.
//!
//! Chips are real links, so a filtered list can be bookmarked and opened in a new tab. The form sends itself while one
//! types when JavaScript is there (`data-live`) and by its button when it is not. Saved filters are segments, not this.

use maud::{Markup, html};
use report::Ink;

use super::{Icon, Link, format, pill};

/// One choice of a row of chips.
#[derive(Clone, Debug)]
pub struct Chip<'a> {
    /// The word.
    pub label: &'a str,
    /// How many rows it would leave.
    pub count: Option<i64>,
    /// The list with this choice made.
    pub link: Link,
    /// Whether it is chosen now.
    pub active: bool,
    /// The colour of its dot, if it has one.
    pub ink: Option<Ink>,
}

/// Renders a row of chips that swap the fragment `target`; `label` names the row, `summary` stands at its end.
pub fn chips(label: &str, all: &[Chip<'_>], summary: &Markup, target: &str) -> Markup {
    html! {
        div.chips {
            ul aria-label=(label) {
                @for chip in all {
                    li { a.chip href=(chip.link) data-frag=(target) data-focus=(format!("chip-{}", chip.label))
                        aria-current=[chip.active.then_some("true")] {
                        @if let Some(ink) = chip.ink { (pill::dot(ink)) }
                        (chip.label) @if let Some(count) = chip.count { " " b { (format::count(count)) } }
                    } }
                }
            }
            @if !summary.0.is_empty() { p.summary data-announce="" { (summary) } }
        }
    }
}

/// A drop-down of the search form: its parameter, its label, and value and text of each choice.
#[derive(Clone, Debug)]
pub struct Choice<'a> {
    /// The parameter.
    pub name: &'a str,
    /// The label, for screen readers.
    pub label: &'a str,
    /// The value chosen now.
    pub value: &'a str,
    /// Value and text of each choice; the first usually has an empty value and means "all".
    pub options: Vec<(&'a str, &'a str)>,
}

/// Renders the search form of a list that swaps the fragment `target`.
///
/// `list` is the list as it is now; its parameters that the form does not ask for are kept.
pub fn search(list: &Link, query: &str, hint: &str, choices: &[Choice<'_>], target: &str) -> Markup {
    let asked = |name: &str| matches!(name, "q" | "page") || choices.iter().any(|choice| choice.name == name);
    html! {
        form.filters action=(list.path()) data-live=(target) role="search" {
            @for (name, value) in list.parameters().filter(|(name, _)| !asked(name)) {
                input type="hidden" name=(name) value=(value);
            }
            label.search {
                (Icon::Search) span.vh { (hint) }
                input type="search" name="q" value=(query) placeholder=(hint) autocomplete="off" data-slash="";
                kbd.js-only aria-hidden="true" { "/" }
            }
            @for choice in choices {
                label { span.vh { (choice.label) }
                    select name=(choice.name) { @for (value, text) in &choice.options {
                        option value=(value) selected[*value == choice.value] { (text) }
                    } }
                }
            }
            button.btn.no-js { "Search" }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chip_is_a_link_with_its_count() {
        let chip = Chip {
            label: "At risk",
            count: Some(1239),
            link: Link::to("/accounts").with("band", "red"),
            active: true,
            ink: Some(Ink::Red),
        };
        let html = chips("Health", &[chip], &html! {}, "results").into_string();
        assert!(html.contains("href=\"/accounts?band=red\" data-frag=\"results\""), "{html}");
        assert!(html.contains("aria-current=\"true\"") && html.contains("<b>1,239</b>"), "{html}");
    }

    #[test]
    fn the_form_keeps_what_it_does_not_ask_for() {
        let list = Link::to("/accounts").with("q", "old").with("band", "red").with("page", 2).with("csm", "7");
        let csm = Choice { name: "csm", label: "CSM", value: "7", options: vec![("", "All"), ("7", "Sofia")] };
        let html = search(&list, "bank", "Search name or domain", &[csm], "results").into_string();
        assert_eq!(html.matches("type=\"hidden\"").count(), 1);
        assert!(html.contains("name=\"band\" value=\"red\"") && html.contains("value=\"bank\""), "{html}");
        assert!(html.contains("<option value=\"7\" selected>Sofia</option>"), "{html}");
    }
}
