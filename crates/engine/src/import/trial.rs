//! The keys of a mapping, tried on what its source sent last. A record whose key stands nowhere would be known by its
//! content and come again as another one, so such a mapping is not kept; and where nothing has come yet to try it on,
//! that is said. Deliberately absent: the rules of presets, which have golden records of their own.

use connectors::{
    json::{self, Value},
    preset::{KeyTrial, Rules},
};
use store::raw_record;

use super::{ImportError, SourceMapping, preview::latest};
use crate::{Engine, EngineError};

/// Paths named in a sentence.
const NAMED: usize = 12;

/// What is to be said about the keys of a mapping before it is kept, in sentences.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeyReport {
    /// Keys that stand in none of the last messages.
    pub faults: Vec<String>,
    /// Keys of which no message shows whether they are right.
    pub untested: Vec<String>,
}

/// Tries the keys of a mapping's own rules on the last messages of their streams.
pub async fn try_keys(engine: &Engine, source_id: i64, mapping: &SourceMapping) -> Result<KeyReport, ImportError> {
    let rules = mapping.own_rules().map_err(|fault| ImportError::Mapping(fault.to_string()))?;
    let known = raw_record::streams(engine.store().read(), source_id).await.map_err(EngineError::from)?;
    let mut report = KeyReport::default();
    for name in rules.streams() {
        let streams: Vec<&raw_record::Stream> =
            known.iter().filter(|stream| stream.name.eq_ignore_ascii_case(name)).collect();
        if streams.is_empty() && !rules.try_keys(name, &[]).is_empty() {
            let sentence = format!("No message of `{name}` has come yet, so its rule is untested.");
            report.untested.push(sentence);
        }
        for stream in streams {
            let latest = latest(engine, source_id, &stream.name).await?;
            let documents: Vec<_> = latest.iter().filter_map(|raw| json::parse(&raw.body).ok()).collect();
            let records: Vec<Value<'_>> = documents.into_iter().map(|document| document.value).collect();
            report.judge(&rules, &stream.name, &records);
        }
    }
    Ok(report)
}

impl KeyReport {
    fn judge(&mut self, rules: &Rules, stream: &str, records: &[Value<'_>]) {
        for trial in rules.try_keys(stream, records) {
            let object = trial.object.as_str().replace('_', " ");
            let last = match records.len() {
                1 => "the only message".to_owned(),
                many => format!("the last {many} messages"),
            };
            if trial.concerned == 0 {
                let sentence = format!(
                    "Nothing in {last} of `{stream}` is for the rule that makes a {object}, so it is untested."
                );
                self.untested.push(sentence);
            } else if trial.found == 0 {
                self.faults.push(nowhere(&trial, stream, &object, &last));
            }
        }
    }
}

fn nowhere(trial: &KeyTrial, stream: &str, object: &str, last: &str) -> String {
    let paths = quoted(&trial.paths);
    let (has, those) = match trial.seen.len() {
        0 => ("have nothing that could be one".to_owned(), String::new()),
        many if many > NAMED => {
            (format!("have {}", quoted(&trial.seen[..NAMED])), format!(" and {} more", many - NAMED))
        }
        _ => (format!("have {}", quoted(&trial.seen)), String::new()),
    };
    format!(
        "The rule for `{stream}` takes the key of each {object} from {paths}, which stands nowhere in {last}. They {has}{those}. \
         Name one of these, or write `key = []` where a record has no id of its own."
    )
}

fn quoted(paths: &[String]) -> String {
    let quoted: Vec<String> = paths.iter().map(|path| format!("`{path}`")).collect();
    quoted.join(", ")
}
