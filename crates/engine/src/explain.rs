//! Why a number is what it is: its definition, its value, and the rows or the other numbers it was computed from.
//! It computes the same number again and keeps nothing.

use domain::{Day, access::RowFilter, metric::Metric};
use lake::Frame;

use crate::{
    Engine, EngineError,
    lifetime::{self, LIFETIME},
    snapshot::{Basis, Explanation},
};

/// One metric of one account, explained.
#[derive(Debug, Clone)]
pub struct Explained {
    /// Its definition.
    pub metric: Metric,
    /// Its value; money in minor units.
    pub value: Option<f64>,
    /// The rows it was computed from, for a metric over a relation.
    pub rows: Option<Frame>,
    /// The metrics it was computed from with their values, for a metric over metrics.
    pub inputs: Vec<(Metric, Option<f64>)>,
}

/// Explains a metric of an account as of a day, if the filter shows the account.
pub async fn metric(
    engine: &Engine,
    account_id: i64,
    key: &str,
    as_of: Day,
    filter: &RowFilter,
) -> Result<Option<Explained>, EngineError> {
    let definitions = engine.definitions();
    let Some(metric) = definitions.catalogue.get(key) else { return Ok(None) };
    if engine.book().visible_row(account_id, filter).is_none() {
        return Ok(None);
    }
    let basis = Basis::of_account(engine, account_id, as_of, None).await?;
    let book = basis.book(definitions, as_of, engine.now()).await?;
    let Some(row) = book.row(account_id) else { return Ok(None) };
    let explanation = if metric.relation == LIFETIME {
        let rows = Some(lifetime::months(&definitions.lifetime, row, &metric.value, as_of)?);
        Explanation { metric: metric.clone(), rows, inputs: lifetime::inputs(&definitions.lifetime) }
    } else {
        basis.explain(metric, account_id, as_of).await?
    };
    let inputs = explanation.inputs.iter().filter_map(|key| {
        let input = definitions.catalogue.get(key)?;
        Some((input.clone(), book.value(row, key)))
    });
    Ok(Some(Explained {
        metric: metric.clone(),
        value: book.value(row, key),
        inputs: inputs.collect(),
        rows: explanation.rows,
    }))
}
