//! The importable fields of a touchpoint: a call, meeting, mail, note or QBR. A
//! touchpoint may lie in the future, since meetings are planned.

use super::choice::{DIRECTION, TOUCHPOINT_KIND};
use super::field::{BODY, Field, Kind, LINE, field, required};
use super::{KEY, Object};

pub(super) const FIELDS: &[Field] = &[
    field(
        KEY,
        Kind::Key,
        &["touchpointid", "activityid", "engagementid", "id", "key"],
        "The touchpoint's id in the source.",
    ),
    required(
        "account",
        Kind::Ref(Object::Account),
        &["accountid", "companyid", "customerid", "customer", "kundennummer", "kundennr"],
        "The account it was with.",
    ),
    field("contact_email", Kind::Email, &["email"], "The person it was with."),
    field("member_email", Kind::Email, &["owneremail", "csmemail", "authoremail"], "The colleague who did it."),
    required("kind", Kind::Choice(TOUCHPOINT_KIND), &["type", "activitytype", "channel", "art"], "What was done."),
    field("direction", Kind::Choice(DIRECTION), &["richtung"], "Who started it."),
    field("subject", Kind::Text(LINE), &["title", "summary", "betreff"], "What it was about."),
    field("body", Kind::Text(BODY), &["note", "notes", "description", "text", "notiz"], "What was said."),
    required(
        "occurred_at",
        Kind::Instant,
        &["date", "timestamp", "createdat", "created", "activitydate", "datum"],
        "When it took place.",
    ),
    field("replied_at", Kind::Instant, &["replied", "replydate"], "When the other side answered."),
    field("minutes", Kind::Int(0, 10_080), &["duration", "durationminutes", "dauer"], "How long it took, in minutes."),
];
