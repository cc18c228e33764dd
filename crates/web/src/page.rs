//! The one answer of every page: whole, or only the part that a script asked for.
//!
//! A *part* is an element with an id. A request with `X-Fragment: results` gets the part of that name alone, at the same
//! address as the page; since one address then has two bodies, every answer says `Vary: X-Fragment` and `no-store`, or
//! the browser's Back would show half a page. A page is written once: it renders its parts, then lays them out. Absent:
//! templates in pairs, and any test for the header inside a page.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use engine::Book;
use maud::{DOCTYPE, Markup, html};

use crate::gate::Access;
use crate::problem::{Answer, Problem};
use crate::state::AppState;
use crate::ui::shell::{Freshness, Nav, Shell, shell};

const FRAGMENT: &str = "x-fragment";

/// What part of a page a request wants; the whole if `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Want(Option<String>);

impl Want {
    /// The whole page.
    pub const fn whole() -> Self {
        Self(None)
    }

    /// Whether the part of this name must be rendered.
    pub fn includes(&self, part: &str) -> bool {
        self.0.as_deref().is_none_or(|wanted| wanted == part)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Want {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Answer<Self> {
        let wanted = parts.headers.get(FRAGMENT).and_then(|value| value.to_str().ok());
        Ok(Self(wanted.map(str::to_owned)))
    }
}

/// A page of a signed-in member.
#[derive(Clone, Debug)]
pub struct Page<'a> {
    /// Its title.
    pub title: &'a str,
    /// The entry of the navigation it belongs to.
    pub active: Option<Nav>,
    /// How old its numbers are.
    pub freshness: Freshness,
}

impl<'a> Page<'a> {
    /// A page whose numbers are those of a book.
    pub fn of(title: &'a str, active: Nav, app: &AppState, book: &Book) -> Self {
        Self { title, active: Some(active), freshness: freshness(app, book) }
    }

    /// A page without numbers.
    pub fn plain(title: &'a str, active: Nav) -> Self {
        Self { title, active: Some(active), freshness: Freshness::default() }
    }

    /// Answers with the part that is wanted, if the page has it, or lays out the whole.
    ///
    /// `parts` are the page's replaceable elements by id, each rendered only when called for; `layout` gets them in the
    /// same order.
    pub fn answer<const N: usize>(
        self,
        want: &Want,
        access: &Access,
        parts: [(&str, &dyn Fn() -> Markup); N],
        layout: impl FnOnce([Markup; N]) -> Markup,
    ) -> Response {
        if let Some((_, part)) = parts.iter().find(|(name, _)| want.0.as_deref() == Some(*name)) {
            return two_bodied(&html! { (DOCTYPE) (part()) });
        }
        let role = access.actor.member().map_or("", |member| role_word(member.role));
        let frame = Shell {
            title: self.title,
            active: self.active,
            member: &access.name,
            role,
            freshness: self.freshness,
        };
        two_bodied(&shell(&frame, &layout(parts.map(|(_, part)| part()))))
    }
}

/// How old a book is, in words; one that is not of today, or an hour old, must not look calm.
fn freshness(app: &AppState, book: &Book) -> Freshness {
    let (today, now) = (app.engine.today(), app.engine.now());
    let text = format!("Data as of {}, computed {}", book.as_of, book.computed_at.format("%H:%M UTC"));
    let late = book.as_of < today || now - book.computed_at > chrono::TimeDelta::hours(26);
    Freshness { text, stale: late }
}

/// A role as people say it.
pub const fn role_word(role: domain::access::Role) -> &'static str {
    match role {
        domain::access::Role::Admin => "Admin",
        domain::access::Role::Manager => "Manager",
        domain::access::Role::Csm => "CSM",
        domain::access::Role::Viewer => "Viewer",
    }
}

fn two_bodied(markup: &Markup) -> Response {
    let headers = [
        (header::VARY, HeaderValue::from_static("X-Fragment")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
    ];
    (headers, markup.0.clone()).into_response()
}
