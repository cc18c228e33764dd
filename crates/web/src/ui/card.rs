//! Boxes with content: cards, headline numbers, lists of terms.
//!
//! A *card* is a titled section; a *tile* is one headline number with its change and a link to how it was computed,
//! because every number opens its explanation. Cards do not fold and do not nest.

use maud::{Markup, html};

use super::Link;

/// Renders a titled card.
pub fn card(title: &str, body: &Markup) -> Markup {
    html! { section.card { h2 { (title) } (body) } }
}

/// Renders a titled card with a link or button in its head.
pub fn card_with(title: &str, action: &Markup, body: &Markup) -> Markup {
    html! { section.card { header.card-head { h2 { (title) } (action) } (body) } }
}

/// Renders a card without a title of its own: a chart brings its title along.
pub fn plain(body: &Markup) -> Markup {
    html! { div.card { (body) } }
}

/// A headline number.
#[derive(Clone, Debug)]
pub struct Tile<'a> {
    /// What it is.
    pub label: &'a str,
    /// The value, from [`super::format`]; unknown when nobody knows.
    pub value: Markup,
    /// What changed, from [`super::pill::delta`]; may be empty.
    pub delta: Markup,
    /// Where the number is explained.
    pub explained_at: Option<Link>,
}

/// Renders one headline number; its whole face leads to its explanation.
pub fn tile(tile: &Tile<'_>) -> Markup {
    html! {
        div.card.tile {
            dt { @match &tile.explained_at {
                Some(link) => a href=(link) { (tile.label) span.vh { ", how it is computed" } },
                None => (tile.label),
            } }
            dd { strong { (tile.value) } (tile.delta) }
        }
    }
}

/// Renders the row of headline numbers at the top of a page; `label` names it for screen readers.
pub fn tiles(label: &str, all: &[Tile<'_>]) -> Markup {
    html! { section.tiles-section aria-label=(label) { dl.tiles { @for one in all { (tile(one)) } } } }
}

/// Renders terms and their values in two columns.
pub fn definitions(rows: &[(&str, Markup)]) -> Markup {
    html! { dl.terms { @for (term, value) in rows { div { dt { (term) } dd { (value) } } } } }
}

/// Lays boxes of equal weight beside each other, one column where it is narrow.
pub fn grid(boxes: &[Markup]) -> Markup {
    html! { div.grid { @for one in boxes { (one) } } }
}

/// Lays a wide main column beside a narrow one.
pub fn columns(main: &Markup, aside: &Markup) -> Markup {
    html! { div.columns { div.stack { (main) } div.stack { (aside) } } }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::{format, pill};

    #[test]
    fn a_tile_leads_to_its_explanation() {
        let html = tile(&Tile {
            label: "ARR at risk",
            value: format::money(3_240_000_000, "USD"),
            delta: pill::delta(pill::Direction::Bad, "412 accounts"),
            explained_at: Some(Link::to("/explain/arr_at_risk")),
        })
        .into_string();
        assert!(html.contains("<a href=\"/explain/arr_at_risk\">ARR at risk"), "{html}");
        assert!(html.contains("title=\"32,400,000.00 USD\">$32.4M"), "{html}");
    }
}
