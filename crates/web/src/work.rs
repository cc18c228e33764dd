//! What members do to CTAs and tasks, for pages and the API alike.
//!
//! A CTA goes between open, in progress and closed in any direction; closing it needs an outcome and opening it again
//! forgets the outcome. Every change of one is written with the change that tells of it. Absent: opening CTAs by signals
//! and playbooks, which the engine does.

use domain::{Day, Instant};
use serde_json::json;
use store::change::{self, NewChange};
use store::cta::{self, Kind, NewCta, Opened, Outcome, Priority, Status};
use store::{Cta, Task, member, task};

use crate::api::visible;
use crate::auth::secret;
use crate::fact;
use crate::gate::Access;
use crate::problem::{Answer, Problem};
use crate::state::AppState;

const LONGEST_TITLE: usize = 200;
const LONGEST_DETAIL: usize = 10_000;
const LONGEST_REASON: usize = 60;
const MOST_TASKS: usize = 50;

/// A CTA to open by hand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opening {
    /// Which account it is about.
    pub account_id: i64,
    /// What it is about.
    pub kind: Kind,
    /// A stable word for why, such as `usage_decline`; CTAs of one reason are counted together.
    pub reason: String,
    /// One line.
    pub title: String,
    /// The rest.
    pub detail: Option<String>,
    /// How urgent.
    pub priority: Priority,
    /// The member who acts; whoever opens it if absent.
    pub owner_id: Option<i64>,
    /// The day it should be done.
    pub due_on: Day,
    /// Its steps.
    pub tasks: Vec<String>,
}

/// What to change about a CTA; `None` leaves a field as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Working {
    /// Where it stands.
    pub status: Option<Status>,
    /// How it ended.
    pub outcome: Option<Outcome>,
    /// One line.
    pub title: Option<String>,
    /// The rest; `Some(None)` clears it.
    pub detail: Option<Option<String>>,
    /// How urgent.
    pub priority: Option<Priority>,
    /// The member who acts; `Some(None)` for nobody.
    pub owner_id: Option<Option<i64>>,
    /// The day it should be done.
    pub due_on: Option<Day>,
    /// Hidden until this day; `Some(None)` shows it again.
    pub snoozed_until: Option<Option<Day>>,
}

/// A CTA the caller may see, or nothing at all.
pub async fn find(app: &AppState, access: &Access, id: i64) -> Answer<Cta> {
    let cta = cta::find(app.engine.store().read(), id).await?;
    visible(app, access, cta.account_id)?;
    Ok(cta)
}

/// Opens a CTA by hand.
pub async fn open(app: &AppState, access: &Access, opening: Opening) -> Answer<Cta> {
    visible(app, access, opening.account_id)?;
    let (now, actor) = (app.engine.now(), access.actor.label());
    if opening.tasks.len() > MOST_TASKS {
        return Err(Problem::invalid("tasks", format!("A CTA has at most {MOST_TASKS} tasks.")));
    }
    let owner_id = opening.owner_id.or(access.actor.member().map(|member| member.id));
    can_own(app, owner_id).await?;
    let tasks = opening.tasks.iter().map(|title| fact::text("tasks", title, LONGEST_TITLE));
    let new = NewCta {
        account_id: opening.account_id,
        kind: opening.kind,
        reason: fact::text("reason", &opening.reason, LONGEST_REASON)?,
        title: fact::text("title", &opening.title, LONGEST_TITLE)?,
        detail: fact::optional_text("detail", opening.detail.as_deref(), LONGEST_DETAIL)?,
        priority: opening.priority,
        owner_id,
        due_on: opening.due_on,
        signal_id: None,
        run_id: None,
        // By hand there is no cause that could open it twice; a repeated request is caught by its idempotency key.
        dedupe_key: format!("{actor} {}", secret::opaque()?.reveal()),
        tasks: tasks.collect::<Answer<_>>()?,
    };
    let opened = app.engine.store().write(async |tx| cta::open(tx, new, &actor, now).await).await?;
    let cta = match opened {
        Opened::New(cta) => cta,
        Opened::Already(_) => return Err(Problem::conflict("This CTA is open already.")),
    };
    app.engine.touch(cta.account_id);
    Ok(cta)
}

/// Changes a CTA.
pub async fn work(app: &AppState, access: &Access, id: i64, working: Working) -> Answer<Cta> {
    let before = find(app, access, id).await?;
    can_own(app, working.owner_id.flatten()).await?;
    let now = app.engine.now();
    let after = worked(before.clone(), working, now)?;
    if after == before {
        return Ok(after);
    }
    let kind =
        if after.status == Status::Closed && before.status != Status::Closed { "cta.closed" } else { "cta.changed" };
    let change = NewChange {
        actor: access.actor.label(),
        account_id: Some(after.account_id),
        kind: kind.to_owned(),
        subject_id: Some(id),
        detail: json!({ "title": after.title, "from": before.status, "to": after.status, "outcome": after.outcome }),
    };
    let cta = app
        .engine
        .store()
        .write(async |tx| -> Answer<Cta> {
            let saved = cta::update(tx, after).await?;
            change::record(tx, change, now).await?;
            Ok(saved)
        })
        .await?;
    app.engine.touch(cta.account_id);
    Ok(cta)
}

/// Ticks a task of a CTA off, or takes the tick back.
pub async fn tick(app: &AppState, access: &Access, cta_id: i64, task_id: i64, done: bool) -> Answer<Task> {
    let cta = find(app, access, cta_id).await?;
    let tasks = task::of_cta(app.engine.store().read(), cta_id).await?;
    let task = tasks.into_iter().find(|task| task.id == task_id).ok_or_else(Problem::not_found)?;
    if task.done_at.is_some() == done {
        return Ok(task);
    }
    let now = app.engine.now();
    let done_by = access.actor.member().map(|member| member.id).filter(|_| done);
    let change = NewChange {
        actor: access.actor.label(),
        account_id: Some(cta.account_id),
        kind: if done { "task.done" } else { "task.reopened" }.to_owned(),
        subject_id: Some(task_id),
        detail: json!({ "cta": cta.title, "title": task.title }),
    };
    app.engine
        .store()
        .write(async |tx| -> Answer<Task> {
            let task = task::set_done(tx, task_id, done.then_some(now), done_by).await?;
            change::record(tx, change, now).await?;
            Ok(task)
        })
        .await
}

/// The CTA as it will be; pure, so that the rules can be read and tested.
fn worked(mut cta: Cta, working: Working, now: Instant) -> Answer<Cta> {
    if let Some(title) = working.title {
        cta.title = fact::text("title", &title, LONGEST_TITLE)?;
    }
    if let Some(detail) = working.detail {
        cta.detail = fact::optional_text("detail", detail.as_deref(), LONGEST_DETAIL)?;
    }
    cta.priority = working.priority.unwrap_or(cta.priority);
    cta.owner_id = working.owner_id.unwrap_or(cta.owner_id);
    cta.due_on = working.due_on.unwrap_or(cta.due_on);
    cta.snoozed_until = working.snoozed_until.unwrap_or(cta.snoozed_until);
    cta.outcome = working.outcome.or(cta.outcome);
    match working.status.unwrap_or(cta.status) {
        Status::Closed => {
            if cta.outcome.is_none() {
                let sentence = "Say how it ended: recovered, lost, done or dismissed.";
                return Err(Problem::invalid("outcome", sentence));
            }
            cta.closed_at = cta.closed_at.or(Some(now));
            cta.status = Status::Closed;
        }
        status if working.outcome.is_some() => {
            return Err(Problem::invalid("outcome", format!("A CTA that is {status} has no outcome yet; close it.")));
        }
        status => {
            cta.status = status;
            cta.outcome = None;
            cta.closed_at = None;
        }
    }
    Ok(cta)
}

/// Checks that a member can be made the owner.
async fn can_own(app: &AppState, owner_id: Option<i64>) -> Answer<()> {
    let Some(id) = owner_id else { return Ok(()) };
    match member::find(app.engine.store().read(), id).await? {
        Some(member) if member.active => Ok(()),
        _ => Err(Problem::invalid("owner_id", "There is no active member with this id.")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn instant(second: i64) -> Instant {
        Instant::from_timestamp(second, 0).unwrap()
    }

    fn open_cta() -> Cta {
        Cta {
            id: 1,
            account_id: 2,
            kind: Kind::Risk,
            reason: "usage_decline".to_owned(),
            title: "Usage fell".to_owned(),
            detail: None,
            priority: Priority::High,
            status: Status::Open,
            outcome: None,
            owner_id: Some(3),
            due_on: Day::from_ymd_opt(2026, 11, 30).unwrap(),
            snoozed_until: None,
            signal_id: None,
            run_id: None,
            dedupe_key: "k".to_owned(),
            created_at: instant(0),
            closed_at: None,
        }
    }

    #[test]
    fn closing_needs_an_outcome_and_opening_forgets_it() {
        let close = |outcome| Working { status: Some(Status::Closed), outcome, ..Working::default() };
        assert_eq!(worked(open_cta(), close(None), instant(9)).unwrap_err().fields[0].field, "outcome");
        let closed = worked(open_cta(), close(Some(Outcome::Recovered)), instant(9)).unwrap();
        assert_eq!((closed.status, closed.closed_at), (Status::Closed, Some(instant(9))));
        let again = Working { status: Some(Status::InProgress), ..Working::default() };
        let opened = worked(closed, again, instant(20)).unwrap();
        assert_eq!((opened.outcome, opened.closed_at), (None, None));
    }

    #[test]
    fn an_outcome_without_closing_is_refused() {
        let early = Working { outcome: Some(Outcome::Done), ..Working::default() };
        let problem = worked(open_cta(), early, instant(9)).unwrap_err();
        assert_eq!(problem.fields[0].message, "A CTA that is open has no outcome yet; close it.");
    }

    #[test]
    fn what_is_not_mentioned_stays() {
        assert_eq!(worked(open_cta(), Working::default(), instant(9)).unwrap(), open_cta());
        let nobody = Working { owner_id: Some(None), ..Working::default() };
        assert_eq!(worked(open_cta(), nobody, instant(9)).unwrap().owner_id, None);
    }
}
