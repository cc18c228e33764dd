//! What lifetime value keeps: one reading per month end, one model per day, the newest that may be used.

use chrono::TimeDelta;
use domain::Day;
use serde_json::json;
use store::{LifetimeModel, LifetimeReading, StoreError, lifetime_model, lifetime_reading};

use super::{company::at, database::on_both};

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

#[test]
fn a_reading_replaces_the_one_before_and_keeps_to_its_definition() {
    on_both(|store| async move {
        let reading = |on: &str, accounts: i64| LifetimeReading {
            day: day(on),
            definition: "a".to_owned(),
            extent: json!({ "accounts": accounts }),
            content: json!({ "accounts": [1, 2] }),
            computed_at: at(0),
        };
        let kept: Result<(), StoreError> = store
            .write(async |tx| {
                for each in [reading("2026-02-28", 3), reading("2026-01-31", 1), reading("2026-01-31", 2)] {
                    lifetime_reading::put(tx, each).await?;
                }
                Ok(())
            })
            .await;
        kept.unwrap();
        let days = lifetime_reading::days(store.read(), "a").await.unwrap();
        let extent = |accounts: i64| json!({ "accounts": accounts });
        assert_eq!(days, [(day("2026-01-31"), extent(2)), (day("2026-02-28"), extent(3))]);
        assert_eq!(lifetime_reading::until(store.read(), "a", day("2026-02-27")).await.unwrap().len(), 1);
        assert!(lifetime_reading::days(store.read(), "b").await.unwrap().is_empty());
    });
}

#[test]
fn a_past_day_gets_the_newest_model_that_knew_nothing_later() {
    on_both(|store| async move {
        let model = |on: &str, hours: i64| LifetimeModel {
            as_of: day(on),
            definition: "a".to_owned(),
            content: json!({ "on": on }),
            computed_at: at(0) + TimeDelta::hours(hours),
        };
        let kept: Result<(), StoreError> = store
            .write(async |tx| {
                for each in [model("2026-01-31", 1), model("2026-02-28", 2), model("2026-03-15", 3)] {
                    lifetime_model::put(tx, each).await?;
                }
                Ok(())
            })
            .await;
        kept.unwrap();
        let newest = async |until: &str, hours: Option<i64>| {
            let known_on = hours.map(|hours| at(0) + TimeDelta::hours(hours));
            let found = lifetime_model::newest(store.read(), "a", day(until), known_on).await.unwrap();
            found.map(|model| model.as_of)
        };
        assert_eq!(newest("2026-03-14", None).await, Some(day("2026-02-28")));
        assert_eq!(newest("2026-03-14", Some(2)).await, Some(day("2026-01-31")), "the next was computed later");
        assert_eq!(newest("2026-01-30", None).await, None);
        let forgotten: Result<(), StoreError> =
            store.write(async |tx| lifetime_model::forget_from(tx, day("2026-02-28")).await).await;
        forgotten.unwrap();
        assert_eq!(lifetime_model::days(store.read(), "a").await.unwrap(), [day("2026-01-31")]);
    });
}
