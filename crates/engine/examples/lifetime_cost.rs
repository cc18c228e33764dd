//! What lifetime value costs a book of so many accounts: reading the past month ends and learning every model once, the
//! refresh of the whole book without and with a model, and the sums of the page. Prints CPU seconds and peak memory, one
//! JSON object per size: `cargo run --release -p pomona-engine --example lifetime_cost -- 500 20000`.

use std::{fs, time::Instant};

use anyhow::Context;
use domain::access::RowFilter;
use engine::{Clock, Engine, Settings, demo, lifetime, refresh};

/// Sums of the page that are timed together: one is too quick for the clock.
const SUMS: u32 = 20;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let sizes: Result<Vec<usize>, _> = std::env::args().skip(1).map(|size| size.parse()).collect();
    let sizes = sizes.context("say how many accounts, such as 500 20000")?;
    for accounts in if sizes.is_empty() { vec![500] } else { sizes } {
        println!("{}", Box::pin(measured(accounts)).await?);
    }
    Ok(())
}

async fn measured(accounts: usize) -> anyhow::Result<String> {
    let home = tempfile::tempdir()?;
    let settings = Settings { background: false, ..Settings::at(home.path()) };
    let clock = Clock::System;
    // Few events: they cost the snapshot and not what is measured here.
    let plan = demo::Demo { seed: 7, accounts, events: 200, past_weeks: 0, today: clock.today() };
    demo::build(&settings, plan, clock.now(), &mut |_| {}).await?;
    let engine = Engine::open(&settings, clock).await?;
    let (without, _) = timed(Box::pin(refresh::all(&engine))).await;
    let (learned, wall) = timed(Box::pin(lifetime::bring_up_to_date(&engine))).await;
    let (with, _) = timed(Box::pin(refresh::all(&engine))).await;
    let book = engine.book();
    let (summed, _) = timed(async {
        (0..SUMS).for_each(|_| drop(lifetime::summary(&book, &RowFilter::All)));
        Ok::<(), engine::EngineError>(())
    })
    .await;
    let judged = lifetime::summary(&book, &RowFilter::All).judged;
    engine.close().await?;
    Ok(format!(
        "{{\"accounts\":{accounts},\"judged\":{judged},\"refresh_without_model_cpu_s\":{:.2},\"learn_everything_cpu_s\":{:.2},\"learn_everything_wall_s\":{wall:.1},\"refresh_with_model_cpu_s\":{:.2},\"page_sums_cpu_ms\":{:.1},\"peak_mib\":{}}}",
        without?,
        learned?,
        with?,
        summed? * 1e3 / f64::from(SUMS),
        peak_mib()
    ))
}

/// CPU and wall seconds of a piece of work.
async fn timed<E: Into<anyhow::Error>>(work: impl Future<Output = Result<(), E>>) -> (anyhow::Result<f64>, f64) {
    let (wall, cpu) = (Instant::now(), cpu_seconds());
    let done = work.await;
    (done.map(|()| cpu_seconds() - cpu).map_err(Into::into), wall.elapsed().as_secs_f64())
}

/// CPU this process used, in seconds, as Linux counts it; 0 elsewhere.
fn cpu_seconds() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    fields.skip(11).take(2).filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / 100.0
}

/// The most memory this process held, in MiB, as Linux counts it; 0 elsewhere.
fn peak_mib() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok()).unwrap_or(0) / 1024
}
