//! What all rows of a file prove together, column by column. Rows with a broken form
//! are counted but believed in nothing.

use super::column::{Evidence, Witness};
use super::mapping::Target;
use super::record::Record;
use super::rows::cleaned;
use crate::record::number::Decimal;
use crate::record::{Field, Object, field};

/// The evidence of all columns.
pub(super) struct Survey {
    pub(super) columns: Vec<(Evidence, bool, bool)>,
    pub(super) records: u64,
}

impl Survey {
    pub(super) fn new(object: Object, targets: &[Vec<Target>]) -> Self {
        let any = |targets: &[Target], test: fn(&Field) -> bool| {
            targets.iter().any(|target| match target {
                Target::Field(name) => field(object, name).is_some_and(test),
                _ => false,
            })
        };
        let columns = targets
            .iter()
            .map(|targets| {
                let number = any(targets, |field| field.kind.is_number());
                let date = any(targets, |field| field.kind.is_date());
                (Evidence::default(), number, date)
            })
            .collect();
        Self { columns, records: 0 }
    }

    pub(super) fn see(&mut self, record: &Record) {
        self.records += 1;
        if record.fault.is_some() || record.len() != self.columns.len() {
            return;
        }
        for (cell, (evidence, number, date)) in record.cells().zip(&mut self.columns) {
            let cell = cleaned(cell);
            if !cell.is_empty() {
                evidence.see(record.line, cell, *number, *date);
            }
        }
    }

    /// The decimal separator that some number proves and none contradicts.
    pub(super) fn decimal(&self) -> Result<Option<(Decimal, &Witness)>, String> {
        let point = self.columns.iter().find_map(|(evidence, ..)| evidence.point.as_ref());
        let comma = self.columns.iter().find_map(|(evidence, ..)| evidence.comma.as_ref());
        match (point, comma) {
            (Some(witness), None) => Ok(Some((Decimal::Point, witness))),
            (None, Some(witness)) => Ok(Some((Decimal::Comma, witness))),
            (None, None) => Ok(None),
            (Some((first, point)), Some((second, comma))) => Err(format!(
                "line {first} says {point} (decimal point) and line {second} says {comma} (decimal comma), so numbers that could be either are refused"
            )),
        }
    }
}
