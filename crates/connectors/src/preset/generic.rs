//! The preset for everything nobody wrote one for: the name of a stream says what its
//! records are, and the names of their members which fields they fill, by the same
//! catalogue that reads the headers of spreadsheets. It guesses only by names, never by
//! values, so the same stream is read the same way every time.

use std::collections::BTreeMap;

use domain::Instant;

use super::spec::Spec;
use crate::json::{Members, Value};
use crate::record::{Builder, DerivedKeys, Draft, Fault, Field, Object, field_for_header, normal_header};

/// Words in the names of streams, and what they mean.
const STREAMS: [(&str, Object); 29] = [
    ("account", Object::Account),
    ("company", Object::Account),
    ("companies", Object::Account),
    ("customer", Object::Account),
    ("organization", Object::Account),
    ("organisation", Object::Account),
    ("org", Object::Account),
    ("tenant", Object::Account),
    ("workspace", Object::Account),
    ("contact", Object::Contact),
    ("person", Object::Contact),
    ("people", Object::Contact),
    ("user", Object::Contact),
    ("subscription", Object::Subscription),
    ("contract", Object::Subscription),
    ("subscription_item", Object::SubscriptionItem),
    ("invoice", Object::Invoice),
    ("ticket", Object::Ticket),
    ("case", Object::Ticket),
    ("touchpoint", Object::Touchpoint),
    ("survey_response", Object::SurveyResponse),
    ("payment", Object::PaymentAttempt),
    ("payment_attempt", Object::PaymentAttempt),
    ("milestone", Object::Milestone),
    ("objective", Object::Objective),
    ("goal", Object::Objective),
    ("entitlement", Object::Entitlement),
    ("exchange_rate", Object::ExchangeRate),
    ("event", Object::Event),
];

/// What the records of a stream are, by its name: `public-organizations` holds accounts.
/// A schema before the name counts for nothing.
pub fn guess(stream: &str) -> Option<Object> {
    let name = stream.rsplit(['-', '.', '/']).next().unwrap_or(stream).to_ascii_lowercase();
    let singular = name.strip_suffix('s').unwrap_or(&name);
    STREAMS.iter().find(|(word, _)| *word == name || *word == singular).map(|(_, object)| *object)
}

/// A draft from the members of a record, after the values it does without.
pub(super) fn drafts(object: Object, record: &Value<'_>, received_at: Instant) -> Vec<Result<Draft, Fault>> {
    let mut left_out = Vec::new();
    let draft = draft(object, record, received_at, &mut left_out);
    left_out.into_iter().map(Err).chain([draft]).collect()
}

fn draft(object: Object, record: &Value<'_>, received_at: Instant, left_out: &mut Vec<Fault>) -> Result<Draft, Fault> {
    let members: Vec<(&str, &Value<'_>)> = record.as_object().into_iter().flat_map(Members::iter).collect();
    let mut best: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for (position, (name, value)) in members.iter().enumerate() {
        let nested = matches!(value, Value::Array(_) | Value::Object(_));
        if let Some(field) = field_for_header(object, name).filter(|_| !nested) {
            let rank = field.rank(&normal_header(name)).unwrap_or(usize::MAX);
            let entry = best.entry(field.name).or_insert((rank, position));
            *entry = (*entry).min((rank, position));
        }
    }
    let mut builder = Builder::new(object, received_at);
    for (position, (name, value)) in members.iter().enumerate() {
        match field_for_header(object, name).filter(|field| best.get(field.name).is_some_and(|(_, at)| *at == position))
        {
            Some(field) => match fill(&mut builder, field, value) {
                Err(fault) if field.kind.may_be_left_out() => left_out.push(fault),
                filled => filled?,
            },
            None => builder.keep(name, value.to_serde()),
        }
    }
    builder.finish(|| DerivedKeys::default().key([record.to_string()]))
}

fn fill(builder: &mut Builder, field: &'static Field, value: &Value<'_>) -> Result<(), Fault> {
    let text = match value {
        Value::Text(text) => text.trim(),
        Value::Number(digits) => digits,
        Value::Bool(true) => "true",
        Value::Bool(false) => "false",
        Value::Null | Value::Array(_) | Value::Object(_) => "",
    };
    if text.is_empty() {
        builder.clear(field);
        return Ok(());
    }
    builder.set(field, text, &Spec::plain())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_taken_without_a_domain_that_is_none() {
        let record = crate::json::parse(r#"{"id":"a","name":"Alder","website":"none yet"}"#).unwrap().value;
        let now = "2026-11-22T12:00:00Z".parse().unwrap();
        let rules = "[[rule]]\nstream = 's'\nobject = 'account'\nkey = 'id'\n[rule.fields]\ndomain = 'website'\nname = 'name'\n";
        let preset = super::super::Preset::from_toml(&format!("name = 'x'\ndoc = 'x'\n{rules}")).unwrap();
        for told in [drafts(Object::Account, &record, now), preset.drafts("s", &record, now)] {
            let fault = told[0].as_ref().unwrap_err();
            assert_eq!((fault.field, fault.code.as_str()), ("domain", "bad_domain"));
            let draft = told[1].as_ref().unwrap();
            assert_eq!((draft.text("name").set(), draft.fields.contains_key("domain")), (Some("Alder"), false));
        }
    }

    #[test]
    fn streams_are_known_by_their_names() {
        for (stream, object) in [
            ("public-organizations", Object::Account),
            ("companies", Object::Account),
            ("crm.Accounts", Object::Account),
            ("public-users", Object::Contact),
            ("subscription_items", Object::SubscriptionItem),
            ("survey_responses", Object::SurveyResponse),
        ] {
            assert_eq!(guess(stream), Some(object), "{stream}");
        }
        assert_eq!(guess("deals"), None);
        assert_eq!(guess("s"), None);
    }
}
