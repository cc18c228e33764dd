//! The webhooks of a source: the last that arrived, what became of each, and a button to read one again by the mapping
//! of today. Deliberately absent: setting a webhook up, which has a page of its own.

use axum::extract::State;
use axum::response::Redirect;
use domain::Instant;
use maud::{Markup, html};
use report::Ink;
use store::Delivery;
use store::delivery::Status;

use crate::api::webhook::again;
use crate::extract::At;
use crate::gate::Access;
use crate::problem::Answer;
use crate::state::AppState;
use crate::ui::card::card;
use crate::ui::{format, pill};

/// Deliveries on the page.
pub(super) const SHOWN: u64 = 20;

/// `POST /sources/{id}/deliveries/{delivery}/replay`.
pub async fn replay(
    State(app): State<AppState>,
    _access: Access,
    At((id, delivery)): At<(i64, i64)>,
) -> Answer<Redirect> {
    again(&app, id, delivery).await?;
    Ok(Redirect::to(&format!("/sources/{id}")))
}

/// The card; nothing where no webhook ever arrived.
pub(super) fn card_of(deliveries: &[Delivery], may_manage: bool, now: Instant) -> Markup {
    if deliveries.is_empty() {
        return html! {};
    }
    card("Webhooks", &html! { ul.plain { @for delivery in deliveries { li { (one(delivery, may_manage, now)) } } } })
}

fn one(delivery: &Delivery, may_manage: bool, now: Instant) -> Markup {
    let ink = match delivery.status {
        Status::Waiting => Ink::Yellow,
        Status::Taken => Ink::Green,
        Status::Failed => Ink::Red,
    };
    let replay = format!("/sources/{}/deliveries/{}/replay", delivery.source_id, delivery.id);
    html! {
        p { (pill::pill(ink, delivery.status.as_str())) " " b { (delivery.topic) } " " small.muted { (format::ago(delivery.received_at, now)) } }
        @if let Some(note) = &delivery.note { p { (note) } }
        details {
            summary.muted { "What was sent " small { "· delivery " (delivery.id) } }
            pre.sample { code { (String::from_utf8_lossy(&delivery.body)) } }
        }
        @if may_manage {
            form method="post" action=(replay) { button.btn aria-label=(format!("Read delivery {} again", delivery.id)) { "Read again" } }
        }
    }
}
