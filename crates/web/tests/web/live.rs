//! The stream of changes tells a caller of the accounts they may see, and of no other.

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use http_body_util::BodyExt;
use serde_json::json;
use std::collections::BTreeSet;
use std::time::Duration;

use crate::world::{ADA, ADAS, ADMIN, BEN, BENS, World, cookie};

/// The accounts a stream names until it has been quiet for a while.
async fn told(body: &mut Body) -> BTreeSet<i64> {
    let mut heard = String::new();
    while let Ok(Some(Ok(frame))) = tokio::time::timeout(Duration::from_millis(1_500), body.frame()).await {
        heard.push_str(&String::from_utf8_lossy(frame.data_ref().unwrap()));
    }
    let data = heard.lines().filter_map(|line| line.strip_prefix("data: {\"id\":")?.strip_suffix('}')?.parse().ok());
    data.collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_names_only_accounts_its_reader_may_see() {
    let world = World::new().await;
    let mut streams = Vec::new();
    for member in [ADMIN, ADA, BEN] {
        let request = Request::get("/live").header(header::COOKIE, cookie(member)).body(Body::empty()).unwrap();
        let answer = world.begin(request).await;
        assert_eq!(answer.status(), StatusCode::OK);
        streams.push(answer.into_body());
    }
    let fact = |account: &str| json!({ "type": "group", "userId": format!("u-{account}"), "groupId": account, "traits": { "industry": "wood" } });
    let body = json!({ "batch": [fact("alder"), fact("birch")], "writeKey": world.write_key }).to_string();
    let sent = world.send(Request::post("/v1/batch").body(Body::from(body)).unwrap()).await;
    assert_eq!(sent.status, StatusCode::OK);
    let mut heard = Vec::new();
    for stream in &mut streams {
        heard.push(told(stream).await);
    }
    assert_eq!(heard[0], BTreeSet::from([ADAS, BENS]), "the admin hears of both");
    assert_eq!(heard[1], BTreeSet::from([ADAS]), "Ada hears of her own");
    assert_eq!(heard[2], BTreeSet::from([BENS]), "and Ben of his");
    let nobody = world.begin(Request::get("/live").body(Body::empty()).unwrap()).await;
    assert_eq!(nobody.status(), StatusCode::UNAUTHORIZED);
    drop(streams);
    world.close().await;
}
