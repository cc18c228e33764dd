//! Maximum likelihood for the three purchase models: Newton steps on log-parameters in scaled time.
//! Time is measured in median ages, so days, weeks and months give the same fit to the last digits. A large book is
//! first fitted on systematic samples, from which the full likelihood needs three or four evaluations. Sums run
//! over fixed chunks in a fixed order: the number of threads does not change a bit of the result.

use super::history::Row;
use super::{Histories, Model, Params, Rising, exponential, geometric, nbd_row};
use crate::error::{Error, at_least};
use crate::inference::Uncertainty;
use crate::interval::{Confidence, Interval};
use crate::linear::Matrix;
use crate::optimise::{Evaluation, Minimum, Search, minimise};
use crate::real::{Jet, Real};

const CHUNK: usize = 4096;
/// Points of the samples over which a large book is approached.
const SAMPLES: [usize; 2] = [8192, 65_536];
/// A sample's own error is far larger than this slope.
const ROUGH: Search = Search { bounds: (-14.0, 14.0), tolerance: 1e-5, patience: 60 };
/// A gain in log-likelihood over the model without drop-out below which drop-out counts as not detected.
const DETECTABLE: f64 = 0.01;
/// A mean drop-out probability below which it counts as not detected.
const NEGLIGIBLE: f64 = 1e-4;

/// A weak prior on the logarithms of the parameters; off unless asked for, and part of the result when on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Prior {
    /// The median of each parameter, in the unit of the data.
    pub medians: [f64; 4],
    /// The standard deviation of each log-parameter.
    pub log_sd: [f64; 4],
}

/// How to fit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Options {
    /// Threads to use; the result does not depend on it.
    pub threads: usize,
    /// A prior, which makes the estimate a posterior mode.
    pub prior: Option<Prior>,
}

impl Default for Options {
    fn default() -> Self {
        Self { threads: 1, prior: None }
    }
}

/// Whether the window shows anybody dropping out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attrition {
    /// Drop-out improves the likelihood; its parameters are estimates.
    Detected,
    /// It does not: the fit is the plain negative binomial, and every P(alive) of 1 is an artefact of the window,
    /// not a finding. [`super::drop_out_bound`] says how much drop-out the data still allow.
    NotDetected,
}

impl std::fmt::Display for Attrition {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Detected => "attrition detected",
            Self::NotDetected => {
                "no attrition detectable in this window: P(alive) = 1 is an artefact of the window, not a finding"
            }
        })
    }
}

/// Parameters estimated from a book of histories.
#[derive(Debug, Clone, PartialEq)]
pub struct Fitted {
    /// The estimates.
    pub params: Params,
    /// Their uncertainty.
    pub uncertainty: Uncertainty,
    /// Log-likelihood at the maximum, in the papers' convention (no combinatorial constants).
    pub log_likelihood: f64,
    /// Log-likelihood of the plain negative binomial, for the test of drop-out itself.
    pub log_likelihood_without_attrition: f64,
    /// Customers fitted.
    pub customers: usize,
    /// Whether drop-out was detected.
    pub attrition: Attrition,
    /// Likelihood evaluations over the whole book.
    pub evaluations: usize,
}

impl Fitted {
    /// Standard errors in the order of [`Model::parameter_names`]; `None` where not identified.
    pub fn standard_errors(&self) -> Vec<Option<f64>> {
        self.uncertainty.standard_errors(&self.params.values())
    }

    /// Intervals of the parameters; `None` where not identified.
    pub fn intervals(&self, confidence: Confidence) -> Vec<Option<Interval>> {
        self.uncertainty.intervals(&self.params.values(), confidence)
    }
}

/// Fits a model. Fails on fewer than two customers, without any repeat purchase, and when no maximum is found.
pub fn fit(model: Model, book: &Histories, options: Options) -> Result<Fitted, Error> {
    at_least(model.name(), 2, book.customers())?;
    if book.repeats() == 0.0 {
        return Err(Error::NotIdentified { what: model.name(), why: "no customer has bought a second time" });
    }
    fit_any(model, book, options)
}

/// The same without asking for enough data: with a prior, any book has a posterior mode.
pub(super) fn fit_any(model: Model, book: &Histories, options: Options) -> Result<Fitted, Error> {
    let unit = book.median_age();
    let rows = book.rescaled(unit);
    let problem = Problem { model, rows: &rows, customers: book.customers() as f64, unit, options };
    let scale = book.repeats() * unit.ln();
    let plain = problem.minimum_without_attrition()?;
    let plain_value = -plain.evaluation.value * problem.customers - scale;
    let found = problem.minimum()?;
    let value = -found.evaluation.value * problem.customers - scale;
    let theta: [f64; 4] = std::array::from_fn(|i| found.at[i].exp());
    let detected =
        options.prior.is_some() || (value - plain_value >= DETECTABLE && mean_drop_out(model, theta) >= NEGLIGIBLE);
    let evaluations = found.evaluations + plain.evaluations;
    let fitted = |values: [f64; 4], uncertainty, log_likelihood, attrition| Fitted {
        params: Params { model, values },
        uncertainty,
        log_likelihood,
        log_likelihood_without_attrition: plain_value,
        customers: book.customers(),
        attrition,
        evaluations,
    };
    if detected {
        let information = scaled(&found.evaluation.hessian, problem.customers);
        let values = std::array::from_fn(|i| theta[i] * unit.powf(model.times()[i]));
        let uncertainty = Uncertainty::from_information(&information, &found.on_bound);
        return Ok(fitted(values, uncertainty, value, Attrition::Detected));
    }
    let mut information = Matrix::zeros(4);
    for i in 0..2 {
        for j in 0..2 {
            information[(i, j)] = plain.evaluation.hessian[(i, j)] * problem.customers;
        }
    }
    let uncertainty = Uncertainty::from_information(&information, &[plain.on_bound[0], plain.on_bound[1], true, true]);
    let values = [plain.at[0].exp(), plain.at[1].exp() * unit, 0.0, 1.0];
    Ok(fitted(values, uncertainty, plain_value, Attrition::NotDetected))
}

fn scaled(matrix: &Matrix, factor: f64) -> Matrix {
    Matrix::from_fn(matrix.size(), |i, j| matrix[(i, j)] * factor)
}

/// The mean probability of dropping out: per purchase, or within one median age.
fn mean_drop_out(model: Model, [_, _, third, fourth]: [f64; 4]) -> f64 {
    match model {
        Model::BgNbd | Model::MbgNbd => third / (third + fourth),
        Model::ParetoNbd => -(-third * (1.0 / fourth).ln_1p()).exp_m1(),
    }
}

/// One fit: rows in scaled time and what to do with them.
struct Problem<'a> {
    model: Model,
    rows: &'a [Row],
    customers: f64,
    unit: f64,
    options: Options,
}

impl Problem<'_> {
    /// Minus the mean log-likelihood (plus the prior) in log-parameters.
    fn objective(&self, rows: &[Row], customers: f64, log: &[f64]) -> Evaluation {
        let theta: [f64; 4] = std::array::from_fn(|i| log[i].exp());
        let sum = total(self.model, theta, rows, self.options.threads);
        let mut out = in_logs(&sum, &theta, -1.0 / customers);
        if let Some(prior) = &self.options.prior {
            for i in 0..4 {
                let precision = 1.0 / (prior.log_sd[i] * prior.log_sd[i] * self.customers);
                let off = log[i] - prior.medians[i].ln() + self.model.times()[i] * self.unit.ln();
                out.value += 0.5 * precision * off * off;
                out.gradient[i] += precision * off;
                out.hessian[(i, i)] += precision;
            }
        }
        out
    }

    fn starts(&self) -> [[f64; 4]; 2] {
        let exposure: f64 = self.rows.iter().map(|r| r.weight * r.age).sum();
        let repeats: f64 = self.rows.iter().map(|r| r.weight * f64::from(r.repeats)).sum();
        let alpha = (0.5 * exposure / repeats.max(0.5)).clamp(1e-4, 1e4).ln();
        let half = 0.5_f64.ln();
        match self.model {
            Model::BgNbd | Model::MbgNbd => [[half, alpha, -0.2, 0.9], [0.0; 4]],
            Model::ParetoNbd => [[half, alpha, half, half], [0.0; 4]],
        }
    }

    fn best_of_starts(&self, rows: &[Row], customers: f64) -> Result<Minimum, Error> {
        let attempt = |start: [f64; 4]| {
            minimise(self.model.name(), &start, Search::default(), |log| self.objective(rows, customers, log))
        };
        let [first, second] = self.starts().map(attempt);
        match (first, second) {
            (Ok(a), Ok(b)) => Ok(if b.evaluation.value < a.evaluation.value - 1e-12 { b } else { a }),
            (Ok(found), Err(_)) | (Err(_), Ok(found)) => Ok(found),
            (Err(error), Err(_)) => Err(error),
        }
    }

    /// The minimum over all rows, approached over samples of growing size: each search begins where the one before
    /// ended, so that the whole book is evaluated three or four times only.
    fn minimum(&self) -> Result<Minimum, Error> {
        let mut near = None;
        for points in SAMPLES.into_iter().take_while(|points| self.rows.len() >= 4 * points) {
            let sample = sampled(self.rows, self.customers / points as f64);
            // A sample that says nothing leaves the start to the next.
            near = self.minimum_of(&sample, near.as_ref(), ROUGH).ok().or(near);
        }
        let whole = |near| self.minimum_of(self.rows, near, Search::default());
        whole(near.as_ref()).or_else(|_| whole(None))
    }

    /// The minimum over some rows, from where another search ended or else from the usual starts.
    fn minimum_of(&self, rows: &[Row], near: Option<&Minimum>, search: Search) -> Result<Minimum, Error> {
        let customers = rows.iter().map(|row| row.weight).sum();
        match near {
            Some(near) => minimise(self.model.name(), &near.at, search, |log| self.objective(rows, customers, log)),
            None => self.best_of_starts(rows, customers),
        }
    }

    /// The plain negative binomial, for which the last purchase does not matter.
    fn minimum_without_attrition(&self) -> Result<Minimum, Error> {
        let merged: Vec<Row> = self
            .rows
            .chunk_by(|a, b| a.age == b.age && a.repeats == b.repeats)
            .map(|same| Row { weight: same.iter().map(|r| r.weight).sum(), ..same[0] })
            .collect();
        let start = self.starts()[0];
        minimise("negative binomial", &start[..2], Search::default(), |log| {
            let theta = [log[0].exp(), log[1].exp()];
            let sum = total_without_attrition(theta, &merged, self.options.threads);
            in_logs(&sum, &theta, -1.0 / self.customers)
        })
    }
}

/// Every `step`-th customer, in the order of the rows: a row counts as often as a step ends in it. Rows that stand for
/// many customers so keep their weight, and rows of one stand in for their neighbours.
fn sampled(rows: &[Row], step: f64) -> Vec<Row> {
    let mut passed = 0.5 * step;
    let taken = rows.iter().map(|row| {
        let before = (passed / step).floor();
        passed += row.weight;
        Row { weight: step * ((passed / step).floor() - before), ..*row }
    });
    taken.filter(|row| row.weight > 0.0).collect()
}

/// The log-likelihood of weighted rows under the plain negative binomial.
pub(super) fn total_without_attrition(theta: [f64; 2], rows: &[Row], threads: usize) -> Jet<2> {
    let max = rows.iter().map(|r| r.repeats).max().unwrap_or(0);
    let counts = Rising::new(theta[0], max);
    chunked(rows, threads, |rows| sum(rows, |row| nbd_row(theta, &counts, row)))
}

/// Derivatives in parameters turned into derivatives in their logarithms, times a factor.
pub(crate) fn in_logs<const N: usize>(jet: &Jet<N>, theta: &[f64; N], factor: f64) -> Evaluation {
    let hessian = |i: usize, j: usize| {
        let own = if i == j { jet.gradient[i] * theta[i] } else { 0.0 };
        factor * (jet.hessian[i][j] * theta[i] * theta[j] + own)
    };
    Evaluation {
        value: factor * jet.value,
        gradient: (0..N).map(|i| factor * jet.gradient[i] * theta[i]).collect(),
        hessian: Matrix::from_fn(N, hessian),
    }
}

/// The log-likelihood of weighted rows with derivatives in the four parameters.
pub(super) fn total(model: Model, theta: [f64; 4], rows: &[Row], threads: usize) -> Jet<4> {
    let max = rows.iter().map(|r| r.repeats).max().unwrap_or(0);
    match model {
        Model::BgNbd | Model::MbgNbd => {
            let tables = geometric::Tables::new(theta, max + 1);
            chunked(rows, threads, |rows| sum(rows, |row| geometric::row(model, theta, &tables, row)))
        }
        Model::ParetoNbd => {
            let counts = Rising::new(theta[0], max);
            chunked(rows, threads, |rows| sum(rows, |row| exponential::row(theta, &counts, row)))
        }
    }
}

fn sum<const N: usize>(rows: &[Row], one: impl Fn(&Row) -> Jet<N>) -> Jet<N> {
    rows.iter().fold(Jet::constant(0.0), |mut sum, row| {
        let jet = one(row);
        sum.value += row.weight * jet.value;
        for i in 0..N {
            sum.gradient[i] += row.weight * jet.gradient[i];
            for j in 0..N {
                sum.hessian[i][j] += row.weight * jet.hessian[i][j];
            }
        }
        sum
    })
}

/// Sums chunks of rows on some threads and adds the chunks in their order.
fn chunked<const N: usize>(rows: &[Row], threads: usize, of_chunk: impl Fn(&[Row]) -> Jet<N> + Sync) -> Jet<N> {
    let chunks: Vec<&[Row]> = rows.chunks(CHUNK).collect();
    let threads = threads.clamp(1, chunks.len().max(1));
    if threads == 1 {
        return chunks.iter().fold(Jet::constant(0.0), |sum, chunk| sum + of_chunk(chunk));
    }
    let of_chunk = &of_chunk;
    let parts: Vec<Jet<N>> = std::thread::scope(|scope| {
        let work = |part: &[&[Row]]| part.iter().map(|chunk| of_chunk(chunk)).collect::<Vec<_>>();
        let workers: Vec<_> = chunks
            .chunks(chunks.len().div_ceil(threads))
            .map(|part| {
                (
                    part.to_vec(),
                    scope.spawn({
                        let part = part.to_vec();
                        move || work(&part)
                    }),
                )
            })
            .collect();
        // A worker can only fail by a panic of the arithmetic itself; its share is then computed here.
        workers.into_iter().flat_map(|(part, worker)| worker.join().unwrap_or_else(|_| work(&part))).collect()
    });
    parts.into_iter().fold(Jet::constant(0.0), |sum, part| sum + part)
}
