//! A table of somebody else's PostgreSQL as a source: a query, the columns that identify a row, a column that grows
//! with every change, and how often to look. Rows go the way of all records, and the place is remembered only after
//! everything before it is written, so a stop loses nothing and repeats a little.

use chrono::TimeDelta;
use connectors::json::{self, Value};
use domain::Instant;
use serde::{Deserialize, Serialize};
use store::{
    Db, Source, Tx,
    foreign::{self, ForeignError, Reading, Row},
    setting, source,
};
use tokio::sync::mpsc;

use super::{ImportError, Preview, Records, RecordsReport, SourceMapping, mapping_in_use};
use crate::{Engine, EngineError, actions::chain};

/// Rows handed on at a time.
const AT_A_TIME: usize = 1_000;

/// Rows that are looked at without being kept.
const FIRST: usize = 20;

/// The preset of a database nobody has mapped.
const PRESET: &str = "postgres";

/// What to read, and how often.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SqlSource {
    /// `postgres://READER:PASSWORD@HOST/NAME`.
    pub url: String,
    /// One SELECT.
    pub query: String,
    /// What the rows are called; presets know streams by their names.
    pub stream: String,
    /// The columns that identify a row.
    pub keys: Vec<String>,
    /// The column that grows with every change; without one everything is read each time.
    pub cursor: Option<String>,
    /// How often to look, in minutes.
    pub every_minutes: u32,
}

/// Where a source stands.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SqlPlace {
    /// The cursor of the last row written.
    pub cursor: Option<String>,
    /// When it was last read.
    pub read_at: Option<Instant>,
    /// How many rows came then.
    pub rows: u64,
}

/// Why a database could not be read into records.
#[derive(Debug, thiserror::Error)]
pub enum SqlError {
    /// The source has no query.
    #[error("this source reads no database")]
    NotSql,
    /// The database.
    #[error(transparent)]
    Foreign(#[from] ForeignError),
    /// The records.
    #[error(transparent)]
    Import(#[from] ImportError),
    /// The engine.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

impl SqlSource {
    /// What to read of it, from a cursor on.
    fn reading<'a>(&'a self, after: Option<&'a str>) -> Reading<'a> {
        Reading { url: &self.url, query: &self.query, keys: &self.keys, cursor: self.cursor.as_deref(), after }
    }

    /// What identifies a row, if all of its key columns say something.
    fn key_of(&self, row: &Value<'_>) -> Option<String> {
        let parts: Option<Vec<&str>> = self.keys.iter().map(|key| row.get(key).and_then(Value::as_id)).collect();
        Some(parts?.join("/")).filter(|key| !key.is_empty())
    }

    /// Judges what can be judged without asking the database.
    pub fn check(&self) -> Result<(), SqlError> {
        Ok(foreign::check(&self.reading(None))?)
    }

    /// The address without its password.
    pub fn shown_url(&self) -> String {
        match (self.url.split_once("://"), self.url.rsplit_once('@')) {
            (Some((scheme, rest)), Some((_, host))) if rest.contains('@') => {
                let user = rest.split([':', '@']).next().unwrap_or_default();
                format!("{scheme}://{user}@{host}")
            }
            _ => self.url.clone(),
        }
    }
}

fn key(source_id: i64, what: &str) -> String {
    format!("source.{source_id}.{what}")
}

/// What a source reads, if it reads a database.
pub async fn sql_source(engine: &Engine, source_id: i64) -> Result<Option<SqlSource>, EngineError> {
    let place = key(source_id, "sql");
    let kept = setting::find(engine.store().read(), &place).await?;
    let Some(sql) = kept.and_then(|kept| serde_json::from_value::<SqlSource>(kept).ok()) else { return Ok(None) };
    let url = engine.vault().unseal(&place, &sql.url)?;
    Ok(Some(SqlSource { url, ..sql }))
}

/// Sets what a source reads. Its address, which holds a password, is sealed.
pub async fn set_sql_source(engine: &Engine, tx: &Tx, source_id: i64, sql: &SqlSource) -> Result<(), EngineError> {
    let place = key(source_id, "sql");
    let sealed = SqlSource { url: engine.vault().seal(&place, &sql.url)?, ..sql.clone() };
    Ok(setting::put(tx, &place, serde_json::json!(sealed)).await?)
}

/// What the first rows of a database would become, nothing of which is kept: read as the source's mapping says, or as
/// databases usually are where there is no source yet.
pub async fn try_sql(engine: &Engine, source: Option<&Source>, sql: &SqlSource) -> Result<Vec<Preview>, SqlError> {
    let rows = foreign::first(&sql.reading(None), FIRST).await?;
    let mapping = match source {
        Some(source) => mapping_in_use(engine, source).await?,
        None => SourceMapping::preset(PRESET),
    };
    let preset = mapping.read().map_err(|fault| ImportError::Mapping(fault.to_string()))?;
    let now = engine.now();
    let tried = |row: Row| {
        let key = json::parse(&row.json).ok().and_then(|document| sql.key_of(&document.value)).unwrap_or_default();
        Preview::of(&preset, &sql.stream, key, row.json, now, now)
    };
    Ok(rows.into_iter().map(tried).collect())
}

/// Changes what a source reads and reads it at once; where that fails, everything stays as it was. Another query or
/// cursor column begins at the beginning.
pub async fn change_sql_source(engine: &Engine, source_id: i64, sql: &SqlSource) -> Result<RecordsReport, SqlError> {
    sql.check()?;
    let before = sql_source(engine, source_id).await?.ok_or(SqlError::NotSql)?;
    let place = sql_place(engine.store().read(), source_id).await?;
    let anew = (&before.query, &before.cursor, &before.stream) != (&sql.query, &sql.cursor, &sql.stream);
    let put = async |sql: &SqlSource, place: &SqlPlace| {
        let value = serde_json::json!(place);
        let put = engine.store().write(async |tx| -> Result<(), EngineError> {
            set_sql_source(engine, tx, source_id, sql).await?;
            Ok(setting::put(tx, &key(source_id, "place"), value).await?)
        });
        put.await
    };
    put(sql, &if anew { SqlPlace::default() } else { place.clone() }).await?;
    let read = read_sql(engine, source_id).await;
    if read.is_err() {
        put(&before, &place).await?;
    }
    read
}

/// Where a source stands.
pub async fn sql_place(db: &impl Db, source_id: i64) -> Result<SqlPlace, EngineError> {
    let kept = setting::find(db, &key(source_id, "place")).await?;
    Ok(kept.and_then(|kept| serde_json::from_value(kept).ok()).unwrap_or_default())
}

/// Reads what is new in a source's database.
pub async fn read_sql(engine: &Engine, source_id: i64) -> Result<RecordsReport, SqlError> {
    let db = engine.store().read();
    let sql = sql_source(engine, source_id).await?.ok_or(SqlError::NotSql)?;
    let mut place = sql_place(db, source_id).await?;
    let reading = sql.reading(place.cursor.as_deref());
    let mut records = Records::open(engine, source_id, PRESET).await?;
    let (to, from) = mpsc::channel(2);
    let write = async {
        // Whoever fails here stops listening, and the reading ends.
        let mut from = from;
        let (mut last, mut number) = (None, 0);
        while let Some(rows) = from.recv().await {
            for row in rows {
                number += 1;
                take(&mut records, &sql, number, &row).await?;
                last = row.cursor.or(last);
            }
        }
        Ok::<_, SqlError>(last)
    };
    let (rows, last) = tokio::join!(foreign::read(&reading, AT_A_TIME, to), write);
    let (last, rows) = (last?, rows?);
    let report = records.finish().await?;
    place.cursor = last.or(place.cursor);
    (place.read_at, place.rows) = (Some(engine.now()), rows);
    let value = serde_json::json!(place);
    let put = engine.store().write(async |tx| setting::put(tx, &key(source_id, "place"), value).await);
    put.await.map_err(EngineError::from)?;
    Ok(report)
}

async fn take(records: &mut Records<'_>, sql: &SqlSource, number: u64, row: &Row) -> Result<(), ImportError> {
    let document = match json::parse(&row.json) {
        Ok(document) => document,
        Err(error) => {
            records.refuse(number, "", String::new(), "broken_json", error.to_string(), &row.json);
            return Ok(());
        }
    };
    let Some(key) = sql.key_of(&document.value) else {
        let sentence = format!("the row has no value in one of its key columns {}", sql.keys.join(", "));
        records.refuse(number, "", String::new(), "missing_key", sentence, &row.json);
        return Ok(());
    };
    records.take(number, &sql.stream, &key, &document.value).await
}

/// Reads every database that is due. What fails is noted on its source and tried again the next time.
pub(crate) async fn read_due(engine: &Engine) -> Result<(), EngineError> {
    let db = engine.store().read();
    let sources = source::all(db).await?;
    for source in sources.into_iter().filter(|source| source.kind == source::Kind::Sql && source.enabled) {
        if is_due(engine, &source).await? {
            read_and_note(engine, source.id).await?;
        }
    }
    Ok(())
}

/// Reads what is new in a source's database; what goes wrong is noted on the source, where it stands until the next
/// reading. Nothing where it went wrong.
pub async fn read_and_note(engine: &Engine, source_id: i64) -> Result<Option<RecordsReport>, EngineError> {
    let error = match read_sql(engine, source_id).await {
        Ok(report) => return Ok(Some(report)),
        Err(error) => chain(&error),
    };
    let mut letters = error.trim_end_matches('.').chars();
    let why = letters.next().map_or_else(String::new, |first| format!("{}{}.", first.to_uppercase(), letters.as_str()));
    let now = engine.now();
    engine.store().write(async |tx| source::noted(tx, source_id, 0, 0, Some(&why), now).await).await?;
    Ok(None)
}

async fn is_due(engine: &Engine, source: &Source) -> Result<bool, EngineError> {
    let db = engine.store().read();
    let Some(sql) = sql_source(engine, source.id).await? else { return Ok(false) };
    let last = sql_place(db, source.id).await?.read_at.max(source.last_error_at);
    let every = TimeDelta::minutes(i64::from(sql.every_minutes.max(1)));
    Ok(last.is_none_or(|last| engine.now() - last >= every))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_not_shown() {
        let sql = |url: &str| SqlSource {
            url: url.to_owned(),
            query: String::new(),
            stream: String::new(),
            keys: Vec::new(),
            cursor: None,
            every_minutes: 5,
        };
        assert_eq!(sql("postgres://reader:s3cret@db/app").shown_url(), "postgres://reader@db/app");
        assert_eq!(sql("postgres://reader:p@ss@db/app").shown_url(), "postgres://reader@db/app");
        assert_eq!(sql("postgres:///app").shown_url(), "postgres:///app");
    }
}
