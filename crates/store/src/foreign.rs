//! A foreign database is somebody else's PostgreSQL, read and never written: every statement runs in a read-only
//! transaction with a time limit, whatever its role may do. Rows leave here as JSON texts with the value of their
//! cursor column, so that nobody else names a driver. Deliberately absent: a pool; a connection lives as long as one
//! reading, and is opened only for a source that an admin has set up.

use std::time::Duration;

use futures::TryStreamExt;
use sqlx::{
    AssertSqlSafe, Column as _, ConnectOptions, Connection, Executor, PgConnection, Row as _, SqlSafeStr, Statement,
    postgres::{PgConnectOptions, PgRow},
};
use tokio::sync::mpsc;

mod query;

/// What to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading<'a> {
    /// `postgres://READER:PASSWORD@HOST/NAME`.
    pub url: &'a str,
    /// One SELECT, without a semicolon.
    pub query: &'a str,
    /// The columns that identify a row.
    pub keys: &'a [String],
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

/// What a named column is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// It identifies a row.
    Key,
    /// It grows with every change.
    Cursor,
}

/// Why a foreign database could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ForeignError {
    /// The address is none.
    #[error("this is not the address of a PostgreSQL database: write postgres://READER:PASSWORD@HOST/NAME")]
    Address,
    /// The address is that of something else.
    #[error("only PostgreSQL is read, not `{0}`: write postgres://READER:PASSWORD@HOST/NAME")]
    Scheme(String),
    /// The query is not one statement that reads.
    #[error("the query cannot be used, because {0}")]
    Statement(String),
    /// A column that is asked for is not among those of the query.
    #[error("the query gives no column `{name}`, only {}", given.iter().map(|it| format!("`{it}`")).collect::<Vec<_>>().join(", "))]
    Column {
        /// What it is for.
        part: Part,
        /// Its name.
        name: String,
        /// The columns there are.
        given: Vec<String>,
    },
    /// Nothing answers.
    #[error(
        "nothing answers at {place}: {why}. Check the host and the port, and that a firewall lets this machine reach them"
    )]
    Unreachable {
        /// Host and port.
        place: String,
        /// What the network says.
        why: String,
    },
    /// It does not let us in.
    #[error(
        "the database at {place} does not let us in: {why}. Check the role, its password and the name of the database"
    )]
    Connect {
        /// Host and port.
        place: String,
        /// What it says.
        why: String,
    },
    /// It refused the query.
    #[error("the database refused the query: {0}")]
    Query(String),
}

/// Longest time a connection may take to be made.
const CONNECT: Duration = Duration::from_secs(15);

/// Longest time one statement may take, in milliseconds.
const STATEMENT_MS: &str = "600000";

/// Judges what can be judged without the database: the address, the query, and the columns where the query lists them
/// plainly.
pub fn check(reading: &Reading<'_>) -> Result<(), ForeignError> {
    options(reading.url)?;
    if let Some(fault) = query::fault(reading.query) {
        return Err(ForeignError::Statement(fault));
    }
    query::columns(reading.query).map_or(Ok(()), |columns| has_columns(reading, columns))
}

/// Reads rows in the order of their cursor and hands them on, some at a time, until nobody listens any more. Returns how
/// many there were.
pub async fn read(reading: &Reading<'_>, at_a_time: usize, to: mpsc::Sender<Vec<Row>>) -> Result<u64, ForeignError> {
    let mut connection = connect(reading).await?;
    let mut total = 0;
    {
        let mut rows = sqlx::query(AssertSqlSafe(statement(reading))).fetch(&mut connection);
        let mut some = Vec::with_capacity(at_a_time);
        while let Some(row) = rows.try_next().await.map_err(|error| refused(&error))? {
            some.push(one(&row).map_err(|error| refused(&error))?);
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

/// The first rows of a reading.
pub async fn first(reading: &Reading<'_>, most: usize) -> Result<Vec<Row>, ForeignError> {
    let mut connection = connect(reading).await?;
    let sql = format!("{} LIMIT {most}", statement(reading));
    let rows = sqlx::query(AssertSqlSafe(sql)).fetch_all(&mut connection).await.map_err(|error| refused(&error))?;
    let _ = connection.close().await;
    rows.iter().map(one).collect::<Result<_, _>>().map_err(|error| refused(&error))
}

fn options(url: &str) -> Result<PgConnectOptions, ForeignError> {
    match url.split_once("://") {
        Some(("postgres" | "postgresql", _)) => url.parse().map_err(|_| ForeignError::Address),
        Some((scheme, _)) if scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'+') => {
            Err(ForeignError::Scheme(scheme.to_owned()))
        }
        _ => Err(ForeignError::Address),
    }
}

/// A connection that can only read, to a database that has the columns.
async fn connect(reading: &Reading<'_>) -> Result<PgConnection, ForeignError> {
    check(reading)?;
    let options = options(reading.url)?
        .options([("default_transaction_read_only", "on"), ("statement_timeout", STATEMENT_MS)])
        .application_name("pomona")
        .disable_statement_logging();
    let place = match options.get_socket() {
        Some(socket) => socket.display().to_string(),
        None => format!("{}, port {}", options.get_host(), options.get_port()),
    };
    let connected = tokio::time::timeout(CONNECT, options.connect()).await;
    let mut connection = match connected {
        Err(_) => return Err(ForeignError::Unreachable { place, why: "no answer within 15 seconds".to_owned() }),
        Ok(Err(sqlx::Error::Io(error))) => {
            return Err(ForeignError::Unreachable { place, why: error.to_string() });
        }
        Ok(Err(error)) => return Err(ForeignError::Connect { place, why: said(&error) }),
        Ok(Ok(connection)) => connection,
    };
    let whole = format!("SELECT * FROM ({}\n) t", bare(reading.query));
    let prepared =
        (&mut connection).prepare(AssertSqlSafe(whole).into_sql_str()).await.map_err(|error| refused(&error))?;
    has_columns(reading, prepared.columns().iter().map(|column| column.name().to_owned()).collect())?;
    Ok(connection)
}

/// Refuses a reading whose keys or cursor are not among these columns.
fn has_columns(reading: &Reading<'_>, given: Vec<String>) -> Result<(), ForeignError> {
    let keys = reading.keys.iter().map(|key| (Part::Key, key.as_str()));
    let mut wanted = keys.chain(reading.cursor.map(|cursor| (Part::Cursor, cursor)));
    match wanted.find(|(_, name)| !given.iter().any(|known| known == name)) {
        Some((part, name)) => Err(ForeignError::Column { part, name: name.to_owned(), given }),
        None => Ok(()),
    }
}

fn refused(error: &sqlx::Error) -> ForeignError {
    ForeignError::Query(said(error))
}

/// What an error says, in the database's own words where it has some.
fn said(error: &sqlx::Error) -> String {
    error.as_database_error().map_or_else(|| error.to_string(), |error| error.message().to_owned())
}

fn one(row: &PgRow) -> Result<Row, sqlx::Error> {
    Ok(Row { json: row.try_get(0)?, cursor: row.try_get(1)? })
}

/// A query without what may follow it.
fn bare(query: &str) -> &str {
    query.trim_end_matches(|last: char| last.is_whitespace() || last == ';').trim_start()
}

/// The query around the admin's query. The cursor is compared as a literal without a type, so that the database reads
/// it as its column's.
fn statement(reading: &Reading<'_>) -> String {
    let query = bare(reading.query);
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
        let reading = Reading {
            url: "",
            query: " select * from orgs; ",
            keys: &[],
            cursor: Some("up\"dated"),
            after: Some("o'clock"),
        };
        assert_eq!(
            statement(&reading),
            "SELECT to_json(t)::text, t.\"up\"\"dated\"::text FROM (select * from orgs\n) t \
             WHERE t.\"up\"\"dated\" >= 'o''clock' ORDER BY t.\"up\"\"dated\""
        );
        let all = Reading { cursor: None, ..reading };
        assert_eq!(statement(&all), "SELECT to_json(t)::text, NULL::text FROM (select * from orgs\n) t");
    }

    #[test]
    fn much_is_judged_before_anybody_is_asked() {
        let keys = ["id".to_owned()];
        let good = Reading {
            url: "postgres://reader:x@db.test/app",
            query: "select id, name, changed from orgs",
            keys: &keys,
            cursor: Some("changed"),
            after: None,
        };
        check(&good).unwrap();
        check(&Reading { query: "select * from orgs", cursor: Some("whatever"), ..good.clone() }).unwrap();
        let told = |reading: Reading<'_>| check(&reading).unwrap_err().to_string();
        for (url, because) in [
            ("mysql://reader:x@db.test/app", "only PostgreSQL is read, not `mysql`"),
            ("db.test/app", "this is not the address"),
            ("postgres://reader:x@db.test:port/app", "this is not the address"),
        ] {
            let fault = told(Reading { url, ..good.clone() });
            assert!(fault.starts_with(because), "{url}: {fault}");
        }
        let drop = told(Reading { query: "drop table orgs", ..good.clone() });
        assert_eq!(
            drop,
            "the query cannot be used, because `drop` does not begin a statement that only reads: write one SELECT"
        );
        let cursor = told(Reading { cursor: Some("Changed"), ..good.clone() });
        assert_eq!(cursor, "the query gives no column `Changed`, only `id`, `name`, `changed`");
        let other = ["id".to_owned(), "org".to_owned()];
        assert!(told(Reading { keys: &other, ..good }).starts_with("the query gives no column `org`"));
    }
}
