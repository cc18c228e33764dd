//! Names that a source said are one person: the latest, and a button to take each back. Whoever has several names is
//! counted once; a name said to be several people is counted by itself, and shown as such.

use axum::extract::State;
use axum::response::Redirect;
use domain::Instant;
use maud::{Markup, html};
use report::Ink;
use store::alias::Named;

use crate::api::alias::take_back;
use crate::extract::At;
use crate::gate::Access;
use crate::problem::Answer;
use crate::state::AppState;
use crate::ui::card::card;
use crate::ui::{format, pill};

/// Aliases on the page; the newest come first.
pub(super) const SHOWN: u64 = 20;

/// `POST /sources/{id}/aliases/{alias}/undo`.
pub async fn undo(State(app): State<AppState>, access: Access, At((id, alias)): At<(i64, i64)>) -> Answer<Redirect> {
    take_back(&app, &access, id, alias).await?;
    Ok(Redirect::to(&format!("/sources/{id}")))
}

/// The card, where anything was said.
pub(super) fn card_of(source_id: i64, aliases: &[Named], may_manage: bool, now: Instant) -> Markup {
    if aliases.is_empty() {
        return html! {};
    }
    card(
        "People with several names",
        &html! {
            p.muted { "The source said so with " code { "alias" } ". They are counted as one person and belong to one account. Taking \
                it back holds, however often the source repeats it; what was sealed for an account meanwhile stays there." }
            ul.plain { @for alias in aliases { li { (one(source_id, alias, may_manage, now)) } } }
        },
    )
}

fn one(source_id: i64, alias: &Named, may_manage: bool, now: Instant) -> Markup {
    html! {
        p {
            code { (alias.previous) } " is " code { (alias.user) } " "
            @if let Some(at) = alias.undone_at { (pill::pill(Ink::Grey, "undone")) " " small.muted { (format::ago(at, now)) } }
            @else {
                @if !alias.holds { (pill::pill(Ink::Yellow, "said of several")) " " }
                small.muted { (format::ago(alias.told_at, now)) }
            }
        }
        @if may_manage && alias.undone_at.is_none() {
            form method="post" action=(format!("/sources/{source_id}/aliases/{}/undo", alias.id)) {
                button.btn { "Undo" span.vh { ": " (alias.previous) " is " (alias.user) } }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_can_be_undone_and_what_is_doubtful_says_so() {
        let now: Instant = "2026-11-22T12:00:00Z".parse().unwrap();
        let told_at = now - chrono::TimeDelta::hours(2);
        let named = |holds, undone_at| Named {
            id: 5,
            previous: "<anon-1>".to_owned(),
            user: "ada".to_owned(),
            told_at,
            undone_at,
            holds,
        };
        let html = card_of(7, &[named(true, None)], true, now).into_string();
        for part in ["&lt;anon-1&gt;", "action=\"/sources/7/aliases/5/undo\"", "2 hours ago"] {
            assert!(html.contains(part), "{part}: {html}");
        }
        assert!(!html.contains("said of several"), "{html}");
        assert!(card_of(7, &[named(false, None)], true, now).into_string().contains("said of several"));
        let gone = card_of(7, &[named(false, Some(now))], true, now).into_string();
        assert!(gone.contains("undone") && !gone.contains("<form"), "{gone}");
        assert!(!card_of(7, &[named(true, None)], false, now).into_string().contains("<form"));
        assert_eq!(card_of(7, &[], true, now).into_string(), "");
    }
}
