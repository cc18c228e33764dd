//! Plans carried out. A plan is stored with its run before anything happens; a
//! step's effect and the mark that it happened are one transaction. So whatever
//! a crash interrupts is found again by looking at the store, and nothing
//! happens twice.

use domain::{
    Instant,
    playbook::{Action, Plan},
    signal::{Kind, Severity},
};
use serde_json::json;
use store::{Step, Tx, cta, run, step};

use crate::{Engine, EngineError};

/// How many steps are taken up at once.
const BATCH: u64 = 500;

/// Stores a plan and its steps; a plan whose key is known already changes nothing.
pub(crate) async fn record(tx: &Tx, plan: &Plan, signal_id: Option<i64>, now: Instant) -> Result<(), EngineError> {
    let steps = plan.steps.iter().map(|planned| step::NewStep {
        position: planned.position,
        idempotency_key: planned.idempotency_key.clone(),
        action: json!(planned.action),
    });
    let new = run::NewRun {
        playbook: plan.playbook.clone(),
        account_id: plan.account_id,
        signal_id,
        arm: run::Arm::Treatment,
        idempotency_key: plan.idempotency_key.clone(),
        plan: json!(plan),
        steps: steps.collect(),
    };
    run::plan(tx, new, now).await?;
    Ok(())
}

/// Carries out every step that is planned and not done, in order. Returns how many.
///
/// A step that cannot be carried out is marked failed with the reason, and the
/// rest go on.
pub async fn carry_out(engine: &Engine) -> Result<usize, EngineError> {
    let mut done = 0;
    loop {
        let pending = step::pending(engine.store().read(), BATCH).await?;
        if pending.is_empty() {
            return Ok(done);
        }
        for planned in pending {
            let (id, account) = (planned.id, planned.run_id);
            if let Err(error) = one(engine, planned).await {
                tracing::error!(step = id, run = account, error = %crate::actions::chain(&error), "a step failed");
                let reason = chain(&error);
                let now = engine.now();
                engine.store().write(async |tx| step::fail(tx, id, json!({ "error": reason }), now).await).await?;
            }
            done += 1;
        }
    }
}

async fn one(engine: &Engine, planned: Step) -> Result<(), EngineError> {
    let unreadable = |source| EngineError::Plan { step: planned.id, source };
    let action: Action = serde_json::from_value(planned.action.clone()).map_err(unreadable)?;
    let now = engine.now();
    engine
        .store()
        .write(async |tx| -> Result<(), EngineError> {
            let result = match &action {
                Action::OpenCta { .. } => open_cta(tx, &planned, &action, now).await?,
            };
            step::finish(tx, planned.id, result, now).await?;
            Ok(())
        })
        .await
}

async fn open_cta(tx: &Tx, planned: &Step, action: &Action, now: Instant) -> Result<serde_json::Value, EngineError> {
    let Action::OpenCta { kind, reason, title, detail, priority, owner_id, due_on, tasks } = action;
    let run = run::find(tx, planned.run_id).await?;
    let opened = cta::open(
        tx,
        cta::NewCta {
            account_id: run.account_id,
            kind: match kind {
                Kind::Risk => cta::Kind::Risk,
                Kind::Opportunity => cta::Kind::Opportunity,
            },
            reason: reason.clone(),
            title: title.clone(),
            detail: Some(detail.clone()).filter(|detail| !detail.is_empty()),
            priority: match priority {
                Severity::Low => cta::Priority::Low,
                Severity::Medium => cta::Priority::Medium,
                Severity::High => cta::Priority::High,
            },
            owner_id: *owner_id,
            due_on: *due_on,
            signal_id: run.signal_id,
            run_id: Some(run.id),
            dedupe_key: planned.idempotency_key.clone(),
            tasks: tasks.clone(),
        },
        &format!("playbook:{}", run.playbook),
        now,
    )
    .await?;
    Ok(match opened {
        cta::Opened::New(cta) => json!({ "cta": cta.id }),
        cta::Opened::Already(cta) => json!({ "cta": cta.id, "already_open": true }),
    })
}

/// An error with everything that caused it, in one line.
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}
