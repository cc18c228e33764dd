//! Events over HTTP, as the senders' libraries send them.

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use base64::Engine as _;
use serde_json::json;
use std::io::Write;

use crate::world::{ADMIN, Reply, World, cookie};

fn basic(world: &World) -> String {
    format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(format!("{}:", world.write_key)))
}

fn track(id: &str) -> serde_json::Value {
    json!({
        "type": "track", "messageId": id, "userId": "u1", "event": "report_opened",
        "timestamp": "2026-11-22T08:00:00Z", "context": { "groupId": "alder" },
    })
}

async fn events(world: &World) -> i64 {
    let sql = json!({ "sql": "select count(*) as n from event" });
    world.post_json("/api/v1/query", &cookie(ADMIN), &sql).await.json()["rows"][0][0].as_i64().unwrap()
}

async fn post(world: &World, path: &str, kind: &str, body: impl Into<Body>) -> Reply {
    let request = Request::post(path).header(header::AUTHORIZATION, basic(world)).header(header::CONTENT_TYPE, kind);
    world.send(request.body(body.into()).unwrap()).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_is_taken_once_however_it_is_dressed() {
    let world = World::new().await;
    let batch = json!({ "batch": [track("m1"), track("m2")] }).to_string();
    let taken = post(&world, "/v1/batch", "application/json", batch.clone()).await;
    assert_eq!((taken.status, taken.body.as_str()), (StatusCode::OK, r#"{"success":true}"#));
    assert_eq!(post(&world, "/v1/b", "text/plain", batch.clone()).await.body, r#"{"success":true}"#);
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gzip.write_all(batch.as_bytes()).unwrap();
    let packed = gzip.finish().unwrap();
    assert_eq!(post(&world, "/v1/batch", "application/x-www-form-urlencoded", packed).await.status, StatusCode::OK);
    assert_eq!(post(&world, "/v1/t", "text/plain", track("m3").to_string()).await.status, StatusCode::OK);
    assert_eq!(events(&world).await, 3);
    world.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_taken_is_refused_in_words_a_library_understands() {
    let world = World::new().await;
    let broken = post(&world, "/v1/batch", "application/json", "{\"batch\":").await;
    assert_eq!(broken.status, StatusCode::BAD_REQUEST);
    assert!(broken.json()["code"].is_string() && broken.json()["message"].is_string(), "{}", broken.body);
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    let blanks = vec![b' '; 1 << 20];
    for _ in 0..200 {
        gzip.write_all(&blanks).unwrap();
    }
    let bomb = post(&world, "/v1/batch", "application/json", gzip.finish().unwrap()).await;
    assert_eq!((bomb.status, bomb.json()["code"].as_str()), (StatusCode::PAYLOAD_TOO_LARGE, Some("too_large")));
    let large = post(&world, "/v1/batch", "application/json", vec![b' '; (5 << 20) + 1]).await;
    assert_eq!(large.status, StatusCode::PAYLOAD_TOO_LARGE);
    let unknown = Request::post("/v1/batch").body(Body::from(json!({ "batch": [], "writeKey": "wk_no" }).to_string()));
    let unknown = world.send(unknown.unwrap()).await;
    assert_eq!(
        (unknown.status, unknown.json()["code"].as_str()),
        (StatusCode::UNAUTHORIZED, Some("unknown_write_key"))
    );
    assert_eq!(events(&world).await, 0);
    world.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_in_the_body_or_the_address_is_as_good_as_one_in_a_header() {
    let world = World::new().await;
    let body = json!({ "batch": [track("m1")], "writeKey": world.write_key }).to_string();
    assert_eq!(world.send(Request::post("/v1/batch").body(Body::from(body)).unwrap()).await.status, StatusCode::OK);
    let address = format!("/v1/batch?writeKey={}", world.write_key);
    let body = json!({ "batch": [track("m2")] }).to_string();
    assert_eq!(world.send(Request::post(address).body(Body::from(body)).unwrap()).await.status, StatusCode::OK);
    assert_eq!(events(&world).await, 2);
    world.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn any_website_may_send_and_none_may_read() {
    let world = World::new().await;
    let asked = Request::options("/v1/t")
        .header(header::ORIGIN, "https://shop.example")
        .header(header::ACCESS_CONTROL_REQUEST_HEADERS, "authorization, anonymousid");
    let allowed = world.send(asked.body(Body::empty()).unwrap()).await;
    assert_eq!(allowed.status, StatusCode::NO_CONTENT);
    assert_eq!(allowed.header("access-control-allow-origin"), "https://shop.example");
    assert_eq!(allowed.header("access-control-allow-headers"), "authorization, anonymousid");
    assert_eq!(allowed.header("access-control-max-age"), "86400");
    let page = Request::get("/api/v1/accounts").header(header::ORIGIN, "https://shop.example");
    let page = world.send(page.body(Body::empty()).unwrap()).await;
    assert_eq!(page.header("access-control-allow-origin"), "");
    world.close().await;
}
