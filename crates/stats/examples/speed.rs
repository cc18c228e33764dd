//! Times the fits and forecasts on a simulated million customers: `cargo run --release -p pomona-stats --example speed`.
//! CPU seconds on one thread (Linux; the wall clock elsewhere); the truth is CDNOW's, ages are 27 to 78 weeks in whole days.

use std::time::Instant;

use stats::purchase::{Histories, History, Horizon, Model, Options, Params, TimeUnit, fit};
use stats::random::{Seeded, Uniforms, exponential, normal};
use stats::spend::{self, Spend};
use stats::survival::cox::{self, Design, Ties};
use stats::survival::{Subject, kaplan_meier};
use stats::{Confidence, Error};

/// Nanoseconds this thread has spent on a processor, where the kernel says so.
fn on_processor() -> Option<f64> {
    std::fs::read_to_string("/proc/self/schedstat").ok()?.split(' ').next()?.parse().ok()
}

fn timed<T>(what: &str, work: impl FnOnce() -> T) -> T {
    let (wall, processor) = (Instant::now(), on_processor());
    let value = work();
    let seconds = match (processor, on_processor()) {
        (Some(before), Some(after)) => (after - before) * 1e-9,
        _ => wall.elapsed().as_secs_f64(),
    };
    println!("{what:<40} {seconds:8.3} s");
    value
}

/// Rounds to whole days, as a purchase log would.
fn in_days(history: History) -> History {
    let day = |t: f64| (t * 7.0).ceil() / 7.0;
    History { recency: day(history.recency).min(history.age), ..history }
}

fn main() -> Result<(), Error> {
    let n = std::env::args().nth(1).and_then(|a| a.parse().ok()).unwrap_or(1_000_000_usize);
    let mut source = Seeded::new(1);
    let truth = Params::new(Model::BgNbd, [0.243, 4.414, 0.793, 2.426])?;
    let spending = spend::Params::new(6.25, 3.74, 15.44)?;
    let mut histories = Vec::with_capacity(n);
    let mut spends = Vec::new();
    for _ in 0..n {
        let age = (27.0 * 7.0 + (51.0 * 7.0 * source.uniform()).floor()) / 7.0;
        let history = in_days(truth.simulate(age, &mut source)?);
        if history.repeats > 0 {
            let mean = spending.draw(&Spend::NONE, &mut source)?;
            let purchases = history.repeats;
            spends.push(Spend { purchases, mean: spending.draw_observed(mean, purchases, &mut source) });
        }
        histories.push(history);
    }
    let book = timed("merge equal histories", || Histories::new(&histories))?;
    println!("{} customers, {} distinct", book.customers(), book.distinct());
    for model in Model::ALL {
        let fitted = timed(&format!("fit {}", model.name()), || fit(model, &book, Options::default()))?;
        println!("  {:?} after {} evaluations", fitted.params.values(), fitted.evaluations);
        let horizon = Horizon { length: 365.25 / 7.0, discount: TimeUnit::Week.discount(0.1) };
        timed("  expectations and value, a year", || fitted.params.expectations(&histories, horizon))?;
        let forecasts =
            timed("  forecasts with intervals, a year", || fitted.forecast(&histories, horizon, Confidence::P95))?;
        println!("  {:.1} purchases expected", forecasts.iter().map(|f| f.purchases.value).sum::<f64>());
    }
    let fitted = timed("fit gamma-gamma", || spend::fit(&spends))?;
    println!("  {:?}", fitted.params);
    let subjects: Vec<Subject> =
        (0..n).map(|_| Subject::from_start(exponential(&mut source, 0.1), source.uniform() < 0.6)).collect();
    timed("Kaplan-Meier", || kaplan_meier::fit(&subjects, Confidence::P95))?;
    let rows = (n / 10).min(subjects.len());
    let covariates: Vec<f64> = (0..rows * 10).map(|_| normal(&mut source)).collect();
    let design =
        Design { subjects: &subjects[..rows], covariates: &covariates, columns: 10, strata: &[], clusters: &[] };
    timed("Cox on a tenth of them, ten covariates", || cox::fit(&design, Ties::Efron))?;
    Ok(())
}
