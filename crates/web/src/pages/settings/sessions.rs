//! The sessions tab: where one is signed in, ending the others, and one's password.
//! A session is named by the hash of its cookie, which opens nothing. Absent:
//! other members' sessions; an admin ends those by deactivating the member.

use axum::extract::State;
use axum::response::Response;
use domain::Instant;
use maud::{Markup, html};
use report::Ink;
use serde::Deserialize;
use store::{Session, member, session};

use super::{FRAGMENT, Tab, answer, back};
use crate::api::me::{NewPassword, choose_password};
use crate::auth::password::{MIN_CHARACTERS, Typed};
use crate::extract::Form;
use crate::gate::Access;
use crate::page::Want;
use crate::pages::faults::Faults;
use crate::problem::{Answer, Problem};
use crate::state::AppState;
use crate::ui::card::{card, columns};
use crate::ui::form::Field;
use crate::ui::table::{Column, Sort, Stay, cell, header, stacking};
use crate::ui::{form, format, notice, pill};

const SEEN: Column<'_> = Column::new("Last seen");
const ENDS: Column<'_> = Column::new("Ends by itself").until(Stay::Tablet);
const STATE: Column<'_> = Column::new("Session");
const COLUMNS: [Column<'_>; 4] = [Column::new("Device"), SEEN, ENDS, STATE];

/// The word that ends every session but this one.
const OTHERS: &str = "others";

/// What the tab shows beside the list.
#[derive(Debug, Default)]
pub(super) struct Showing {
    faults: Faults,
    /// Whether the password was just changed.
    changed: bool,
}

/// Which session to end.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ending {
    /// The hash of a session, or the word for all others.
    session: String,
}

/// Ends one of one's own sessions, or all others.
pub async fn end(State(app): State<AppState>, access: Access, Form(ending): Form<Ending>) -> Answer<Response> {
    let member_id = access.member_id()?;
    let this = access.session.as_deref();
    app.engine
        .store()
        .write(async |tx| -> Answer<()> {
            let own = session::of_member(tx, member_id).await?;
            let wanted = |session: &&Session| match ending.session.as_str() {
                OTHERS => this != Some(session.token_hash.as_str()),
                hash => hash == session.token_hash,
            };
            for session in own.iter().filter(wanted) {
                session::delete(tx, &session.token_hash).await?;
            }
            Ok(())
        })
        .await?;
    Ok(back(Tab::Sessions))
}

/// A new password, typed twice.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Choosing {
    #[serde(default)]
    current: Typed,
    new: Typed,
    again: Typed,
}

/// Sets one's password and ends one's other sessions.
pub async fn set_password(
    State(app): State<AppState>,
    access: Access,
    want: Want,
    Form(choosing): Form<Choosing>,
) -> Answer<Response> {
    let chosen = async {
        if choosing.new != choosing.again {
            return Err(Problem::invalid("again", "This is not the same as above."));
        }
        let wanted = NewPassword { current: Some(choosing.current), new: choosing.new };
        choose_password(&app, &access, &wanted).await
    };
    let showing = match chosen.await {
        Ok(()) => Showing { changed: true, ..Showing::default() },
        Err(problem) => Showing { faults: Faults::of(problem)?, changed: false },
    };
    let body = tab(&app, &access, &showing).await?;
    Ok(answer(&app, &access, want, Tab::Sessions, showing.faults.status(), &body))
}

/// The tab.
pub(super) async fn tab(app: &AppState, access: &Access, showing: &Showing) -> Answer<Markup> {
    let (db, now) = (app.engine.store().read(), app.engine.now());
    let me = member::find(db, access.member_id()?).await?.ok_or_else(Problem::not_found)?;
    let idle = app.settings.session_idle;
    let mut sessions = session::of_member(db, me.id).await?;
    sessions.retain(|session| session.expires_at > now && now - session.last_seen_at <= idle);
    Ok(view(&sessions, access.session.as_deref(), me.password_hash.is_some(), now, showing))
}

fn view(sessions: &[Session], this: Option<&str>, has_password: bool, now: Instant, showing: &Showing) -> Markup {
    let head = header(&COLUMNS, Sort { key: "", descending: false }, &Tab::Sessions.link(), "");
    let others = sessions.iter().any(|session| this != Some(session.token_hash.as_str()));
    let main = html! {
        @if showing.changed { (notice::success("Your password is changed, and your other sessions have ended.")) }
        (stacking("Where you are signed in", &head, &html! { @for session in sessions { (line(session, this, now)) } }))
        @if others { (ender(OTHERS, "End all other sessions")) }
    };
    let title = if has_password { "Change your password" } else { "Choose a password" };
    columns(&main, &card(title, &password(has_password, &showing.faults)))
}

fn line(session: &Session, this: Option<&str>, now: Instant) -> Markup {
    html! {
        tr {
            th scope="row" { (session.user_agent.as_deref().map_or_else(|| "Unknown device".to_owned(), device))
                small.muted { "since " (format::instant(session.created_at)) } }
            (cell(&SEEN, &format::ago(session.last_seen_at, now)))
            (cell(&ENDS, &format::relative(session.expires_at.date_naive(), now.date_naive())))
            td data-label=(STATE.label) { @if this == Some(session.token_hash.as_str()) { (pill::pill(Ink::Green, "This browser")) }
                @else { (ender(&session.token_hash, "End")) } }
        }
    }
}

fn ender(session: &str, label: &str) -> Markup {
    html! {
        form.inline method="post" action="/settings/sessions" data-post=(FRAGMENT) {
            button.btn name="session" value=(session) { (label) }
        }
    }
}

fn password(has_password: bool, faults: &Faults) -> Markup {
    let hint = format!("At least {MIN_CHARACTERS} characters; a few words in a row are easy to remember.");
    let new = Field::new("new", "New password").hint(&hint).error(faults.field("new").or(faults.field("password")));
    html! {
        (faults.notice(&["current", "new", "password", "again"]))
        form.form method="post" action="/settings/password" data-post=(FRAGMENT) {
            @if has_password {
                (form::input("password", &Field::new("current", "Password until now").error(faults.field("current")).required()))
            }
            (form::input("password", &new.required()))
            (form::input("password", &Field::new("again", "New password once more").error(faults.field("again")).required()))
            (form::submit(if has_password { "Change the password" } else { "Set the password" }))
        }
        p.muted { "Your other sessions end when the password changes." }
    }
}

/// A browser's own description in a few words: `Firefox on Linux`.
fn device(user_agent: &str) -> String {
    let word = |known: &[(&str, &'static str)]| {
        known.iter().find(|(mark, _)| user_agent.contains(mark)).map(|(_, word)| *word)
    };
    // Every browser also claims to be the ones before it, so the particular marks come first.
    let browser = word(&[
        ("Edg/", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox/", "Firefox"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
        ("curl/", "curl"),
    ]);
    let system = word(&[
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Windows", "Windows"),
        ("Mac OS X", "macOS"),
        ("Linux", "Linux"),
    ]);
    match (browser, system) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(known), None) | (None, Some(known)) => known.to_owned(),
        (None, None) => user_agent.chars().take(40).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(hash: &str, user_agent: Option<&str>) -> Session {
        Session {
            token_hash: hash.to_owned(),
            member_id: 1,
            created_at: "2026-11-20T08:00:00Z".parse().unwrap(),
            last_seen_at: "2026-11-22T11:30:00Z".parse().unwrap(),
            expires_at: "2026-12-20T08:00:00Z".parse().unwrap(),
            user_agent: user_agent.map(str::to_owned),
        }
    }

    fn shown(sessions: &[Session], showing: &Showing) -> String {
        view(sessions, Some("mine"), true, "2026-11-22T12:00:00Z".parse().unwrap(), showing).into_string()
    }

    #[test]
    fn the_browser_in_hand_is_marked_and_only_the_others_can_be_ended() {
        let linux = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
        let html = shown(&[session("mine", Some(linux)), session("other", None)], &Showing::default());
        assert!(html.contains("Firefox on Linux") && html.contains("Unknown device"), "{html}");
        assert!(html.contains("30 minutes ago") && html.contains("in 28 days"), "{html}");
        assert!(html.contains("value=\"other\"") && !html.contains("value=\"mine\""), "{html}");
        assert!(html.contains("value=\"others\""), "{html}");
        assert!(!shown(&[session("mine", None)], &Showing::default()).contains("value=\"others\""));
    }

    #[test]
    fn a_password_that_was_refused_is_not_repeated() {
        let faults = Faults::of(Problem::invalid("password", "a password needs at least 12 characters")).unwrap();
        let html = shown(&[], &Showing { faults, changed: false });
        assert!(html.contains("id=\"new-error\">a password needs at least 12 characters"), "{html}");
        assert_eq!(html.matches("type=\"password\"").count(), 3);
        assert_eq!(html.matches("name=\"new\" value=\"\"").count(), 1);
    }

    #[test]
    fn browsers_that_claim_to_be_others_are_told_apart() {
        let edge = "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0";
        assert_eq!(device(edge), "Edge on Windows");
        assert_eq!(device("Mozilla/5.0 (iPhone; CPU iPhone OS 18 like Mac OS X) Safari/604.1"), "Safari on iPhone");
        assert_eq!(device("curl/8.5.0"), "curl");
        assert_eq!(device("Robot 7"), "Robot 7");
    }
}
