//! What a person may set by hand: of which kinds of record, which fields, and what each may hold. A typed text is read
//! here by the shape of its field, as an import would read it. Deliberately absent: where values come from, and
//! writing them.

use connectors::record::mail;
use domain::{Day, money};
use serde_json::Value;
use store::{Account, Contact, record::Fact};

use super::FieldError;

/// A field a person may set: its column, its name on screen, and what it may hold.
pub type Settable = (&'static str, &'static str, Shape);

/// A kind of record whose fields a person may set.
pub trait Editable: Fact {
    /// Its fields.
    const FIELDS: &'static [Settable];
    /// The columns of its first day and of the first day after its last.
    const PERIOD: (&'static str, &'static str);
    /// The kind of the change that says fields were set.
    const CHANGED: &'static str;
    /// The kind of the change that says a field was released.
    const RELEASED: &'static str;

    /// The source that brought it.
    fn source_id(&self) -> Option<i64>;
}

impl Editable for Account {
    const FIELDS: &'static [Settable] = &[
        ("name", "Name", Shape::Name),
        ("domain", "Web domain", Shape::Domain),
        ("kind", "Kind", Shape::Word(&["customer", "site", "product_instance"])),
        ("status", "Status", Shape::Word(&["active", "churned", "prospect"])),
        ("stage", "Stage", Shape::WordOrNone(&["onboarding", "adoption", "expansion", "renewal"])),
        ("tier", "Tier", Shape::Text),
        ("industry", "Industry", Shape::Text),
        ("region", "Region", Shape::Text),
        ("employees", "Employees", Shape::Count),
        ("currency", "Currency", Shape::Currency),
        ("customer_from", "Customer from", Shape::Day),
        ("customer_to", "Customer to", Shape::Day),
    ];
    const PERIOD: (&'static str, &'static str) = ("customer_from", "customer_to");
    const CHANGED: &'static str = "account.changed";
    const RELEASED: &'static str = "account.released";

    fn source_id(&self) -> Option<i64> {
        self.source_id
    }
}

impl Editable for Contact {
    const FIELDS: &'static [Settable] = &[
        ("name", "Name", Shape::Name),
        ("email", "Mail address", Shape::Mail),
        ("title", "Title", Shape::Text),
        ("effective_from", "There since", Shape::FirstDay),
        ("effective_to", "No longer there from", Shape::Day),
    ];
    const PERIOD: (&'static str, &'static str) = ("effective_from", "effective_to");
    const CHANGED: &'static str = "contact.changed";
    const RELEASED: &'static str = "contact.released";

    fn source_id(&self) -> Option<i64> {
        self.source_id
    }
}

/// What a field may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Text that must be there.
    Name,
    /// Text.
    Text,
    /// A whole number, not negative.
    Count,
    /// A calendar date.
    Day,
    /// A calendar date that must be there.
    FirstDay,
    /// A mail address.
    Mail,
    /// The host of a web address, where not everybody has one.
    Domain,
    /// The code of a currency, which must be there.
    Currency,
    /// One of these words, which must be there.
    Word(&'static [&'static str]),
    /// One of these words, or none.
    WordOrNone(&'static [&'static str]),
}

/// The longest text of a field, in characters.
const LONGEST: usize = 400;

/// What was typed, as the column holds it.
pub(super) fn read(field: &'static str, shape: Shape, typed: &str) -> Result<Value, FieldError> {
    let typed = typed.trim();
    let fault = |sentence: String| FieldError::Value { field, sentence };
    if typed.chars().count() > LONGEST || typed.contains('\0') {
        return Err(fault(format!("This may have at most {LONGEST} characters, and no NUL.")));
    }
    let is_word = |words: &[&str]| words.contains(&typed);
    match shape {
        Shape::Name | Shape::Word(_) | Shape::FirstDay | Shape::Currency if typed.is_empty() => {
            Err(fault("This must not be empty.".to_owned()))
        }
        _ if typed.is_empty() => Ok(Value::Null),
        Shape::Currency => {
            let code = typed.to_ascii_uppercase();
            let known = money::is_currency(&code);
            let sentence = || format!("`{typed}` is no currency of ISO 4217: write its three letters, such as EUR.");
            known.then(|| code.into()).ok_or_else(|| fault(sentence()))
        }
        Shape::Mail => {
            let address = mail::address(typed);
            address
                .map(Value::from)
                .ok_or_else(|| fault(format!("`{typed}` is not a mail address like ann@example.com.")))
        }
        Shape::Domain => mail::web_domain(typed).map(Value::from).map_err(|error| fault(format!("{error}."))),
        Shape::Count => {
            let count = typed.parse::<u32>();
            count.map(Value::from).map_err(|_| fault(format!("`{typed}` is not a whole number from 0.")))
        }
        Shape::Day | Shape::FirstDay => {
            let day = typed.parse::<Day>();
            day.map(|day| day.to_string().into()).map_err(|_| fault(format!("`{typed}` is not a day like 2026-12-31.")))
        }
        Shape::Word(words) | Shape::WordOrNone(words) if !is_word(words) => {
            Err(fault(format!("`{typed}` is not one of {}.", words.join(", "))))
        }
        Shape::Name | Shape::Text | Shape::Word(_) | Shape::WordOrNone(_) => Ok(typed.into()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use store::account::{Kind, Stage, Status};

    use super::*;

    #[test]
    fn every_field_is_a_column_and_every_word_its_columns_word() {
        let words = |shape| match shape {
            Shape::Word(words) | Shape::WordOrNone(words) => words.to_vec(),
            _ => Vec::new(),
        };
        for &(key, _, shape) in Account::FIELDS {
            let known: Vec<&str> = match key {
                "kind" => Kind::ALL.iter().map(|word| word.as_str()).collect(),
                "status" => Status::ALL.iter().map(|word| word.as_str()).collect(),
                "stage" => Stage::ALL.iter().map(|word| word.as_str()).collect(),
                _ => Vec::new(),
            };
            assert_eq!(words(shape), known, "{key}");
        }
    }

    #[test]
    fn what_is_typed_is_read_by_its_shape() {
        assert_eq!(read("tier", Shape::Text, "  ").unwrap(), Value::Null);
        assert_eq!(read("employees", Shape::Count, "420").unwrap(), json!(420));
        assert_eq!(read("domain", Shape::Domain, "https://www.Acme.test/en").unwrap(), json!("acme.test"));
        assert_eq!(read("currency", Shape::Currency, "eur").unwrap(), json!("EUR"));
        assert_eq!(read("email", Shape::Mail, "Ann@Acme.test").unwrap(), json!("ann@acme.test"));
        assert_eq!(read("customer_from", Shape::Day, "2026-01-31").unwrap(), json!("2026-01-31"));
        for (field, shape, typed) in [
            ("name", Shape::Name, " "),
            ("currency", Shape::Currency, "euro"),
            ("currency", Shape::Currency, "EUX"),
            ("domain", Shape::Domain, "not a domain"),
            ("domain", Shape::Domain, "Gmail.com"),
            ("email", Shape::Mail, "ann at acme"),
            ("effective_from", Shape::FirstDay, " "),
            ("employees", Shape::Count, "-1"),
            ("customer_from", Shape::Day, "31.01.2026"),
            ("stage", Shape::WordOrNone(&["onboarding"]), "moon"),
        ] {
            assert!(matches!(read(field, shape, typed), Err(FieldError::Value { .. })), "{field} {typed}");
        }
    }
}
