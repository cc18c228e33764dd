//! Every route × every kind of caller × {one's own, somebody else's, absent}, against one reviewed table.
//!
//! `matrix.txt` has a line per route and a column per caller; a cell is the status for one's own / somebody else's / an
//! absent thing, or a single status where the three agree. A route without a line fails, and so does a line without a
//! route. Somebody else's and an absent thing must answer alike, byte for byte.

use std::collections::BTreeMap;
use std::fmt::Write;

use axum::body::Body;
use axum::http::{Method, Request, header};
use base64::Engine as _;
use domain::Instant;
use domain::access::{Scope, scope_for};
use store::cta::{self, NewCta};
use store::{StoreError, change, member, segment, task};
use web::auth::link::{self, Kind};
use web::route::{Route, table};

use crate::world::{ADA, ADAS, ADMIN, BENS, EXPIRED, MANAGER, Reply, VIEWER, World, now};

const EXPECTED: &str = include_str!("matrix.txt");
const NONE: i64 = 999_999;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Who {
    Admin,
    Manager,
    Csm,
    Viewer,
    /// An admin's token with the scope the route needs.
    Scoped,
    /// An admin's token with another scope.
    Unscoped,
    WriteKey,
    Anonymous,
    Expired,
}

const CALLERS: [Who; 9] = [
    Who::Admin,
    Who::Manager,
    Who::Csm,
    Who::Viewer,
    Who::Scoped,
    Who::Unscoped,
    Who::WriteKey,
    Who::Anonymous,
    Who::Expired,
];

impl Who {
    fn member_id(self) -> i64 {
        match self {
            Self::Manager => MANAGER,
            Self::Csm => ADA,
            Self::Viewer => VIEWER,
            _ => ADMIN,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Whose {
    Own,
    Others,
    Absent,
}

const THINGS: [Whose; 3] = [Whose::Own, Whose::Others, Whose::Absent];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_route_answers_every_caller_as_reviewed() {
    let world = World::new().await;
    let keys = Keys::make(&world).await;
    let mut actual = BTreeMap::new();
    for route in table() {
        let cells = row(&world, &keys, route).await;
        actual.insert(format!("{} {}", route.method, route.path), cells);
    }
    let expected = parse(EXPECTED);
    let mut wrong = String::new();
    for (route, cells) in &actual {
        match expected.get(route) {
            Some(reviewed) if reviewed == cells => {}
            Some(reviewed) => writeln!(wrong, "{route}\n  expected {reviewed:?}\n  actual   {cells:?}").unwrap(),
            None => writeln!(wrong, "no line for:\n{}", line(route, cells)).unwrap(),
        }
    }
    for route in expected.keys().filter(|route| !actual.contains_key(*route)) {
        writeln!(wrong, "no route for the line {route}").unwrap();
    }
    assert!(wrong.is_empty(), "{wrong}");
    world.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_get_changes_anything() {
    let world = World::new().await;
    let keys = Keys::make(&world).await;
    // Following a demo's reusable link signs in; it is the one exception and says so.
    let reading = table().filter(|route| *route.method == Method::GET && route.path != "/login/{secret}");
    for route in reading {
        let request = keys.request(&world, route, Who::Admin, Whose::Own).await;
        let before = fingerprint(&world).await;
        let status = world.begin(request).await.status();
        assert_eq!(fingerprint(&world).await, before, "GET {} changed something ({status})", route.path);
    }
    world.close().await;
}

/// Everything a caller could have changed, as text.
async fn fingerprint(world: &World) -> String {
    let store = world.app.engine.store();
    let facts = store.facts(None, None).await.unwrap();
    let changes = change::since(store.read(), None, Instant::UNIX_EPOCH, 100_000).await.unwrap();
    let (members, segments) = (member::all(store).await.unwrap(), segment::all(store.read()).await.unwrap());
    let ctas = cta::list(store.read(), &cta::Filter::default(), None, 100_000).await.unwrap();
    format!("{facts:?} {changes:?} {members:?} {segments:?} {ctas:?}")
}

async fn row(world: &World, keys: &Keys, route: &Route) -> Vec<String> {
    let mut cells = Vec::new();
    for who in CALLERS {
        let mut statuses = Vec::new();
        let mut hidden = Vec::new();
        for whose in if route.path.contains('{') { &THINGS[..] } else { &THINGS[..1] } {
            let request = keys.request(world, route, who, *whose).await;
            let reply = if route.path == "/live" {
                let answer = world.begin(request).await;
                Reply { status: answer.status(), headers: answer.headers().clone(), body: String::new() }
            } else {
                world.send(request).await
            };
            assert!(reply.status.as_u16() < 500, "{} {} as {who:?}: {reply:?}", route.method, route.path);
            statuses.push(reply.status.as_u16().to_string());
            hidden.push(without_id(&reply));
        }
        if statuses.get(1).is_some_and(|status| status == "404") && statuses[2] == "404" {
            assert_eq!(hidden[1], hidden[2], "{} {} as {who:?} tells hidden from absent", route.method, route.path);
        }
        let alike = statuses.iter().all(|status| *status == statuses[0]);
        cells.push(if alike { statuses.swap_remove(0) } else { statuses.join("/") });
    }
    cells
}

/// The body without the request's own name.
fn without_id(reply: &Reply) -> String {
    reply.body.replace(reply.header("x-request-id"), "")
}

fn parse(text: &str) -> BTreeMap<String, Vec<String>> {
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|line| {
            let mut words = line.split_whitespace().map(str::to_owned);
            let route = format!("{} {}", words.next().unwrap(), words.next().unwrap());
            (route, words.collect())
        })
        .collect()
}

fn line(route: &str, cells: &[String]) -> String {
    let cells: Vec<_> = cells.iter().map(|cell| format!("{cell:<12}")).collect();
    format!("{route:<52} {}", cells.join(" ")).trim_end().to_owned()
}

/// One token per scope, and one with all of them.
struct Keys {
    by_scope: Vec<(Scope, String)>,
    all: String,
}

impl Keys {
    async fn make(world: &World) -> Self {
        let mut by_scope = Vec::new();
        for scope in Scope::ALL {
            by_scope.push((scope, world.token(ADMIN, &[scope]).await.1));
        }
        Self { by_scope, all: world.token(ADMIN, &Scope::ALL).await.1 }
    }

    fn with(&self, wanted: Scope) -> &str {
        &self.by_scope.iter().find(|(scope, _)| *scope == wanted).unwrap().1
    }

    async fn request(&self, world: &World, route: &Route, who: Who, whose: Whose) -> Request<Body> {
        let request = Request::builder().method(route.method).uri(target(world, route, who, whose).await);
        let needed = scope_for(route.rule.action);
        let bearer = |key: &str| format!("Bearer {key}");
        let request = match who {
            Who::Admin | Who::Manager | Who::Csm | Who::Viewer => {
                request.header(header::COOKIE, world.session(who.member_id()).await)
            }
            Who::Expired => request.header(header::COOKIE, EXPIRED),
            Who::Anonymous => request,
            Who::Scoped => request.header(header::AUTHORIZATION, bearer(needed.map_or(&self.all, |scope| self.with(scope)))),
            Who::Unscoped => {
                let other = if needed == Some(Scope::EventsWrite) { Scope::AccountsRead } else { Scope::EventsWrite };
                request.header(header::AUTHORIZATION, bearer(self.with(other)))
            }
            Who::WriteKey => {
                let pair = base64::engine::general_purpose::STANDARD.encode(format!("{}:", world.write_key));
                request.header(header::AUTHORIZATION, format!("Basic {pair}"))
            }
        };
        let (kind, body) = body(route);
        request.header(header::CONTENT_TYPE, kind).body(Body::from(body)).unwrap()
    }
}

/// The path with its parts filled in; whatever it names is made for this one request.
async fn target(world: &World, route: &Route, who: Who, whose: Whose) -> String {
    let path = route.path;
    let id = match whose {
        Whose::Own => ADAS,
        Whose::Others => BENS,
        Whose::Absent => NONE,
    };
    let fill = |id: i64| path.replace("{id}", &id.to_string());
    if path.contains("accounts/{id}") {
        return fill(id).replace("{key}", "arr");
    }
    if path.starts_with("/api/v1/ctas/") {
        let (cta, task) = if whose == Whose::Absent { (NONE, NONE) } else { cta(world, whose).await };
        return fill(cta).replace("{task}", &task.to_string());
    }
    if path.starts_with("/api/v1/segments/") {
        return fill(if whose == Whose::Absent { NONE } else { segment(world).await });
    }
    if path.ends_with("tokens/{token}") || path == "/api/v1/tokens/{id}" {
        let owner = if whose == Whose::Own { who.member_id() } else { ADA + 1 };
        let token = if whose == Whose::Absent { NONE } else { world.token(owner, &[Scope::AccountsRead]).await.0 };
        // Under a member: somebody else's token is one that is not this member's.
        return match path {
            "/api/v1/tokens/{id}" => fill(token),
            _ => fill(who.member_id()).replace("{token}", &token.to_string()),
        };
    }
    if path.starts_with("/api/v1/members/") {
        return fill(if whose == Whose::Absent { NONE } else { VIEWER });
    }
    if path.contains("{secret}") {
        return path.replace("{secret}", &secret(world, path, whose).await);
    }
    if path.starts_with("/api/v1/sources/") {
        // The second one: rotating the first would end the write key that other rows use.
        return fill(if whose == Whose::Absent { NONE } else { 2 });
    }
    let path = fill(id).replace("{object}", if whose == Whose::Own { "accounts" } else { "dreams" });
    path.replace("{*path}", if whose == Whose::Own { "app.css" } else { "../Cargo.toml" })
}

async fn cta(world: &World, whose: Whose) -> (i64, i64) {
    let new = NewCta {
        account_id: if whose == Whose::Own { ADAS } else { BENS },
        kind: cta::Kind::Risk,
        reason: "test".to_owned(),
        title: "Call them".to_owned(),
        detail: None,
        priority: cta::Priority::Low,
        owner_id: None,
        due_on: now().date_naive(),
        signal_id: None,
        run_id: None,
        dedupe_key: secret_word(),
        tasks: vec!["Find the number".to_owned()],
    };
    let store = world.app.engine.store();
    let opened: Result<_, StoreError> = store.write(async |tx| cta::open(tx, new, "test", now()).await).await;
    let cta::Opened::New(cta) = opened.unwrap() else { panic!("a fresh key opened nothing") };
    let tasks = task::of_cta(store.read(), cta.id).await.unwrap();
    (cta.id, tasks[0].id)
}

async fn segment(world: &World) -> i64 {
    let row = store::Segment {
        id: 0,
        key: secret_word(),
        name: "Test".to_owned(),
        expression: "health < 50".to_owned(),
        owner_id: Some(ADMIN),
        created_at: now(),
    };
    let made: Result<store::Segment, StoreError> =
        world.app.engine.store().write(async |tx| segment::insert(tx, row).await).await;
    made.unwrap().id
}

/// A link that works, one that has expired, and one that never was.
async fn secret(world: &World, path: &str, whose: Whose) -> String {
    let kind = if path.starts_with("/setup") { Kind::Setup } else { Kind::Demo { member_id: ADA } };
    let begun = match whose {
        Whose::Own => now(),
        Whose::Others => now() - link::DEMO_LIFE,
        Whose::Absent => return secret_word(),
    };
    let path = link::create(world.app.engine.store(), kind, begun).await.unwrap();
    path.rsplit('/').next().unwrap().to_owned()
}

fn secret_word() -> String {
    web::auth::secret::opaque().unwrap().reveal().to_owned()
}

/// A body that the route accepts.
fn body(route: &Route) -> (&'static str, String) {
    let json = |value: serde_json::Value| ("application/json", value.to_string());
    let form = |text: &str| ("application/x-www-form-urlencoded", text.to_owned());
    let fresh = secret_word();
    match (route.method.as_str(), route.path) {
        ("GET" | "OPTIONS" | "DELETE", _) | (_, "/api/v1/sources/{id}/rotate") => ("text/plain", String::new()),
        (_, "/login") => form("email=ada%40example.com&password=not+the+right+one"),
        (_, "/setup/{secret}") => form("name=New&email=new%40example.com&password=long+enough+to+pass"),
        (_, "/login/{secret}" | "/logout") => form(""),
        (_, "/segments") => form(&format!("name={fresh}&expression=health+%3C+50")),
        (_, "/accounts/{id}/sentiment") => form("score=4&note="),
        (_, "/accounts/{id}/touchpoints") => form("kind=call&direction=outbound&subject=Hello&body="),
        (_, "/api/v1/me/password") => json(serde_json::json!({ "new": "too short" })),
        ("PATCH", "/api/v1/accounts/{id}") => json(serde_json::json!({ "stage": "adoption" })),
        (_, "/api/v1/accounts/{id}/touchpoints") => {
            json(serde_json::json!({ "kind": "call", "direction": "outbound", "subject": "Hello" }))
        }
        (_, "/api/v1/accounts/{id}/responses") => json(serde_json::json!({ "kind": "nps", "score": 9 })),
        (_, "/api/v1/accounts/{id}/sentiments") => json(serde_json::json!({ "score": 4 })),
        ("POST", "/api/v1/ctas") => json(serde_json::json!({
            "account_id": ADAS, "kind": "risk", "reason": "test", "title": fresh, "priority": "low",
            "due_on": "2026-12-01",
        })),
        (_, "/api/v1/ctas/{id}") => json(serde_json::json!({ "status": "in_progress" })),
        (_, "/api/v1/ctas/{id}/tasks/{task}") => json(serde_json::json!({ "done": true })),
        ("POST", "/api/v1/segments") => json(serde_json::json!({ "name": fresh, "expression": "health < 50" })),
        (_, "/api/v1/segments/{id}") => json(serde_json::json!({ "name": fresh })),
        (_, "/api/v1/query") => json(serde_json::json!({ "sql": "select 1" })),
        (_, "/api/v1/imports/{object}") => ("text/csv", "id,name\ncedar,Cedar\n".to_owned()),
        ("POST", "/api/v1/sources") => json(serde_json::json!({ "key": &fresh[..20], "name": "New" })),
        (_, "/api/v1/sources/{id}") => json(serde_json::json!({ "name": "Shop" })),
        ("POST", "/api/v1/members") => {
            json(serde_json::json!({ "email": format!("{fresh}@example.com"), "name": "New", "role": "viewer" }))
        }
        (_, "/api/v1/members/{id}") => json(serde_json::json!({ "title": "Guest" })),
        ("POST", "/api/v1/tokens") => json(serde_json::json!({ "name": "New", "scopes": ["accounts:read"] })),
        (_, path) if path.starts_with("/v1/") => json(serde_json::json!({ "batch": [] })),
        (method, path) => panic!("say what body {method} {path} takes"),
    }
}
