//! `/api/v1/query`: read-only SQL over events, records and the snapshot.
//!
//! A statement sees the whole book, so only those who may see everything may run one. It is bounded in rows, memory and
//! time. Absent: anything that writes; the engine of the lake refuses it before it runs.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use engine::query;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::extract::Input;
use crate::gate::Access;
use crate::problem::{Answer, Problem};
use crate::state::AppState;

const DEADLINE: Duration = Duration::from_secs(30);
const USUAL_ROWS: usize = 1_000;
const MOST_ROWS: usize = 10_000;
const LONGEST_SQL: usize = 20_000;

/// A statement to run.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Statement {
    /// One `select`.
    sql: String,
    /// Rows at most, up to 10,000; 1,000 if absent.
    max_rows: Option<usize>,
}

/// What a statement found.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Found {
    /// The columns in order.
    pub columns: Vec<ColumnView>,
    /// The rows; each has one value per column.
    #[schema(value_type = Vec<Vec<Object>>)]
    pub rows: Vec<Vec<Value>>,
    /// Whether there were more rows.
    pub truncated: bool,
}

/// A column of an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Column)]
pub struct ColumnView {
    /// Its name.
    pub name: String,
    /// Its type.
    pub r#type: &'static str,
}

/// `POST /api/v1/query`.
pub async fn run(
    State(app): State<AppState>,
    _access: Access,
    Input(statement): Input<Statement>,
) -> Answer<Json<Found>> {
    if statement.sql.len() > LONGEST_SQL {
        return Err(Problem::invalid("sql", format!("A statement has at most {LONGEST_SQL} bytes.")));
    }
    let most = statement.max_rows.unwrap_or(USUAL_ROWS);
    if !(1..=MOST_ROWS).contains(&most) {
        return Err(Problem::invalid("max_rows", format!("Ask for 1 to {MOST_ROWS} rows.")));
    }
    let running = query::sql(&app.engine, &statement.sql, most);
    let answer = tokio::time::timeout(DEADLINE, running).await.map_err(|_| {
        Problem::invalid("sql", "The statement ran for 30 seconds and was stopped; ask for less at once.")
    })??;
    let columns = answer.frame.columns().map(|(name, kind)| ColumnView { name: name.to_owned(), r#type: kind.name() });
    let columns: Vec<_> = columns.collect();
    let row = |at: usize| (0..columns.len()).map(|column| answer.frame.cell(at, column).to_json()).collect();
    let rows = (0..answer.frame.len()).map(row).collect();
    Ok(Json(Found { columns, rows, truncated: answer.truncated }))
}
