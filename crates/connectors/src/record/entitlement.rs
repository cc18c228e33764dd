//! The importable fields of an entitlement: a feature an account has paid for. One without an id is known by its
//! account, its feature and the day it began.

use super::field::{Field, Kind, LINE, OF_ACCOUNT, field, required};
use super::{KEY, Object};

pub(super) const FIELDS: &[Field] = &[
    field(KEY, Kind::Key, &["entitlementid", "id", "key"], "The entitlement's id in the source."),
    required("account", Kind::Ref(Object::Account), OF_ACCOUNT, "The account that may use it."),
    required(
        "feature",
        Kind::Text(LINE),
        &["featurename", "featurekey", "name", "module", "addon", "funktion"],
        "The feature, as its events name it.",
    ),
    field("effective_from", Kind::Day, &["startdate", "start", "from", "activatedat"], "The first day it may be used."),
    field("effective_to", Kind::Day, &["enddate", "end", "to", "expiresat"], "The first day it may no longer be used."),
];
