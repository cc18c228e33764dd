//! The importable fields of an invoice. A purchase log is a file of invoices that
//! were paid on the day they were issued; map the date to both.

use super::field::{Field, Kind, field, required};
use super::{KEY, Object};

pub(super) const FIELDS: &[Field] = &[
    field(
        KEY,
        Kind::Key,
        &["invoiceid", "invoicenumber", "number", "id", "key", "rechnungsnummer", "rechnungsnr"],
        "The invoice's id in the source.",
    ),
    required(
        "account",
        Kind::Ref(Object::Account),
        &["accountid", "companyid", "customerid", "customer", "kundennummer", "kundennr"],
        "The account that owes it.",
    ),
    field("subscription", Kind::Ref(Object::Subscription), &["subscriptionid", "contractid"], "The contract it bills."),
    required(
        "amount_cents",
        Kind::Cents,
        &["amount", "total", "totalamount", "amountdue", "dollarvalue", "betrag", "rechnungsbetrag"],
        "What is owed.",
    ),
    field("currency", Kind::Currency, &["währung", "waehrung", "currencycode"], "The currency of the amount."),
    required(
        "issued_on",
        Kind::Day,
        &["issued", "issuedat", "invoicedate", "date", "created", "createdat", "rechnungsdatum", "datum"],
        "The day it was issued.",
    ),
    field(
        "due_on",
        Kind::Day,
        &["due", "duedate", "dueat", "fälligkeit", "fälligam", "faelligam"],
        "The day it is due.",
    ),
    field("paid_on", Kind::Day, &["paid", "paidat", "paymentdate", "paiddate", "bezahltam"], "The day it was paid."),
    field("voided_on", Kind::Day, &["voided", "voidedat", "voiddate", "storniertam"], "The day it was taken back."),
];
