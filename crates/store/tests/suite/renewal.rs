//! What is said of renewals keeps its past, and what was frozen stays once.

use store::{
    Renewal, RenewalForecast, record,
    renewal::{self, Category, LossReason, Stage},
    renewal_forecast::{self, MACHINE},
};

use super::{
    company::{at, day, two_accounts},
    database::on_both,
};

fn said(account_id: i64) -> Renewal {
    Renewal {
        id: 0,
        account_id,
        subscription_id: 7,
        due_on: day(9, 1),
        stage: Stage::Proposed,
        category: Some(Category::BestCase),
        forecast_cents: Some(12_000_050),
        loss_reason: None,
        note: Some("They wait for their budget.".to_owned()),
        member_id: Some(3),
        recorded_at: at(0),
    }
}

#[test]
fn what_was_said_before_is_known_on_its_day() {
    on_both(|store| async move {
        let (acme, _) = store.write(async |tx| two_accounts(tx).await).await.unwrap();
        let first = store.write(async |tx| record::insert(tx, said(acme.id)).await).await.unwrap();
        let lost = |said: &mut Renewal| {
            (said.category, said.forecast_cents) = (Some(Category::Lost), Some(0));
            said.loss_reason = Some(LossReason::Competitor);
        };
        store.write(async |tx| record::edit::<Renewal>(tx, first.id, at(10), lost).await).await.unwrap();
        let now = renewal::of_term(store.read(), 7, day(9, 1)).await.unwrap().unwrap();
        assert_eq!((now.loss_reason, now.forecast_cents), (Some(LossReason::Competitor), Some(0)));
        assert_eq!(renewal::of_term(store.read(), 7, day(9, 2)).await.unwrap(), None);
        let then: Vec<Renewal> = record::load(store.read(), Some(at(9)), Some(&[acme.id])).await.unwrap();
        assert_eq!(then, [first], "as it was said first");
        let twice = store.write(async |tx| record::insert(tx, said(acme.id)).await).await;
        assert!(twice.is_err(), "one line for one term");
    });
}

#[test]
fn a_forecast_is_frozen_once() {
    on_both(|store| async move {
        let (acme, _) = store.write(async |tx| two_accounts(tx).await).await.unwrap();
        let frozen = |forecaster: &str| RenewalForecast {
            id: 0,
            closed_on: day(6, 30),
            account_id: acme.id,
            subscription_id: 7,
            due_on: day(9, 1),
            forecaster: forecaster.to_owned(),
            category: None,
            currency: "USD".to_owned(),
            due_cents: 13_500_075,
            forecast_cents: 11_000_000,
            frozen_at: at(0),
        };
        let rows = vec![frozen(MACHINE), frozen("member:3")];
        store.write(async |tx| record::insert_many(tx, rows).await).await.unwrap();
        let due = renewal_forecast::due_between(store.read(), day(9, 1), day(9, 1)).await.unwrap();
        assert_eq!(due.iter().map(|row| row.forecaster.as_str()).collect::<Vec<_>>(), [MACHINE, "member:3"]);
        assert_eq!(renewal_forecast::due_between(store.read(), day(9, 2), day(9, 30)).await.unwrap(), []);
        let again = store.write(async |tx| record::insert_many(tx, vec![frozen(MACHINE)]).await).await;
        assert!(again.is_err(), "nothing that was frozen can be said again");
    });
}
