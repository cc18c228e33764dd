//! Questions in SQL: a segment's expression over the book, and read-only
//! statements over events, records and the snapshot. Whoever may ask is decided
//! before; a segment is answered through a row filter, a statement sees all.

use domain::access::RowFilter;
use std::sync::Arc;

use lake::{Answer, Lake, Params, View, expression::ExpressionError};
use store::Store;

use crate::{
    Book, Clock, Definitions, Engine, EngineError, lifetime,
    revenue::{self, conventions::Conventions},
    snapshot::{Ask, Basis, lay, lay_invoices, lay_revenue},
};

/// Accounts a filter shows for which an expression holds, by id. Unknown is not a yes.
pub fn select(book: &Book, expression: &str, filter: &RowFilter) -> Result<Vec<i64>, EngineError> {
    let condition = book.definitions.expressions.condition(expression)?;
    let holds = condition.evaluate(book.frame()?)?;
    let rows = book.rows().iter().zip(holds);
    let chosen = rows.filter(|(row, holds)| *holds == Some(true) && row.visible(filter));
    Ok(chosen.map(|(row, _)| row.account.id).collect())
}

/// Whether an expression could be a segment; the error points at what is wrong.
pub fn check(book: &Book, expression: &str) -> Result<(), ExpressionError> {
    book.definitions.expressions.condition(expression).map(|_| ())
}

/// Runs one read-only statement over `event`, the record tables and `snapshot`.
pub async fn sql(engine: &Engine, statement: &str, most_rows: usize) -> Result<Answer, EngineError> {
    let view = named(engine.store(), engine.lake(), statement).await?.with("snapshot", engine.book().frame()?)?;
    Ok(view.query_capped(statement, &Params::new(), most_rows).await?)
}

/// The same without a running engine: a one-off command beside the server or after it.
///
/// The snapshot is computed only if the statement speaks of it.
pub async fn offline(
    store: &Store,
    lake: &Lake,
    definitions: &Arc<Definitions>,
    clock: &Clock,
    statement: &str,
    most_rows: usize,
) -> Result<Answer, EngineError> {
    let view = if statement.to_ascii_lowercase().contains("snapshot") {
        let ask = Ask { lifetime: lifetime::vintage(store, definitions, clock.today(), None).await?, ..Ask::default() };
        let basis = Basis::load(store, lake, ask).await?;
        let book = basis.book(definitions, clock.today(), clock.now()).await?;
        basis.view().clone().with("snapshot", book.frame()?)?
    } else {
        named(store, lake, statement).await?
    };
    Ok(view.query_capped(statement, &Params::new(), most_rows).await?)
}

/// The events and the record tables a statement names: what nobody asks for is not read.
async fn named(store: &Store, lake: &Lake, statement: &str) -> Result<View, EngineError> {
    let statement = statement.to_ascii_lowercase();
    let facts = store.reading(None, None).await?;
    let (converted, overdue) = (statement.contains("revenue_line"), statement.contains("overdue_invoice"));
    let asked = |table: &str| statement.contains(table) && !(overdue && table == "invoice");
    let mut view = lay(crate::seal::view(store, lake, None).await?, &facts, asked).await?;
    if converted || overdue {
        let conventions = Conventions::load(store, None).await?;
        let (ledgers, last_said) = revenue::read(&facts, conventions.set.contracts_from).await?;
        let lens = conventions.lens_of(&ledgers, last_said);
        view = lay_revenue(view, &ledgers, &lens)?;
        if overdue {
            view = lay_invoices(view, &facts, &lens).await?;
        }
    }
    facts.end().await?;
    Ok(view)
}
