//! One [`Column`] of a frame, built from ordinary Rust values, and the conversions
//! between those values and the engine's arrays. Every value may be unknown; nothing
//! here guesses a kind from text.

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

/// A Rust value that a column can hold.
pub trait Value: Sized + sealed::Sealed {
    #[doc(hidden)]
    fn array(values: impl Iterator<Item = Option<Self>>) -> ArrayRef;
}

impl<V: Value> FromIterator<V> for Column {
    fn from_iter<I: IntoIterator<Item = V>>(values: I) -> Self {
        values.into_iter().map(Some).collect()
    }
}

impl<V: Value> FromIterator<Option<V>> for Column {
    fn from_iter<I: IntoIterator<Item = Option<V>>>(values: I) -> Self {
        Self(V::array(values.into_iter()))
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

macro_rules! values {
    ($($value:ty => $values:ident $array:expr;)*) => { $(
        impl sealed::Sealed for $value {}
        impl Value for $value {
            fn array($values: impl Iterator<Item = Option<Self>>) -> ArrayRef {
                Arc::new($array)
            }
        }
    )* };
}

values! {
    i64 => values values.collect::<Int64Array>();
    f64 => values values.collect::<Float64Array>();
    bool => values values.collect::<BooleanArray>();
    String => values values.collect::<StringViewArray>();
    &str => values values.collect::<StringViewArray>();
    Day => values values.map(|value| value.map(days)).collect::<Date32Array>();
    Instant => values values.map(|value| value.map(micros)).collect::<TimestampMicrosecondArray>().with_timezone(UTC);
}

/// Microseconds since 1970-01-01.
fn micros(instant: Instant) -> i64 {
    instant.timestamp_micros()
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
