//! An account's timeline: what was said, asked, answered, noticed and done,
//! newest first, from the records themselves. It stores nothing of its own.

use domain::{Day, Instant, time::end_of};
use store::{change, survey_response, ticket, touchpoint};

use crate::{Engine, EngineError};

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// When.
    pub at: Instant,
    /// What kind of thing.
    pub kind: EntryKind,
    /// One line.
    pub title: String,
    /// More, where there is more.
    pub detail: Option<String>,
}

/// What a timeline shows. A closed list; each has its own mark on the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryKind {
    /// A call, meeting, mail, note or review.
    Touchpoint,
    /// A ticket was opened, escalated or resolved.
    Ticket,
    /// Somebody answered a survey.
    Response,
    /// A signal opened or closed, or health changed its band.
    Signal,
    /// A CTA was opened or worked.
    Work,
    /// Anything else that changed.
    Change,
}

/// The newest entries of an account up to the end of a day.
pub async fn timeline(engine: &Engine, account_id: i64, as_of: Day, most: usize) -> Result<Vec<Entry>, EngineError> {
    let db = engine.store().read();
    let (end, limit) = (end_of(as_of), most as u64);
    let mut entries = Vec::new();
    for touchpoint in touchpoint::until(db, account_id, end, limit).await? {
        let kind = touchpoint.kind.as_str();
        let title = if touchpoint.subject.is_empty() { kind.to_owned() } else { touchpoint.subject };
        entries.push(Entry { at: touchpoint.occurred_at, kind: EntryKind::Touchpoint, title, detail: touchpoint.body });
    }
    for ticket in ticket::until(db, account_id, end, limit).await? {
        entries.extend(of_ticket(&ticket));
    }
    for response in survey_response::until(db, account_id, end, limit).await? {
        let title = format!("{} answer: {}", response.kind.as_str().to_uppercase(), response.score);
        entries.push(Entry { at: response.occurred_at, kind: EntryKind::Response, title, detail: response.comment });
    }
    for change in change::until(db, account_id, end, limit).await? {
        entries.push(of_change(engine, &change));
    }
    entries.retain(|entry| entry.at < end);
    entries.sort_by_key(|entry| std::cmp::Reverse(entry.at));
    entries.truncate(most);
    Ok(entries)
}

fn of_ticket(ticket: &store::Ticket) -> impl Iterator<Item = Entry> + use<> {
    let moments = [
        (Some(ticket.opened_at), format!("Ticket opened: {}", ticket.subject)),
        (ticket.escalated_at, format!("Ticket escalated: {}", ticket.subject)),
        (ticket.resolved_at, format!("Ticket resolved: {}", ticket.subject)),
    ];
    let detail = format!("Priority {}", ticket.priority.as_str());
    moments.into_iter().filter_map(move |(at, title)| {
        Some(Entry { at: at?, kind: EntryKind::Ticket, title, detail: Some(detail.clone()) })
    })
}

/// A change in words. Detail fields a kind does not have are simply left out.
fn of_change(engine: &Engine, change: &store::Change) -> Entry {
    let field = |name: &str| change.detail.get(name).and_then(serde_json::Value::as_str).unwrap_or_default();
    let rule = |key: &str| engine.definitions().rule(key).map_or_else(|| key.to_owned(), |rule| rule.name.clone());
    let (kind, title) = match change.kind.as_str() {
        "signal.opened" => (EntryKind::Signal, format!("Signal opened: {}", rule(field("rule")))),
        "signal.closed" => (EntryKind::Signal, format!("Signal closed: {}", rule(field("rule")))),
        "health.band" => (EntryKind::Signal, format!("Health went from {} to {}", field("from"), field("to"))),
        "cta.opened" => (EntryKind::Work, format!("CTA opened: {}", field("title"))),
        "opportunity.opened" => (EntryKind::Work, format!("Opportunity: {}", field("title"))),
        "opportunity.changed" => (EntryKind::Work, format!("Opportunity {}: {}", field("to"), field("title"))),
        "cta.closed" => (EntryKind::Work, format!("CTA closed: {}", field("title"))),
        "cta.changed" => (EntryKind::Work, format!("CTA changed: {}", field("title"))),
        "account.merged" => (EntryKind::Change, format!("{} was merged into this account", field("name"))),
        "account.split" => (EntryKind::Change, format!("{} is an account of its own again", field("name"))),
        "account.changed" => (EntryKind::Change, "Fields were set by hand".to_owned()),
        "account.released" => (EntryKind::Change, format!("{} was released to its source", field("field"))),
        "contact.changed" => (EntryKind::Change, "What is known of a contact was set by hand".to_owned()),
        "contact.released" => (EntryKind::Change, format!("A contact's {} was released to its source", field("field"))),
        other => (EntryKind::Change, other.replace('.', " ")),
    };
    let detail = Some(field("detail").to_owned()).filter(|detail| !detail.is_empty());
    Entry { at: change.at, kind, title, detail }
}
