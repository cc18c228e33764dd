//! `count(distinct name)` for grouped text. The engine counts different numbers for
//! all groups at once but keeps one set object per group for text, which costs more
//! than the rest of a snapshot; here each text gets a number once and the pairs of
//! group and number are counted. Every query is rewritten to use it where the
//! counted expression is text; what is counted stays the same.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Int64Array, ListArray, StringViewArray};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::Transformed;
use datafusion::common::{DFSchema, HashMap, HashSet};
use datafusion::error::Result;
use datafusion::logical_expr::expr::{AggregateFunction, AggregateFunctionParams};
use datafusion::logical_expr::expr_rewriter::FunctionRewrite;
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::format_state_name;
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, EmitTo, Expr, ExprSchemable, GroupsAccumulator, Signature, Volatility,
    cast,
};
use datafusion::scalar::ScalarValue;

/// Rewrites `count(distinct text)` to [`CountTexts`].
#[derive(Debug)]
pub(crate) struct CountTextsAtOnce(Arc<AggregateUDF>);

impl CountTextsAtOnce {
    pub(crate) fn new() -> Self {
        let signature = Signature::exact(vec![DataType::Utf8View], Volatility::Immutable);
        Self(Arc::new(AggregateUDF::new_from_impl(CountTexts { signature })))
    }
}

impl FunctionRewrite for CountTextsAtOnce {
    fn name(&self) -> &'static str {
        "count_texts_at_once"
    }

    fn rewrite(&self, expr: Expr, schema: &DFSchema, _: &ConfigOptions) -> Result<Transformed<Expr>> {
        let Expr::AggregateFunction(AggregateFunction { func, params }) = &expr else {
            return Ok(Transformed::no(expr));
        };
        let AggregateFunctionParams { args, distinct: true, filter, order_by, null_treatment: None } = params else {
            return Ok(Transformed::no(expr));
        };
        let [counted] = args.as_slice() else { return Ok(Transformed::no(expr)) };
        let counted = match counted.get_type(schema)? {
            _ if func.name() != "count" || !order_by.is_empty() => return Ok(Transformed::no(expr)),
            DataType::Utf8View => counted.clone(),
            DataType::Utf8 | DataType::LargeUtf8 => cast(counted.clone(), DataType::Utf8View),
            _ => return Ok(Transformed::no(expr)),
        };
        let count = AggregateFunction::new_udf(Arc::clone(&self.0), vec![counted], false, filter.clone(), vec![], None);
        Ok(Transformed::yes(Expr::AggregateFunction(count)))
    }
}

/// Counts different texts.
#[derive(Debug, PartialEq, Eq, Hash)]
struct CountTexts {
    signature: Signature,
}

impl AggregateUDFImpl for CountTexts {
    fn name(&self) -> &'static str {
        "count_texts"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Int64)
    }

    fn is_nullable(&self) -> bool {
        false
    }

    fn default_value(&self, _: &DataType) -> Result<ScalarValue> {
        Ok(ScalarValue::Int64(Some(0)))
    }

    fn state_fields(&self, args: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        Ok(vec![Arc::new(Field::new_list(format_state_name(args.name, "texts"), text_field(), false))])
    }

    fn accumulator(&self, _: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        Ok(Box::new(OneGroup(Texts::default())))
    }

    fn groups_accumulator_supported(&self, _: AccumulatorArgs) -> bool {
        true
    }

    fn create_groups_accumulator(&self, _: AccumulatorArgs) -> Result<Box<dyn GroupsAccumulator>> {
        Ok(Box::new(Texts::default()))
    }
}

fn text_field() -> FieldRef {
    Arc::new(Field::new_list_field(DataType::Utf8View, true))
}

fn list(offsets: Vec<i32>, texts: StringViewArray) -> ArrayRef {
    Arc::new(ListArray::new(text_field(), OffsetBuffer::new(offsets.into()), Arc::new(texts), None))
}

/// The texts of every group: each text once, and which group has which.
#[derive(Debug, Default)]
struct Texts {
    numbers: HashMap<Arc<str>, u32>,
    known: Vec<Arc<str>>,
    bytes: usize,
    seen: HashSet<(u32, u32)>,
    counts: Vec<i64>,
}

impl Texts {
    fn add(&mut self, group: usize, text: &str) {
        let number = match self.numbers.get(text) {
            Some(number) => *number,
            None => self.introduce(text),
        };
        if self.seen.insert((group as u32, number)) {
            self.counts[group] += 1;
        }
    }

    fn introduce(&mut self, text: &str) -> u32 {
        let (shared, number): (Arc<str>, _) = (text.into(), self.known.len() as u32);
        self.known.push(Arc::clone(&shared));
        self.numbers.insert(shared, number);
        self.bytes += text.len();
        number
    }

    /// Hands the pairs of the first groups to `take` and renumbers the groups that stay.
    fn emit(&mut self, groups: usize, mut take: impl FnMut(usize, u32)) {
        let pairs = std::mem::take(&mut self.seen);
        for (group, number) in pairs {
            match (group as usize).checked_sub(groups) {
                None => take(group as usize, number),
                Some(staying) => {
                    self.seen.insert((staying as u32, number));
                }
            }
        }
    }
}

impl GroupsAccumulator for Texts {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        groups: &[usize],
        filter: Option<&BooleanArray>,
        total: usize,
    ) -> Result<()> {
        self.counts.resize(total, 0);
        let texts = values[0].as_string_view();
        for (row, group) in groups.iter().enumerate() {
            if counts(texts, filter, row) {
                self.add(*group, texts.value(row));
            }
        }
        Ok(())
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        let counts = emit_to.take_needed(&mut self.counts);
        self.emit(counts.len(), |_, _| {});
        Ok(Arc::new(Int64Array::from(counts)))
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<Vec<ArrayRef>> {
        let counts = emit_to.take_needed(&mut self.counts);
        let mut offsets = vec![0];
        offsets.extend(counts.iter().scan(0, |total, count| {
            *total += *count as i32;
            Some(*total)
        }));
        let mut next = offsets.clone();
        let mut numbers = vec![0; offsets[counts.len()] as usize];
        self.emit(counts.len(), |group, number| {
            numbers[next[group] as usize] = number;
            next[group] += 1;
        });
        let texts = numbers.into_iter().map(|number| &*self.known[number as usize]);
        Ok(vec![list(offsets, StringViewArray::from_iter_values(texts))])
    }

    fn merge_batch(&mut self, values: &[ArrayRef], groups: &[usize], total: usize) -> Result<()> {
        self.counts.resize(total, 0);
        let lists = values[0].as_list::<i32>();
        let texts = lists.values().as_string_view();
        for (bounds, group) in lists.offsets().windows(2).zip(groups) {
            for row in bounds[0]..bounds[1] {
                self.add(*group, texts.value(row as usize));
            }
        }
        Ok(())
    }

    fn convert_to_state(&self, values: &[ArrayRef], filter: Option<&BooleanArray>) -> Result<Vec<ArrayRef>> {
        let texts = values[0].as_string_view();
        let mut offsets = vec![0];
        let mut kept = Vec::new();
        for row in 0..texts.len() {
            if counts(texts, filter, row) {
                kept.push(texts.value(row));
            }
            offsets.push(kept.len() as i32);
        }
        Ok(vec![list(offsets, StringViewArray::from_iter_values(kept))])
    }

    fn size(&self) -> usize {
        let text = size_of::<Arc<str>>() * 2 + size_of::<u32>() + 2 * size_of::<usize>();
        self.bytes
            + self.known.capacity() * text
            + self.seen.capacity() * (size_of::<(u32, u32)>() + 1)
            + self.counts.capacity() * size_of::<i64>()
    }
}

fn counts(texts: &StringViewArray, filter: Option<&BooleanArray>, row: usize) -> bool {
    texts.is_valid(row) && filter.is_none_or(|filter| filter.is_valid(row) && filter.value(row))
}

/// The same without `group by`.
#[derive(Debug)]
struct OneGroup(Texts);

impl Accumulator for OneGroup {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        self.0.update_batch(values, &vec![0; values[0].len()], None, 1)
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        self.0.merge_batch(states, &vec![0; states[0].len()], 1)
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        self.0.counts.resize(1, 0);
        ScalarValue::try_from_array(&self.0.evaluate(EmitTo::All)?, 0)
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        self.0.counts.resize(1, 0);
        self.0.state(EmitTo::All)?.iter().map(|state| ScalarValue::try_from_array(state, 0)).collect()
    }

    fn size(&self) -> usize {
        self.0.size()
    }
}
