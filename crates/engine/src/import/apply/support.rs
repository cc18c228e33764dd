//! What passed between us and the customer: tickets, touchpoints and answers to surveys. Each may say who it was
//! with by a mail address, which also finds the account where none is named.

use std::collections::HashMap;

use connectors::record::{Draft, Given};
use store::{SurveyResponse, Ticket, Touchpoint, Tx, member, survey_response, ticket, touchpoint};

use super::{
    From, Outcomes, Refusal, missing,
    owner::{self, Owners},
    save, taken,
};
use crate::EngineError;

/// The people a batch of drafts is about.
struct People(HashMap<(i64, String), i64>);

impl People {
    /// The contact of a draft at its account; the one before where it names none.
    fn contact(&self, draft: &Draft, account_id: i64, before: Option<i64>) -> Option<i64> {
        let named = owner::address(draft).map(|address| (account_id, address.to_owned()));
        named.and_then(|named| self.0.get(&named).copied()).or(before)
    }
}

/// Writes tickets.
pub(super) async fn tickets(tx: &Tx, drafts: &[&Draft], from: From) -> Outcomes {
    let owners = Owners::find(tx, drafts, from).await?;
    let people = People(owner::people(tx, drafts).await?);
    let merge = |draft: &Draft, before: Option<&Ticket>| ticket(before, draft, &owners, &people, from);
    Ok(taken(save::imported(tx, drafts, from, merge).await?))
}

fn ticket(
    before: Option<&Ticket>,
    draft: &Draft,
    owners: &Owners,
    people: &People,
    from: From,
) -> Result<Ticket, Refusal> {
    let account_id = owners.of_known(draft, before.map(|before| before.account_id))?;
    let opened_at = draft.instant("opened_at").set().or(before.map(|before| before.opened_at));
    let Some(opened_at) = opened_at else {
        return Err(missing("opened_at", "a ticket needs the moment it was opened"));
    };
    let mut ticket = before.cloned().unwrap_or_else(|| Ticket {
        id: 0,
        account_id,
        contact_id: None,
        external_id: Some(draft.key.clone()),
        subject: draft.key.clone(),
        priority: ticket::Priority::Normal,
        opened_at,
        first_response_at: None,
        resolved_at: None,
        escalated_at: None,
        csat: None,
        source_id: from.source_id,
        recorded_at: from.now,
    });
    ticket.recorded_at = from.now;
    ticket.account_id = account_id;
    ticket.opened_at = opened_at;
    ticket.contact_id = people.contact(draft, account_id, ticket.contact_id);
    if let Given::Set(subject) = draft.text("subject") {
        subject.clone_into(&mut ticket.subject);
    }
    if let Some(priority) = draft.text("priority").set().and_then(|word| word.parse().ok()) {
        ticket.priority = priority;
    }
    draft.instant("first_response_at").apply(&mut ticket.first_response_at);
    draft.instant("resolved_at").apply(&mut ticket.resolved_at);
    draft.instant("escalated_at").apply(&mut ticket.escalated_at);
    ticket.csat = draft.int("csat").set().map(|score| score as i16).or(ticket.csat);
    Ok(ticket)
}

/// Writes touchpoints.
pub(super) async fn touchpoints(tx: &Tx, drafts: &[&Draft], from: From) -> Outcomes {
    let owners = Owners::find(tx, drafts, from).await?;
    let people = People(owner::people(tx, drafts).await?);
    let members = members(tx, drafts).await?;
    let merge = |draft: &Draft, before: Option<&Touchpoint>| {
        let member = draft.text("member_email").set().and_then(|email| members.get(email)).copied();
        touchpoint(before, draft, (&owners, &people, member), from)
    };
    Ok(taken(save::named(tx, drafts, from, merge).await?))
}

async fn members(tx: &Tx, drafts: &[&Draft]) -> Result<HashMap<String, i64>, EngineError> {
    let mut members = HashMap::new();
    for email in drafts.iter().filter_map(|draft| draft.text("member_email").set()) {
        if !members.contains_key(email)
            && let Some(member) = member::find_by_email(tx, email).await?
        {
            members.insert(email.to_owned(), member.id);
        }
    }
    Ok(members)
}

fn touchpoint(
    before: Option<&Touchpoint>,
    draft: &Draft,
    (owners, people, member): (&Owners, &People, Option<i64>),
    from: From,
) -> Result<Touchpoint, Refusal> {
    let account_id = owners.of_known(draft, before.map(|before| before.account_id))?;
    let occurred_at = draft.instant("occurred_at").set().or(before.map(|before| before.occurred_at));
    let kind = draft.text("kind").set().and_then(|word| word.parse::<touchpoint::Kind>().ok());
    let (Some(occurred_at), Some(kind)) = (occurred_at, kind.or(before.map(|before| before.kind))) else {
        return Err(missing("occurred_at", "a touchpoint needs its kind and the moment it took place"));
    };
    let mut touchpoint = before.cloned().unwrap_or_else(|| Touchpoint {
        id: 0,
        account_id,
        contact_id: None,
        member_id: None,
        kind,
        direction: if kind == touchpoint::Kind::Note {
            touchpoint::Direction::Internal
        } else {
            touchpoint::Direction::Outbound
        },
        subject: kind.as_str().to_owned(),
        body: None,
        occurred_at,
        replied_at: None,
        minutes: None,
        recorded_at: from.now,
    });
    touchpoint.recorded_at = from.now;
    touchpoint.account_id = account_id;
    (touchpoint.kind, touchpoint.occurred_at) = (kind, occurred_at);
    touchpoint.contact_id = people.contact(draft, account_id, touchpoint.contact_id);
    touchpoint.member_id = member.or(touchpoint.member_id);
    if let Some(direction) = draft.text("direction").set().and_then(|word| word.parse().ok()) {
        touchpoint.direction = direction;
    }
    if let Given::Set(subject) = draft.text("subject") {
        subject.clone_into(&mut touchpoint.subject);
    }
    draft.text("body").apply(&mut touchpoint.body);
    draft.instant("replied_at").apply(&mut touchpoint.replied_at);
    touchpoint.minutes = draft.int("minutes").set().map(|minutes| minutes as i32).or(touchpoint.minutes);
    Ok(touchpoint)
}

/// Writes answers to surveys.
pub(super) async fn responses(tx: &Tx, drafts: &[&Draft], from: From) -> Outcomes {
    let owners = Owners::find(tx, drafts, from).await?;
    let people = People(owner::people(tx, drafts).await?);
    let merge = |draft: &Draft, before: Option<&SurveyResponse>| response(before, draft, &owners, &people, from);
    Ok(taken(save::named(tx, drafts, from, merge).await?))
}

fn response(
    before: Option<&SurveyResponse>,
    draft: &Draft,
    owners: &Owners,
    people: &People,
    from: From,
) -> Result<SurveyResponse, Refusal> {
    let account_id = owners.of_known(draft, before.map(|before| before.account_id))?;
    let kind = draft.text("kind").set().and_then(|word| word.parse::<survey_response::Kind>().ok());
    let kind = kind.or(before.map(|before| before.kind));
    let score = draft.int("score").set().map(|score| score as i16).or(before.map(|before| before.score));
    let occurred_at = draft.instant("occurred_at").set().or(before.map(|before| before.occurred_at));
    let (Some(kind), Some(score), Some(occurred_at)) = (kind, score, occurred_at) else {
        return Err(missing("score", "an answer needs its kind, its score and the moment it was given"));
    };
    let mut comment = before.and_then(|before| before.comment.clone());
    draft.text("comment").apply(&mut comment);
    Ok(SurveyResponse {
        id: before.map_or(0, |before| before.id),
        account_id,
        contact_id: people.contact(draft, account_id, before.and_then(|before| before.contact_id)),
        kind,
        score,
        comment,
        occurred_at,
        source_id: before.map_or(from.source_id, |before| before.source_id),
        recorded_at: from.now,
    })
}
