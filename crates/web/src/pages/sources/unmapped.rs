//! Streams of a source that no rule reads: kept as they came, counted, and offered for mapping where the source is looked
//! at. What a rule makes of them is the mapping page's.

use maud::{Markup, html};
use store::raw_record::Stream;

use crate::ui::card::card;
use crate::ui::{Link, format};

/// The card, where any record waits for a rule.
pub(super) fn card_of(source_id: i64, streams: &[Stream], may_manage: bool) -> Markup {
    let waiting: Vec<&Stream> = streams.iter().filter(|stream| stream.unmapped > 0).collect();
    if waiting.is_empty() {
        return html! {};
    }
    let mapping = Link::to(format!("/sources/{source_id}/mapping"));
    card(
        "Streams nobody mapped",
        &html! {
            p.muted { "No rule reads these records. They are kept as they came, and read as soon as one does." }
            ul.plain { @for stream in waiting { li {
                a href=(mapping.clone().with("stream", &stream.name)) { (stream.name) }
                " · " (format::counted(stream.unmapped, "record waits", "records wait"))
                @if may_manage {
                    " · " a href=(mapping.clone().with("stream", &stream.name).with("propose", "true")) { "Propose a rule" span.vh { " for " (stream.name) } }
                }
            } } }
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_waits_is_offered() {
        let stream = |name: &str, unmapped| Stream { name: name.to_owned(), unmapped, kept: 5 };
        let html = card_of(7, &[stream("<planets>", 2), stream("accounts", 0)], true).into_string();
        for part in ["&lt;planets&gt;", "2 records wait", "/sources/7/mapping?stream=%3Cplanets%3E&amp;propose=true"] {
            assert!(html.contains(part), "{part}: {html}");
        }
        assert!(!html.contains("accounts"), "{html}");
        assert_eq!(card_of(7, &[stream("accounts", 0)], true).into_string(), "");
    }
}
