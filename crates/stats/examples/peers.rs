//! One task on one file, timed: our side of `e2e/peers.py`, which runs other packages on the same files.
//! `cargo run --release -p pomona-stats --example peers -- TASK FILE [NUMBER…]` prints one JSON object. Reading the file is not
//! part of the seconds; the peak is that of the whole process. `simulate` and `survival` write the files.

use std::fmt::Write as _;
use std::time::Instant;

use stats::Confidence;
use stats::purchase::{Histories, History, Horizon, Model, Options, Params, TimeUnit, fit};
use stats::random::{Seeded, Uniforms, exponential, normal};
use stats::spend::{self, Spend};
use stats::survival::cox::{self, Design, Ties};
use stats::survival::{Subject, kaplan_meier};

type Failure = Box<dyn std::error::Error>;

/// Covariates of the survival file.
const COVARIATES: usize = 10;

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [task, file, numbers @ ..] = arguments.as_slice() else {
        return Err("say TASK FILE [NUMBER…]".into());
    };
    let numbers: Vec<f64> = numbers.iter().map(|text| text.parse()).collect::<Result<_, _>>()?;
    let count = numbers.first().map_or(1_000_000, |n| *n as usize);
    match task.as_str() {
        "simulate" => std::fs::write(file, customers(count)?)?,
        "survival" => std::fs::write(file, subjects(count)?)?,
        "likelihood" => println!("{}", likelihood(&read(file)?, &numbers)?),
        task => println!("{}", measured(task, &read(file)?)?),
    }
    Ok(())
}

/// The numbers of a CSV file below its header, row by row.
fn read(file: &str) -> Result<Vec<Vec<f64>>, Failure> {
    let text = std::fs::read_to_string(file)?;
    let row = |line: &str| line.split(',').map(|cell| Ok(cell.parse()?)).collect();
    text.lines().skip(1).map(row).collect()
}

/// Customers with the parameters of CDNOW, watched for 27 to 78 weeks in whole days.
fn customers(count: usize) -> Result<String, Failure> {
    let mut source = Seeded::new(1);
    let truth = Params::new(Model::BgNbd, [0.243, 4.414, 0.793, 2.426])?;
    let spending = spend::Params::new(6.25, 3.74, 15.44)?;
    let mut text = String::from("x,t_x,T,m\n");
    for _ in 0..count {
        let age = (27.0 * 7.0 + (51.0 * 7.0 * source.uniform()).floor()) / 7.0;
        let history = truth.simulate(age, &mut source)?;
        let recency = ((history.recency * 7.0).ceil() / 7.0).min(age);
        let mean = spending.draw(&Spend::NONE, &mut source)?;
        let observed = match history.repeats {
            0 => 0.0,
            repeats => spending.draw_observed(mean, repeats, &mut source),
        };
        writeln!(text, "{},{recency},{age},{observed}", history.repeats)?;
    }
    Ok(text)
}

/// Subjects with ten normal covariates, exponential lifetimes and four in ten censored.
fn subjects(count: usize) -> Result<String, Failure> {
    let mut source = Seeded::new(2);
    let mut text = String::from("time,event");
    for i in 1..=COVARIATES {
        write!(text, ",x{i}")?;
    }
    for _ in 0..count {
        let x: [f64; COVARIATES] = std::array::from_fn(|_| normal(&mut source));
        let score: f64 = x.iter().enumerate().map(|(i, x)| x * 0.1 * (i as f64 - 4.5) / 4.5).sum();
        let time = exponential(&mut source, 0.1 * score.exp());
        write!(text, "\n{time},{}", u8::from(source.uniform() < 0.6))?;
        for x in x {
            write!(text, ",{x}")?;
        }
    }
    text.push('\n');
    Ok(text)
}

fn histories(rows: &[Vec<f64>]) -> Vec<History> {
    rows.iter().map(|row| History { repeats: row[0] as u32, recency: row[1], age: row[2] }).collect()
}

fn spends(rows: &[Vec<f64>]) -> Vec<Spend> {
    let paid = rows.iter().filter(|row| row[0] > 0.0 && row[3] > 0.0);
    paid.map(|row| Spend { purchases: row[0] as u32, mean: row[3] }).collect()
}

/// The model of a task such as `fit-bg-nbd`.
fn model_of(task: &str) -> Result<Model, Failure> {
    let name = task.split_once('-').map_or("", |(_, name)| name);
    let known = Model::ALL.into_iter().find(|model| model.name() == name);
    known.ok_or_else(|| format!("nobody knows the task {task}").into())
}

/// The log-likelihood of parameters that somebody else found: 0 BG/NBD, 1 MBG/NBD, 2 Pareto/NBD, then the four.
fn likelihood(rows: &[Vec<f64>], numbers: &[f64]) -> Result<f64, Failure> {
    let [model, r, alpha, third, fourth] = numbers else { return Err("say MODEL and four parameters".into()) };
    let model = *Model::ALL.get(*model as usize).ok_or("there are three models")?;
    let book = Histories::new(&histories(rows))?;
    Ok(Params::new(model, [*r, *alpha, *third, *fourth])?.log_likelihood(&book))
}

/// Does the task and says how long it took, how much memory it needed at most, and what came out.
fn measured(task: &str, rows: &[Vec<f64>]) -> Result<String, Failure> {
    let confidence = Confidence::P95;
    let year = Horizon { length: 365.25 / 7.0, discount: TimeUnit::Week.discount(0.1) };
    let (seconds, log_likelihood, values) = match task {
        "fit-gamma-gamma" => {
            let spends = spends(rows);
            let (seconds, fitted) = timed(|| spend::fit(&spends));
            let fitted = fitted?;
            (seconds, fitted.log_likelihood, vec![fitted.params.p, fitted.params.q, fitted.params.gamma])
        }
        "kaplan-meier" | "cox" => {
            let subjects: Vec<Subject> = rows.iter().map(|row| Subject::from_start(row[0], row[1] > 0.0)).collect();
            if task == "kaplan-meier" {
                let (seconds, curve) = timed(|| kaplan_meier::fit(&subjects, confidence));
                (seconds, 0.0, vec![curve?.at(5.0).map_or(0.0, |at| at.value)])
            } else {
                let covariates: Vec<f64> = rows.iter().flat_map(|row| row[2..].iter().copied()).collect();
                let columns = rows.first().map_or(0, |row| row.len() - 2);
                let design =
                    Design { subjects: &subjects, covariates: &covariates, columns, strata: &[], clusters: &[] };
                let (seconds, fitted) = timed(|| cox::fit(&design, Ties::Efron));
                let fitted = fitted?;
                let estimates = fitted.estimates(confidence);
                (seconds, fitted.log_likelihood, estimates.iter().map(|estimate| estimate.value).collect())
            }
        }
        _ => {
            let (model, histories) = (model_of(task)?, histories(rows));
            let (mut seconds, fitted) = timed(|| fit(model, &Histories::new(&histories)?, Options::default()));
            let fitted = fitted?;
            let mut values = fitted.params.values().to_vec();
            if task.starts_with("predict") {
                let (predicting, expectations) = timed(|| fitted.params.expectations(&histories, year));
                values = vec![expectations?.iter().map(|one| one.purchases).sum()];
                seconds = predicting;
            } else if task.starts_with("intervals") {
                let (predicting, total) = timed(|| {
                    let mut forecaster = fitted.forecaster(year, confidence)?;
                    for history in &histories {
                        std::hint::black_box(forecaster.forecast(history, 1.0));
                    }
                    Ok::<_, stats::Error>(forecaster.total())
                });
                values = vec![total?.value];
                seconds = predicting;
            }
            (seconds, fitted.log_likelihood, values)
        }
    };
    let kilobytes = peak_kilobytes().map_or_else(|| "null".to_owned(), |peak| peak.to_string());
    Ok(format!(
        "{{\"seconds\":{seconds},\"peak_kb\":{kilobytes},\"log_likelihood\":{log_likelihood},\"values\":{values:?}}}"
    ))
}

/// What the kernel counts in, or more: shorter work is timed by the wall clock.
const TICK: f64 = 0.02;

/// Processor seconds of this thread where the kernel says so and counts finely enough, the wall clock elsewhere.
fn timed<T>(work: impl FnOnce() -> T) -> (f64, T) {
    let (wall, processor) = (Instant::now(), on_processor());
    let value = work();
    let elapsed = wall.elapsed().as_secs_f64();
    let seconds = match (processor, on_processor()) {
        (Some(before), Some(after)) if elapsed > TICK => (after - before) * 1e-9,
        _ => elapsed,
    };
    (seconds, value)
}

fn on_processor() -> Option<f64> {
    std::fs::read_to_string("/proc/thread-self/schedstat").ok()?.split(' ').next()?.parse().ok()
}

fn peak_kilobytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?.trim().trim_end_matches(" kB").parse().ok()
}
