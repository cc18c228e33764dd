//! The importable fields of a survey response. The scale belongs to the kind: NPS
//! answers run from 0 to 10, CSAT from 1 to 5, CES from 1 to 7.

use super::choice::SURVEY_KIND;
use super::field::{BODY, Field, Kind, field, required};
use super::{KEY, Object};

pub(super) const FIELDS: &[Field] = &[
    field(KEY, Kind::Key, &["responseid", "surveyresponseid", "id", "key"], "The response's id in the source."),
    required(
        "account",
        Kind::Ref(Object::Account),
        &["accountid", "companyid", "customerid", "customer", "kundennummer", "kundennr"],
        "The account that answered.",
    ),
    field("contact_email", Kind::Email, &["email", "respondentemail"], "The person who answered."),
    required("kind", Kind::Choice(SURVEY_KIND), &["survey", "surveytype", "type"], "What was asked."),
    required("score", Kind::Int(0, 10), &["answer", "value", "nps", "rating"], "The answer."),
    field(
        "comment",
        Kind::Text(BODY),
        &["feedback", "feedbacktext", "text", "verbatim", "kommentar"],
        "The words that came with it.",
    ),
    required(
        "occurred_at",
        Kind::Past,
        &["date", "timestamp", "createdat", "created", "respondedat", "submittedat", "datum"],
        "When it was answered.",
    ),
];
