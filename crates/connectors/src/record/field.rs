//! A [`Field`] is one entry of the catalogue: its name, what it may hold, the headers
//! that mean it in other people's files, and a sentence for the reference. It holds no
//! parsing; `build` reads values by the kind of their field.

use super::choice::Choice;
use super::{Object, fields};

/// One importable field.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    /// Our name for it.
    pub name: &'static str,
    /// What it may hold.
    pub kind: Kind,
    /// Headers that mean it, in the form of [`normal_header`].
    pub aliases: &'static [&'static str],
    /// Whether a record without it is refused.
    pub required: bool,
    /// What it is, in one sentence.
    pub doc: &'static str,
}

/// What a field may hold.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    /// The record's own external id.
    Key,
    /// The external id of another record.
    Ref(Object),
    /// Free text of up to so many bytes.
    Text(usize),
    /// A mail address, kept in lower case.
    Email,
    /// A web domain; scheme, `www.` and path are dropped.
    Domain,
    /// An ISO 4217 code.
    Currency,
    /// Money, exact, in minor units of the record's currency.
    Cents,
    /// A whole number within bounds.
    Int(i64, i64),
    /// A number with decimals, of whatever unit.
    Decimal,
    /// A number of months, or a word like `annual`.
    Months,
    /// Yes or no.
    Bool,
    /// A calendar date.
    Day,
    /// A point in time.
    Instant,
    /// A point in time that cannot lie in the future.
    Past,
    /// One of a closed list of words.
    Choice(&'static [Choice]),
}

impl Kind {
    /// What a person should write, for error sentences and the reference.
    pub fn expects(self) -> String {
        match self {
            Self::Key => "an identifier".to_owned(),
            Self::Ref(object) => format!("the identifier of an existing {}", object.as_str().replace('_', " ")),
            Self::Text(_) => "text".to_owned(),
            Self::Email => "a mail address like ann@example.com".to_owned(),
            Self::Domain => "a domain like example.com".to_owned(),
            Self::Currency => "a three-letter currency code of ISO 4217 like USD".to_owned(),
            Self::Cents => "an amount like 1234.50".to_owned(),
            Self::Int(low, i64::MAX) => format!("a whole number of at least {low}"),
            Self::Int(low, high) => format!("a whole number from {low} to {high}"),
            Self::Decimal => "a number like 12.5".to_owned(),
            Self::Months => "a number of months, or monthly, quarterly, annual".to_owned(),
            Self::Bool => "yes or no".to_owned(),
            Self::Day => "a date like 2026-12-31".to_owned(),
            Self::Instant | Self::Past => "a time like 2026-12-31T23:59:59Z".to_owned(),
            Self::Choice(choices) => {
                let words: Vec<&str> = choices.iter().map(|choice| choice.word).collect();
                format!("one of {}", words.join(", "))
            }
        }
    }

    /// Whether a record from another system is taken without a value that does not fit: everything else hangs on an
    /// account, and people write all kinds of things where its web domain belongs.
    pub(crate) fn may_be_left_out(self) -> bool {
        matches!(self, Self::Domain)
    }

    /// Whether values are read by the date conventions of a file.
    pub(crate) fn is_date(self) -> bool {
        matches!(self, Self::Day | Self::Instant | Self::Past)
    }

    /// Whether values are read by the number conventions of a file.
    pub(crate) fn is_number(self) -> bool {
        matches!(self, Self::Cents | Self::Int(..) | Self::Decimal)
    }
}

/// What other systems call the account of a record.
pub(super) const OF_ACCOUNT: &[&str] = &[
    "accountid",
    "companyid",
    "customerid",
    "customer",
    "organizationid",
    "organisationid",
    "orgid",
    "tenantid",
    "workspaceid",
    "kundennummer",
    "kundennr",
];

/// Longest identifier.
pub(crate) const MAX_KEY_BYTES: usize = 512;
/// Longest ordinary text.
pub(crate) const LINE: usize = 4 * 1024;
/// Longest body of a mail, note or comment.
pub(crate) const BODY: usize = 64 * 1024;

/// An optional field.
pub(super) const fn field(
    name: &'static str,
    kind: Kind,
    aliases: &'static [&'static str],
    doc: &'static str,
) -> Field {
    Field { name, kind, aliases, required: false, doc }
}

/// A field without which a record is refused.
pub(super) const fn required(
    name: &'static str,
    kind: Kind,
    aliases: &'static [&'static str],
    doc: &'static str,
) -> Field {
    Field { name, kind, aliases, required: true, doc }
}

/// A header without case, spaces and punctuation: `Kunden-Nr.` becomes `kundennr`.
pub fn normal_header(header: &str) -> String {
    header.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// The field of `object` that a foreign header means, by name or alias.
pub fn field_for_header(object: Object, header: &str) -> Option<&'static Field> {
    let wanted = normal_header(header);
    fields(object).iter().find(|field| field.rank(&wanted).is_some())
}

impl Field {
    /// How directly a header in normal form names this field: 0 by its name, then by its
    /// aliases in order; `None` when it does not.
    pub(crate) fn rank(&self, normal: &str) -> Option<usize> {
        if self.name.bytes().filter(|byte| *byte != b'_').eq(normal.bytes()) {
            return Some(0);
        }
        self.aliases.iter().position(|alias| *alias == normal).map(|position| position + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(object: Object, header: &str, name: &str) {
        assert_eq!(field_for_header(object, header).map(|field| field.name), Some(name), "{header}");
    }

    #[test]
    fn headers_of_the_field_are_understood() {
        check(Object::Account, "account_id", "external_id");
        check(Object::Account, "Kundennummer", "external_id");
        check(Object::Account, "Kunden-Nr.", "external_id");
        check(Object::Account, "ARR", "arr_cents");
        check(Object::Account, "Vertragsende", "renewal_date");
        check(Object::Account, "segment", "tier");
        check(Object::Account, "Währung", "currency");
        check(Object::Contact, "account_id", "account");
        check(Object::Contact, "E-Mail", "email");
        check(Object::Event, "customer_id", "account");
        check(Object::Event, "message_id", "external_id");
        check(Object::Subscription, "billing_frequency", "period_months");
        check(Object::Ticket, "satisfaction_score", "csat");
        assert!(field_for_header(Object::Account, "unknown_col").is_none());
    }

    #[test]
    fn expectations_read_like_sentences() {
        assert_eq!(Kind::Int(1, 5).expects(), "a whole number from 1 to 5");
        assert_eq!(Kind::Int(0, i64::MAX).expects(), "a whole number of at least 0");
        assert_eq!(Kind::Ref(Object::Account).expects(), "the identifier of an existing account");
    }
}
