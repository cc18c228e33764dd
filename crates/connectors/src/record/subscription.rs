//! The importable fields of a subscription. Plan, quantity and amount describe the
//! single line of a one-line contract; contracts with several lines send items.

use super::choice::UNIT;
use super::field::{BODY, Field, Kind, LINE, field, required};
use super::{KEY, Object};

pub(super) const FIELDS: &[Field] = &[
    required(
        KEY,
        Kind::Key,
        &["subscriptionid", "contractid", "contractnumber", "licenseid", "id", "key", "vertragsnummer", "vertragsnr"],
        "The subscription's id in the source.",
    ),
    required(
        "account",
        Kind::Ref(Object::Account),
        &["accountid", "companyid", "customerid", "customer", "organizationid", "orgid", "kundennummer", "kundennr"],
        "The account that pays.",
    ),
    field("name", Kind::Text(LINE), &["subscriptionname", "contractname", "vertrag"], "What the contract is called."),
    field("currency", Kind::Currency, &["währung", "waehrung", "currencycode"], "The currency of its amounts."),
    field(
        "period_months",
        Kind::Months,
        &["billingfrequency", "billingperiod", "billinginterval", "interval", "termmonths", "term", "laufzeit"],
        "How many months it is billed for at a time.",
    ),
    field(
        "notice_days",
        Kind::Int(0, 3_660),
        &["noticeperiod", "noticeperioddays", "kündigungsfrist"],
        "How many days before its end it must be cancelled.",
    ),
    field(
        "auto_renew",
        Kind::Bool,
        &["autorenewflag", "autorenewal", "autorenews", "verlängerung"],
        "Whether it renews unless cancelled.",
    ),
    field(
        "effective_from",
        Kind::Day,
        &["startdate", "start", "from", "startedat", "contractstart", "vertragsbeginn"],
        "The first day of the contract.",
    ),
    field(
        "effective_to",
        Kind::Day,
        &[
            "enddate",
            "end",
            "to",
            "endsat",
            "contractend",
            "contractenddate",
            "renewaldate",
            "renewal",
            "currentperiodend",
            "vertragsende",
        ],
        "The day it ends unless renewed.",
    ),
    field(
        "cancelled_on",
        Kind::Day,
        &["cancelledat", "canceledat", "canceledon", "cancellationdate", "churndate", "kündigungsdatum"],
        "The day notice was given.",
    ),
    field(
        "signed_on",
        Kind::Day,
        &["signedat", "signeddate", "signaturedate", "closedate", "unterschrieben"],
        "The day it was signed.",
    ),
    field(
        "continues",
        Kind::Ref(Object::Subscription),
        &["continuesid", "renewsid", "renewalof", "previouscontract", "replaces"],
        "The contract it took over: of the same account for a renewal, of a sibling for a transfer.",
    ),
    field(
        "paused_on",
        Kind::Day,
        &["pausedat", "pausestart", "holdfrom", "pausiert"],
        "The first day on which nothing is owed, while it is paused.",
    ),
    field(
        "resumes_on",
        Kind::Day,
        &["resumesat", "resumedate", "pauseend", "holduntil"],
        "The first day on which it is owed again.",
    ),
    field(
        "paused",
        Kind::Bool,
        &["ispaused", "onhold"],
        "Whether nothing is owed now, where a source does not say since when; `changed_on` is the day of its word.",
    ),
    field(
        "discounts",
        Kind::Text(BODY),
        &["contractdiscounts"],
        "All that is taken off the whole each period, parted by `;`: a name, `20%` or `5.00 USD`, the first day and the \
         first day without, `-` for none. A name alone stays as it is, and one that is missing has ended.",
    ),
    field("discount", Kind::Text(LINE), &[], "One of these discounts, beside the others."),
    field(
        "changed_on",
        Kind::Day,
        &["changedat", "changeeffective"],
        "The day from which it is paused or not and discounts are missing; today where it is absent.",
    ),
    field("product", Kind::Text(LINE), &["productname", "produkt"], "What is sold."),
    field("plan", Kind::Text(LINE), &["planname", "plantier", "tarif"], "Under which plan."),
    field("unit", Kind::Choice(UNIT), &["billingunit"], "How it is counted."),
    field(
        "quantity",
        Kind::Int(0, i64::MAX),
        &["seats", "licenses", "licences", "lizenzen", "menge"],
        "How many units.",
    ),
    field("mrr_cents", Kind::Cents, &["mrr", "mrramount", "monthlyamount"], "Recurring revenue a month."),
    field("arr_cents", Kind::Cents, &["arr", "arramount", "annualamount", "acv"], "Recurring revenue a year."),
];
