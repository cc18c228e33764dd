//! The importable fields of a payment attempt: when somebody tried to collect an
//! invoice, and whether that failed. The money itself is on the invoice.

use super::field::{Field, Kind, LINE, field, required};
use super::{KEY, Object};

pub(super) const FIELDS: &[Field] = &[
    field(KEY, Kind::Key, &["attemptid", "chargeid", "paymentid", "id", "key"], "The attempt's id in the source."),
    field(
        "account",
        Kind::Ref(Object::Account),
        &["accountid", "companyid", "customerid", "customer"],
        "The account that was charged.",
    ),
    required("invoice", Kind::Ref(Object::Invoice), &["invoiceid", "invoicenumber"], "The invoice it was for."),
    required(
        "occurred_at",
        Kind::Past,
        &["date", "created", "createdat", "timestamp", "attemptedat"],
        "When it was tried.",
    ),
    required("failed", Kind::Bool, &["isfailed"], "Whether it failed."),
    field("reason", Kind::Text(LINE), &["failurereason", "failuremessage", "failurecode"], "Why it failed."),
];
