//! The importable fields of a support ticket. Our copy mirrors what the help desk
//! says; it holds no conversation.

use super::choice::PRIORITY;
use super::field::{Field, Kind, LINE, field, required};
use super::{KEY, Object};

pub(super) const FIELDS: &[Field] = &[
    required(
        KEY,
        Kind::Key,
        &["ticketid", "ticketnumber", "caseid", "casenumber", "conversationid", "id", "key"],
        "The ticket's id in the source.",
    ),
    required(
        "account",
        Kind::Ref(Object::Account),
        &["accountid", "companyid", "customerid", "customer", "organizationid", "orgid", "kundennummer", "kundennr"],
        "The account that asked.",
    ),
    field("contact_email", Kind::Email, &["email", "requesteremail"], "Who asked."),
    field("subject", Kind::Text(LINE), &["title", "summary", "betreff"], "What it is about."),
    field("priority", Kind::Choice(PRIORITY), &["severity", "priorität"], "How urgent it is."),
    required(
        "opened_at",
        Kind::Past,
        &["createdat", "created", "submittedat", "opened", "openedat", "date"],
        "When it was opened.",
    ),
    field(
        "first_response_at",
        Kind::Instant,
        &["firstresponse", "firstreplyat", "firstresponded", "respondedat"],
        "When it was first answered.",
    ),
    field("resolved_at", Kind::Instant, &["resolved", "closedat", "closed", "solvedat"], "When it was resolved."),
    field("escalated_at", Kind::Instant, &["escalated", "escalationdate"], "When it was escalated."),
    field(
        "csat",
        Kind::Int(1, 5),
        &["satisfactionscore", "satisfaction", "rating", "csatscore"],
        "How satisfied the customer was, 1 to 5.",
    ),
];
