//! Money is an integer count of minor units and a currency, never a float.
//! Parsing is decimal and exact: what cannot be held exactly is refused, not
//! rounded. Conversion between currencies is deliberately absent; it needs dated
//! rates and belongs to the ledger.

use std::fmt;

/// An amount in the minor unit of its currency.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Money {
    /// Minor units: cents of a dollar, yen of a yen.
    pub cents: i64,
    /// ISO 4217 code, upper case.
    pub currency: String,
}

/// Why a text is not an amount of money.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// The text is not a decimal number.
    #[error("`{0}` is not an amount: write digits with at most one decimal point, like 1234.50")]
    NotDecimal(String),
    /// More decimals than the currency has.
    #[error("`{text}` has more decimals than {currency} allows ({allowed})")]
    TooPrecise {
        /// The amount as written.
        text: String,
        /// The currency it was meant in.
        currency: String,
        /// Decimals that currency has.
        allowed: u32,
    },
    /// The amount does not fit 64 bits of minor units.
    #[error("`{0}` is too large to be an amount")]
    TooLarge(String),
}

/// Currencies of ISO 4217 that contracts are in, with those withdrawn since 2010, in which past ones were. Metals, bonds
/// and test codes are none.
const CODES: &str = "\
    AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BYR BZD CAD CDF \
    CHF CLF CLP CNY COP CRC CUC CUP CVE CZK DJF DKK DOP DZD EEK EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ \
    GYD HKD HNL HRK HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD \
    LSL LTL LVL LYD MAD MDL MGA MKD MMK MNT MOP MRO MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN \
    PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SLL SOS SRD SSP STD STN SVC SYP SZL THB \
    TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VED VEF VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG \
    ZWL";

/// Whether a code, in capitals, is that of a currency.
pub fn is_currency(code: &str) -> bool {
    CODES.split(' ').any(|known| known == code)
}

/// Decimal digits of a currency's minor unit (ISO 4217); two unless listed.
pub fn decimals(currency: &str) -> u32 {
    match currency {
        "BIF" | "CLP" | "DJF" | "GNF" | "ISK" | "JPY" | "KMF" | "KRW" | "PYG" | "RWF" | "UGX" | "VND" | "VUV"
        | "XAF" | "XOF" | "XPF" => 0,
        "BHD" | "IQD" | "JOD" | "KWD" | "LYD" | "OMR" | "TND" => 3,
        _ => 2,
    }
}

/// Parses a plain decimal (`-1234.5`) into minor units of `currency`, exactly.
pub fn parse_cents(text: &str, currency: &str) -> Result<i64, MoneyError> {
    let not_decimal = || MoneyError::NotDecimal(text.to_owned());
    let trimmed = text.trim();
    let (negative, digits) = match trimmed.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, trimmed.strip_prefix('+').unwrap_or(trimmed)),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let is_digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    if (whole.is_empty() && fraction.is_empty()) || !is_digits(whole) || !is_digits(fraction) {
        return Err(not_decimal());
    }
    let allowed = decimals(currency);
    let significant = fraction.trim_end_matches('0');
    if significant.len() > allowed as usize {
        return Err(MoneyError::TooPrecise { text: text.to_owned(), currency: currency.to_owned(), allowed });
    }
    let minor = format!("{whole}{significant:0<width$}", width = allowed as usize);
    let too_large = |_| MoneyError::TooLarge(text.to_owned());
    let cents: i64 = if minor.is_empty() { 0 } else { minor.parse().map_err(too_large)? };
    Ok(if negative { -cents } else { cents })
}

/// Minor units that a person may type; more is a slip of the hand, and sums of it would not fit.
const MOST_TYPED: i64 = 1_000_000_000_000_000;

/// Parses an amount as a person types it, whose thousands may stand apart (`1,234.50`, `1 234.50`). A comma anywhere else
/// is refused, because it could mean either.
pub fn parse_typed(text: &str, currency: &str) -> Result<i64, MoneyError> {
    let typed = text.trim();
    let (whole, fraction) = typed.split_at(typed.find('.').unwrap_or(typed.len()));
    let mut groups = whole.trim_start_matches(['-', '+']).split([',', ' ']);
    let first = groups.next().map_or(0, str::len);
    let rest: Vec<&str> = groups.collect();
    if !rest.is_empty() && (!(1..=3).contains(&first) || rest.iter().any(|group| group.len() != 3)) {
        return Err(MoneyError::NotDecimal(typed.to_owned()));
    }
    let cents = parse_cents(&format!("{}{fraction}", whole.replace([',', ' '], "")), currency);
    let text = || typed.to_owned();
    match cents {
        Ok(cents) if cents.abs() > MOST_TYPED => Err(MoneyError::TooLarge(text())),
        Err(MoneyError::NotDecimal(_)) => Err(MoneyError::NotDecimal(text())),
        Err(MoneyError::TooLarge(_)) => Err(MoneyError::TooLarge(text())),
        Err(MoneyError::TooPrecise { currency, allowed, .. }) => {
            Err(MoneyError::TooPrecise { text: text(), currency, allowed })
        }
        Ok(cents) => Ok(cents),
    }
}

impl fmt::Display for Money {
    /// Writes the exact amount: `1,234.50 USD`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let places = decimals(&self.currency);
        let unit = 10_u64.pow(places);
        let absolute = self.cents.unsigned_abs();
        let whole = (absolute / unit).to_string();
        if self.cents < 0 {
            f.write_str("-")?;
        }
        for (i, digit) in whole.chars().enumerate() {
            if i > 0 && (whole.len() - i).is_multiple_of(3) {
                f.write_str(",")?;
            }
            write!(f, "{digit}")?;
        }
        if places > 0 {
            write!(f, ".{:0width$}", absolute % unit, width = places as usize)?;
        }
        write!(f, " {}", self.currency)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, currency: &str, cents: i64) {
        assert_eq!(parse_cents(text, currency), Ok(cents), "{text} {currency}");
    }

    #[test]
    fn decimals_become_minor_units() {
        check("90000.50", "USD", 9_000_050);
        check("0", "USD", 0);
        check("-1.5", "EUR", -150);
        check(".5", "EUR", 50);
        check("12.3400", "USD", 1_234);
        check("1200", "JPY", 1_200);
        check("1.234", "KWD", 1_234);
    }

    #[test]
    fn currencies_are_those_of_the_standard() {
        for code in ["EUR", "USD", "AED", "ZWL", "XCG", "HRK"] {
            assert!(is_currency(code), "{code}");
        }
        for code in ["EUX", "eur", "EU", "EUR USD", "", "XTS", "XAU", "ABC"] {
            assert!(!is_currency(code), "{code}");
        }
        assert!(CODES.split(' ').is_sorted() && CODES.split(' ').all(|code| code.len() == 3));
    }

    #[test]
    fn an_amount_may_be_typed_with_its_thousands_apart() {
        for (text, cents) in [("1,234.50", 123_450), ("8424", 842_400), ("1 234", 123_400), (" -12,000 ", -1_200_000)] {
            assert_eq!(parse_typed(text, "USD"), Ok(cents), "{text}");
        }
        for text in ["8424,00", ",5", "5,", "8,4,2,4", "1.234,50", "1,23", "", "1e9"] {
            assert_eq!(parse_typed(text, "USD"), Err(MoneyError::NotDecimal(text.to_owned())), "{text}");
        }
        assert!(matches!(parse_typed("92,233,720,368,547,758.07", "USD"), Err(MoneyError::TooLarge(_))));
    }

    #[test]
    fn what_cannot_be_exact_is_refused() {
        assert!(matches!(parse_cents("1.005", "USD"), Err(MoneyError::TooPrecise { .. })));
        assert!(matches!(parse_cents("1.5", "JPY"), Err(MoneyError::TooPrecise { .. })));
        for text in ["", ".", "1,5", "12x", "1e3", "--1"] {
            assert!(matches!(parse_cents(text, "USD"), Err(MoneyError::NotDecimal(_))), "{text}");
        }
        assert!(matches!(parse_cents("99999999999999999999", "USD"), Err(MoneyError::TooLarge(_))));
    }

    #[test]
    fn amounts_print_exactly() {
        let print = |cents, currency: &str| Money { cents, currency: currency.to_owned() }.to_string();
        assert_eq!(print(123_450_789, "USD"), "1,234,507.89 USD");
        assert_eq!(print(-5, "EUR"), "-0.05 EUR");
        assert_eq!(print(1_200, "JPY"), "1,200 JPY");
        assert_eq!(print(i64::MIN, "USD"), "-92,233,720,368,547,758.08 USD");
    }

    proptest::proptest! {
        #[test]
        fn parsing_never_panics(text in ".{0,40}", currency in "[A-Z]{3}") {
            let _ = parse_cents(&text, &currency);
        }

        #[test]
        fn printing_and_parsing_agree(cents in -1_000_000_000_000_i64..1_000_000_000_000) {
            let shown = Money { cents, currency: "USD".to_owned() }.to_string();
            let plain = shown.trim_end_matches(" USD").replace(',', "");
            proptest::prop_assert_eq!(parse_cents(&plain, "USD"), Ok(cents));
        }
    }
}
