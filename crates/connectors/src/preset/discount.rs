//! What is taken off a whole contract, as a vendor lists it: discounts in full, or only by their ids. They become the one
//! text of the field `discounts` (`NAME 20% FROM UNTIL; NAME 5.00 USD FROM`), in which a name alone says that it still
//! holds. Deliberately absent: what became of a discount that is no longer listed, which is for whoever keeps the records.

use std::collections::BTreeMap;

use domain::money;
use serde::Deserialize;

use super::part::day;
use super::rate::{Months, decimal, rounded};
use super::spec::{Paths, Place};
use crate::json::Value;
use crate::record::Given;

/// Where discounts are listed, and where each says what it is.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Discounts {
    /// A list of discounts or their ids, or one discount; the place itself where nothing is named.
    of: Option<Paths>,
    /// What the vendor calls it.
    id: Paths,
    percent: Paths,
    /// An amount each period in minor units.
    amount: Paths,
    currency: Paths,
    from: Paths,
    until: Paths,
    /// Words at paths with which it is none that recurs.
    #[serde(default)]
    unless: BTreeMap<String, Vec<String>>,
    /// The billing period, which only matters where it is no number of months.
    period: Option<Months>,
}

impl Discounts {
    /// The text of the field: absent where nothing is said, cleared where none is listed.
    pub(super) fn read(&self, place: Place<'_>) -> Given<String> {
        let listed = match &self.of {
            None => Some(place.here),
            Some(paths) => {
                let there = paths.first(place, |value| !matches!(value, Value::Null));
                there.or_else(|| paths.first(place, |_| true))
            }
        };
        let told: Vec<String> = match listed {
            None => return Given::Absent,
            Some(Value::Array(all)) => all.iter().filter_map(|one| self.one(place, one)).collect(),
            Some(one) => self.one(place, one).into_iter().collect(),
        };
        if told.is_empty() { Given::Cleared } else { Given::Set(told.join("; ")) }
    }

    fn one(&self, place: Place<'_>, discount: &Value<'_>) -> Option<String> {
        if let Some(id) = discount.as_id() {
            return Some(id.to_owned());
        }
        discount.as_object()?;
        let place = Place { here: discount, ..place };
        if place.says(&self.unless) {
            return None;
        }
        let word = |paths: &Paths| paths.first(place, |value| value.as_id().is_some())?.as_id();
        let name = word(&self.id).unwrap_or("discount").replace([' ', ';'], "_");
        let off = match word(&self.percent) {
            Some(percent) => format!("{percent}%"),
            None => match word(&self.amount).zip(word(&self.currency)) {
                Some((amount, currency)) => self.amount(place, amount, &currency.to_uppercase())?,
                // Nothing is said of what it takes off; that it holds is.
                None => return Some(name),
            },
        };
        let on = |paths: &Paths| day(paths, place).map_or_else(|| "-".to_owned(), |day| day.to_string());
        Some(format!("{name} {off} {} {}", on(&self.from), on(&self.until)))
    }

    /// An amount with its currency; of a period of weeks or days, what it comes to in twelve months.
    fn amount(&self, place: Place<'_>, minor: &str, currency: &str) -> Option<String> {
        let (digits, scale) = decimal(minor)?;
        let period = self.period.as_ref().and_then(|period| period.fraction(place));
        let (cents, months) = match period {
            Some((months, parts)) if parts != 1 => {
                (rounded(digits.checked_mul(12 * i128::from(parts))?, scale.checked_mul(months.into())?), "/12")
            }
            _ => (rounded(digits, scale), ""),
        };
        let places = money::decimals(currency) as usize;
        let digits = format!("{cents:0width$}", width = places + 1);
        let (whole, fraction) = digits.split_at(digits.len() - places);
        let point = if places == 0 { "" } else { "." };
        Some(format!("{whole}{point}{fraction} {currency}{months}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::parse;

    fn read(record: &str) -> Given<String> {
        let spec: Discounts = toml::from_str(
            "of = ['all', 'one']\nid = 'id'\npercent = 'c.percent'\namount = 'c.amount'\ncurrency = 'c.currency'\n\
             from = 'start'\nuntil = 'end'\nunless = { 'c.lasts' = ['once'] }\nperiod = { interval = '^.every' }",
        )
        .unwrap();
        let value = parse(record).unwrap().value;
        spec.read(Place { root: &value, here: &value })
    }

    #[test]
    fn discounts_are_told_with_their_names_amounts_and_days() {
        let told = |text: &str| Given::Set(text.to_owned());
        let amount = r#"{"one":{"id":"di_1","start":1768435200,"end":null,"c":{"amount":500,"currency":"usd"}}}"#;
        assert_eq!(read(amount), told("di_1 5.00 USD 2026-01-15 -"));
        let two = r#"{"all":[{"id":"a","c":{"percent":12.5}},"di_2",{"id":"b","c":{"amount":7,"currency":"jpy","lasts":"forever"}}]}"#;
        assert_eq!(read(two), told("a 12.5% - -; di_2; b 7 JPY - -"));
        let week = r#"{"every":"week","one":{"c":{"amount":5,"currency":"eur"}}}"#;
        assert_eq!(read(week), told("discount 2.61 EUR/12 - -"), "52.18 weeks of 0.05");
    }

    #[test]
    fn none_is_said_apart_from_nothing() {
        assert_eq!(read("{}"), Given::Absent);
        assert_eq!(read(r#"{"one":null}"#), Given::Cleared);
        assert_eq!(read(r#"{"all":[]}"#), Given::Cleared);
        assert_eq!(read(r#"{"all":[{"c":{"amount":5,"currency":"usd","lasts":"once"}}]}"#), Given::Cleared);
        assert_eq!(read(r#"{"all":[],"one":{"id":"x","c":{"coupon":"y"}}}"#), Given::Cleared, "the list counts");
    }
}
