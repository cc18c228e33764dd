//! Signals open and close by themselves; a firing opens one CTA, whatever happens
//! in between.

use std::collections::HashMap;

use domain::playbook::{Action, Plan, PlannedStep};
use engine::{actions, refresh};
use store::{cta, signal};

use crate::home::{company, open, today};

async fn open_ctas(engine: &engine::Engine) -> Vec<store::Cta> {
    let all = cta::list(engine.store().read(), &cta::Filter::default(), None, 10_000).await.unwrap();
    all.into_iter().filter(|cta| cta.status != cta::Status::Closed).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_open_signal_has_one_cta_with_tasks() {
    let (_home, settings) = company(40).await;
    let (engine, _) = open(&settings).await;
    let signals = signal::open_now(engine.store().read(), None).await.unwrap();
    assert!(!signals.is_empty(), "a company of forty has some trouble");
    let ctas = open_ctas(&engine).await;
    let mut by_reason: HashMap<(i64, &str), usize> = HashMap::new();
    for cta in &ctas {
        *by_reason.entry((cta.account_id, &cta.reason)).or_default() += 1;
        assert!(!store::task::of_cta(engine.store().read(), cta.id).await.unwrap().is_empty());
    }
    for signal in &signals {
        assert_eq!(by_reason.get(&(signal.account_id, signal.rule.as_str())), Some(&1), "{signal:?}");
    }
    engine.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refreshing_and_reopening_fire_nothing_twice() {
    let (_home, settings) = company(30).await;
    let (engine, _) = open(&settings).await;
    let before = open_ctas(&engine).await;
    refresh::all(&engine).await.unwrap();
    let everybody: Vec<i64> = engine.book().rows().iter().map(|row| row.account.id).collect();
    refresh::some(&engine, &everybody).await.unwrap();
    assert_eq!(open_ctas(&engine).await, before);
    engine.close().await.unwrap();
    let (engine, _) = open(&settings).await;
    assert_eq!(open_ctas(&engine).await, before);
    engine.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plan_left_by_a_crash_is_carried_out_once() {
    let (_home, settings) = company(4).await;
    let (engine, _) = open(&settings).await;
    let account = engine.book().rows()[0].account.id;
    let plan = Plan {
        playbook: "detect_risk".to_owned(),
        account_id: account,
        idempotency_key: "crashed/1".to_owned(),
        steps: vec![PlannedStep {
            position: 0,
            idempotency_key: "crashed/1/0".to_owned(),
            action: Action::OpenCta {
                kind: domain::signal::Kind::Risk,
                reason: "crashed".to_owned(),
                title: "Left behind".to_owned(),
                detail: String::new(),
                priority: domain::signal::Severity::High,
                owner_id: None,
                due_on: today(),
                tasks: vec!["Look".to_owned()],
            },
        }],
    };
    // The crash: the plan is stored, its step is not carried out. Storing it again changes nothing.
    engine::testing::record_plan(&engine, &plan).await.unwrap();
    engine::testing::record_plan(&engine, &plan).await.unwrap();
    assert_eq!(actions::carry_out(&engine).await.unwrap(), 1);
    assert_eq!(actions::carry_out(&engine).await.unwrap(), 0);
    let left = open_ctas(&engine).await.into_iter().filter(|cta| cta.reason == "crashed").count();
    assert_eq!(left, 1);
    engine.close().await.unwrap();
}
