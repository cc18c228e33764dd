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
    #[error("{}", told(.0))]
    Rules(#[from] PresetError),
}

fn names() -> String {
    Preset::names().collect::<Vec<_>>().join(", ")
}

/// What is wrong with rules, with the place where TOML knows it.
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
        Ok(preset.with(Rules::from_toml(&self.rules)?))
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
