//! The traps of Segment-style HTTP, T1 to T11, each by its name: what official clients really send, and what breaks
//! servers that believe their documentation.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Request, StatusCode, header};
use base64::Engine as _;
use serde_json::{Value, json};
use std::io::Write;
use std::time::Duration;
use web::gate::pool::Places;

use crate::world::{ADMIN, Reply, World, cookie, generous};

const TAKEN: &str = r#"{"success":true}"#;

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

fn basic(key: &str) -> String {
    format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(format!("{key}:")))
}

async fn send(world: &World, path: &str, headers: &[(&str, &str)], body: impl Into<Body>) -> Reply {
    let mut request = Request::post(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    world.send(request.body(body.into()).unwrap()).await
}

async fn post(world: &World, body: &Value) -> Reply {
    send(world, "/v1/batch", &[("authorization", &basic(&world.write_key))], body.to_string()).await
}

fn track(id: &str, more: &Value) -> Value {
    let mut message = json!({ "type": "track", "messageId": id, "userId": "u1", "event": "Opened", "timestamp": "2026-11-22T08:00:00Z" });
    let more = more.as_object().cloned().unwrap_or_default();
    message.as_object_mut().unwrap().extend(more);
    message
}

async fn rows(world: &World, sql: &str) -> Vec<Vec<Value>> {
    let reply = world.post_json("/api/v1/query", &cookie(ADMIN), &json!({ "sql": sql })).await;
    serde_json::from_value(reply.json()["rows"].clone()).unwrap_or_else(|_| panic!("{}", reply.body))
}

async fn count(world: &World) -> i64 {
    rows(world, "select count(*) as n from event").await[0][0].as_i64().unwrap()
}

/// The source with what it had refused.
async fn refusals(world: &World) -> Vec<Value> {
    world.get("/api/v1/sources/1/refusals", &cookie(ADMIN)).await.json()["items"].as_array().unwrap().clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn t1_content_decides_never_the_content_type() {
    let world = World::new().await;
    let key = basic(&world.write_key);
    let kinds =
        ["application/json", "text/plain", "application/x-www-form-urlencoded", "application/octet-stream", "x"];
    for (at, kind) in kinds.into_iter().enumerate() {
        let body = json!({ "batch": [track(&format!("m{at}"), &json!({}))] }).to_string();
        let headers = [("authorization", key.as_str()), ("content-type", kind)];
        assert_eq!(send(&world, "/v1/batch", &headers, body.clone()).await.body, TAKEN, "{kind}");
        assert_eq!(send(&world, "/v1/batch", &headers, gzip(body.as_bytes())).await.body, TAKEN, "gzip as {kind}");
        let claimed = [headers[0], headers[1], ("content-encoding", "gzip")];
        assert_eq!(send(&world, "/v1/batch", &claimed, body).await.body, TAKEN, "plain, called gzip");
    }
    assert_eq!(count(&world).await, 5);
    let bomb = gzip(&vec![b' '; 200 << 20]);
    let refused = send(&world, "/v1/batch", &[("authorization", &key)], bomb).await;
    assert_eq!(refused.status, StatusCode::PAYLOAD_TOO_LARGE);
    world.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn t2_answers_are_what_the_strictest_client_expects() {
    let world = World::new().await;
    let taken = post(&world, &json!({ "batch": [track("m1", &json!({}))] })).await;
    assert_eq!((taken.status, taken.body.as_str()), (StatusCode::OK, TAKEN));
    let key = basic(&world.write_key);
    let unknown = send(&world, "/v1/batch", &[("authorization", &basic("wk_no"))], "{\"batch\":[]}").await;
    let broken = send(&world, "/beacon/v1/batch", &[("authorization", &key)], "{").await;
    let large = send(&world, "/api/s/track", &[("authorization", &key)], vec![b' '; (5 << 20) + 1]).await;
    let method = world.send(Request::put("/v1/track").body(Body::empty()).unwrap()).await;
    for reply in [unknown, broken, large, method] {
        let said = reply.json();
        assert!(said["code"].is_string() && said["message"].is_string(), "{}: {}", reply.status, reply.body);
    }
    world.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn t3_no_bad_input_is_answered_in_a_way_that_is_retried() {
    let world = World::new().await;
    let key = basic(&world.write_key);
    let message = track("m", &json!({})).to_string();
    let unknown = send(&world, "/v1/track", &[("authorization", &basic("wk_no"))], message).await;
    assert_eq!(unknown.status, StatusCode::UNAUTHORIZED);
    let nested = format!("{{\"batch\":{}", "[".repeat(100_000));
    let bodies: [&[u8]; 8] =
        [b"", b"{", b"[[[", b"\xff\xfe", b"\x1f\x8b\x08broken", b"null", b"data=abc", nested.as_bytes()];
    for body in bodies {
        for kind in ["application/json", "application/xml", ""] {
            let headers = [("authorization", key.as_str()), ("content-type", kind)];
            let reply = send(&world, "/v1/batch", &headers, body.to_vec()).await;
            let fine = matches!(reply.status, StatusCode::OK | StatusCode::BAD_REQUEST | StatusCode::PAYLOAD_TOO_LARGE);
            assert!(fine, "{kind} {:?}: {}", String::from_utf8_lossy(&body[..body.len().min(20)]), reply.status);
        }
    }
    world.close().await;
}

/// Pages and senders have places of their own: a full house of pages answers 503 to pages and 200 to senders.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn t3_pages_cannot_keep_facts_out_and_overload_says_when_to_come_back() {
    let none = Places { reading: 0, ..Places::default() };
    let world = World::with(web::Settings { places: none, ..generous() }).await;
    let admin = cookie(ADMIN);
    let page = world.get("/accounts", &admin);
    let fact = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        post(&world, &json!({ "batch": [track("m1", &json!({}))] })).await.status
    };
    let (page, fact) = tokio::join!(page, fact);
    assert_eq!(fact, StatusCode::OK);
    assert_eq!((page.status, page.header("retry-after")), (StatusCode::SERVICE_UNAVAILABLE, "2"));
    world.close().await;

    let none = Places { sending: 0, ..Places::default() };
    let world = World::with(web::Settings { places: none, ..generous() }).await;
    let refused = post(&world, &json!({ "batch": [] })).await;
    assert_eq!((refused.status, refused.header("retry-after")), (StatusCode::SERVICE_UNAVAILABLE, "2"));
    assert!(refused.json()["message"].is_string());
    assert_eq!(world.get("/accounts", &cookie(ADMIN)).await.status, StatusCode::OK);
    world.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn t4_a_refused_message_is_shown_with_its_reason_and_its_text() {
    let world = World::new().await;
    let good = track("m1", &json!({}));
    let reply = post(&world, &json!({ "batch": [{ "type": "dance", "userId": "u" }, good, 17] })).await;
    assert_eq!(reply.status, StatusCode::OK);
    assert_eq!(count(&world).await, 1);
    let shown = refusals(&world).await;
    let codes: Vec<_> = shown.iter().map(|refusal| refusal["code"].as_str().unwrap()).collect();
    assert_eq!(codes, ["not_an_object", "unknown_type"], "newest first");
    assert!(shown[1]["body"].as_str().unwrap().contains("\"dance\""));
    let page = world.get("/sources/1", &cookie(ADMIN)).await;
    assert!(page.body.contains("dance"), "the debugger shows the body");
    world.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn t5_a_message_is_stored_once_whatever_carries_it_again() {
    let world = World::new().await;
    let (one, two) = (track("m1", &json!({})), track("m2", &json!({})));
    for batch in [json!([one]), json!([one, two, one]), json!([two])] {
        assert_eq!(post(&world, &json!({ "batch": batch })).await.status, StatusCode::OK);
    }
    assert_eq!(count(&world).await, 2);
    engine::seal::seal(&world.app.engine).await.unwrap();
    post(&world, &json!({ "batch": [one, two] })).await;
    world.wait(chrono::TimeDelta::days(30));
    post(&world, &json!({ "batch": [one, two] })).await;
    let events = engine::query::sql(&world.app.engine, "select count(*) as n from event", 1).await.unwrap();
    assert_eq!(events.frame.ints("n").unwrap().next().flatten(), Some(2), "also after sealing and 30 days");
    world.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn t6_a_wrong_clock_is_corrected_kept_and_refused_only_when_absurd() {
    let world = World::new().await;
    let hour_slow = json!({ "timestamp": "2026-11-22T07:59:50Z", "sentAt": "2026-11-22T08:00:00Z" });
    let history = json!({ "timestamp": "2019-01-01T00:00:00Z" });
    let absurd = json!({ "timestamp": "2036-01-01T00:00:00Z" });
    let batch = [track("slow", &hour_slow), track("old", &history), track("never", &absurd)];
    assert_eq!(post(&world, &json!({ "batch": batch })).await.status, StatusCode::OK);
    let found =
        rows(&world, "select cast(occurred_at as varchar) as at, properties from event order by occurred_at").await;
    assert_eq!(found.len(), 2);
    assert!(found[0][0].as_str().unwrap().starts_with("2019-01-01"), "{found:?}");
    assert!(
        found[1][0].as_str().unwrap().contains("08:59:50"),
        "received at 9:00, ten seconds after it happened: {found:?}"
    );
    let kept: Value = serde_json::from_str(found[1][1].as_str().unwrap()).unwrap();
    assert_eq!(kept["$clocks"], json!({ "original": "2026-11-22T07:59:50Z", "sent": "2026-11-22T08:00:00Z" }));
    assert_eq!(refusals(&world).await[0]["code"], "future");
    world.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn t7_traits_lie_in_either_place_and_blank_ids_are_none() {
    let world = World::new().await;
    let batch = json!([
        { "type": "group", "messageId": "g", "userId": "u7", "anonymousId": "", "groupId": "newco", "traits": { "name": "New Co" } },
        { "type": "identify", "messageId": "i", "userId": "u7", "groupId": null,
          "context": { "groupId": "newco", "traits": { "email": "ann@newco.test", "name": "Ann" } } },
        { "type": "track", "messageId": "t", "userId": "", "anonymousId": null, "event": "Nobody" },
    ]);
    assert_eq!(post(&world, &json!({ "batch": batch })).await.status, StatusCode::OK);
    let found = rows(&world, "select name from account where external_id = 'newco'").await;
    assert_eq!(found, [[json!("New Co")]]);
    engine::refresh::all(&world.app.engine).await.unwrap();
    let newco = rows(&world, "select account_id from account where external_id = 'newco'").await[0][0].clone();
    let people = world.get(&format!("/api/v1/accounts/{newco}/contacts"), &cookie(ADMIN)).await.json();
    let ann = &people["items"][0];
    assert_eq!((ann["name"].as_str(), ann["email"].as_str()), (Some("Ann"), Some("ann@newco.test")));
    assert_eq!(refusals(&world).await[0]["code"], "no_identity");
    world.close().await;
}

/// A browser says who somebody is, and only later, in another request, whose they are.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn t7_an_introduction_waits_for_its_account() {
    let world = World::new().await;
    let ann = json!({ "type": "identify", "messageId": "i", "userId": "u9", "traits": { "name": "Ann Waits" } });
    post(&world, &ann).await;
    assert_eq!(refusals(&world).await, Vec::<Value>::new(), "nothing is wrong with it");
    post(&world, &json!({ "type": "group", "messageId": "g", "userId": "u9", "groupId": "alder" })).await;
    engine::refresh::all(&world.app.engine).await.unwrap();
    let people = world.get("/api/v1/accounts/1/contacts", &cookie(ADMIN)).await.json();
    assert_eq!(people["items"][0]["name"], "Ann Waits", "{people}");
    world.close().await;
}

/// What a browser does: tracks before it groups, and says the group only once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn t8_what_was_tracked_before_the_group_call_finds_its_account() {
    let world = World::new().await;
    let early = json!({ "type": "track", "messageId": "t1", "anonymousId": "a1", "event": "Opened" });
    assert_eq!(post(&world, &early).await.status, StatusCode::OK);
    let unknown = "select count(*) as n from event where account_id is null";
    assert_eq!(rows(&world, unknown).await[0][0], 1);
    let group = json!({ "type": "group", "messageId": "g1", "anonymousId": "a1", "userId": "u1", "groupId": "alder" });
    post(&world, &group).await;
    post(&world, &json!({ "type": "track", "messageId": "t2", "userId": "u1", "event": "Opened" })).await;
    let by_account =
        "select a.external_id, count(*) as n from event e join account a on a.account_id = e.account_id group by 1";
    assert_eq!(rows(&world, by_account).await, [[json!("alder"), json!(2)]], "attributed when read");
    engine::seal::seal(&world.app.engine).await.unwrap();
    assert_eq!(rows(&world, by_account).await, [[json!("alder"), json!(2)]], "and when sealed");
    let told = track("t3", &json!({ "userId": "stranger", "properties": { "account_id": "birch" } }));
    post(&world, &told).await;
    let birch =
        "select count(*) as n from event e join account a on a.account_id = e.account_id where a.external_id = 'birch'";
    assert_eq!(rows(&world, birch).await[0][0], 1, "a configured path is evidence, too");
    world.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn t9_a_user_of_several_accounts_is_never_guessed() {
    let world = World::new().await;
    // They have been in both since the moment of the events.
    let at = "2026-11-22T08:00:00Z";
    let group = |id: &str, account: &str| json!({ "type": "group", "messageId": id, "userId": "agency", "groupId": account, "timestamp": at });
    post(&world, &json!({ "batch": [group("g1", "alder"), track("first", &json!({ "userId": "agency" }))] })).await;
    post(&world, &group("g2", "birch")).await;
    let silent = track("silent", &json!({ "userId": "agency" }));
    let explicit = track("explicit", &json!({ "userId": "agency", "context": { "groupId": "birch" } }));
    post(&world, &json!({ "batch": [silent, explicit] })).await;
    let sql = "select coalesce(a.external_id, 'nobody') as x, count(*) as n from event e left join account a on a.account_id = e.account_id group by 1 order by 1";
    let expected = [[json!("alder"), json!(1)], [json!("birch"), json!(1)], [json!("nobody"), json!(1)]];
    assert_eq!(rows(&world, sql).await, expected, "known then, said explicitly, and not guessed");
    engine::seal::seal(&world.app.engine).await.unwrap();
    assert_eq!(rows(&world, sql).await, expected, "sealing does not guess either");
    let source = world.get("/api/v1/sources/1", &cookie(ADMIN)).await.json();
    assert_eq!(source["unattributed"], 1, "and it is counted");
    world.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn t10_browsers_of_any_website_may_send_and_a_limited_key_serves_its_own() {
    let world = World::new().await;
    let shop = ("origin", "https://shop.example");
    for path in ["/v1/t", "/beacon/v1/batch", "/api/s/track", "/sourceConfig/", "/v1/projects/k/settings"] {
        let asked = Request::options(path)
            .header(shop.0, shop.1)
            .header("access-control-request-headers", "authorization, anonymousid");
        let allowed = world.send(asked.body(Body::empty()).unwrap()).await;
        assert_eq!(allowed.status, StatusCode::NO_CONTENT, "{path}");
        assert_eq!(allowed.header("access-control-allow-origin"), shop.1);
        assert_eq!(allowed.header("access-control-allow-headers"), "authorization, anonymousid");
        assert_eq!(allowed.header("access-control-max-age"), "86400");
    }
    let key = basic(&world.write_key);
    let large = send(&world, "/v1/t", &[("authorization", &key), shop], vec![b' '; (5 << 20) + 1]).await;
    assert_eq!(large.header("access-control-allow-origin"), shop.1, "a refusal may be read as well");
    let page = Request::get("/api/v1/accounts").header(shop.0, shop.1).body(Body::empty()).unwrap();
    assert_eq!(world.send(page).await.header("access-control-allow-origin"), "", "but nothing else");
    let limit = json!({ "origins": ["https://app.acme.test"] }).to_string();
    let limited = Request::put("/api/v1/sources/1/origins").header(header::COOKIE, cookie(ADMIN));
    let limited = limited.header(header::CONTENT_TYPE, "application/json").body(Body::from(limit)).unwrap();
    assert_eq!(world.send(limited).await.status, StatusCode::OK);
    let body = track("m1", &json!({})).to_string();
    let foreign = send(&world, "/v1/t", &[("authorization", &key), shop], body.clone()).await;
    assert_eq!((foreign.status, foreign.json()["code"].as_str()), (StatusCode::FORBIDDEN, Some("foreign_origin")));
    let own = send(&world, "/v1/t", &[("authorization", &key), ("origin", "https://app.acme.test")], body).await;
    assert_eq!(own.status, StatusCode::OK);
    world.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn t11_odd_values_neither_fail_a_batch_nor_change() {
    let world = World::new().await;
    let deep = format!("{}1{}", r#"{"n":"#.repeat(60), "}".repeat(60));
    let odd = format!(
        r#"{{"batch":[{{"type":"track","messageId":"m1","userId":"u\u0000","event":"Odd\u0000","properties":
           {{"big":123456789012345678901234567890,"long":0.10000000000000000555111512312,"deep":{deep},"text":"a\u0000b"}}}},
           {{"type":"group","messageId":"g1","userId":"u","groupId":"alder","traits":{{"note":"a\u0000b","size":123456789012345678901234567890}}}},
           {{"type":"track","messageId":"m2","userId":"u","event":"Plain"}}]}}"#
    );
    let key = basic(&world.write_key);
    assert_eq!(send(&world, "/v1/batch", &[("authorization", &key)], odd).await.body, TAKEN);
    assert_eq!(refusals(&world).await, Vec::<Value>::new());
    let found = rows(&world, "select properties from event where name = 'Odd'").await;
    let properties = found[0][0].as_str().unwrap();
    assert!(properties.contains("\"big\":123456789012345678901234567890,"), "{properties}");
    assert!(properties.contains("\"long\":0.10000000000000000555111512312,"), "{properties}");
    assert!(properties.contains("\"text\":\"ab\",\"$altered\":true"), "{properties}");
    assert_eq!(count(&world).await, 2);
    world.close().await;
}

/// Every place where a client of the table puts its key, on the path where it puts it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_client_finds_its_path_and_its_key() {
    let world = World::new().await;
    let key = world.write_key.clone();
    let (basic, bearer, jitsu) = (basic(&key), format!("Bearer {key}"), format!("{key}:secret"));
    let batch = |id: &str| json!({ "batch": [track(id, &json!({}))] });
    let mut with_key = batch("m3");
    with_key["writeKey"] = json!(key);
    let beacon = format!("/beacon/v1/batch?writeKey={key}");
    let calls = [
        ("/v1/batch", Some(("authorization", basic.as_str())), batch("m1")),
        ("/v1/import", Some(("authorization", bearer.as_str())), batch("m2")),
        ("/v1/b", None, with_key),
        (beacon.as_str(), None, batch("m4")),
        ("/api/s/track", Some(("x-write-key", jitsu.as_str())), track("m5", &json!({ "writeKey": "wk:***" }))),
        ("/api/s/s2s/track", Some(("x-write-key", jitsu.as_str())), track("m6", &json!({}))),
        ("/v1/t", Some(("authorization", basic.as_str())), track("m7", &json!({ "type": null }))),
        ("/api/s/batch", Some(("x-write-key", jitsu.as_str())), batch("m8")),
    ];
    for (path, header, body) in calls {
        let headers: Vec<_> = header.into_iter().chain([("content-type", "text/plain")]).collect();
        assert_eq!(send(&world, path, &headers, body.to_string()).await.body, TAKEN, "{path}");
    }
    assert_eq!(count(&world).await, 8);
    world.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn browser_libraries_are_told_where_to_send_and_what_to_load() {
    let world = World::new().await;
    let ask = |path: String, headers: HeaderMap| {
        let mut request = Request::get(path).header(header::HOST, "facts.example:8080").body(Body::empty()).unwrap();
        request.headers_mut().extend(headers);
        world.send(request)
    };
    let settings = ask(format!("/v1/projects/{}/settings", world.write_key), HeaderMap::new()).await;
    let ourselves = &settings.json()["integrations"]["Segment.io"];
    assert_eq!(
        (ourselves["apiHost"].as_str(), ourselves["protocol"].as_str()),
        (Some("facts.example:8080/v1"), Some("http"))
    );
    let mut headers = HeaderMap::new();
    headers.insert(HeaderName::from_static("authorization"), HeaderValue::try_from(basic(&world.write_key)).unwrap());
    let config = ask("/sourceConfig/?p=npm&v=3".to_owned(), headers).await;
    assert_eq!(config.json()["source"]["destinations"], json!([]));
    assert_eq!(ask("/sourceConfig/?writeKey=wk_no".to_owned(), HeaderMap::new()).await.status, StatusCode::NOT_FOUND);
    world.close().await;
}
