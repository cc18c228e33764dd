//! Users who were grouped with several accounts: whose events belong to nobody until it is known which of these they
//! are at, unless the event says so itself. A person chooses; nothing is guessed.

use maud::{Markup, html};
use store::end_user::Tie;

use crate::ui::card::card;

/// Users shown; those without an account come first.
pub(super) const SHOWN: u64 = 25;

/// The card, where there is anybody to show.
pub(super) fn card_of(source_id: i64, ties: &[Tie], may_manage: bool) -> Markup {
    let users: Vec<&[Tie]> = ties.chunk_by(|a, b| a.user_id == b.user_id).collect();
    if users.is_empty() {
        return html! {};
    }
    card(
        "People in several accounts",
        &html! {
            p.muted { "An event that names its account counts there, and one from before they were in a second counts for the \
                first. Any other counts for the account chosen here, else for that of the contact they are, else for \
                nobody." }
            ul.plain { @for user in users { li { (one(source_id, user, may_manage)) } } }
        },
    )
}

fn one(source_id: i64, ties: &[Tie], may_manage: bool) -> Markup {
    let Some(first) = ties.first() else { return html! {} };
    let id = format!("account-of-{}", first.user_id);
    let belongs = ties.iter().find(|tie| tie.belongs);
    html! {
        p {
            code { (first.external_id) } " "
            @match belongs {
                Some(tie) => { "belongs to " b { (tie.account_name) } @if tie.chosen { ", chosen by hand" } }
                None => { "belongs to nobody yet" }
            }
        }
        @if may_manage {
            form.inline method="post" action=(format!("/sources/{source_id}/users/{}", first.user_id)) {
                label.vh for=(id) { "Account of " (first.external_id) }
                select id=(id) name="account" {
                    option value="" selected[!ties.iter().any(|tie| tie.chosen)] { "not chosen" }
                    @for tie in ties {
                        option value=(tie.account_id) selected[tie.chosen] { (tie.account_name) " · since " (tie.since.format("%Y-%m-%d")) }
                    }
                }
                button.btn { "Choose" span.vh { " for " (first.external_id) } }
            }
        } @else { small.muted { (ties.iter().map(|tie| tie.account_name.as_str()).collect::<Vec<_>>().join(", ")) } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tie(account_id: i64, name: &str, chosen: bool) -> Tie {
        Tie {
            user_id: 9,
            external_id: "<ann>".to_owned(),
            account_id,
            account_name: name.to_owned(),
            since: "2026-11-22T12:00:00Z".parse().unwrap(),
            chosen,
            belongs: chosen,
        }
    }

    #[test]
    fn a_person_chooses_and_nothing_is_guessed() {
        let html = card_of(7, &[tie(1, "Acme", false), tie(2, "Birch", false)], true).into_string();
        for part in ["&lt;ann&gt;", "belongs to nobody yet", "action=\"/sources/7/users/9\"", "value=\"2\""] {
            assert!(html.contains(part), "{part}: {html}");
        }
        let chosen = card_of(7, &[tie(1, "Acme", true), tie(2, "Birch", false)], false).into_string();
        assert!(chosen.contains("chosen by hand") && !chosen.contains("<form"), "{chosen}");
        assert_eq!(card_of(7, &[], true).into_string(), "");
    }
}
