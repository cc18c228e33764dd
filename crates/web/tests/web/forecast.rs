//! The page of the forecast: the accounts one may see, a scenario by its address, every figure with its explanation, and
//! the same numbers from the API.

use axum::http::StatusCode;

use crate::revenue::{item, under_contract};
use crate::world::{ADA, ADAS, ADMIN, BENS, World, cookie};

/// Two accounts under contract, and what was learned of them.
async fn learned() -> World {
    let world = under_contract(vec![
        item(1, ADAS, 10, 9_000_050, "2025-03-01", Some("2026-06-01")),
        item(1, ADAS, 15, 13_500_075, "2026-06-01", None),
        item(2, BENS, 10, 92_400_000, "2025-03-01", None),
    ])
    .await;
    engine::forecast::bring_up_to_date(&world.app.engine).await.unwrap();
    world
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn before_anything_is_learned_the_page_says_so() {
    let world = World::new().await;
    let page = world.get("/forecast", &cookie(ADMIN)).await;
    assert!(page.status == StatusCode::OK && page.body.contains("Not learned yet"), "{}", page.body);
    assert!(world.get("/api/v1/forecast", &cookie(ADMIN)).await.json()["forecast"].is_null());
    world.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_shows_the_accounts_one_may_see_and_what_if() {
    let world = learned().await;
    let all = world.get("/forecast", &cookie(ADMIN)).await;
    assert_eq!(all.status, StatusCode::OK, "{}", all.body);
    for part in
        ["2 accounts", "ARR in a year", "The next four quarters", "What if", "Was it right?", "What it is drawn from"]
    {
        assert!(all.body.contains(part), "{part}: {}", all.body);
    }
    let own = world.get("/forecast", &cookie(ADA)).await.body;
    assert!(own.contains("1 account") && !own.contains("Was it right?"), "{own}");
    let lost = world.get("/forecast?lose_top=1&new=0", &cookie(ADMIN)).await.body;
    assert!(lost.contains("If the largest account leaves; new accounts × 0"), "{lost}");
    let wrong = world.get("/forecast?churn=often", &cookie(ADMIN)).await;
    assert!(
        wrong.status == StatusCode::OK && wrong.body.contains("churn is `often`: write a factor"),
        "{}",
        wrong.body
    );
    let idle = "among=tier+%3D+%27gold%27";
    let page = world.get(&format!("/forecast?lose_top=1&{idle}"), &cookie(ADMIN)).await.body;
    assert!(
        page.contains("nothing is changed among the accounts with tier = ") && !page.contains("If the larg"),
        "{page}"
    );
    let refused = world.get(&format!("/api/v1/forecast?{idle}"), &cookie(ADMIN)).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", refused.body);
    let broken = world.get("/forecast?churn=2&among=tier+%3D", &cookie(ADMIN)).await;
    assert!(broken.status == StatusCode::OK && broken.body.contains("aria-invalid=\"true\""), "{}", broken.body);
    world.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_figure_opens_its_arithmetic_and_the_api_says_the_same() {
    let world = learned().await;
    let answer = world.get("/api/v1/forecast?new=0", &cookie(ADMIN)).await.json();
    let quarter = &answer["forecast"]["quarters"][0];
    let cents = |part: &str| quarter["means"][format!("{part}_cents")].as_i64().unwrap();
    assert_eq!(cents("opening"), 105_900_075);
    assert_eq!(
        cents("opening") + cents("new") + cents("expansion") - cents("contraction") - cents("churn"),
        cents("closing")
    );
    assert_eq!(quarter["arr"], quarter["retained"], "nobody new");
    let figure = world.get("/forecast/figures/arr?quarter=1&new=0", &cookie(ADMIN)).await;
    assert_eq!(figure.status, StatusCode::OK, "{}", figure.body);
    let closing = cents("closing");
    let sum = format!("{}.{:02} USD", grouped(closing / 100), closing % 100);
    assert!(
        figure.body.contains("1,059,000.75 USD + ") && figure.body.contains(&format!("churn = {sum}")),
        "{sum}: {}",
        figure.body
    );
    assert!(figure.body.contains("Alder") && figure.body.contains("/metrics/p_churn_12m"), "{}", figure.body);
    let own = world.get("/forecast/figures/churned", &cookie(ADA)).await.body;
    assert!(own.contains("Alder") && !own.contains("Birch"), "{own}");
    for missing in ["/forecast/figures/luck", "/forecast/figures/arr?quarter=5"] {
        assert_eq!(world.get(missing, &cookie(ADMIN)).await.status, StatusCode::NOT_FOUND);
    }
    let refused = world.get("/api/v1/forecast?churn=often", &cookie(ADMIN)).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", refused.body);
    world.close().await;
}

/// Thousands apart by commas.
fn grouped(units: i64) -> String {
    let digits = units.to_string();
    let first = digits.len() % 3;
    let mut groups: Vec<&str> = if first > 0 { vec![&digits[..first]] } else { Vec::new() };
    groups.extend((first..digits.len()).step_by(3).map(|at| &digits[at..at + 3]));
    groups.join(",")
}
