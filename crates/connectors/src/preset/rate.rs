//! Prices a period made into money a month or a year, and periods into months. Amounts are
//! fractions of integers until the last step, which rounds to the nearest cent, ties
//! to even.

use serde::Deserialize;

use super::spec::{Paths, Place};
use crate::json::Value;

/// Recurring money a month: amount × quantity ÷ months.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Monthly {
    /// The price of one unit for one period, in minor units.
    amount: Paths,
    /// How many units; one where nothing is said.
    quantity: Option<Paths>,
    #[serde(flatten)]
    period: Months,
}

/// How long a billing period is.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Months {
    /// `day`, `week`, `month`, `quarter` or `year`.
    interval: Paths,
    /// How many of these; one where nothing is said.
    count: Option<Paths>,
}

impl Monthly {
    /// The money a month in minor units, when there is an amount and a period.
    pub(super) fn cents(&self, place: Place<'_>) -> Option<i64> {
        self.cents_in(1, place)
    }

    /// The money a year, which keeps the cents that a twelfth of a year's price loses.
    pub(super) fn yearly_cents(&self, place: Place<'_>) -> Option<i64> {
        self.cents_in(12, place)
    }

    fn cents_in(&self, target_months: i128, place: Place<'_>) -> Option<i64> {
        let (amount, scale) = decimal(self.amount.first(place, |value| value.as_id().is_some())?.as_id()?)?;
        let quantity = self.quantity.as_ref().map_or(Some(1), |paths| whole(paths, place))?;
        let (months, parts) = self.period.fraction(place)?;
        let above = amount.checked_mul(quantity.into())?.checked_mul(parts.into())?.checked_mul(target_months)?;
        let below = scale.checked_mul(months.into())?;
        i64::try_from(rounded(above, below)).ok()
    }
}

impl Months {
    /// The period in whole months; `None` for weeks and days.
    pub(super) fn count(&self, place: Place<'_>) -> Option<i64> {
        match self.fraction(place)? {
            (months, 1) => Some(months),
            _ => None,
        }
    }

    /// The period in months as a fraction: a year has 12 months, or 365.25 days of which seven are a week.
    pub(super) fn fraction(&self, place: Place<'_>) -> Option<(i64, i64)> {
        let interval = self.interval.first(place, |value| value.as_text().is_some())?.as_text()?;
        let count = self.count.as_ref().map_or(Some(1), |paths| whole(paths, place)).filter(|count| *count > 0)?;
        let (months, parts) = match interval {
            "month" => (1, 1),
            "quarter" => (3, 1),
            "year" => (12, 1),
            "week" => (12 * 4 * 7, 4 * 365 + 1),
            "day" => (12 * 4, 4 * 365 + 1),
            _ => return None,
        };
        Some((count.checked_mul(months)?, parts))
    }
}

/// A whole number at one of `paths`; one where it is missing or `null`.
fn whole(paths: &Paths, place: Place<'_>) -> Option<i64> {
    match paths.first(place, |value| !matches!(value, Value::Null)) {
        None => Some(1),
        Some(value) => value.as_id()?.parse().ok(),
    }
}

/// A plain decimal as digits over a power of ten.
pub(super) fn decimal(text: &str) -> Option<(i128, i128)> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if fraction.len() > 12 || !fraction.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let digits: i128 = format!("{whole}{fraction}").parse().ok()?;
    Some((digits, 10_i128.pow(fraction.len() as u32)))
}

/// `above / below` to the nearest integer, ties to even; `below` is positive.
pub(super) fn rounded(above: i128, below: i128) -> i128 {
    let (quotient, rest) = (above.div_euclid(below), above.rem_euclid(below));
    let up = match (rest * 2).cmp(&below) {
        std::cmp::Ordering::Less => false,
        std::cmp::Ordering::Greater => true,
        std::cmp::Ordering::Equal => quotient % 2 != 0,
    };
    quotient + i128::from(up)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::json::parse;

    fn monthly(record: &str) -> Option<i64> {
        let spec: Monthly = toml::from_str("amount = 'a'\nquantity = 'q'\ninterval = 'i'\ncount = 'c'").unwrap();
        let value = parse(record).unwrap().value;
        spec.cents(Place { root: &value, here: &value })
    }

    #[test]
    fn a_year_keeps_the_cents_a_twelfth_loses() {
        let spec: Monthly = toml::from_str("amount = 'a'\ninterval = 'i'").unwrap();
        let yearly = |record: &str| {
            let value = parse(record).unwrap().value;
            spec.yearly_cents(Place { root: &value, here: &value })
        };
        assert_eq!(yearly(r#"{"a":9000050,"i":"year"}"#), Some(9_000_050));
        assert_eq!(monthly(r#"{"a":9000050,"i":"year"}"#).map(|cents| cents * 12), Some(9_000_048));
        assert_eq!(yearly(r#"{"a":2500,"i":"month"}"#), Some(30_000));
    }

    #[test]
    fn prices_become_money_a_month() {
        assert_eq!(monthly(r#"{"a":250000,"q":3,"i":"month","c":1}"#), Some(750_000));
        assert_eq!(monthly(r#"{"a":120000,"i":"year"}"#), Some(10_000));
        assert_eq!(monthly(r#"{"a":30000,"i":"month","c":3}"#), Some(10_000));
        assert_eq!(monthly(r#"{"a":1200,"i":"week"}"#), Some(5_218), "4.348 weeks");
        assert_eq!(monthly(r#"{"a":12,"i":"day"}"#), Some(365));
        assert_eq!(monthly(r#"{"a":"0.5","q":1001,"i":"month"}"#), Some(500), "500.5 to even");
        assert_eq!(monthly(r#"{"a":100,"q":null,"i":"month"}"#), Some(100));
    }

    #[test]
    fn without_a_price_or_a_period_there_is_none() {
        for record in [
            r#"{"i":"month"}"#,
            r#"{"a":null,"i":"month"}"#,
            r#"{"a":100}"#,
            r#"{"a":100,"i":"blue moon"}"#,
            r#"{"a":100,"i":"month","c":0}"#,
            r#"{"a":"x","i":"month"}"#,
            r#"{"a":99999999999999999999999999999999999,"q":9223372036854775807,"i":"day"}"#,
        ] {
            assert_eq!(monthly(record), None, "{record}");
        }
    }

    proptest! {
        #[test]
        fn rounding_is_nearest(above in -1_000_000_i128..1_000_000, below in 1_i128..10_000) {
            let result = rounded(above, below);
            prop_assert!((result * below - above).abs() * 2 <= below);
        }
    }
}
