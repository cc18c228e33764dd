//! The page of lifetime value: sums and lists are those of the accounts one may see, and a book of two accounts gets
//! numbers with intervals and not a refusal.

use store::{StoreError, record};

use crate::revenue::{contract, item};
use crate::world::{ADA, ADAS, ADMIN, BENS, World, cookie};

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
            record::insert_many(
                tx,
                vec![
                    item(1, ADAS, 10, 1_200_000, "2025-03-01", None),
                    item(2, BENS, 10, 92_400_000, "2025-03-01", None),
                ],
            )
            .await?;
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
    assert!(all.contains("href=\"/lifetime#value-to-cost\"") && all.contains("id=\"value-to-cost\""), "{all}");
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
