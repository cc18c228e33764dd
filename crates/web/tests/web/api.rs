//! What the JSON API promises: pages, repeats, field errors, and that what is written shows.

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use serde_json::{Value, json};

use crate::world::{ADA, ADAS, ADMIN, BENS, Reply, World, cookie};

async fn patch(world: &World, path: &str, member: i64, body: &Value) -> Reply {
    let request =
        Request::patch(path).header(header::COOKIE, cookie(member)).header(header::CONTENT_TYPE, "application/json");
    world.send(request.body(Body::from(body.to_string())).unwrap()).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_shows_only_what_one_may_see() {
    let world = World::new().await;
    let names = async |member: i64, query: &str| -> Vec<String> {
        let reply = world.get(&format!("/api/v1/accounts{query}"), &cookie(member)).await.json();
        reply["items"].as_array().unwrap().iter().map(|row| row["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names(ADMIN, "").await, ["Alder", "Birch"]);
    assert_eq!(names(ADA, "").await, ["Alder"]);
    assert_eq!(names(ADA, "?q=birch").await, Vec::<String>::new());
    assert_eq!(names(ADA, "?expression=name%20%3D%20%27Birch%27").await, Vec::<String>::new());
    assert_eq!(names(ADMIN, "?expression=name%20%3D%20%27Birch%27").await, ["Birch"]);
    let first = world.get("/api/v1/accounts?limit=1", &cookie(ADMIN)).await.json();
    let next = first["next"].as_str().unwrap();
    assert_eq!(names(ADMIN, &format!("?limit=1&cursor={next}")).await, ["Birch"]);
    world.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bad_expression_says_at_which_byte() {
    let world = World::new().await;
    let reply = world.get("/api/v1/accounts?expression=health%20%3C%20and", &cookie(ADA)).await;
    assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY);
    let fault = &reply.json()["fields"][0];
    assert_eq!(fault["field"], "expression");
    assert!(fault["offset"].is_u64() && fault["message"].is_string(), "{}", reply.body);
    world.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_touchpoint_shows_on_the_account_and_an_impossible_one_is_refused() {
    let world = World::new().await;
    let path = format!("/api/v1/accounts/{ADAS}/touchpoints");
    let new = json!({ "kind": "call", "direction": "outbound", "subject": " Renewal " });
    let made = world.post_json(&path, &cookie(ADA), &new).await;
    assert_eq!((made.status, made.header("location")), (StatusCode::CREATED, path.as_str()));
    let listed = world.get(&path, &cookie(ADA)).await.json();
    assert_eq!(listed["items"][0], made.json());
    assert_eq!(listed["items"][0]["subject"], "Renewal");
    let timeline = world.get(&format!("/api/v1/accounts/{ADAS}/timeline"), &cookie(ADA)).await.json();
    assert!(timeline["items"].as_array().unwrap().iter().any(|entry| entry["title"] == "Renewal"), "{timeline}");
    let faults = [
        (json!({ "kind": "fax", "direction": "outbound", "subject": "x" }), "unknown variant `fax`"),
        (json!({ "kind": "call", "direction": "outbound", "subject": "x", "role": "admin" }), "unknown field `role`"),
        (json!({ "kind": "call", "direction": "outbound", "subject": " " }), "must not be empty"),
        (json!({ "kind": "call", "direction": "outbound", "subject": "x", "minutes": -1 }), "between 0"),
        (json!({ "kind": "call", "direction": "outbound", "subject": "x", "contact_id": 7 }), "no such contact"),
        (
            json!({ "kind": "call", "direction": "outbound", "subject": "x", "occurred_at": "2027-01-01T00:00:00Z" }),
            "in the future",
        ),
    ];
    for (body, reason) in faults {
        let refused = world.post_json(&path, &cookie(ADA), &body).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", refused.body);
        assert!(refused.body.contains(reason), "{reason}: {}", refused.body);
    }
    world.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repeat_with_the_same_key_has_no_second_effect() {
    let world = World::new().await;
    let path = format!("/api/v1/accounts/{ADAS}/responses");
    let send = async |key: &str, body: Value| {
        let request = Request::post(&path)
            .header(header::COOKIE, cookie(ADA))
            .header(header::CONTENT_TYPE, "application/json")
            .header("idempotency-key", key);
        world.send(request.body(Body::from(body.to_string())).unwrap()).await
    };
    let answer = json!({ "kind": "nps", "score": 9 });
    let first = send("k1", answer.clone()).await;
    let again = send("k1", answer.clone()).await;
    assert_eq!((first.status, again.status), (StatusCode::CREATED, StatusCode::CREATED));
    assert_eq!(first.body, again.body);
    assert_eq!((first.header("location"), again.header("location")), (path.as_str(), path.as_str()));
    assert_eq!((first.header("idempotency-replayed"), again.header("idempotency-replayed")), ("", "true"));
    let other = send("k1", json!({ "kind": "nps", "score": 1 })).await;
    assert_eq!(
        (other.status, other.json()["code"].as_str()),
        (StatusCode::UNPROCESSABLE_ENTITY, Some("idempotency_key_reused"))
    );
    let failed = send("k2", json!({ "kind": "nps", "score": 11 })).await;
    assert!(failed.body.contains("NPS is scored from 0 to 10."), "{}", failed.body);
    assert_eq!(send("k2", answer).await.status, StatusCode::CREATED, "a failure does not use a key up");
    // What a crash after the commit leaves: the effect with its mark, and no answer.
    let key = format!("member:{ADA} k1");
    let forgotten: Result<(), store::StoreError> = world
        .app
        .engine
        .store()
        .write(async |tx| store::idempotency::finish(tx, &key, store::idempotency::CARRIED_OUT, "").await)
        .await;
    forgotten.unwrap();
    let lost = send("k1", json!({ "kind": "nps", "score": 9 })).await;
    assert_eq!((lost.status, lost.json()["code"].as_str()), (StatusCode::CONFLICT, Some("answer_lost")));
    let listed = world.get(&path, &cookie(ADA)).await.json();
    assert_eq!(listed["items"].as_array().unwrap().len(), 2);
    world.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cta_is_opened_worked_and_closed() {
    let world = World::new().await;
    let new = json!({
        "account_id": ADAS, "kind": "risk", "reason": "usage_decline", "title": "Usage fell", "priority": "high",
        "due_on": "2026-12-01", "tasks": ["Call", "Write"],
    });
    let made = world.post_json("/api/v1/ctas", &cookie(ADA), &new).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    let cta = made.json();
    assert_eq!(cta["cta"]["owner_id"], ADA);
    let path = made.header("location").to_owned();
    let task = cta["tasks"][0]["id"].as_i64().unwrap();
    let tick = Request::put(format!("{path}/tasks/{task}"))
        .header(header::COOKIE, cookie(ADA))
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from(r#"{"done":true}"#));
    assert_eq!(world.send(tick.unwrap()).await.json()["done_by"], ADA);
    let early = patch(&world, &path, ADA, &json!({ "status": "closed" })).await;
    assert_eq!(early.json()["fields"][0]["field"], "outcome", "{}", early.body);
    let closed = patch(&world, &path, ADA, &json!({ "status": "closed", "outcome": "recovered" })).await.json();
    assert_eq!((closed["status"].as_str(), closed["outcome"].as_str()), (Some("closed"), Some("recovered")));
    let open = world.get("/api/v1/ctas?status=open", &cookie(ADA)).await.json();
    assert_eq!(open["items"], json!([]));
    let elsewhere = json!({ "account_id": BENS, "kind": "risk", "reason": "x", "title": "x", "priority": "low", "due_on": "2026-12-01" });
    assert_eq!(world.post_json("/api/v1/ctas", &cookie(ADA), &elsewhere).await.status, StatusCode::NOT_FOUND);
    world.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_field_left_out_stays_and_null_clears_it() {
    let world = World::new().await;
    let path = format!("/api/v1/accounts/{ADAS}");
    let set = patch(&world, &path, ADA, &json!({ "stage": "renewal", "tier": "strategic" })).await.json();
    assert_eq!((set["stage"].as_str(), set["tier"].as_str()), (Some("renewal"), Some("strategic")));
    let cleared = patch(&world, &path, ADA, &json!({ "tier": null })).await.json();
    assert_eq!((cleared["stage"].as_str(), &cleared["tier"]), (Some("renewal"), &Value::Null));
    let unknown = patch(&world, &path, ADA, &json!({ "name": "Mine" })).await;
    assert_eq!(unknown.status, StatusCode::UNPROCESSABLE_ENTITY);
    world.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_is_shown_once_and_stops_when_withdrawn() {
    let world = World::new().await;
    let new = json!({ "name": "script", "scopes": ["accounts:read"], "days": 1 });
    let made = world.post_json("/api/v1/tokens", &cookie(ADA), &new).await;
    let secret = made.json()["secret"].as_str().unwrap().to_owned();
    assert!(secret.starts_with("pom_"));
    let me = async || {
        let request = Request::get("/api/v1/me").header(header::AUTHORIZATION, format!("Bearer {secret}"));
        world.send(request.body(Body::empty()).unwrap()).await
    };
    assert_eq!(me().await.json()["member_id"], ADA);
    let listed = world.get("/api/v1/tokens", &cookie(ADA)).await;
    assert!(!listed.body.contains(&secret));
    let id = &listed.json()["items"][0]["id"];
    let withdraw = Request::delete(format!("/api/v1/tokens/{id}")).header(header::COOKIE, cookie(ADA));
    assert_eq!(world.send(withdraw.body(Body::empty()).unwrap()).await.status, StatusCode::NO_CONTENT);
    assert_eq!(me().await.status, StatusCode::UNAUTHORIZED);
    world.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_last_admin_stays() {
    let world = World::new().await;
    let path = format!("/api/v1/members/{ADMIN}");
    for body in [json!({ "role": "viewer" }), json!({ "active": false })] {
        assert_eq!(patch(&world, &path, ADMIN, &body).await.status, StatusCode::CONFLICT);
    }
    let circle = patch(&world, "/api/v1/members/2", ADMIN, &json!({ "manager_id": ADA })).await;
    assert_eq!(circle.json()["fields"][0]["field"], "manager_id", "{}", circle.body);
    world.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sql_reads_and_never_writes() {
    let world = World::new().await;
    let run = async |sql: &str| world.post_json("/api/v1/query", &cookie(ADMIN), &json!({ "sql": sql })).await;
    let found = run("select name from account order by name").await;
    assert_eq!(found.json()["rows"], json!([["Alder"], ["Birch"]]), "{}", found.body);
    for sql in ["delete from account", "create table x (y int)", "select nothing from nowhere", "select 1; select 2"] {
        let refused = run(sql).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{sql}: {}", refused.body);
    }
    world.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_description_is_read_by_people_too() {
    let world = World::new().await;
    let page = world.get("/api", "").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.body.contains("/api/v1/accounts/{id}/health") && page.body.contains("Idempotency-Key"));
    let document = world.get("/api/openapi.json", "").await.json();
    assert_eq!(document["openapi"], "3.1.0");
    world.close().await;
}
