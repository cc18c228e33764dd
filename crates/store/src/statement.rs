//! SQL text with its values, for the places where a text says more than a builder: the inbox, the catalogue, the job
//! queue. One text serves both databases: `$1` placeholders, `ON CONFLICT`, `RETURNING`.

use sea_orm::{ColumnTrait, ConnectionTrait, DbBackend, Statement, Value, sea_query::Expr};
use serde_json::json;

/// A text with its values, in the order of `$1`, `$2`, ….
pub(crate) fn statement(
    db: &impl ConnectionTrait,
    sql: impl Into<String>,
    values: impl IntoIterator<Item = Value>,
) -> Statement {
    Statement::from_sql_and_values(db.get_database_backend(), sql, values)
}

/// A text without values. It says that it has none, so that what the database made of it is kept like any other.
pub(crate) fn text(db: &impl ConnectionTrait, sql: &str) -> Statement {
    statement(db, sql, [])
}

/// `($1, $2), ($3, $4), …`: placeholders for `rows` rows of `columns` values, after `before` values used already.
///
/// SQLite gets question marks, because it looks names like `$7` up one by one: a thousand of them cost a million looks.
/// They count from the first value by themselves, so a text that has them must not say `$1` anywhere else.
pub(crate) fn placeholders(db: &impl ConnectionTrait, before: usize, rows: usize, columns: usize) -> String {
    shared_placeholders(db, before, rows, &vec![false; columns])
}

/// The same where all rows agree in some columns: such a value comes once, after those of all rows, and is named by its
/// place even where the rest is counted by question marks.
pub(crate) fn shared_placeholders(db: &impl ConnectionTrait, before: usize, rows: usize, agreed: &[bool]) -> String {
    use std::fmt::Write as _;
    let numbered = db.get_database_backend() == DbBackend::Postgres;
    let own = agreed.iter().filter(|agreed| !**agreed).count();
    let mut text = String::with_capacity(rows * agreed.len() * 8);
    let mut next = before + 1;
    for row in 0..rows {
        text.push_str(if row == 0 { "(" } else { ", (" });
        let mut shared = before + rows * own + 1;
        for (at, agreed) in agreed.iter().enumerate() {
            text.push_str(if at == 0 { "" } else { ", " });
            let place = if *agreed { &mut shared } else { &mut next };
            if numbered || *agreed {
                // Writing to a String cannot fail.
                let _ = write!(text, "${place}");
            } else {
                text.push('?');
            }
            *place += 1;
        }
        text.push(')');
    }
    text
}

/// A list that is longer than this is handed over as one value.
const LONG_LIST: usize = 16;

/// Whether a column of texts is among these. A long list is one value, a JSON array: thousands of values cost more to
/// hand over than to find.
pub(crate) fn among(db: &impl ConnectionTrait, column: &impl ColumnTrait, texts: &[&str]) -> Expr {
    if texts.len() <= LONG_LIST {
        return column.is_in(texts.iter().copied());
    }
    let name = column.as_str();
    let sql = if db.get_database_backend() == DbBackend::Postgres {
        format!("\"{name}\" IN (SELECT jsonb_array_elements_text(CAST($1 AS jsonb)))")
    } else {
        format!("\"{name}\" IN (SELECT value FROM json_each(?))")
    };
    Expr::cust_with_values(sql, [json!(texts).to_string()])
}

/// The most values one statement may carry on either database (SQLite's default limit).
pub(crate) const MAX_VALUES: usize = 32_766;
