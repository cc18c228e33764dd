//! Webhooks in: believed by their signature, stored once as they came, read later, and read again on demand.

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::world::{ADMIN, Reply, World, cookie, now};

const SECRET: &str = "whsec_for_tests";

/// HMAC-SHA-256 by its definition (RFC 2104), for a key shorter than a block: what Stripe sends.
pub(crate) fn sign(body: &str, at: i64) -> String {
    let pad =
        |byte: u8| -> Vec<u8> { (0..64).map(|at| SECRET.as_bytes().get(at).copied().unwrap_or(0) ^ byte).collect() };
    let inner = Sha256::new().chain_update(pad(0x36)).chain_update(format!("{at}.{body}")).finalize();
    let outer = Sha256::new().chain_update(pad(0x5c)).chain_update(inner).finalize();
    format!("t={at},v1={}", hex::encode(outer))
}

pub(crate) async fn post(world: &World, body: &str, signature: &str) -> Reply {
    let request = Request::post("/v1/webhooks/shop").header("stripe-signature", signature);
    world.send(request.body(Body::from(body.to_owned())).unwrap()).await
}

pub(crate) async fn listening() -> World {
    let world = World::new().await;
    let setup = json!({ "sender": { "sender": "stripe" }, "secrets": [SECRET] }).to_string();
    let request = Request::put("/api/v1/sources/1/webhook").header(header::COOKIE, cookie(ADMIN));
    let request = request.header(header::CONTENT_TYPE, "application/json").body(Body::from(setup)).unwrap();
    let set = world.send(request).await;
    assert_eq!((set.status, set.json()["path"].as_str()), (StatusCode::OK, Some("/v1/webhooks/shop")), "{}", set.body);
    assert!(!set.body.contains(SECRET), "a secret goes in and never comes out");
    world
}

fn customer(event: &str, name: &str, created: i64) -> String {
    let object = json!({ "id": "cus_1", "object": "customer", "name": name });
    json!({ "id": event, "type": "customer.updated", "created": created, "data": { "object": object } }).to_string()
}

pub(crate) async fn deliveries(world: &World) -> Vec<Value> {
    engine::webhook::read_waiting(&world.app.engine).await.unwrap();
    let list = world.get("/api/v1/sources/1/deliveries", &cookie(ADMIN)).await;
    list.json()["items"].as_array().unwrap().clone()
}

async fn name(world: &World) -> Option<String> {
    let sql = "select name as x from account where name like 'Acme%'";
    let answer = engine::query::sql(&world.app.engine, sql, 5).await.unwrap();
    answer.frame.texts("x").unwrap().next().flatten().map(str::to_owned)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_is_stored_once_and_what_overtakes_it_stays() {
    let world = listening().await;
    let at = now().timestamp();
    let newer = customer("evt_2", "Acme Two", at);
    let older = customer("evt_1", "Acme One", at - 60);
    for body in [&newer, &newer, &older] {
        assert_eq!(post(&world, body, &sign(body, at)).await.status, StatusCode::OK);
    }
    let stored = deliveries(&world).await;
    assert_eq!(stored.len(), 2, "a repeat is not stored again: {stored:?}");
    assert!(stored.iter().all(|delivery| delivery["status"] == "taken"), "{stored:?}");
    assert!(stored[0]["note"].as_str().unwrap().contains("1 older than what is known"), "{stored:?}");
    assert_eq!(name(&world).await.as_deref(), Some("Acme Two"));
    world.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_believed_is_not_stored_and_is_shown() {
    let world = listening().await;
    let (at, body) = (now().timestamp(), customer("evt_1", "Acme", 1));
    let tampered = body.replace("Acme", "Evil");
    let cases = [
        (&tampered, sign(&body, at), "wrong_signature"),
        (&body, sign(&body, at - 301), "stale_signature"),
        (&body, "nonsense".to_owned(), "unreadable_signature"),
    ];
    for (body, signature, code) in cases {
        let reply = post(&world, body, &signature).await;
        assert_eq!((reply.status, reply.json()["code"].as_str()), (StatusCode::UNAUTHORIZED, Some(code)));
        assert!(reply.json()["message"].is_string());
    }
    let unsigned = Request::post("/v1/webhooks/shop").body(Body::from(body)).unwrap();
    assert_eq!(world.send(unsigned).await.json()["code"], "unsigned");
    assert_eq!(deliveries(&world).await, Vec::<Value>::new());
    let shown = world.get("/api/v1/sources/1/refusals", &cookie(ADMIN)).await.json();
    assert_eq!(shown["items"].as_array().unwrap().len(), 4);
    assert_eq!(post(&world, "{", &sign("{", at)).await.status, StatusCode::BAD_REQUEST);
    let nobody = Request::post("/v1/webhooks/spare").body(Body::empty()).unwrap();
    assert_eq!(world.send(nobody).await.status, StatusCode::NOT_FOUND, "a source that listens to nobody");
    world.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_delivery_is_read_again_by_a_button() {
    let world = listening().await;
    let (at, body) = (now().timestamp(), customer("evt_1", "Acme", 1));
    post(&world, &body, &sign(&body, at)).await;
    let id = deliveries(&world).await[0]["id"].clone();
    let page = world.get("/sources/1", &cookie(ADMIN)).await;
    let action = format!("/sources/1/deliveries/{id}/replay");
    assert!(page.body.contains(&action) && page.body.contains("customer.updated"), "the page has a button");
    assert_eq!(world.post_form(&action, &cookie(ADMIN), "").await.status, StatusCode::SEE_OTHER);
    let list = world.get("/api/v1/sources/1/deliveries", &cookie(ADMIN)).await;
    assert_eq!(list.json()["items"][0]["id"], id);
    let again = deliveries(&world).await;
    assert_eq!((again.len(), again[0]["status"].as_str()), (1, Some("taken")));
    assert!(again[0]["note"].as_str().unwrap().contains("1 unchanged"), "{again:?}");
    world.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stripe_in_both_shapes_is_exact_in_the_ledger() {
    let world = listening().await;
    let at = now().timestamp();
    let send = async |id: &str, kind: &str, object: Value| {
        let event = json!({ "id": id, "type": kind, "created": at, "data": { "object": object } }).to_string();
        assert_eq!(post(&world, &event, &sign(&event, at)).await.status, StatusCode::OK);
    };
    for (event, customer) in [("evt_1", "cus_1"), ("evt_2", "cus_2")] {
        send(event, "customer.created", json!({ "id": customer, "object": "customer", "name": customer })).await;
    }
    let start = at - 86_400;
    // Since 2018: items with prices, and a year whose twelfth is no whole number of cents.
    let price = json!({ "id": "price_1", "product": "prod_1", "currency": "usd", "unit_amount": 9_000_050,
        "unit_amount_decimal": "9000050", "billing_scheme": "per_unit",
        "recurring": { "interval": "year", "interval_count": 1 } });
    let item = json!({ "id": "si_1", "object": "subscription_item", "quantity": 1, "price": price });
    let new = json!({ "id": "sub_1", "object": "subscription", "customer": "cus_1", "status": "active",
        "created": start, "start_date": start, "currency": "usd", "items": { "object": "list", "data": [item] } });
    send("evt_3", "customer.subscription.created", new).await;
    // Before: one plan of the subscription itself.
    let plan = json!({ "id": "plan_1", "product": "prod_1", "currency": "usd", "amount": 3_333, "interval": "month",
        "interval_count": 1, "billing_scheme": "per_unit" });
    let old = json!({ "id": "sub_2", "object": "subscription", "customer": "cus_2", "status": "active",
        "created": start, "start": start, "plan": plan, "quantity": 3 });
    send("evt_4", "customer.subscription.created", old).await;
    let stored = deliveries(&world).await;
    assert!(stored.iter().all(|delivery| delivery["status"] == "taken"), "{stored:?}");
    engine::refresh::all(&world.app.engine).await.unwrap();
    let revenue = world.get("/api/v1/revenue", &cookie(ADMIN)).await.json();
    let moved = &revenue["reports"][0]["window"]["movements"];
    assert_eq!(moved["closing_cents"], 9_000_050 + 12 * 3 * 3_333, "{revenue}");
    assert_eq!(moved["new_cents"], moved["closing_cents"]);
    world.close().await;
}
