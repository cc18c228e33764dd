//! History that was never computed: the health of past days, filled in from the
//! facts as they stood. It runs in the background, newest first, and can be
//! left; what is missing is found by looking, so it resumes where it ended.

use domain::{
    Day,
    revenue::{month_of, months_before},
    time::days_before,
};
use store::{HealthDay, health_day};
use tokio::time;

use crate::{
    Engine, EngineError,
    refresh::{health_day as of_row, trend_days},
    snapshot::{Ask, Basis},
};

/// Months whose ends the executive page shows.
const MONTHS: u32 = 36;

/// Days that screens ask history for: the weeks of the trend and the ends of past months, newest first.
pub fn wanted(as_of: Day, oldest: Day) -> Vec<Day> {
    let weeks = trend_days(as_of).into_iter();
    let years = (0..160).map(|week| days_before(as_of, 7 * week));
    let months = (0..MONTHS).map(|months| days_before(month_of(months_before(as_of, months)).0, 1));
    let mut days: Vec<Day> = weeks.chain(years).chain(months).filter(|day| *day < as_of && *day >= oldest).collect();
    days.sort_unstable_by(|a, b| b.cmp(a));
    days.dedup();
    days
}

/// Computes the health of wanted days that have none, at most `most` of them. Returns how many were computed.
pub async fn fill(engine: &Engine, most: usize) -> Result<usize, EngineError> {
    let today = engine.today();
    let book = engine.book();
    let starts = book.rows().iter().filter_map(|row| row.account.customer_from);
    let Some(oldest) = starts.min() else { return Ok(0) };
    let known = health_day::days(engine.store().read()).await?;
    let missing: Vec<Day> =
        wanted(today, oldest).into_iter().filter(|day| known.binary_search(day).is_err()).take(most).collect();
    if missing.is_empty() {
        return Ok(0);
    }
    let basis = Basis::load(engine.store(), engine.lake(), Ask::default()).await?;
    for day in &missing {
        let begun = time::Instant::now();
        if engine.workers().stop.is_cancelled() {
            break;
        }
        let past = basis.book(engine.definitions(), *day, engine.now()).await?;
        let rows = past.rows().iter().filter(|row| row.active);
        let days: Vec<HealthDay> = rows.map(|row| of_row(&past, row)).collect();
        engine.store().write(async |tx| health_day::put(tx, days).await).await?;
        // Nobody waits for the past: half of the time is left to those who ask for the present.
        engine.workers().stop.run_until_cancelled(time::sleep(begun.elapsed())).await;
    }
    Ok(missing.len())
}
