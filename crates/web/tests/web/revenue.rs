//! The revenue page and its figures: they say what the API says, of the accounts one may see, and lead to their rows.

use axum::http::StatusCode;
use domain::Day;
use domain::access::RowFilter;
use engine::revenue::source::{Question, of_home};
use serde_json::json;
use store::subscription_item::{Charge, Unit};
use store::{StoreError, Subscription, SubscriptionItem, record};

use crate::world::{ADA, ADAS, ADMIN, BEN, BENS, World, cookie, now};

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

pub(crate) fn contract(id: i64, account_id: i64) -> Subscription {
    Subscription {
        id,
        account_id,
        external_id: None,
        name: "Suite".to_owned(),
        currency: "USD".to_owned(),
        period_months: 12,
        notice_days: 30,
        auto_renew: true,
        effective_from: day("2025-03-01"),
        effective_to: Some(day("2026-03-01")),
        cancelled_on: None,
        signed_on: None,
        continues_id: None,
        paused_on: None,
        resumes_on: None,
        earlier_pauses: store::subscription::Pauses::default(),
        discounts: store::subscription::Discounts::default(),
        source_id: None,
        recorded_at: now(),
    }
}

pub(crate) fn item(
    subscription_id: i64,
    account_id: i64,
    quantity: i64,
    cents: i64,
    from: &str,
    to: Option<&str>,
) -> SubscriptionItem {
    SubscriptionItem {
        id: 0,
        subscription_id,
        account_id,
        product: "Suite".to_owned(),
        plan: "Team".to_owned(),
        unit: Unit::Seat,
        quantity,
        amount_cents: cents,
        period_months: 12,
        charge: Charge::Recurring,
        discount_bp: 0,
        discount_cents: 0,
        discount_until: None,
        currency: "USD".to_owned(),
        effective_from: day(from),
        effective_to: to.map(day),
        recorded_at: now(),
    }
}

/// A world in which contract 1 is Ada's account's and contract 2 Ben's, with these items.
pub(crate) async fn under_contract(items: Vec<SubscriptionItem>) -> World {
    let world = World::new().await;
    let engine = &world.app.engine;
    let written: Result<(), StoreError> = engine
        .store()
        .write(async |tx| {
            record::insert_many(tx, vec![contract(1, ADAS), contract(2, BENS)]).await?;
            record::insert_many(tx, items).await?;
            Ok(())
        })
        .await;
    written.unwrap();
    engine::refresh::all(engine).await.unwrap();
    world
}

/// Alder grows from 10 to 15 seats in June; Birch leaves in September.
async fn sold() -> World {
    under_contract(vec![
        item(1, ADAS, 10, 9_000_050, "2025-03-01", Some("2026-06-01")),
        item(1, ADAS, 15, 13_500_075, "2026-06-01", None),
        item(2, BENS, 4, 1_200_000, "2025-03-01", Some("2026-09-10")),
    ])
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_and_the_api_say_the_same() {
    let world = sold().await;
    let report =
        world.get("/api/v1/revenue?from=2026-01&to=2026-11", &cookie(ADMIN)).await.json()["reports"][0].clone();
    let moved = &report["window"]["movements"];
    let cents = ["opening", "expansion", "seat", "churn", "closing"]
        .map(|part| moved[format!("{part}_cents")].as_i64().unwrap());
    assert_eq!(cents, [10_200_050, 4_500_025, 4_500_025, 1_200_000, 13_500_075], "to the cent: 90,000.50 was sold");
    let nrr = report["window"]["metrics"]["nrr"]["value"].as_f64().unwrap();
    assert!((nrr - 13_500_075.0 / 10_200_050.0).abs() < 1e-15);
    let page = world.get("/revenue?from=2026-01&to=2026-11", &cookie(ADMIN)).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    assert!(page.body.contains("135,000.75 USD") && page.body.contains("132.4%"), "{}", page.body);
    let account = world.get(&format!("/accounts/{ADAS}?tab=revenue"), &cookie(ADMIN)).await;
    assert!(account.body.contains("135,000.75 USD") && account.body.contains("a year"), "{}", account.body);
    world.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_figure_opens_its_arithmetic_and_its_rows() {
    let world = sold().await;
    let at = "from=2026-01&to=2026-11";
    let page = world.get(&format!("/revenue/figures/grr?{at}"), &cookie(ADMIN)).await;
    assert!(
        page.body.contains("(102,000.50 USD − 0.00 USD − 12,000.00 USD) / 102,000.50 USD = 88.24 %"),
        "{}",
        page.body
    );
    let rows = world.get(&format!("/revenue/rows/expansion?{at}"), &cookie(ADMIN)).await;
    let expected = "day,account_id,account,csm,kind,cause,product,sold_in,subscription_id,amount\n2026-06-01,1,Alder,Ada,expansion,seat,Suite,USD,1,45000.25\n";
    assert_eq!(rows.body.replace('\r', ""), expected);
    assert!(rows.header("content-disposition").contains("revenue-expansion-"), "{:?}", rows.headers);
    let sheet = world.get(&format!("/revenue/rows/expansion?{at}&as=xlsx"), &cookie(ADMIN)).await;
    assert!(sheet.header("content-type").contains("spreadsheetml") && sheet.body.starts_with("PK"));
    world.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn renewals_come_from_the_ledger() {
    let world = sold().await;
    let page = world.get("/renewals", &cookie(ADMIN)).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    // Both renewed themselves on 1 March 2026, outside of the list and inside of the year; Alder is due on 1 March 2027.
    assert!(page.body.contains("2 terms of 102,000.50 USD were due."), "{}", page.body);
    assert!(page.body.contains("2027-03-01") && page.body.contains("2027-01-30"), "due and notice: {}", page.body);
    let none = world.get("/renewals?which=lost", &cookie(ADA)).await;
    assert!(none.body.contains("No renewals here"), "{}", none.body);
    world.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_sees_the_revenue_of_ones_accounts() {
    let world = sold().await;
    let report = world.get("/api/v1/revenue?from=2026-01", &cookie(ADA)).await.json()["reports"][0].clone();
    assert_eq!(report["window"]["movements"]["opening_cents"], 9_000_050);
    let page = world.get("/revenue/figures/churn?from=2026-01", &cookie(ADA)).await;
    assert!(page.status == StatusCode::OK && !page.body.contains("Birch"), "{}", page.body);
    let wrong = world.get("/revenue?from=soon", &cookie(ADA)).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", wrong.body);
    world.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_person_says_of_a_renewal_stays_with_its_past() {
    let world = sold().await;
    let page = "/renewals/1/2027-03-01";
    let shown = world.get(page, &cookie(ADA)).await;
    assert!(shown.body.contains("135,000.75 USD") && shown.body.contains("Begin"), "{}", shown.body);
    assert_eq!(world.get("/renewals/1/2027-03-02", &cookie(ADA)).await.status, StatusCode::NOT_FOUND, "no such term");
    assert_eq!(world.get("/renewals/2/2026-03-01", &cookie(ADA)).await.status, StatusCode::NOT_FOUND, "not hers");
    let wrong = world.post_form(page, &cookie(ADA), "stage=in_talks&category=&forecast=lots&loss_reason=&note=").await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.body.contains("forecast-error") && wrong.body.contains("value=\"lots\""), "{}", wrong.body);
    let saying = |forecast: &str| format!("stage=in_talks&category=best_case&forecast={forecast}&loss_reason=&note=");
    for forecast in ["120%2C000.50", "120%2C000.50", "99000"] {
        assert_eq!(world.post_form(page, &cookie(ADA), &saying(forecast)).await.status, StatusCode::SEE_OTHER);
    }
    let store = world.app.engine.store();
    let said = store::renewal::of_term(store.read(), 1, day("2027-03-01")).await.unwrap().unwrap();
    assert_eq!((said.forecast_cents, said.member_id), (Some(9_900_000), Some(ADA)));
    let versions = store::record_version::of_record(store.read(), "renewal", said.id).await.unwrap();
    assert_eq!(versions.len(), 1, "the same again is no change: {versions:?}");
    assert_eq!(versions[0].body["forecast_cents"], 12_000_050);
    let list = world.get("/renewals", &cookie(ADA)).await;
    assert!(list.body.contains("In talks") && list.body.contains("Best case"), "{}", list.body);
    world.close().await;
}

/// Alder pays in dollars, Birch 10,000 euros a year.
async fn in_two_currencies() -> World {
    let world = under_contract(vec![item(1, ADAS, 10, 1_000_000, "2025-03-01", None)]).await;
    let euros = Subscription { currency: "EUR".to_owned(), ..contract(3, BENS) };
    let line = SubscriptionItem { currency: "EUR".to_owned(), ..item(3, BENS, 1, 1_000_000, "2025-03-01", None) };
    let engine = &world.app.engine;
    let written: Result<(), StoreError> = engine
        .store()
        .write(async |tx| {
            record::insert_many(tx, vec![euros]).await?;
            record::insert_many(tx, vec![line]).await?;
            Ok(())
        })
        .await;
    written.unwrap();
    engine::refresh::all(engine).await.unwrap();
    world
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_missing_rate_is_told_until_it_is_there_and_moves_revenue_on_its_own_line() {
    let world = in_two_currencies().await;
    let rate =
        |day: &str, rate: &str| format!("currency=eur&into_currency=USD&effective_on={day}&rate={rate}&take_back=");
    assert_eq!(
        world.post_form("/revenue/conventions", &cookie(ADMIN), "currency=USD&reactivation_days=90").await.status,
        StatusCode::SEE_OTHER
    );
    for page in ["/revenue?from=2026-01&to=2026-02", "/revenue/rates"] {
        let told = world.get(page, &cookie(ADMIN)).await;
        assert!(told.body.contains("No rate from EUR to USD") && told.body.contains("Birch"), "{page}: {}", told.body);
        let adas = world.get(page, &cookie(ADA)).await;
        assert!(!adas.body.contains("Birch") && !adas.body.contains("No rate from"), "{page}: {}", adas.body);
    }
    let report = world.get("/api/v1/revenue?from=2026-01&to=2026-02", &cookie(ADMIN)).await.json();
    let report = &report["reports"][0];
    let moved = &report["window"]["movements"];
    assert_eq!((&moved["opening_cents"], &moved["closing_cents"]), (&json!(1_000_000), &json!(1_000_000)), "Alder's");
    assert_eq!(report["window"]["logos"]["closing"], 1, "Birch is unknown, not somebody who pays nothing");
    let amount = json!({ "currency": "EUR", "has_rate": false, "contracts": 1, "opening_cents": 1_000_000, "closing_cents": 1_000_000 });
    assert_eq!(report["left_out"], json!({ "accounts": 1, "contracts": 1, "amounts": [amount] }));
    let page = world.get("/revenue?from=2026-01&to=2026-02", &cookie(ADMIN)).await;
    assert!(page.body.contains("10,000.00 EUR") && page.body.contains("/revenue/figures/left_out"), "{}", page.body);
    let adding = "/revenue/rates?currency=EUR&into_currency=USD&effective_on=2025-12-01";
    assert!(page.body.contains(&adding.replace('&', "&amp;")), "{}", page.body);
    let form = world.get(adding, &cookie(ADMIN)).await.body;
    assert!(form.contains("value=\"EUR\" required") && form.contains("value=\"2025-12-01\""), "{form}");
    let rows = world.get("/revenue/figures/left_out?from=2026-01&to=2026-02", &cookie(ADMIN)).await;
    assert!(rows.body.contains("1 contract of 1 account") && rows.body.contains("Birch"), "{}", rows.body);
    let csv = world.get("/revenue/rows/left_out?from=2026-01&to=2026-02", &cookie(ADMIN)).await;
    assert!(csv.body.lines().count() == 2 && csv.body.contains(",EUR,false,10000"), "{}", csv.body);
    let renewals = world.get("/renewals?which=open", &cookie(ADMIN)).await;
    assert!(renewals.body.contains("10,000.00 EUR") && renewals.body.contains("no rate"), "{}", renewals.body);
    let due = world.get("/api/v1/renewals?which=open&account_id=2", &cookie(ADMIN)).await.json();
    let due = &due["items"][0];
    assert_eq!(
        (&due["due_cents"], &due["sold_cents"], &due["sold_in"]),
        (&json!(null), &json!(1_000_000), &json!("EUR"))
    );
    let executive = world.get("/executive", &cookie(ADMIN)).await;
    assert!(executive.body.contains("without 1 account that no rate converts"), "{}", executive.body);
    let wrong = world.post_form("/revenue/rates", &cookie(ADMIN), &rate("2026-01-01", "much")).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.body.contains("`much` is no rate") && wrong.body.contains("value=\"eur\""), "{}", wrong.body);
    // A rate of the second month only: Birch is in neither, also where that month is opened by itself from the page.
    assert_eq!(
        world.post_form("/revenue/rates", &cookie(ADMIN), &rate("2026-02-01", "1.20")).await.status,
        StatusCode::SEE_OTHER
    );
    // The executive's months begin before that rate, so Birch is in none of them, also not in today's.
    let figures = engine::executive::executive(&world.app.engine.book(), &RowFilter::All);
    let by_band = |bands: &engine::executive::Bands| bands.arr_cents.iter().sum::<i64>();
    assert_eq!((figures.accounts, figures.unrated, by_band(&figures.bands)), (2, 1, 1_000_000));
    assert!(figures.health.iter().all(|(_, bands)| by_band(bands) <= 1_000_000), "{:?}", figures.health);
    let page = world.get("/revenue?from=2026-01&to=2026-02", &cookie(ADMIN)).await;
    let within = "from=2026-02&amp;to=2026-02&amp;within=2026-01..2026-02";
    assert!(page.body.contains("/revenue/figures/arr?") && page.body.contains(within), "{}", page.body);
    let figure = |rest: &str| format!("/revenue/figures/arr?from=2026-02&to=2026-02{rest}");
    let inside = world.get(&figure("&within=2026-01..2026-02"), &cookie(ADMIN)).await;
    assert!(inside.body.contains("10,000.00 USD") && !inside.body.contains("22,000.00 USD"), "{}", inside.body);
    let alone = world.get(&figure(""), &cookie(ADMIN)).await;
    assert!(alone.body.contains("10,000.00 USD") && alone.body.contains("1 account without a rate"), "{}", alone.body);
    for (day, each) in [("2025-01-01", "1.10"), ("2026-02-01", "1.20")] {
        let kept = world.post_form("/revenue/rates", &cookie(ADMIN), &rate(day, each)).await;
        assert_eq!(kept.status, StatusCode::SEE_OTHER, "{}", kept.body);
    }
    let report = world.get("/api/v1/revenue?from=2026-01&to=2026-02", &cookie(ADMIN)).await.json();
    let reports = report["reports"].as_array().unwrap();
    assert_eq!(reports.len(), 1, "one currency was set: {report}");
    let moved = &reports[0]["window"]["movements"];
    let cents = ["opening", "expansion", "fx", "closing"].map(|part| moved[format!("{part}_cents")].as_i64().unwrap());
    assert_eq!(cents, [2_100_000, 0, 100_000, 2_200_000], "10,000 and 11,000 dollars; the rate is no expansion");
    assert_eq!(reports[0]["window"]["metrics"]["nrr"]["value"], 1.0, "at the rates of the opening");
    let page = world.get("/revenue?from=2026-01&to=2026-02", &cookie(ADMIN)).await;
    assert!(!page.body.contains("No rate from") && page.body.contains("Exchange rates"), "{}", page.body);
    let euros = world.get("/api/v1/revenue?from=2026-01&to=2026-02&currency=EUR", &cookie(ADMIN)).await.json();
    let closing = euros["reports"][0]["window"]["movements"]["closing_cents"].as_i64().unwrap();
    assert_eq!(closing, 1_000_000 + 833_333, "the other way round at one over the rate");
    world.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_corrected_rate_leaves_what_was_known_before() {
    let world = in_two_currencies().await;
    let store = world.app.engine.store();
    let (monday, tuesday) = (now() - chrono::TimeDelta::days(2), now() - chrono::TimeDelta::days(1));
    for (recorded_at, rate_nanos) in [(monday, 1_100_000_000), (tuesday, 1_300_000_000)] {
        let rate = store::ExchangeRate {
            id: 0,
            currency: "EUR".to_owned(),
            into_currency: "USD".to_owned(),
            effective_on: day("2025-01-01"),
            rate_nanos: Some(rate_nanos),
            source_id: None,
            member_id: None,
            recorded_at,
        };
        store.write(async |tx| store::exchange_rate::add(tx, vec![rate.clone()]).await).await.unwrap();
    }
    let known = |at: domain::Instant| {
        let at = at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
        format!("/api/v1/exchange-rates?known_on={at}")
    };
    let rate = async |at| world.get(&known(at), &cookie(ADMIN)).await.json()["items"][0]["rate"].clone();
    assert_eq!((rate(monday).await, rate(tuesday).await), ("1.1".into(), "1.3".into()));
    let taken = json!({ "currency": "EUR", "into_currency": "USD", "effective_on": "2025-01-01", "rate": null });
    let answer = world.post_json("/api/v1/exchange-rates", &cookie(ADMIN), &taken).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.body);
    let now = world.get("/api/v1/exchange-rates", &cookie(ADMIN)).await.json();
    assert_eq!(now["items"].as_array().unwrap().len(), 0, "taken back: {now}");
    assert_eq!(rate(tuesday).await, "1.3", "and still known then");
    world.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_contract_in_no_currency_is_told_and_not_left_out_in_silence() {
    let world = under_contract(vec![item(1, ADAS, 10, 1_000_000, "2025-03-01", None)]).await;
    let engine = &world.app.engine;
    let odd = Subscription { currency: "EURO".to_owned(), ..contract(3, BENS) };
    let written: Result<u64, StoreError> =
        engine.store().write(async |tx| record::insert_many(tx, vec![odd]).await).await;
    written.unwrap();
    engine::refresh::all(engine).await.unwrap();
    let page = world.get("/revenue", &cookie(ADMIN)).await;
    assert!(page.body.contains("`EURO`, which is no currency"), "{}", page.body);
    let report = world.get("/api/v1/revenue", &cookie(ADMIN)).await.json();
    assert!(report["reports"][0]["faults"][0].as_str().unwrap().contains("contract 3"), "{report}");
    world.close().await;
}

/// Where the ARR of everything is said: the API's report, the report that the command line prints, the sum over accounts of
/// the metric in the API, the same by SQL, and the executive's figure.
async fn everywhere(world: &World) -> Vec<i64> {
    let engine = &world.app.engine;
    let report = world.get("/api/v1/revenue", &cookie(ADMIN)).await.json();
    let today = engine.book().as_of;
    let home = of_home(engine.store(), None, today, &Question::default()).await.unwrap();
    let of = async |id: i64| world.get(&format!("/api/v1/accounts/{id}"), &cookie(ADMIN)).await.json();
    let (alder, birch) = (of(ADAS).await, of(BENS).await);
    assert_eq!((&alder["arr_currency"], &birch["arr_currency"]), (&json!("USD"), &json!("USD")));
    let sql = json!({ "sql": "select round(sum(arr) * 100) as cents from snapshot" });
    let sum = world.post_json("/api/v1/query", &cookie(ADMIN), &sql).await.json();
    let executive = engine::executive::executive(&engine.book(), &RowFilter::All);
    vec![
        report["reports"][0]["window"]["movements"]["closing_cents"].as_i64().unwrap(),
        home[0].window.movements.closing_cents,
        alder["arr_cents"].as_i64().unwrap() + birch["arr_cents"].as_i64().unwrap(),
        sum["rows"][0][0].as_f64().unwrap_or_else(|| panic!("{sum}")) as i64,
        executive.recurring.arr_cents,
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_place_says_the_same_in_one_currency() {
    let world = in_two_currencies().await;
    world.post_form("/revenue/conventions", &cookie(ADMIN), "currency=USD").await;
    let birch = async || world.get(&format!("/api/v1/accounts/{BENS}"), &cookie(ADMIN)).await.json();
    assert_eq!(birch().await["arr_cents"], json!(null), "there is no rate: neither 10,000 dollars nor nothing");
    let list = world.get("/accounts", &cookie(ADMIN)).await;
    assert!(list.body.contains("1 account ") && list.body.contains("without a rate"), "{}", list.body);
    let account = world.get(&format!("/accounts/{BENS}?tab=revenue"), &cookie(ADMIN)).await;
    assert!(account.body.contains("No rate from EUR to USD"), "{}", account.body);
    for (day, rate) in [("2025-01-01", "1.10"), ("2026-10-01", "1.23457")] {
        let form = format!("currency=EUR&into_currency=USD&effective_on={day}&rate={rate}&take_back=");
        assert_eq!(world.post_form("/revenue/rates", &cookie(ADMIN), &form).await.status, StatusCode::SEE_OTHER);
    }
    let sums = everywhere(&world).await;
    assert_eq!(sums, [1_000_000 + 1_234_570; 5], "12,345.70 dollars for 10,000 euros at the rate of October");
    for (page, written) in [
        ("/accounts", "22,345.70 USD"),
        ("/revenue", "22,345.70 USD"),
        ("/executive", "22,345.70 USD"),
        ("/", "22,345.70 USD"),
    ] {
        let told = world.get(page, &cookie(ADMIN)).await;
        assert!(told.body.contains(written), "{page}: {}", told.body);
    }
    // A year ago the other rate held.
    let book = world.app.engine.book();
    let row = book.row(BENS).unwrap();
    assert_eq!(book.value(row, "arr_365d_ago"), Some(1_100_000.0));
    // Read in euros, everything is.
    world.post_form("/revenue/conventions", &cookie(ADMIN), "currency=EUR").await;
    assert_eq!(birch().await["arr_cents"], 1_000_000);
    assert_eq!(birch().await["arr_currency"], "EUR");
    world.close().await;
}

/// The forecast of a book that nobody joins and in which nobody grows, in the currency that is set, with what the report of
/// revenue says of the same day.
async fn forecast_in(world: &World, currency: &str) -> (serde_json::Value, i64) {
    let set = format!("currency={currency}");
    assert_eq!(world.post_form("/revenue/conventions", &cookie(ADMIN), &set).await.status, StatusCode::SEE_OTHER);
    engine::forecast::bring_up_to_date(&world.app.engine).await.unwrap();
    let forecast = world.get("/api/v1/forecast?new=0&expansion=0", &cookie(ADMIN)).await.json()["forecast"].clone();
    assert_eq!(forecast["currency"], currency, "{forecast}");
    let report = world.get("/api/v1/revenue", &cookie(ADMIN)).await.json();
    (forecast, report["reports"][0]["window"]["movements"]["closing_cents"].as_i64().unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_forecast_of_two_currencies_begins_where_revenue_stands_and_stays_in_one() {
    let world = in_two_currencies().await;
    let (without, closing) = forecast_in(&world, "USD").await;
    assert_eq!((without["opening_cents"].as_i64().unwrap(), closing), (1_000_000, 1_000_000), "the euros are unknown");
    assert_eq!((&without["left_out"], &without["accounts"]), (&json!(["EUR"]), &json!(1)));
    for (day, rate) in [("2025-01-01", "1.10"), ("2026-10-01", "1.23457")] {
        let form = format!("currency=EUR&into_currency=USD&effective_on={day}&rate={rate}&take_back=");
        assert_eq!(world.post_form("/revenue/rates", &cookie(ADMIN), &form).await.status, StatusCode::SEE_OTHER);
    }
    // Whoever stays pays what they pay: the end of every path is a sum of these two.
    for (currency, alder, birch) in [("USD", 1_000_000, 1_234_570), ("EUR", 809_999, 1_000_000)] {
        let (forecast, closing) = forecast_in(&world, currency).await;
        assert_eq!(
            (forecast["opening_cents"].as_i64().unwrap(), closing),
            (alder + birch, alder + birch),
            "{currency}"
        );
        assert_eq!((&forecast["left_out"], &forecast["accounts"]), (&json!([]), &json!(2)));
        let ends = [0, alder, birch, alder + birch];
        for quarter in forecast["quarters"].as_array().unwrap() {
            let bands = ["band_50_cents", "band_80_cents", "band_95_cents"].map(|band| &quarter["arr"][band]);
            let ends_of = bands.into_iter().flat_map(|band| band.as_array().unwrap());
            for cents in ends_of.chain([&quarter["arr"]["median_cents"]]).map(|cents| cents.as_i64().unwrap()) {
                assert!(ends.contains(&cents), "{currency}: {cents} in {quarter}");
            }
        }
        assert_eq!(forecast["quarters"][0]["arr"]["band_95_cents"][1], alder + birch, "mostly both stay");
    }
    world.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_shows_what_was_known_on_a_day_and_what_was_learned_since() {
    let earlier = now() - chrono::TimeDelta::days(2);
    let known = |item: SubscriptionItem| SubscriptionItem { recorded_at: earlier, ..item };
    let world = under_contract(vec![
        known(item(1, ADAS, 10, 9_000_050, "2025-03-01", Some("2026-06-01"))),
        known(item(1, ADAS, 15, 13_500_075, "2026-06-01", None)),
    ])
    .await;
    let engine = &world.app.engine;
    // Alder never grew, as somebody finds out two days later.
    let items: Vec<SubscriptionItem> = record::load(engine.store().read(), None, None).await.unwrap();
    let grown = items.iter().find(|item| item.quantity == 15).unwrap();
    let written: Result<(), StoreError> = engine
        .store()
        .write(async |tx| {
            let at = engine.now();
            record::edit::<SubscriptionItem>(tx, grown.id, at, |it| it.amount_cents = 9_000_050).await.map(drop)
        })
        .await;
    written.unwrap();
    engine::refresh::all(engine).await.unwrap();
    let (admin, ben) = (cookie(ADMIN), cookie(BEN));
    let months = "from=2026-01&to=2026-11";
    let page = world.get(&format!("/revenue?{months}&known_on=2026-11-21"), &admin).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    for said in ["As it was known", "135,000.75 USD", "90,000.50 USD", "−45,000.25 USD", "150.0%"] {
        assert!(page.body.contains(said), "{said}: {}", page.body);
    }
    let today = world.get(&format!("/revenue?{months}"), &admin).await;
    assert!(!today.body.contains("What was learned since") && !today.body.contains("135,000.75"), "{}", today.body);
    let figure = world.get(&format!("/revenue/figures/arr?{months}&known_on=2026-11-21"), &admin).await;
    assert!(figure.body.contains("135,000.75 USD") && figure.body.contains("Known on"), "{}", figure.body);
    let bens = world.get(&format!("/revenue?{months}&known_on=2026-11-21"), &ben).await;
    assert!(!bens.body.contains("135,000.75") && !bens.body.contains("Alder"), "{}", bens.body);
    let wrong = world.get("/revenue?known_on=yesterday", &admin).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    world.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_has_not_come_yet_is_said_to_be_so() {
    let world = sold().await;
    let admin = cookie(ADMIN);
    let page = world.get("/revenue?from=2026-10&to=2027-01", &admin).await.body;
    assert!(page.contains("2 months have not begun") && page.matches("to come</small>").count() == 2, "{page}");
    let page = world.get("/revenue?from=2026-10&to=2026-11", &admin).await.body;
    assert!(!page.contains("not begun") && !page.contains("to come</small>"), "{page}");
    assert_eq!(world.get("/revenue?known_on=2026-11-22", &admin).await.status, StatusCode::OK, "today is known");
    for path in ["/revenue?known_on=2026-11-23", "/revenue/figures/arr?known_on=2027-01-01"] {
        let refused = world.get(path, &admin).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{path}");
        assert!(refused.body.contains("has not come yet"), "{path}: {}", refused.body);
    }
    for path in ["revenue", "accounts/1", "accounts/1/metrics", "accounts/1/health", "snapshot", "exchange-rates"] {
        let refused = world.get(&format!("/api/v1/{path}?known_on=2026-11-24T00:00:01Z"), &admin).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{path}: {}", refused.body);
        assert!(refused.body.contains("is not known yet"), "{path}: {}", refused.body);
    }
    world.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_account_of_a_past_day_is_that_of_the_whole_book() {
    let world = sold().await;
    for asked in ["as_of=2026-05-31", "as_of=2026-05-31&known_on=2026-11-22T10:00:00Z", "known_on=2026-11-22T10:00:00Z"]
    {
        let alone = world.get(&format!("/api/v1/accounts/{ADAS}/metrics?{asked}"), &cookie(ADMIN)).await.json();
        let whole = world.get(&format!("/api/v1/snapshot?{asked}"), &cookie(ADMIN)).await.json();
        assert_eq!((&alone["as_of"], &alone["values"]), (&whole["items"][0]["as_of"], &whole["items"][0]["values"]));
        assert!(alone["values"]["arr"].as_f64().unwrap() > 0.0, "{alone}");
    }
    world.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cell_of_a_cohort_opens_its_arithmetic_and_its_rows() {
    let world = sold().await;
    let page = world.get("/revenue?to=2026-11", &cookie(ADMIN)).await;
    let key = "cohort_revenue_quarter_2025-01-01_6";
    assert!(page.body.contains(&format!("/revenue/figures/{key}?to=2026-11")), "{}", page.body);
    // Both began in the first quarter of 2025; six quarters later is the end of September 2026.
    let cell = world.get(&format!("/revenue/figures/{key}?to=2026-11"), &cookie(ADMIN)).await;
    assert!(cell.body.contains("135,000.75 USD / 102,000.50 USD = 132.35 %"), "{}", cell.body);
    assert!(cell.body.contains("Alder") && cell.body.contains("Birch") && cell.body.contains("2026-09-30"));
    let accounts = world.get("/revenue/figures/cohort_accounts_quarter_2025-01-01_6?to=2026-11", &cookie(ADMIN)).await;
    assert!(accounts.body.contains("1 / 2 = 50.00 %"), "{}", accounts.body);
    let rows = world.get(&format!("/revenue/rows/{key}?to=2026-11"), &cookie(ADMIN)).await;
    assert_eq!(rows.body.lines().count(), 3, "{}", rows.body);
    assert!(rows.body.contains("2025-03-01,90000.5,135000.75,true"), "{}", rows.body);
    assert!(rows.body.contains("2025-03-01,12000,0,false"), "{}", rows.body);
    // Ada sees her own account in it and no other.
    let adas = world.get(&format!("/revenue/figures/{key}?to=2026-11"), &cookie(ADA)).await;
    assert!(adas.body.contains("135,000.75 USD / 90,000.50 USD") && !adas.body.contains("Birch"), "{}", adas.body);
    for nothing in ["cohort_revenue_quarter_2025-01-01_99", "cohort_revenue_quarter_2024-01-01_0", "cohort_x"] {
        let answer = world.get(&format!("/revenue/figures/{nothing}?to=2026-11"), &cookie(ADMIN)).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{nothing}");
    }
    world.close().await;
}
