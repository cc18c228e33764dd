//! One shape for everything a record source can say: the [`Draft`]. A spreadsheet
//! row, a Singer record and the traits of a Segment call all become drafts, so
//! that one piece of `engine` decides what they create, change or clear.
//!
//! A draft keeps apart what sources keep apart (T15): a field that is *absent*
//! says nothing, a field that is *cleared* says "there is none", and only a field
//! that is *set* carries a value. The catalogue of importable fields, one file per
//! [`Object`], is data: the mapping page, the reference and the header guesser
//! read the same entries. Deliberately absent: our database ids. Drafts refer to
//! other records by the source's own identifiers.

mod account;
mod build;
mod choice;
mod contact;
pub mod date;
mod derived;
mod draft;
mod entitlement;
mod event;
mod exchange_rate;
mod fault;
mod field;
mod invoice;
pub mod mail;
mod milestone;
pub mod number;
mod objective;
mod payment_attempt;
mod report;
mod subscription;
mod subscription_item;
mod survey_response;
mod ticket;
mod touchpoint;

use serde::{Deserialize, Serialize};

pub(crate) use build::{Builder, Convention};
pub use choice::Choice;
pub(crate) use derived::{DerivedKeys, digest};
pub use draft::{Draft, Fields, Given, Value};
pub(crate) use fault::shorten;
pub use fault::{Code, Fault};
pub use field::{Field, Kind, field_for_header, normal_header};
pub use report::Report;

/// The name of the field that holds a record's own external id, in every object.
pub const KEY: &str = "external_id";

/// The kinds of record a source may bring.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Object {
    /// A customer organisation.
    Account,
    /// A person at an account.
    Contact,
    /// A recurring contract.
    Subscription,
    /// A line of a contract.
    SubscriptionItem,
    /// A bill.
    Invoice,
    /// One try to collect a bill.
    PaymentAttempt,
    /// A support case.
    Ticket,
    /// Something we did with the customer.
    Touchpoint,
    /// An answer to a survey.
    SurveyResponse,
    /// A step of a journey.
    Milestone,
    /// A result agreed with an account.
    Objective,
    /// A feature that was paid for.
    Entitlement,
    /// What a currency is worth in another from a day on.
    ExchangeRate,
    /// A fact about usage.
    Event,
}

impl Object {
    /// Every object, in the order imports should run: what others refer to comes first.
    pub const ALL: [Self; 14] = [
        Self::Account,
        Self::Contact,
        Self::Subscription,
        Self::SubscriptionItem,
        Self::Invoice,
        Self::PaymentAttempt,
        Self::Ticket,
        Self::Touchpoint,
        Self::SurveyResponse,
        Self::Milestone,
        Self::Objective,
        Self::Entitlement,
        Self::ExchangeRate,
        Self::Event,
    ];

    /// The word used in files, on the command line and in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Contact => "contact",
            Self::Subscription => "subscription",
            Self::SubscriptionItem => "subscription_item",
            Self::Invoice => "invoice",
            Self::PaymentAttempt => "payment_attempt",
            Self::Ticket => "ticket",
            Self::Touchpoint => "touchpoint",
            Self::SurveyResponse => "survey_response",
            Self::Milestone => "milestone",
            Self::Objective => "objective",
            Self::Entitlement => "entitlement",
            Self::ExchangeRate => "exchange_rate",
            Self::Event => "event",
        }
    }

    /// The object a word means; `accounts` is understood like `account`.
    pub fn parse(word: &str) -> Option<Self> {
        let wanted = word.trim().to_ascii_lowercase().replace('-', "_");
        Self::ALL.into_iter().find(|object| {
            let name = object.as_str();
            wanted == name || wanted.strip_suffix('s') == Some(name)
        })
    }

    /// Whether a record without an id of its own gets one derived from its content.
    /// Facts do; the things facts are about must be named.
    pub fn derives_key(self) -> bool {
        matches!(self, Self::Event | Self::Invoice | Self::PaymentAttempt | Self::Touchpoint | Self::SurveyResponse)
    }
}

impl Object {
    /// The fields that together name a record of this kind that has no id of its own.
    pub fn natural_key(self) -> &'static [&'static str] {
        match self {
            Self::Contact => &["email"],
            Self::Milestone | Self::Objective => &["account", "title"],
            Self::Entitlement => &["account", "feature", "effective_from"],
            Self::ExchangeRate => &["currency", "into_currency", "effective_on"],
            _ => &[],
        }
    }

    /// The field that holds the mail address of the person a record is about. Where the account is not named, it is
    /// the account of that person.
    pub fn mail_field(self) -> Option<&'static str> {
        match self {
            Self::Contact => Some("email"),
            Self::Ticket | Self::Touchpoint | Self::SurveyResponse => Some("contact_email"),
            _ => None,
        }
    }
}

/// The importable fields of an object.
pub fn fields(object: Object) -> &'static [Field] {
    match object {
        Object::Account => account::FIELDS,
        Object::Contact => contact::FIELDS,
        Object::Subscription => subscription::FIELDS,
        Object::SubscriptionItem => subscription_item::FIELDS,
        Object::Invoice => invoice::FIELDS,
        Object::PaymentAttempt => payment_attempt::FIELDS,
        Object::Ticket => ticket::FIELDS,
        Object::Touchpoint => touchpoint::FIELDS,
        Object::SurveyResponse => survey_response::FIELDS,
        Object::Milestone => milestone::FIELDS,
        Object::Objective => objective::FIELDS,
        Object::Entitlement => entitlement::FIELDS,
        Object::ExchangeRate => exchange_rate::FIELDS,
        Object::Event => event::FIELDS,
    }
}

/// The field of an object with this name.
pub fn field(object: Object, name: &str) -> Option<&'static Field> {
    fields(object).iter().find(|field| field.name == name)
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    #[test]
    fn words_and_plurals_name_objects() {
        for object in Object::ALL {
            assert_eq!(Object::parse(object.as_str()), Some(object));
            assert_eq!(Object::parse(&format!("{}s", object.as_str())), Some(object));
        }
        assert_eq!(Object::parse("Survey-Responses"), Some(Object::SurveyResponse));
        assert_eq!(Object::parse("deal"), None);
    }

    #[test]
    fn every_field_is_documented_and_every_alias_is_unambiguous() {
        for object in Object::ALL {
            assert_eq!(fields(object)[0].name, KEY, "{object:?}: the key comes first");
            let mut meanings = HashMap::new();
            for field in fields(object) {
                assert!(field.doc.ends_with('.'), "{object:?}.{}: a sentence", field.name);
                for alias in field.aliases.iter().chain([&field.name]) {
                    let header = normal_header(alias);
                    let before = meanings.insert(header.clone(), field.name);
                    assert!(before.is_none_or(|name| name == field.name), "{object:?}: `{header}` means two fields");
                    if *alias != field.name {
                        assert_eq!(&header, alias, "{object:?}.{}: write aliases in normal form", field.name);
                    }
                }
            }
        }
    }
}
