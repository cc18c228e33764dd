//! The functions of expressions. Each states what it takes; there is no other way to
//! call anything.

use datafusion::functions::expr_fn::{abs, ceil, floor, greatest, least, lower, nullif, round, upper};
use datafusion::logical_expr::{Case, Expr, lit};
use datafusion::scalar::ScalarValue;
use datafusion::sql::sqlparser::ast::{self, Function, FunctionArg, FunctionArgExpr, FunctionArguments};

use super::lower::{Lowering, Typed};
use super::place::ExpressionError;
use super::suggest;
use crate::Kind;

const NAMES: [&str; 10] =
    ["abs", "ceil", "coalesce", "floor", "greatest", "least", "lower", "nullif", "round", "upper"];

/// Most digits after the point that `round` keeps.
const MAX_DIGITS: i64 = 10;

/// Name and arguments of a call without `distinct`, `filter`, `over` and the like.
pub(super) fn plain_call(function: &Function) -> Option<(String, Vec<&ast::Expr>)> {
    let Function {
        name,
        uses_odbc_syntax: false,
        parameters: FunctionArguments::None,
        args,
        filter: None,
        null_treatment: None,
        over: None,
        within_group,
    } = function
    else {
        return None;
    };
    let FunctionArguments::List(list) = args else { return None };
    let [name] = name.0.as_slice() else { return None };
    if !within_group.is_empty() || list.duplicate_treatment.is_some() || !list.clauses.is_empty() {
        return None;
    }
    let arguments = list.args.iter().map(|argument| match argument {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(argument)) => Some(argument),
        _ => None,
    });
    Some((name.as_ident()?.value.to_lowercase(), arguments.collect::<Option<_>>()?))
}

impl Lowering<'_> {
    /// Lowers a call.
    pub(super) fn call(
        &mut self,
        node: &ast::Expr,
        name: &str,
        arguments: &[&ast::Expr],
    ) -> Result<Typed, ExpressionError> {
        match (name, arguments) {
            ("abs", [value]) => Ok(Typed::new(abs(self.number(value)?), Kind::Float)),
            ("floor", [value]) => Ok(Typed::new(floor(self.number(value)?), Kind::Float)),
            ("ceil" | "ceiling", [value]) => Ok(Typed::new(ceil(self.number(value)?), Kind::Float)),
            ("round", [value]) => Ok(Typed::new(round(vec![self.number(value)?]), Kind::Float)),
            ("round", [value, digits]) => {
                let value = self.number(value)?;
                let digits = self.digits(digits)?;
                Ok(Typed::new(round(vec![value, digits]), Kind::Float))
            }
            ("lower", [value]) => Ok(Typed::new(lower(self.argument_text(value)?), Kind::Text)),
            ("upper", [value]) => Ok(Typed::new(upper(self.argument_text(value)?), Kind::Text)),
            ("nullif", [value, other]) => {
                let (values, kind) = self.together(node, &[value, other])?;
                match <[Expr; 2]>::try_from(values) {
                    Ok([value, other]) => Ok(Typed::new(nullif(value, other), kind)),
                    Err(_) => Err(self.error(node, "nullif takes two values")),
                }
            }
            ("coalesce", [_, ..]) => {
                let (values, kind) = self.together(node, arguments)?;
                Ok(Typed::new(first_known(values), kind))
            }
            ("least" | "greatest", [_, ..]) => {
                let (values, kind) = self.together(node, arguments)?;
                if kind == Kind::Bool {
                    return Err(self.error(node, "true and false have no order"));
                }
                let known = values.iter().cloned().map(Expr::is_not_null).reduce(Expr::and);
                let value = if name == "least" { least(values) } else { greatest(values) };
                Ok(Typed::new(if_then(known, value, None), kind))
            }
            (known, _) if NAMES.contains(&known) => {
                Err(self.error(node, format!("{known} takes another number of arguments")))
            }
            _ => Err(self.unknown_function(node, name)),
        }
    }

    fn unknown_function(&self, node: &ast::Expr, name: &str) -> ExpressionError {
        let error = self.error(node, format!("there is no function {name}"));
        match suggest::nearest(name, NAMES.into_iter()) {
            Some(near) => error.with_hint(format!("did you mean {near}?")),
            None => error.with_hint(format!("the functions are {}", NAMES.join(", "))),
        }
    }

    /// Lowers values and brings them to one kind.
    fn together(&mut self, node: &ast::Expr, arguments: &[&ast::Expr]) -> Result<(Vec<Expr>, Kind), ExpressionError> {
        let mut values = Vec::with_capacity(arguments.len());
        for argument in arguments {
            values.push((*argument, self.repeated(argument)?));
        }
        let kind = self.common(&values)?.ok_or_else(|| self.error(node, "every argument is null"))?;
        Ok((self.convert_all(values, kind)?, kind))
    }

    fn argument_text(&mut self, node: &ast::Expr) -> Result<Expr, ExpressionError> {
        let value = self.expr(node)?;
        match value.kind {
            Some(Kind::Text) => Ok(value.expr),
            _ => Err(self.error(node, format!("expected text, found {}", value.kind_name()))),
        }
    }

    fn digits(&mut self, node: &ast::Expr) -> Result<Expr, ExpressionError> {
        match self.expr(node)?.expr {
            Expr::Literal(ScalarValue::Int64(Some(digits)), _) if (0..=MAX_DIGITS).contains(&digits) => Ok(lit(digits)),
            _ => Err(self.error(node, format!("round keeps 0 to {MAX_DIGITS} digits"))),
        }
    }
}

/// The first value that is known; the engine's own `coalesce` needs its optimiser.
fn first_known(mut values: Vec<Expr>) -> Expr {
    let Some(last) = values.pop() else { return lit(ScalarValue::Null) };
    values
        .into_iter()
        .rev()
        .fold(last, |otherwise, value| if_then(Some(value.clone().is_not_null()), value, Some(otherwise)))
}

fn if_then(test: Option<Expr>, value: Expr, otherwise: Option<Expr>) -> Expr {
    match test {
        Some(test) => Expr::Case(Case::new(None, vec![(Box::new(test), Box::new(value))], otherwise.map(Box::new))),
        None => value,
    }
}
