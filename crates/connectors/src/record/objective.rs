//! The importable fields of an objective, a result agreed with an account. One without an id is known by its account
//! and title.

use super::choice::OBJECTIVE_KIND;
use super::field::{Field, Kind, LINE, OF_ACCOUNT, field, required};
use super::{KEY, Object};

pub(super) const FIELDS: &[Field] = &[
    field(KEY, Kind::Key, &["objectiveid", "goalid", "id", "key"], "The objective's id in the source."),
    required("account", Kind::Ref(Object::Account), OF_ACCOUNT, "The account it was agreed with."),
    required(
        "title",
        Kind::Text(LINE),
        &["name", "objective", "objectivename", "goal", "ziel"],
        "What is to be reached.",
    ),
    field("kind", Kind::Choice(OBJECTIVE_KIND), &["type", "objectivetype", "category"], "What kind of value it is."),
    field("unit", Kind::Text(LINE), &["measure", "einheit"], "What the numbers count."),
    field("baseline", Kind::Decimal, &["start", "startvalue", "from"], "Where it started."),
    field("target", Kind::Decimal, &["targetvalue", "to", "zielwert"], "Where it should get."),
    field("actual", Kind::Decimal, &["current", "currentvalue", "value", "istwert"], "Where it is."),
    field(
        "effective_from",
        Kind::Day,
        &["startdate", "agreed", "agreedon", "created", "createdat"],
        "The day it was agreed.",
    ),
    required("due_on", Kind::Day, &["due", "duedate", "dueat", "targetdate"], "The day it should be reached."),
    field(
        "achieved_on",
        Kind::Day,
        &["achieved", "achievedat", "completed", "completedat", "closedat"],
        "The day it was reached.",
    ),
];
