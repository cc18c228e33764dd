//! What a verified webhook says: the id by which a repeat is recognised, and its records, named as the vendor's own
//! extractor names its streams, so that one preset reads both. What has no shape we know is one record of a stream
//! called after the message, which is kept and offered for mapping.

use sha2::{Digest, Sha256};

use super::{Scheme, Sender};
use crate::json::{self, JsonError, Members, Value};

/// What one request brings.
#[derive(Debug, Clone, PartialEq)]
pub struct Delivery<'a> {
    /// The message's id, or a digest of its body where it has none.
    pub id: String,
    /// What it is about, in the sender's words: `customer.subscription.updated`.
    pub topic: String,
    /// Its records, in order.
    pub records: Vec<Record<'a>>,
}

/// One record of a delivery.
#[derive(Debug, Clone, PartialEq)]
pub struct Record<'a> {
    /// The stream, as the vendor's extractor calls it.
    pub stream: String,
    /// What the vendor calls the record.
    pub key: String,
    /// The one property a message is about, where it speaks of no more.
    pub part: Option<String>,
    /// The record, or the part of it that changed.
    pub value: Value<'a>,
    /// When the vendor says it was so, in seconds since 1970: webhooks overtake each other.
    pub at: Option<i64>,
}

/// Reads the text of a verified body. `id_header` is the id that stands in a header, as in Standard Webhooks.
pub fn read<'a>(sender: &Sender, text: &'a str, id_header: Option<&str>) -> Result<Delivery<'a>, JsonError> {
    let mut value = json::parse(text)?.value;
    let mut delivery = match sender {
        Sender::Stripe => stripe(&mut value),
        Sender::Hubspot => hubspot(value),
        Sender::Zendesk => zendesk(&mut value),
        Sender::Intercom => intercom(&mut value),
        Sender::Slack => whole(value, "slack"),
        Sender::Standard => standard(&mut value),
        Sender::Hmac(scheme) => by_scheme(value, scheme),
    };
    if let Some(id) = id_header {
        id.clone_into(&mut delivery.id);
    }
    if delivery.id.is_empty() {
        delivery.id = hex::encode(&Sha256::digest(text)[..16]);
    }
    Ok(delivery)
}

fn text(value: &Value<'_>, path: &str) -> String {
    value.at(path).and_then(Value::as_id).unwrap_or_default().to_owned()
}

fn one(id: String, topic: String, record: Option<Record<'_>>) -> Delivery<'_> {
    Delivery { id, topic, records: record.into_iter().collect() }
}

/// `{"id":"evt_…","type":…,"created":…,"data":{"object":{"object":"subscription",…}}}`. The object says when it was so in
/// the member in which the extractor does, and a discount that was deleted says when.
fn stripe<'a>(event: &mut Value<'a>) -> Delivery<'a> {
    let (id, topic) = (text(event, "id"), text(event, "type"));
    let at = event.get("created").and_then(Value::as_id).and_then(|at| at.parse().ok());
    let object = event.take("data").and_then(|mut data| data.take("object"));
    let created = event.take("created");
    let deleted = topic == "customer.discount.deleted";
    let record = object.filter(|object| object.as_object().is_some()).map(|mut value| {
        if deleted && let (Value::Object(members), Some(created)) = (&mut value, created.clone()) {
            members.push("deleted_at", created);
        }
        if value.get("updated").is_none()
            && let (Value::Object(members), Some(created)) = (&mut value, created)
        {
            members.push("updated", created);
        }
        let stream = plural(&text(&value, "object"));
        Record { stream, key: text(&value, "id"), part: None, value, at }
    });
    one(id, topic, record)
}

/// A list of changes, each of one property of one object; they become records that hold that property alone.
fn hubspot(value: Value<'_>) -> Delivery<'_> {
    let events = match value {
        Value::Array(events) => events,
        event => vec![event],
    };
    let ids: Vec<String> = events.iter().map(|event| text(event, "eventId")).collect();
    let topic = events.first().map(|event| text(event, "subscriptionType")).unwrap_or_default();
    let records = events.into_iter().filter_map(|mut event| {
        let kind = text(&event, "subscriptionType");
        let stream = match (kind.split('.').next().unwrap_or_default(), text(&event, "objectTypeId").as_str()) {
            ("contact", _) | (_, "0-1") => "contacts",
            ("company", _) | (_, "0-2") => "companies",
            ("deal", _) | (_, "0-3") => "deals",
            ("ticket", _) | (_, "0-5") => "tickets",
            _ => "events",
        };
        let key = text(&event, "objectId");
        let at = event.get("occurredAt").and_then(Value::as_id).and_then(|at| at.parse::<i64>().ok());
        let mut record = Members::default();
        record.push("id", Value::Text(key.clone().into()));
        let name = text(&event, "propertyName");
        if !name.is_empty() {
            let mut properties = Members::default();
            properties.push(name.clone(), event.take("propertyValue").unwrap_or(Value::Null));
            record.push("properties", Value::Object(properties));
        }
        let value = Value::Object(record);
        let part = (!name.is_empty()).then_some(name);
        (!key.is_empty()).then(|| Record { stream: stream.to_owned(), key, part, value, at: at.map(|at| at / 1_000) })
    });
    Delivery { records: records.collect(), id: ids.join("-"), topic }
}

/// `{"id":…,"type":"zen:event-type:ticket.created","detail":{…},"event":{…}}`.
fn zendesk<'a>(event: &mut Value<'a>) -> Delivery<'a> {
    let (id, kind) = (text(event, "id"), text(event, "type"));
    let topic = kind.strip_prefix("zen:event-type:").unwrap_or(&kind).to_owned();
    let stream = plural(topic.split('.').next().unwrap_or_default());
    let detail = event.take("detail").filter(|detail| detail.as_object().is_some());
    one(id, topic, detail.map(|value| Record { stream, key: text(&value, "id"), part: None, value, at: None }))
}

/// `{"id":"notif_…","topic":"company.created","data":{"item":{"type":"company",…}}}`.
fn intercom<'a>(event: &mut Value<'a>) -> Delivery<'a> {
    let (id, topic) = (text(event, "id"), text(event, "topic"));
    let at = event.get("created_at").and_then(Value::as_id).and_then(|at| at.parse().ok());
    let item = event.take("data").and_then(|mut data| data.take("item"));
    let record = item.filter(|item| item.as_object().is_some() && topic != "ping").map(|value| {
        let stream = plural(&text(&value, "type"));
        Record { stream, key: text(&value, "id"), part: None, value, at }
    });
    one(id, topic, record)
}

/// `{"type":"invoice.paid","timestamp":…,"data":{…}}`.
fn standard<'a>(event: &mut Value<'a>) -> Delivery<'a> {
    let topic = text(event, "type");
    let stream = plural(topic.split('.').next().unwrap_or("message"));
    let data = event.take("data").filter(|data| data.as_object().is_some());
    one(String::new(), topic, data.map(|value| Record { stream, key: text(&value, "id"), part: None, value, at: None }))
}

/// The stream of a kind of record, which is named like many of them.
fn plural(word: &str) -> String {
    match word.strip_suffix('y') {
        _ if word.ends_with('s') => word.to_owned(),
        Some(stem) if !stem.ends_with(['a', 'e', 'i', 'o', 'u']) => format!("{stem}ies"),
        _ => format!("{word}s"),
    }
}

fn by_scheme<'a>(mut value: Value<'a>, scheme: &Scheme) -> Delivery<'a> {
    let id = scheme.id.as_deref().map(|path| text(&value, path)).unwrap_or_default();
    let stream = match scheme.stream.as_deref().map(|stream| stream.strip_prefix("$.").ok_or(stream)) {
        Some(Ok(path)) => text(&value, path),
        Some(Err(word)) => word.to_owned(),
        None => "messages".to_owned(),
    };
    let topic = stream.clone();
    let value = match scheme.record.as_deref() {
        Some(path) => value.take_at(path),
        None => Some(value),
    };
    one(id, topic, value.map(|value| Record { stream, key: text(&value, "id"), part: None, value, at: None }))
}

fn whole<'a>(value: Value<'a>, stream: &str) -> Delivery<'a> {
    let (id, topic) = (text(&value, "event_id"), text(&value, "type"));
    one(
        id,
        topic,
        Some(Record { stream: stream.to_owned(), key: text(&value, "event_id"), part: None, value, at: None }),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_is_named_like_many_of_its_records() {
        let words = ["invoice", "company", "accounts", "survey"].map(plural);
        assert_eq!(words, ["invoices", "companies", "accounts", "surveys"]);
    }
}
