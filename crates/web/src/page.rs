//! The one answer of every page: whole, or only what a script asked for.
//!
//! A *fragment* is an element with an id. A request with `X-Fragment: results` gets the page's body without the frame
//! around it, at the same address as the page, and the script cuts its element out. Since one address then has two
//! bodies, every answer says `Vary: X-Fragment` and `no-store`, or the browser's Back would show half a page. Absent:
//! templates in pairs, and any test for the header inside a page.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use chrono::TimeDelta;
use domain::access::Role;
use engine::Engine;
use maud::{DOCTYPE, Markup, html};

use crate::gate::Access;
use crate::pages::may;
use crate::problem::{Answer, Problem};
use crate::route;
use crate::ui::shell::{Freshness, Nav, Shell, shell};

/// A book older than this must not look fresh: the schedule computes one each night.
const FRESH_FOR: TimeDelta = TimeDelta::hours(26);

/// Whether a request wants the whole page or only its body.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Want {
    /// The page in its frame.
    #[default]
    Whole,
    /// The body alone, of which a script takes one element.
    Fragment,
}

impl<S: Send + Sync> FromRequestParts<S> for Want {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Answer<Self> {
        Ok(if parts.headers.contains_key("x-fragment") { Self::Fragment } else { Self::Whole })
    }
}

/// What a page is called and where it stands.
#[derive(Clone, Copy, Debug)]
pub struct Titled<'a> {
    /// Its title.
    pub title: &'a str,
    /// The entry of the navigation it belongs to.
    pub active: Option<Nav>,
}

/// Answers 200 with a page or its body.
pub fn respond(access: &Access, engine: &Engine, want: Want, titled: &Titled<'_>, body: &Markup) -> Response {
    respond_with(StatusCode::OK, access, engine, want, titled, body)
}

/// Answers with a status and a page or its body.
pub fn respond_with(
    status: StatusCode,
    access: &Access,
    engine: &Engine,
    want: Want,
    titled: &Titled<'_>,
    body: &Markup,
) -> Response {
    let markup = match want {
        Want::Fragment => html! { (DOCTYPE) (body) },
        Want::Whole => {
            let role = access.actor.member().map_or("", |member| role_word(member.role));
            let (title, active, entries) = (titled.title, titled.active, open_to(access));
            shell(&Shell { title, active, entries, member: &access.name, role, freshness: freshness(engine) }, body)
        }
    };
    let headers = [
        (header::VARY, HeaderValue::from_static("X-Fragment")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    (status, headers, markup).into_response()
}

/// The entries of the navigation whose pages somebody may open, by the route table.
pub(crate) fn open_to(access: &Access) -> Vec<Nav> {
    let opens = |entry: &Nav| {
        let mut routes = route::table().filter(|route| route.method == Method::GET && route.path == entry.href());
        routes.any(|route| may(access, route.rule.action))
    };
    Nav::ALL.into_iter().filter(opens).collect()
}

/// How old the book is, in words.
fn freshness(engine: &Engine) -> Freshness {
    let (book, now) = (engine.book(), engine.now());
    Freshness {
        text: format!("Data as of {}, computed {}", book.as_of, book.computed_at.format("%H:%M UTC")),
        stale: now - book.computed_at > FRESH_FOR,
    }
}

/// A role as people say it.
pub const fn role_word(role: Role) -> &'static str {
    match role {
        Role::Admin => "Admin",
        Role::Manager => "Manager",
        Role::Csm => "CSM",
        Role::Viewer => "Viewer",
    }
}
