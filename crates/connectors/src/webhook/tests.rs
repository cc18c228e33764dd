use super::hmac_of::sign;
use super::*;

const BODY: &str = r#"{"id":"evt_1","type":"customer.created"}"#;
const URI: &str = "https://pomona.example/v1/webhooks/crm?x=1";

fn now() -> Instant {
    "2026-11-22T12:00:00Z".parse().unwrap()
}

/// What a test sends: the sender, its secret and the headers for a body signed at `at`.
struct Case {
    sender: Sender,
    secret: &'static str,
    headers: fn(body: &str, at: Instant) -> Vec<(&'static str, String)>,
}

fn scheme(timestamp_header: Option<&str>) -> Scheme {
    Scheme {
        header: "X-Hub-Signature-256".to_owned(),
        prefix: "sha256=".to_owned(),
        algorithm: Algorithm::Sha256,
        encoding: Encoding::Hex,
        timestamp_header: timestamp_header.map(str::to_owned),
        id: Some("id".to_owned()),
        stream: Some("$.type".to_owned()),
        record: None,
    }
}

fn cases() -> Vec<Case> {
    let mut cases = vendors();
    cases.extend(by_scheme());
    cases
}

fn vendors() -> Vec<Case> {
    vec![
        Case {
            sender: Sender::Stripe,
            secret: "whsec_secret",
            headers: |body, at| {
                let (key, at) = (b"whsec_secret".as_slice(), at.timestamp());
                let good = sign::hex(Algorithm::Sha256, key, format!("{at}.{body}").as_bytes());
                vec![("stripe-signature", format!("t={at},v1={},v0=aa,v1={good}", "0".repeat(64)))]
            },
        },
        Case {
            sender: Sender::Hubspot,
            secret: "secret",
            headers: |body, at| {
                let at = at.timestamp_millis();
                let signed = format!("POST{URI}{body}{at}");
                vec![
                    ("x-hubspot-signature-v3", sign::base64(Algorithm::Sha256, b"secret", signed.as_bytes())),
                    ("x-hubspot-request-timestamp", at.to_string()),
                ]
            },
        },
        Case {
            sender: Sender::Zendesk,
            secret: "dGhpc19zZWNyZXQ=",
            headers: |body, at| {
                let at = at.to_rfc3339();
                let signature = sign::base64(Algorithm::Sha256, b"dGhpc19zZWNyZXQ=", format!("{at}{body}").as_bytes());
                vec![("x-zendesk-webhook-signature", signature), ("x-zendesk-webhook-signature-timestamp", at)]
            },
        },
        Case {
            sender: Sender::Intercom,
            secret: "client",
            headers: |body, _| {
                vec![("x-hub-signature", format!("sha1={}", sign::hex(Algorithm::Sha1, b"client", body.as_bytes())))]
            },
        },
        Case {
            sender: Sender::Slack,
            secret: "8f742231b10e8888abcd99yyyzzz85a5",
            headers: |body, at| {
                let (key, at) = (b"8f742231b10e8888abcd99yyyzzz85a5".as_slice(), at.timestamp());
                let signature = sign::hex(Algorithm::Sha256, key, format!("v0:{at}:{body}").as_bytes());
                vec![("x-slack-signature", format!("v0={signature}")), ("x-slack-request-timestamp", at.to_string())]
            },
        },
        Case {
            sender: Sender::Standard,
            secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            headers: |body, at| {
                let key = base64::Engine::decode(
                    &base64::engine::general_purpose::STANDARD,
                    "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
                )
                .unwrap();
                let at = at.timestamp();
                let good = sign::base64(Algorithm::Sha256, &key, format!("msg_1.{at}.{body}").as_bytes());
                vec![
                    ("webhook-id", "msg_1".to_owned()),
                    ("webhook-timestamp", at.to_string()),
                    ("webhook-signature", format!("v1,AAAA v1a,BBBB v1,{good}")),
                ]
            },
        },
    ]
}

fn by_scheme() -> Vec<Case> {
    vec![
        Case {
            sender: Sender::Hmac(scheme(None)),
            secret: "gh",
            headers: |body, _| {
                let signature = sign::hex(Algorithm::Sha256, b"gh", body.as_bytes());
                vec![("x-hub-signature-256", format!("sha256={signature}"))]
            },
        },
        Case {
            sender: Sender::Hmac(scheme(Some("X-Time"))),
            secret: "gh",
            headers: |body, at| {
                let at = at.timestamp();
                let signature = sign::hex(Algorithm::Sha256, b"gh", format!("{at}.{body}").as_bytes());
                vec![("x-hub-signature-256", format!("sha256={signature}")), ("x-time", at.to_string())]
            },
        },
    ]
}

fn verified(case: &Case, secrets: &[&str], headers: &[(&str, String)], body: &[u8]) -> Result<(), Unverified> {
    let secrets: Vec<String> = secrets.iter().map(|secret| (*secret).to_owned()).collect();
    let header = |name: &str| headers.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone());
    let request = Request { method: "POST", uri: URI, header: &header, body, received_at: now() };
    verify(&case.sender, &secrets, &request)
}

#[test]
fn good_requests_are_believed_and_no_others() {
    for case in cases() {
        let name = case.sender.as_str();
        let good = (case.headers)(BODY, now());
        assert_eq!(verified(&case, &[case.secret], &good, BODY.as_bytes()), Ok(()), "{name}");
        assert_eq!(verified(&case, &["old", case.secret], &good, BODY.as_bytes()), Ok(()), "{name}, rotating");
        assert_eq!(verified(&case, &["other"], &good, BODY.as_bytes()), Err(Unverified::Forged), "{name}");
        assert_eq!(verified(&case, &[], &good, BODY.as_bytes()), Err(Unverified::Forged), "{name} without a secret");
        let spaced = BODY.replace(':', ": ");
        assert_eq!(verified(&case, &[case.secret], &good, spaced.as_bytes()), Err(Unverified::Forged), "{name}");
        assert_eq!(verified(&case, &[case.secret], &[], BODY.as_bytes()), Err(Unverified::Unsigned), "{name}");
        let garbled: Vec<_> = good.iter().map(|(header, _)| (*header, "???".to_owned())).collect();
        assert_eq!(verified(&case, &[case.secret], &garbled, BODY.as_bytes()), Err(Unverified::Unreadable), "{name}");
    }
}

#[test]
fn a_signature_lasts_five_minutes_where_a_time_is_signed() {
    for case in cases() {
        let signs_no_time = matches!(&case.sender, Sender::Intercom)
            || matches!(&case.sender, Sender::Hmac(scheme) if scheme.timestamp_header.is_none());
        for (seconds, fresh) in [(-299, true), (299, true), (-301, false), (301, false)] {
            let headers = (case.headers)(BODY, now() + chrono::TimeDelta::seconds(seconds));
            let expected = if fresh || signs_no_time { Ok(()) } else { Err(Unverified::Stale) };
            assert_eq!(
                verified(&case, &[case.secret], &headers, BODY.as_bytes()),
                expected,
                "{}",
                case.sender.as_str()
            );
        }
    }
}

/// The vector of Standard Webhooks' specification.
#[test]
fn the_published_vector_of_standard_webhooks_verifies() {
    let body = r#"{"test": 2432232314}"#;
    let headers = [
        ("webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek".to_owned()),
        ("webhook-timestamp", "1614265330".to_owned()),
        ("webhook-signature", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=".to_owned()),
    ];
    let header = |name: &str| headers.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone());
    let received_at = chrono::DateTime::from_timestamp(1_614_265_330, 0).unwrap();
    let request = Request { method: "POST", uri: URI, header: &header, body: body.as_bytes(), received_at };
    let secrets = ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_owned()];
    assert_eq!(verify(&Sender::Standard, &secrets, &request), Ok(()));
}

#[track_caller]
fn reads(sender: &Sender, body: &str, id: &str, expected: &[(&str, &str, &str)]) {
    let delivery = read(sender, body, None).unwrap();
    assert_eq!(delivery.id, id);
    let found: Vec<_> = delivery
        .records
        .iter()
        .map(|record| (record.stream.as_str(), record.key.as_str(), record.value.to_string()))
        .collect();
    let found: Vec<_> = found.iter().map(|(stream, key, value)| (*stream, *key, value.as_str())).collect();
    assert_eq!(found, expected);
}

#[test]
fn records_are_named_as_the_vendors_extractor_names_them() {
    reads(
        &Sender::Stripe,
        r#"{"id":"evt_1","type":"customer.subscription.updated","created":1795348800,"data":{"object":{"id":"sub_1","object":"subscription","customer":"cus_1"},"previous_attributes":{"quantity":1}}}"#,
        "evt_1",
        &[(
            "subscriptions",
            "sub_1",
            r#"{"id":"sub_1","object":"subscription","customer":"cus_1","updated":1795348800}"#,
        )],
    );
    reads(
        &Sender::Hubspot,
        r#"[{"eventId":7,"subscriptionType":"company.propertyChange","objectId":42,"propertyName":"name","propertyValue":"Acme","occurredAt":1795348800000},
            {"eventId":8,"subscriptionType":"object.creation","objectTypeId":"0-1","objectId":43}]"#,
        "7-8",
        &[("companies", "42", r#"{"id":"42","properties":{"name":"Acme"}}"#), ("contacts", "43", r#"{"id":"43"}"#)],
    );
    reads(
        &Sender::Zendesk,
        r#"{"id":"z1","type":"zen:event-type:ticket.status_changed","detail":{"id":"9","status":"OPEN"},"event":{}}"#,
        "z1",
        &[("tickets", "9", r#"{"id":"9","status":"OPEN"}"#)],
    );
    reads(
        &Sender::Intercom,
        r#"{"type":"notification_event","id":"notif_1","topic":"company.created","created_at":1,"data":{"item":{"type":"company","id":"c1"}}}"#,
        "notif_1",
        &[("companies", "c1", r#"{"type":"company","id":"c1"}"#)],
    );
    reads(
        &Sender::Standard,
        r#"{"type":"invoice.paid","data":{"id":"in_1"}}"#,
        &digest_of(r#"{"type":"invoice.paid","data":{"id":"in_1"}}"#),
        &[("invoices", "in_1", r#"{"id":"in_1"}"#)],
    );
    let nested = Scheme { record: Some("payload.object".to_owned()), ..scheme(None) };
    reads(
        &Sender::Hmac(nested),
        r#"{"id":"m1","type":"deals","payload":{"object":{"id":5}}}"#,
        "m1",
        &[("deals", "5", r#"{"id":5}"#)],
    );
}

#[test]
fn a_ping_brings_nothing_and_text_that_is_not_json_is_an_error() {
    let ping = r#"{"type":"notification_event","id":null,"topic":"ping","data":{"item":{"type":"ping"}}}"#;
    assert_eq!(read(&Sender::Intercom, ping, None).unwrap().records, []);
    assert_eq!(
        read(&Sender::Intercom, ping, None).unwrap().id.len(),
        32,
        "a message without an id is known by its text"
    );
    assert!(read(&Sender::Stripe, "payload=%7B%7D", None).is_err());
    assert_eq!(read(&Sender::Standard, "{}", Some("msg_1")).unwrap().id, "msg_1");
}

fn digest_of(text: &str) -> String {
    use sha2::{Digest, Sha256};
    hex::encode(&Sha256::digest(text)[..16])
}
