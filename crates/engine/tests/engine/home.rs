//! A home folder with a small company, and a clock that stands still.

use chrono::DateTime;
use domain::{Day, Instant};
use engine::{Clock, Engine, Settings, demo};
use tempfile::TempDir;

/// The day it is in these tests.
pub(crate) fn today() -> Day {
    Day::from_ymd_opt(2026, 6, 15).unwrap()
}

/// Noon of that day.
pub(crate) fn noon() -> Instant {
    DateTime::from_timestamp(today().and_hms_opt(12, 0, 0).unwrap().and_utc().timestamp(), 0).unwrap()
}

/// A home with a company of some accounts, not yet open.
pub(crate) async fn company(accounts: usize) -> (TempDir, Settings) {
    let home = tempfile::tempdir().unwrap();
    let settings = Settings::at(home.path());
    build(&settings, accounts).await;
    (home, settings)
}

/// Builds the company of [`company`] where the settings say.
pub(crate) async fn build(settings: &Settings, accounts: usize) {
    let plan = demo::Demo { seed: 7, accounts, events: 2_000, past_weeks: 0, today: today() };
    demo::build(settings, plan, noon(), &mut |_| {}).await.unwrap();
}

/// An engine on a home, at noon, that does only what it is told.
pub(crate) async fn open(settings: &Settings) -> (Engine, Clock) {
    open_live(&Settings { background: false, ..settings.clone() }).await
}

/// An engine on a home, at noon, with its workers.
pub(crate) async fn open_live(settings: &Settings) -> (Engine, Clock) {
    let clock = Clock::manual(noon());
    let engine = Engine::open(settings, clock.clone()).await.unwrap();
    (engine, clock)
}

/// Waits until something holds, at most ten seconds of real time.
pub(crate) async fn eventually(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    for _ in 0..500 {
        if holds().await {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("{what} did not happen within ten seconds");
}
