//! The importable fields of an exchange rate: what one unit of a currency is worth in another from a day on. It is known by
//! the two currencies and the day, so a file sent again corrects what it said.

use super::KEY;
use super::field::{Field, Kind, LINE, field, required};

pub(super) const FIELDS: &[Field] = &[
    field(KEY, Kind::Key, &["rateid", "id", "key"], "The rate's id in the source."),
    required(
        "currency",
        Kind::Currency,
        &["fromcurrency", "from", "base", "basecurrency", "currencycode", "währung", "waehrung"],
        "The currency of which one unit is worth so much.",
    ),
    required(
        "into_currency",
        Kind::Currency,
        &["into", "tocurrency", "to", "quote", "quotecurrency", "reportingcurrency"],
        "The currency in which it is worth so much.",
    ),
    required(
        "effective_on",
        Kind::Day,
        &["day", "date", "validfrom", "effectivefrom", "datum"],
        "The first day it holds; it does until the next rate of the two.",
    ),
    required(
        "rate",
        Kind::Text(LINE),
        &["exchangerate", "value", "kurs"],
        "How much one unit is worth, as a decimal with a point and at most nine places.",
    ),
];
