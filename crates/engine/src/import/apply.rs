//! Drafts onto the records, many at a time: what a draft speaks of changes, what it does not speak of stays, and the
//! version before is kept by the store. Drafts of one kind are found, merged and saved with a few statements for all
//! of them; things that others refer to come first. Which words a source uses for a field is settled before, in the
//! mapping, and what a person holds is left alone.

mod account;
mod contact;
mod contract;
mod dropped;
mod money;
mod owner;
mod plan;
mod rate;
mod save;
mod state;
mod support;

use std::collections::{HashMap, HashSet};

use connectors::record::{Code, Draft, Object};
use domain::Instant;
use futures::future::BoxFuture;
use store::{
    Tx,
    record::{Fact, Saved},
};

use super::{Orphans, Refusal, Taken};
use crate::EngineError;

/// Where a draft comes from and how it is to be taken.
#[derive(Debug, Clone, Copy)]
pub(crate) struct From {
    /// The source; none when a person typed it.
    pub(crate) source_id: Option<i64>,
    /// When it became known.
    pub(crate) now: Instant,
    /// What to do with records of unknown accounts.
    pub(crate) orphans: Orphans,
    /// Whose ids its accounts have.
    pub(crate) ids: Ids,
}

/// Whose the ids of a source are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ids {
    /// The company's own, as in its product and its files: the same id is the same account.
    Shared,
    /// The vendor's: `101` of one is not `101` of another.
    Own,
}

/// What became of a draft, or why it was refused.
type Outcome = Result<Taken, Refusal>;

/// The outcomes of drafts, in their order.
type Outcomes = Result<Vec<Outcome>, EngineError>;

/// Writes one draft. A refusal leaves nothing half-done.
pub(crate) async fn draft(tx: &Tx, draft: &Draft, from: From) -> Result<Outcome, EngineError> {
    let outcome = drafts(tx, &[draft], from).await?.pop();
    Ok(outcome.unwrap_or_else(|| Err(missing("object", "there is nothing to write"))))
}

/// Writes drafts, those that others refer to first, and answers in the order given. What is refused leaves nothing
/// half-done and does not concern its neighbours.
pub(crate) fn drafts<'a>(tx: &'a Tx, drafts: &'a [&'a Draft], from: From) -> BoxFuture<'a, Outcomes> {
    Box::pin(async move {
        let mut order: Vec<usize> = (0..drafts.len()).collect();
        order.sort_by_key(|at| drafts[*at].object);
        let mut outcomes: Vec<Option<Outcome>> = vec![None; drafts.len()];
        let mut rest = order.as_slice();
        while !rest.is_empty() {
            let (batch, after) = rest.split_at(together(drafts, rest));
            let these: Vec<&Draft> = batch.iter().map(|at| drafts[*at]).collect();
            let found = of_one_kind(tx, &these, from).await?;
            for (at, outcome) in batch.iter().zip(found) {
                outcomes[*at] = Some(outcome);
            }
            rest = after;
        }
        Ok(outcomes.into_iter().flatten().collect())
    })
}

/// How many of the next drafts are of one kind and speak of different records, none of which took over another.
fn together(drafts: &[&Draft], order: &[usize]) -> usize {
    let mut seen: HashSet<String> = HashSet::new();
    let object = drafts[order[0]].object;
    let about = |draft: &Draft| draft.text("same_as").set().unwrap_or(&draft.key).to_owned();
    let mut same = |at: &&usize| {
        let draft = drafts[**at];
        let first = draft.text("continues").set().is_none_or(|key| !seen.contains(key));
        first && draft.object == object && seen.insert(about(draft))
    };
    order.iter().take_while(|at| same(at)).count()
}

async fn of_one_kind(tx: &Tx, drafts: &[&Draft], from: From) -> Outcomes {
    match drafts[0].object {
        Object::Account => account::apply(tx, drafts, from).await,
        Object::Contact => contact::apply(tx, drafts, from).await,
        Object::Subscription => contract::apply(tx, drafts, from).await,
        Object::SubscriptionItem => contract::items(tx, drafts, from).await,
        Object::Invoice => money::invoices(tx, drafts, from).await,
        Object::PaymentAttempt => money::attempts(tx, drafts, from).await,
        Object::Ticket => support::tickets(tx, drafts, from).await,
        Object::Touchpoint => support::touchpoints(tx, drafts, from).await,
        Object::SurveyResponse => support::responses(tx, drafts, from).await,
        Object::Milestone => plan::milestones(tx, drafts, from).await,
        Object::Objective => plan::objectives(tx, drafts, from).await,
        Object::Entitlement => plan::entitlements(tx, drafts, from).await,
        Object::ExchangeRate => rate::apply(tx, drafts, from).await,
        Object::Event => {
            let refusal = Refusal {
                field: "object",
                code: Code::BadType,
                sentence: "events are not records: they go through the inbox".to_owned(),
            };
            Ok(drafts.iter().map(|_| Err(refusal.clone())).collect())
        }
    }
}

/// What became of records that are about an account and nothing else.
fn taken<M: Fact>(saved: Vec<Result<(Saved, M), Refusal>>) -> Vec<Outcome> {
    let taken = |(saved, fact): (Saved, M)| Taken { saved, account_id: Some(fact.account_id()), contact_id: None };
    saved.into_iter().map(|outcome| outcome.map(taken)).collect()
}

fn missing(field: &'static str, sentence: &str) -> Refusal {
    Refusal { field, code: Code::MissingValue, sentence: sentence.to_owned() }
}

fn unknown(field: &'static str, sentence: String) -> Refusal {
    Refusal { field, code: Code::UnknownRecord, sentence }
}

fn either(a: Saved, b: Saved) -> Saved {
    match (a, b) {
        (Saved::Created, _) => Saved::Created,
        (Saved::Unchanged, Saved::Unchanged) => Saved::Unchanged,
        (Saved::Unchanged | Saved::Held, Saved::Unchanged | Saved::Held) => Saved::Held,
        _ => Saved::Updated,
    }
}

/// The accounts of these ids as a source calls them, made first where the orphans of this import are made.
pub(crate) async fn accounts_of(tx: &Tx, keys: &[&str], from: From) -> Result<HashMap<String, i64>, EngineError> {
    let mut found = owner::named(tx, keys, from).await?;
    if from.orphans == Orphans::CreateAccount {
        let missing: Vec<&str> = keys.iter().copied().filter(|key| !found.contains_key(*key)).collect();
        found.extend(owner::make(tx, &missing, from).await?);
    }
    Ok(found.into_iter().map(|(key, account)| (key, account.id)).collect())
}

/// Why a record of an account nobody has introduced is refused.
pub(crate) fn no_account(key: &str) -> Refusal {
    owner::nobody(key)
}
