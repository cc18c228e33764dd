//! The forms of a CTA: move, snooze, close, change, tick off. Each does its one
//! thing through [`crate::work`] and returns to the CTA's page; one that is not
//! visible is not found, whatever the form says.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use domain::Day;
use serde::Deserialize;
use store::cta::{Outcome, Priority, Status};
use store::member;

use super::one::may_see;
use crate::extract::{At, Form};
use crate::gate::Access;
use crate::page::Want;
use crate::problem::{Answer, Problem};
use crate::state::AppState;
use crate::work::{self, Working};

/// The lane a card was moved to.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Move {
    status: String,
}

/// Moves a CTA to another lane of the board. One moved to closed was done; its page closes it otherwise.
pub async fn move_to(
    State(app): State<AppState>,
    access: Access,
    want: Want,
    At(id): At<i64>,
    Form(form): Form<Move>,
) -> Answer<Response> {
    let status: Status = word("status", &form.status)?;
    let outcome = (status == Status::Closed).then_some(Outcome::Done);
    work::work(&app, &access, id, Working { status: Some(status), outcome, ..Working::default() }).await?;
    // The script has moved the card already.
    Ok(match want {
        Want::Fragment => StatusCode::NO_CONTENT.into_response(),
        Want::Whole => Redirect::to("/ctas?view=board").into_response(),
    })
}

/// Until when a CTA is out of sight.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Snooze {
    /// A day, or nothing to show it again.
    #[serde(default)]
    until: String,
}

/// Hides a CTA until a day, or shows it again.
pub async fn snooze(
    State(app): State<AppState>,
    access: Access,
    At(id): At<i64>,
    Form(form): Form<Snooze>,
) -> Answer<Response> {
    let until = snooze_until(&form.until, app.engine.today())?;
    change_to(&app, &access, id, Working { snoozed_until: Some(until), ..Working::default() }).await
}

/// How a CTA ended.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Close {
    outcome: String,
}

/// Closes a CTA with its outcome.
pub async fn close(
    State(app): State<AppState>,
    access: Access,
    At(id): At<i64>,
    Form(form): Form<Close>,
) -> Answer<Response> {
    let outcome = Some(word("outcome", &form.outcome)?);
    change_to(&app, &access, id, Working { status: Some(Status::Closed), outcome, ..Working::default() }).await
}

/// What to change about a CTA; what the form does not have stays.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Change {
    status: Option<String>,
    priority: Option<String>,
    /// A member, or nothing for nobody.
    owner_id: Option<String>,
    due_on: Option<String>,
}

impl Change {
    fn working(&self) -> Answer<Working> {
        let owner = |given: &str| match given {
            "" => Ok(None),
            id => id.parse().map(Some).map_err(|_| Problem::invalid("owner_id", "Choose one of the members.")),
        };
        Ok(Working {
            status: self.status.as_deref().map(|given| word("status", given)).transpose()?,
            priority: self.priority.as_deref().map(|given| word::<Priority>("priority", given)).transpose()?,
            owner_id: self.owner_id.as_deref().map(owner).transpose()?,
            due_on: self.due_on.as_deref().map(|given| day("due_on", given)).transpose()?,
            ..Working::default()
        })
    }
}

/// Starts a CTA, opens it again, or changes its owner, priority and due day.
pub async fn change(
    State(app): State<AppState>,
    access: Access,
    At(id): At<i64>,
    Form(form): Form<Change>,
) -> Answer<Response> {
    let cta = work::find(&app, &access, id).await?;
    let working = form.working()?;
    if let Some(Some(owner)) = working.owner_id
        && working.owner_id != Some(cta.owner_id)
    {
        let book = app.engine.book();
        let row = book.visible_row(cta.account_id, &access.rows).ok_or_else(Problem::not_found)?;
        let members = member::list(app.engine.store().read()).await?;
        if !may_see(&members, &row.team).iter().any(|member| member.id == owner) {
            return Err(Problem::invalid("owner_id", "This member cannot see the account; assign it to them first."));
        }
    }
    change_to(&app, &access, id, working).await
}

/// Whether a task is done.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tick {
    done: bool,
}

/// Ticks a task off, or takes the tick back.
pub async fn tick(
    State(app): State<AppState>,
    access: Access,
    At((id, task_id)): At<(i64, i64)>,
    Form(form): Form<Tick>,
) -> Answer<Response> {
    let task = work::tick(&app, &access, id, task_id, form.done).await?;
    app.engine.touch(task.account_id);
    Ok(back_to(id))
}

async fn change_to(app: &AppState, access: &Access, id: i64, working: Working) -> Answer<Response> {
    work::work(app, access, id, working).await?;
    Ok(back_to(id))
}

fn back_to(id: i64) -> Response {
    Redirect::to(&format!("/ctas/{id}")).into_response()
}

/// A word of a closed list.
pub(in crate::pages) fn word<W: std::str::FromStr>(field: &'static str, given: &str) -> Answer<W>
where
    W::Err: std::fmt::Display,
{
    given.parse().map_err(|unknown: W::Err| Problem::invalid(field, format!("{unknown}.")))
}

/// A day as date fields send it.
pub(in crate::pages) fn day(field: &'static str, given: &str) -> Answer<Day> {
    given.trim().parse().map_err(|_| Problem::invalid(field, "Write the day as year-month-day, such as 2026-11-30."))
}

fn snooze_until(given: &str, today: Day) -> Answer<Option<Day>> {
    if given.trim().is_empty() {
        return Ok(None);
    }
    let until = day("until", given)?;
    if until <= today {
        return Err(Problem::invalid("until", format!("Choose a day after {today}.")));
    }
    Ok(Some(until))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pages::ctas::tests;

    #[test]
    fn a_snooze_ends_in_the_future_or_at_once() {
        let today = tests::day("2026-11-22");
        assert_eq!(snooze_until("", today).unwrap(), None);
        assert_eq!(snooze_until("2026-11-23", today).unwrap(), Some(tests::day("2026-11-23")));
        assert_eq!(snooze_until("2026-11-22", today).unwrap_err().fields[0].message, "Choose a day after 2026-11-22.");
        assert_eq!(snooze_until("soon", today).unwrap_err().fields[0].field, "until");
    }

    #[test]
    fn a_form_changes_only_what_it_has() {
        assert_eq!(Change::default().working().unwrap(), Working::default());
        let form = Change { owner_id: Some(String::new()), priority: Some("low".to_owned()), ..Change::default() };
        let working = form.working().unwrap();
        assert_eq!((working.owner_id, working.priority), (Some(None), Some(Priority::Low)));
        let wrong = Change { status: Some("paused".to_owned()), ..Change::default() }.working().unwrap_err();
        assert_eq!(wrong.fields[0].message, "\"paused\" is not one of open, in_progress, closed.");
    }
}
