//! Comparisons, lists, patterns and arithmetic, and the kinds they bring together:
//! whole and fractional numbers, dates and times, text that stands for a date. Null
//! compares with nothing, so writing it in a comparison is an error, not a no.

use datafusion::functions::expr_fn::nullif;
use datafusion::logical_expr::{Between, Expr, Like, cast, in_list, lit};
use datafusion::scalar::ScalarValue;
use datafusion::sql::sqlparser::ast::{self, BinaryOperator, UnaryOperator};

use super::lower::{Lowering, Typed};
use super::place::ExpressionError;
use super::{MAX_LIST, literal};
use crate::Kind;

/// Longest pattern after `like`, in bytes.
const MAX_PATTERN: usize = 256;

impl Lowering<'_> {
    pub(super) fn binary(
        &mut self,
        left: &ast::Expr,
        op: &BinaryOperator,
        right: &ast::Expr,
    ) -> Result<Typed, ExpressionError> {
        match op {
            BinaryOperator::And => {
                let (left, right) = (self.condition(left)?, self.condition(right)?);
                Ok(Typed::new(left.and(right), Kind::Bool))
            }
            BinaryOperator::Or => {
                let (left, right) = (self.condition(left)?, self.condition(right)?);
                Ok(Typed::new(left.or(right), Kind::Bool))
            }
            BinaryOperator::Plus | BinaryOperator::Minus | BinaryOperator::Multiply | BinaryOperator::Divide => {
                let (left, right) = (self.number(left)?, self.number(right)?);
                Ok(Typed::new(arithmetic(left, op, right), Kind::Float))
            }
            _ => self.comparison(left, op, right),
        }
    }

    pub(super) fn comparison(
        &mut self,
        left: &ast::Expr,
        op: &BinaryOperator,
        right: &ast::Expr,
    ) -> Result<Typed, ExpressionError> {
        let test: fn(Expr, Expr) -> Expr = match op {
            BinaryOperator::Eq => Expr::eq,
            BinaryOperator::NotEq => Expr::not_eq,
            BinaryOperator::Lt => Expr::lt,
            BinaryOperator::LtEq => Expr::lt_eq,
            BinaryOperator::Gt => Expr::gt,
            BinaryOperator::GtEq => Expr::gt_eq,
            _ => return Err(self.error(right, format!("the operator {op} before this is not allowed"))),
        };
        let pair = [(left, self.expr(left)?), (right, self.expr(right)?)];
        let kind = self.comparable(&pair)?;
        let ordered = !matches!(op, BinaryOperator::Eq | BinaryOperator::NotEq);
        if ordered && kind == Kind::Bool {
            return Err(self.error(right, "true and false have no order").with_hint("use = or <>"));
        }
        let [(left, left_value), (right, right_value)] = pair;
        let left = self.convert(left, left_value, kind)?;
        Ok(Typed::new(test(left, self.convert(right, right_value, kind)?), Kind::Bool))
    }

    pub(super) fn between(
        &mut self,
        node: &ast::Expr,
        negated: bool,
        low: &ast::Expr,
        high: &ast::Expr,
    ) -> Result<Typed, ExpressionError> {
        let all = [(node, self.repeated(node)?), (low, self.expr(low)?), (high, self.expr(high)?)];
        let kind = self.comparable(&all)?;
        if kind == Kind::Bool {
            return Err(self.error(node, "true and false have no order"));
        }
        let mut all = self.convert_all(all.into(), kind)?.into_iter().map(Box::new);
        let (Some(expr), Some(low), Some(high)) = (all.next(), all.next(), all.next()) else {
            return Err(self.error(node, "between needs two bounds"));
        };
        Ok(Typed::new(Expr::Between(Between::new(expr, negated, low, high)), Kind::Bool))
    }

    pub(super) fn in_list(
        &mut self,
        node: &ast::Expr,
        list: &[ast::Expr],
        negated: bool,
    ) -> Result<Typed, ExpressionError> {
        if list.len() > MAX_LIST {
            return Err(self.error(&list[MAX_LIST], format!("the list is longer than {MAX_LIST}")));
        }
        let mut all = vec![(node, self.expr(node)?)];
        for item in list {
            all.push((item, self.list_item(item)?));
        }
        let kind = self.comparable(&all)?;
        let mut all = self.convert_all(all, kind)?.into_iter();
        let Some(expr) = all.next() else { return Err(self.error(node, "the list is empty")) };
        Ok(Typed::new(in_list(expr, all.collect(), negated), Kind::Bool))
    }

    /// A literal of a list; lists may be longer than expressions may have parts.
    fn list_item(&self, item: &ast::Expr) -> Result<Typed, ExpressionError> {
        let found = match item {
            ast::Expr::Value(value) => literal::read(&value.value),
            ast::Expr::UnaryOp { op: UnaryOperator::Minus, expr } => match &**expr {
                ast::Expr::Value(value) => literal::read_negative(&value.value),
                _ => None,
            },
            ast::Expr::TypedString(typed) => match literal::read_typed(typed) {
                Some(Ok((expr, kind))) => Some((expr, Some(kind))),
                Some(Err(message)) => return Err(self.error(item, message)),
                None => None,
            },
            _ => None,
        };
        let found = found.map(|(expr, kind)| Typed { expr, kind });
        found.ok_or_else(|| self.error(item, "a list holds numbers, text and dates only"))
    }

    pub(super) fn like(
        &mut self,
        node: &ast::Expr,
        pattern: &ast::Expr,
        negated: bool,
        case_insensitive: bool,
    ) -> Result<Typed, ExpressionError> {
        let value = self.expr(node)?;
        if value.kind != Some(Kind::Text) {
            return Err(self.error(node, format!("like compares text, but this is {}", value.kind_name())));
        }
        let pattern_value = self.expr(pattern)?.expr;
        match &pattern_value {
            Expr::Literal(ScalarValue::Utf8View(Some(text)), _) if text.len() <= MAX_PATTERN => {}
            _ => return Err(self.error(pattern, format!("the pattern must be text of at most {MAX_PATTERN} bytes"))),
        }
        let like = Like::new(negated, Box::new(value.expr), Box::new(pattern_value), None, case_insensitive);
        Ok(Typed::new(Expr::Like(like), Kind::Bool))
    }

    /// The kind in which all values can be compared; null cannot.
    fn comparable(&self, values: &[(&ast::Expr, Typed)]) -> Result<Kind, ExpressionError> {
        if let Some((node, _)) = values.iter().find(|(_, value)| value.kind.is_none()) {
            return Err(self.error(*node, "nothing compares with null").with_hint("use is null or is not null"));
        }
        self.common(values)?.ok_or_else(|| self.error(values[0].0, "nothing compares with null"))
    }

    /// The kind all values can be brought to; none when all are null.
    pub(super) fn common(&self, values: &[(&ast::Expr, Typed)]) -> Result<Option<Kind>, ExpressionError> {
        let mut common: Option<(Kind, bool)> = None;
        for (node, value) in values {
            let Some(kind) = value.kind else { continue };
            let next = (kind, is_text_literal(&value.expr));
            let Some(known) = common else {
                common = Some(next);
                continue;
            };
            common = join(known, next);
            if common.is_none() {
                let expected = known.0.name_with_article();
                return Err(self.error(*node, format!("expected {expected}, found {}", kind.name())));
            }
        }
        Ok(common.map(|(kind, _)| kind))
    }

    pub(super) fn convert_all(
        &self,
        values: Vec<(&ast::Expr, Typed)>,
        kind: Kind,
    ) -> Result<Vec<Expr>, ExpressionError> {
        values.into_iter().map(|(node, value)| self.convert(node, value, kind)).collect()
    }

    /// Brings a value to a kind that [`Lowering::common`] found.
    pub(super) fn convert(&self, node: &ast::Expr, value: Typed, kind: Kind) -> Result<Expr, ExpressionError> {
        match (value.kind, &value.expr) {
            (Some(found), _) if found == kind => Ok(value.expr),
            (Some(Kind::Text), Expr::Literal(ScalarValue::Utf8View(Some(text)), _)) => literal::temporal(text, kind)
                .map_err(|message| self.error(node, message).with_hint("write it as '2026-01-31'")),
            _ => Ok(cast(value.expr, kind.data_type())),
        }
    }
}

/// Text literals are loose: beside a date they are read as one.
fn is_text_literal(expr: &Expr) -> bool {
    matches!(expr, Expr::Literal(ScalarValue::Utf8View(Some(_)), _))
}

fn join((left, left_loose): (Kind, bool), (right, right_loose): (Kind, bool)) -> Option<(Kind, bool)> {
    let temporal = |kind| matches!(kind, Kind::Day | Kind::Instant);
    match (left, right) {
        (left, right) if left == right => Some((left, left_loose && right_loose)),
        (Kind::Int, Kind::Float) | (Kind::Float, Kind::Int) => Some((Kind::Float, false)),
        (Kind::Day, Kind::Instant) | (Kind::Instant, Kind::Day) => Some((Kind::Instant, false)),
        (Kind::Text, other) if left_loose && temporal(other) => Some((other, false)),
        (other, Kind::Text) if right_loose && temporal(other) => Some((other, false)),
        _ => None,
    }
}

/// Arithmetic in floating point; what is divided by zero is unknown.
fn arithmetic(left: Expr, op: &BinaryOperator, right: Expr) -> Expr {
    match op {
        BinaryOperator::Plus => left + right,
        BinaryOperator::Minus => left - right,
        BinaryOperator::Multiply => left * right,
        _ => left / nullif(right, lit(0.0_f64)),
    }
}
