//! Any day can be asked again, and gives the same answer.

use std::sync::Arc;

use domain::time::{days_before, end_of};
use engine::{
    refresh,
    snapshot::{Ask, Basis},
};

use crate::home::{company, open, today};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_book_has_values_for_every_group_of_metrics() {
    let (_home, settings) = company(24).await;
    let (engine, _) = open(&settings).await;
    engine::lifetime::bring_up_to_date(&engine).await.unwrap();
    let book = engine.book();
    assert_eq!(book.as_of, today());
    for metric in book.definitions.catalogue.metrics() {
        if metric.key == "p_alive" {
            continue; // Everybody here is under contract.
        }
        let known = book.rows().iter().filter(|row| book.value(row, &metric.key).is_some()).count();
        assert!(known > 0, "nobody has a value of {}", metric.key);
    }
    let scored = book.rows().iter().filter(|row| row.active && row.health.score.is_some()).count();
    assert!(scored > 10, "{scored} accounts have a score");
    engine.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_past_day_is_the_same_whenever_it_is_asked() {
    let (_home, settings) = company(12).await;
    let (engine, _) = open(&settings).await;
    let day = days_before(today(), 100);
    let first = engine.book_as_of(day, None).await.unwrap();
    assert!(Arc::ptr_eq(&first, &engine.book_as_of(day, None).await.unwrap()), "nothing happened, nothing is computed");
    refresh::all(&engine).await.unwrap();
    let again = engine.book_as_of(day, None).await.unwrap();
    assert!(!first.rows().is_empty() && !Arc::ptr_eq(&first, &again));
    for (a, b) in first.rows().iter().zip(again.rows()) {
        assert_eq!(a.values, b.values, "{}", a.account.name);
        assert_eq!(a.health, b.health);
    }
    engine.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_not_known_yet_is_not_used() {
    let (_home, settings) = company(12).await;
    let (engine, _) = open(&settings).await;
    let day = days_before(today(), 200);
    let then = engine.book_as_of(day, Some(end_of(day))).await.unwrap();
    let now = engine.book_as_of(day, None).await.unwrap();
    let column = now.definitions.catalogue.position("events_28d").unwrap();
    let sum = |book: &engine::Book| book.rows().iter().filter_map(|row| row.values[column]).sum::<f64>();
    assert!(sum(&then) > 0.0, "something was known");
    assert!(sum(&then) < sum(&now), "late events are known now and were not then");
    engine.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_account_alone_is_computed_as_in_the_whole_book() {
    let (_home, settings) = company(16).await;
    let (engine, _) = open(&settings).await;
    let whole = engine.book();
    for row in whole.rows() {
        let alone = engine.account_as_of(row.account.id, today(), None).await.unwrap();
        assert_eq!(alone.row(row.account.id).unwrap().values, row.values, "{}", row.account.name);
    }
    engine.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_basis_computes_many_days_from_one_reading() {
    let (_home, settings) = company(8).await;
    let (engine, _) = open(&settings).await;
    let basis = Basis::load(engine.store(), engine.lake(), Ask::default()).await.unwrap();
    for weeks in [1, 20, 60] {
        let day = days_before(today(), 7 * weeks);
        let one = basis.book(engine.definitions(), day, engine.now()).await.unwrap();
        let other = engine.book_as_of(day, None).await.unwrap();
        let values = |book: &engine::Book| book.rows().iter().map(|row| row.values.clone()).collect::<Vec<_>>();
        assert_eq!(values(&one), values(&other));
    }
    engine.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_past_day_has_the_timeline_of_that_day() {
    let (_home, settings) = company(12).await;
    let (engine, _) = open(&settings).await;
    let day = days_before(today(), 400);
    let mut entries = 0;
    for row in engine.book().rows().iter().filter(|row| row.account.customer_from < Some(days_before(day, 200))) {
        let story = engine::timeline::timeline(&engine, row.account.id, day, 5).await.unwrap();
        assert!(story.iter().all(|entry| entry.at < end_of(day)));
        assert!(story.is_sorted_by(|a, b| a.at >= b.at));
        entries += story.len();
    }
    assert!(entries >= 15, "what happened since does not push it out: {entries}");
    engine.close().await.unwrap();
}
