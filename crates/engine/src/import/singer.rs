//! What a tap printed, onto the records: every RECORD goes the way of all records, through the mapping of its source.
//! Lines that cannot be understood are refused with their number.

use std::io::BufRead;

use connectors::singer::{Message, Reader};
use store::source;

use super::{ImportError, Records, RecordsReport};
use crate::Engine;

/// Imports Singer messages by a preset such as `stripe`. Each preset is a source of its own, whose ids are its own.
pub async fn singer<R: BufRead + Send>(engine: &Engine, preset: &str, input: R) -> Result<RecordsReport, ImportError> {
    super::SourceMapping::preset(preset).read().map_err(|fault| ImportError::Mapping(fault.to_string()))?;
    let (key, name) = (format!("singer-{preset}"), format!("Singer tap, {preset}"));
    let source_id = super::source(engine, &key, &name, source::Kind::Singer, engine.now()).await?;
    let mut records = Records::open(engine, source_id, preset).await?;
    let mut reader = Reader::default();
    for line in input.lines() {
        let line = line?;
        match reader.message(&line) {
            Ok(Some(Message::Record(record))) => {
                let place = reader.lines();
                records.take(place, &record.stream, &record.key.join("/"), &record.value).await?;
            }
            Ok(_) => {}
            Err(error) => records.refuse(error.line, "", String::new(), error.code, error.sentence, &line),
        }
    }
    records.finish().await
}
