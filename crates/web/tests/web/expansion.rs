//! Opportunities: recorded on the page, moved through their stages with their case, told in the timeline, and seen only
//! where their account is. Readiness and white space stand beside them.

use axum::http::StatusCode;
use serde_json::json;

use crate::revenue::{item, under_contract};
use crate::world::{ADA, ADAS, ADMIN, BEN, BENS, VIEWER, World, cookie};

async fn sold() -> World {
    under_contract(vec![
        item(1, ADAS, 10, 1_200_000, "2025-03-01", None),
        item(2, BENS, 10, 92_400_000, "2025-03-01", None),
    ])
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_opportunity_goes_through_its_stages_with_its_case() {
    let world = sold().await;
    let ada = cookie(ADA);
    let form = "account=1&title=Twenty+seats&kind=seat&amount=12000.50&close_on=2027-01-31";
    let made = world.post_form("/expansion", &ada, form).await;
    assert_eq!(made.status, StatusCode::SEE_OTHER, "{}", made.body);
    let path = made.header("location").to_owned();
    let early = world.post_form(&path, &ada, &format!("{form}&stage=approved&problem=Nobody+new+can+work")).await;
    assert_eq!(early.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", early.body);
    assert!(early.body.contains("The case is not complete without this"), "{}", early.body);
    assert!(early.body.contains("Nobody new can work"), "what was typed comes back: {}", early.body);
    let case = "problem=Full&solution=Twenty+seats&timeline=January&benefit=40000&cost=2000";
    let approved = world.post_form(&path, &ada, &format!("{form}&stage=approved&{case}")).await;
    assert_eq!(approved.status, StatusCode::SEE_OTHER, "{}", approved.body);
    let page = world.get(&path, &ada).await.body;
    assert!(page.contains("(40,000.00 USD − 12,000.50 USD − 2,000.00 USD) / (12,000.50 USD + 2,000.00 USD)"), "{page}");
    let list = world.get("/expansion", &ada).await.body;
    assert!(list.contains("Twenty seats") && list.contains("Approved") && list.contains("Who is ready"), "{list}");
    let id: i64 = path.rsplit('/').next().unwrap().parse().unwrap();
    let seen = world.get(&format!("/api/v1/opportunities/{id}"), &cookie(ADMIN)).await.json();
    assert_eq!((seen["amount_cents"].clone(), seen["approved_by"].clone()), (json!(1_200_050), json!(ADA)));
    let timeline = world.get(&format!("/api/v1/accounts/{ADAS}/timeline"), &ada).await.body;
    assert!(timeline.contains("Opportunity approved: Twenty seats"), "{timeline}");
    world.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_sees_the_opportunities_of_ones_accounts_and_writes_where_one_may() {
    let world = sold().await;
    let made = world
        .post_form("/expansion", &cookie(ADA), "account=1&title=More&kind=feature&amount=100&close_on=2027-01-31")
        .await;
    let path = made.header("location").to_owned();
    assert_eq!(world.get(&path, &cookie(BEN)).await.status, StatusCode::NOT_FOUND);
    let bens = world.get("/expansion", &cookie(BEN)).await.body;
    assert!(bens.contains("No opportunities yet") && !bens.contains("Alder") && bens.contains("Birch"), "{bens}");
    let foreign = world
        .post_form("/expansion", &cookie(BEN), "account=1&title=More&kind=feature&amount=1&close_on=2027-01-31")
        .await;
    assert!(
        foreign.status == StatusCode::UNPROCESSABLE_ENTITY && foreign.body.contains("Choose one of the accounts"),
        "{}",
        foreign.body
    );
    let viewer = world.get(&path, &cookie(VIEWER)).await.body;
    assert!(viewer.contains("The case") && !viewer.contains("Change it"), "{viewer}");
    let ready = world.get("/api/v1/expansion", &cookie(ADA)).await.json();
    assert_eq!(ready["accounts"].as_array().unwrap().len(), 1, "{ready}");
    world.close().await;
}
