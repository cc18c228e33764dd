//! Every route × every kind of caller × {one's own, somebody else's, absent}, against one reviewed table.
//!
//! `matrix.txt` has a line per route and a column per caller; a cell is the status for one's own / somebody else's / an
//! absent thing, or a single status where the three agree. A route without a line fails, and so does a line without a
//! route. Somebody else's and an absent thing must answer alike, byte for byte.

mod request;

use std::collections::BTreeMap;
use std::fmt::Write;

use axum::http::Method;
use domain::Instant;
use store::{change, cta, member, segment};
use web::route::{Route, table};

use self::request::Keys;
use crate::world::{ADA, ADMIN, MANAGER, Reply, VIEWER, World};

const EXPECTED: &str = include_str!("matrix.txt");

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
