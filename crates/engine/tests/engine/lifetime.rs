//! What the book is worth: every customer has a value with an interval, a restart keeps it, a past day is judged by
//! what was known then, and a number opens down to the months it is the sum of.

use domain::{
    access::RowFilter,
    time::{days_before, end_of},
};
use engine::{
    Clock, Engine, Settings, explain, import,
    lifetime::{self, Standing},
    query, refresh,
};

use crate::home::{company, noon, open, today};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn values_are_learned_once_and_kept() {
    let (_home, settings) = company(24).await;
    let (engine, _) = open(&settings).await;
    assert!(engine.lifetime().is_none(), "nothing was learned yet");
    let before = engine.book();
    let judged = |book: &engine::Book| {
        let customers = book.rows().iter().filter(|row| row.lifetime.standing == Standing::Contract);
        customers.map(|row| (row.account.id, row.lifetime.value)).collect::<Vec<_>>()
    };
    let uncancelled = before.rows().iter().filter(|row| row.lifetime.ends_on.is_none());
    assert!(uncancelled.filter(|row| row.active).all(|row| row.lifetime.future.is_none()));
    lifetime::bring_up_to_date(&engine).await.unwrap();
    let book = engine.book();
    let values = judged(&book);
    assert!(values.len() > 10);
    for (account, value) in &values {
        let value = value.unwrap();
        assert!(value.interval.contains(value.value), "{account}: {value:?}");
    }
    explanation_adds_up(&engine).await;
    past_days_know_only_the_past(&engine).await;
    let top = query::select(&book, "value_tier = 'top' and p_churn_12m < 0.9", &RowFilter::All).unwrap();
    assert!(!top.is_empty() && top.len() <= values.len() / 5, "{top:?}");
    engine.close().await.unwrap();
    let (again, _) = open(&settings).await;
    assert_eq!(judged(&again.book()), values, "a restart shows the same at once");
    again.close().await.unwrap();
}

async fn explanation_adds_up(engine: &engine::Engine) {
    let book = engine.book();
    let row = book.rows().iter().find(|row| row.lifetime.future.is_some_and(|future| future.value > 0.0)).unwrap();
    let explained = explain::metric(engine, row.account.id, "future_value", today(), &RowFilter::All).await.unwrap();
    let explained = explained.unwrap();
    let rows = explained.rows.unwrap();
    let sum: f64 = rows.floats("present_value").unwrap().flatten().sum();
    assert!((sum - row.lifetime.future.unwrap().value / 100.0).abs() < 1.0, "{sum}");
    assert_eq!(rows.len(), 60);
    assert!(explained.inputs.iter().any(|(metric, _)| metric.key == "arr"));
}

async fn past_days_know_only_the_past(engine: &engine::Engine) {
    let day = days_before(today(), 200);
    let model = engine.lifetime_as_of(day, None).await.unwrap().unwrap();
    assert!(model.as_of <= day && days_before(day, 40) < model.as_of);
    let past = engine.book_as_of(day, None).await.unwrap();
    let customers = past.rows().iter().filter(|row| row.active && row.lifetime.standing == Standing::Contract);
    assert!(customers.clone().count() > 10 && customers.clone().all(|row| row.lifetime.future.is_some()));
    let one = customers.clone().next().unwrap();
    let alone = engine.account_as_of(one.account.id, day, None).await.unwrap();
    assert_eq!(alone.row(one.account.id).unwrap().values, one.values);
    assert!(engine.lifetime_as_of(today(), Some(end_of(day))).await.unwrap().is_none(), "it was not learned by then");
    let later = noon() + std::time::Duration::from_secs(1);
    assert!(engine.lifetime_as_of(today(), Some(later)).await.unwrap().is_some());
}

/// The published log of a shop's customers, as it is: a blank-separated file without a header.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_of_purchases_is_valued_by_the_published_model() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/reference/cdnow/CDNOW_sample.txt");
    let Ok(log) = std::fs::File::open(path) else {
        println!("SKIPPED: {path} is not here");
        return;
    };
    let home = tempfile::tempdir().unwrap();
    let settings = Settings { background: false, ..Settings::at(home.path()) };
    let clock = Clock::manual("1997-09-30T12:00:00Z".parse().unwrap());
    let engine = Engine::open(&settings, clock).await.unwrap();
    let mapping = "orphans = 'create_account'\n[columns]\n1 = 'account'\n3 = 'issued_on'\n5 = 'amount_cents'\n\
                   [constants]\ncurrency = 'USD'\n";
    let import = import::CsvImport { object: "invoices", mapping: Some(mapping), ..import::CsvImport::default() };
    let report = import::csv(&engine, import, log, &mut |_| {}).await.unwrap();
    assert_eq!(report.failed, 0, "{:?}", report.refused.first());
    refresh::all(&engine).await.unwrap();
    lifetime::bring_up_to_date(&engine).await.unwrap();
    let model = engine.lifetime().unwrap();
    let buying = model.buying.as_ref().unwrap_or_else(|| panic!("{:?}", model.why_not));
    // Fader, Hardie & Lee (2005), table 2: 39 weeks, 2,357 customers.
    assert_eq!((buying.model.as_str(), buying.customers), ("bg-nbd", 2_357));
    for (ours, published) in buying.params.iter().zip([0.243, 4.414, 0.793, 2.426]) {
        assert!((ours - published).abs() < 6e-4, "{:?}", buying.params);
    }
    let spend = buying.spend.as_ref().unwrap();
    for (ours, published) in spend.params.iter().zip([6.25, 3.74, 15.44]) {
        assert!((ours - published).abs() < 6e-3, "{:?}", spend.params);
    }
    println!("{:?}", buying.holdout);
    let book = engine.book();
    let buyers: Vec<_> = book.rows().iter().filter(|row| row.lifetime.standing == Standing::Buyer).collect();
    assert_eq!(buyers.len(), 2_357);
    let sum: f64 = buyers.iter().map(|row| row.lifetime.p_alive.unwrap().value).sum();
    assert!((sum / 2_357.0 - 0.7).abs() < 0.2, "mean chance to be alive {}", sum / 2_357.0);
    assert!(buyers.iter().all(|row| row.lifetime.p_churn.is_none() && row.lifetime.value.is_some()));
    engine.close().await.unwrap();
}
