//! The pages before anybody is known: sign in, sign out, set up, follow a link.
//!
//! An unknown address and a wrong password get the same words after the same time. A link that is for one use shows a
//! button first; only a demo's reusable link signs in at once. Absent: "forgot my password"; an admin makes a new link.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};
use serde::Deserialize;
use store::{LoginLink, Member, StoreError, login_link, member};

use super::password::{MIN_CHARACTERS, PasswordError, Typed};
use super::{secret, session};
use crate::extract::{At, Form, Params};
use crate::gate::Access;
use crate::gate::rate::Rate;
use crate::problem::{Answer, Problem};
use crate::state::AppState;
use crate::ui::form::{self, Field};
use crate::ui::{Link, notice, shell};

const LONGEST_NAME: usize = 200;
const LONGEST_EMAIL: usize = 254;

/// Where to go after signing in.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Next {
    #[serde(default)]
    next: String,
}

/// What the sign-in form sends.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Credentials {
    email: String,
    password: Typed,
    #[serde(default)]
    next: String,
}

/// What the set-up form sends.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FirstAdmin {
    name: String,
    email: String,
    password: Typed,
}

/// `GET /login`.
pub async fn form(Params(asked): Params<Next>) -> Markup {
    sign_in_page("", &asked.next, None)
}

/// `POST /login`.
pub async fn submit(
    State(app): State<AppState>,
    headers: HeaderMap,
    Form(sent): Form<Credentials>,
) -> Answer<Response> {
    let email = sent.email.trim().to_lowercase();
    // Beside the limit per address: one account cannot be guessed at from many addresses.
    app.limiter
        .take(Rate::SignIn, &secret::hash(&email), 1.0, std::time::Instant::now())
        .map_err(|wait| Problem::rate_limited(wait.as_secs_f64().ceil() as u64))?;
    let known = member::find_by_email(app.engine.store().read(), &email).await?.filter(|member| member.active);
    let stored = known.as_ref().and_then(|member| member.password_hash.as_deref());
    let same = app.hasher.verify(&sent.password, stored).await?;
    match known.filter(|_| same) {
        Some(member) => enter(&app, member.id, &headers, &sent.next).await,
        None => {
            let page = sign_in_page(&sent.email, &sent.next, Some("The email address or the password is not right."));
            Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
        }
    }
}

/// `POST /logout`.
pub async fn leave(State(app): State<AppState>, access: Access) -> Answer<Response> {
    let cookie = session::end(&app, access.session.as_deref()).await?;
    Ok(([(header::SET_COOKIE, cookie)], Redirect::to("/login")).into_response())
}

/// `GET /login/{secret}`: signs in with a reusable link, asks before using up any other.
pub async fn follow(State(app): State<AppState>, At(word): At<String>, headers: HeaderMap) -> Answer<Response> {
    let link = usable(&app, &word, login_link::Purpose::Login).await?;
    if link.reusable {
        return take(&app, &word, login_link::Purpose::Login, &headers).await;
    }
    let page = shell::bare(
        "Sign in",
        &html! {
            h1 { "Welcome" }
            p { "This link signs you in once." }
            form.form method="post" { (form::submit("Sign in")) }
        },
    );
    Ok(page.into_response())
}

/// `POST /login/{secret}`.
pub async fn follow_confirmed(
    State(app): State<AppState>,
    At(word): At<String>,
    headers: HeaderMap,
) -> Answer<Response> {
    take(&app, &word, login_link::Purpose::Login, &headers).await
}

/// `GET /setup/{secret}`.
pub async fn set_up_form(State(app): State<AppState>, At(word): At<String>) -> Answer<Markup> {
    usable(&app, &word, login_link::Purpose::Setup).await?;
    Ok(set_up_page("", "", None))
}

/// `POST /setup/{secret}`: creates the first admin and signs them in.
pub async fn set_up(
    State(app): State<AppState>,
    At(word): At<String>,
    headers: HeaderMap,
    Form(sent): Form<FirstAdmin>,
) -> Answer<Response> {
    usable(&app, &word, login_link::Purpose::Setup).await?;
    let (name, email) = (sent.name.trim(), sent.email.trim().to_lowercase());
    let again =
        |error: &str| Ok((StatusCode::UNPROCESSABLE_ENTITY, set_up_page(name, &email, Some(error))).into_response());
    if name.is_empty() || name.chars().count() > LONGEST_NAME {
        return again("Please give your name, in at most 200 characters.");
    }
    if !is_address(&email) {
        return again("Please give an email address, like name@example.com.");
    }
    let hash = match app.hasher.hash(&sent.password).await {
        Ok(hash) => hash,
        Err(error @ (PasswordError::TooShort | PasswordError::TooLong)) => {
            return again(&capitalised(&error.to_string()));
        }
        Err(error) => return Err(error.into()),
    };
    let member = first_admin(&app, name, &email, hash);
    let (now, link) = (app.engine.now(), secret::hash(&word));
    let made: Result<Option<Member>, StoreError> = app
        .engine
        .store()
        .write(async |tx| {
            // Two links may be about; only the first admin is made by one.
            if member::any(tx).await? || login_link::take(tx, &link, now).await?.is_none() {
                return Ok(None);
            }
            member::insert(tx, member).await.map(Some)
        })
        .await;
    match made? {
        Some(member) => enter(&app, member.id, &headers, "/").await,
        None => Err(used_up()),
    }
}

fn first_admin(app: &AppState, name: &str, email: &str, password_hash: String) -> Member {
    Member {
        id: 0,
        email: email.to_owned(),
        name: name.to_owned(),
        role: member::Role::Admin,
        title: None,
        manager_id: None,
        password_hash: Some(password_hash),
        active: true,
        created_at: app.engine.now(),
    }
}

/// Whether a text looks like an address that mail can be sent to: one `@` with something on both sides.
pub fn is_address(text: &str) -> bool {
    let plain = !text.chars().any(|c| c.is_whitespace() || c.is_control());
    let parts = text.split_once('@');
    plain && text.len() <= LONGEST_EMAIL && parts.is_some_and(|(who, host)| !who.is_empty() && host.contains('.'))
}

/// The link behind a secret, if it can still be used for this.
async fn usable(app: &AppState, word: &str, purpose: login_link::Purpose) -> Answer<LoginLink> {
    let db = app.engine.store().read();
    if purpose == login_link::Purpose::Setup && member::any(db).await? {
        return Err(used_up());
    }
    let link = login_link::find(db, &secret::hash(word)).await?;
    let now = app.engine.now();
    link.filter(|link| link.purpose == purpose && link.expires_at > now && (link.reusable || link.used_at.is_none()))
        .ok_or_else(used_up)
}

/// Uses a link and signs its member in.
async fn take(app: &AppState, word: &str, purpose: login_link::Purpose, headers: &HeaderMap) -> Answer<Response> {
    usable(app, word, purpose).await?;
    let (now, hash) = (app.engine.now(), secret::hash(word));
    let taken: Result<_, StoreError> =
        app.engine.store().write(async |tx| login_link::take(tx, &hash, now).await).await;
    let member_id = taken?.and_then(|link| link.member_id).ok_or_else(used_up)?;
    let member = member::find(app.engine.store().read(), member_id).await?.filter(|member| member.active);
    enter(app, member.ok_or_else(used_up)?.id, headers, "/").await
}

async fn enter(app: &AppState, member_id: i64, headers: &HeaderMap, next: &str) -> Answer<Response> {
    let cookie = session::begin(app, member_id, headers).await?;
    Ok(([(header::SET_COOKIE, cookie)], Redirect::to(local(next))).into_response())
}

/// The path to go to, if it is one of ours: `//host` and `/\host` leave the site in a browser.
fn local(next: &str) -> &str {
    let inside = next.starts_with('/') && !next.starts_with("//") && !next.contains(['\\', '\n', '\r', '\t']);
    if inside { next } else { "/" }
}

fn used_up() -> Problem {
    Problem::refused(StatusCode::NOT_FOUND, "not_found", "This link has expired, was used before, or never was one.")
        .advise("Ask an admin for a new link, or sign in with your password.")
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| format!("{}{}.", first.to_uppercase(), letters.as_str()))
}

fn sign_in_page(email: &str, next: &str, error: Option<&str>) -> Markup {
    shell::bare(
        "Sign in",
        &html! {
            h1 { "Sign in" }
            @if let Some(error) = error { (notice::error(error, "Check both and try again, or ask an admin for a login link.")) }
            form.form method="post" action="/login" {
                @if !next.is_empty() { input type="hidden" name="next" value=(local(next)); }
                (form::input("email", &Field::new("email", "Email address").value(email).required()))
                (form::input("password", &Field::new("password", "Password").required()))
                (form::submit("Sign in"))
            }
        },
    )
}

fn set_up_page(name: &str, email: &str, error: Option<&str>) -> Markup {
    let hint = format!("At least {MIN_CHARACTERS} characters; a few words in a row are easy to remember.");
    shell::bare(
        "Set up Pomona",
        &html! {
            h1 { "Set up Pomona" }
            p { "You will be the first admin. Everybody else is invited from the settings." }
            @if let Some(error) = error { (notice::error(error, "")) }
            form.form method="post" {
                (form::input("text", &Field::new("name", "Your name").value(name).required()))
                (form::input("email", &Field::new("email", "Email address").value(email).required()))
                (form::input("password", &Field::new("password", "Password").hint(&hint).required()))
                (form::submit("Create the first admin"))
            }
        },
    )
}

/// The address of the sign-in page that comes back to `target`.
pub fn address(target: &str) -> Link {
    Link::to("/login").with("next", if target == "/" { "" } else { local(target) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_paths_are_returned_to() {
        assert_eq!(local("/accounts?q=a"), "/accounts?q=a");
        for outside in ["//evil.example", "/\\evil.example", "https://evil.example", "evil", "", "/\t/evil.example"] {
            assert_eq!(local(outside), "/", "{outside:?}");
        }
    }

    #[test]
    fn an_address_has_two_sides() {
        assert!(is_address("ada@example.com"));
        for wrong in
            ["ada", "@example.com", "ada@", "ada@localhost", "a da@example.com", "ada@example.com\r\nbcc: x@y.z"]
        {
            assert!(!is_address(wrong), "{wrong:?}");
        }
    }
}
