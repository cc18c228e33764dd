//! The Singer protocol, as targets see it: one JSON message a line. The [`Reader`]
//! remembers the schema of each stream, because a record without one cannot be
//! told from another, and hands out [`Message`]s.
//!
//! The state of a tap is passed through as the text it came as: it is the tap's
//! business, and repeating its value exactly is ours. Deliberately absent:
//! deciding when a state may be printed (only after everything before it is
//! durable, T16), which is `engine`'s; validation against the JSON schema, since
//! records hold fields their schemas lack (T13); and `BATCH`, which points at files
//! and is refused loudly rather than passed over.

use std::borrow::Cow;
use std::collections::HashMap;

use domain::{Instant, time};

use crate::json::{self, Value};
use crate::record::date;

/// Bytes a line may have.
const MAX_LINE_BYTES: usize = 16 << 20;

/// One message of a tap.
#[derive(Debug, Clone, PartialEq)]
pub enum Message<'a> {
    /// What the records of a stream look like from here on.
    Schema(Schema),
    /// One record.
    Record(Record<'a>),
    /// The tap's place, as the text of its value.
    State(&'a str),
    /// All records of the stream with another version are gone.
    ActivateVersion {
        /// The stream.
        stream: String,
        /// The version that stays.
        version: i64,
    },
    /// A type targets need not know; the protocol permits them.
    Other(String),
}

/// What the records of a stream look like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schema {
    /// The stream.
    pub stream: String,
    /// The properties that identify a record; none for logs.
    pub key_properties: Vec<String>,
    /// The properties the tap keeps its place by.
    pub bookmark_properties: Vec<String>,
    /// The properties the schema names.
    pub properties: Vec<String>,
    /// Whether the stream had another key before (T14).
    pub key_changed: bool,
}

/// One record of a stream.
#[derive(Debug, Clone, PartialEq)]
pub struct Record<'a> {
    /// The stream.
    pub stream: String,
    /// The values of its key properties, in their order.
    pub key: Vec<String>,
    /// The record itself: absent members are unchanged, `null` members are cleared (T15).
    pub value: Value<'a>,
    /// Whether the source deleted it.
    pub deleted: bool,
    /// The version of the table it belongs to.
    pub version: Option<i64>,
    /// When the tap read it.
    pub extracted_at: Option<Instant>,
}

/// Why a line cannot be understood. A target stops there: what follows could depend
/// on it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {sentence}")]
pub struct LineError {
    /// The line, from 1.
    pub line: u64,
    /// Stable word.
    pub code: &'static str,
    /// What is wrong and what to do.
    pub sentence: String,
}

/// Reads the lines of one tap.
#[derive(Debug, Default)]
pub struct Reader {
    line: u64,
    keys: HashMap<String, Vec<String>>,
}

impl Reader {
    /// Lines read so far.
    pub fn lines(&self) -> u64 {
        self.line
    }

    /// Understands the next line; `None` for a blank one.
    pub fn message<'a>(&mut self, line: &'a str) -> Result<Option<Message<'a>>, LineError> {
        self.line += 1;
        let line = line.trim_start_matches('\u{feff}').trim();
        if line.is_empty() {
            return Ok(None);
        }
        if line.len() > MAX_LINE_BYTES {
            return Err(self.error("too_large", format!("the line holds more than {MAX_LINE_BYTES} bytes")));
        }
        let members = json::members(line).map_err(|error| self.broken(&error))?;
        let envelope = Envelope(members);
        let kind = self.text(&envelope, "type")?;
        match kind.to_ascii_uppercase().as_str() {
            "SCHEMA" => self.schema(&envelope).map(|schema| Some(Message::Schema(schema))),
            "RECORD" => self.record(&envelope).map(|record| Some(Message::Record(record))),
            "STATE" => match envelope.raw("value") {
                Some(value) => {
                    json::parse(value).map_err(|error| self.broken(&error))?;
                    Ok(Some(Message::State(value)))
                }
                None => Err(self.error("bad_message", "a STATE needs a `value`".to_owned())),
            },
            "ACTIVATE_VERSION" => {
                let stream = self.text(&envelope, "stream")?;
                match envelope.whole("version") {
                    Some(version) => Ok(Some(Message::ActivateVersion { stream, version })),
                    None => Err(self.error("bad_message", "an ACTIVATE_VERSION needs a whole `version`".to_owned())),
                }
            }
            "BATCH" => {
                let sentence =
                    "BATCH messages are not read here: switch batching off in the tap (remove `batch_config`)";
                Err(self.error("batch_unsupported", sentence.to_owned()))
            }
            _ => Ok(Some(Message::Other(kind))),
        }
    }

    fn schema(&mut self, envelope: &Envelope<'_>) -> Result<Schema, LineError> {
        let stream = self.text(envelope, "stream")?;
        let schema = envelope.value("schema").filter(|schema| schema.as_object().is_some());
        let Some(schema) = schema else {
            return Err(self.error("bad_schema", format!("the SCHEMA of `{stream}` needs an object `schema`")));
        };
        let names = |name: &str| -> Vec<String> {
            let Some(Value::Array(items)) = envelope.value(name) else { return Vec::new() };
            items.iter().filter_map(Value::as_text).map(str::to_owned).collect()
        };
        let key_properties = names("key_properties");
        let Some(properties) = schema.get("properties").and_then(Value::as_object) else {
            return Err(self.error("bad_schema", format!("the SCHEMA of `{stream}` names no `properties`")));
        };
        let properties = properties.iter().map(|(name, _)| name.to_owned()).collect();
        let before = self.keys.insert(stream.clone(), key_properties.clone());
        let key_changed = before.is_some_and(|before| before != key_properties);
        let bookmark_properties = names("bookmark_properties");
        Ok(Schema { stream, key_properties, bookmark_properties, properties, key_changed })
    }

    fn record<'a>(&self, envelope: &Envelope<'a>) -> Result<Record<'a>, LineError> {
        let stream = self.text(envelope, "stream")?;
        let Some(names) = self.keys.get(&stream) else {
            let sentence = format!("a RECORD of `{stream}` came before its SCHEMA");
            return Err(self.error("no_schema", sentence));
        };
        let raw = envelope.raw("record").unwrap_or("null");
        let value = json::parse(raw).map_err(|error| self.broken(&error))?.value;
        if value.as_object().is_none() {
            return Err(self.error("bad_message", format!("a RECORD of `{stream}` needs an object `record`")));
        }
        let mut key = Vec::with_capacity(names.len());
        for name in names {
            let Some(part) = value.get(name).and_then(Value::as_id) else {
                let sentence = format!("a RECORD of `{stream}` has no `{name}`, which is part of its key");
                return Err(self.error("missing_key", sentence));
            };
            key.push(part.to_owned());
        }
        let deleted = value.get("_sdc_deleted_at").is_some_and(|at| !matches!(at, Value::Null));
        let extracted = envelope.value("time_extracted");
        let extracted_at = extracted.as_ref().and_then(Value::as_text).and_then(|text| date::read(text, None).ok());
        Ok(Record {
            stream,
            key,
            value,
            deleted,
            version: envelope.whole("version"),
            extracted_at: extracted_at.map(|moment| time::to_micros(moment.instant())),
        })
    }

    fn text(&self, envelope: &Envelope<'_>, name: &str) -> Result<String, LineError> {
        let value = envelope.value(name);
        let text = value.as_ref().and_then(Value::as_text).filter(|text| !text.is_empty());
        text.map(str::to_owned).ok_or_else(|| self.error("bad_message", format!("a message needs a `{name}`")))
    }

    fn broken(&self, error: &json::JsonError) -> LineError {
        self.error("broken_json", error.to_string())
    }

    fn error(&self, code: &'static str, sentence: String) -> LineError {
        LineError { line: self.line, code, sentence }
    }
}

/// The members of a message, cut but not yet understood.
struct Envelope<'a>(Vec<(Cow<'a, str>, &'a str)>);

impl<'a> Envelope<'a> {
    fn raw(&self, name: &str) -> Option<&'a str> {
        self.0.iter().rev().find(|(key, _)| key == name).map(|(_, raw)| *raw)
    }

    fn value(&self, name: &str) -> Option<Value<'a>> {
        json::parse(self.raw(name)?).ok().map(|document| document.value)
    }

    fn whole(&self, name: &str) -> Option<i64> {
        self.raw(name)?.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SCHEMA: &str = r#"{"type":"SCHEMA","stream":"orgs","schema":{"properties":{"id":{},"mrr":{"type":"number"}}},"key_properties":["id"]}"#;

    fn after_schema() -> Reader {
        let mut reader = Reader::default();
        reader.message(SCHEMA).unwrap();
        reader
    }

    #[track_caller]
    fn refuses(line: &str, code: &str) {
        let error = after_schema().message(line).unwrap_err();
        assert_eq!((error.line, error.code), (2, code), "{error}");
    }

    #[test]
    fn a_schema_names_keys_and_properties() {
        let mut reader = Reader::default();
        let Some(Message::Schema(schema)) = reader.message(SCHEMA).unwrap() else { panic!() };
        assert_eq!(schema.key_properties, ["id"]);
        assert_eq!(schema.properties, ["id", "mrr"]);
        assert!(!schema.key_changed);
        let other = SCHEMA.replace(r#"["id"]"#, r#"["id","mrr"]"#);
        let Some(Message::Schema(schema)) = reader.message(&other).unwrap() else { panic!() };
        assert!(schema.key_changed);
    }

    #[test]
    fn a_record_keeps_its_digits_its_nulls_and_its_strangers() {
        let line = r#"{"type":"record","stream":"orgs","record":{"id":7,"mrr":2500.00,"note":null,"extra":"x"},"version":3,"time_extracted":"2026-11-22T03:57:04.139052+00:00"}"#;
        let mut reader = after_schema();
        let Some(Message::Record(record)) = reader.message(line).unwrap() else { panic!() };
        assert_eq!(record.key, ["7"]);
        assert_eq!(record.value.to_string(), r#"{"id":7,"mrr":2500.00,"note":null,"extra":"x"}"#);
        assert_eq!((record.version, record.deleted), (Some(3), false));
        assert_eq!(record.extracted_at, Some("2026-11-22T03:57:04.139052Z".parse().unwrap()));
        let gone = r#"{"type":"RECORD","stream":"orgs","record":{"id":"7","_sdc_deleted_at":"2026-01-01"}}"#;
        assert!(matches!(reader.message(gone).unwrap(), Some(Message::Record(record)) if record.deleted));
    }

    #[test]
    fn a_state_is_passed_through_letter_by_letter() {
        let line = r#"{"type":"STATE","value": {"b" : 1.50, "a":[ ]} }"#;
        assert_eq!(after_schema().message(line).unwrap(), Some(Message::State(r#"{"b" : 1.50, "a":[ ]}"#)));
    }

    #[test]
    fn versions_strangers_and_blank_lines() {
        let mut reader = after_schema();
        let line = r#"{"type":"ACTIVATE_VERSION","stream":"orgs","version":1763700000000}"#;
        let expected = Message::ActivateVersion { stream: "orgs".to_owned(), version: 1_763_700_000_000 };
        assert_eq!(reader.message(line).unwrap(), Some(expected));
        assert_eq!(reader.message(r#"{"type":"LOG"}"#).unwrap(), Some(Message::Other("LOG".to_owned())));
        assert_eq!(reader.message("  ").unwrap(), None);
        assert_eq!(reader.lines(), 4);
    }

    #[test]
    fn faults_name_their_line() {
        refuses("not json", "broken_json");
        refuses(r#"{"type":"RECORD","stream":"orgs","record":{"id":tru}}"#, "broken_json");
        refuses(r#"{"stream":"orgs"}"#, "bad_message");
        refuses(r#"{"type":"RECORD","stream":"orgs","record":[]}"#, "bad_message");
        refuses(r#"{"type":"RECORD","stream":"other","record":{"id":1}}"#, "no_schema");
        refuses(r#"{"type":"RECORD","stream":"orgs","record":{"mrr":1}}"#, "missing_key");
        refuses(r#"{"type":"RECORD","stream":"orgs","record":{"id":null}}"#, "missing_key");
        refuses(r#"{"type":"SCHEMA","stream":"orgs","schema":"x"}"#, "bad_schema");
        refuses(r#"{"type":"SCHEMA","stream":"orgs","schema":{"type":"object"}}"#, "bad_schema");
        refuses(r#"{"type":"STATE"}"#, "bad_message");
        refuses(r#"{"type":"ACTIVATE_VERSION","stream":"orgs"}"#, "bad_message");
        refuses(r#"{"type":"BATCH","stream":"orgs","encoding":{},"manifest":[]}"#, "batch_unsupported");
    }

    proptest! {
        #[test]
        fn no_line_panics(line in any::<String>(), kind in "(SCHEMA|RECORD|STATE|BATCH|ACTIVATE_VERSION|X)", rest in "[\\[\\]{}:,\"a-z1 ]{0,40}") {
            let mut reader = after_schema();
            let _ = reader.message(&line);
            let _ = reader.message(&format!(r#"{{"type":"{kind}","stream":"orgs",{rest}}}"#));
        }
    }
}
