//! Events as columns: the one schema every part, blob and query shares, the
//! conversion from and to [`Event`], and the order in which parts keep their rows.
//! Column numbers are those of the `DuckLake` catalogue, carried as Parquet field
//! ids so that a column can be renamed without rewriting a file.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use arrow::array::{
    Array, ArrayRef, AsArray, FixedSizeBinaryArray, FixedSizeBinaryBuilder, Int64Array, RecordBatch, StringViewArray,
    TimestampMicrosecondArray,
};
use arrow::datatypes::{DataType, Field, Int64Type, Schema, SchemaRef, TimeUnit, TimestampMicrosecondType};
use arrow::error::ArrowError;
use chrono::DateTime;
use domain::Event;
use parquet::arrow::PARQUET_FIELD_ID_META_KEY;

use crate::Attribution;
use crate::frame::UTC;

/// Positions of the columns, in the order of the schema.
pub(crate) const EVENT_ID: usize = 0;
pub(crate) const SOURCE_ID: usize = 1;
pub(crate) const ACCOUNT_ID: usize = 2;
pub(crate) const USER_ID: usize = 3;
pub(crate) const NAME: usize = 4;
pub(crate) const OCCURRED_AT: usize = 5;
pub(crate) const RECORDED_AT: usize = 6;
pub(crate) const QUANTITY: usize = 7;
pub(crate) const PROPERTIES: usize = 8;

static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
    let time = DataType::Timestamp(TimeUnit::Microsecond, Some(UTC.into()));
    let columns = [
        ("event_id", DataType::FixedSizeBinary(16), false),
        ("source_id", DataType::Int64, false),
        ("account_id", DataType::Int64, true),
        ("user_id", DataType::Int64, true),
        ("name", DataType::Utf8View, false),
        ("occurred_at", time.clone(), false),
        ("recorded_at", time, false),
        ("quantity", DataType::Int64, false),
        ("properties", DataType::Utf8View, true),
    ];
    let fields = columns.into_iter().zip(1..).map(|((name, data_type, nullable), id): (_, u32)| {
        let metadata = HashMap::from([(PARQUET_FIELD_ID_META_KEY.to_owned(), id.to_string())]);
        Field::new(name, data_type, nullable).with_metadata(metadata)
    });
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
});

/// The schema of events.
pub(crate) fn schema() -> SchemaRef {
    Arc::clone(&SCHEMA)
}

/// Turns events into columns.
pub(crate) fn from_events(events: &[Event]) -> Result<RecordBatch, ArrowError> {
    let mut ids = FixedSizeBinaryBuilder::with_capacity(events.len(), 16);
    for event in events {
        ids.append_value(event.id)?;
    }
    let columns: Vec<ArrayRef> = vec![
        Arc::new(ids.finish()),
        Arc::new(Int64Array::from_iter_values(events.iter().map(|event| event.source_id))),
        Arc::new(events.iter().map(|event| event.account_id).collect::<Int64Array>()),
        Arc::new(events.iter().map(|event| event.user_id).collect::<Int64Array>()),
        Arc::new(StringViewArray::from_iter_values(events.iter().map(|event| &event.name))),
        Arc::new(times(events.iter().map(|event| event.occurred_at.timestamp_micros()))),
        Arc::new(times(events.iter().map(|event| event.recorded_at.timestamp_micros()))),
        Arc::new(Int64Array::from_iter_values(events.iter().map(|event| event.quantity))),
        Arc::new(events.iter().map(|event| event.properties.as_deref()).collect::<StringViewArray>()),
    ];
    RecordBatch::try_new(schema(), columns)
}

fn times(micros: impl Iterator<Item = i64>) -> TimestampMicrosecondArray {
    TimestampMicrosecondArray::from_iter_values(micros).with_timezone(UTC)
}

/// Turns columns back into events.
pub(crate) fn to_events(batch: &RecordBatch) -> Result<Vec<Event>, ArrowError> {
    let (accounts, users) = (ints(batch, ACCOUNT_ID), ints(batch, USER_ID));
    let (names, properties) = (batch.column(NAME).as_string_view(), batch.column(PROPERTIES).as_string_view());
    let (occurred, recorded) = (micros(batch, OCCURRED_AT), micros(batch, RECORDED_AT));
    let instant = |micros| {
        DateTime::from_timestamp_micros(micros)
            .ok_or_else(|| ArrowError::CastError(format!("{micros} us is beyond the calendar")))
    };
    let rows = 0..batch.num_rows();
    rows.map(|row| {
        Ok(Event {
            id: id(event_ids(batch), row).to_be_bytes(),
            source_id: ints(batch, SOURCE_ID).value(row),
            account_id: accounts.is_valid(row).then(|| accounts.value(row)),
            user_id: users.is_valid(row).then(|| users.value(row)),
            name: names.value(row).to_owned(),
            occurred_at: instant(occurred.value(row))?,
            recorded_at: instant(recorded.value(row))?,
            quantity: ints(batch, QUANTITY).value(row),
            properties: properties.is_valid(row).then(|| properties.value(row).to_owned()),
        })
    })
    .collect()
}

/// Fills in the accounts at which users were, as far as they are known by now.
pub(crate) fn attribute(batch: RecordBatch, attribution: &Attribution) -> Result<RecordBatch, ArrowError> {
    let accounts = ints(&batch, ACCOUNT_ID);
    if attribution.is_empty() || accounts.null_count() == 0 {
        return Ok(batch);
    }
    let known = accounts.iter().zip(ints(&batch, USER_ID)).zip(micros(&batch, OCCURRED_AT));
    let known = known.map(|((account, user), then)| {
        account.or_else(|| attribution.account_of(user?, DateTime::from_timestamp_micros(then?)?))
    });
    let mut columns = batch.columns().to_vec();
    columns[ACCOUNT_ID] = Arc::new(known.collect::<Int64Array>());
    RecordBatch::try_new(schema(), columns)
}

pub(crate) fn ints(batch: &RecordBatch, column: usize) -> &Int64Array {
    batch.column(column).as_primitive::<Int64Type>()
}

pub(crate) fn micros(batch: &RecordBatch, column: usize) -> &TimestampMicrosecondArray {
    batch.column(column).as_primitive::<TimestampMicrosecondType>()
}

pub(crate) fn event_ids(batch: &RecordBatch) -> &FixedSizeBinaryArray {
    batch.column(EVENT_ID).as_fixed_size_binary()
}

/// An event id as a number that sorts like its bytes.
pub(crate) fn id(ids: &FixedSizeBinaryArray, row: usize) -> u128 {
    let mut bytes = [0; 16];
    bytes.copy_from_slice(ids.value(row));
    u128::from_be_bytes(bytes)
}
