//! What the book is worth: every customer has a value with an interval, a restart keeps it, a past day is judged by
//! what was known then, and a number opens down to the months it is the sum of.

use domain::{
    access::RowFilter,
    time::{days_before, end_of},
};
use engine::{
    explain,
    lifetime::{self, Standing},
    query,
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
    let alone = engine.account_as_of(one.account.id, day).await.unwrap();
    assert_eq!(alone.row(one.account.id).unwrap().values, one.values);
    assert!(engine.lifetime_as_of(today(), Some(end_of(day))).await.unwrap().is_none(), "it was not learned by then");
    let later = noon() + std::time::Duration::from_secs(1);
    assert!(engine.lifetime_as_of(today(), Some(later)).await.unwrap().is_some());
}
