//! Parameters of a query. They are bound into the parsed statement as typed values,
//! so no text of a value is ever read as SQL, and the planner sees constants it can
//! compare with the statistics of the parts.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    self, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentList, FunctionArguments, Ident, ObjectName,
    Value, visit_expressions_mut,
};
use domain::{Day, Instant};

use crate::QueryError;

/// Named, typed values for the `$name` placeholders of a query.
#[derive(Debug, Clone, Default)]
pub struct Params(BTreeMap<String, Param>);

#[derive(Debug, Clone)]
enum Param {
    Int(Option<i64>),
    Float(Option<f64>),
    Text(Option<String>),
    Bool(Option<bool>),
    Day(Option<Day>),
    Instant(Option<Instant>),
}

impl Params {
    /// No parameters.
    pub fn new() -> Self {
        Self::default()
    }

    /// Binds a whole number, or null, to `$name`.
    #[must_use]
    pub fn int(self, name: &str, value: impl Into<Option<i64>>) -> Self {
        self.bind_one(name, Param::Int(value.into()))
    }

    /// Binds a number, or null, to `$name`.
    #[must_use]
    pub fn float(self, name: &str, value: impl Into<Option<f64>>) -> Self {
        self.bind_one(name, Param::Float(value.into()))
    }

    /// Binds text to `$name`.
    #[must_use]
    pub fn text(self, name: &str, value: impl Into<String>) -> Self {
        self.bind_one(name, Param::Text(Some(value.into())))
    }

    /// Binds a truth, or null, to `$name`.
    #[must_use]
    pub fn bool(self, name: &str, value: impl Into<Option<bool>>) -> Self {
        self.bind_one(name, Param::Bool(value.into()))
    }

    /// Binds a date, or null, to `$name`.
    #[must_use]
    pub fn day(self, name: &str, value: impl Into<Option<Day>>) -> Self {
        self.bind_one(name, Param::Day(value.into()))
    }

    /// Binds a point in time, or null, to `$name`.
    #[must_use]
    pub fn instant(self, name: &str, value: impl Into<Option<Instant>>) -> Self {
        self.bind_one(name, Param::Instant(value.into()))
    }

    fn bind_one(mut self, name: &str, value: Param) -> Self {
        self.0.insert(name.to_owned(), value);
        self
    }

    /// Replaces every placeholder of a statement by its value.
    pub(crate) fn bind(&self, statement: &mut ast::Statement) -> Result<(), QueryError> {
        let replaced = visit_expressions_mut(statement, |expr| {
            let Expr::Value(value) = &*expr else { return ControlFlow::Continue(()) };
            let Value::Placeholder(name) = &value.value else { return ControlFlow::Continue(()) };
            let Some(param) = self.0.get(name.trim_start_matches('$')) else { return ControlFlow::Break(name.clone()) };
            *expr = param.to_expr();
            ControlFlow::Continue(())
        });
        match replaced {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(name) => {
                Err(QueryError::refused(format!("no value was given for the parameter {name}")))
            }
        }
    }
}

impl Param {
    fn to_expr(&self) -> Expr {
        match self {
            Self::Int(Some(value @ 0..)) => literal(Value::Number(value.to_string(), false)),
            Self::Bool(Some(value)) => literal(Value::Boolean(*value)),
            Self::Int(value) => typed(value.map(|value| value.to_string()), "Int64"),
            Self::Float(value) => typed(value.map(|value| value.to_string()), "Float64"),
            Self::Text(value) => typed(value.clone(), "Utf8View"),
            Self::Bool(value) => typed(value.map(|value| value.to_string()), "Boolean"),
            Self::Day(value) => typed(value.map(|value| value.to_string()), "Date32"),
            Self::Instant(value) => {
                typed(value.map(|value| value.to_rfc3339()), "Timestamp(Microsecond, Some(\"UTC\"))")
            }
        }
    }
}

fn literal(value: Value) -> Expr {
    Expr::Value(value.into())
}

/// `arrow_cast('text', 'type')`, which the planner folds into a constant.
fn typed(text: Option<String>, data_type: &str) -> Expr {
    let text = text.map_or(Value::Null, Value::SingleQuotedString);
    let args = [text, Value::SingleQuotedString(data_type.to_owned())];
    let args = args.map(|value| FunctionArg::Unnamed(FunctionArgExpr::Expr(literal(value))));
    Expr::Function(Function {
        name: ObjectName::from(vec![Ident::new("arrow_cast")]),
        uses_odbc_syntax: false,
        parameters: FunctionArguments::None,
        args: FunctionArguments::List(FunctionArgumentList {
            duplicate_treatment: None,
            args: args.into(),
            clauses: vec![],
        }),
        filter: None,
        null_treatment: None,
        over: None,
        within_group: vec![],
    })
}
