//! Goals as they were agreed: kept with every figure, listed by the day they are due, gone when deleted.

use domain::Day;
use store::{Goal, StoreError, goal, member};

use super::company::{a_member, at};
use super::database::on_both;

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

#[test]
fn a_goal_comes_back_as_it_was_agreed() {
    on_both(|store| async move {
        let owner = store.write(async |tx| member::insert(tx, a_member("ann")).await).await.unwrap().id;
        let goal = |name: &str, due_on: &str, baseline: Option<f64>| Goal {
            id: 0,
            name: name.to_owned(),
            figure: "logo_churn".to_owned(),
            base: "relative".to_owned(),
            period_months: 12,
            value: -30.0,
            baseline,
            starts_on: day("2026-11-22"),
            due_on: day(due_on),
            owner_id: owner,
            whole_book: true,
            preset: Some("churn_less_30".to_owned()),
            created_at: at(0),
        };
        let written: Result<Vec<Goal>, StoreError> = store
            .write(async |tx| {
                let later = goal::insert(tx, goal("later", "2027-11-22", Some(12.345_678_901_234))).await?;
                let sooner = goal::insert(tx, goal("sooner", "2027-05-22", None)).await?;
                Ok(vec![sooner, later])
            })
            .await;
        let written = written.unwrap();
        assert_eq!(goal::all(store.read()).await.unwrap(), written);
        let changed = Goal { value: -25.0, whole_book: false, ..written[0].clone() };
        let expected = changed.clone();
        store.write(async |tx| goal::update(tx, changed).await).await.unwrap();
        assert_eq!(goal::find(store.read(), expected.id).await.unwrap(), expected);
        store.write(async |tx| goal::delete(tx, expected.id).await).await.unwrap();
        assert!(goal::find(store.read(), expected.id).await.is_err());
        assert_eq!(goal::all(store.read()).await.unwrap().len(), 1);
    });
}
