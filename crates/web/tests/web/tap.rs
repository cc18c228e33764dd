//! What extractors print, over HTTP: streams nobody knows are kept and offered for mapping, and Airbyte's counts are
//! checked, over several requests too.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use serde_json::{Value, json};

use crate::world::{ADMIN, Reply, World, cookie};

async fn pour(world: &World, lines: &[Value]) -> Reply {
    let text: Vec<String> = lines.iter().map(Value::to_string).collect();
    let request = Request::post("/v1/ingest/singer?preset=generic").header("x-write-key", &world.write_key);
    world.send(request.body(Body::from(text.join("\n"))).unwrap()).await
}

fn airbyte(id: &str) -> Value {
    json!({ "type": "RECORD", "record": { "stream": "planets", "data": { "id": id, "title": "Planet" }, "emitted_at": 1 } })
}

fn state(count: u64) -> Value {
    let stream = json!({ "stream_descriptor": { "name": "planets" }, "stream_state": { "at": 1 } });
    json!({ "type": "STATE", "state": { "type": "STREAM", "stream": stream, "sourceStats": { "recordCount": count } } })
}

async fn named(world: &World, name: &str) -> Option<i64> {
    let sql = format!("select count(*) as n from account where name = '{name}'");
    engine::query::sql(&world.app.engine, &sql, 1).await.unwrap().frame.ints("n").unwrap().next().flatten()
}

/// A stream that no rule knows is taken, kept, shown with its count, and read once a rule is kept.
async fn kept_and_offered(world: &World, lines: &[Value], ids: [&str; 2]) {
    let taken = pour(world, lines).await;
    assert_eq!(taken.status, StatusCode::OK, "{}", taken.body);
    assert_eq!(taken.json()["report"]["unmapped"], json!({ "planets": 2 }), "{}", taken.body);
    assert_eq!(taken.json()["states"].as_array().unwrap().len(), 1);
    let page = world.get("/sources/1", &cookie(ADMIN)).await.body;
    assert!(page.contains("Streams nobody mapped") && page.contains("2 records wait"), "{page}");
    assert!(page.contains("href=\"/sources/1/mapping\""), "the mapping is a button away");
    let mapping = world.get("/sources/1/mapping", &cookie(ADMIN)).await.body;
    assert!(mapping.contains("kept raw") && mapping.contains("Propose a rule"), "{mapping}");
    let offered = world.get("/sources/1/mapping?stream=planets&propose=true", &cookie(ADMIN)).await.body;
    assert!(offered.contains("stream = &quot;planets&quot;"), "{offered}");
    assert!(ids.iter().all(|id| offered.contains(id)), "the last messages are tried on: {offered}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unknown_singer_stream_is_kept_raw_and_read_once_it_is_mapped() {
    let world = World::new().await;
    let schema =
        json!({ "type": "SCHEMA", "stream": "planets", "schema": { "properties": {} }, "key_properties": ["id"] });
    let record = |id: &str, title: &str| json!({ "type": "RECORD", "stream": "planets", "record": { "id": id, "title": title } });
    let state = json!({ "type": "STATE", "value": { "at": 2 } });
    let lines = [schema, record("p1", "Planet Alder"), record("p2", "Planet Birch"), state];
    kept_and_offered(&world, &lines, ["p1", "p2"]).await;
    let rules = "[[rule]]\nstream = \"planets\"\nobject = \"account\"\nkey = \"id\"\n[rule.fields]\nname = \"title\"\n";
    let escaped: Vec<String> = rules.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let form = format!("preset=generic&rules={}&stream=planets&do=keep", escaped.concat());
    let kept = world.post_form("/sources/1/mapping", &cookie(ADMIN), &form).await;
    assert!(kept.body.contains("2 records that waited were read: 2 created"), "{}", kept.body);
    assert_eq!(named(&world, "Planet Birch").await, Some(1));
    assert!(!world.get("/sources/1", &cookie(ADMIN)).await.body.contains("Streams nobody mapped"));
    let next = pour(&world, &[lines[0].clone(), record("p3", "Planet Cedar")]).await;
    assert_eq!(next.json()["report"]["created"], 1, "{}", next.body);
    world.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unknown_airbyte_stream_is_kept_raw_and_its_counts_are_checked() {
    let world = World::new().await;
    kept_and_offered(&world, &[airbyte("a1"), airbyte("a2"), state(2)], ["a1", "a2"]).await;
    let short = pour(&world, &[airbyte("a3"), state(2)]).await;
    assert_eq!((short.status, short.json()["code"].as_str()), (StatusCode::BAD_REQUEST, Some("records_missing")));

    let part = pour(&world, &[airbyte("a4")]).await.json();
    assert_eq!(part["report"]["open"], json!([{ "stream": "planets", "records": 1 }]));
    let head = json!({ "type": "TRACE", "trace": { "open": part["report"]["open"] } });
    let rest = pour(&world, &[head, airbyte("a5"), state(2)]).await;
    assert_eq!(rest.json()["states"], json!([state(2).to_string()]), "counted over both requests: {}", rest.body);
    assert_eq!(rest.json()["report"]["open"], Value::Null);
    world.close().await;
}
