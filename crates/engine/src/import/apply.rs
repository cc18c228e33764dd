//! One draft onto the records: what it speaks of changes, what it does not speak of stays, and the version before
//! is kept by the store. Which words a source uses for a field is settled before, in the mapping.

use connectors::record::{Code, Draft, Given, Object};
use domain::{Day, Instant, time::day_of};
use store::{
    Account, Contact, ContactRole, Invoice, Subscription, SubscriptionItem, Ticket, Tx, contact_role,
    record::{self, Saved},
    subscription_item, ticket,
};

use super::{Orphans, Refusal, Taken, account};
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
}

type Outcome = Result<Result<Taken, Refusal>, EngineError>;

/// Writes one draft. A refusal leaves nothing half-done.
pub(crate) async fn draft(tx: &Tx, draft: &Draft, from: From) -> Outcome {
    match draft.object {
        Object::Account => account::apply(tx, draft, from).await,
        Object::Contact => contact(tx, draft, from).await,
        Object::Subscription => subscription(tx, draft, from).await,
        Object::SubscriptionItem => subscription_item_of(tx, draft, from).await,
        Object::Invoice => invoice(tx, draft, from).await,
        Object::Ticket => ticket_of(tx, draft, from).await,
        Object::PaymentAttempt | Object::Touchpoint | Object::SurveyResponse | Object::Event => Ok(Err(Refusal {
            field: "object",
            code: Code::BadType,
            sentence: format!("{} cannot be imported this way", draft.object.as_str()),
        })),
    }
}

fn taken(saved: Saved, account_id: i64) -> Taken {
    Taken { saved, account_id: Some(account_id), contact_id: None }
}

/// The account a draft names, introduced first where that is allowed.
pub(crate) async fn owner(tx: &Tx, draft: &Draft, from: From) -> Result<Result<Account, Refusal>, EngineError> {
    let Given::Set(key) = draft.text("account") else {
        return Ok(Err(missing("account", "the record names no account: map the column that holds its id")));
    };
    if let Some(account) = store::account::find_by_external_id(tx, key).await? {
        return Ok(Ok(account));
    }
    match from.orphans {
        Orphans::Refuse => Ok(Err(Refusal {
            field: "account",
            code: Code::UnknownRecord,
            sentence: format!("no account has the id `{key}`: import accounts first, or let the import create them"),
        })),
        Orphans::CreateAccount => Ok(Ok(record::insert(tx, account::blank(key, from)).await?)),
    }
}

fn missing(field: &'static str, sentence: &str) -> Refusal {
    Refusal { field, code: Code::MissingValue, sentence: sentence.to_owned() }
}

fn text(given: Given<&str>, target: &mut Option<String>) {
    given.apply(target);
}

async fn contact(tx: &Tx, draft: &Draft, from: From) -> Outcome {
    let account = match owner(tx, draft, from).await? {
        Ok(account) => account,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let today = day_of(from.now);
    let merge = |before: Option<&Contact>| {
        let mut contact = before.cloned().unwrap_or_else(|| Contact {
            id: 0,
            account_id: account.id,
            external_id: Some(draft.key.clone()),
            name: draft.key.clone(),
            email: None,
            title: None,
            effective_from: today,
            effective_to: None,
            source_id: from.source_id,
            recorded_at: from.now,
        });
        contact.recorded_at = from.now;
        contact.account_id = account.id;
        if let Given::Set(name) = draft.text("name") {
            name.clone_into(&mut contact.name);
        } else if let (None, Given::Set(email)) = (before, draft.text("email")) {
            email.clone_into(&mut contact.name);
        }
        text(draft.text("email"), &mut contact.email);
        text(draft.text("title"), &mut contact.title);
        if let Given::Set(day) = draft.day("effective_from") {
            contact.effective_from = day;
        }
        draft.day("effective_to").apply(&mut contact.effective_to);
        contact
    };
    let (mut saved, contact) = record::upsert::<Contact>(tx, from.source_id, &draft.key, merge).await?;
    if let Given::Set(word) = draft.text("role") {
        let Ok(role) = word.parse::<contact_role::Role>() else {
            return Ok(Err(Refusal {
                field: "role",
                code: Code::BadChoice,
                sentence: format!("`{word}` is no role of a contact"),
            }));
        };
        if !contact_role::has(tx, contact.id, role, today).await? {
            let fact = ContactRole {
                id: 0,
                contact_id: contact.id,
                account_id: account.id,
                role,
                effective_from: contact.effective_from,
                effective_to: None,
                recorded_at: from.now,
            };
            record::insert(tx, fact).await?;
            saved = if saved == Saved::Unchanged { Saved::Updated } else { saved };
        }
    }
    Ok(Ok(Taken { saved, account_id: Some(account.id), contact_id: Some(contact.id) }))
}

async fn subscription(tx: &Tx, draft: &Draft, from: From) -> Outcome {
    let account = match owner(tx, draft, from).await? {
        Ok(account) => account,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let starts = draft.day("effective_from").set().unwrap_or_else(|| day_of(from.now));
    if let Given::Set(ends) = draft.day("effective_to")
        && ends <= starts
    {
        return Ok(Err(Refusal {
            field: "effective_to",
            code: Code::OutOfRange,
            sentence: format!("the term ends on {ends}, not after its start on {starts}"),
        }));
    }
    let merge = |before: Option<&Subscription>| {
        let mut subscription =
            before.cloned().unwrap_or_else(|| blank_subscription(&account, &draft.key, starts, from));
        subscription.recorded_at = from.now;
        subscription.account_id = account.id;
        if let Given::Set(name) = draft.text("name") {
            name.clone_into(&mut subscription.name);
        }
        if let Given::Set(currency) = draft.text("currency") {
            currency.clone_into(&mut subscription.currency);
        }
        if let Given::Set(months) = draft.int("period_months") {
            subscription.period_months = months as i32;
        }
        if let Given::Set(days) = draft.int("notice_days") {
            subscription.notice_days = days as i32;
        }
        if let Given::Set(renews) = draft.bool("auto_renew") {
            subscription.auto_renew = renews;
        }
        if let Given::Set(day) = draft.day("effective_from") {
            subscription.effective_from = day;
        }
        draft.day("effective_to").apply(&mut subscription.effective_to);
        draft.day("cancelled_on").apply(&mut subscription.cancelled_on);
        subscription
    };
    let (saved, subscription) = record::upsert::<Subscription>(tx, from.source_id, &draft.key, merge).await?;
    let line = line(tx, draft, &subscription, from).await?;
    Ok(Ok(taken(either(saved, line), account.id)))
}

pub(crate) fn blank_subscription(account: &Account, key: &str, starts: Day, from: From) -> Subscription {
    Subscription {
        id: 0,
        account_id: account.id,
        external_id: Some(key.to_owned()),
        name: key.to_owned(),
        currency: account.currency.clone(),
        period_months: 12,
        notice_days: 0,
        auto_renew: true,
        effective_from: starts,
        effective_to: None,
        cancelled_on: None,
        source_id: from.source_id,
        recorded_at: from.now,
    }
}

/// The one line of a subscription whose draft carries its amount: the running item is ended and a new one begun when it differs.
pub(crate) async fn line(
    tx: &Tx,
    draft: &Draft,
    subscription: &Subscription,
    from: From,
) -> Result<Saved, EngineError> {
    let monthly = match (draft.cents("mrr_cents"), draft.cents("arr_cents")) {
        (Given::Set(cents), _) => cents,
        (_, Given::Set(cents)) => cents / 12,
        _ => return Ok(Saved::Unchanged),
    };
    let seats = draft.int("quantity").set().or_else(|| draft.int("seats").set());
    let unit = match draft.text("unit") {
        Given::Set("seat") => subscription_item::Unit::Seat,
        Given::Set(_) => subscription_item::Unit::Flat,
        _ if seats.is_some() => subscription_item::Unit::Seat,
        _ => subscription_item::Unit::Flat,
    };
    let running = subscription_item::running(tx, subscription.id).await?;
    let word = |field: &str, known: Option<&String>, otherwise: &str| match draft.text(field) {
        Given::Set(text) => text.to_owned(),
        _ => known.map_or_else(|| otherwise.to_owned(), String::clone),
    };
    let item = SubscriptionItem {
        id: 0,
        subscription_id: subscription.id,
        account_id: subscription.account_id,
        product: word("product", running.as_ref().map(|item| &item.product), "Subscription"),
        plan: word("plan", running.as_ref().map(|item| &item.plan), "Standard"),
        unit,
        quantity: seats.unwrap_or(1),
        mrr_cents: monthly,
        currency: subscription.currency.clone(),
        effective_from: subscription.effective_from,
        effective_to: subscription.cancelled_on.and(subscription.effective_to),
        recorded_at: from.now,
    };
    put_line(tx, running, item, from).await
}

async fn put_line(
    tx: &Tx,
    running: Option<SubscriptionItem>,
    mut item: SubscriptionItem,
    from: From,
) -> Result<Saved, EngineError> {
    let Some(running) = running else {
        record::insert(tx, item).await?;
        return Ok(Saved::Created);
    };
    let same = SubscriptionItem {
        id: item.id,
        recorded_at: item.recorded_at,
        effective_from: item.effective_from,
        ..running.clone()
    };
    if same == item {
        return Ok(Saved::Unchanged);
    }
    let today = day_of(from.now);
    if running.mrr_cents == item.mrr_cents && running.quantity == item.quantity || running.effective_from >= today {
        item.id = running.id;
        item.effective_from = running.effective_from;
        return Ok(record::update(tx, item).await?.0);
    }
    // The amount changed: the old line ends today and the new one begins.
    record::edit::<SubscriptionItem>(tx, running.id, from.now, |old| old.effective_to = Some(today)).await?;
    item.effective_from = today;
    record::insert(tx, item).await?;
    Ok(Saved::Updated)
}

pub(crate) fn either(a: Saved, b: Saved) -> Saved {
    match (a, b) {
        (Saved::Created, _) => Saved::Created,
        (Saved::Unchanged, Saved::Unchanged) => Saved::Unchanged,
        _ => Saved::Updated,
    }
}

async fn subscription_item_of(tx: &Tx, draft: &Draft, from: From) -> Outcome {
    let Given::Set(key) = draft.text("subscription") else {
        return Ok(Err(missing("subscription", "the line names no subscription")));
    };
    let Some(subscription) = store::subscription::find_by_external_id(tx, from.source_id, key).await? else {
        let sentence = format!("no subscription has the id `{key}`: import subscriptions first");
        return Ok(Err(Refusal { field: "subscription", code: Code::UnknownRecord, sentence }));
    };
    let saved = line(tx, draft, &subscription, from).await?;
    Ok(Ok(taken(saved, subscription.account_id)))
}

async fn invoice(tx: &Tx, draft: &Draft, from: From) -> Outcome {
    let account = match owner(tx, draft, from).await? {
        Ok(account) => account,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let (Given::Set(amount_cents), Given::Set(issued_on)) = (draft.cents("amount_cents"), draft.day("issued_on"))
    else {
        return Ok(Err(missing("amount_cents", "an invoice needs an amount and the day it was issued")));
    };
    let subscription = match draft.text("subscription") {
        Given::Set(key) => store::subscription::find_by_external_id(tx, from.source_id, key).await?,
        _ => None,
    };
    let merge = |before: Option<&Invoice>| {
        let mut invoice = before.cloned().unwrap_or_else(|| Invoice {
            id: 0,
            account_id: account.id,
            subscription_id: None,
            external_id: Some(draft.key.clone()),
            amount_cents,
            currency: account.currency.clone(),
            issued_on,
            due_on: issued_on,
            paid_on: None,
            voided_on: None,
            source_id: from.source_id,
            recorded_at: from.now,
        });
        invoice.recorded_at = from.now;
        (invoice.amount_cents, invoice.issued_on) = (amount_cents, issued_on);
        invoice.subscription_id = subscription.as_ref().map(|subscription| subscription.id).or(invoice.subscription_id);
        if let Given::Set(currency) = draft.text("currency") {
            currency.clone_into(&mut invoice.currency);
        }
        if let Given::Set(day) = draft.day("due_on") {
            invoice.due_on = day;
        }
        draft.day("paid_on").apply(&mut invoice.paid_on);
        draft.day("voided_on").apply(&mut invoice.voided_on);
        invoice
    };
    let (saved, _) = record::upsert::<Invoice>(tx, from.source_id, &draft.key, merge).await?;
    Ok(Ok(taken(saved, account.id)))
}

async fn ticket_of(tx: &Tx, draft: &Draft, from: From) -> Outcome {
    let account = match owner(tx, draft, from).await? {
        Ok(account) => account,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let Given::Set(opened_at) = draft.instant("opened_at") else {
        return Ok(Err(missing("opened_at", "a ticket needs the moment it was opened")));
    };
    let merge = |before: Option<&Ticket>| {
        let mut ticket = before.cloned().unwrap_or_else(|| Ticket {
            id: 0,
            account_id: account.id,
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
        ticket.opened_at = opened_at;
        if let Given::Set(subject) = draft.text("subject") {
            subject.clone_into(&mut ticket.subject);
        }
        if let Given::Set(priority) = draft.text("priority")
            && let Ok(priority) = priority.parse()
        {
            ticket.priority = priority;
        }
        draft.instant("first_response_at").apply(&mut ticket.first_response_at);
        draft.instant("resolved_at").apply(&mut ticket.resolved_at);
        draft.instant("escalated_at").apply(&mut ticket.escalated_at);
        ticket.csat = draft.int("csat").set().map(|score| score as i16).or(ticket.csat);
        ticket
    };
    let (saved, _) = record::upsert::<Ticket>(tx, from.source_id, &draft.key, merge).await?;
    Ok(Ok(taken(saved, account.id)))
}
