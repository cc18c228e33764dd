//! A [`Frame`]: a table of named, typed columns, the one shape in which rows enter
//! and leave the lake. Six kinds of value are enough for customer success; the
//! engine's other types are brought to one of them on the way out. Absent here:
//! any arithmetic, which belongs in SQL.

mod column;
mod csv;

use std::sync::Arc;

use arrow::array::{Array, AsArray, RecordBatch, RecordBatchOptions};
use arrow::compute::{cast, concat_batches};
use arrow::datatypes::{
    DataType, Date32Type, Field, Float64Type, Int64Type, Schema, SchemaRef, TimeUnit, TimestampMicrosecondType,
};
use chrono::{DateTime, SecondsFormat};
use domain::{Day, Instant};
use serde_json::{Map, Value};

pub use column::Column;
pub(crate) use column::{UTC, day, days};

/// The kind of value a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Whole numbers; money is whole cents.
    Int,
    /// Numbers with a fraction.
    Float,
    /// Text.
    Text,
    /// Truth.
    Bool,
    /// A calendar date.
    Day,
    /// A point in time, to the microsecond.
    Instant,
}

impl Kind {
    /// Names the kind for a person.
    pub fn name(self) -> &'static str {
        match self {
            Self::Int => "whole number",
            Self::Float => "number",
            Self::Text => "text",
            Self::Bool => "true or false",
            Self::Day => "date",
            Self::Instant => "time",
        }
    }

    pub(crate) fn name_with_article(self) -> &'static str {
        match self {
            Self::Int => "a whole number",
            Self::Float => "a number",
            Self::Text => "text",
            Self::Bool => "true or false",
            Self::Day => "a date",
            Self::Instant => "a time",
        }
    }

    pub(crate) fn data_type(self) -> DataType {
        match self {
            Self::Int => DataType::Int64,
            Self::Float => DataType::Float64,
            Self::Text => DataType::Utf8View,
            Self::Bool => DataType::Boolean,
            Self::Day => DataType::Date32,
            Self::Instant => DataType::Timestamp(TimeUnit::Microsecond, Some(UTC.into())),
        }
    }

    /// The kind an engine type is brought to, or none if it has no equivalent.
    pub(crate) fn of(data_type: &DataType) -> Option<Self> {
        Some(match data_type {
            DataType::Float16 | DataType::Float32 | DataType::Float64 => Self::Float,
            DataType::Decimal32(..) | DataType::Decimal64(..) | DataType::Decimal128(..) | DataType::Decimal256(..) => {
                Self::Float
            }
            DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View | DataType::Null => Self::Text,
            DataType::Boolean => Self::Bool,
            DataType::Date32 | DataType::Date64 => Self::Day,
            DataType::Timestamp(..) => Self::Instant,
            DataType::Dictionary(_, values) => return Self::of(values),
            other if other.is_integer() => Self::Int,
            _ => return None,
        })
    }
}

/// One value of a frame.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Cell<'a> {
    /// Unknown.
    Null,
    /// A whole number.
    Int(i64),
    /// A number.
    Float(f64),
    /// Text.
    Text(&'a str),
    /// Truth.
    Bool(bool),
    /// A calendar date.
    Day(Day),
    /// A point in time.
    Instant(Instant),
}

impl Cell<'_> {
    /// Renders the value as JSON; dates and times as RFC 3339, a number that is not finite as null.
    pub fn to_json(self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Int(value) => value.into(),
            Self::Float(value) => value.into(),
            Self::Text(value) => value.into(),
            Self::Bool(value) => value.into(),
            Self::Day(value) => value.to_string().into(),
            Self::Instant(value) => rfc3339(value).into(),
        }
    }
}

fn rfc3339(instant: Instant) -> String {
    instant.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

/// A frame does not have the shape its caller expected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// No column has this name.
    #[error("no column {name}; the frame has {known}")]
    Missing {
        /// The name asked for.
        name: String,
        /// The names there are.
        known: String,
    },
    /// The column holds another kind of value.
    #[error("column {name} holds {found}, not {expected}", found = found.name(), expected = expected.name())]
    Mismatch {
        /// The column.
        name: String,
        /// What it holds.
        found: Kind,
        /// What was asked for.
        expected: Kind,
    },
    /// Columns differ in length.
    #[error("column {name} has {found} values where the first column has {expected}")]
    Ragged {
        /// The first column that differs.
        name: String,
        /// Its length.
        found: usize,
        /// The length of the first column.
        expected: usize,
    },
    /// An expression failed on the values of a frame.
    #[error("the expression {text} could not be evaluated: {message}")]
    Evaluation {
        /// The expression.
        text: String,
        /// What the engine said.
        message: String,
    },
    /// The engine returned a type no kind stands for.
    #[error("column {name} has type {data_type}; cast it to a number, text, date or timestamp")]
    Untyped {
        /// The column.
        name: String,
        /// The engine's name of the type.
        data_type: String,
    },
}

/// A table of named columns of equal length.
///
/// Cloning shares the columns. Names may repeat when a query says so; the accessors
/// then find the first.
#[derive(Debug, Clone, PartialEq)]
pub struct Frame {
    batch: RecordBatch,
}

impl Frame {
    /// Builds a frame from named columns.
    ///
    /// # Errors
    /// [`FrameError::Ragged`] when the columns differ in length.
    pub fn new<N: Into<String>>(columns: impl IntoIterator<Item = (N, Column)>) -> Result<Self, FrameError> {
        let mut fields = Vec::new();
        let mut arrays = Vec::new();
        for (name, column) in columns {
            let array = column.into_array();
            fields.push(Field::new(name, array.data_type().clone(), true));
            arrays.push(array);
        }
        let rows = arrays.first().map_or(0, |first: &arrow::array::ArrayRef| first.len());
        if let Some(odd) = arrays.iter().position(|array| array.len() != rows) {
            return Err(FrameError::Ragged {
                name: fields[odd].name().clone(),
                found: arrays[odd].len(),
                expected: rows,
            });
        }
        Self::from_arrays(Arc::new(Schema::new(fields)), arrays, rows)
    }

    /// Joins frames with the same columns, in order; no frames make one without columns.
    ///
    /// # Errors
    /// [`FrameError::Mismatch`] or [`FrameError::Missing`] when a frame has other columns than the first.
    pub fn concat(frames: &[Self]) -> Result<Self, FrameError> {
        let Some(first) = frames.first() else { return Self::from_arrays(Arc::new(Schema::empty()), Vec::new(), 0) };
        for frame in frames {
            for (name, kind) in first.columns() {
                frame.typed(name, kind)?;
            }
        }
        let batches = frames.iter().map(Self::batch);
        match concat_batches(&first.batch.schema(), batches) {
            Ok(batch) => Ok(Self { batch }),
            Err(error) => Err(FrameError::Untyped { name: "of the frame".to_owned(), data_type: error.to_string() }),
        }
    }

    /// Brings engine batches to the six kinds and joins them.
    pub(crate) fn from_batches(schema: &SchemaRef, batches: &[RecordBatch]) -> Result<Self, FrameError> {
        let mut fields = Vec::with_capacity(schema.fields().len());
        for field in schema.fields() {
            let kind = Kind::of(field.data_type())
                .or(matches!(field.data_type(), DataType::FixedSizeBinary(_)).then_some(Kind::Text));
            let kind = kind.ok_or_else(|| untyped(field))?;
            fields.push(Field::new(field.name(), kind.data_type(), true));
        }
        let joined = concat_batches(schema, batches).map_err(|_| untyped(&schema.fields()[0]))?;
        let arrays = joined
            .columns()
            .iter()
            .zip(&fields)
            .map(|(array, field)| column::normalise(array, field.data_type()).map_err(|_| untyped(field)))
            .collect::<Result<Vec<_>, _>>()?;
        Self::from_arrays(Arc::new(Schema::new(fields)), arrays, joined.num_rows())
    }

    fn from_arrays(schema: SchemaRef, arrays: Vec<arrow::array::ArrayRef>, rows: usize) -> Result<Self, FrameError> {
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        match RecordBatch::try_new_with_options(schema, arrays, &options) {
            Ok(batch) => Ok(Self { batch }),
            Err(error) => Err(FrameError::Untyped { name: "of the frame".to_owned(), data_type: error.to_string() }),
        }
    }

    pub(crate) fn batch(&self) -> &RecordBatch {
        &self.batch
    }

    /// The first `rows` rows.
    pub(crate) fn head(&self, rows: usize) -> Self {
        Self { batch: self.batch.slice(0, rows.min(self.len())) }
    }

    /// Returns the number of rows.
    pub fn len(&self) -> usize {
        self.batch.num_rows()
    }

    /// Tells whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the names and kinds of the columns, in order.
    pub fn columns(&self) -> impl ExactSizeIterator<Item = (&str, Kind)> {
        self.batch.schema_ref().fields().iter().map(|field| (field.name().as_str(), kind_of(field)))
    }

    /// Returns the value at `row` of the `column`-th column, counted from zero; null outside the frame.
    pub fn cell(&self, row: usize, column: usize) -> Cell<'_> {
        if row >= self.len() || column >= self.batch.num_columns() {
            return Cell::Null;
        }
        let array = self.batch.column(column);
        if array.is_null(row) {
            return Cell::Null;
        }
        match kind_of(self.batch.schema_ref().field(column)) {
            Kind::Int => Cell::Int(array.as_primitive::<Int64Type>().value(row)),
            Kind::Float => Cell::Float(array.as_primitive::<Float64Type>().value(row)),
            Kind::Text => Cell::Text(array.as_string_view().value(row)),
            Kind::Bool => Cell::Bool(array.as_boolean().value(row)),
            Kind::Day => day(array.as_primitive::<Date32Type>().value(row)).map_or(Cell::Null, Cell::Day),
            Kind::Instant => {
                let micros = array.as_primitive::<TimestampMicrosecondType>().value(row);
                DateTime::from_timestamp_micros(micros).map_or(Cell::Null, Cell::Instant)
            }
        }
    }

    /// Returns the values of a column of whole numbers.
    pub fn ints(&self, name: &str) -> Result<impl ExactSizeIterator<Item = Option<i64>> + '_, FrameError> {
        Ok(self.typed(name, Kind::Int)?.as_primitive::<Int64Type>().iter())
    }

    /// Returns the values of a column of numbers; whole numbers are widened.
    pub fn floats(&self, name: &str) -> Result<impl ExactSizeIterator<Item = Option<f64>> + '_, FrameError> {
        let (index, kind) = self.find(name)?;
        let array = self.batch.column(index);
        let (ints, floats) = match kind {
            Kind::Int => (Some(array.as_primitive::<Int64Type>()), None),
            Kind::Float => (None, Some(array.as_primitive::<Float64Type>())),
            found => return Err(FrameError::Mismatch { name: name.to_owned(), found, expected: Kind::Float }),
        };
        Ok((0..self.len()).map(move |row| match (ints, floats) {
            (Some(ints), _) => ints.is_valid(row).then(|| ints.value(row) as f64),
            (_, Some(floats)) => floats.is_valid(row).then(|| floats.value(row)),
            (None, None) => None,
        }))
    }

    /// Returns the values of a column of text.
    pub fn texts(&self, name: &str) -> Result<impl ExactSizeIterator<Item = Option<&str>> + '_, FrameError> {
        Ok(self.typed(name, Kind::Text)?.as_string_view().iter())
    }

    /// Returns the values of a column of truths.
    pub fn bools(&self, name: &str) -> Result<impl ExactSizeIterator<Item = Option<bool>> + '_, FrameError> {
        Ok(self.typed(name, Kind::Bool)?.as_boolean().iter())
    }

    /// Returns the values of a column of dates.
    pub fn days(&self, name: &str) -> Result<impl ExactSizeIterator<Item = Option<Day>> + '_, FrameError> {
        Ok(self.typed(name, Kind::Day)?.as_primitive::<Date32Type>().iter().map(|value| value.and_then(day)))
    }

    /// Returns the values of a column of times.
    pub fn instants(&self, name: &str) -> Result<impl ExactSizeIterator<Item = Option<Instant>> + '_, FrameError> {
        let array = self.typed(name, Kind::Instant)?.as_primitive::<TimestampMicrosecondType>();
        Ok(array.iter().map(|value| value.and_then(DateTime::from_timestamp_micros)))
    }

    /// Renders the rows as a JSON array of objects, whose keys stand in the order of the columns.
    pub fn to_json(&self) -> String {
        let names: Vec<String> = self.columns().map(|(name, _)| Value::from(name).to_string()).collect();
        let object = |row| {
            let pairs = names.iter().enumerate().map(|(at, name)| format!("{name}:{}", self.cell(row, at).to_json()));
            format!("{{{}}}", pairs.collect::<Vec<_>>().join(","))
        };
        format!("[{}]", (0..self.len()).map(object).collect::<Vec<_>>().join(","))
    }

    /// Returns each row as a JSON object.
    pub fn json_rows(&self) -> impl ExactSizeIterator<Item = Map<String, Value>> + '_ {
        (0..self.len()).map(|row| {
            let names = self.columns().enumerate();
            names.map(|(index, (name, _))| (name.to_owned(), self.cell(row, index).to_json())).collect()
        })
    }

    fn typed(&self, name: &str, expected: Kind) -> Result<&arrow::array::ArrayRef, FrameError> {
        match self.find(name)? {
            (index, kind) if kind == expected => Ok(self.batch.column(index)),
            (_, found) => Err(FrameError::Mismatch { name: name.to_owned(), found, expected }),
        }
    }

    pub(crate) fn find(&self, name: &str) -> Result<(usize, Kind), FrameError> {
        let found = self.columns().enumerate().find(|(_, (known, _))| *known == name);
        found.map(|(index, (_, kind))| (index, kind)).ok_or_else(|| FrameError::Missing {
            name: name.to_owned(),
            known: self.columns().map(|(name, _)| name).collect::<Vec<_>>().join(", "),
        })
    }

    /// A column in the engine's form, cast to `kind` if it holds another.
    pub(crate) fn array_as(&self, name: &str, kind: Kind) -> Result<arrow::array::ArrayRef, FrameError> {
        let (index, found) = self.find(name)?;
        let array = self.batch.column(index);
        match (found, kind) {
            (found, kind) if found == kind => Ok(Arc::clone(array)),
            (Kind::Int, Kind::Float) => {
                cast(array, &kind.data_type()).map_err(|_| untyped(self.batch.schema_ref().field(index)))
            }
            _ => Err(FrameError::Mismatch { name: name.to_owned(), found, expected: kind }),
        }
    }
}

fn kind_of(field: &Field) -> Kind {
    Kind::of(field.data_type()).unwrap_or(Kind::Text)
}

fn untyped(field: &Field) -> FrameError {
    FrameError::Untyped { name: field.name().clone(), data_type: field.data_type().to_string() }
}
