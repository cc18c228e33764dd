//! Renewals through the API and as files: they say what the page says, of the accounts one may see, and what a program says
//! of a renewal stands where what a person says does.

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use serde_json::{Value, json};

use crate::revenue::{item, under_contract};
use crate::world::{ADA, ADAS, ADMIN, BENS, Reply, VIEWER, World, cookie};

/// Alder pays 135,000.75 from June, Birch 12,000.00; both renew on 1 March.
async fn sold() -> World {
    under_contract(vec![
        item(1, ADAS, 15, 13_500_075, "2025-03-01", None),
        item(2, BENS, 4, 1_200_000, "2025-03-01", None),
    ])
    .await
}

async fn put(world: &World, path: &str, member: i64, body: &Value) -> Reply {
    let request =
        Request::put(path).header(header::COOKIE, cookie(member)).header(header::CONTENT_TYPE, "application/json");
    world.send(request.body(Body::from(body.to_string())).unwrap()).await
}

fn ids(list: &Value) -> Vec<i64> {
    list["items"].as_array().unwrap().iter().map(|it| it["subscription_id"].as_i64().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_program_lists_renewals_and_says_what_will_come_of_one() {
    let world = sold().await;
    let list = async |query: &str, member: i64| {
        let answer = world.get(&format!("/api/v1/renewals?{query}"), &cookie(member)).await;
        assert_eq!(answer.status, StatusCode::OK, "{query}: {}", answer.body);
        answer.json()
    };
    let ahead = "due_from=2026-11-01&due_to=2027-03-31";
    let all = list(ahead, ADMIN).await;
    assert_eq!((ids(&all), all["currency"].as_str()), (vec![1, 2], Some("USD")), "{all}");
    let first = &all["items"][0];
    assert_eq!((first["due_cents"].as_i64(), first["outcome"].as_str()), (Some(13_500_075), Some("open")));
    assert_eq!((first["due_on"].as_str(), first["notice_by"].as_str()), (Some("2027-03-01"), Some("2027-01-30")));
    assert_eq!(all["year"]["due"], 2, "both renewed themselves on 1 March 2026: {}", all["year"]);
    assert_eq!(ids(&list(ahead, ADA).await), [1], "one's own accounts");
    let path = "/api/v1/renewals/1/2027-03-01";
    let said = json!({ "stage": "in_talks", "category": "at_risk", "forecast_cents": 9_900_000, "note": " Waits. " });
    let answer = put(&world, path, ADA, &said).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    let one = world.get(path, &cookie(ADMIN)).await.json();
    assert_eq!((one["stage"].as_str(), one["note"].as_str()), (Some("in_talks"), Some("Waits.")), "{one}");
    assert_eq!((one["forecast_cents"].as_i64(), one["said_by"].as_i64()), (Some(9_900_000), Some(ADA)));
    let page = world.get("/renewals/1/2027-03-01", &cookie(ADA)).await;
    assert!(page.body.contains("value=\"99000.00\""), "where a person's word stands: {}", page.body);
    for (query, expected) in [
        ("category=at_risk", vec![1]),
        ("stage=upcoming", vec![2]),
        ("account_id=2", vec![2]),
        ("which=lost", vec![]),
        ("which=open", vec![1, 2]),
    ] {
        assert_eq!(ids(&list(&format!("{ahead}&{query}"), ADMIN).await), expected, "{query}");
    }
    world.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_with_a_saying_is_told_and_nothing_is_kept() {
    let world = sold().await;
    let path = "/api/v1/renewals/1/2027-03-01";
    for (body, status) in [
        (json!({ "stage": "in_talks", "forecast_cents": -1 }), StatusCode::UNPROCESSABLE_ENTITY),
        (json!({ "stage": "soon" }), StatusCode::UNPROCESSABLE_ENTITY),
        (json!({ "stage": "agreed", "amount": 5 }), StatusCode::UNPROCESSABLE_ENTITY),
        (json!({ "category": "commit" }), StatusCode::UNPROCESSABLE_ENTITY),
    ] {
        let answer = put(&world, path, ADA, &body).await;
        assert_eq!(answer.status, status, "{body}: {}", answer.body);
    }
    let fine = json!({ "stage": "agreed" });
    assert_eq!(put(&world, path, VIEWER, &fine).await.status, StatusCode::FORBIDDEN);
    assert_eq!(
        put(&world, "/api/v1/renewals/2/2027-03-01", ADA, &fine).await.status,
        StatusCode::NOT_FOUND,
        "not hers"
    );
    assert_eq!(put(&world, "/api/v1/renewals/1/2027-03-02", ADA, &fine).await.status, StatusCode::NOT_FOUND, "no term");
    let one = world.get(path, &cookie(ADA)).await.json();
    assert_eq!((one["stage"].as_str(), &one["said_by"]), (Some("upcoming"), &Value::Null), "{one}");
    for query in ["which=some", "due_from=2027-01-01&due_to=2026-01-01", "due_from=2000-01-01"] {
        let answer = world.get(&format!("/api/v1/renewals?{query}"), &cookie(ADA)).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{query}: {}", answer.body);
    }
    world.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_of_renewals_and_their_rates_leave_as_files() {
    let world = sold().await;
    let rows = world.get("/renewals/rows", &cookie(ADMIN)).await;
    assert!(rows.header("content-disposition").contains("renewals-all-"), "{:?}", rows.headers);
    assert!(rows.body.contains("1,Alder,1,2027-03-01,2027-01-30,USD,135000.75,135000.75,USD,open"), "{}", rows.body);
    let adas = world.get("/renewals/rows?which=open", &cookie(ADA)).await;
    assert!(adas.body.contains("Alder") && !adas.body.contains("Birch"), "{}", adas.body);
    let sheet = world.get("/renewals/rows?as=xlsx", &cookie(ADMIN)).await;
    assert!(sheet.header("content-type").contains("spreadsheetml") && sheet.body.starts_with("PK"));
    let rate = world.get("/revenue/figures/renewal_rate_gross", &cookie(ADMIN)).await;
    assert!(rate.body.contains("147,000.75 USD / 147,000.75 USD = 100.00 %"), "{}", rate.body);
    let behind = world.get("/revenue/rows/renewal_rate_gross", &cookie(ADMIN)).await;
    assert!(behind.body.contains("2,Birch,Ben,2,2026-03-01,on_time,2026-03-01,12000"), "{}", behind.body);
    let goals = world.get("/goals/rows", &cookie(ADMIN)).await;
    assert!(goals.body.starts_with("goal_id,name,figure"), "{}", goals.body);
    world.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn revenue_is_told_by_who_looks_after_it_and_by_what_is_sold() {
    let world = sold().await;
    let page = world.get("/revenue/figures/arr_per_csm", &cookie(ADMIN)).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    let report = world.get("/api/v1/revenue", &cookie(ADMIN)).await.json()["reports"][0].clone();
    let per = &report["window"]["arr_per_csm"];
    let (cents, csms) = (per["cents"].as_i64().unwrap(), per["csms"].as_i64().unwrap());
    assert!((cents * csms - (14_700_075 - per["nobodys_cents"].as_i64().unwrap())).abs() <= csms, "{per}");
    assert!(page.body.contains(per["arithmetic"].as_str().unwrap()), "{}", page.body);
    let rows = world.get("/revenue/rows/arr_per_csm", &cookie(ADMIN)).await;
    assert_eq!(rows.body.lines().count(), 3, "a header and two accounts: {}", rows.body);
    let products = report["by_product"].as_array().unwrap();
    assert_eq!((products.len(), products[0]["movements"]["closing_cents"].as_i64()), (1, Some(14_700_075)));
    for by in ["product", "currency"] {
        let page = world.get(&format!("/revenue?by={by}"), &cookie(ADMIN)).await;
        assert!(page.body.contains("The parts add up to the movements above"), "{}", page.body);
    }
    let month = world.get("/revenue/figures/logo_churn?from=2026-10&to=2026-10", &cookie(ADMIN)).await;
    assert!(month.body.contains("In a year"), "{}", month.body);
    world.close().await;
}
