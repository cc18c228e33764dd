//! Traits become drafts through the same catalogue as spreadsheet columns, so
//! `employees` means the same wherever it comes from. A trait that has no field, or
//! does not fit it, is kept as it came.

use domain::Instant;

use crate::json::{Members, Value};
use crate::record::number::Decimal;
use crate::record::{Builder, Convention, Draft, Fault, KEY, Kind, Object, field, field_for_header};

/// A draft of `object` with this key, from traits; and the traits that did not fit.
pub(super) fn draft(
    object: Object,
    key: &str,
    traits: &[&Members<'_>],
    received_at: Instant,
) -> Result<(Draft, Vec<Fault>), Fault> {
    let how = Convention { decimal: Some(Decimal::Point), ..Convention::default() };
    let mut builder = Builder::new(object, received_at);
    let mut faults = Vec::new();
    if let Some(id) = field(object, KEY) {
        builder.set(id, key, &how)?;
    }
    for (name, value) in traits.iter().flat_map(|traits| traits.iter()) {
        let known = field_for_header(object, name).filter(|field| !matches!(field.kind, Kind::Key | Kind::Ref(_)));
        let text = match value {
            Value::Text(text) => Some(text.as_ref()),
            Value::Number(digits) => Some(*digits),
            Value::Bool(true) => Some("true"),
            Value::Bool(false) => Some("false"),
            _ => None,
        };
        match (known, text.map(str::trim)) {
            (Some(field), Some("")) => builder.clear(field),
            (Some(field), None) if matches!(value, Value::Null) => builder.clear(field),
            (Some(field), Some(text)) => {
                if let Err(fault) = builder.set(field, text, &how) {
                    builder.keep(name, value.to_serde());
                    faults.push(fault);
                }
            }
            _ => builder.keep(name, value.to_serde()),
        }
    }
    let (draft, unsettled) = builder.finish_partial()?;
    faults.extend(unsettled);
    Ok((draft, faults))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::parse;
    use crate::record::{Code, Given};

    fn account(traits: &str) -> (Draft, Vec<Fault>) {
        let now = "2026-11-22T12:00:00Z".parse().unwrap();
        let Value::Object(members) = parse(traits).unwrap().value else { panic!("{traits}") };
        draft(Object::Account, "acme", &[&members], now).unwrap()
    }

    #[test]
    fn reserved_and_custom_traits_are_sorted_out() {
        let (draft, faults) = account(
            r#"{"name":"Acme","employees":420,"website":"https://acme.test/","mrr":2500.10,"industry":null,"sso":true,"id":"x"}"#,
        );
        assert!(faults.is_empty());
        assert_eq!(draft.key, "acme");
        assert_eq!(draft.text("name"), Given::Set("Acme"));
        assert_eq!(draft.int("employees"), Given::Set(420));
        assert_eq!(draft.text("domain"), Given::Set("acme.test"));
        assert_eq!(draft.cents("mrr_cents"), Given::Set(250_010));
        assert_eq!(draft.text("industry"), Given::Cleared);
        assert_eq!(serde_json::Value::Object(draft.extra).to_string(), r#"{"id":"x","sso":true}"#);
    }

    #[test]
    fn a_trait_that_does_not_fit_is_kept_and_reported() {
        let (draft, faults) = account(r#"{"employees":"lots","name":"Acme"}"#);
        assert_eq!(draft.int("employees"), Given::Absent);
        assert_eq!(draft.extra["employees"], "lots");
        assert_eq!((faults.len(), faults[0].code), (1, Code::BadNumber));
    }
}
