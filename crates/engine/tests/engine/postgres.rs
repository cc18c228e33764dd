//! The whole way on PostgreSQL: the same company and the same facts give the same
//! bits, signals and CTAs as on the embedded database, and all of it is still
//! there when the engine is opened again.

use domain::Event;
use engine::{Engine, Settings, refresh, seal};
use store::{catalogue, cta, signal};
use testkit::postgres::{Cluster, SKIPPED};

use crate::home::{build, company, noon, open, today};

/// Accounts of the company.
const ACCOUNTS: usize = 16;

/// Everything the engine says of its book and its work: values to the bit, bands, open signals, CTAs.
async fn told(engine: &Engine) -> Vec<String> {
    let book = engine.book();
    assert_eq!(book.as_of, today());
    let rows = book.rows().iter().map(|row| {
        let bits: Vec<_> = row.values.iter().map(|value| value.map(f64::to_bits)).collect();
        format!("{} {:?} {:?} {bits:?}", row.account.external_id, row.health.band, row.health.score)
    });
    let mut told: Vec<String> = rows.collect();
    let signals = signal::open_now(engine.store().read(), None).await.unwrap();
    told.extend(signals.iter().map(|signal| format!("{} of {}", signal.rule, signal.account_id)));
    let ctas = cta::list(engine.store().read(), &cta::Filter::default(), None, 10_000).await.unwrap();
    told.extend(ctas.iter().map(|cta| format!("{} {} {:?}", cta.account_id, cta.title, cta.status)));
    told.sort_unstable();
    told
}

/// A month in which two accounts use the product more than ever.
fn news() -> Vec<Event> {
    let event = |n: u32| {
        let mut id = [7; 16];
        id[..4].copy_from_slice(&n.to_be_bytes());
        Event {
            id,
            source_id: 1,
            account_id: Some(1 + i64::from(n % 2)),
            user_id: Some(1 + i64::from(n % 9)),
            name: "report_viewed".to_owned(),
            occurred_at: noon() - chrono::TimeDelta::minutes(40 * i64::from(n % 1_000)),
            recorded_at: noon(),
            quantity: 1,
            properties: None,
        }
    };
    (0..3_000).map(event).collect()
}

/// Takes the news in, twice, seals and compacts it, and says what the book is then.
async fn live_through(engine: &Engine) -> Vec<String> {
    for batch in news().chunks(500).chain(news().chunks(700).take(1)) {
        engine::testing::accept(engine, batch).await.unwrap();
        seal::seal(engine).await.unwrap();
    }
    while seal::compact(engine).await.unwrap() > 0 {}
    refresh::all(engine).await.unwrap();
    told(engine).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_engine_says_the_same_on_both_databases() {
    let Some(cluster) = Cluster::shared().unwrap() else {
        eprintln!("{SKIPPED}");
        return;
    };
    let (_home, embedded) = company(ACCOUNTS).await;
    let folder = tempfile::tempdir().unwrap();
    let url = cluster.database("engine").unwrap();
    let served = Settings { database_url: Some(url), ..Settings::at(folder.path()) };
    build(&served, ACCOUNTS).await;

    let (one, _) = open(&embedded).await;
    let (other, _) = open(&served).await;
    let before = told(&one).await;
    assert_eq!(before, told(&other).await);
    let after = live_through(&one).await;
    assert_ne!(before, after, "the news are seen");
    assert_eq!(after, live_through(&other).await);
    let parts = async |engine: &Engine| catalogue::parts(engine.store().read()).await.unwrap().len();
    assert_eq!(parts(&one).await, parts(&other).await);
    one.close().await.unwrap();
    other.close().await.unwrap();

    let (again, _) = open(&served).await;
    assert_eq!(after, told(&again).await);
    again.close().await.unwrap();
}
