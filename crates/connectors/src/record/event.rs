//! The importable fields of an event. The user is an opaque id of the source, never
//! a name; columns that are kept without a field of ours become properties.

use super::field::{Field, Kind, LINE, MAX_KEY_BYTES, field, required};
use super::{KEY, Object};

pub(super) const FIELDS: &[Field] = &[
    field(
        KEY,
        Kind::Key,
        &["messageid", "eventid", "id", "key", "uuid"],
        "The event's id in the source; derived from its content where there is none.",
    ),
    field(
        "account",
        Kind::Ref(Object::Account),
        &[
            "accountid",
            "companyid",
            "customerid",
            "customer",
            "groupid",
            "organizationid",
            "orgid",
            "tenantid",
            "kundennummer",
            "kundennr",
        ],
        "The account it belongs to.",
    ),
    field(
        "user",
        Kind::Text(MAX_KEY_BYTES),
        &["userid", "contactid", "personid", "distinctid", "anonymousid"],
        "The opaque id of who did it.",
    ),
    required(
        "name",
        Kind::Text(LINE),
        &["event", "eventname", "eventtype", "action", "activity", "feature", "featurename", "ereignis"],
        "What happened.",
    ),
    required(
        "occurred_at",
        Kind::Past,
        &[
            "timestamp",
            "time",
            "date",
            "occurredat",
            "createdat",
            "created",
            "usagedate",
            "eventtime",
            "datum",
            "zeitpunkt",
        ],
        "When it happened.",
    ),
    field(
        "quantity",
        Kind::Int(0, i64::MAX),
        &["count", "qty", "usagecount", "units", "numberofcds", "menge", "anzahl"],
        "How many; one unless said otherwise.",
    ),
    field(
        "revenue_cents",
        Kind::Cents,
        &["revenue", "dollarvalue", "price", "umsatz"],
        "What it earned; kept as a property.",
    ),
    field("currency", Kind::Currency, &["währung", "waehrung", "currencycode"], "The currency of the revenue."),
];
