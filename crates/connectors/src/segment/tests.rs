use proptest::prelude::*;

use super::*;
use crate::record::Given;

fn now() -> Instant {
    "2026-11-22T12:00:00Z".parse().unwrap()
}

fn batch(body: &str) -> Batch {
    parse(body.as_bytes(), Route::Batch, None, &Limits::default(), now()).unwrap()
}

fn one(path: &str, body: &str) -> Message {
    let mut batch = parse(body.as_bytes(), Route::from_path(path).unwrap(), None, &Limits::default(), now()).unwrap();
    assert_eq!(batch.refused, []);
    batch.messages.remove(0)
}

fn action(message: &Message) -> &Action {
    message.action().unwrap()
}

#[track_caller]
fn refuses_body(body: &str, status: u16, code: &str) {
    let error = parse(body.as_bytes(), Route::Batch, None, &Limits::default(), now()).unwrap_err();
    assert_eq!((error.status, error.code), (status, code), "{error}");
}

#[track_caller]
fn refuses(message: &str, code: &str) {
    let batch = batch(&format!(r#"{{"batch":[{message},{{"type":"track","userId":"u","event":"Good"}}]}}"#));
    assert_eq!(batch.messages.len(), 1, "the good neighbour survives");
    assert_eq!(batch.refused.len(), 1, "{message}");
    assert_eq!((batch.refused[0].index, batch.refused[0].code), (0, code), "{:?}", batch.refused[0]);
    assert!(message.trim().starts_with(&batch.refused[0].body[..10.min(batch.refused[0].body.len())]));
}

#[test]
fn paths_of_all_clients_are_routes() {
    for path in ["/v1/batch", "/v1/b", "/v1/import", "/beacon/v1/batch"] {
        assert_eq!(Route::from_path(path), Some(Route::Batch), "{path}");
    }
    for path in ["/v1/track", "/v1/t", "/api/s/track", "/api/s/s2s/track", "v1/track/"] {
        assert_eq!(Route::from_path(path), Some(Route::One(Call::Track)), "{path}");
    }
    for path in ["/api/s/batch", "/api/s/s2s/batch"] {
        assert_eq!(Route::from_path(path), Some(Route::Batch), "{path}");
    }
    for path in ["/", "/v1", "/v1/projects", "/v1/projects/KEY/settings", "/v2/track"] {
        assert_eq!(Route::from_path(path), None, "{path}");
    }
}

/// The body segment-analytics-python 2.x sends.
#[test]
fn a_python_batch_is_understood() {
    let batch = batch(
        r#"{"batch": [
            {"integrations": {}, "anonymousId": null, "timestamp": "2026-11-22T11:59:58.123456+00:00", "userId": "u1",
             "context": {"library": {"name": "analytics-python", "version": "2.3.4"}, "groupId": "acme"},
             "type": "track", "event": "Report Exported", "properties": {"format": "pdf", "quantity": 3, "email": "a@b.co"},
             "messageId": "9c6ff4a5"},
            {"type": "identify", "userId": "u1", "traits": {"email": "Ann@Acme.test", "name": "Ann Lee", "title": "CIO"},
             "timestamp": "2026-11-22T11:59:59+00:00", "messageId": "9c6ff4a6"},
            {"type": "group", "userId": "u1", "groupId": "acme", "traits": {"name": "Acme", "employees": 420},
             "timestamp": "2026-11-22T11:59:59+00:00", "messageId": "9c6ff4a7"}],
           "sentAt": "2026-11-22T12:00:00+00:00", "writeKey": "wk_1"}"#,
    );
    assert_eq!(batch.refused, []);
    assert_eq!(batch.write_key.as_deref(), Some("wk_1"));
    let [track, identify, group] = &batch.messages[..] else { panic!("three messages") };

    assert_eq!(track.id, "9c6ff4a5");
    assert_eq!(track.user_id.as_deref(), Some("u1"));
    assert_eq!(track.anonymous_id, None);
    assert_eq!(track.account, Some(Evidence { account: "acme".to_owned(), found: "context.groupId".to_owned() }));
    assert_eq!(track.occurred_at, "2026-11-22T11:59:58.123456Z".parse::<Instant>().unwrap());
    assert_eq!(
        *action(track),
        Action { name: "Report Exported".to_owned(), quantity: 3, properties: Some(r#"{"format":"pdf"}"#.to_owned()) }
    );
    assert_eq!(track.removed, 1);

    let Kind::Identify(Some(contact)) = &identify.kind else { panic!("{:?}", identify.kind) };
    assert_eq!(contact.key, "u1");
    assert_eq!(contact.text("email"), Given::Set("ann@acme.test"));
    assert_eq!(contact.text("title"), Given::Set("CIO"));
    assert_eq!(identify.mail_domain.as_deref(), Some("acme.test"));

    let Kind::Group(account) = &group.kind else { panic!("{:?}", group.kind) };
    assert_eq!((account.key.as_str(), account.int("employees")), ("acme", Given::Set(420)));
}

#[test]
fn single_messages_take_their_type_from_the_path() {
    let message = one("/v1/t", r#"{"event":"Login","anonymousId":"a1"}"#);
    assert_eq!(action(&message).name, "Login");
    let message = one("/api/s/s2s/group", r#"{"groupId":"acme","traits":{"name":"Acme"}}"#);
    assert!(matches!(message.kind, Kind::Group(_)));
    let message = one("/v1/p", r#"{"type":"page","userId":"u","name":"Pricing","properties":{"path":"/pricing"}}"#);
    assert_eq!(action(&message).name, "Viewed Pricing Page");
}

#[test]
fn a_bare_list_and_a_byte_order_mark_are_understood() {
    assert_eq!(batch(r#"[{"event":"A","userId":"u"},{"event":"B","userId":7}]"#).messages.len(), 2);
    assert_eq!(batch("\u{feff} {\"batch\":[{\"event\":\"A\",\"userId\":\"u\"}]}\n").messages.len(), 1);
    assert_eq!(batch(r#"{"batch":[]}"#).messages.len(), 0);
}

/// `RudderStack`'s browser client keeps traits in the context only (T7).
#[test]
fn traits_may_lie_in_the_context_only() {
    let message = one("/v1/identify", r#"{"userId":"u","context":{"traits":{"email":"ann@acme.test"}}}"#);
    let Kind::Identify(Some(contact)) = &message.kind else { panic!() };
    assert_eq!(contact.text("email"), Given::Set("ann@acme.test"));
    let message = one("/v1/group", r#"{"groupId":"acme","context":{"traits":{"email":"ann@acme.test","name":"Ann"}}}"#);
    let Kind::Group(account) = &message.kind else { panic!() };
    assert_eq!(account.text("name"), Given::Absent, "the person's name is not the account's");
}

#[test]
fn the_context_and_clock_of_the_batch_count_for_each_message() {
    let batch = batch(
        r#"{"context":{"groupId":"acme"},"sentAt":"2026-11-22T11:00:00Z",
            "batch":[{"event":"A","userId":"u","timestamp":"2026-11-22T10:59:50Z"},
                     {"event":"B","userId":"u","context":{"groupId":"own"},"timestamp":"2026-11-22T11:59:50Z","sentAt":"2026-11-22T12:00:00Z"}]}"#,
    );
    let kept = r#"{"$clocks":{"original":"2026-11-22T10:59:50Z","sent":"2026-11-22T11:00:00Z"}}"#;
    assert_eq!(
        action(&batch.messages[0]).properties.as_deref(),
        Some(kept),
        "a wrong clock is kept beside the right time"
    );
    assert_eq!(action(&batch.messages[1]).properties, None);
    let facts: Vec<_> = batch
        .messages
        .iter()
        .map(|message| (message.account.as_ref().unwrap().account.as_str(), message.occurred_at.to_rfc3339()))
        .collect();
    assert_eq!(
        facts,
        [("acme", "2026-11-22T11:59:50+00:00".to_owned()), ("own", "2026-11-22T11:59:50+00:00".to_owned())]
    );
}

#[test]
fn one_bad_message_never_loses_the_batch() {
    refuses(r#"{"event": tru}"#, "broken_json");
    refuses(r#""just text""#, "not_an_object");
    refuses("17", "not_an_object");
    refuses(r#"{"type":"dance","userId":"u"}"#, "unknown_type");
    refuses(r#"{"userId":"u"}"#, "no_type");
    refuses(r#"{"type":"track","userId":"u"}"#, "no_event");
    refuses(r#"{"type":"track","userId":"u","event":""}"#, "no_event");
    refuses(r#"{"type":"track","event":"A","userId":"","anonymousId":null}"#, "no_identity");
    refuses(r#"{"type":"track","event":"A","userId":"u","timestamp":"yesterday"}"#, "bad_timestamp");
    refuses(r#"{"type":"track","event":"A","userId":"u","timestamp":"2036-01-01T00:00:00Z"}"#, "future");
    refuses(r#"{"type":"track","event":"A","userId":"u","properties":[1]}"#, "bad_properties");
    refuses(r#"{"type":"group","userId":"u"}"#, "no_group");
    refuses(r#"{"type":"alias","userId":"u"}"#, "no_identity");
    refuses(&format!(r#"{{"type":"track","event":"A","userId":"{}"}}"#, "x".repeat(600)), "bad_id");
    refuses(&format!(r#"{{"type":"track","event":"{}","userId":"u"}}"#, "x".repeat(600)), "bad_event");
    refuses(
        &format!(r#"{{"type":"track","event":"A","userId":"u","properties":{{"x":"{}"}}}}"#, "x".repeat(33_000)),
        "too_large",
    );
    refuses(
        &format!(r#"{{"event":"A","userId":"u","properties":{}1{}}}"#, "[".repeat(200), "]".repeat(200)),
        "broken_json",
    );
}

#[test]
fn bodies_that_cannot_be_cut_are_refused_whole() {
    refuses_body("", 400, "empty_body");
    refuses_body("  \n", 400, "empty_body");
    refuses_body("{", 400, "broken_json");
    refuses_body("data=eyJhIjoxfQ==", 400, "broken_json");
    refuses_body(r#"{"batch":[{"event":"A"}"#, 400, "broken_json");
    refuses_body(r#"{"batch":null}"#, 400, "broken_json");
    refuses_body(r#"{"event": tru}"#, 400, "broken_json");
    refuses_body(&format!("[{}0]", "0,".repeat(5_000)), 413, "too_many_messages");
}

/// T11: NUL, deep nesting, huge integers and long decimals neither fail nor change.
#[test]
fn odd_but_legal_values_survive() {
    let deep = format!("{}1{}", r#"{"n":"#.repeat(60), "}".repeat(60));
    let message = one(
        "/v1/track",
        &format!(
            r#"{{"userId":"u\u0000","event":"A\u0000B","properties":{{"id":123456789012345678901234567890,"x":0.1000000000000000055511151231257827,"deep":{deep},"t":"a\u0000b"}}}}"#
        ),
    );
    assert_eq!(message.user_id.as_deref(), Some("u"));
    assert_eq!(action(&message).name, "AB");
    assert!(message.altered);
    assert_eq!(
        action(&message).properties.as_deref(),
        Some(format!(r#"{{"id":123456789012345678901234567890,"x":0.1000000000000000055511151231257827,"deep":{deep},"t":"ab","$altered":true}}"#).as_str())
    );
}

#[test]
fn bytes_that_are_not_utf8_are_replaced_and_flagged() {
    let body = b"{\"batch\":[{\"event\":\"A\",\"userId\":\"M\xfcller\"},{\"event\":\"B\",\"userId\":\"u\"}]}";
    let batch = parse(body, Route::Batch, None, &Limits::default(), now()).unwrap();
    assert_eq!(batch.messages.iter().map(|message| message.altered).collect::<Vec<_>>(), [true, false]);
}

#[test]
fn messages_without_an_id_get_one_that_survives_a_retry() {
    let ids = |sent: &str| -> Vec<String> {
        let body = format!(
            r#"{{"sentAt":"{sent}","batch":[{{"event":"A","userId":"u","timestamp":"2026-11-22T10:00:00Z"}},
               {{"event":"A","userId":"u","timestamp":"2026-11-22T10:00:00Z","sentAt":"{sent}"}},
               {{"event":"B","userId":"u","timestamp":"2026-11-22T10:00:00Z"}}]}}"#
        );
        batch(&body).messages.into_iter().map(|message| message.id).collect()
    };
    let first = ids("2026-11-22T11:00:00Z");
    assert_eq!(first, ids("2026-11-22T11:00:07Z"), "a retry gives the same ids");
    assert!(first[0] != first[1] && first[1] != first[2], "equal messages of one batch stay two");

    let untimed = |received: &str| {
        let body = br#"[{"event":"A","userId":"u"}]"#;
        parse(body, Route::Batch, None, &Limits::default(), received.parse().unwrap()).unwrap().messages[0].id.clone()
    };
    assert_ne!(untimed("2026-11-22T12:00:00Z"), untimed("2026-11-22T12:00:01Z"), "two clicks are two clicks");
}

#[test]
fn quantities_are_whole_and_sane() {
    let quantity = |text: &str| {
        let message = one("/v1/track", &format!(r#"{{"event":"A","userId":"u","properties":{{"quantity":{text}}}}}"#));
        (action(&message).quantity, action(&message).properties.is_some())
    };
    assert_eq!(quantity("12"), (12, false));
    assert_eq!(quantity("0"), (0, false));
    for kept in ["2.5", "-1", "\"3\"", "99999999999999999999"] {
        assert_eq!(quantity(kept), (1, true), "{kept} stays a property");
    }
}

#[test]
fn masked_body_keys_are_no_keys() {
    assert_eq!(batch(r#"{"batch":[{"writeKey":"wk:***","event":"A","userId":"u"}]}"#).write_key, None);
    assert_eq!(batch(r#"{"batch":[{"writeKey":"wk","event":"A","userId":"u"}]}"#).write_key.as_deref(), Some("wk"));
    assert_eq!(batch(r#"{"api_key":"ph","batch":[]}"#).write_key.as_deref(), Some("ph"));
}

#[test]
fn aliases_are_read() {
    let message = one("/v1/alias", r#"{"userId":"u1","previousId":"a1"}"#);
    assert_eq!(message.kind, Kind::Alias { previous_id: "a1".to_owned() });
}

proptest! {
    #[test]
    fn no_body_panics(body in prop::collection::vec(any::<u8>(), 0..300), path in prop::sample::select(vec!["/v1/batch", "/v1/t", "/v1/i"])) {
        let _ = parse(&body, Route::from_path(path).unwrap(), None, &Limits::default(), now());
    }

    #[test]
    fn every_message_is_either_understood_or_refused(values in prop::collection::vec(any_member(), 0..8)) {
        let body = format!("{{\"batch\":[{}]}}", values.join(","));
        let batch = parse(body.as_bytes(), Route::Batch, None, &Limits::default(), now()).unwrap();
        prop_assert_eq!(batch.messages.len() + batch.refused.len(), values.len());
        for message in &batch.messages {
            if let Some(properties) = message.action().and_then(|action| action.properties.as_deref()) {
                prop_assert!(crate::json::parse(properties).is_ok());
            }
        }
    }
}

/// Messages with every member present, absent or of the wrong type.
fn any_member() -> impl Strategy<Value = String> {
    let value = prop_oneof![
        Just("null".to_owned()),
        Just("\"\"".to_owned()),
        Just("\"u1\"".to_owned()),
        Just("\"track\"".to_owned()),
        Just("\"2026-11-22T10:00:00Z\"".to_owned()),
        Just("{\"email\":\"a@b.co\",\"quantity\":2}".to_owned()),
        Just("[1,{}]".to_owned()),
        any::<i64>().prop_map(|number| number.to_string()),
        any::<String>().prop_map(|text| serde_json::Value::from(text).to_string()),
    ];
    let keys = [
        "type",
        "userId",
        "event",
        "groupId",
        "timestamp",
        "sentAt",
        "properties",
        "traits",
        "context",
        "messageId",
        "previousId",
    ];
    prop::collection::hash_map(prop::sample::select(keys.to_vec()), value, 0..8).prop_map(|members| {
        let members: Vec<String> = members.iter().map(|(key, value)| format!("\"{key}\":{value}")).collect();
        format!("{{{}}}", members.join(","))
    })
}
