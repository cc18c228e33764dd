//! From a file to what a model can be fitted to. The shape of the file is told by its columns: a date means a log,
//! repeats and recency mean summaries, tenures or survivors mean renewals. What does not go together is refused, such
//! as a renewal model on a purchase log.

use std::path::Path;

use connectors::record::date::Format;
use domain::Day;
use stats::purchase::TimeUnit;

use super::columns::{Columns, Override, Role};
use super::covariates;
use super::error::ClvError;
use super::log::Log;
use super::model::Model;
use super::records::Records;
use super::source::Table;
use super::summary::{self, Customer};
use super::tenure::{self, Tenures};

/// A file and how to read it.
#[derive(Debug, Clone, Copy)]
pub struct Input<'a> {
    /// The file, CSV or Parquet; with `records` what errors call them.
    pub path: &'a Path,
    /// What the book holds, in place of a file.
    pub records: Option<&'a Records>,
    /// Columns named by the caller.
    pub columns: &'a [Override],
    /// Columns that may move buying and leaving.
    pub covariates: covariates::Columns<'a>,
    /// How dates are written, where the file cannot tell.
    pub date_format: Option<&'a Format>,
    /// The unit of time; the model's usual one when absent.
    pub unit: Option<TimeUnit>,
    /// The last day that is known to the fit; the last of the log when absent.
    pub calibration_end: Option<Day>,
    /// The last age that is known to the fit of a renewal model; all when absent.
    pub calibration_periods: Option<u32>,
    /// Survivors are shares of so many customers.
    pub cohort_size: Option<f64>,
    /// The day it is.
    pub today: Day,
    /// Threads a fit may use; results do not depend on it.
    pub threads: usize,
}

/// What is being done, for a progress bar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Reading the file.
    Reading,
    /// Fitting a model.
    Fitting,
    /// Predicting customers.
    Predicting,
    /// Drawing customers.
    Drawing,
}

impl Stage {
    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Reading => "reading",
            Self::Fitting => "fitting",
            Self::Predicting => "predicting",
            Self::Drawing => "drawing",
        }
    }
}

/// How far something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// What is being done.
    pub stage: Stage,
    /// How much of it is done.
    pub done: u64,
    /// How much there is.
    pub total: u64,
}

/// Whoever hears about progress.
pub(super) struct Hear<'a>(pub(super) &'a mut dyn FnMut(Progress));

impl Hear<'_> {
    pub(super) fn reading(&mut self, done: u64, total: u64) {
        self.at(Stage::Reading, done, total);
    }

    pub(super) fn at(&mut self, stage: Stage, done: u64, total: u64) {
        (self.0)(Progress { stage, done, total });
    }
}

/// What a file holds, checked.
#[derive(Debug)]
pub struct Data {
    pub(super) held: Held,
    /// What was decided or left out, each a sentence.
    pub notes: Vec<String>,
}

#[derive(Debug)]
pub(super) enum Held {
    Log(Log),
    Summaries(Vec<Customer>),
    Tenures(Tenures),
}

impl Input<'_> {
    /// The unit of time in which a model counts.
    pub fn unit_for(&self, model: Model) -> TimeUnit {
        self.unit.unwrap_or(model.usual_unit())
    }

    /// Reads the file for a model; `hear` is told how far it is.
    pub fn read(&self, model: Model, hear: &mut dyn FnMut(Progress)) -> Result<Data, ClvError> {
        if !self.covariates.is_empty() && !matches!(model, Model::Purchases(_)) {
            return Err(ClvError::Argument(format!(
                "{model} knows no covariates: choose bg-nbd, mbg-nbd or pareto-nbd, or leave --buying and --leaving out"
            )));
        }
        if let Some(records) = self.records {
            return records.read(model, self);
        }
        let table = Table::open(self.path)?;
        let columns = Columns::new(&table, self.columns)?;
        let mut notes = Vec::new();
        let hear = &mut Hear(hear);
        let is_tenures = |columns: &Columns<'_>| {
            (columns.find(Role::Tenure).is_some() && columns.find(Role::Left).is_some())
                || columns.find(Role::Survivors).is_some()
        };
        let is_summary = summary::is_summary(&columns);
        let is_log = columns.find(Role::Date).is_some() && columns.find(Role::Id).is_some() && !is_summary;
        let held = match model {
            Model::Tenure(_) if is_summary || (is_log && !is_tenures(&columns)) => {
                return Err(ClvError::unsuited(
                    self.path,
                    format!(
                        "{model} needs customers who are seen to leave, and a customer who has not bought lately has not left; use bg-nbd, mbg-nbd or pareto-nbd"
                    ),
                ));
            }
            Model::Tenure(_) => Held::Tenures(tenure::read(&table, &columns, self, &mut notes, hear)?),
            _ if is_summary => {
                Held::Summaries(summary::read(&table, &columns, model, self.covariates, &mut notes, hear)?)
            }
            _ if is_log || columns.find(Role::Date).is_some() || columns.find(Role::Id).is_some() => {
                Held::Log(Log::read(&table, &columns, self, &mut notes, hear)?)
            }
            _ => {
                let has = table.header().join(", ");
                return Err(ClvError::unsuited(
                    self.path,
                    format!(
                        "it is neither a purchase log (id, date, amount) nor a summary (x, t_x, T); it has {has}. Name columns: --column date=COLUMN"
                    ),
                ));
            }
        };
        Ok(Data { held, notes })
    }
}

impl Data {
    /// The log, where the file is one.
    pub fn log(&self) -> Option<&Log> {
        match &self.held {
            Held::Log(log) => Some(log),
            Held::Summaries(_) | Held::Tenures(_) => None,
        }
    }

    /// Survivors or tenures, where the file holds any.
    pub(super) fn tenures(&self) -> Option<&Tenures> {
        match &self.held {
            Held::Tenures(tenures) => Some(tenures),
            Held::Log(_) | Held::Summaries(_) => None,
        }
    }

    /// What a model knows of every customer, and the end of calibration where the file has dates.
    pub fn customers(&mut self, input: &Input<'_>, model: Model) -> Result<(Vec<Customer>, Option<Day>), ClvError> {
        let log = match &mut self.held {
            Held::Summaries(customers) => return Ok((std::mem::take(customers), None)),
            Held::Tenures(_) => return Ok((Vec::new(), None)),
            Held::Log(log) => log,
        };
        let end = input.calibration_end.unwrap_or(log.last);
        if end < log.first {
            return Err(ClvError::unsuited(
                input.path,
                format!("calibration ends on {end}, before the first purchase on {}; name a later day", log.first),
            ));
        }
        let unit = input.unit_for(model);
        let customers = match model {
            Model::Opportunities => log.opportunities(end, unit),
            _ => log.summarised(end, unit),
        };
        let customers = customers.map_err(ClvError::estimate(model.name(), input.path))?;
        let late = log.customers() - customers.len();
        if late > 0 {
            self.notes.push(format!("{late} customers first bought after {end} and are left out"));
        }
        Ok((customers, Some(end)))
    }
}
