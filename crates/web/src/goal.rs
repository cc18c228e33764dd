//! Setting goals, for forms and for the API alike: who may set which, where the figure stands when a goal begins, and what
//! is unusual enough to be asked about once. A goal about the whole book is for those who see the whole book; a goal about
//! one member's accounts for those who see them. Every change of a goal is recorded with who made it.

use domain::Day;
use domain::access::RowFilter;
use domain::goal::{Figure, GoalError, Preset};
use domain::revenue::Base;
use engine::goals;
use store::change::{self, NewChange};
use store::{Goal, StoreError, goal, member};

use crate::fact;
use crate::gate::Access;
use crate::problem::{Answer, Problem};
use crate::state::AppState;

const LONGEST_NAME: usize = 120;

/// A goal as somebody wants it; `None` stays what it is, or is what goes without saying.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Wanted {
    /// What people call it; the figure's name when it goes without saying.
    pub name: Option<String>,
    /// The figure's word.
    pub figure: Option<String>,
    /// The base's word; a level when it goes without saying.
    pub base: Option<String>,
    /// Months the figure is measured over; 12 for figures of a period.
    pub period_months: Option<u32>,
    /// How much, money in minor units.
    pub value: Option<f64>,
    /// By when.
    pub due_on: Option<Day>,
    /// Who answers for it; whoever asks when it goes without saying.
    pub owner_id: Option<i64>,
    /// Whether it is about every account.
    pub whole_book: Option<bool>,
    /// The preset it is made from.
    pub preset: Option<String>,
    /// Whether what is unusual about it is meant.
    pub confirmed: bool,
}

/// The goals that are about accounts somebody sees, the one that is due first before others.
pub async fn list(app: &AppState, access: &Access) -> Answer<Vec<Goal>> {
    let all = goal::all(app.engine.store().read()).await?;
    Ok(all.into_iter().filter(|goal| goals::is_seen(goal, &access.rows)).collect())
}

/// A goal that somebody may see; what is hidden is not found.
pub async fn find(app: &AppState, access: &Access, id: i64) -> Answer<Goal> {
    let found = goal::find(app.engine.store().read(), id).await?;
    if goals::is_seen(&found, &access.rows) { Ok(found) } else { Err(Problem::not_found()) }
}

/// Sets a goal.
pub async fn set(app: &AppState, access: &Access, wanted: Wanted) -> Answer<Goal> {
    let today = app.engine.today();
    let asker = access.actor.member().map(|member| member.id);
    let owner_id = wanted.owner_id.or(asker).ok_or_else(Problem::forbidden)?;
    let figure = figure(wanted.figure.as_deref())?;
    let preset = wanted.preset.as_deref().map(|key| {
        Preset::named(key).ok_or_else(|| Problem::invalid("preset", format!("There is no preset `{key}`.")))
    });
    let usual_period = if figure.has_period() { 12 } else { 0 };
    let mut draft = Goal {
        id: 0,
        name: fact::optional_text("name", wanted.name.as_deref(), LONGEST_NAME)?
            .unwrap_or_else(|| figure.name().to_owned()),
        figure: figure.as_str().to_owned(),
        base: base(wanted.base.as_deref())?.as_str().to_owned(),
        period_months: months(wanted.period_months.unwrap_or(usual_period))?,
        value: wanted.value.ok_or_else(|| Problem::invalid("value", "Say how much."))?,
        baseline: None,
        starts_on: today,
        due_on: wanted.due_on.ok_or_else(|| Problem::invalid("due_on", "Say by when."))?,
        owner_id,
        whole_book: wanted.whole_book.unwrap_or(access.rows == RowFilter::All),
        preset: preset.transpose()?.map(|preset| preset.key.to_owned()),
        created_at: app.engine.now(),
    };
    may_set(app, access, &draft).await?;
    draft.baseline = measured(app, &draft)?;
    check(&draft, wanted.confirmed)?;
    let actor = access.actor.label();
    saved(app, actor, "goal.set", async |tx| goal::insert(tx, draft).await).await
}

/// Changes a goal. Where it began stays, unless its figure, period or accounts change: then it begins today.
pub async fn change(app: &AppState, access: &Access, id: i64, wanted: Wanted) -> Answer<Goal> {
    let before = find(app, access, id).await?;
    may_set(app, access, &before).await?;
    let mut draft = before.clone();
    if let Some(name) = &wanted.name {
        draft.name = fact::text("name", name, LONGEST_NAME)?;
    }
    if wanted.figure.is_some() {
        figure(wanted.figure.as_deref())?.as_str().clone_into(&mut draft.figure);
    }
    if wanted.base.is_some() {
        base(wanted.base.as_deref())?.as_str().clone_into(&mut draft.base);
    }
    draft.period_months = wanted.period_months.map_or(Ok(before.period_months), months)?;
    draft.value = wanted.value.unwrap_or(before.value);
    draft.due_on = wanted.due_on.unwrap_or(before.due_on);
    draft.owner_id = wanted.owner_id.unwrap_or(before.owner_id);
    draft.whole_book = wanted.whole_book.unwrap_or(before.whole_book);
    may_set(app, access, &draft).await?;
    let about = |goal: &Goal| (goal.figure.clone(), goal.period_months, goals::scope(goal));
    if about(&draft) != about(&before) {
        (draft.starts_on, draft.baseline) = (app.engine.today(), measured(app, &draft)?);
    }
    check(&draft, wanted.confirmed)?;
    let actor = access.actor.label();
    saved(app, actor, "goal.changed", async |tx| goal::update(tx, draft).await).await
}

/// Deletes a goal.
pub async fn delete(app: &AppState, access: &Access, id: i64) -> Answer<()> {
    let gone = find(app, access, id).await?;
    may_set(app, access, &gone).await?;
    let actor = access.actor.label();
    saved(app, actor, "goal.deleted", async |tx| goal::delete(tx, id).await.map(|()| gone)).await?;
    Ok(())
}

async fn saved(
    app: &AppState,
    actor: String,
    kind: &str,
    write: impl AsyncFnOnce(&store::Tx) -> Result<Goal, StoreError> + Send,
) -> Answer<Goal> {
    let (now, kind) = (app.engine.now(), kind.to_owned());
    let written = app.engine.store().write(async |tx| -> Result<Goal, StoreError> {
        let goal = write(tx).await?;
        let detail = serde_json::json!({ "name": goal.name, "figure": goal.figure, "value": goal.value });
        let told = NewChange { actor, account_id: None, kind, subject_id: Some(goal.id), detail };
        change::record(tx, told, now).await?;
        Ok(goal)
    });
    Ok(written.await?)
}

/// Whether somebody may set this goal, and its owner can have it.
async fn may_set(app: &AppState, access: &Access, goal: &Goal) -> Answer<()> {
    if !goals::is_seen(goal, &access.rows) {
        return Err(match goal.whole_book {
            true => Problem::invalid(
                "whole_book",
                "You do not see every account. Set a goal for the accounts of somebody whose accounts you see.",
            ),
            false => Problem::invalid("owner_id", "You do not see the accounts of this member."),
        });
    }
    let owner = member::find(app.engine.store().read(), goal.owner_id).await?;
    match owner.filter(|owner| owner.active) {
        Some(_) => Ok(()),
        None => Err(Problem::invalid("owner_id", "There is no such member, or none who may sign in.")),
    }
}

fn figure(word: Option<&str>) -> Answer<Figure> {
    let word = word.unwrap_or_default();
    Figure::parse(word).ok_or_else(|| {
        let known = Figure::ALL.map(Figure::as_str).join(", ");
        Problem::invalid("figure", format!("`{word}` is no figure; choose one of {known}."))
    })
}

fn base(word: Option<&str>) -> Answer<Base> {
    let Some(word) = word else { return Ok(Base::Level) };
    Base::parse(word).ok_or_else(|| {
        let known = Base::ALL.map(Base::as_str).join(", ");
        Problem::invalid("base", format!("`{word}` is no base; choose one of {known}."))
    })
}

fn months(months: u32) -> Answer<i32> {
    i32::try_from(months).map_err(|_| Problem::invalid("period_months", "Choose 1 to 36 months."))
}

/// Where the figure of a goal stands today.
fn measured(app: &AppState, draft: &Goal) -> Answer<Option<f64>> {
    let goal = known(draft)?;
    let months = goal.target.period_months.min(36);
    Ok(goals::measure(&app.engine.book(), &goals::scope(draft), goal.figure, months).value)
}

fn known(draft: &Goal) -> Answer<domain::goal::Goal> {
    goals::goal(draft).ok_or_else(|| Problem::invalid("figure", "This goal is of a figure that is not known here."))
}

/// Refuses what is impossible, and what is unusual unless it is meant.
fn check(draft: &Goal, confirmed: bool) -> Answer<()> {
    match known(draft)?.check() {
        Ok(Some(warning)) if !confirmed => {
            Err(Problem::invalid("value", format!("{} Confirm it, if it is what you mean.", sentence(&warning))))
        }
        Ok(_) => Ok(()),
        Err(error) => {
            let field = match error {
                GoalError::NoTime(_) => "due_on",
                GoalError::NoPeriod => "period_months",
                GoalError::NoBaseline => "base",
                GoalError::Target(_) | GoalError::LeadsOff { .. } => "value",
            };
            Err(Problem::invalid(field, sentence(&error)))
        }
    }
}

/// An error as a sentence: it begins with a capital and ends.
fn sentence(error: &impl std::fmt::Display) -> String {
    let text = error.to_string();
    let end = if text.ends_with(['?', '.']) { "" } else { "." };
    let mut letters = text.chars();
    letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).chain(end.chars()).collect()
}
