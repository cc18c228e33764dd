//! Work: a signal is open once, a CTA is opened once, a step happens once, a job is held by one worker.

use serde_json::json;
use store::{
    Store, StoreError, change,
    cta::{self, NewCta, Opened},
    health_day, job, run, signal, step, task,
};

use super::{
    company::{a_member, at, day, two_accounts},
    database::on_both,
};

fn decline(account_id: i64) -> signal::NewSignal {
    signal::NewSignal {
        account_id,
        rule: "usage_decline".to_owned(),
        kind: signal::Kind::Risk,
        severity: signal::Severity::High,
        as_of: day(3, 1),
        evidence: json!({"logins_28d": 3}),
    }
}

fn call_them(account_id: i64, dedupe_key: &str) -> NewCta {
    NewCta {
        account_id,
        kind: cta::Kind::Risk,
        reason: "usage_decline".to_owned(),
        title: "Call them".to_owned(),
        detail: None,
        priority: cta::Priority::High,
        owner_id: None,
        due_on: day(3, 5),
        signal_id: None,
        run_id: None,
        dedupe_key: dedupe_key.to_owned(),
        tasks: vec!["Look".to_owned(), "Call".to_owned()],
    }
}

fn detect_risk(account_id: i64, key: &str) -> run::NewRun {
    let step = |position: i32| step::NewStep {
        position,
        idempotency_key: format!("{key}:{position}"),
        action: json!({"action": "open_cta"}),
    };
    run::NewRun {
        playbook: "detect_risk".to_owned(),
        account_id,
        signal_id: None,
        arm: run::Arm::Treatment,
        idempotency_key: key.to_owned(),
        plan: json!([]),
        steps: vec![step(0), step(1)],
    }
}

async fn acme(store: &Store) -> i64 {
    store.write(async |tx| two_accounts(tx).await).await.unwrap().0.id
}

#[test]
fn a_signal_is_open_once_and_counts_its_openings() {
    on_both(|store| async move {
        let acme = acme(&store).await;
        let (first, again) = store
            .write(async |tx| {
                let first = signal::open(tx, decline(acme), at(1)).await?;
                Ok::<_, StoreError>((first, signal::open(tx, decline(acme), at(2)).await?))
            })
            .await
            .unwrap();
        assert_eq!((first.firing, &first), (1, &again));
        let twice = store
            .write(async |tx| {
                // Behind the back of `open`, as a second process would.
                let row = store::Signal { id: 0, firing: 2, ..first.clone() };
                store::record::insert_many(tx, vec![row]).await
            })
            .await;
        assert!(matches!(twice, Err(StoreError::Conflict { .. })), "{twice:?}");
        let reopened = store
            .write(async |tx| {
                signal::close(tx, first.id, at(3)).await?;
                signal::close(tx, first.id, at(4)).await?;
                signal::open(tx, decline(acme), at(5)).await
            })
            .await
            .unwrap();
        assert_eq!(reopened.firing, 2);
        let open = signal::open_now(store.read(), Some(&[acme])).await.unwrap();
        assert_eq!(open, [reopened]);
        let changes = change::of_account(store.read(), acme, None, 10).await.unwrap();
        let kinds: Vec<_> = changes.iter().map(|change| (change.kind.as_str(), change.at)).collect();
        assert_eq!(kinds, [("signal.opened", at(5)), ("signal.closed", at(3)), ("signal.opened", at(1))]);
        assert_eq!(changes[0].actor, "rule:usage_decline");
    });
}

#[test]
fn the_same_cause_opens_one_cta() {
    on_both(|store| async move {
        let acme = acme(&store).await;
        let open =
            async |new: NewCta| store.write(async |tx| cta::open(tx, new, "member:1", at(1)).await).await.unwrap();
        let Opened::New(first) = open(call_them(acme, "key-1")).await else { panic!("it was not there") };
        assert_eq!(open(call_them(acme, "key-1")).await, Opened::Already(first.clone()));
        assert!(matches!(open(call_them(acme, "key-2")).await, Opened::New(_)), "people may open more");
        let tasks = task::of_cta(store.read(), first.id).await.unwrap();
        let titles: Vec<_> = tasks.iter().map(|task| (task.position, task.title.as_str())).collect();
        assert_eq!(titles, [(1, "Look"), (2, "Call")]);
        let changes = change::of_account(store.read(), acme, None, 10).await.unwrap();
        assert_eq!(changes.iter().filter(|change| change.kind == "cta.opened").count(), 2);
    });
}

#[test]
fn playbooks_have_one_open_cta_for_a_reason() {
    on_both(|store| async move {
        let acme = acme(&store).await;
        let by_playbook = async |key: &str| {
            store
                .write(async |tx| {
                    let run = run::plan(tx, detect_risk(acme, key), at(1)).await?.unwrap();
                    let new = NewCta { run_id: Some(run.id), ..call_them(acme, &format!("{key}:0")) };
                    cta::open(tx, new, "playbook:detect_risk", at(1)).await
                })
                .await
                .unwrap()
        };
        let Opened::New(first) = by_playbook("firing-1").await else { panic!("it was not there") };
        assert_eq!(by_playbook("firing-2").await, Opened::Already(first.clone()));
        let closed = cta::Model {
            status: cta::Status::Closed,
            outcome: Some(cta::Outcome::Done),
            closed_at: Some(at(9)),
            ..first
        };
        store.write(async |tx| cta::update(tx, closed).await).await.unwrap();
        assert!(matches!(by_playbook("firing-3").await, Opened::New(_)));
    });
}

#[test]
fn a_plan_is_stored_once_and_each_step_ends_once() {
    on_both(|store| async move {
        let acme = acme(&store).await;
        let plan =
            async || store.write(async |tx| run::plan(tx, detect_risk(acme, "firing-1"), at(1)).await).await.unwrap();
        let run = plan().await.unwrap();
        assert_eq!(plan().await, None);
        let steps = step::pending(store.read(), 10).await.unwrap();
        assert_eq!(steps.iter().map(|step| step.position).collect::<Vec<_>>(), [0, 1]);
        let finish = async |id| store.write(async |tx| step::finish(tx, id, json!({"cta": 1}), at(2)).await).await;
        finish(steps[0].id).await.unwrap();
        let twice = finish(steps[0].id).await;
        assert!(matches!(twice, Err(StoreError::Lost { .. })), "{twice:?}");
        let now = run::find(store.read(), run.id).await.unwrap();
        assert_eq!((now.status, now.finished_at), (run::Status::Running, None));
        let failed = json!({"error": "no"});
        store.write(async |tx| step::fail(tx, steps[1].id, failed, at(3)).await).await.unwrap();
        let now = run::find(store.read(), run.id).await.unwrap();
        assert_eq!((now.status, now.finished_at), (run::Status::Failed, Some(at(3))));
        assert!(step::pending(store.read(), 10).await.unwrap().is_empty());
    });
}

#[test]
fn the_steps_of_a_control_arm_are_withheld() {
    on_both(|store| async move {
        let acme = acme(&store).await;
        let control = run::NewRun { arm: run::Arm::Control, ..detect_risk(acme, "firing-1") };
        store.write(async |tx| run::plan(tx, control, at(1)).await).await.unwrap().unwrap();
        assert!(step::pending(store.read(), 10).await.unwrap().is_empty());
    });
}

#[test]
fn a_job_is_held_by_one_worker_at_a_time() {
    on_both(|store| async move {
        let seal = |second| job::NewJob {
            kind: "seal".to_owned(),
            key: Some("seal".to_owned()),
            payload: json!({}),
            run_at: at(second),
        };
        let enqueue = async |second| store.write(async |tx| job::enqueue(tx, seal(second)).await).await.unwrap();
        let minute = chrono::TimeDelta::minutes(1);
        let lease = async |second| store.write(async |tx| job::lease(tx, at(second), minute).await).await.unwrap();
        assert!(enqueue(10).await);
        assert!(!enqueue(11).await, "the same work waits already");
        assert_eq!(lease(9).await, None);
        let slow = lease(10).await.unwrap();
        assert_eq!(lease(11).await, None);
        let quick = lease(71).await.unwrap();
        assert_eq!((slow.id, quick.fence, quick.attempts), (quick.id, slow.fence + 1, 2));
        let late = store.write(async |tx| job::finish(tx, &slow, at(72)).await).await;
        assert!(matches!(late, Err(StoreError::Lost { .. })), "{late:?}");
        store.write(async |tx| job::fail(tx, &quick, "disk full", at(80)).await).await.unwrap();
        let third = lease(80).await.unwrap();
        assert_eq!(third.last_error.as_deref(), Some("disk full"));
        store.write(async |tx| job::finish(tx, &third, at(81)).await).await.unwrap();
        assert_eq!(lease(999).await, None);
        assert!(enqueue(100).await, "done work may be queued again");
    });
}

#[test]
fn a_health_day_is_replaced_by_a_later_computation() {
    on_both(|store| async move {
        let acme = acme(&store).await;
        let health = |on, score| store::HealthDay {
            account_id: acme,
            day: on,
            score,
            low: score,
            high: score,
            coverage: 0.5,
            band: health_day::Band::Yellow,
            arr_cents: 120_000,
            computed_at: at(0),
        };
        let put = async |days| store.write(async |tx| health_day::put(tx, days).await).await.unwrap();
        put(vec![health(day(3, 1), Some(50.0)), health(day(3, 2), None)]).await;
        put(vec![health(day(3, 2), Some(70.5))]).await;
        assert_eq!(health_day::days(store.read()).await.unwrap(), [day(3, 1), day(3, 2)]);
        let of = |from, to| health_day::of_account(store.read(), acme, from, to);
        let scores: Vec<_> = of(day(3, 1), day(3, 9)).await.unwrap().iter().map(|health| health.score).collect();
        assert_eq!(scores, [Some(50.0), Some(70.5)]);
        assert_eq!(
            health_day::on_days(store.read(), &[day(3, 2)], None).await.unwrap(),
            [health(day(3, 2), Some(70.5))]
        );
        assert!(of(day(3, 3), day(3, 9)).await.unwrap().is_empty());
    });
}

#[test]
fn a_list_shows_the_ctas_asked_for_page_by_page() {
    on_both(|store| async move {
        let (acme, zeta) = store.write(async |tx| two_accounts(tx).await).await.unwrap();
        let owner = store.write(async |tx| store::member::insert(tx, a_member("ann")).await).await.unwrap().id;
        store
            .write(async |tx| {
                for n in 0..5 {
                    let account = if n < 3 { acme.id } else { zeta.id };
                    let owner_id = (n % 2 == 0).then_some(owner);
                    let new = NewCta { owner_id, ..call_them(account, &n.to_string()) };
                    cta::open(tx, new, "member:1", at(1)).await?;
                }
                Ok::<_, StoreError>(())
            })
            .await
            .unwrap();
        let list = async |filter: cta::Filter, after| {
            let rows = cta::list(store.read(), &filter, after, 2).await.unwrap();
            rows.into_iter().map(|cta| cta.dedupe_key).collect::<Vec<_>>()
        };
        let all = cta::Filter::default();
        let first = cta::list(store.read(), &all, None, 2).await.unwrap();
        assert_eq!(list(all.clone(), None).await, ["0", "1"]);
        assert_eq!(list(all, Some(first[1].id)).await, ["2", "3"]);
        let theirs = cta::Filter { accounts: Some(vec![zeta.id]), owner_id: Some(owner), ..Default::default() };
        assert_eq!(list(theirs, None).await, ["4"]);
        let closed = cta::Filter { status: vec![cta::Status::Closed], ..Default::default() };
        assert!(list(closed.clone(), None).await.is_empty());
        let done = cta::Model {
            status: cta::Status::Closed,
            outcome: Some(cta::Outcome::Done),
            closed_at: Some(at(9)),
            ..first[0].clone()
        };
        store.write(async |tx| cta::update(tx, done).await).await.unwrap();
        let since = |instant| cta::Filter { closed_since: Some(instant), ..closed.clone() };
        assert_eq!(list(since(at(9)), None).await, ["0"]);
        assert!(list(since(at(10)), None).await.is_empty());
    });
}
