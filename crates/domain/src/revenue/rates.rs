//! Currencies and their dated rates. A [`View`] says in which currency a book is read: amounts are converted at the rate of
//! the first day of their month, so that inside a month no movement comes from a rate, and what the next month's rate
//! changes is a movement of its own. A converted line is a whole number of minor units; what rounding left is a line too.

use std::{collections::BTreeMap, fmt, str::FromStr};

use super::{
    Line,
    amount::{Arr, PARTS},
    ledger::month_of,
    mutant::{Mutant, broken},
};
use crate::{Day, money::decimals};

/// An ISO 4217 code.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency([u8; 3]);

impl Currency {
    /// The dollar of the United States.
    pub const USD: Self = Self(*b"USD");

    /// The code.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("???")
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Currency {
    type Err = RateError;

    fn from_str(text: &str) -> Result<Self, RateError> {
        match text.trim().as_bytes() {
            [a, b, c] if [a, b, c].iter().all(|letter| letter.is_ascii_alphabetic()) => {
                Ok(Self([a, b, c].map(u8::to_ascii_uppercase)))
            }
            _ => Err(RateError::NoCurrency(text.to_owned())),
        }
    }
}

/// How many units of one currency another is worth, as a decimal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    numerator: i64,
    denominator: i64,
}

/// Why a text is no rate or no currency.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RateError {
    /// Not three letters.
    #[error("`{0}` is no currency: write the three letters of ISO 4217, like EUR")]
    NoCurrency(String),
    /// Not a positive decimal of at most nine places.
    #[error("`{0}` is no rate: write a decimal above zero with at most nine places, like 1.0843")]
    NoRate(String),
}

impl FromStr for Rate {
    type Err = RateError;

    fn from_str(text: &str) -> Result<Self, RateError> {
        let refuse = || RateError::NoRate(text.to_owned());
        let (whole, places) = text.trim().split_once('.').unwrap_or((text.trim(), ""));
        let digits = format!("{whole}{places}");
        if places.len() > 9 || digits.len() > 15 || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
            return Err(refuse());
        }
        let numerator: i64 = digits.parse().map_err(|_| refuse())?;
        let rate = Self { numerator, denominator: 10_i64.pow(places.len() as u32) };
        if numerator > 0 { Ok(rate) } else { Err(refuse()) }
    }
}

/// Rates into one currency, by currency and the day they hold from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rates(BTreeMap<Currency, BTreeMap<Day, Rate>>);

/// An amount in a currency that has no rate on a day.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no rate from {currency} to {into} on {day} or before: add one, or ask for {currency} by itself")]
pub struct NoRate {
    /// The currency of the amount.
    pub currency: Currency,
    /// The currency that was asked for.
    pub into: Currency,
    /// The day it was needed.
    pub day: Day,
}

impl Rates {
    /// No rates: every amount is read in its own currency, or not at all.
    pub const fn none() -> Self {
        Self(BTreeMap::new())
    }

    /// Adds a rate that holds from a day until the next.
    pub fn insert(&mut self, currency: Currency, from: Day, rate: Rate) {
        self.0.entry(currency).or_default().insert(from, rate);
    }

    /// The rate of a currency on a day.
    pub fn on(&self, currency: Currency, day: Day) -> Option<Rate> {
        self.0.get(&currency)?.range(..=day).next_back().map(|(_, rate)| *rate)
    }
}

/// The currency a book is read in.
#[derive(Debug, Clone, Copy)]
pub struct View<'a> {
    /// That currency.
    pub currency: Currency,
    /// Rates into it.
    pub rates: &'a Rates,
    /// Days without revenue after which a return is *new* and no longer a *reactivation*; `None` for never.
    pub reactivation_days: Option<u32>,
}

impl View<'_> {
    /// Whether an amount needs no rate.
    pub(super) fn is_native(&self, line: &Line) -> bool {
        line.currency == self.currency
    }

    /// The value of a line as of a day; nothing where there is no rate, which [`super::Ledger::unrated`] tells.
    pub(super) fn value(&self, line: &Line, day: Day) -> Arr {
        if self.is_native(line) {
            return line.arr;
        }
        let rate_day = if broken(Mutant::SpotRate) { day } else { month_of(day).0 };
        match self.rates.on(line.currency, rate_day) {
            Some(rate) => self.convert(line.arr, line.currency, rate),
            None => Arr::ZERO,
        }
    }

    /// An amount of another currency at a rate, to the nearest minor unit.
    pub fn convert(&self, amount: Arr, from: Currency, rate: Rate) -> Arr {
        let scale = |currency: Currency| 10_i128.pow(decimals(currency.as_str()));
        let times = i128::from(rate.numerator) * scale(self.currency);
        let by = i128::from(rate.denominator) * scale(from);
        // Whole units first: the full product would not fit for the largest amounts.
        let (whole, part) = (amount.0.div_euclid(PARTS), amount.0.rem_euclid(PARTS));
        let (quotient, rest) = ((whole * times).div_euclid(by), (whole * times).rem_euclid(by));
        let fraction = rest * PARTS + part * times;
        let below = fraction.div_euclid(by * PARTS);
        let up = 2 * (fraction - below * by * PARTS) >= by * PARTS;
        Arr((quotient + below + i128::from(up)) * PARTS)
    }
}
