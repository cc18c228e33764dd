//! One [`Column`] of a frame, built from ordinary Rust values, and the conversions
//! between those values and the engine's arrays.

use std::fmt::Write as _;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Date32Array, Float64Array, Int64Array, StringViewArray, StringViewBuilder,
    TimestampMicrosecondArray,
};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Date32Type};
use arrow::error::ArrowError;
use domain::{Day, Instant};

/// The zone of every instant in the lake.
pub(crate) const UTC: &str = "UTC";

/// The values of one column.
///
/// Collected from plain values or from options of `i64`, `f64`, `bool`, `String`,
/// `&str`, [`Day`] and [`Instant`]: `accounts.iter().map(|account| account.health).collect()`.
/// A vector of numbers converts without a copy.
#[derive(Debug, Clone)]
pub struct Column(ArrayRef);

impl Column {
    pub(crate) fn into_array(self) -> ArrayRef {
        self.0
    }

    /// Returns the number of values.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Tells whether there are no values.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// A Rust value, or an option of one, that a column can hold.
pub trait Value: Sized + sealed::Sealed {
    #[doc(hidden)]
    fn collect(values: impl Iterator<Item = Self>) -> Column;
}

impl<V: Value> FromIterator<V> for Column {
    fn from_iter<I: IntoIterator<Item = V>>(values: I) -> Self {
        V::collect(values.into_iter())
    }
}

impl From<Vec<i64>> for Column {
    fn from(values: Vec<i64>) -> Self {
        Self(Arc::new(Int64Array::from(values)))
    }
}

impl From<Vec<f64>> for Column {
    fn from(values: Vec<f64>) -> Self {
        Self(Arc::new(Float64Array::from(values)))
    }
}

mod sealed {
    pub trait Sealed {}
}

macro_rules! value {
    ($($value:ty: $array:expr, $nullable:expr;)*) => { $(
        impl sealed::Sealed for $value {}
        impl Value for $value {
            fn collect(values: impl Iterator<Item = Self>) -> Column {
                Column(Arc::new($array(values)))
            }
        }
        impl sealed::Sealed for Option<$value> {}
        impl Value for Option<$value> {
            fn collect(values: impl Iterator<Item = Self>) -> Column {
                Column(Arc::new($nullable(values)))
            }
        }
    )* };
}

value! {
    i64: Int64Array::from_iter_values, Int64Array::from_iter;
    f64: Float64Array::from_iter_values, Float64Array::from_iter;
    bool: |values| BooleanArray::from_iter(Iterator::map(values, Some)), BooleanArray::from_iter;
    String: StringViewArray::from_iter_values, StringViewArray::from_iter;
    &str: StringViewArray::from_iter_values, StringViewArray::from_iter;
    Day: |values| Date32Array::from_iter_values(Iterator::map(values, days)), |values| Date32Array::from_iter(Iterator::map(values, |value: Option<Day>| value.map(days)));
    Instant: |values| instants(Iterator::map(values, Some)), instants;
}

fn instants(values: impl Iterator<Item = Option<Instant>>) -> TimestampMicrosecondArray {
    TimestampMicrosecondArray::from_iter(values.map(|value| value.map(|instant| instant.timestamp_micros())))
        .with_timezone(UTC)
}

/// Days since 1970-01-01.
pub(crate) fn days(day: Day) -> i32 {
    Date32Type::from_naive_date(day)
}

/// The date `days` after 1970-01-01, or none beyond the calendar.
pub(crate) fn day(days: i32) -> Option<Day> {
    Date32Type::to_naive_date_opt(days)
}

/// Brings an engine array to the array type of a kind.
pub(super) fn normalise(array: &ArrayRef, to: &DataType) -> Result<ArrayRef, ArrowError> {
    match array.data_type() {
        from if from == to => Ok(Arc::clone(array)),
        DataType::FixedSizeBinary(_) => Ok(Arc::new(hexadecimal(array))),
        _ => cast(array, to),
    }
}

fn hexadecimal(array: &ArrayRef) -> StringViewArray {
    let array = array.as_fixed_size_binary();
    let mut texts = StringViewBuilder::with_capacity(array.len());
    let mut text = String::new();
    for value in array {
        text.clear();
        for byte in value.unwrap_or_default() {
            // Writing to a string cannot fail.
            let _ = write!(text, "{byte:02x}");
        }
        texts.append_option(value.map(|_| text.as_str()));
    }
    texts.finish()
}
