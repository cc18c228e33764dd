//! What must not reach an event. Events are kept for years in immutable files, so
//! they name people only by opaque numbers; traits of people live in records, where
//! they can be erased.
//!
//! The rule, as documented to senders: at any depth of an event's properties, a
//! member is removed when its name is one of the closed list below (compared without case, spaces and
//! punctuation), or when its text looks like a mail address: a letter or digit on both
//! sides of an `@`, written plainly or percent-encoded. The bare key
//! `name` is removed at the top level and inside an object about a person; the name of a product, a
//! plan or a report stays. Deliberately absent: guessing names or numbers in free text.

use serde_json::{Map, Value as Json};

use crate::json::{Members, Value};

/// Keys whose values identify a person, in lower case without punctuation.
const KEYS: &[&str] = &[
    "address",
    "avatar",
    "avatarurl",
    "birthdate",
    "birthday",
    "city",
    "creditcard",
    "dateofbirth",
    "displayname",
    "email",
    "emailaddress",
    "familyname",
    "firstname",
    "fullname",
    "givenname",
    "iban",
    "ip",
    "ipaddress",
    "lastname",
    "mail",
    "mobile",
    "mobilephone",
    "nickname",
    "passport",
    "password",
    "phone",
    "phonenumber",
    "postalcode",
    "ssn",
    "street",
    "surname",
    "telephone",
    "useragent",
    "username",
    "zip",
    "zipcode",
];

/// Keys of objects that describe a person, whose `name` is therefore personal.
const PEOPLE: &[&str] = &[
    "assignee",
    "author",
    "contact",
    "customer",
    "employee",
    "member",
    "owner",
    "person",
    "profile",
    "recipient",
    "sender",
    "traits",
    "user",
];

/// Longest of the words above.
const LONGEST: usize = 16;

/// A key's ASCII letters and digits in lower case, if they could be one of the words
/// above. It allocates nothing, since every property of every event passes here.
fn normal_key<'b>(key: &str, buffer: &'b mut [u8; LONGEST]) -> Option<&'b str> {
    let mut length = 0;
    for byte in key.bytes() {
        if byte.is_ascii_alphanumeric() {
            *buffer.get_mut(length)? = byte.to_ascii_lowercase();
            length += 1;
        } else if !byte.is_ascii() {
            return None;
        }
    }
    std::str::from_utf8(&buffer[..length]).ok()
}

/// Whether a property of this name is removed; `about_person` says where it stands.
fn is_personal_key(key: &str, about_person: bool) -> bool {
    let mut buffer = [0; LONGEST];
    let key = normal_key(key, &mut buffer);
    key.is_some_and(|key| KEYS.binary_search(&key).is_ok() || (about_person && key == "name"))
}

fn is_about_person(key: &str) -> bool {
    normal_key(key, &mut [0; LONGEST]).is_some_and(|key| PEOPLE.binary_search(&key).is_ok())
}

/// Whether a text looks as if it held a mail address.
fn holds_mail_address(text: &str) -> bool {
    if !text.bytes().any(|byte| matches!(byte, b'@' | b'%')) {
        return false;
    }
    let beside = |letter: Option<char>| letter.is_some_and(char::is_alphanumeric);
    ["@", "%40"].iter().any(|at| {
        text.match_indices(at).any(|(start, at)| {
            beside(text[..start].chars().next_back()) && beside(text[start + at.len()..].chars().next())
        })
    })
}

/// Removes what is personal from an event's properties; returns how many members and
/// list items went.
pub(crate) fn remove(properties: &mut Members<'_>) -> u32 {
    remove_members(properties, true)
}

fn remove_members(members: &mut Members<'_>, about_person: bool) -> u32 {
    let mut removed = 0;
    members.retain(|key, value| {
        let personal = is_personal_key(key, about_person);
        removed += u32::from(personal);
        !personal && keep(value, is_about_person(key), &mut removed)
    });
    removed
}

fn keep(value: &mut Value<'_>, about_person: bool, removed: &mut u32) -> bool {
    match value {
        Value::Text(text) if holds_mail_address(text) => {
            *removed += 1;
            return false;
        }
        Value::Array(items) => items.retain_mut(|item| keep(item, about_person, removed)),
        Value::Object(members) => *removed += remove_members(members, about_person),
        _ => {}
    }
    true
}

/// The same rule for properties that came from a spreadsheet.
pub(crate) fn remove_from_map(properties: &mut Map<String, Json>) {
    remove_json_members(properties, true);
}

fn remove_json_members(members: &mut Map<String, Json>, about_person: bool) {
    members.retain(|key, value| !is_personal_key(key, about_person) && keep_json(value, is_about_person(key)));
}

fn keep_json(value: &mut Json, about_person: bool) -> bool {
    match value {
        Json::String(text) => return !holds_mail_address(text),
        Json::Array(items) => items.retain_mut(|item| keep_json(item, about_person)),
        Json::Object(members) => remove_json_members(members, about_person),
        _ => {}
    }
    true
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::json::parse;
    use crate::record::normal_header;

    #[track_caller]
    fn check(before: &str, after: &str, removed: u32) {
        let Value::Object(mut members) = parse(before).unwrap().value else { panic!("{before}") };
        assert_eq!(remove(&mut members), removed, "{before}");
        assert_eq!(Value::Object(members).to_string(), after);

        let mut map: Map<String, Json> = serde_json::from_str(before).unwrap();
        remove_from_map(&mut map);
        assert_eq!(Json::Object(map), serde_json::from_str::<Json>(after).unwrap(), "both forms follow one rule");
    }

    #[test]
    fn lists_are_sorted_and_normal() {
        for list in [KEYS, PEOPLE] {
            assert!(list.is_sorted());
            assert!(list.iter().all(|key| normal_header(key) == *key && key.len() <= LONGEST));
        }
    }

    #[test]
    fn keys_are_compared_without_their_looks() {
        for key in ["E-Mail Address", "emailAddress", "EMAIL_ADDRESS"] {
            assert!(is_personal_key(key, false), "{key}");
        }
        for key in ["", "émail", "email_address_count_of_all", "emails"] {
            assert!(!is_personal_key(key, true), "{key}");
        }
    }

    #[test]
    fn personal_keys_go_at_any_depth() {
        check(r#"{"plan":"pro","E-Mail":"x","first_name":"Ann"}"#, r#"{"plan":"pro"}"#, 2);
        check(r#"{"order":{"lines":[{"phone":"1","sku":"a"}]}}"#, r#"{"order":{"lines":[{"sku":"a"}]}}"#, 1);
    }

    #[test]
    fn a_name_is_personal_only_where_a_person_is_meant() {
        check(r#"{"name":"Ann Lee","product":{"name":"Pro"}}"#, r#"{"product":{"name":"Pro"}}"#, 1);
        check(r#"{"user":{"name":"Ann","id":7}}"#, r#"{"user":{"id":7}}"#, 1);
    }

    #[test]
    fn mail_addresses_go_whatever_the_key() {
        check(r#"{"to":"ann@acme.test","n":1}"#, r#"{"n":1}"#, 1);
        check(r#"{"url":"/invite?to=ann%40acme.test"}"#, "{}", 1);
        check(r#"{"cc":["ann@acme.test","ops"]}"#, r#"{"cc":["ops"]}"#, 1);
        check(r#"{"package":"@acme/sdk","note":"5 @ 3 EUR"}"#, r#"{"package":"@acme/sdk","note":"5 @ 3 EUR"}"#, 0);
    }

    proptest! {
        #[test]
        fn no_address_survives(user in "[a-z0-9]{1,8}", key in "[a-z]{1,8}", before in ".{0,6}", after in ".{0,6}") {
            let address = format!("{user}@example.com");
            let text = serde_json::json!({ key: [{ "x": format!("{before}{address}{after}") }] }).to_string();
            let parsed = parse(&text).unwrap().value;
            let Value::Object(mut members) = parsed else { unreachable!() };
            remove(&mut members);
            prop_assert!(!Value::Object(members).to_string().contains(&address));
        }
    }
}
