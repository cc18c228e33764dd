//! The importable fields of a milestone, a step of a journey with its weight. One without an id is known by its
//! account and title.

use super::field::{Field, Kind, LINE, OF_ACCOUNT, field, required};
use super::{KEY, Object};

pub(super) const FIELDS: &[Field] = &[
    field(KEY, Kind::Key, &["milestoneid", "id", "key"], "The milestone's id in the source."),
    required("account", Kind::Ref(Object::Account), OF_ACCOUNT, "The account that is to reach it."),
    required("title", Kind::Text(LINE), &["name", "milestone", "milestonename", "step"], "What is to be reached."),
    field("weight", Kind::Int(0, 1_000_000), &["points", "gewicht"], "How much it counts; one unless said otherwise."),
    required(
        "due_on",
        Kind::Day,
        &["due", "duedate", "dueat", "planned", "planneddate"],
        "The day it should be reached.",
    ),
    field(
        "reached_on",
        Kind::Day,
        &["reached", "reachedat", "completed", "completedat", "completedon", "completiondate", "done"],
        "The day it was reached.",
    ),
];
