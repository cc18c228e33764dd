//! A prediction as CSV or as JSON, row by row as it is made. Nothing is collected on the
//! way, so the writing of a million rows needs no more memory than that of one.

use std::io::Write;

use connectors::csv::Export;
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::json;
use stats::Estimate;

use super::Prediction;
use super::rows::Line;
use crate::clv::error::ClvError;
use crate::clv::fit::count_or_number;
use crate::clv::read::{Hear, Progress, Stage};

/// Rows between two words about progress.
const OFTEN: u64 = 8192;

/// A row as a JSON object.
struct Object<'a>(&'a [String], &'a Line<'a>);

impl Serialize for Object<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        let mut names = self.0.iter();
        if let Some(id) = self.1.id
            && let Some(name) = names.next()
        {
            map.serialize_entry(name, id)?;
        }
        for (name, value) in names.zip(self.1.numbers()) {
            map.serialize_entry(name, &value.map(count_or_number))?;
        }
        map.end()
    }
}

impl Prediction {
    /// Writes every row as CSV, unknown values empty, and gives back the sum over all customers.
    pub fn write_csv(
        &self,
        out: &mut dyn Write,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Option<Estimate>, ClvError> {
        let mut export = Export::new(out);
        export.row(self.columns())?;
        let mut done = 0;
        let total = self.each(&mut |line| {
            done += 1;
            self.tell(done, progress);
            let numbers = line.numbers().map(|value| value.map_or_else(String::new, |value| value.to_string()));
            Ok(export.row(line.id.map(str::to_owned).into_iter().chain(numbers))?)
        })?;
        export.finish()?.flush()?;
        Ok(total)
    }

    /// Writes everything as one JSON object, the rows under `customers` or `ages`, and gives back the sum.
    pub fn write_json(
        &self,
        out: &mut dyn Write,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Option<Estimate>, ClvError> {
        let written = |error: serde_json::Error| ClvError::Write(error.into());
        write!(out, "{{\"fit\":")?;
        serde_json::to_writer(&mut *out, &self.fit).map_err(written)?;
        write!(out, ",\"spend\":")?;
        serde_json::to_writer(&mut *out, &self.spend).map_err(written)?;
        for (name, value) in [
            ("horizon", json!(self.horizon)),
            ("time_unit", json!(self.unit.name())),
            ("annual_discount_rate", json!(self.terms.annual_rate)),
            ("confidence", json!(self.terms.confidence.level())),
            ("definition", json!(self.definition())),
            ("notes", json!(self.notes)),
        ] {
            write!(out, ",\"{name}\":{value}")?;
        }
        let (columns, mut done) = (self.columns(), 0);
        write!(out, ",\"{}\":[", if self.is_by_age() { "ages" } else { "customers" })?;
        let total = self.each(&mut |line| {
            if done > 0 {
                out.write_all(b",")?;
            }
            done += 1;
            self.tell(done, progress);
            serde_json::to_writer(&mut *out, &Object(&columns, line)).map_err(written)
        })?;
        write!(out, "]")?;
        for (name, value) in [
            ("total_purchases", total.map(|total| total.value)),
            ("total_purchases_low", total.map(|total| total.interval.low)),
            ("total_purchases_high", total.map(|total| total.interval.high)),
        ] {
            write!(out, ",\"{name}\":{}", json!(value))?;
        }
        writeln!(out, "}}")?;
        out.flush()?;
        Ok(total)
    }

    fn tell(&self, done: u64, progress: &mut dyn FnMut(Progress)) {
        if done.is_multiple_of(OFTEN) {
            Hear(progress).at(Stage::Predicting, done, self.customers.len() as u64);
        }
    }
}
