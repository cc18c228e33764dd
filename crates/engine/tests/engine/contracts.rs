//! Contracts as files and sources bring them: every term of theirs reaches the ledger, what cannot be is refused where it
//! stands, rates restate nothing that was known, sources that disagree are told, and people are those of the time.

use std::io::Cursor;

use connectors::json;
use domain::{
    Day, Instant,
    access::RowFilter,
    revenue::{Arr, Kind, Ledger, Movement, Rates, Span},
};
use engine::{
    Engine,
    import::{self, CsvImport, ImportReport, Records},
    refresh,
    revenue::{
        conventions::{self, Set},
        per_csm::PerCsm,
        segments::Owners,
        source::{Question, of_home},
    },
};
use store::{Assignment, account, assignment, record, source};

use crate::home::{company, open, today};

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

async fn send(engine: &Engine, object: &str, file: &str) -> ImportReport {
    let import = CsvImport { object, ..CsvImport::default() };
    import::csv(engine, import, Cursor::new(file.to_owned()), &mut |_| {}).await.unwrap()
}

/// Sends a file every row of which is taken.
async fn take(engine: &Engine, object: &str, file: &str) {
    let report = send(engine, object, file).await;
    assert_eq!(report.failed, 0, "{:?}", report.refused);
}

/// Why the only row of a file is refused, and in which column.
async fn refused(engine: &Engine, object: &str, file: &str) -> (String, String) {
    let report = send(engine, object, file).await;
    assert_eq!((report.failed, report.created, report.updated), (1, 0, 0), "{file}: {report:?}");
    assert!(report.failed_rows.contains(file.lines().nth(1).unwrap()), "the row can be mended and sent again");
    let row = &report.refused[0];
    assert_eq!(row.line, 2);
    (row.column.clone().unwrap_or_default(), row.message.clone())
}

async fn id_of(engine: &Engine, name: &str) -> i64 {
    account::find_by_external_id(engine.store().read(), name).await.unwrap().unwrap().id
}

/// The ledger of some accounts, by the names they were imported under.
async fn ledger(engine: &Engine, names: &[&str]) -> Ledger {
    refresh::all(engine).await.unwrap();
    let mut ids = Vec::new();
    for name in names {
        ids.push(id_of(engine, name).await);
    }
    let book = engine.book();
    engine::revenue::ledger(&book, |row| ids.contains(&row.account.id))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_term_of_a_contract_can_be_brought_and_reaches_the_ledger() {
    let (_home, settings) = company(2).await;
    let (engine, _) = open(&settings).await;
    take(&engine, "accounts", "account_id,name\nnorth,North\nsouth,South\n").await;
    let subscriptions = "id,account_id,currency,start,end,term,notice_days,auto_renew,signed_on,continues,paused_on,resumes_on\n\
        s1,north,USD,2025-01-01,2025-07-01,6,30,no,2024-12-01,,,\n\
        s2,south,USD,2025-07-01,2026-07-01,12,60,yes,2025-06-20,s1,,\n\
        s3,north,USD,2025-02-01,,12,0,no,,,2025-10-01,2025-12-01\n";
    take(&engine, "subscriptions", subscriptions).await;
    let items = "id,subscription_id,product,unit,quantity,amount,period_months,arr,charge,discount,discount_until,start,end\n\
        i1,s1,Suite,seat,10,,,12000,,,,2025-01-01,2025-07-01\n\
        i2,s2,Suite,seat,10,,,12000,,,,2025-07-01,\n\
        i3,s3,Fraud,use case,1,300,3,,recurring,25%,2025-08-01,2025-02-01,\n\
        i4,s3,Setup,flat,1,500,1,,one-off,,,2025-02-01,\n\
        i5,s3,Calls,flat,1,100,1,,committed usage,,,2025-02-01,\n\
        i6,s3,Calls,flat,1,40,1,,usage,,,2025-02-01,\n\
        i7,s3,Sorry,flat,1,-70,1,,refund,,,2025-03-01,\n\
        i8,s3,Branch,organisation,2,50,1,,,,,2025-05-01,\n";
    take(&engine, "subscription_items", items).await;
    let again = send(&engine, "subscription_items", items).await;
    assert_eq!((again.unchanged, again.failed), (8, 0), "the same again is no change: {again:?}");
    let ledger = ledger(&engine, &["north", "south"]).await;
    let (north, south) = (id_of(&engine, "north").await, id_of(&engine, "south").await);
    let lens = engine.book().conventions.lens(&ledger, today());
    let on = |text: &str| ledger.arr(day(text), &lens.view()).exact_cents().unwrap();
    assert_eq!(on("2025-01-15"), 1_200_000);
    // 300.00 a quarter less 25 % is 900.00 a year; the minimum of calls is 1,200.00. Setup, usage and the refund do not recur.
    assert_eq!(on("2025-02-15"), 1_200_000 + 90_000 + 120_000);
    assert_eq!(on("2025-08-15"), 1_200_000 + 120_000 + 120_000 + 60_000, "the discount ended and a branch came");
    assert_eq!(on("2025-10-15"), 1_200_000, "the pause");
    let span = Span { after: day("2025-02-15"), through: day("2025-12-31") };
    let told = |movement: &Movement| (movement.account_id, movement.day, movement.kind, movement.amount.cents());
    let moved: Vec<_> = ledger.movements(span, &lens.view()).iter().map(told).collect();
    assert!(moved.contains(&(north, day("2025-07-01"), Kind::Transfer, -1_200_000)), "{moved:?}");
    assert!(moved.contains(&(south, day("2025-07-01"), Kind::Transfer, 1_200_000)), "{moved:?}");
    assert!(moved.contains(&(north, day("2025-08-01"), Kind::Price, 30_000)), "{moved:?}");
    assert!(moved.contains(&(north, day("2025-05-01"), Kind::Expansion, 60_000)), "{moved:?}");
    assert!(moved.iter().any(|row| row.0 == north && row.2 == Kind::Reactivation), "back from the pause: {moved:?}");
    let signed = ledger.accounts().iter().flat_map(|account| &account.subscriptions).map(|it| it.signed_on);
    assert!(signed.collect::<Vec<_>>().contains(&day("2025-06-20")));
    engine.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_is_refused_where_it_stands() {
    let (_home, settings) = company(2).await;
    let (engine, _) = open(&settings).await;
    take(&engine, "accounts", "account_id,name\nnorth,North\n").await;
    take(&engine, "subscriptions", "id,account_id,start\ns1,north,2026-01-01\n").await;
    let contract = "id,account_id,start,end,paused_on,resumes_on,continues,arr\n";
    let item = "id,subscription_id,quantity,arr,discount,start,end\n";
    let rate = "currency,into,day,rate\n";
    let cases = [
        ("subscriptions", contract, "s2,north,2026-05-01,2026-05-01,,,,", "effective_to", "not after its start"),
        ("subscriptions", contract, "s2,north,2026-05-01,,2026-08-01,2026-07-01,,", "resumes_on", "before its pause"),
        ("subscriptions", contract, "s2,north,2026-05-01,,,,s9,", "continues", "import what it took over first"),
        ("subscriptions", contract, "s2,north,2026-05-01,,,,,-5", "arr_cents", "below zero"),
        ("subscription_items", item, "i1,s1,1,100,,2026-05-01,2026-04-01", "effective_to", "before its start"),
        ("subscription_items", item, "i1,s1,-3,100,,2026-05-01,", "quantity", "at least 0"),
        ("subscription_items", item, "i1,s1,1,-100,,2026-05-01,", "arr_cents", "with the charge refund"),
        ("subscription_items", item, "i1,s1,1,100,120,2026-05-01,", "discount_percent", "from 0 to 100"),
        ("exchange_rates", rate, "EUR,USD,2026-01-01,1.2.3", "rate", "is no rate"),
        ("exchange_rates", rate, "EUR,USD,2026-01-01,0", "rate", "above zero"),
        ("exchange_rates", rate, "EUR,EUR,2026-01-01,1", "into_currency", "two currencies"),
        ("exchange_rates", rate, "EURO,USD,2026-01-01,1.1", "currency", "three-letter"),
    ];
    for (object, header, row, _field, because) in cases {
        let (column, message) = refused(&engine, object, &format!("{header}{row}\n")).await;
        assert!(message.contains(because), "{row}: {message}");
        assert!(!column.is_empty(), "{row}: {message}");
    }
    engine.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rates_come_by_file_convert_the_book_and_are_taken_back_with_their_import() {
    let (_home, settings) = company(2).await;
    let (engine, clock) = open(&settings).await;
    take(&engine, "accounts", "account_id,name,currency\nnorth,North,EUR\n").await;
    take(&engine, "subscriptions", "id,account_id,currency,start,arr\ns1,north,EUR,2026-01-01,10000\n").await;
    let closing = async |known_on: Option<Instant>| {
        let question = Question { currency: Some("USD".parse().unwrap()), ..Question::default() };
        let reports = of_home(engine.store(), known_on, today(), &question).await.unwrap();
        (reports[0].window.movements.closing_cents, reports[0].unrated.clone())
    };
    let (without, missing) = closing(None).await;
    assert!(
        missing[0].starts_with("no rate from EUR to USD on 2026-01-01 or before, so what 1 account pays (1 contract)"),
        "{missing:?}"
    );
    clock.advance(chrono::TimeDelta::hours(1));
    take(&engine, "exchange_rates", "currency,into,day,rate\nEUR,USD,2025-12-01,1.10\n").await;
    let (first, corrected) = (clock.now(), clock.now() + chrono::TimeDelta::hours(1));
    assert_eq!(closing(None).await, (without + 1_100_000, Vec::new()));
    assert_ne!(engine.book().conventions.exchange.rates_into("USD".parse().unwrap()), Rates::none());
    clock.advance(chrono::TimeDelta::hours(1));
    let report = send(&engine, "exchange_rates", "currency,into,day,rate\nEUR,USD,2025-12-01,1.20\n").await;
    assert_eq!((report.updated, report.failed), (1, 0), "another rate for the day corrects it: {report:?}");
    assert_eq!(closing(None).await.0, without + 1_200_000);
    assert_eq!(closing(Some(first)).await.0, without + 1_100_000, "as known before the correction");
    let hand = engine::fields::Hand { actor: "test".to_owned(), member_id: 1 };
    clock.advance(chrono::TimeDelta::hours(1));
    import::undo(&engine, report.run_id.unwrap(), &hand).await.unwrap();
    assert_eq!(closing(None).await.0, without + 1_100_000, "taken back");
    assert!(corrected < clock.now());
    engine.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_overdue_is_told_in_the_currency_of_reports_or_not_at_all() {
    let (_home, settings) = company(2).await;
    let (engine, _) = open(&settings).await;
    take(&engine, "accounts", "account_id,name\nnorth,North\nsouth,South\n").await;
    let invoices = "id,account_id,amount,currency,issued_on,due_on,paid_on,voided_on\n\
        n1,north,100.05,EUR,2026-01-01,2026-01-31,,\n\
        n2,north,50.00,USD,2026-01-01,2026-01-31,,\n\
        n3,north,70.00,EUR,2026-01-01,2026-01-31,2026-02-10,\n\
        n4,north,30.00,EUR,2026-01-01,2026-01-31,,2026-03-01\n\
        s1,south,20.00,EUR,2026-01-01,2026-01-31,2026-01-20,\n";
    take(&engine, "invoices", invoices).await;
    let overdue = async || {
        refresh::all(&engine).await.unwrap();
        let book = engine.book();
        let of = |id: i64| book.value(book.row(id).unwrap(), "overdue_amount");
        (of(id_of(&engine, "north").await), of(id_of(&engine, "south").await))
    };
    assert_eq!(overdue().await, (None, Some(0.0)), "no rate: neither 150.05 of something nor 50.00");
    take(&engine, "exchange_rates", "currency,into,day,rate\nEUR,USD,2025-12-01,1.10\nEUR,USD,2026-05-01,1.3\n").await;
    // 100.05 euros at 1.3 are 130.065 dollars, 130.07 to the cent.
    assert_eq!(overdue().await, (Some(18_007.0), Some(0.0)));
    let sql =
        "select count(*) as n from overdue_invoice join invoice using (invoice_id) where invoice.currency = 'EUR'";
    let told = engine::query::sql(&engine, sql, 10).await.unwrap();
    assert_eq!(told.frame.cell(0, 0), lake::Cell::Int(4), "one of them is a row for each of two rates: {told:?}");
    engine.close().await.unwrap();
}

async fn a_source(engine: &Engine, key: &str) -> i64 {
    let source = store::Source::new(key, key, source::Kind::Singer, engine.now());
    engine.store().write(async |tx| store::source::insert(tx, source).await).await.unwrap().id
}

async fn bring(engine: &Engine, source_id: i64, stream: &str, text: &str) {
    let mut all = Records::open(engine, source_id, "generic").await.unwrap();
    let document = json::parse(text).unwrap();
    let key = document.value.get("id").and_then(json::Value::as_id).unwrap().to_owned();
    all.take(1, stream, &key, &document.value).await.unwrap();
    let report = all.finish().await.unwrap();
    assert_eq!(report.failed, 0, "{report:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sources_that_disagree_are_told_until_a_person_says_whose_word_counts() {
    let (_home, settings) = company(2).await;
    let (engine, _) = open(&settings).await;
    take(&engine, "accounts", "account_id,name\nnorth,North\n").await;
    let (crm, billing) = (a_source(&engine, "our-crm").await, a_source(&engine, "our-billing").await);
    let sold = r#"{"id":"c1","account_id":"north","arr":"12000","start_date":"2026-01-01"}"#;
    let billed = r#"{"id":"b1","account_id":"north","arr":"10000","start_date":"2026-01-01"}"#;
    bring(&engine, crm, "contracts", sold).await;
    assert!(ledger(&engine, &["north"]).await.contradictions(today(), &lens(&engine)).is_empty(), "one source");
    bring(&engine, billing, "subscriptions", billed).await;
    let said = |ledger: &Ledger, engine: &Engine| -> Vec<(Option<i64>, i64, bool)> {
        let found = ledger.contradictions(today(), &lens(engine));
        found.iter().flat_map(|found| &found.said).map(|it| (it.source_id, it.arr.cents(), it.counts)).collect()
    };
    let both = ledger(&engine, &["north"]).await;
    assert_eq!(said(&both, &engine), [(Some(crm), 1_200_000, true), (Some(billing), 1_000_000, true)]);
    assert_eq!(both.arr(today(), &lens(&engine)).cents(), 2_200_000, "both count until somebody decides");
    let reports = of_home(engine.store(), None, today(), &Question::default()).await.unwrap();
    assert_eq!(reports[0].contradictions.len(), 1, "and the report says so: {:?}", reports[0].contradictions);
    conventions::set(&engine, "test", Set { contracts_from: Some(billing), ..Set::default() }).await.unwrap();
    let chosen = ledger(&engine, &["north"]).await;
    assert_eq!(chosen.arr(today(), &lens(&engine)).cents(), 1_000_000);
    assert_eq!(said(&chosen, &engine), [(Some(billing), 1_000_000, true), (Some(crm), 1_200_000, false)]);
    let north = id_of(&engine, "north").await;
    let book = engine.book();
    assert_eq!(book.arr_cents(book.row(north).unwrap()), Some(1_000_000), "the metric too");
    let agreed = r#"{"id":"c1","account_id":"north","arr":"10000","start_date":"2026-01-01"}"#;
    bring(&engine, crm, "contracts", agreed).await;
    assert_eq!(said(&ledger(&engine, &["north"]).await, &engine), [], "they agree since");
    engine.close().await.unwrap();
}

/// The view of today's book.
fn lens(engine: &Engine) -> domain::revenue::View<'static> {
    let (book, rates) = (engine.book(), &engine::revenue::NO_RATES);
    let whole = engine::revenue::ledger(&book, |row| row.visible(&RowFilter::All));
    let currency = book.conventions.lens(&whole, book.as_of).currency;
    domain::revenue::View { currency, rates, reactivation_days: None }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn arr_per_csm_is_of_the_people_of_that_time() {
    let (_home, settings) = company(12).await;
    let (engine, _) = open(&settings).await;
    let handed = |assignments: &[Assignment]| {
        let running = |it: &&Assignment| it.role == assignment::Role::Csm && it.effective_to.is_none();
        assignments.iter().find(running).cloned().unwrap()
    };
    let all: Vec<Assignment> = record::load(engine.store().read(), None, None).await.unwrap();
    let (old, on, now) = (handed(&all), day("2026-05-01"), engine.now());
    let newcomer = store::member::all(engine.store()).await.unwrap().into_iter().map(|it| it.id);
    let newcomer = newcomer.into_iter().find(|id| all.iter().all(|it| it.member_id != *id)).unwrap();
    let next = Assignment { id: 0, member_id: newcomer, effective_from: on, recorded_at: now, ..old.clone() };
    let written: Result<(), store::StoreError> = engine
        .store()
        .write(async |tx| {
            record::edit::<Assignment>(tx, old.id, now, |it| it.effective_to = Some(on)).await?;
            record::insert(tx, next.clone()).await?;
            Ok(())
        })
        .await;
    written.unwrap();
    refresh::all(&engine).await.unwrap();
    let (book, owners) = (engine.book(), Owners::load(engine.store(), None).await.unwrap());
    let whole = engine::revenue::ledger(&book, |_| true);
    let view = lens(&engine);
    let of = |text: &str| PerCsm::of(&whole, &owners, day(text), &view);
    let (before, after) = (of("2026-04-30"), of("2026-05-01"));
    assert!(!before.csms.contains_key(&newcomer) && after.csms.contains_key(&newcomer));
    for (sums, on) in [(&before, "2026-04-30"), (&after, "2026-05-01")] {
        let told: Arr = sums.csms.values().map(|(_, arr)| *arr).sum();
        assert_eq!(told + sums.nobody.1, whole.arr(day(on), &view), "everything is somebody's or nobody's");
        assert_eq!(sums.accounts() + sums.nobody.0, whole.paying(day(on), &view));
        let mean = sums.mean().unwrap().cents();
        assert!((mean * sums.csms.len() as i64 - sums.arr().cents()).abs() <= sums.csms.len() as i64);
    }
    let question = Question { from: Some(day("2026-04-01")), to: Some(today()), ..Question::default() };
    let report = of_home(engine.store(), None, today(), &question).await.unwrap().remove(0);
    let csms = |at: usize| report.months[at].arr_per_csm.as_ref().unwrap().csms;
    assert_eq!((csms(0), csms(1)), (before.csms.len(), of("2026-05-31").csms.len()), "April is of April's people");
    engine.close().await.unwrap();
}
