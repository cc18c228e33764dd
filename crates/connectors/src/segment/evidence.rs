//! What a message says about its account, in the order of trust (T8): the group it
//! names, the group of its context, then wherever else senders write it. The
//! user's membership at the time comes after these and is known to `engine`; the
//! domain of a mail address comes last, and free-mail domains say nothing.

use crate::json::Value;
use crate::record::mail;

/// A message's own word about its account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// The account's external id.
    pub account: String,
    /// Where it was found: a dotted path.
    pub found: String,
}

/// Where to look, most trusted first.
pub(super) const DEFAULT_PATHS: [&str; 16] = [
    "groupId",
    "context.groupId",
    "properties.account_id",
    "properties.accountId",
    "properties.group_id",
    "properties.groupId",
    "properties.company_id",
    "properties.companyId",
    "properties.organization_id",
    "properties.organizationId",
    "traits.company.id",
    "context.traits.company.id",
    "traits.accountExternalId",
    "traits.account_id",
    "traits.accountId",
    "account.id",
];

/// The first account named at one of `paths`. Paths under `context` also look into the
/// context the whole batch shares.
pub(super) fn account(message: &Value<'_>, shared: Option<&Value<'_>>, paths: &[String]) -> Option<Evidence> {
    paths.iter().find_map(|path| {
        let account = lookup(message, shared, path).and_then(Value::as_id)?;
        Some(Evidence { account: account.to_owned(), found: path.clone() })
    })
}

/// The domain of the person's mail address, unless it is a free-mail domain.
pub(super) fn mail_domain(message: &Value<'_>, shared: Option<&Value<'_>>) -> Option<String> {
    let address = ["traits.email", "context.traits.email", "properties.email"]
        .iter()
        .find_map(|path| lookup(message, shared, path).and_then(Value::as_id))?;
    mail::business_domain(address)
}

/// The value at a path, with the shared context under the message's own.
pub(super) fn lookup<'v, 'a>(
    message: &'v Value<'a>,
    shared: Option<&'v Value<'a>>,
    path: &str,
) -> Option<&'v Value<'a>> {
    let said = |value: &&Value<'_>| {
        !matches!(value, Value::Null) && value.as_text().is_none_or(|text| !text.trim().is_empty())
    };
    let own = message.at(path).filter(said);
    own.or_else(|| shared?.at(path.strip_prefix("context.")?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::parse;

    fn found(message: &str, shared: Option<&str>) -> Option<(String, String)> {
        let paths: Vec<String> = DEFAULT_PATHS.iter().map(|path| (*path).to_owned()).collect();
        let message = parse(message).unwrap().value;
        let shared = shared.map(|text| parse(text).unwrap().value);
        account(&message, shared.as_ref(), &paths).map(|evidence| (evidence.account, evidence.found))
    }

    fn pair(account: &str, path: &str) -> (String, String) {
        (account.to_owned(), path.to_owned())
    }

    #[test]
    fn the_most_trusted_place_wins() {
        let all = r#"{"groupId":"g","context":{"groupId":"c"},"properties":{"account_id":"p"}}"#;
        assert_eq!(found(all, None), Some(pair("g", "groupId")));
        assert_eq!(found(r#"{"groupId":"","context":{"groupId":"c"}}"#, None), Some(pair("c", "context.groupId")));
        assert_eq!(found(r#"{"properties":{"account_id":42}}"#, None), Some(pair("42", "properties.account_id")));
        assert_eq!(found(r#"{"traits":{"company":{"id":"t"}}}"#, None), Some(pair("t", "traits.company.id")));
        assert_eq!(found(r#"{"account":{"id":"totango"}}"#, None), Some(pair("totango", "account.id")));
        assert_eq!(found(r#"{"groupId":null,"event":"x"}"#, None), None);
    }

    #[test]
    fn the_context_of_the_batch_lies_under_that_of_the_message() {
        assert_eq!(found("{}", Some(r#"{"groupId":"b"}"#)), Some(pair("b", "context.groupId")));
        assert_eq!(
            found(r#"{"context":{"groupId":"own"}}"#, Some(r#"{"groupId":"b"}"#)),
            Some(pair("own", "context.groupId"))
        );
    }

    #[test]
    fn free_mail_is_no_evidence() {
        let domain = |address: &str| {
            mail_domain(&parse(&format!(r#"{{"context":{{"traits":{{"email":"{address}"}}}}}}"#)).unwrap().value, None)
        };
        assert_eq!(domain("Ann@Acme.test"), Some("acme.test".to_owned()));
        assert_eq!(domain("ann@gmail.com"), None);
        assert_eq!(domain("not an address"), None);
    }
}
