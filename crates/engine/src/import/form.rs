//! The mapping of a stream as a form: our fields of one kind of record, the paths that the stream's last records have,
//! and which of these each field is read from. Whatever is chosen becomes a rule in the text of the mapping; where the
//! text says more than a form can, only the text is offered.

use std::collections::BTreeMap;

use connectors::{
    json,
    preset::{
        self,
        form::{self, Form},
    },
    record::{KEY, Kind, Object, fields},
};

use super::{ImportError, preview::latest};
use crate::Engine;

/// A path that the last records of a stream have, and a value found there.
pub use connectors::preset::form::Seen;

/// A stream's rule as a form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleForm {
    /// What a record becomes, by its word.
    pub object: &'static str,
    /// The path of its key.
    pub key: String,
    /// Our fields.
    pub rows: Vec<FormRow>,
    /// The paths that were seen.
    pub seen: Vec<Seen>,
    /// Whether the text has a rule for the stream that says more than a form can show. Keeping the form replaces it.
    pub beyond: bool,
}

/// One of our fields and where it is read from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormRow {
    /// Its name.
    pub field: &'static str,
    /// What it is.
    pub doc: &'static str,
    /// Whether a record without it is refused.
    pub required: bool,
    /// The path; empty where it is not read.
    pub path: String,
    /// How it is read, where that needs saying.
    pub conversion: String,
    /// The ways it can be read, besides the usual one: word and meaning.
    pub conversions: &'static [(&'static str, &'static str)],
}

const OF_DATES: &[(&str, &str)] = &[
    ("iso", "year first"),
    ("dmy", "day first"),
    ("mdy", "month first"),
    ("epoch_s", "seconds since 1970"),
    ("epoch_ms", "milliseconds since 1970"),
    ("excel", "a spreadsheet's day number"),
];
const OF_MONEY: &[(&str, &str)] = &[("minor", "minor units, such as cents")];

/// The kinds of records that a stream can become, by their words.
pub fn form_objects() -> Vec<&'static str> {
    Object::ALL.into_iter().map(Object::as_str).collect()
}

/// The rule of a stream as a form: the one in `rules`, or else the one its last records propose; for another kind of
/// record where that is asked for.
pub async fn rule_form(
    engine: &Engine,
    source_id: i64,
    stream: &str,
    rules: &str,
    object: Option<&str>,
) -> Result<RuleForm, ImportError> {
    let latest = latest(engine, source_id, stream).await?;
    let documents: Vec<_> = latest.iter().filter_map(|raw| json::parse(&raw.body).ok()).collect();
    let values: Vec<_> = documents.into_iter().map(|document| document.value).collect();
    let own = Form::read(rules, stream);
    let beyond = own.is_none() && form::names(rules, stream);
    let wanted = object.and_then(Object::parse);
    let proposed = |object| Form::read(&preset::propose_as(stream, &values, object), stream);
    let fits = |form: &Form| wanted.is_none_or(|wanted| wanted == form.object);
    let form = own.filter(fits).or_else(|| proposed(wanted));
    let form = form.unwrap_or(Form { object: Object::Account, key: "id".to_owned(), fields: BTreeMap::new() });
    let row = |field: &connectors::record::Field| {
        let from = form.fields.get(field.name).cloned().unwrap_or_default();
        let conversions = match field.kind {
            Kind::Day | Kind::Instant | Kind::Past => OF_DATES,
            Kind::Cents => OF_MONEY,
            _ => &[],
        };
        let (path, conversion) = (from.path, from.conversion);
        FormRow { field: field.name, doc: field.doc, required: field.required, path, conversion, conversions }
    };
    let rows = fields(form.object).iter().filter(|field| field.name != KEY).map(row).collect();
    Ok(RuleForm { object: form.object.as_str(), key: form.key, rows, seen: form::seen_paths(&values), beyond })
}

/// Rules with what was chosen in a form: the path and the conversion of each field. Fields without a path are not read.
/// `None` where the kind of record is none.
pub fn with_form(
    rules: &str,
    stream: &str,
    object: &str,
    key: &str,
    chosen: BTreeMap<String, (String, String)>,
) -> Option<String> {
    let fields = chosen.into_iter().map(|(name, (path, conversion))| (name, form::From { path, conversion }));
    let form = Form { object: Object::parse(object)?, key: key.to_owned(), fields: fields.collect() };
    Some(form.write(rules, stream))
}
