//! The importable fields of a line of a contract. A change of amount is a new line
//! with the date it takes effect.

use super::choice::{CHARGE, UNIT};
use super::field::{BODY, Field, Kind, LINE, field, required};
use super::{KEY, Object};

pub(super) const FIELDS: &[Field] = &[
    required(KEY, Kind::Key, &["itemid", "subscriptionitemid", "lineid", "id", "key"], "The line's id in the source."),
    required(
        "subscription",
        Kind::Ref(Object::Subscription),
        &["subscriptionid", "contractid"],
        "The contract it belongs to.",
    ),
    field(
        "account",
        Kind::Ref(Object::Account),
        &["accountid", "companyid", "customerid", "customer"],
        "The account, where the source names it again.",
    ),
    field("product", Kind::Text(LINE), &["productname", "produkt"], "What is sold."),
    field("plan", Kind::Text(LINE), &["planname", "price", "priceid", "tarif"], "Under which plan."),
    field("unit", Kind::Choice(UNIT), &["billingunit"], "How it is counted."),
    field("quantity", Kind::Int(0, i64::MAX), &["seats", "licenses", "menge"], "How many units."),
    field("mrr_cents", Kind::Cents, &["mrr", "mrramount", "monthlyamount"], "Recurring revenue a month."),
    field(
        "arr_cents",
        Kind::Cents,
        &["arr", "arramount", "annualamount"],
        "Recurring revenue a year; says more than a month where both are given.",
    ),
    field(
        "amount_cents",
        Kind::Cents,
        &["amount", "periodamount", "listprice", "betrag"],
        "List price of the whole line each period, where it is neither of a month nor of a year.",
    ),
    field(
        "period_months",
        Kind::Months,
        &["billingfrequency", "billingperiod", "billinginterval", "interval"],
        "How many months that amount is for.",
    ),
    field("charge", Kind::Choice(CHARGE), &["chargetype", "pricingmodel", "billingtype"], "How it is charged."),
    field(
        "discount_percent",
        Kind::Text(LINE),
        &["discount", "discountpct", "rabatt"],
        "What is taken off the list price, in percent with at most two places.",
    ),
    field(
        "discount_cents",
        Kind::Cents,
        &["discountamount", "amountoff", "rabattbetrag"],
        "What is taken off each period as an amount, where it is no percentage.",
    ),
    field(
        "discount_until",
        Kind::Day,
        &["discountend", "discountenddate", "discountto"],
        "The first day without the discount.",
    ),
    field("currency", Kind::Currency, &["währung", "waehrung", "currencycode"], "The currency of the amount."),
    field("effective_from", Kind::Day, &["startdate", "start", "from"], "The first day of this line."),
    field("effective_to", Kind::Day, &["enddate", "end", "to"], "The first day it no longer applies."),
    field(
        "trial_to",
        Kind::Day,
        &["trialend", "trialendson"],
        "The first day after a free trial; nothing recurs before.",
    ),
    field(
        "changed_on",
        Kind::Day,
        &["changedat", "changeeffective"],
        "The day from which the amount is the new one, where a source changes lines in place; today where it is absent.",
    ),
    field(
        "lines",
        Kind::Text(BODY),
        &[],
        "The ids of all lines that the contract has, with spaces between: any other line of it has ended.",
    ),
];
