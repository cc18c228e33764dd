//! The list of what happened, newest first.
//!
//! An [`Entry`] is a fact with its day; the dot's colour repeats the word of its kind. Grouping, paging and filtering are
//! the page's business.

use maud::{Markup, html};
use report::Ink;

use super::pill;

/// Something that happened.
#[derive(Clone, Debug)]
pub struct Entry<'a> {
    /// What kind of thing it is, as a word: `Call`, `Ticket`, `Signal`.
    pub kind: &'a str,
    /// The colour of its dot.
    pub ink: Ink,
    /// What happened.
    pub title: Markup,
    /// More about it; may be empty.
    pub detail: Markup,
    /// When, from [`super::format`].
    pub when: Markup,
}

/// Renders entries in the order given.
pub fn timeline(entries: &[Entry<'_>]) -> Markup {
    html! {
        ol.timeline {
            @for entry in entries {
                li {
                    (pill::dot(entry.ink))
                    div {
                        p.what { (entry.title) }
                        @if !entry.detail.0.is_empty() { div.muted { (entry.detail) } }
                        p.when { (entry.kind) " · " (entry.when) }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_says_its_kind_in_words() {
        let entry = Entry {
            kind: "Ticket",
            ink: Ink::Three,
            title: html! { "Export times out" },
            detail: html! {},
            when: html! { "4 days ago" },
        };
        let html = timeline(&[entry]).into_string();
        assert!(html.contains("<p class=\"when\">Ticket · 4 days ago</p>"), "{html}");
        assert!(!html.contains("<div class=\"muted\">"), "{html}");
    }
}
