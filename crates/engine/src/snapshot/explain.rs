//! Why a metric has its value: its definition, the arithmetic as SQL, and the very rows it was computed from. The
//! rows come from the same text as the number, so they cannot disagree.

use domain::{
    Day,
    metric::{Metric, SNAPSHOT},
};
use lake::Frame;

use super::{Basis, relation::Relation};
use crate::EngineError;

/// The most rows an explanation shows.
const MOST_ROWS: usize = 500;

/// A metric of one account, down to its rows.
#[derive(Debug, Clone)]
pub struct Explanation {
    /// The metric.
    pub metric: Metric,
    /// The rows of its relation for the account, newest facts included; empty for metrics over metrics.
    pub rows: Option<Frame>,
    /// Metrics that a metric over metrics is computed from.
    pub inputs: Vec<String>,
}

impl Basis {
    /// Explains one metric of one account as of a day.
    pub async fn explain(&self, metric: &Metric, account_id: i64, as_of: Day) -> Result<Explanation, EngineError> {
        let words = metric.value.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        if metric.relation == SNAPSHOT {
            let mut inputs: Vec<String> = words.filter(|word| word.len() > 2).map(str::to_owned).collect();
            inputs.dedup();
            return Ok(Explanation { metric: metric.clone(), rows: None, inputs });
        }
        let Some(relation) = Relation::named(&metric.relation) else {
            return Ok(Explanation { metric: metric.clone(), rows: None, inputs: Vec::new() });
        };
        let sql = format!(
            "with relation as ({}) select * from relation where account_id = {account_id} limit {MOST_ROWS}",
            relation.text(self.known_on.is_some())
        );
        let rows = self.view.query(&sql, &self.params(as_of, metric.window_days)).await?;
        Ok(Explanation { metric: metric.clone(), rows: Some(rows), inputs: Vec::new() })
    }
}
