//! Goals through the forms and the API: set from a proposal, held against the book, asked about when they fit another
//! scale, and hidden from whoever does not see the accounts they are about.

use domain::goal::Figure;
use serde_json::json;
use store::{StoreError, record};

use crate::revenue::{contract, item};
use crate::world::{ADA, ADAS, ADMIN, BEN, BENS, MANAGER, VIEWER, World, cookie, now};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_goal_is_held_against_the_book() {
    let world = World::new().await;
    let admin = cookie(ADMIN);
    sell(&world).await;
    let form = world.get("/goals/new?preset=churn_to_6", &admin).await.body;
    assert!(form.contains("value=\"6\"") && form.contains("Churn of 6 % a year"), "{form}");
    let set =
        "name=&figure=nrr&base=relative&value=18&period_months=12&due_on=2027-11-22&owner_id=1&scope=book&preset=";
    assert_eq!(world.post_form("/goals", &admin, set).await.status, 303);
    let page = world.get("/goals", &admin).await.body;
    assert!(
        page.contains("Net revenue retention") && page.contains("+18.0 % of where it stood over 12 months"),
        "{page}"
    );
    let goals = world.get("/api/v1/goals", &admin).await.json();
    let goal = &goals["items"][0];
    let (aim, baseline) = (goal["aim"].as_f64().unwrap(), goal["baseline"].as_f64().unwrap());
    assert!((aim / baseline - 1.18).abs() < 1e-9, "{goal}");
    assert_eq!(goal["actual"], goal["baseline"], "nothing happened since");
    assert_eq!((&goal["standing"], &goal["forecast"]), (&json!("on track"), &json!(null)), "{goal}");
    let one = world.get(&format!("/goals/{}", goal["id"]), &admin).await.body;
    assert!(one.contains("that was paid on") && one.contains("href=\"/revenue/figures/nrr\""), "{one}");
    let id = goal["id"].as_i64().unwrap();
    let deleted = world.post_form(&format!("/goals/{id}/delete"), &admin, "").await;
    assert_eq!(deleted.status, 303);
    assert!(world.get("/goals", &admin).await.body.contains("No goals yet"));
    world.close().await;
}

/// Every figure says where it comes from, and that page is there.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_figure_leads_to_its_rows() {
    let world = World::new().await;
    let admin = cookie(ADMIN);
    sell(&world).await;
    let levels = [80.0, 80.0, 10.0, 1e5, 20.0, 9e8, 1e6, 3.0, 1e5, 80.0, 5.0, 30.0, 4.2];
    for (figure, value) in Figure::ALL.into_iter().zip(levels) {
        let goal = json!({ "figure": figure.as_str(), "value": value, "due_on": "2027-06-30" });
        let set = world.post_json("/api/v1/goals", &admin, &goal).await;
        assert_eq!(set.status, 201, "{figure:?}: {}", set.body);
        let page = world.get(&format!("/goals/{}", set.json()["id"]), &admin).await.body;
        let before = page.split("Where it comes from").next().unwrap();
        let link = before.rsplit("href=\"").next().unwrap().split('"').next().unwrap().replace("&amp;", "&");
        let path = link.split('#').next().unwrap();
        assert_eq!(world.get(path, &admin).await.status, 200, "{figure:?}: {path}");
        assert!(page.contains(figure.doc()), "{page}");
    }
    assert_eq!(world.get("/goals", &admin).await.status, 200);
    world.close().await;
}

async fn sell(world: &World) {
    let engine = &world.app.engine;
    let written: Result<(), StoreError> = engine
        .store()
        .write(async |tx| {
            record::insert_many(tx, vec![contract(1, ADAS), contract(2, BENS)]).await?;
            let items = [(1, ADAS, 1_200_000), (2, BENS, 3_600_000)];
            let items = items.map(|(contract, account, cents)| item(contract, account, 10, cents, "2025-03-01", None));
            record::insert_many(tx, items.to_vec()).await?;
            Ok(())
        })
        .await;
    written.unwrap();
    engine::refresh::all(engine).await.unwrap();
    assert_eq!(engine.now(), now());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_figure_of_another_scale_is_asked_about_once() {
    let world = World::new().await;
    let admin = cookie(ADMIN);
    let nps = json!({ "figure": "nps", "value": 4.2, "due_on": "2027-06-30" });
    let asked = world.post_json("/api/v1/goals", &admin, &nps).await;
    assert_eq!(asked.status, 422);
    let said = asked.json()["errors"][0]["message"].to_string() + &asked.body;
    assert!(said.contains("rating from 1 to 5") && said.contains("Confirm it"), "{said}");
    let meant = json!({ "figure": "nps", "value": 4.2, "due_on": "2027-06-30", "confirmed": true });
    assert_eq!(world.post_json("/api/v1/goals", &admin, &meant).await.status, 201);
    let form = "name=&figure=nps&base=level&value=4.2&period_months=&due_on=2027-06-30&owner_id=1&scope=book&preset=";
    let again = world.post_form("/goals", &admin, form).await;
    assert_eq!(again.status, 422);
    assert!(again.body.contains("name=\"confirmed\"") && again.body.contains("rating from 1 to 5"), "{}", again.body);
    for (wrong, word) in [
        (json!({ "figure": "luck", "value": 1.0, "due_on": "2027-06-30" }), "no figure"),
        (json!({ "figure": "grr", "value": 118.0, "due_on": "2027-06-30" }), "between 0 and 100"),
        (json!({ "figure": "grr", "value": 90.0, "due_on": "2020-06-30" }), "due after it starts"),
        (json!({ "figure": "grr", "base": "change", "value": 5.0, "due_on": "2027-06-30" }), "not known today"),
        (json!({ "figure": "grr", "value": 90.0, "period_months": 99, "due_on": "2027-06-30" }), "1 to 36"),
        (json!({ "figure": "grr", "value": 90.0, "due_on": "2027-06-30", "owner_id": 77 }), "no such member"),
    ] {
        let refused = world.post_json("/api/v1/goals", &admin, &wrong).await;
        assert!(refused.status == 422 && refused.body.contains(word), "{wrong}: {}", refused.body);
    }
    world.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_goal_is_seen_with_the_accounts_it_is_about() {
    let world = World::new().await;
    let goal = |owner: i64, whole_book: bool| json!({ "figure": "arr", "value": 9e8, "due_on": "2027-06-30", "owner_id": owner, "whole_book": whole_book });
    let set = async |by: i64, goal| world.post_json("/api/v1/goals", &cookie(by), &goal).await.status.as_u16();
    assert_eq!(set(MANAGER, goal(ADA, false)).await, 201, "Ada reports to the manager");
    assert_eq!(set(MANAGER, goal(BEN, false)).await, 422, "Ben does not");
    assert_eq!(set(MANAGER, goal(MANAGER, true)).await, 422, "the manager does not see every account");
    assert_eq!(set(ADA, goal(ADA, false)).await, 403, "a CSM sets no goals");
    assert_eq!(set(ADMIN, goal(ADMIN, true)).await, 201);
    let count = async |by: i64| world.get("/api/v1/goals", &cookie(by)).await.json()["items"].as_array().unwrap().len();
    assert_eq!((count(ADMIN).await, count(VIEWER).await), (2, 2));
    assert_eq!((count(MANAGER).await, count(ADA).await, count(BEN).await), (1, 1, 0));
    world.close().await;
}
