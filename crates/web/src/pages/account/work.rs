//! What to do about an account, and what was done: its CTAs, the touchpoint one logs, and the sentiment one sets by
//! hand. Working a CTA has a page of its own.

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use engine::Engine;
use maud::{Markup, html};
use report::Ink;
use serde::Deserialize;
use store::touchpoint::{Direction, Kind};

use super::Subject;
use crate::extract::{At, Form};
use crate::gate::Access;
use crate::problem::{Answer, Problem};
use crate::ui::card::card;
use crate::ui::dialog::{dialog, opener};
use crate::ui::form::Field;
use crate::ui::{Link, form, format, pill};

/// CTAs listed.
const CTAS: u64 = 10;

/// The account's CTAs, open ones first.
pub(super) async fn ctas(subject: &Subject<'_>) -> Answer<Markup> {
    let db = subject.engine.store().read();
    let mut all = store::cta::of_account(db, subject.id(), None, CTAS).await.map_err(Problem::internal)?;
    all.sort_by_key(|cta| cta.closed_at.is_some());
    Ok(card(
        "CTAs",
        &html! {
            @if all.is_empty() { p.muted { "Nothing to do: no call to action was opened for this account." } }
            ul.plain { @for cta in &all { li {
                a href=(Link::to(format!("/ctas/{}", cta.id))) { (cta.title) } " "
                @if let Some(outcome) = cta.outcome { (pill::pill(Ink::Grey, outcome.as_str())) }
                @else { small.muted { "due " (format::relative(cta.due_on, subject.as_of())) } }
            } } }
        },
    ))
}

/// The CSM's own view, beside the score and never inside it.
pub(super) fn sentiment(subject: &Subject<'_>) -> Markup {
    let current = subject.value("csm_sentiment");
    card(
        "CSM sentiment",
        &html! {
            p { (format::or_unknown(current, |score| html! { b { (format!("{score:.0}")) } " of 5" }))
                small.muted { " · your own view, beside the score" } }
            @if !subject.past {
                form.form method="post" action=(format!("/accounts/{}/sentiment", subject.id())) {
                    div.form-row {
                        (form::select(&[("1", "1 · bad"), ("2", "2"), ("3", "3"), ("4", "4"), ("5", "5 · good")],
                            &Field::new("score", "Sentiment").value("3")))
                        (form::submit("Set"))
                    }
                }
            }
        },
    )
}

/// The button that opens the touchpoint form.
pub(super) fn touchpoint_opener() -> Markup {
    opener("log-touchpoint", "btn primary", "Log touchpoint")
}

/// The touchpoint form.
pub(super) fn touchpoint_dialog(subject: &Subject<'_>) -> Markup {
    let kinds =
        [("call", "Call"), ("meeting", "Meeting"), ("email", "Mail"), ("qbr", "Business review"), ("note", "Note")];
    let directions =
        [("outbound", "We contacted them"), ("inbound", "They contacted us"), ("internal", "Among ourselves")];
    dialog(
        "log-touchpoint",
        "Log touchpoint",
        &html! {
            form.form method="post" action=(format!("/accounts/{}/touchpoints", subject.id())) {
                div.form-row {
                    (form::select(&kinds, &Field::new("kind", "Kind").value("call")))
                    (form::select(&directions, &Field::new("direction", "Direction").value("outbound")))
                }
                (form::input("text", &Field::new("subject", "Subject").required()))
                (form::textarea(4, &Field::new("body", "What was said")))
                (form::submit("Log it"))
            }
        },
    )
}

/// A touchpoint somebody logs.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewTouchpoint {
    kind: String,
    direction: String,
    subject: String,
    #[serde(default)]
    body: String,
}

/// Logs a touchpoint and returns to the account.
pub async fn log_touchpoint(
    State(engine): State<Engine>,
    access: Access,
    At(id): At<i64>,
    Form(new): Form<NewTouchpoint>,
) -> Answer<Response> {
    engine.book().visible_row(id, &access.rows).ok_or_else(Problem::not_found)?;
    let kind: Kind = new.kind.parse().map_err(|_| Problem::invalid("kind", "There is no such kind of touchpoint."))?;
    let direction: Direction =
        new.direction.parse().map_err(|_| Problem::invalid("direction", "There is no such direction."))?;
    let subject = new.subject.trim();
    if subject.is_empty() {
        return Err(Problem::invalid("subject", "Say in a few words what it was about."));
    }
    let now = engine.now();
    let fact = store::Touchpoint {
        id: 0,
        account_id: id,
        contact_id: None,
        member_id: Some(access.member_id()?),
        kind,
        direction,
        subject: subject.to_owned(),
        body: Some(new.body.trim().to_owned()).filter(|body| !body.is_empty()),
        occurred_at: now,
        replied_at: None,
        minutes: None,
        recorded_at: now,
    };
    engine.store().write(async |tx| store::record::insert(tx, fact).await).await.map_err(Problem::internal)?;
    engine.touch(id);
    Ok(Redirect::to(&format!("/accounts/{id}")).into_response())
}
