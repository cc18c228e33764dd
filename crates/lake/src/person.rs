//! Users who are one person: events keep the user they were sealed with, and a view shows those of several names of a
//! person under one of them. Nothing is rewritten, so two names that turn out to be two people are two users again at
//! once. Queries that do not ask for users pay nothing: the column is computed only where it is read.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{AsArray, Int64Array};
use arrow::datatypes::{DataType, Int64Type};
use datafusion::catalog::TableProvider;
use datafusion::catalog::view::ViewTable;
use datafusion::datasource::provider_as_source;
use datafusion::error::Result;
use datafusion::logical_expr::{
    ColumnarValue, Expr, LogicalPlanBuilder, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility, col,
};

use crate::{batch, ducklake};

/// The column that says who did it.
const USER: &str = "user_id";

/// The events of a table, each user under the person they are: pairs of user and person.
pub(crate) fn united(event: &Arc<dyn TableProvider>, persons: Vec<(i64, i64)>) -> Result<Arc<dyn TableProvider>> {
    let signature = Signature::exact(vec![DataType::Int64], Volatility::Immutable);
    let person = ScalarUDF::new_from_impl(PersonOf { persons: persons.into_iter().collect(), signature });
    let schema = batch::schema();
    let columns = schema.fields().iter().map(|field| match field.name().as_str() {
        USER => person.call(vec![col(USER)]).alias(USER),
        name => col(name),
    });
    let columns: Vec<Expr> = columns.collect();
    let scan = LogicalPlanBuilder::scan(ducklake::TABLE, provider_as_source(Arc::clone(event)), None)?;
    Ok(Arc::new(ViewTable::new(scan.project(columns)?.build()?, None)))
}

/// Who a user is; themselves, where nothing else is known.
#[derive(Debug, PartialEq, Eq, Hash)]
struct PersonOf {
    persons: BTreeMap<i64, i64>,
    signature: Signature,
}

impl ScalarUDFImpl for PersonOf {
    fn name(&self) -> &'static str {
        "person_of"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Int64)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let users = args.args[0].to_array(args.number_rows)?;
        let users = users.as_primitive::<Int64Type>();
        let persons: Int64Array = users.unary(|user| self.persons.get(&user).copied().unwrap_or(user));
        Ok(ColumnarValue::Array(Arc::new(persons)))
    }
}
