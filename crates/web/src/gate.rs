//! The one place every request passes before a handler sees it.
//!
//! [`pass`] runs the rule of the route, in this order: who asks ([`actor`]), was it our own page ([`origin`]), may they
//! ([`domain::access::authorize`]), not too often ([`rate`]), not too much ([`body`]), is there a place ([`pool`]), not twice ([`repeat`]), not
//! too long. What the handler gets is an [`Access`]: the actor and the row filter that every query must carry. Around all of
//! it lies [`frame`], which also sees requests that match no route.
//!
//! Deliberately absent: checks inside handlers. A handler that must decide something about rights is a missing action.

pub mod actor;
pub mod body;
pub mod frame;
pub mod origin;
pub mod pool;
pub mod rate;
pub mod repeat;

use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, Instant};

use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{Extensions, HeaderMap, HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use domain::access::{Action, Actor, Decision, RowFilter, authorize};

use self::actor::Caller;
use self::body::Take;
use self::origin::{Csrf, same_origin};
use self::pool::Place;
use self::repeat::Repeat;
use crate::problem::{Answer, Problem};
use crate::route::Route;
use crate::server::Peer;
use crate::state::AppState;

/// How long a handler may take to begin its answer, and how long when it works through a file.
const HANDLER_DEADLINE: Duration = Duration::from_mins(1);
const FILE_DEADLINE: Duration = Duration::from_mins(15);

/// What the gate found out: who asks, and which accounts' rows this request may touch.
#[derive(Clone, Debug)]
pub struct Access {
    /// Who asks.
    pub actor: Actor,
    /// The filter every query of this request carries.
    pub rows: RowFilter,
    /// The member's name, for the page; empty for anybody else.
    pub name: String,
    /// The hash of the session's secret, when the request came with one.
    pub session: Option<String>,
    /// The address the request came from, as far as it is known.
    pub address: IpAddr,
}

impl Access {
    /// The id of the member who asks, by session or by token.
    pub fn member_id(&self) -> Answer<i64> {
        self.actor.member().map(|member| member.id).ok_or_else(Problem::unauthenticated)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Access {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Answer<Self> {
        // Present on every route of the table; its absence would be a route that went around the gate.
        parts.extensions.get::<Self>().cloned().ok_or_else(Problem::forbidden)
    }
}

/// Runs a route's rule, then its handler.
pub async fn pass(State((app, route)): State<(AppState, &'static Route)>, request: Request, next: Next) -> Response {
    match admit(&app, route, request).await {
        Ok(Admitted::Handle(request, repeat, _place)) => {
            let deadline = if route.rule.take == Take::File { FILE_DEADLINE } else { HANDLER_DEADLINE };
            handle(&app, request, repeat, deadline, next).await
        }
        Ok(Admitted::Replay(answer)) => answer,
        Err(problem) => problem.into_response(),
    }
}

/// What became of a request at the gate.
enum Admitted {
    /// It goes on to its handler, with its body read, and holds its place until the answer has begun.
    Handle(Request, Repeat, Place),
    /// It was answered before, under the same idempotency key.
    Replay(Response),
}

async fn admit(app: &AppState, route: &'static Route, request: Request) -> Answer<Admitted> {
    let (mut parts, body) = request.into_parts();
    let address = address_of(app, &parts.headers, &parts.extensions);
    let caller = Caller::resolve(app, route.rule, &parts.headers).await?;
    if route.rule.csrf == Csrf::SameOrigin && !caller.by_key && !same_origin(&parts.headers) {
        return Err(Problem::cross_site());
    }
    let rows = permit(app, route, &caller, address)?;
    let body = read_counted(app, route, &caller, address, &mut parts, body).await?;
    // Only now: a body that comes slowly must not hold a place that a quick one needs.
    let place = app.pools.enter(route.rule).await?;
    let access = Access { actor: caller.actor, rows, name: caller.name, session: caller.session, address };
    let admitted = match repeat::begin(app, route, &access.actor, &parts, &body).await? {
        repeat::Begun::First(repeat) => {
            parts.extensions.insert(access);
            let mut request = Request::from_parts(parts, Body::from(body));
            // The route's own limit was applied above; axum's would cut files at 2 MiB.
            DefaultBodyLimit::disable().apply(&mut request);
            Admitted::Handle(request, repeat, place)
        }
        repeat::Begun::Replayed(answer) => Admitted::Replay(answer),
    };
    Ok(admitted)
}

async fn handle(app: &AppState, request: Request, repeat: Repeat, deadline: Duration, next: Next) -> Response {
    let anonymous = request.extensions().get::<Access>().is_none_or(|access| access.actor == Actor::Anonymous);
    let answer = match tokio::time::timeout(deadline, repeat.run(next.run(request))).await {
        Ok(answer) => answer,
        Err(_) => Problem::unavailable("This took too long and was stopped.", 10).into_response(),
    };
    let mut answer = repeat.finish(app, answer).await;
    if !anonymous {
        answer.headers_mut().entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    }
    answer
}

/// Asks [`authorize`], which alone decides; two callers it cannot know are let through to whoever can.
fn permit(app: &AppState, route: &Route, caller: &Caller, address: IpAddr) -> Answer<RowFilter> {
    if caller.actor == Actor::Anonymous {
        // A write key may be inside the body: the engine finds it there, or answers that it is unknown.
        if route.rule.csrf == Csrf::Keyed {
            return Ok(RowFilter::Members(Vec::new()));
        }
        // A monitoring agent on the same machine reads figures about the process, nothing about customers.
        if route.rule.action == Action::ReadMetrics && address.is_loopback() && !app.settings.proxied {
            return Ok(RowFilter::Members(Vec::new()));
        }
    }
    match authorize(&caller.actor, route.rule.action) {
        Decision::Allow(rows) => Ok(rows),
        Decision::Unauthenticated => Err(Problem::unauthenticated()),
        Decision::Forbidden => Err(Problem::forbidden()),
    }
}

/// Counts the request and reads its body: events count by volume, everything else before a byte is read.
async fn read_counted(
    app: &AppState,
    route: &Route,
    caller: &Caller,
    address: IpAddr,
    parts: &mut Parts,
    body: Body,
) -> Answer<Bytes> {
    let who = match &caller.actor {
        Actor::Anonymous => address.to_string(),
        known => known.label(),
    };
    let count = |cost: f64| {
        app.limiter
            .take(route.rule.rate, &who, cost, Instant::now())
            .map_err(|wait| Problem::rate_limited(wait.as_secs_f64().ceil() as u64))
    };
    if route.rule.take == Take::Events {
        let body = body::read(route.rule.take, &mut parts.headers, body).await?;
        count((body.len() as f64 / 1024.0).max(1.0))?;
        return Ok(body);
    }
    count(1.0)?;
    body::read(route.rule.take, &mut parts.headers, body).await
}

/// The address a request came from: the peer, or what a declared proxy says about it.
fn address_of(app: &AppState, headers: &HeaderMap, extensions: &Extensions) -> IpAddr {
    let peer = extensions.get::<Peer>().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.0.ip());
    if !app.settings.proxied {
        return peer;
    }
    let last = headers.get_all("x-forwarded-for").iter().next_back();
    let named = last.and_then(|value| value.to_str().ok()?.rsplit(',').next()?.trim().parse().ok());
    named.unwrap_or(peer)
}
