//! What was agreed with an account and what it paid for: milestones, objectives and entitlements. Whether an objective
//! is on its way, or an entitlement used, is not said here; metrics say it.

use connectors::record::{Draft, Given};
use domain::time::day_of;
use store::{Entitlement, Milestone, Objective, Tx, objective};

use super::{From, Outcomes, Refusal, missing, owner::Owners, save, taken};

/// Writes milestones.
pub(super) async fn milestones(tx: &Tx, drafts: &[&Draft], from: From) -> Outcomes {
    let owners = Owners::find(tx, drafts, from).await?;
    let merge = |draft: &Draft, before: Option<&Milestone>| milestone(before, draft, &owners, from);
    Ok(taken(save::named(tx, drafts, from, merge).await?))
}

fn milestone(before: Option<&Milestone>, draft: &Draft, owners: &Owners, from: From) -> Result<Milestone, Refusal> {
    let account_id = owners.of_known(draft, before.map(|before| before.account_id))?;
    let title = draft.text("title").set().or(before.map(|before| before.title.as_str()));
    let due_on = draft.day("due_on").set().or(before.map(|before| before.due_on));
    let (Some(title), Some(due_on)) = (title, due_on) else {
        return Err(missing("due_on", "a milestone needs its title and the day it is due"));
    };
    let mut reached_on = before.and_then(|before| before.reached_on);
    draft.day("reached_on").apply(&mut reached_on);
    let weight = draft.int("weight").set().map(|weight| weight as i32);
    Ok(Milestone {
        id: before.map_or(0, |before| before.id),
        account_id,
        title: title.to_owned(),
        weight: weight.or(before.map(|before| before.weight)).unwrap_or(1),
        due_on,
        reached_on,
        recorded_at: from.now,
    })
}

/// Writes objectives.
pub(super) async fn objectives(tx: &Tx, drafts: &[&Draft], from: From) -> Outcomes {
    let owners = Owners::find(tx, drafts, from).await?;
    let merge = |draft: &Draft, before: Option<&Objective>| objective(before, draft, &owners, from);
    Ok(taken(save::named(tx, drafts, from, merge).await?))
}

fn objective(before: Option<&Objective>, draft: &Draft, owners: &Owners, from: From) -> Result<Objective, Refusal> {
    let account_id = owners.of_known(draft, before.map(|before| before.account_id))?;
    let title = draft.text("title").set().or(before.map(|before| before.title.as_str()));
    let due_on = draft.day("due_on").set().or(before.map(|before| before.due_on));
    let (Some(title), Some(due_on)) = (title, due_on) else {
        return Err(missing("due_on", "an objective needs its title and the day it is due"));
    };
    let mut objective = before.cloned().unwrap_or_else(|| Objective {
        id: 0,
        account_id,
        title: title.to_owned(),
        kind: objective::Kind::Performance,
        unit: None,
        baseline: None,
        target: None,
        actual: None,
        effective_from: day_of(from.now),
        due_on,
        achieved_on: None,
        recorded_at: from.now,
    });
    objective.recorded_at = from.now;
    objective.account_id = account_id;
    (objective.title, objective.due_on) = (title.to_owned(), due_on);
    if let Some(kind) = draft.text("kind").set().and_then(|word| word.parse().ok()) {
        objective.kind = kind;
    }
    draft.text("unit").apply(&mut objective.unit);
    draft.decimal("baseline").apply(&mut objective.baseline);
    draft.decimal("target").apply(&mut objective.target);
    draft.decimal("actual").apply(&mut objective.actual);
    if let Given::Set(day) = draft.day("effective_from") {
        objective.effective_from = day;
    }
    draft.day("achieved_on").apply(&mut objective.achieved_on);
    Ok(objective)
}

/// Writes entitlements.
pub(super) async fn entitlements(tx: &Tx, drafts: &[&Draft], from: From) -> Outcomes {
    let owners = Owners::find(tx, drafts, from).await?;
    let merge = |draft: &Draft, before: Option<&Entitlement>| entitlement(before, draft, &owners, from);
    Ok(taken(save::named(tx, drafts, from, merge).await?))
}

fn entitlement(
    before: Option<&Entitlement>,
    draft: &Draft,
    owners: &Owners,
    from: From,
) -> Result<Entitlement, Refusal> {
    let account_id = owners.of_known(draft, before.map(|before| before.account_id))?;
    let Some(feature) = draft.text("feature").set().or(before.map(|before| before.feature.as_str())) else {
        return Err(missing("feature", "an entitlement needs the feature it is for"));
    };
    let begins = draft.day("effective_from").set().or(before.map(|before| before.effective_from));
    let mut effective_to = before.and_then(|before| before.effective_to);
    draft.day("effective_to").apply(&mut effective_to);
    Ok(Entitlement {
        id: before.map_or(0, |before| before.id),
        account_id,
        feature: feature.to_owned(),
        effective_from: begins.unwrap_or_else(|| day_of(from.now)),
        effective_to,
        recorded_at: from.now,
    })
}
