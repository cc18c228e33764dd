//! Requests of the matrix: a caller's proof, a path whose things exist, and a body that the route accepts.

use axum::body::Body;
use axum::http::{Request, header};
use base64::Engine as _;
use domain::access::{Scope, scope_for};
use serde_json::json;
use store::cta::{self, NewCta};
use store::{StoreError, goal, record, segment, task};
use web::auth::link::{self, Kind};
use web::route::{Audience, Route};

use super::{THINGS, Who, Whose};
use crate::revenue;
use crate::world::{ADA, ADAS, ADMIN, BEN, BENS, EXPIRED, VIEWER, World, now};

/// An id that nothing has.
const NONE: i64 = 999_999;

/// One token per scope, and one with all of them.
pub(super) struct Keys {
    by_scope: Vec<(Scope, String)>,
    all: String,
}

impl Keys {
    pub(super) async fn make(world: &World) -> Self {
        let mut by_scope = Vec::new();
        for scope in Scope::ALL {
            by_scope.push((scope, world.token(ADMIN, &[scope]).await.1));
        }
        Self { by_scope, all: world.token(ADMIN, &Scope::ALL).await.1 }
    }

    fn with(&self, wanted: Scope) -> &str {
        &self.by_scope.iter().find(|(scope, _)| *scope == wanted).unwrap().1
    }

    pub(super) async fn request(&self, world: &World, route: &Route, who: Who, whose: Whose) -> Request<Body> {
        let request = Request::builder().method(route.method).uri(target(world, route, who, whose).await);
        let needed = scope_for(route.rule.action);
        let bearer = |key: &str| format!("Bearer {key}");
        let request = match who {
            Who::Admin | Who::Manager | Who::Csm | Who::Viewer => {
                request.header(header::COOKIE, world.session(who.member_id()).await)
            }
            Who::Expired => request.header(header::COOKIE, EXPIRED),
            Who::Anonymous => request,
            Who::Scoped => {
                request.header(header::AUTHORIZATION, bearer(needed.map_or(&self.all, |scope| self.with(scope))))
            }
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
    let absent = whose == Whose::Absent;
    let fill = |id: i64| path.replace("{id}", &id.to_string());
    if path.contains("accounts/{id}") {
        let id = [ADAS, BENS, NONE][THINGS.iter().position(|thing| *thing == whose).unwrap_or(0)];
        let contact = if path.contains("{contact}") && !absent { contact(world, id).await } else { NONE };
        return fill(id).replace("{key}", "arr").replace("{contact}", &contact.to_string());
    }
    if path.contains("ctas/{id}") {
        let (cta, task) = if absent { (NONE, NONE) } else { cta(world, whose).await };
        return fill(cta).replace("{task}", &task.to_string());
    }
    if path.contains("goals/{id}") {
        return fill(if absent { NONE } else { goal(world, whose).await });
    }
    if path.contains("expansion/{id}") || path.contains("opportunities/{id}") {
        return fill(if absent { NONE } else { opportunity(world, whose).await });
    }
    if path.contains("{subscription}") {
        let contract = if absent { NONE } else { contract(world, whose).await };
        return path.replace("{subscription}", &contract.to_string()).replace("{due}", "2027-03-01");
    }
    if path.contains("segments/{id}") {
        return fill(if absent { NONE } else { segment(world).await });
    }
    if path.contains("{token}") || path.contains("tokens/{id}") {
        // Under a member, somebody else's token is one that is not this member's.
        let owner = if whose == Whose::Own { who.member_id() } else { BEN };
        let token = if absent { NONE } else { world.token(owner, &[Scope::AccountsRead]).await.0 };
        let member = path.contains("{token}").then_some(who.member_id());
        return fill(member.unwrap_or(token)).replace("{token}", &token.to_string());
    }
    if path.contains("members/{id}") {
        return fill(if absent { NONE } else { VIEWER });
    }
    if path.contains("imports/{id}") || path.contains("merges/{id}") {
        return fill(NONE);
    }
    if path.contains("sources/{id}") {
        // The second one: rotating the first would end the write key that other rows use.
        return fill(if absent { NONE } else { 2 })
            .replace("{delivery}", &NONE.to_string())
            .replace("{user}", &NONE.to_string());
    }
    if path.contains("{secret}") {
        return path.replace("{secret}", &secret(world, path, whose).await);
    }
    if path == "/v1/projects/{key}/settings" {
        return path.replace("{key}", if whose == Whose::Own { &world.write_key } else { "wk_unknown" });
    }
    if path.starts_with("/sourceConfig") {
        return format!("{path}?writeKey={}", world.write_key);
    }
    let path = path
        .replace("{source}", "shop")
        .replace("{call}", "batch")
        .replace("{object}", if whose == Whose::Own { "accounts" } else { "dreams" })
        .replace("{key}", if whose == Whose::Own { "nrr" } else { "dreams" });
    path.replace("{*path}", if whose == Whose::Own { "app.css" } else { "../Cargo.toml" })
}

/// A person at an account.
async fn contact(world: &World, account_id: i64) -> i64 {
    let row = store::Contact {
        id: 0,
        account_id,
        external_id: None,
        name: "Ann".to_owned(),
        email: None,
        title: None,
        effective_from: now().date_naive(),
        effective_to: None,
        source_id: None,
        recorded_at: now(),
    };
    let made: Result<_, StoreError> = world.app.engine.store().write(async |tx| record::insert(tx, row).await).await;
    made.unwrap().id
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

/// A goal about Ada's accounts, or about Ben's.
async fn goal(world: &World, whose: Whose) -> i64 {
    let row = store::Goal {
        id: 0,
        name: "Grow".to_owned(),
        figure: "arr".to_owned(),
        base: "level".to_owned(),
        period_months: 0,
        value: 1e9,
        baseline: None,
        starts_on: now().date_naive(),
        due_on: now().date_naive() + chrono::TimeDelta::days(365),
        owner_id: if whose == Whose::Own { ADA } else { BEN },
        whole_book: false,
        preset: None,
        created_at: now(),
    };
    let made: Result<store::Goal, StoreError> =
        world.app.engine.store().write(async |tx| goal::insert(tx, row).await).await;
    made.unwrap().id
}

async fn opportunity(world: &World, whose: Whose) -> i64 {
    let row = store::Opportunity {
        id: 0,
        account_id: if whose == Whose::Own { ADAS } else { BENS },
        kind: store::opportunity::Kind::Seat,
        stage: store::opportunity::Stage::Identified,
        title: "Twenty seats".to_owned(),
        problem: None,
        solution: None,
        timeline: None,
        amount_cents: 1_000_000,
        benefit_cents: None,
        cost_cents: None,
        currency: "USD".to_owned(),
        close_on: now().date_naive(),
        owner_id: None,
        approved_by: None,
        loss_reason: None,
        closed_on: None,
        created_at: now(),
        recorded_at: now(),
    };
    let made: Result<_, StoreError> =
        world.app.engine.store().write(async |tx| store::record::insert(tx, row).await).await;
    made.unwrap().id
}

/// A contract of one's own account or of another's; both stay for whoever asks next.
async fn contract(world: &World, whose: Whose) -> i64 {
    let (id, account) = if whose == Whose::Own { (901, ADAS) } else { (902, BENS) };
    let engine = &world.app.engine;
    if !engine.book().row(account).is_some_and(|row| row.revenue.subscriptions.iter().any(|it| it.id == id)) {
        let written: Result<(), StoreError> = engine
            .store()
            .write(async |tx| {
                record::insert_many(tx, vec![revenue::contract(id, account)]).await?;
                record::insert(tx, revenue::item(id, account, 1, 1_200_000, "2025-03-01", None)).await?;
                Ok(())
            })
            .await;
        written.unwrap();
        engine::refresh::all(engine).await.unwrap();
    }
    id
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
    let fresh = secret_word();
    match (route.method.as_str(), route.path) {
        ("GET" | "OPTIONS" | "DELETE", _) => ("text/plain", String::new()),
        (_, "/api/v1/imports/{object}") => ("text/csv", "id,name\ncedar,Cedar\n".to_owned()),
        (_, path) if path.starts_with("/sources/import") => upload(),
        (method, path) if path.starts_with("/api/v1/") => ("application/json", document(method, path, &fresh)),
        (_, "/v1/ingest/singer") => ("application/x-ndjson", r#"{"type":"STATE","value":{}}"#.to_owned()),
        (_, path) if Audience::of(path) == Audience::Sender => ("application/json", r#"{"batch":[]}"#.to_owned()),
        (_, path) => ("application/x-www-form-urlencoded", form(path, &fresh)),
    }
}

fn document(method: &str, path: &str, fresh: &str) -> String {
    let value = match (method, path.trim_start_matches("/api/v1/")) {
        (_, "me/password") => json!({ "new": "too short" }),
        (_, "accounts/{id}") => json!({ "stage": "adoption" }),
        (_, "accounts/{id}/merge") => json!({ "into": NONE }),
        (_, "accounts/{id}/touchpoints") => json!({ "kind": "call", "direction": "outbound", "subject": "Hello" }),
        (_, "accounts/{id}/responses") => json!({ "kind": "nps", "score": 9 }),
        (_, "accounts/{id}/sentiments") => json!({ "score": 4 }),
        (_, "ctas") => json!({
            "account_id": ADAS, "kind": "risk", "reason": "test", "title": fresh, "priority": "low",
            "due_on": "2026-12-01",
        }),
        (_, "ctas/{id}") => json!({ "status": "in_progress" }),
        (_, "ctas/{id}/tasks/{task}") => json!({ "done": true }),
        (_, "goals") => json!({
            "figure": "arr", "value": 1e9, "due_on": "2027-12-01", "owner_id": ADA, "whole_book": false,
        }),
        (_, "opportunities") => json!({
            "account_id": ADAS, "kind": "seat", "title": fresh, "amount_cents": 100, "close_on": "2026-12-31",
        }),
        (_, "opportunities/{id}") => json!({ "stage": "presented" }),
        (_, "renewals/{subscription}/{due}") => json!({ "stage": "in_talks", "category": "commit" }),
        (_, "revenue/conventions") => json!({ "currency": null, "reactivation_days": null, "contracts_from": null }),
        (_, "exchange-rates") => json!({
            "currency": "CHF", "into_currency": "USD", "effective_on": "2026-01-01", "rate": "1.1",
        }),
        (_, "segments") => json!({ "name": fresh, "expression": "health < 50" }),
        (_, "goals/{id}" | "segments/{id}") => json!({ "name": fresh }),
        (_, "query") => json!({ "sql": "select 1" }),
        (_, "sources") => json!({ "key": &fresh[..20], "name": "New" }),
        (_, "sources/{id}") => json!({ "name": "Spare" }),
        (_, "sources/{id}/users/{user}") => json!({ "account_id": ADAS }),
        (_, "sources/{id}/origins") => json!({ "origins": [] }),
        (_, "sources/{id}/webhook") => json!({ "sender": { "sender": "stripe" }, "secrets": ["whsec_of_the_matrix"] }),
        (_, path) if path.ends_with("/replay") || path.ends_with("/undo") => return String::new(),
        (_, "sources/{id}/rotate") => return String::new(),
        (_, "members") => json!({ "email": format!("{fresh}@example.com"), "name": "New", "role": "viewer" }),
        (_, "members/{id}") => json!({ "title": "Guest" }),
        (_, "tokens") => json!({ "name": "New", "scopes": ["accounts:read"] }),
        _ => panic!("say what document {method} {path} takes"),
    };
    value.to_string()
}

fn form(path: &str, fresh: &str) -> String {
    match path {
        "/login" => "email=ada%40example.com&password=not+the+right+one".to_owned(),
        "/setup/{secret}" => "name=New&email=new%40example.com&password=long+enough+to+pass".to_owned(),
        "/login/{secret}" | "/logout" | "/sources/{id}/read" => String::new(),
        "/segments" => format!("name={fresh}&expression=health+%3C+50"),
        "/accounts/{id}/fields" => "industry=Trade".to_owned(),
        "/accounts/{id}/contacts/{contact}/fields" => "title=Buyer".to_owned(),
        "/accounts/{id}/contacts/{contact}/roles" => "champion=on".to_owned(),
        "/accounts/{id}/contacts/{contact}/fields/release" => "field=title".to_owned(),
        "/accounts/{id}/fields/release" => "field=industry".to_owned(),
        "/merges" => format!("from={NONE}&account=Alder"),
        "/accounts/{id}/sentiment" => "score=4&note=".to_owned(),
        "/accounts/{id}/touchpoints" => "kind=call&direction=outbound&subject=Hello&body=".to_owned(),
        "/ctas" => "account=Alder&title=x&kind=risk&reason=by_hand&priority=low&due_on=2026-12-01&owner=me".to_owned(),
        "/expansion" | "/expansion/{id}" => {
            "account=1&title=x&kind=seat&stage=identified&amount=100&close_on=2026-12-31".to_owned()
        }
        "/ctas/{id}" | "/ctas/{id}/move" => "status=in_progress".to_owned(),
        "/renewals/{subscription}/{due}" => "stage=in_talks&category=commit&forecast=&loss_reason=&note=".to_owned(),
        "/revenue/rates" => "currency=CHF&into_currency=USD&effective_on=2026-01-01&rate=1.1".to_owned(),
        "/revenue/conventions" => "currency=&reactivation_days=&contracts_from=".to_owned(),
        "/ctas/{id}/snooze" => "until=2026-12-01".to_owned(),
        "/ctas/{id}/close" => "outcome=done".to_owned(),
        "/ctas/{id}/tasks/{task}" => "done=true".to_owned(),
        "/goals" | "/goals/{id}" => {
            "figure=arr&base=level&value=1000000&due_on=2027-12-01&owner_id=3&scope=owner".to_owned()
        }
        "/sources" => format!("name={fresh}"),
        "/sources/{id}" => "name=Spare".to_owned(),
        "/sources/{id}/origins" => "origins=https%3A%2F%2Fapp.example.com".to_owned(),
        "/sources/{id}/users/{user}" => format!("account={ADAS}"),
        "/sources/{id}/webhook" => "sender=stripe&secret=whsec_of_the_matrix".to_owned(),
        "/sources/{id}/sql" => "url=&query=&stream=&keys=&cursor=&every_minutes=5".to_owned(),
        "/sources/sql" => "name=&url=&query=&stream=&keys=&cursor=&every_minutes=5".to_owned(),
        "/sources/{id}/mapping" => "preset=generic&rules=&stream=&do=try".to_owned(),
        "/settings/password" => "new=too+short&again=too+short".to_owned(),
        "/settings/sessions" => "session=none+of+mine".to_owned(),
        "/settings/tokens" => "name=New&days=30&accounts%3Aread=on".to_owned(),
        "/settings/members" => format!("name=New&email={fresh}%40example.com&role=viewer"),
        "/settings/members/{id}" => "name=Vera&role=viewer&active=on".to_owned(),
        path if path.ends_with("/withdraw")
            || path.ends_with("/rotate")
            || path.ends_with("/replay")
            || path.ends_with("/link")
            || path.ends_with("/undo")
            || path.ends_with("/stop")
            || path.ends_with("/delete") =>
        {
            String::new()
        }
        path => panic!("say what form {path} takes"),
    }
}

fn upload() -> (&'static str, String) {
    let part = |name: &str, value: &str| {
        format!("--cut\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    let file =
        "--cut\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.csv\"\r\n\r\nid,name\ncedar,Cedar\n\r\n";
    let body = format!("{}{file}{}--cut--\r\n", part("object", "accounts"), part("do", "check"));
    ("multipart/form-data; boundary=cut", body)
}
