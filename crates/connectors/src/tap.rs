//! What extractors print, whichever of two dialects they speak: Singer or Airbyte. A [`Reader`] hears the dialect from
//! the first message that tells them apart and hands out one kind of [`Message`] for both.
//!
//! A *state* is the extractor's place, passed on letter by letter: a Singer target prints its value, an Airbyte
//! destination repeats the whole message. Deliberately absent: when it may be passed on, which is `engine`'s.

use sha2::{Digest, Sha256};

use crate::json::{self, Value};
use crate::singer::LineError;
use crate::{airbyte, singer};

pub use crate::airbyte::Open;

/// How an extractor speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// `{"type":"RECORD","stream":…,"record":…}`.
    Singer,
    /// `{"type":"RECORD","record":{"stream":…,"data":…}}`.
    Airbyte,
}

/// One message, in either dialect.
#[derive(Debug, Clone, PartialEq)]
pub enum Message<'a> {
    /// The records of a stream have this key from here on.
    Stream {
        /// The stream.
        name: String,
        /// Whether it had another key before (T14).
        key_changed: bool,
    },
    /// One record.
    Record(Record<'a>),
    /// The extractor's place.
    State(State<'a>),
    /// All records of the stream with another version are gone.
    ActivateVersion {
        /// The stream.
        stream: String,
        /// The version that stays.
        version: i64,
    },
    /// Something a destination need not know.
    Other,
}

/// One record of a stream.
#[derive(Debug, Clone, PartialEq)]
pub struct Record<'a> {
    /// The stream.
    pub stream: String,
    /// What identifies it in its stream.
    pub key: String,
    /// The record.
    pub value: Value<'a>,
    /// Whether the source deleted it.
    pub deleted: bool,
    /// The version of the table it belongs to.
    pub version: Option<i64>,
}

/// The extractor's place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct State<'a> {
    /// What to pass on.
    pub text: &'a str,
    /// Whether a later state makes this one needless (T16). Airbyte's speak of one stream each, so all are kept.
    pub replaceable: bool,
}

impl Record<'_> {
    /// Hexadecimal digest of what the record says.
    pub fn digest(&self) -> String {
        digest(&self.value)
    }
}

/// Reads the lines of one extractor.
#[derive(Debug, Default)]
pub struct Reader {
    dialect: Option<Dialect>,
    line: u64,
    singer: singer::Reader,
    airbyte: airbyte::Reader,
}

impl Reader {
    /// Lines read so far.
    pub fn lines(&self) -> u64 {
        self.line
    }

    /// The dialect, once it was heard.
    pub fn dialect(&self) -> Option<Dialect> {
        self.dialect
    }

    /// What came since the last states, where that is counted: for whoever sends the rest of the run apart.
    pub fn open(&self) -> Vec<Open> {
        self.airbyte.open()
    }

    /// Understands the next line; `None` for a blank one.
    pub fn message<'a>(&mut self, line: &'a str) -> Result<Option<Message<'a>>, LineError> {
        self.line += 1;
        self.dialect = self.dialect.or_else(|| hear(line));
        let message = match self.dialect {
            Some(Dialect::Airbyte) => self.airbyte.message(line).map(|message| message.map(from_airbyte)),
            _ => self.singer.message(line).map(|message| message.map(|message| Ok(from_singer(message)))),
        };
        let message = message.map_err(|error| LineError { line: self.line, ..error })?;
        message.transpose().map_err(|sentence| LineError { line: self.line, code: "records_missing", sentence })
    }
}

/// The dialect of a message, if it is one that only one of them has.
fn hear(line: &str) -> Option<Dialect> {
    let members = json::members(line.trim_start_matches('\u{feff}').trim()).ok()?;
    let raw = |name: &str| members.iter().rev().find(|(key, _)| key == name).map(|(_, raw)| *raw);
    let kind = raw("type")?.trim_matches('"').to_ascii_uppercase();
    match kind.as_str() {
        "SCHEMA" | "ACTIVATE_VERSION" | "BATCH" => Some(Dialect::Singer),
        "RECORD" if raw("stream").is_some() => Some(Dialect::Singer),
        "RECORD"
            if raw("record").is_some_and(|record| {
                json::members(record).is_ok_and(|all| all.iter().any(|(key, _)| key == "data"))
            }) =>
        {
            Some(Dialect::Airbyte)
        }
        "STATE" if raw("value").is_some() => Some(Dialect::Singer),
        "STATE" if raw("state").is_some() => Some(Dialect::Airbyte),
        "LOG" | "TRACE" | "CONTROL" | "SPEC" | "CONNECTION_STATUS" | "CATALOG" => Some(Dialect::Airbyte),
        _ => None,
    }
}

fn from_singer(message: singer::Message<'_>) -> Message<'_> {
    match message {
        singer::Message::Schema(schema) => Message::Stream { name: schema.stream, key_changed: schema.key_changed },
        singer::Message::Record(record) => {
            let key = match record.key.len() {
                0 => digest(&record.value),
                _ => record.key.join("\u{1f}"),
            };
            let (value, deleted, version) = (record.value, record.deleted, record.version);
            Message::Record(Record { stream: record.stream, key, value, deleted, version })
        }
        singer::Message::State(text) => Message::State(State { text, replaceable: true }),
        singer::Message::ActivateVersion { stream, version } => Message::ActivateVersion { stream, version },
        singer::Message::Other(_) => Message::Other,
    }
}

fn from_airbyte(message: airbyte::Message<'_>) -> Result<Message<'_>, String> {
    Ok(match message {
        airbyte::Message::Record(record) => {
            // The catalog that would name the key is not among the messages; every vendor of ours calls it `id`.
            let key =
                record.value.get("id").and_then(Value::as_id).map_or_else(|| digest(&record.value), str::to_owned);
            let deleted = record.value.get("_ab_cdc_deleted_at").is_some_and(|at| !matches!(at, Value::Null));
            Message::Record(Record { stream: record.stream, key, value: record.value, deleted, version: None })
        }
        airbyte::Message::State(state) if state.is_short() => {
            let announced = state.announced.unwrap_or_default();
            let counted = state.counted;
            return Err(format!(
                "the source says it sent {announced} records since its last state and {counted} arrived: run it again from that state"
            ));
        }
        airbyte::Message::State(state) => Message::State(State { text: state.text, replaceable: false }),
        airbyte::Message::Other(_) => Message::Other,
    })
}

fn digest(value: &Value<'_>) -> String {
    hex::encode(&Sha256::digest(value.to_string())[..16])
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCHEMA: &str =
        r#"{"type":"SCHEMA","stream":"orgs","schema":{"properties":{"id":{}}},"key_properties":["id"]}"#;

    fn kinds(lines: &[&str]) -> (Vec<String>, Option<Dialect>) {
        let mut reader = Reader::default();
        let mut found = Vec::new();
        for line in lines {
            found.push(match reader.message(line) {
                Ok(Some(Message::Stream { name, .. })) => format!("stream {name}"),
                Ok(Some(Message::Record(record))) => format!("record {}", record.key),
                Ok(Some(Message::State(state))) => format!("state {}", state.text),
                Ok(Some(Message::ActivateVersion { version, .. })) => format!("version {version}"),
                Ok(Some(Message::Other)) => "other".to_owned(),
                Ok(None) => "blank".to_owned(),
                Err(error) => format!("line {} {}", error.line, error.code),
            });
        }
        (found, reader.dialect())
    }

    #[test]
    fn singer_is_heard_from_its_first_message() {
        let record = r#"{"type":"RECORD","stream":"orgs","record":{"id":7}}"#;
        let (found, dialect) = kinds(&[SCHEMA, record, r#"{"type":"STATE","value":{"a": 1}}"#, ""]);
        assert_eq!(found, ["stream orgs", "record 7", r#"state {"a": 1}"#, "blank"]);
        assert_eq!(dialect, Some(Dialect::Singer));
    }

    #[test]
    fn airbyte_is_heard_and_its_counts_are_checked() {
        let record = r#"{"type":"RECORD","record":{"stream":"orgs","data":{"id":7},"emitted_at":1}}"#;
        let state = |count: u64| {
            format!(
                r#"{{"type":"STATE","state":{{"type":"STREAM","stream":{{"stream_descriptor":{{"name":"orgs"}}}},"sourceStats":{{"recordCount":{count}.0}}}}}}"#
            )
        };
        let (good, bad) = (state(1), state(2));
        let (found, dialect) = kinds(&[r#"{"type":"LOG","log":{}}"#, record, &good, record, &bad]);
        assert_eq!(
            found,
            [
                "other".to_owned(),
                "record 7".to_owned(),
                format!("state {good}"),
                "record 7".to_owned(),
                "line 5 records_missing".to_owned()
            ]
        );
        assert_eq!(dialect, Some(Dialect::Airbyte));
    }

    #[test]
    fn a_record_without_key_properties_is_known_by_its_content() {
        let schema = r#"{"type":"SCHEMA","stream":"log","schema":{"properties":{"x":{}}},"key_properties":[]}"#;
        let (found, _) = kinds(&[
            schema,
            r#"{"type":"RECORD","stream":"log","record":{"x":1}}"#,
            r#"{"type":"RECORD","stream":"log","record":{"x":1}}"#,
            r#"{"type":"RECORD","stream":"log","record":{"x":2}}"#,
        ]);
        assert_eq!(found[1], found[2]);
        assert_ne!(found[1], found[3]);
    }
}
