//! The mapping of the last file with the same columns, remembered: what a person corrected once is right the next
//! time. Encoding and delimiter are found out again, because another program may have saved the file. A remembered
//! mapping that no longer fits is passed over and said so.

use std::io::{Read, Seek};

use connectors::{
    csv::{self as sheet, Mapping, Sheet},
    record::Object,
};
use serde_json::json;
use sha2::{Digest, Sha256};
use store::setting;

use super::ImportError;
use crate::{Engine, EngineError};

/// Plans a file by the mapping of the last file with the same columns, or by guessing; with a sentence about which.
pub(super) async fn plan<R: Read + Seek>(
    engine: &Engine,
    object: Object,
    input: &mut R,
) -> Result<(Sheet, Option<String>), ImportError> {
    let headers = sheet::headers(input)?;
    let kept = setting::find(engine.store().read(), &key(object, &headers)).await.map_err(EngineError::from)?;
    let text = |name: &str| kept.as_ref().and_then(|kept| kept.get(name)?.as_str()).unwrap_or_default();
    let Ok(mapping) = Mapping::from_toml(text("mapping")) else { return Ok((sheet::plan(input, object, None)?, None)) };
    if mapping.columns.is_empty() {
        return Ok((sheet::plan(input, object, None)?, None));
    }
    match sheet::plan(input, object, Some(mapping)) {
        Ok(plan) => {
            let file = text("file");
            let file = if file.is_empty() { String::new() } else { format!(", `{file}`") };
            let sentence = format!("the columns are those of the last such file{file}, so its mapping is used again");
            Ok((plan, Some(sentence)))
        }
        Err(error) => {
            let plan = sheet::plan(input, object, None)?;
            Ok((plan, Some(format!("the mapping of the last such file does not fit and is passed over: {error}"))))
        }
    }
}

/// Remembers how a file was read.
pub(super) async fn keep(engine: &Engine, plan: &Sheet, file_name: &str) -> Result<(), ImportError> {
    let headers: Vec<String> = plan.columns.iter().map(|column| column.header.clone()).collect();
    let mapping = Mapping { delimiter: None, encoding: None, ..plan.mapping.clone() };
    let mapping = mapping.to_toml().map_err(|error| ImportError::Mapping(error.to_string()))?;
    let value = json!({ "mapping": mapping, "file": file_name });
    let key = key(plan.object, &headers);
    engine.store().write(async |tx| setting::put(tx, &key, value).await).await.map_err(EngineError::from)?;
    Ok(())
}

/// The columns of a file, in whatever order, as the name of a setting.
fn key(object: Object, headers: &[String]) -> String {
    let mut headers: Vec<&str> = headers.iter().map(String::as_str).collect();
    headers.sort_unstable();
    let digest = Sha256::digest(headers.join("\u{0}"));
    format!("csv.{}.{}", object.as_str(), hex::encode(&digest[..12]))
}
