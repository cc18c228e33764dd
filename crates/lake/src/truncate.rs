//! `date_trunc` for a lake whose instants are all in UTC. The engine's own looks the
//! zone up for every value, which costs more than the rest of a weekly count; here
//! the zone is set aside, days and weeks are divided out, and the zone put back.

use std::sync::Arc;

use arrow::array::{Array, AsArray, TimestampMicrosecondArray};
use arrow::datatypes::{DataType, FieldRef, TimeUnit, TimestampMicrosecondType};
use datafusion::error::Result;
use datafusion::functions::datetime::date_trunc;
use datafusion::logical_expr::{
    ColumnarValue, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature,
};
use datafusion::scalar::ScalarValue;

use crate::frame::UTC;

const DAY_US: i64 = 86_400_000_000;
const WEEK_US: i64 = 7 * DAY_US;
/// 1970-01-01 was a Thursday; weeks begin on Monday.
const SINCE_MONDAY_US: i64 = 3 * DAY_US;

/// The function, under the name of the one it replaces.
pub(crate) fn utc_date_trunc() -> ScalarUDF {
    ScalarUDF::new_from_impl(UtcDateTrunc { general: date_trunc() })
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct UtcDateTrunc {
    general: Arc<ScalarUDF>,
}

impl ScalarUDFImpl for UtcDateTrunc {
    fn name(&self) -> &str {
        self.general.name()
    }

    fn aliases(&self) -> &[String] {
        self.general.aliases()
    }

    fn signature(&self) -> &Signature {
        self.general.signature()
    }

    fn return_type(&self, arg_types: &[DataType]) -> Result<DataType> {
        self.general.return_type(arg_types)
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs) -> Result<FieldRef> {
        self.general.return_field_from_args(args)
    }

    fn invoke_with_args(&self, mut args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let Some(ColumnarValue::Array(values)) = args.args.get(1) else {
            return self.general.invoke_with_args(args);
        };
        let DataType::Timestamp(TimeUnit::Microsecond, Some(zone)) = values.data_type() else {
            return self.general.invoke_with_args(args);
        };
        if **zone != *UTC {
            return self.general.invoke_with_args(args);
        }
        let values = values.as_primitive::<TimestampMicrosecondType>();
        if is_week(&args.args[0]) {
            return Ok(in_utc(values.unary(|micros| micros - (micros + SINCE_MONDAY_US).rem_euclid(WEEK_US))));
        }
        let zoneless = DataType::Timestamp(TimeUnit::Microsecond, None);
        args.return_field = Arc::new(args.return_field.as_ref().clone().with_data_type(zoneless));
        args.args[1] = ColumnarValue::Array(Arc::new(values.clone().with_timezone_opt(None::<Arc<str>>)));
        match self.general.invoke_with_args(args)? {
            ColumnarValue::Array(truncated) => Ok(in_utc(truncated.as_primitive::<TimestampMicrosecondType>().clone())),
            scalar @ ColumnarValue::Scalar(_) => Ok(scalar),
        }
    }
}

fn in_utc(values: TimestampMicrosecondArray) -> ColumnarValue {
    ColumnarValue::Array(Arc::new(values.with_timezone(UTC)))
}

fn is_week(granularity: &ColumnarValue) -> bool {
    match granularity {
        ColumnarValue::Scalar(ScalarValue::Utf8(Some(text)) | ScalarValue::Utf8View(Some(text))) => {
            text.eq_ignore_ascii_case("week")
        }
        _ => false,
    }
}
