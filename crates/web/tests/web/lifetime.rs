//! The page of lifetime value: sums and lists are those of the accounts one may see, and a book of two accounts gets
//! numbers with intervals and not a refusal.

use domain::Day;
use store::subscription_item::{Model as Item, Unit};
use store::{StoreError, record};

use crate::world::{ADA, ADAS, ADMIN, BENS, World, cookie, now};

fn item(account_id: i64, subscription_id: i64, mrr_cents: i64) -> Item {
    Item {
        id: 0,
        subscription_id,
        account_id,
        product: "Workspace".to_owned(),
        plan: "team".to_owned(),
        unit: Unit::Seat,
        quantity: 10,
        mrr_cents,
        currency: "USD".to_owned(),
        effective_from: Day::from_ymd_opt(2025, 1, 1).unwrap(),
        effective_to: None,
        recorded_at: now(),
    }
}

fn contract(id: i64, account_id: i64) -> store::Subscription {
    store::Subscription {
        id,
        account_id,
        external_id: None,
        name: "Team".to_owned(),
        currency: "USD".to_owned(),
        period_months: 12,
        notice_days: 30,
        auto_renew: true,
        effective_from: Day::from_ymd_opt(2025, 1, 1).unwrap(),
        effective_to: Day::from_ymd_opt(2027, 1, 1),
        cancelled_on: None,
        source_id: None,
        recorded_at: now(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_shows_what_one_may_see() {
    let world = World::new().await;
    let engine = &world.app.engine;
    let nothing = world.get("/lifetime", &cookie(ADMIN)).await.body;
    assert!(nothing.contains("No customers yet"), "{nothing}");
    let written: Result<(), StoreError> = engine
        .store()
        .write(async |tx| {
            record::insert_many(tx, vec![contract(1, ADAS), contract(2, BENS)]).await?;
            record::insert_many(tx, vec![item(ADAS, 1, 100_000), item(BENS, 2, 7_700_000)]).await?;
            Ok(())
        })
        .await;
    written.unwrap();
    engine::refresh::all(engine).await.unwrap();
    engine::lifetime::bring_up_to_date(engine).await.unwrap();
    let all = world.get("/lifetime", &cookie(ADMIN)).await.body;
    assert!(all.contains("2 customers") && all.contains("Alder") && all.contains("Birch"), "{all}");
    for part in ["Value and risk", "What it depends on", "Profitable and leaving", "Tiers of value", "Cost to acquire"]
    {
        assert!(all.contains(part), "{part}: {all}");
    }
    let own = world.get("/lifetime", &cookie(ADA)).await.body;
    assert!(own.contains("1 customer") && own.contains("Alder") && !own.contains("Birch"), "{own}");
    let account = world.get(&format!("/accounts/{ADAS}"), &cookie(ADA)).await.body;
    assert!(account.contains("Worth") && account.contains("Leaves within 12 months"), "{account}");
    let months = world.get(&format!("/accounts/{ADAS}/metrics/future_value"), &cookie(ADA)).await.body;
    assert!(months.contains("present_value") && months.contains("60 rows"), "{months}");
    let tiers = world.get("/accounts?value=top", &cookie(ADMIN)).await.body;
    assert!(tiers.contains("Birch") && !tiers.contains("Alder"), "{tiers}");
    world.close().await;
}
