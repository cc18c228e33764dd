//! From syntax to a typed expression of the engine: every node is looked up in the
//! list of what is allowed, its kind is worked out, and every conversion the engine
//! would otherwise guess is written down. What the operators do with kinds is told in
//! `operators`, what functions take in `functions`.

use datafusion::common::Column;
use datafusion::logical_expr::{Case, Expr, lit, not};
use datafusion::scalar::ScalarValue;
use datafusion::sql::sqlparser::ast::{self, CaseWhen, CeilFloorKind, DateTimeField, Ident, Spanned, UnaryOperator};

use super::place::{self, ExpressionError};
use super::{MAX_NODES, functions, literal, suggest};
use crate::Kind;

/// An expression of the engine and its kind; none for a bare `null`.
#[derive(Debug, Clone)]
pub(super) struct Typed {
    pub(super) expr: Expr,
    pub(super) kind: Option<Kind>,
}

impl Typed {
    pub(super) fn new(expr: Expr, kind: Kind) -> Self {
        Self { expr, kind: Some(kind) }
    }

    pub(super) fn kind_name(&self) -> &'static str {
        self.kind.map_or("null", Kind::name)
    }
}

/// A checked expression and the columns it names.
#[derive(Debug)]
pub(super) struct Lowered {
    pub(super) expr: Expr,
    pub(super) columns: Vec<(String, Kind)>,
}

/// Lowers a whole expression to a value of kind `wanted`: a truth or a number.
pub(super) fn lower(
    text: &str,
    parsed: &ast::Expr,
    known: &[(String, Kind)],
    wanted: Kind,
) -> Result<Lowered, ExpressionError> {
    let mut lowering = Lowering { text, known, used: Vec::new(), nodes: 0 };
    let typed = lowering.expr(parsed)?;
    let expr = match (typed.kind, wanted) {
        (Some(Kind::Bool), Kind::Bool) => typed.expr,
        (Some(Kind::Int | Kind::Float), Kind::Float) => lowering.convert(parsed, typed, Kind::Float)?,
        _ => return Err(lowering.unwanted(parsed, &typed, wanted)),
    };
    Ok(Lowered { expr, columns: lowering.used.into_iter().map(|index| known[index].clone()).collect() })
}

/// The state of one lowering.
pub(super) struct Lowering<'a> {
    pub(super) text: &'a str,
    known: &'a [(String, Kind)],
    used: Vec<usize>,
    nodes: usize,
}

impl Lowering<'_> {
    /// Lowers one node and those below it.
    pub(super) fn expr(&mut self, node: &ast::Expr) -> Result<Typed, ExpressionError> {
        self.count(1)?;
        match node {
            ast::Expr::Identifier(name) => self.column(name),
            ast::Expr::CompoundIdentifier(_) => Err(self.error(node, "columns have no table name before them")),
            ast::Expr::Value(value) => match literal::read(&value.value) {
                Some((expr, kind)) => Ok(Typed { expr, kind }),
                None => Err(self.error(node, "this form of literal is not allowed")),
            },
            ast::Expr::TypedString(typed) => match literal::read_typed(typed) {
                Some(Ok((expr, kind))) => Ok(Typed::new(expr, kind)),
                Some(Err(message)) => Err(self.error(node, message)),
                None => Err(self.error(node, "only date '...' and timestamp '...' are allowed before text")),
            },
            ast::Expr::Nested(inner) => self.expr(inner),
            ast::Expr::UnaryOp { op, expr } => self.unary(node, *op, expr),
            ast::Expr::BinaryOp { left, op, right } => self.binary(left, op, right),
            ast::Expr::Between { expr, negated, low, high } => self.between(expr, *negated, low, high),
            ast::Expr::InList { expr, list, negated } => self.in_list(expr, list, *negated),
            ast::Expr::Like { negated, any: false, expr, pattern, escape_char: None } => {
                self.like(expr, pattern, *negated, false)
            }
            ast::Expr::ILike { negated, any: false, expr, pattern, escape_char: None } => {
                self.like(expr, pattern, *negated, true)
            }
            ast::Expr::IsNull(inner) => Ok(Typed::new(self.expr(inner)?.expr.is_null(), Kind::Bool)),
            ast::Expr::IsNotNull(inner) => Ok(Typed::new(self.expr(inner)?.expr.is_not_null(), Kind::Bool)),
            ast::Expr::IsTrue(inner) => self.truth(inner, Expr::is_true),
            ast::Expr::IsNotTrue(inner) => self.truth(inner, Expr::is_not_true),
            ast::Expr::IsFalse(inner) => self.truth(inner, Expr::is_false),
            ast::Expr::IsNotFalse(inner) => self.truth(inner, Expr::is_not_false),
            ast::Expr::IsUnknown(inner) => self.truth(inner, Expr::is_unknown),
            ast::Expr::IsNotUnknown(inner) => self.truth(inner, Expr::is_not_unknown),
            ast::Expr::Case { operand, conditions, else_result, .. } => {
                self.case(node, operand.as_deref(), conditions, else_result.as_deref())
            }
            ast::Expr::Floor { expr, field: CeilFloorKind::DateTimeField(DateTimeField::NoDateTime) } => {
                self.call(node, "floor", &[expr])
            }
            ast::Expr::Ceil { expr, field: CeilFloorKind::DateTimeField(DateTimeField::NoDateTime) } => {
                self.call(node, "ceil", &[expr])
            }
            ast::Expr::Function(function) => {
                let (name, arguments) = functions::plain_call(function).ok_or_else(|| self.refuse(node))?;
                self.call(node, &name, &arguments)
            }
            _ => Err(self.refuse(node)),
        }
    }

    /// Lowers a node whose value is computed twice, and counts it so; nesting would else cost without bound.
    pub(super) fn repeated(&mut self, node: &ast::Expr) -> Result<Typed, ExpressionError> {
        let before = self.nodes;
        let typed = self.expr(node)?;
        self.count(self.nodes - before)?;
        Ok(typed)
    }

    fn count(&mut self, nodes: usize) -> Result<(), ExpressionError> {
        self.nodes += nodes;
        match self.nodes {
            0..=MAX_NODES => Ok(()),
            _ => Err(place::whole(self.text, format!("the expression has more than {MAX_NODES} parts"))),
        }
    }

    fn column(&mut self, name: &Ident) -> Result<Typed, ExpressionError> {
        let wanted = if name.quote_style.is_some() { name.value.clone() } else { name.value.to_lowercase() };
        let Some(index) = self.known.iter().position(|(known, _)| *known == wanted) else {
            return Err(self.unknown_column(name));
        };
        if !self.used.contains(&index) {
            self.used.push(index);
        }
        let (name, kind) = &self.known[index];
        Ok(Typed::new(Expr::Column(Column::new_unqualified(name.clone())), *kind))
    }

    fn unknown_column(&self, name: &Ident) -> ExpressionError {
        let error = place::at_span(self.text, name.span, format!("there is no column {}", name.value));
        if name.quote_style == Some('"') {
            return error.with_hint(format!("text is written in single quotes: '{}'", name.value));
        }
        match suggest::nearest(&name.value.to_lowercase(), self.known.iter().map(|(known, _)| known.as_str())) {
            Some(near) => error.with_hint(format!("did you mean {near}?")),
            None => error,
        }
    }

    fn unary(&mut self, node: &ast::Expr, op: UnaryOperator, inner: &ast::Expr) -> Result<Typed, ExpressionError> {
        match op {
            UnaryOperator::Not => {
                let truth = self.condition(inner)?;
                Ok(Typed::new(not(truth), Kind::Bool))
            }
            UnaryOperator::Minus | UnaryOperator::Plus => {
                let number = self.number(inner)?;
                Ok(Typed::new(if op == UnaryOperator::Minus { -number } else { number }, Kind::Float))
            }
            _ => Err(self.error(node, format!("the operator {op} is not allowed"))),
        }
    }

    fn truth(&mut self, inner: &ast::Expr, test: fn(Expr) -> Expr) -> Result<Typed, ExpressionError> {
        Ok(Typed::new(test(self.condition(inner)?), Kind::Bool))
    }

    fn case(
        &mut self,
        node: &ast::Expr,
        operand: Option<&ast::Expr>,
        conditions: &[CaseWhen],
        otherwise: Option<&ast::Expr>,
    ) -> Result<Typed, ExpressionError> {
        let mut tests = Vec::new();
        let mut results = Vec::new();
        for CaseWhen { condition, result } in conditions {
            tests.push(match operand {
                Some(operand) => self.comparison(operand, &ast::BinaryOperator::Eq, condition)?.expr,
                None => self.condition(condition)?,
            });
            results.push((result, self.expr(result)?));
        }
        if let Some(otherwise) = otherwise {
            results.push((otherwise, self.expr(otherwise)?));
        }
        let kind = self.common(&results)?.ok_or_else(|| self.error(node, "every result of this case is null"))?;
        let mut results = self.convert_all(results, kind)?.into_iter();
        let pairs = tests.into_iter().zip(results.by_ref()).map(|(test, result)| (Box::new(test), Box::new(result)));
        let case = Case::new(None, pairs.collect(), results.next().map(Box::new));
        Ok(Typed::new(Expr::Case(case), kind))
    }

    /// Lowers a node that must be a truth.
    pub(super) fn condition(&mut self, node: &ast::Expr) -> Result<Expr, ExpressionError> {
        let typed = self.expr(node)?;
        match typed.kind {
            Some(Kind::Bool) => Ok(typed.expr),
            None => Ok(lit(ScalarValue::Boolean(None))),
            Some(_) => Err(self.unwanted(node, &typed, Kind::Bool)),
        }
    }

    /// Lowers a node that must be a number, to floating point.
    pub(super) fn number(&mut self, node: &ast::Expr) -> Result<Expr, ExpressionError> {
        let typed = self.expr(node)?;
        match typed.kind {
            Some(Kind::Int | Kind::Float) | None => self.convert(node, typed, Kind::Float),
            Some(_) => Err(self.unwanted(node, &typed, Kind::Float)),
        }
    }

    fn unwanted(&self, node: &ast::Expr, found: &Typed, wanted: Kind) -> ExpressionError {
        let wanted_name = if wanted == Kind::Bool { "a condition" } else { wanted.name_with_article() };
        let error = self.error(node, format!("expected {wanted_name}, found {}", found.kind_name()));
        match (wanted, found.kind) {
            (Kind::Bool, Some(_)) => error.with_hint("compare it with something, as in health < 50"),
            (_, Some(Kind::Bool)) => error.with_hint("turn it into a number with case when ... then 1 else 0 end"),
            _ => error,
        }
    }

    fn refuse(&self, node: &ast::Expr) -> ExpressionError {
        self.error(node, "this is not allowed in an expression")
            .with_hint("use columns, comparisons, arithmetic, case and functions")
    }

    pub(super) fn error(&self, node: &impl Spanned, message: impl Into<String>) -> ExpressionError {
        place::at(self.text, node, message)
    }
}
