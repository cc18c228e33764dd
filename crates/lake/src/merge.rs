//! Merged accounts: events keep the account they were sealed with, and a view shows them as those of the account that
//! one was merged into. Nothing is rewritten, so taking a merge back is to stop doing this.

use std::sync::Arc;

use datafusion::catalog::TableProvider;
use datafusion::catalog::view::ViewTable;
use datafusion::common::ScalarValue;
use datafusion::datasource::provider_as_source;
use datafusion::error::Result;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, case, col, lit};

use crate::{batch, ducklake};

/// The column that says whose an event is.
const ACCOUNT: &str = "account_id";

/// The events of a table, those of merged accounts under the account they were merged into: pairs of from and to.
pub(crate) fn redirected(event: &Arc<dyn TableProvider>, merged: &[(i64, i64)]) -> Result<Arc<dyn TableProvider>> {
    let gone: Vec<Expr> = merged.iter().map(|(from, _)| lit(*from)).collect();
    let all = || LogicalPlanBuilder::scan(ducklake::TABLE, provider_as_source(Arc::clone(event)), None);
    let stayed = col(ACCOUNT).is_null().or(col(ACCOUNT).in_list(gone.clone(), true));
    let moved = all()?.filter(col(ACCOUNT).in_list(gone, false))?.project(columns(merged)?)?;
    let plan: LogicalPlan = all()?.filter(stayed)?.union(moved.build()?)?.build()?;
    Ok(Arc::new(ViewTable::new(plan, None)))
}

/// Every column as it is, except for the account.
fn columns(merged: &[(i64, i64)]) -> Result<Vec<Expr>> {
    let schema = batch::schema();
    let names = schema.fields().iter().map(|field| field.name().as_str());
    names.map(|name| if name == ACCOUNT { Ok(account(merged)?.alias(ACCOUNT)) } else { Ok(col(name)) }).collect()
}

fn account(merged: &[(i64, i64)]) -> Result<Expr> {
    let Some(((from, to), others)) = merged.split_first() else { return Ok(col(ACCOUNT)) };
    let mut cases = case(col(ACCOUNT)).when(lit(*from), lit(*to));
    for (from, to) in others {
        cases = cases.when(lit(*from), lit(*to));
    }
    cases.otherwise(lit(ScalarValue::Int64(None)))
}
