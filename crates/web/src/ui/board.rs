//! The board: work in lanes, moved by mouse, by keyboard or by buttons.
//!
//! Each card carries its own form with a button per other lane, so a board works without JavaScript; `app.js` sends the
//! same form when a card is dragged or moved with Shift and an arrow key. The order inside a lane is the page's.

use maud::{Markup, html};

use super::Icon;

/// A card of the board.
#[derive(Clone, Debug)]
pub struct Card<'a> {
    /// The element's id, unique on the page.
    pub id: String,
    /// The title, usually a link.
    pub title: Markup,
    /// The lines below it.
    pub detail: Markup,
    /// Where a move is sent by POST; `None` cannot be moved.
    pub action: Option<String>,
    /// The account it is about, so that live updates reach it.
    pub account_id: Option<i64>,
    /// The title in plain words, for the announcement after a move.
    pub name: &'a str,
}

/// A lane of the board.
#[derive(Clone, Debug)]
pub struct Lane<'a> {
    /// The value sent when a card is moved here.
    pub key: &'a str,
    /// The head.
    pub label: &'a str,
    /// Its cards.
    pub cards: Vec<Card<'a>>,
}

/// Renders the board; moving a card POSTs `field` = the lane's key to the card's action.
pub fn board(field: &str, lanes: &[Lane<'_>]) -> Markup {
    html! {
        div.board {
            @for lane in lanes {
                section.lane data-lane=(lane.key) data-label=(lane.label) {
                    h2 { (lane.label) " " span.count { (lane.cards.len()) } }
                    ul { @for card in &lane.cards { (render(card, lane, field, lanes)) } }
                }
            }
        }
        p.muted.board-hint.js-only { "Drag a card, or focus it and press " kbd { "Shift" } " with " kbd { "←" } " or " kbd { "→" } "." }
    }
}

fn render(card: &Card<'_>, lane: &Lane<'_>, field: &str, lanes: &[Lane<'_>]) -> Markup {
    let movable = card.action.is_some();
    html! {
        li.card.task id=(card.id) data-name=(card.name) data-account=[card.account_id]
            draggable=[movable.then_some("true")] tabindex=[movable.then_some("0")] {
            div.task-body { p.what { (card.title) } div.muted { (card.detail) } }
            @if let Some(action) = &card.action {
                details.menu {
                    summary.quiet { (Icon::More) span.vh { "Move " (card.name) } }
                    form.menu-body action=(action) method="post" data-move="" data-field=(field) {
                        @for other in lanes.iter().filter(|other| other.key != lane.key) {
                            button.btn name=(field) value=(other.key) { "Move to " (other.label) }
                        }
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
    fn a_card_offers_every_other_lane_as_a_button() {
        let card = Card {
            id: "cta-7".to_owned(),
            title: html! { "Prepare QBR" },
            detail: html! { "Due today" },
            action: Some("/ctas/7/move".to_owned()),
            account_id: Some(12),
            name: "Prepare QBR",
        };
        let lane = |key, label, cards| Lane { key, label, cards };
        let lanes =
            [lane("open", "Open", vec![card]), lane("doing", "In progress", vec![]), lane("done", "Done", vec![])];
        let html = board("status", &lanes).into_string();
        assert_eq!(html.matches("name=\"status\"").count(), 2);
        assert!(html.contains("action=\"/ctas/7/move\" method=\"post\""), "{html}");
        assert!(html.contains("data-account=\"12\" draggable=\"true\" tabindex=\"0\""), "{html}");
    }
}
