//! The route table: everything the server answers, one line each.
//!
//! A [`Route`] is a method, a path, a [`Rule`] and a handler; the rule says which action the caller must be allowed, how
//! often, how much body, and what protects it from other websites. The lines are written with a macro that has a column
//! for each of these, so a route without a rule does not compile, and [`router`] is the only place that hands a path to
//! axum. `tests/matrix.txt` states for every line what each kind of caller gets.
//!
//! Deliberately absent: routes decided at run time, nested routers, and rules inside handlers.

mod table;

use axum::Router;
use axum::http::{Method, StatusCode};
use axum::middleware::from_fn_with_state;
use axum::routing::MethodRouter;
use domain::access::Action;
use tower_http::CompressionLevel;
use tower_http::compression::CompressionLayer;

pub use crate::api::operation::Sketch;
pub use crate::gate::body::Take;
pub use crate::gate::origin::Csrf;
pub use crate::gate::rate::Rate;
use crate::gate::{frame, pass};
use crate::problem::Problem;
use crate::state::AppState;

/// One line of the table.
#[derive(Clone, Copy, Debug)]
pub struct Route {
    /// The HTTP method.
    pub method: &'static Method,
    /// The path with `{parameters}`.
    pub path: &'static str,
    /// What is checked before the handler runs.
    pub rule: Rule,
    /// What the API's description says; pages have none.
    pub operation: Option<Operation>,
    mount: fn() -> MethodRouter<AppState>,
}

/// What is checked before a handler runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// What the caller is about to do.
    pub action: Action,
    /// What it counts as.
    pub rate: Rate,
    /// What body it may carry.
    pub take: Take,
    /// What protects it from other websites.
    pub csrf: Csrf,
}

/// How a route appears in the API's description.
#[derive(Clone, Copy, Debug)]
pub struct Operation {
    /// One line: what it does.
    pub summary: &'static str,
    /// Adds parameters, bodies and answers, read from the handler's signature.
    pub sketch: fn(&mut Sketch),
}

/// Who reads the answers of a path, and so what a problem looks like there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    /// A person with a browser: HTML.
    Page,
    /// A program: RFC 9457.
    Api,
    /// An event sender: RFC 9457 with a top-level `message`.
    Sender,
}

impl Audience {
    /// The audience of a request's path.
    pub fn of(path: &str) -> Self {
        let sender = ["/v1/", "/beacon/", "/api/s/", "/sourceConfig"];
        if sender.iter().any(|start| path.starts_with(start)) {
            Self::Sender
        } else if path.starts_with("/api/")
            || matches!(path, "/live" | "/palette" | "/metrics" | "/healthz" | "/readyz")
        {
            Self::Api
        } else {
            Self::Page
        }
    }
}

/// Every line of the table.
pub fn table() -> impl Iterator<Item = &'static Route> {
    table::ALL.iter().copied().flatten()
}

/// Builds the router of the whole product.
pub fn router(state: AppState) -> Router {
    routed(state, table())
}

/// Builds the router of a listener that only takes what senders bring, and answers probes.
pub fn intake_router(state: AppState) -> Router {
    let probes = ["/healthz", "/readyz"];
    routed(state, table().filter(|route| Audience::of(route.path) == Audience::Sender || probes.contains(&route.path)))
}

fn routed(state: AppState, routes: impl Iterator<Item = &'static Route>) -> Router {
    let gated = |route: &'static Route| (route.mount)().route_layer(from_fn_with_state((state.clone(), route), pass));
    routes
        .fold(Router::new(), |router, route| mount(router, route.path, gated(route)))
        .fallback(unknown)
        .method_not_allowed_fallback(wrong_method)
        .layer(CompressionLayer::new().quality(CompressionLevel::Fastest))
        .layer(from_fn_with_state(state.clone(), frame::around))
        .with_state(state)
}

#[expect(clippy::disallowed_methods, reason = "the one place that turns lines of the table into routes")]
fn mount(router: Router<AppState>, path: &str, handler: MethodRouter<AppState>) -> Router<AppState> {
    router.route(path, handler)
}

async fn unknown() -> Problem {
    Problem::not_found()
}

async fn wrong_method(method: Method) -> Problem {
    Problem::refused(
        StatusCode::METHOD_NOT_ALLOWED,
        "wrong_method",
        format!("This address does not answer {method}; `Allow` says what it answers."),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_line_is_consistent() {
        let mut seen = HashSet::new();
        for route in table() {
            let line = format!("{} {}", route.method, route.path);
            assert!(seen.insert(line.clone()), "{line} is there twice");
            let safe = matches!(*route.method, Method::GET | Method::OPTIONS);
            let expected = match (safe, Audience::of(route.path)) {
                (true, _) => Csrf::Safe,
                (false, Audience::Sender) => Csrf::Keyed,
                (false, _) => Csrf::SameOrigin,
            };
            assert_eq!(route.rule.csrf, expected, "{line}");
            assert!(!safe || route.rule.take == Take::Nothing, "{line} has a body");
            assert_eq!(route.operation.is_some(), route.path.starts_with("/api/v1/"), "{line}");
        }
    }
}
