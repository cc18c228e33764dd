//! How the records of a source are read: a preset by its name, and rules of one's own beside it. Both are remembered
//! with the source; a source nobody has mapped is read by the names of its streams and members.

use connectors::preset::{Preset, PresetError, Rules};
use serde::{Deserialize, Serialize};
use store::{Db, Tx, setting};

use crate::EngineError;

/// The preset of a source nobody has mapped.
pub const GENERIC: &str = "generic";

/// How a source is read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceMapping {
    /// The name of a preset.
    pub preset: String,
    /// Rules of one's own, in TOML; they replace those of the preset for the streams they name.
    pub rules: String,
}

/// Why a mapping cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum MappingFault {
    /// There is no such preset.
    #[error("there is no preset `{0}`: choose {list}", list = names())]
    NoPreset(String),
    /// The rules cannot be read.
    #[error("{place}{}", told(source))]
    Rules {
        /// Where in their text.
        place: Place,
        /// What is wrong there.
        source: PresetError,
    },
    /// A preset of ours cannot be read.
    #[error(transparent)]
    Preset(#[from] PresetError),
}

/// A place in the text of rules, said before what is wrong there; nothing where the place is not known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Place {
    /// Line from 1, and column from 1 in characters where it is known.
    at: Option<(usize, Option<usize>)>,
}

impl Place {
    /// Where the text is not TOML, or else the line that names what is at fault.
    fn of(error: &PresetError, text: &str) -> Self {
        let at = match error {
            PresetError::Toml(source) => source.span().map(|span| {
                let before = text.get(..span.start).unwrap_or(text);
                let start = before.rfind('\n').map_or(0, |end| end + 1);
                (before.matches('\n').count() + 1, Some(before[start..].chars().count() + 1))
            }),
            PresetError::UnknownField { stream, field, .. } | PresetError::UnknownConversion { stream, field, .. } => {
                line_of(text, stream, field).map(|line| (line, None))
            }
        };
        Self { at }
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.at {
            Some((line, Some(column))) => write!(f, "line {line}, column {column}: "),
            Some((line, None)) => write!(f, "line {line}: "),
            None => Ok(()),
        }
    }
}

/// The line that fills a field, from the first that names the stream on.
fn line_of(text: &str, stream: &str, field: &str) -> Option<usize> {
    let stream = stream.split(", ").next().unwrap_or(stream);
    let from = text.lines().position(|line| line.trim_start().starts_with("stream") && line.contains(stream))?;
    let fills = |line: &str| line.split('=').next().is_some_and(|name| name.trim().trim_matches(['"', '\'']) == field);
    text.lines().skip(from).position(fills).map(|after| from + after + 1)
}

fn names() -> String {
    Preset::names().collect::<Vec<_>>().join(", ")
}

/// What is wrong with rules.
fn told(error: &PresetError) -> String {
    match error {
        PresetError::Toml(source) => format!("the rules cannot be read: {}", source.message()),
        other => other.to_string(),
    }
}

impl SourceMapping {
    /// A preset as it comes.
    pub fn preset(name: &str) -> Self {
        Self { preset: name.to_owned(), rules: String::new() }
    }

    /// The preset with one's own rules.
    pub fn read(&self) -> Result<Preset, MappingFault> {
        let preset = Preset::named(&self.preset).ok_or_else(|| MappingFault::NoPreset(self.preset.clone()))??;
        Ok(preset.with(self.own_rules()?))
    }

    /// One's own rules.
    pub(super) fn own_rules(&self) -> Result<Rules, MappingFault> {
        Rules::from_toml(&self.rules)
            .map_err(|source| MappingFault::Rules { place: Place::of(&source, &self.rules), source })
    }
}

fn key(source_id: i64) -> String {
    format!("source.{source_id}.mapping")
}

/// How a source is read, if somebody has said so.
pub async fn mapping_of(db: &impl Db, source_id: i64) -> Result<Option<SourceMapping>, EngineError> {
    let kept = setting::find(db, &key(source_id)).await?;
    Ok(kept.and_then(|kept| serde_json::from_value(kept).ok()))
}

/// Remembers how a source is read.
pub async fn set_mapping(tx: &Tx, source_id: i64, mapping: &SourceMapping) -> Result<(), EngineError> {
    let value = serde_json::json!({ "preset": mapping.preset, "rules": mapping.rules });
    Ok(setting::put(tx, &key(source_id), value).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(rules: &str) -> String {
        let mapping = SourceMapping { preset: GENERIC.to_owned(), rules: rules.to_owned() };
        mapping.read().unwrap_err().to_string()
    }

    #[test]
    fn what_is_wrong_with_rules_says_where() {
        let broken = fault("[[rule]]\nstream = 'deals'\nobject = \n");
        assert!(broken.starts_with("line 3, column "), "{broken}");
        let head = "[[rule]]\nstream = 'deals'\nobject = 'objective'\nkey = 'id'\n[rule.fields]\naccount = 'company'\n";
        let unknown = fault(&format!("{head}colour = 'x'\n"));
        assert!(unknown.starts_with("line 7: the rule for `deals` fills `colour`"), "{unknown}");
        let odd = fault(&format!("{head}due_on = {{ path = 'close', as = 'moon' }}\n"));
        assert!(odd.starts_with("line 7: the rule for `deals` reads `due_on` as `moon`"), "{odd}");
    }
}
