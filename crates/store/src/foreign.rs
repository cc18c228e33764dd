//! A foreign database is somebody else's PostgreSQL, read and never written: every statement runs in a read-only
//! transaction with a time limit, whatever its role may do. Rows leave here as JSON texts with the value of their
//! cursor column, so that nobody else names a driver. Deliberately absent: a pool; a connection lives as long as one
//! reading, and is opened only for a source that an admin has set up.

use std::time::Duration;

use futures::TryStreamExt;
use sqlx::{
    ConnectOptions, Connection, Row as _,
    postgres::{PgConnectOptions, PgRow},
};
use tokio::sync::mpsc;

/// What to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading<'a> {
    /// `postgres://READER:PASSWORD@HOST/NAME`.
    pub url: &'a str,
    /// One SELECT, without a semicolon.
    pub query: &'a str,
    /// The column that grows with every change, if the table has one.
    pub cursor: Option<&'a str>,
    /// The cursor of the last row read before; rows with it are read again, since others may share it.
    pub after: Option<&'a str>,
}

/// One row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The row as a JSON object.
    pub json: String,
    /// The value of its cursor column.
    pub cursor: Option<String>,
}

/// Why a foreign database could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ForeignError {
    /// The address is none.
    #[error("this is not the address of a PostgreSQL database: write postgres://READER:PASSWORD@HOST/NAME")]
    Address,
    /// It does not answer, or does not let us in.
    #[error("the database does not let us in: {0}")]
    Connect(String),
    /// It refused the query.
    #[error("the database refused the query: {0}")]
    Query(String),
}

/// Longest time a connection may take to be made.
const CONNECT: Duration = Duration::from_secs(15);

/// Longest time one statement may take, in milliseconds.
const STATEMENT_MS: &str = "600000";

/// Reads rows in the order of their cursor and hands them on, some at a time, until nobody listens any more. Returns how
/// many there were.
pub async fn read(reading: &Reading<'_>, at_a_time: usize, to: mpsc::Sender<Vec<Row>>) -> Result<u64, ForeignError> {
    let options: PgConnectOptions = reading.url.parse().map_err(|_| ForeignError::Address)?;
    let options = options
        .options([("default_transaction_read_only", "on"), ("statement_timeout", STATEMENT_MS)])
        .application_name("pomona")
        .disable_statement_logging();
    let connected = tokio::time::timeout(CONNECT, options.connect()).await;
    let mut connection = connected
        .map_err(|_| ForeignError::Connect("no answer within 15 seconds".to_owned()))?
        .map_err(|error| ForeignError::Connect(error.to_string()))?;
    let refused = |error: sqlx::Error| ForeignError::Query(error.to_string());
    let mut total = 0;
    {
        let mut rows = sqlx::query(sqlx::AssertSqlSafe(statement(reading))).fetch(&mut connection);
        let mut some = Vec::with_capacity(at_a_time);
        while let Some(row) = rows.try_next().await.map_err(refused)? {
            some.push(one(&row).map_err(refused)?);
            total += 1;
            if some.len() == at_a_time && to.send(std::mem::take(&mut some)).await.is_err() {
                return Ok(total);
            }
        }
        // Whoever stopped listening knows why.
        let _ = to.send(some).await;
    }
    // Everything has been read; how the goodbye goes is of no interest.
    let _ = connection.close().await;
    Ok(total)
}

fn one(row: &PgRow) -> Result<Row, sqlx::Error> {
    Ok(Row { json: row.try_get(0)?, cursor: row.try_get(1)? })
}

/// The query around the admin's query. The cursor is compared as a literal without a type, so that the database reads
/// it as its column's.
fn statement(reading: &Reading<'_>) -> String {
    let query = reading.query.trim().trim_end_matches(';');
    let Some(cursor) = reading.cursor else {
        return format!("SELECT to_json(t)::text, NULL::text FROM ({query}\n) t");
    };
    let cursor = format!("t.\"{}\"", cursor.replace('"', "\"\""));
    let after = reading.after.map(|after| format!("WHERE {cursor} >= '{}'", after.replace('\'', "''")));
    format!(
        "SELECT to_json(t)::text, {cursor}::text FROM ({query}\n) t {} ORDER BY {cursor}",
        after.unwrap_or_default()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_values_are_quoted() {
        let reading =
            Reading { url: "", query: " select * from orgs; ", cursor: Some("up\"dated"), after: Some("o'clock") };
        assert_eq!(
            statement(&reading),
            "SELECT to_json(t)::text, t.\"up\"\"dated\"::text FROM (select * from orgs\n) t \
             WHERE t.\"up\"\"dated\" >= 'o''clock' ORDER BY t.\"up\"\"dated\""
        );
        let all = Reading { cursor: None, ..reading };
        assert_eq!(statement(&all), "SELECT to_json(t)::text, NULL::text FROM (select * from orgs\n) t");
    }
}
