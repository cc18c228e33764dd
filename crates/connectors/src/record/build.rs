//! The [`Builder`] turns texts into the typed fields of a draft, under the
//! conventions of where they came from, and ends with the checks that concern the
//! record as a whole: its key, its required fields, its money in its currency.

use domain::Instant;
use domain::money::{self, MoneyError};
use serde_json::{Map, Value as Json};

use super::date::{self, Format, Unread};
use super::field::MAX_KEY_BYTES;
use super::mail;
use super::number::{self, Decimal};
use super::{Code, Draft, Fault, Field, Fields, KEY, Kind, Object, Value, choice, fields};

/// How far ahead of the receiving clock a past fact may be dated: clocks differ.
pub(crate) const FUTURE_HOURS: i64 = 24;

/// How texts are to be read.
#[derive(Debug, Clone, Default)]
pub(crate) struct Convention {
    /// The decimal separator, where it is known.
    pub(crate) decimal: Option<Decimal>,
    /// The date format, where one is named or settled.
    pub(crate) date: Option<Format>,
    /// Whether money arrives in minor units already.
    pub(crate) minor_units: bool,
}

/// A draft in the making.
#[derive(Debug)]
pub(crate) struct Builder {
    object: Object,
    received_at: Instant,
    key: Option<String>,
    fields: Fields,
    amounts: Vec<(&'static Field, String, bool)>,
    extra: Map<String, Json>,
}

impl Builder {
    /// Starts a draft; `received_at` bounds facts that cannot lie in the future.
    pub(crate) fn new(object: Object, received_at: Instant) -> Self {
        Self { object, received_at, key: None, fields: Fields::new(), amounts: Vec::new(), extra: Map::new() }
    }

    /// Says that there is no value.
    pub(crate) fn clear(&mut self, field: &'static Field) {
        if !matches!(field.kind, Kind::Key) {
            self.fields.insert(field.name, Value::Cleared);
        }
    }

    /// Keeps something that has no field of ours.
    pub(crate) fn keep(&mut self, name: &str, value: Json) {
        self.extra.insert(name.to_owned(), value);
    }

    /// Reads a text that is not blank into a field.
    pub(crate) fn set(&mut self, field: &'static Field, text: &str, how: &Convention) -> Result<(), Fault> {
        let text = text.trim();
        let fault = |code, sentence| Fault::new(field.name, text, code, sentence);
        let expected = |code| fault(code, format!("`{}` is not {}", shown(text), field.kind.expects()));
        let value = match field.kind {
            Kind::Key => {
                self.key = Some(bounded(field, text, MAX_KEY_BYTES)?);
                return Ok(());
            }
            Kind::Cents => {
                let plain = number::plain(text, how.decimal).map_err(|code| Self::number_fault(field, text, code))?;
                self.amounts.push((field, plain, how.minor_units));
                return Ok(());
            }
            Kind::Ref(_) => Value::Text(bounded(field, text, MAX_KEY_BYTES)?),
            Kind::Text(limit) => Value::Text(bounded(field, text, limit)?),
            Kind::Email => Value::Text(mail::address(text).ok_or_else(|| expected(Code::BadEmail))?),
            Kind::Domain => {
                Value::Text(mail::web_domain(text).map_err(|error| fault(Code::BadDomain, error.to_string()))?)
            }
            Kind::Currency => Value::Text(currency(text).ok_or_else(|| expected(Code::BadCurrency))?),
            Kind::Int(low, high) => {
                let count = count(text, how.decimal).map_err(|code| Self::number_fault(field, text, code))?;
                Value::Int(count.filter(|n| (low..=high).contains(n)).ok_or_else(|| expected(Code::OutOfRange))?)
            }
            Kind::Decimal => {
                let plain = number::plain(text, how.decimal).map_err(|code| Self::number_fault(field, text, code))?;
                Value::Decimal(plain.parse().map_err(|_| expected(Code::BadNumber))?)
            }
            Kind::Months => Value::Int(months(text).ok_or_else(|| expected(Code::BadChoice))?),
            Kind::Bool => Value::Bool(flag(text).ok_or_else(|| expected(Code::BadBool))?),
            Kind::Day | Kind::Instant | Kind::Past => self.moment(field, text, how.date.as_ref())?,
            Kind::Choice(choices) => {
                let word = choice::find(choices, text).ok_or_else(|| expected(Code::BadChoice))?;
                Value::Text(word.to_owned())
            }
        };
        self.fields.insert(field.name, value);
        Ok(())
    }

    fn number_fault(field: &'static Field, text: &str, code: Code) -> Fault {
        let sentence = match code {
            Code::AmbiguousNumber => {
                format!(
                    "`{}` has one meaning with a decimal point and another with a decimal comma: set `decimal` in the mapping",
                    shown(text)
                )
            }
            _ => format!("`{}` is not {}", shown(text), field.kind.expects()),
        };
        Fault::new(field.name, text, code, sentence)
    }

    fn moment(&self, field: &'static Field, text: &str, format: Option<&Format>) -> Result<Value, Fault> {
        let fault = |code, sentence| Fault::new(field.name, text, code, sentence);
        let moment = date::read(text, format).map_err(|unread| {
            let text = shown(text);
            match unread {
                Unread::NotADate => fault(Code::BadDate, format!("`{text}` is not {}", field.kind.expects())),
                Unread::NoSuchDay => fault(Code::BadDate, format!("`{text}` is a day the calendar does not have")),
                Unread::ShortYear => fault(
                    Code::BadDate,
                    format!("`{text}` has a year of two digits: name a format like %d.%m.%y in the mapping"),
                ),
                Unread::Ambiguous => fault(
                    Code::AmbiguousDate,
                    format!(
                        "`{text}` can be read day first or month first: name the format (dmy or mdy) in the mapping"
                    ),
                ),
            }
        })?;
        if matches!(field.kind, Kind::Day) {
            return Ok(Value::Day(moment.day()));
        }
        let instant = domain::time::to_micros(moment.instant());
        if matches!(field.kind, Kind::Past) && instant - self.received_at > chrono::TimeDelta::hours(FUTURE_HOURS) {
            return Err(fault(Code::Future, format!("`{}` lies in the future, and what happened cannot", shown(text))));
        }
        Ok(Value::Instant(instant))
    }

    /// Finishes the draft. `content` is asked for a key when the record has none of its
    /// own and may be known by what it says.
    pub(crate) fn finish(mut self, content: impl FnOnce() -> String) -> Result<Draft, Fault> {
        if let Some(fault) = self.settle_amounts().into_iter().next() {
            return Err(fault);
        }
        self.check_scale()?;
        let draft = self.settle(content)?;
        let is_set = |name: &str| matches!(draft.fields.get(name), Some(Value::Text(_)));
        let by_mail = draft.object.mail_field().is_some_and(is_set);
        let missing = fields(draft.object).iter().find(|field| {
            let value = draft.fields.get(field.name);
            let needed = field.required && field.name != KEY && !(by_mail && field.name == "account");
            needed && matches!(value, None | Some(Value::Cleared))
        });
        match missing {
            None if draft.object == Object::Event && !is_set("account") && !is_set("user") => {
                let sentence = "the event names neither an account nor a user".to_owned();
                Err(Fault::new("account", "", Code::MissingValue, sentence))
            }
            None => Ok(draft),
            Some(field) => {
                let sentence = format!("`{}` is empty and must be {}", field.name, field.kind.expects());
                Err(Fault::new(field.name, "", Code::MissingValue, sentence))
            }
        }
    }

    /// Finishes a draft that need not be complete: required fields may be missing, and
    /// amounts that cannot be held are left out and reported. Only a missing key fails.
    pub(crate) fn finish_partial(mut self) -> Result<(Draft, Vec<Fault>), Fault> {
        let faults = self.settle_amounts();
        Ok((self.settle(String::new)?, faults))
    }

    fn settle(mut self, content: impl FnOnce() -> String) -> Result<Draft, Fault> {
        if self.object == Object::Contact {
            self.settle_contact();
        }
        self.settle_key();
        let key_given = self.key.is_some();
        let derived = || self.object.derives_key().then(content);
        let Some(key) = self.key.take().or_else(derived).filter(|key| !key.is_empty()) else {
            let object = self.object.as_str().replace('_', " ");
            let sentence = format!("this {object} has no id, so it could not be found again");
            return Err(Fault::new(KEY, "", Code::MissingKey, sentence));
        };
        Ok(Draft { object: self.object, key, key_given, fields: self.fields, extra: self.extra })
    }

    /// Money waits for the currency of its record, which may stand in a later column.
    fn settle_amounts(&mut self) -> Vec<Fault> {
        let currency = match self.fields.get("currency") {
            Some(Value::Text(currency)) => currency.clone(),
            _ => String::new(),
        };
        let mut faults = Vec::new();
        for (field, plain, minor_units) in std::mem::take(&mut self.amounts) {
            match settled(&plain, minor_units, &currency) {
                Ok(cents) => {
                    self.fields.insert(field.name, Value::Cents(cents));
                }
                Err(error) => {
                    let code = match error {
                        MoneyError::NotDecimal(_) => Code::BadNumber,
                        MoneyError::TooPrecise { .. } => Code::TooPrecise,
                        MoneyError::TooLarge(_) => Code::OutOfRange,
                    };
                    faults.push(Fault::new(field.name, &plain, code, error.to_string()));
                }
            }
        }
        faults
    }

    /// A record without an id goes by what names it: a contact by the mail address, a milestone by account and title.
    fn settle_key(&mut self) {
        let names = self.object.natural_key();
        if self.key.is_some() || names.is_empty() {
            return;
        }
        let parts: Vec<String> = names.iter().filter_map(|name| part(self.fields.get(*name)?)).collect();
        // The account alone names nothing.
        if parts.len() == names.len() || (parts.len() > 1 && self.object == Object::Entitlement) {
            self.key = Some(parts.join("/"));
        }
    }

    /// Joins first and last name.
    fn settle_contact(&mut self) {
        let mut part = |name| match self.fields.remove(name) {
            Some(Value::Text(text)) => Some(text),
            _ => None,
        };
        let parts: Vec<String> = [part("first_name"), part("last_name")].into_iter().flatten().collect();
        if !parts.is_empty() && !self.fields.contains_key("name") {
            self.fields.insert("name", Value::Text(parts.join(" ")));
        }
    }

    /// The scale of an answer belongs to its kind.
    fn check_scale(&self) -> Result<(), Fault> {
        if self.object != Object::SurveyResponse {
            return Ok(());
        }
        let (Some(Value::Text(kind)), Some(Value::Int(score))) = (self.fields.get("kind"), self.fields.get("score"))
        else {
            return Ok(());
        };
        let scale = match kind.as_str() {
            "csat" => 1..=5,
            "ces" => 1..=7,
            _ => 0..=10,
        };
        if scale.contains(score) {
            return Ok(());
        }
        let sentence =
            format!("`{score}` is outside the scale of {kind}, which runs from {} to {}", scale.start(), scale.end());
        Err(Fault::new("score", &score.to_string(), Code::OutOfRange, sentence))
    }
}

/// A value as part of a key.
fn part(value: &Value) -> Option<String> {
    match value {
        Value::Text(text) => Some(text.clone()),
        Value::Day(day) => Some(day.to_string()),
        _ => None,
    }
}

/// A plain decimal in minor units of `currency`.
fn settled(plain: &str, minor_units: bool, currency: &str) -> Result<i64, MoneyError> {
    if minor_units {
        whole(plain).ok_or_else(|| MoneyError::NotDecimal(plain.to_owned()))
    } else {
        money::parse_cents(plain, currency)
    }
}

/// The part of a value that a sentence repeats.
fn shown(text: &str) -> &str {
    super::fault::shorten(text, 80)
}

fn bounded(field: &'static Field, text: &str, limit: usize) -> Result<String, Fault> {
    if text.len() > limit {
        let sentence = format!("`{}` holds {} bytes, more than the {limit} we keep", field.name, text.len());
        return Err(Fault::new(field.name, text, Code::TooLong, sentence));
    }
    Ok(text.chars().filter(|letter| *letter != '\0').collect())
}

/// A count. Three digits after a lone separator can only be thousands, since nobody
/// counts in thousandths.
fn count(text: &str, decimal: Option<Decimal>) -> Result<Option<i64>, Code> {
    match number::plain(text, decimal) {
        Err(Code::AmbiguousNumber) => number::plain(&text.replace(['.', ','], ""), decimal),
        other => other,
    }
    .map(|plain| whole(&plain))
}

/// A plain decimal without a fraction as an integer.
fn whole(plain: &str) -> Option<i64> {
    let (whole, fraction) = plain.split_once('.').unwrap_or((plain, ""));
    if fraction.bytes().any(|digit| digit != b'0') {
        return None;
    }
    whole.parse().ok()
}

fn months(text: &str) -> Option<i64> {
    match super::normal_header(text).as_str() {
        "month" | "monthly" | "monatlich" | "monat" => Some(1),
        "quarter" | "quarterly" | "quartal" | "quartalsweise" => Some(3),
        "halfyear" | "halfyearly" | "semiannual" | "semiannually" | "biannual" => Some(6),
        "year" | "yearly" | "annual" | "annually" | "jährlich" | "jahr" => Some(12),
        number => number.parse().ok().filter(|months| (1..=1200).contains(months)),
    }
}

fn flag(text: &str) -> Option<bool> {
    match text.to_lowercase().as_str() {
        "true" | "t" | "yes" | "y" | "1" | "ja" | "j" | "wahr" | "on" => Some(true),
        "false" | "f" | "no" | "n" | "0" | "nein" | "falsch" | "off" => Some(false),
        _ => None,
    }
}

fn currency(text: &str) -> Option<String> {
    match text {
        "€" => Some("EUR".to_owned()),
        "£" => Some("GBP".to_owned()),
        code => Some(code.to_ascii_uppercase()).filter(|code| money::is_currency(code)),
    }
}

#[cfg(test)]
mod tests {
    use domain::Day;
    use proptest::prelude::*;

    use super::super::{Given, field};
    use super::*;

    fn now() -> Instant {
        "2026-11-22T12:00:00Z".parse().unwrap()
    }

    fn build(object: Object, cells: &[(&str, &str)]) -> Result<Draft, Fault> {
        let mut builder = Builder::new(object, now());
        for (name, text) in cells {
            builder.set(field(object, name).unwrap(), text, &Convention::default())?;
        }
        builder.finish(|| "derived".to_owned())
    }

    #[track_caller]
    fn refuses(object: Object, cells: &[(&str, &str)], code: Code, sentence: &str) {
        let fault = build(object, cells).unwrap_err();
        assert_eq!(fault.code, code, "{fault}");
        assert!(fault.sentence.contains(sentence), "{fault}");
    }

    #[test]
    fn an_account_is_typed() {
        let draft = build(
            Object::Account,
            &[
                ("external_id", " acme "),
                ("domain", "https://www.Acme.test/about"),
                ("arr_cents", "90000.50"),
                ("currency", "usd"),
                ("renewal_date", "2027-01-31"),
                ("employees", "1,200"),
                ("csm_email", "CSM@our.test"),
            ],
        )
        .unwrap();
        assert_eq!(draft.key, "acme");
        assert_eq!(draft.text("domain"), Given::Set("acme.test"));
        assert_eq!(draft.cents("arr_cents"), Given::Set(9_000_050));
        assert_eq!(draft.text("currency"), Given::Set("USD"));
        assert_eq!(draft.day("renewal_date"), Given::Set(Day::from_ymd_opt(2027, 1, 31).unwrap()));
        assert_eq!(draft.text("csm_email"), Given::Set("csm@our.test"));
        assert_eq!(draft.int("employees"), Given::Set(1_200));
        assert_eq!(draft.text("name"), Given::Absent);
    }

    #[test]
    fn money_waits_for_its_currency() {
        let draft =
            build(Object::Account, &[("external_id", "a"), ("mrr_cents", "1200"), ("currency", "JPY")]).unwrap();
        assert_eq!(draft.cents("mrr_cents"), Given::Set(1_200));
        refuses(
            Object::Account,
            &[("external_id", "a"), ("mrr_cents", "1.5"), ("currency", "JPY")],
            Code::TooPrecise,
            "more decimals",
        );
        refuses(Object::Account, &[("external_id", "a"), ("mrr_cents", "0.125")], Code::TooPrecise, "more decimals");
        refuses(
            Object::Account,
            &[("external_id", "a"), ("mrr_cents", "99999999999999999999")],
            Code::OutOfRange,
            "too large",
        );
    }

    #[test]
    fn minor_units_are_taken_as_they_are() {
        let mut builder = Builder::new(Object::Account, now());
        let minor = Convention { minor_units: true, ..Convention::default() };
        builder.set(field(Object::Account, "external_id").unwrap(), "a", &minor).unwrap();
        builder.set(field(Object::Account, "mrr_cents").unwrap(), "750000", &minor).unwrap();
        assert_eq!(builder.finish(String::new).unwrap().cents("mrr_cents"), Given::Set(750_000));
    }

    #[test]
    fn contacts_join_names_and_go_by_mail() {
        let draft = build(
            Object::Contact,
            &[("account", "acme"), ("first_name", "Ann"), ("last_name", "Lee"), ("email", "Ann@Acme.test")],
        )
        .unwrap();
        assert_eq!((draft.key.as_str(), draft.key_given), ("ann@acme.test", true));
        assert_eq!(draft.text("name"), Given::Set("Ann Lee"));
        assert_eq!(draft.text("first_name"), Given::Absent);
        refuses(Object::Contact, &[("account", "acme"), ("name", "Bob")], Code::MissingKey, "this contact has no id");
        refuses(Object::Contact, &[("external_id", "c1"), ("name", "Bob")], Code::MissingValue, "`account` is empty");
    }

    #[test]
    fn facts_derive_their_key_and_cannot_lie_ahead() {
        let draft =
            build(Object::Event, &[("user", "u"), ("name", "Login"), ("occurred_at", "2026-11-23T11:59:59Z")]).unwrap();
        assert_eq!((draft.key.as_str(), draft.key_given), ("derived", false));
        refuses(
            Object::Event,
            &[("user", "u"), ("name", "Login"), ("occurred_at", "2036-11-01T10:00:00Z")],
            Code::Future,
            "lies in the future",
        );
        assert!(
            build(
                Object::Touchpoint,
                &[("account", "a"), ("kind", "meeting"), ("occurred_at", "2027-02-01T10:00:00Z")]
            )
            .is_ok()
        );
    }

    #[test]
    fn an_event_belongs_to_somebody() {
        let cells = [("name", "Login"), ("occurred_at", "2026-01-01")];
        refuses(Object::Event, &cells, Code::MissingValue, "neither an account nor a user");
    }

    #[test]
    fn words_flags_and_scales_are_checked() {
        refuses(Object::Contact, &[("role", "wizard")], Code::BadChoice, "one of sponsor, champion");
        refuses(Object::Subscription, &[("auto_renew", "maybe")], Code::BadBool, "yes or no");
        refuses(Object::Contact, &[("email", "ann at acme")], Code::BadEmail, "mail address");
        refuses(Object::Account, &[("currency", "Dollars")], Code::BadCurrency, "three-letter");
        refuses(Object::Account, &[("currency", "EUX")], Code::BadCurrency, "ISO 4217");
        refuses(Object::Account, &[("domain", "n/a")], Code::BadDomain, "not a web domain");
        refuses(Object::Account, &[("domain", "ann@gmail.com")], Code::BadDomain, "write the company's own domain");
        refuses(Object::Ticket, &[("csat", "6")], Code::OutOfRange, "from 1 to 5");
        let answer = |kind, score| {
            build(
                Object::SurveyResponse,
                &[("account", "a"), ("kind", kind), ("score", score), ("occurred_at", "2026-01-01")],
            )
        };
        assert!(answer("nps", "10").is_ok());
        assert_eq!(
            answer("csat", "9").unwrap_err().sentence,
            "`9` is outside the scale of csat, which runs from 1 to 5"
        );
    }

    #[test]
    fn long_values_are_refused_not_cut() {
        refuses(Object::Account, &[("external_id", &"x".repeat(513))], Code::TooLong, "more than the 512");
    }

    #[test]
    fn billing_periods_are_months() {
        for (text, expected) in [("annual", 12), ("Quarterly", 3), ("monthly", 1), ("24", 24)] {
            let draft = build(Object::Subscription, &[("external_id", "s"), ("account", "a"), ("period_months", text)])
                .unwrap();
            assert_eq!(draft.int("period_months"), Given::Set(expected));
        }
        refuses(Object::Subscription, &[("period_months", "0")], Code::BadChoice, "monthly, quarterly");
    }

    proptest! {
        #[test]
        fn no_text_panics_any_field(text in any::<String>(), object in prop::sample::select(Object::ALL.to_vec())) {
            for field in fields(object) {
                let mut builder = Builder::new(object, now());
                if builder.set(field, &text, &Convention::default()).is_ok() {
                    let _ = builder.finish(String::new);
                }
            }
        }
    }
}
