//! Checked expressions and their evaluation over a whole frame at once. A checked
//! expression is immutable and shared between threads by cloning.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, RecordBatch, RecordBatchOptions};
use arrow::datatypes::{Field, Float64Type, Schema, SchemaRef};
use datafusion::common::DFSchema;
use datafusion::error::DataFusionError;
use datafusion::logical_expr::execution_props::ExecutionProps;
use datafusion::logical_expr::physical_planning_context::PhysicalPlanningContext;
use datafusion::logical_expr::simplify::SimplifyContext;
use datafusion::optimizer::simplify_expressions::ExprSimplifier;
use datafusion::physical_expr::{PhysicalExpr, create_physical_expr};

use super::lower::Lowered;
use super::place::{self, ExpressionError};
use crate::{Frame, FrameError, Kind};

/// A checked expression that is true, false or unknown for each account.
#[derive(Debug, Clone)]
pub struct Condition(pub(super) Compiled);

/// A checked expression that is a number or unknown for each account.
#[derive(Debug, Clone)]
pub struct Formula(pub(super) Compiled);

impl Condition {
    /// Returns the text it was checked from.
    pub fn text(&self) -> &str {
        &self.0.text
    }

    /// Returns the names of the columns it reads.
    pub fn columns(&self) -> impl ExactSizeIterator<Item = &str> {
        self.0.columns.iter().map(|(name, _)| name.as_str())
    }

    /// Evaluates it for every row; none where it is unknown.
    ///
    /// # Errors
    /// [`FrameError`] when a column it reads is missing or of another kind.
    pub fn evaluate(&self, frame: &Frame) -> Result<Vec<Option<bool>>, FrameError> {
        Ok(self.0.evaluate(frame)?.as_boolean().iter().collect())
    }
}

impl Formula {
    /// Returns the text it was checked from.
    pub fn text(&self) -> &str {
        &self.0.text
    }

    /// Returns the names of the columns it reads.
    pub fn columns(&self) -> impl ExactSizeIterator<Item = &str> {
        self.0.columns.iter().map(|(name, _)| name.as_str())
    }

    /// Evaluates it for every row; none where it is unknown or not finite.
    ///
    /// # Errors
    /// [`FrameError`] when a column it reads is missing or of another kind.
    pub fn evaluate(&self, frame: &Frame) -> Result<Vec<Option<f64>>, FrameError> {
        let values = self.0.evaluate(frame)?;
        let values = values.as_primitive::<Float64Type>().iter();
        Ok(values.map(|value| value.filter(|number| number.is_finite())).collect())
    }
}

/// An expression ready to run, and the columns it needs in its order.
#[derive(Debug, Clone)]
pub(super) struct Compiled {
    text: String,
    columns: Vec<(String, Kind)>,
    schema: SchemaRef,
    expr: Arc<dyn PhysicalExpr>,
}

/// Plans a lowered expression as it is: the optimiser would repeat parts of it without bound.
pub(super) fn compile(text: &str, lowered: Lowered) -> Result<Compiled, ExpressionError> {
    let Lowered { expr, columns } = lowered;
    let fields = columns.iter().map(|(name, kind)| Field::new(name, kind.data_type(), true));
    let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
    match plan(expr, &schema) {
        Ok(expr) => Ok(Compiled { text: text.to_owned(), columns, schema, expr }),
        Err(error) => Err(place::whole(text, error.strip_backtrace())),
    }
}

fn plan(expr: datafusion::logical_expr::Expr, schema: &SchemaRef) -> Result<Arc<dyn PhysicalExpr>, DataFusionError> {
    let schema = Arc::new(DFSchema::try_from(Arc::clone(schema))?);
    let context = SimplifyContext::builder().with_schema(Arc::clone(&schema)).build();
    let expr = ExprSimplifier::new(context).coerce(expr, &schema)?;
    create_physical_expr(&expr, &schema, &ExecutionProps::new(), &PhysicalPlanningContext::default())
}

impl Compiled {
    fn evaluate(&self, frame: &Frame) -> Result<ArrayRef, FrameError> {
        let columns = self.columns.iter().map(|(name, kind)| frame.array_as(name, *kind));
        let columns = columns.collect::<Result<Vec<_>, _>>()?;
        let rows = RecordBatchOptions::new().with_row_count(Some(frame.len()));
        let failed = |error: DataFusionError| FrameError::Evaluation {
            text: self.text.clone(),
            message: error.strip_backtrace(),
        };
        let batch = RecordBatch::try_new_with_options(Arc::clone(&self.schema), columns, &rows);
        let values = self.expr.evaluate(&batch.map_err(|error| failed(error.into()))?).map_err(failed)?;
        values.into_array(frame.len()).map_err(failed)
    }
}
