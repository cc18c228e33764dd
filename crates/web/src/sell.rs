//! What members do to opportunities, for pages and the API alike.
//!
//! An opportunity goes through its stages in any direction, but its case must stand before the customer can have approved
//! it: problem, solution, timeline, and what it brings and costs. Winning it needs the approval, losing it a reason. Every
//! change is written with the change that tells of it, and what it said before is kept. Absent: the contract that follows,
//! which comes from whoever bills.

use domain::Day;
use serde_json::json;
use store::change::{self, NewChange};
use store::opportunity::{self, Kind, Stage};
use store::{Opportunity, member, record};

use crate::api::visible;
use crate::fact;
use crate::gate::Access;
use crate::problem::{Answer, Problem};
use crate::state::AppState;

const LONGEST_TITLE: usize = 200;
const LONGEST_TEXT: usize = 10_000;

/// What an opportunity is to say; `None` leaves a field as it is, an empty text clears it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pitch {
    /// What more is bought.
    pub kind: Option<Kind>,
    /// How far it is.
    pub stage: Option<Stage>,
    /// One line.
    pub title: Option<String>,
    /// What the customer needs solved.
    pub problem: Option<String>,
    /// How it would be.
    pub solution: Option<String>,
    /// What happens when.
    pub timeline: Option<String>,
    /// ARR it would bring us, minor units.
    pub amount_cents: Option<i64>,
    /// What it is worth to the customer in a year, minor units.
    pub benefit_cents: Option<Option<i64>>,
    /// What it costs the customer in the first year beside our price, minor units.
    pub cost_cents: Option<Option<i64>>,
    /// The day it should be decided.
    pub close_on: Option<Day>,
    /// The member who pursues it.
    pub owner_id: Option<Option<i64>>,
    /// Why it was lost.
    pub loss_reason: Option<String>,
}

/// An opportunity the caller may see, or nothing at all.
pub async fn find(app: &AppState, access: &Access, id: i64) -> Answer<Opportunity> {
    let found = opportunity::find(app.engine.store().read(), id).await?;
    visible(app, access, found.account_id)?;
    Ok(found)
}

/// Records an opportunity.
pub async fn open(app: &AppState, access: &Access, account_id: i64, pitch: Pitch) -> Answer<Opportunity> {
    visible(app, access, account_id)?;
    let book = app.engine.book();
    book.row(account_id).ok_or_else(Problem::not_found)?;
    let me = access.actor.member().map(|member| member.id);
    let now = app.engine.now();
    let missing = |field: &'static str| Problem::invalid(field, "This must be said.");
    let blank = Opportunity {
        id: 0,
        account_id,
        kind: pitch.kind.ok_or_else(|| missing("kind"))?,
        stage: Stage::Identified,
        title: pitch.title.clone().ok_or_else(|| missing("title"))?,
        problem: None,
        solution: None,
        timeline: None,
        amount_cents: pitch.amount_cents.ok_or_else(|| missing("amount"))?,
        benefit_cents: None,
        cost_cents: None,
        currency: book.currency().to_owned(),
        close_on: pitch.close_on.ok_or_else(|| missing("close_on"))?,
        owner_id: me,
        approved_by: None,
        loss_reason: None,
        closed_on: None,
        created_at: now,
        recorded_at: now,
    };
    let pitched = pitched(blank, pitch, app.engine.today(), me)?;
    can_own(app, pitched.owner_id).await?;
    let actor = access.actor.label();
    app.engine
        .store()
        .write(async |tx| -> Answer<Opportunity> {
            let written = record::insert(tx, pitched).await?;
            change::record(tx, told(&written, None, actor), now).await?;
            Ok(written)
        })
        .await
}

/// Changes an opportunity.
pub async fn change(app: &AppState, access: &Access, id: i64, pitch: Pitch) -> Answer<Opportunity> {
    let before = find(app, access, id).await?;
    let me = access.actor.member().map(|member| member.id);
    let now = app.engine.now();
    let after = pitched(before.clone(), pitch, app.engine.today(), me)?;
    if after == before {
        return Ok(after);
    }
    can_own(app, after.owner_id).await?;
    let after = Opportunity { recorded_at: now, ..after };
    let actor = access.actor.label();
    app.engine
        .store()
        .write(async |tx| -> Answer<Opportunity> {
            let (_, written) = record::update(tx, after).await?;
            change::record(tx, told(&written, Some(before.stage), actor), now).await?;
            Ok(written)
        })
        .await
}

fn told(it: &Opportunity, from: Option<Stage>, actor: String) -> NewChange {
    NewChange {
        actor,
        account_id: Some(it.account_id),
        kind: if from.is_none() { "opportunity.opened" } else { "opportunity.changed" }.to_owned(),
        subject_id: Some(it.id),
        detail: json!({ "title": it.title, "from": from, "to": it.stage, "amount_cents": it.amount_cents }),
    }
}

/// The opportunity as it will be; pure, so that the rules can be read and tested.
fn pitched(mut it: Opportunity, pitch: Pitch, today: Day, me: Option<i64>) -> Answer<Opportunity> {
    let long = |field, text: Option<String>, known: Option<String>| match text {
        Some(text) => fact::optional_text(field, Some(&text), LONGEST_TEXT),
        None => Ok(known),
    };
    it.title = fact::text("title", &pitch.title.unwrap_or(it.title), LONGEST_TITLE)?;
    it.problem = long("problem", pitch.problem, it.problem)?;
    it.solution = long("solution", pitch.solution, it.solution)?;
    it.timeline = long("timeline", pitch.timeline, it.timeline)?;
    it.loss_reason = long("loss_reason", pitch.loss_reason, it.loss_reason)?;
    it.kind = pitch.kind.unwrap_or(it.kind);
    it.amount_cents = pitch.amount_cents.unwrap_or(it.amount_cents);
    it.benefit_cents = pitch.benefit_cents.unwrap_or(it.benefit_cents);
    it.cost_cents = pitch.cost_cents.unwrap_or(it.cost_cents);
    it.close_on = pitch.close_on.unwrap_or(it.close_on);
    it.owner_id = pitch.owner_id.unwrap_or(it.owner_id);
    let amounts = [("amount", Some(it.amount_cents)), ("benefit", it.benefit_cents), ("cost", it.cost_cents)];
    if let Some((field, _)) = amounts.into_iter().find(|(_, cents)| cents.is_some_and(|cents| cents < 0)) {
        return Err(Problem::invalid(field, "Write an amount of zero or more."));
    }
    let stage = pitch.stage.unwrap_or(it.stage);
    enter(&mut it, stage, today, me)?;
    Ok(it)
}

/// Moves an opportunity to a stage, if it may be there.
fn enter(it: &mut Opportunity, stage: Stage, today: Day, me: Option<i64>) -> Answer<()> {
    if matches!(stage, Stage::Approved | Stage::Won) {
        let case = [
            ("problem", it.problem.is_some()),
            ("solution", it.solution.is_some()),
            ("timeline", it.timeline.is_some()),
            ("benefit", it.benefit_cents.is_some()),
            ("cost", it.cost_cents.is_some()),
        ];
        if let Some((field, _)) = case.into_iter().find(|(_, said)| !said) {
            return Err(Problem::invalid(field, "The case is not complete without this, so it cannot be approved."));
        }
    }
    if stage == Stage::Won && it.approved_by.is_none() && it.stage != Stage::Approved {
        return Err(Problem::invalid("stage", "It is won after the customer approved it: move it there first."));
    }
    if stage == Stage::Lost && it.loss_reason.is_none() {
        return Err(Problem::invalid("loss_reason", "Say why it was lost."));
    }
    match stage {
        Stage::Approved if it.stage != Stage::Approved => it.approved_by = me,
        Stage::Identified | Stage::Presented | Stage::Case => it.approved_by = None,
        Stage::Approved | Stage::Won | Stage::Lost => {}
    }
    it.closed_on = if stage.is_closed() { it.closed_on.or(Some(today)) } else { None };
    it.stage = stage;
    Ok(())
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

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    fn seen() -> Opportunity {
        let at = domain::Instant::from_timestamp(0, 0).unwrap();
        Opportunity {
            id: 1,
            account_id: 2,
            kind: Kind::Seat,
            stage: Stage::Identified,
            title: "Twenty seats".to_owned(),
            problem: None,
            solution: None,
            timeline: None,
            amount_cents: 1_000_000,
            benefit_cents: None,
            cost_cents: None,
            currency: "USD".to_owned(),
            close_on: day("2027-01-31"),
            owner_id: Some(3),
            approved_by: None,
            loss_reason: None,
            closed_on: None,
            created_at: at,
            recorded_at: at,
        }
    }

    fn to(stage: Stage) -> Pitch {
        Pitch { stage: Some(stage), ..Pitch::default() }
    }

    fn case() -> Pitch {
        Pitch {
            problem: Some("Nobody new can work".to_owned()),
            solution: Some("Twenty seats".to_owned()),
            timeline: Some("January".to_owned()),
            benefit_cents: Some(Some(4_000_000)),
            cost_cents: Some(Some(200_000)),
            ..Pitch::default()
        }
    }

    #[test]
    fn what_is_approved_has_its_case() {
        let today = day("2026-11-22");
        let refused =
            |it: Opportunity, pitch: Pitch| pitched(it, pitch, today, Some(9)).unwrap_err().fields[0].field.clone();
        assert_eq!(refused(seen(), to(Stage::Approved)), "problem");
        assert_eq!(
            refused(seen(), Pitch { timeline: None, ..Pitch { stage: Some(Stage::Approved), ..case() } }),
            "timeline"
        );
        let made = pitched(seen(), case(), today, Some(9)).unwrap();
        assert_eq!(refused(made.clone(), to(Stage::Won)), "stage");
        let approved = pitched(made, to(Stage::Approved), today, Some(9)).unwrap();
        assert_eq!(approved.approved_by, Some(9));
        // 40,000 for 10,000 and 2,000 spent.
        assert!((approved.return_on_investment().unwrap() - 28.0 / 12.0).abs() < 1e-12);
        let won = pitched(approved, to(Stage::Won), today, Some(4)).unwrap();
        assert_eq!((won.closed_on, won.approved_by), (Some(today), Some(9)));
        let again = pitched(won, to(Stage::Case), today, Some(4)).unwrap();
        assert_eq!((again.closed_on, again.approved_by), (None, None));
    }

    #[test]
    fn what_is_lost_has_a_reason() {
        let today = day("2026-11-22");
        assert_eq!(pitched(seen(), to(Stage::Lost), today, None).unwrap_err().fields[0].field, "loss_reason");
        let lost = Pitch { loss_reason: Some("Budget".to_owned()), ..to(Stage::Lost) };
        assert_eq!(pitched(seen(), lost, today, None).unwrap().closed_on, Some(today));
        let less = Pitch { amount_cents: Some(-1), ..Pitch::default() };
        assert_eq!(pitched(seen(), less, today, None).unwrap_err().fields[0].field, "amount");
    }
}
