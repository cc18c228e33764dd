//! The Airbyte protocol, as destinations see it: one JSON message a line, records
//! wrapped once more than Singer's. The [`Reader`] counts the records of each stream
//! between two of its states, so that a state can be checked against what the source
//! says it sent (`sourceStats`).
//!
//! Whoever sends a long run in several parts says at the head of each what came in those before, as a TRACE that
//! nobody else minds: `{"type":"TRACE","trace":{"open":[{"stream":"orgs","records":2000}]}}`.
//!
//! A destination repeats the whole STATE message, so its text is passed through.
//! Deliberately absent: catalogs, which come as a file beside the messages; and logs
//! and traces, which are the source's own business.

use std::collections::BTreeMap;

use chrono::DateTime;
use domain::Instant;
use serde::{Deserialize, Serialize};

use crate::json::{self, Value};
use crate::singer::LineError;

/// One message of a source.
#[derive(Debug, Clone, PartialEq)]
pub enum Message<'a> {
    /// One record.
    Record(Record<'a>),
    /// The source's place.
    State(State<'a>),
    /// A log, trace, or anything else a destination need not know.
    Other(String),
}

/// One record of a stream.
#[derive(Debug, Clone, PartialEq)]
pub struct Record<'a> {
    /// The stream.
    pub stream: String,
    /// The schema or database it comes from, where the source has such.
    pub namespace: Option<String>,
    /// The record itself.
    pub value: Value<'a>,
    /// When the source read it.
    pub emitted_at: Option<Instant>,
}

/// The source's place, to be repeated once everything before it is durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct State<'a> {
    /// The whole message as it came.
    pub text: &'a str,
    /// Records that came since the last state: of the stream the state is about, or of
    /// all streams when it is about all.
    pub counted: u64,
    /// Records the source says it sent since then.
    pub announced: Option<u64>,
}

/// Records of a stream that came since its last state, when a part of a run ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Open {
    /// The schema or database the stream comes from, where the source has such.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// The stream.
    pub stream: String,
    /// How many.
    pub records: u64,
}

impl State<'_> {
    /// Whether records were lost on the way here.
    pub fn is_short(&self) -> bool {
        self.announced.is_some_and(|announced| self.counted < announced)
    }
}

/// Reads the lines of one source.
#[derive(Debug, Default)]
pub struct Reader {
    line: u64,
    counts: BTreeMap<(Option<String>, String), u64>,
}

impl Reader {
    /// Understands the next line; `None` for a blank one.
    pub fn message<'a>(&mut self, line: &'a str) -> Result<Option<Message<'a>>, LineError> {
        self.line += 1;
        let line = line.trim();
        if line.is_empty() {
            return Ok(None);
        }
        let mut message = json::parse(line).map_err(|error| self.error("broken_json", error.to_string()))?.value;
        let kind = message.get("type").and_then(Value::as_text).map(str::to_ascii_uppercase);
        match kind.as_deref() {
            Some("RECORD") => self.record(&mut message).map(|record| Some(Message::Record(record))),
            Some("STATE") => Ok(Some(Message::State(self.state(line, &message)))),
            Some("TRACE") => {
                self.go_on(&message);
                Ok(Some(Message::Other("TRACE".to_owned())))
            }
            Some(other) => Ok(Some(Message::Other(other.to_owned()))),
            None => Err(self.error("bad_message", "a message needs a `type`")),
        }
    }

    fn record<'a>(&mut self, message: &mut Value<'a>) -> Result<Record<'a>, LineError> {
        let mut record = message.take("record").unwrap_or(Value::Null);
        let value = record.take("data").filter(|data| data.as_object().is_some());
        let stream = record.get("stream").and_then(Value::as_id).map(str::to_owned);
        let (Some(stream), Some(value)) = (stream, value) else {
            return Err(self.error("bad_message", "a RECORD needs a `stream` and an object `data`"));
        };
        let namespace = record.get("namespace").and_then(Value::as_id).map(str::to_owned);
        let emitted = record.get("emitted_at").and_then(Value::as_id).and_then(|millis| millis.parse().ok());
        *self.counts.entry((namespace.clone(), stream.clone())).or_default() += 1;
        Ok(Record { stream, namespace, value, emitted_at: emitted.and_then(DateTime::from_timestamp_millis) })
    }

    fn state<'a>(&mut self, text: &'a str, message: &Value<'_>) -> State<'a> {
        let about = message.at("state.stream.stream_descriptor");
        let stream = about.and_then(|about| about.get("name")).and_then(Value::as_id).map(str::to_owned);
        let counted = match stream {
            Some(stream) => {
                let namespace = about.and_then(|about| about.get("namespace")).and_then(Value::as_id);
                self.counts.remove(&(namespace.map(str::to_owned), stream)).unwrap_or_default()
            }
            None => std::mem::take(&mut self.counts).into_values().sum(),
        };
        // Sources write the count as a float: `12.0`.
        let announced = message.at("state.sourceStats.recordCount").and_then(Value::as_id);
        let announced = announced.and_then(|count| count.split('.').next()?.parse().ok());
        State { text, counted, announced }
    }

    /// What came since the last states, for whoever sends the rest of the run apart.
    pub fn open(&self) -> Vec<Open> {
        let open = self.counts.iter().filter(|(_, records)| **records > 0);
        let open = open.map(|((namespace, stream), records)| (namespace.clone(), stream.clone(), *records));
        open.map(|(namespace, stream, records)| Open { namespace, stream, records }).collect()
    }

    /// Goes on counting where the parts before ended.
    fn go_on(&mut self, message: &Value<'_>) {
        let Some(Value::Array(open)) = message.at("trace.open") else { return };
        for open in open {
            let text = |name: &str| open.get(name).and_then(Value::as_id).map(str::to_owned);
            if let (Some(stream), Some(records)) = (text("stream"), text("records").and_then(|n| n.parse::<u64>().ok()))
            {
                let count = self.counts.entry((text("namespace"), stream)).or_default();
                *count = count.saturating_add(records);
            }
        }
    }

    fn error(&self, code: &'static str, sentence: impl Into<String>) -> LineError {
        LineError { line: self.line, code, sentence: sentence.into() }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn record(stream: &str) -> String {
        format!(
            r#"{{"type":"RECORD","record":{{"stream":"{stream}","namespace":"crm","data":{{"id":1,"mrr":2500.00}},"emitted_at":1795319596001}}}}"#
        )
    }

    fn state(stream: &str, count: &str) -> String {
        format!(
            r#"{{"type":"STATE","state":{{"type":"STREAM","stream":{{"stream_descriptor":{{"name":"{stream}","namespace":"crm"}},"stream_state":{{"c":1}}}},"sourceStats":{{"recordCount":{count}}}}}}}"#
        )
    }

    #[test]
    fn records_keep_their_digits() {
        let line = record("companies");
        let Some(Message::Record(record)) = Reader::default().message(&line).unwrap() else { panic!() };
        assert_eq!((record.stream.as_str(), record.namespace.as_deref()), ("companies", Some("crm")));
        assert_eq!(record.value.to_string(), r#"{"id":1,"mrr":2500.00}"#);
        assert_eq!(record.emitted_at, Some("2026-11-22T03:53:16.001Z".parse().unwrap()));
    }

    #[test]
    fn a_state_counts_what_came_before_it() {
        let mut reader = Reader::default();
        for stream in ["companies", "companies", "contacts"] {
            reader.message(&record(stream)).unwrap();
        }
        let line = state("companies", "2.0");
        let Some(Message::State(found)) = reader.message(&line).unwrap() else { panic!() };
        assert_eq!((found.text, found.counted, found.announced), (line.as_str(), 2, Some(2)));
        assert!(!found.is_short());
        let line = state("companies", "1");
        let Some(Message::State(found)) = reader.message(&line).unwrap() else { panic!() };
        assert!(found.is_short(), "nothing came since");
        let global = r#"{"type":"STATE","state":{"type":"GLOBAL","global":{}}}"#;
        let Some(Message::State(found)) = reader.message(global).unwrap() else { panic!() };
        assert_eq!((found.counted, found.announced), (1, None));
    }

    #[test]
    fn a_run_in_parts_goes_on_counting() {
        let mut first = Reader::default();
        for _ in 0..2 {
            first.message(&record("companies")).unwrap();
        }
        let open = first.open();
        assert_eq!(open, [Open { namespace: Some("crm".to_owned()), stream: "companies".to_owned(), records: 2 }]);
        let mut second = Reader::default();
        let head = serde_json::json!({ "type": "TRACE", "trace": { "open": open } }).to_string();
        second.message(&head).unwrap();
        second.message(&record("companies")).unwrap();
        let line = state("companies", "3.0");
        let Some(Message::State(found)) = second.message(&line).unwrap() else { panic!() };
        assert_eq!((found.counted, found.announced), (3, Some(3)));
        assert_eq!(second.open(), []);
        let odd = r#"{"type":"TRACE","trace":{"open":[1,{"stream":"s"},{"stream":"s","records":"x"}]}}"#;
        second.message(odd).unwrap();
        assert_eq!(second.open(), []);
    }

    #[test]
    fn logs_pass_and_faults_name_their_line() {
        let mut reader = Reader::default();
        let log = r#"{"type":"LOG","log":{"level":"INFO","message":"hi"}}"#;
        assert_eq!(reader.message(log).unwrap(), Some(Message::Other("LOG".to_owned())));
        assert_eq!(reader.message("").unwrap(), None);
        for (line, code) in [
            ("{", "broken_json"),
            ("{}", "bad_message"),
            (r#"{"type":"RECORD","record":{"stream":"s"}}"#, "bad_message"),
        ] {
            assert_eq!(reader.message(line).unwrap_err().code, code);
        }
    }

    proptest! {
        #[test]
        fn no_line_panics(line in any::<String>(), rest in "[\\[\\]{}:,\"a-z1 ]{0,40}") {
            let mut reader = Reader::default();
            let _ = reader.message(&line);
            let _ = reader.message(&format!(r#"{{"type":"RECORD","record":{{"stream":"s",{rest}}}}}"#));
            let _ = reader.message(&format!(r#"{{"type":"STATE","state":{{{rest}}}}}"#));
        }
    }
}
