//! A small world of events that the tests share: made from numbers, so that a test
//! states its input in one line.

use std::sync::Arc;

use domain::{Day, Event, Instant};
use lake::{Attribution, Frame, Lake, Params, PartFile, SealedPart, Settings, View, tail};
use tempfile::TempDir;

/// An event of `account` at `at`, made unique by `number`.
pub(crate) fn event(number: u64, account: Option<i64>, at: &str) -> Event {
    let mut id = [0; 16];
    id[..8].copy_from_slice(&number.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes());
    id[8..].copy_from_slice(&number.to_be_bytes());
    Event {
        id,
        source_id: 1,
        account_id: account,
        user_id: Some(account.unwrap_or(900) * 10 + (number % 3) as i64),
        name: if number.is_multiple_of(2) { "login".to_owned() } else { "report_viewed".to_owned() },
        occurred_at: instant(at),
        recorded_at: instant("2026-11-22T00:00:00Z"),
        quantity: 1,
        properties: number.is_multiple_of(5).then(|| format!("{{\"n\":{number}}}")),
    }
}

pub(crate) fn instant(text: &str) -> Instant {
    text.parse().unwrap()
}

pub(crate) fn day(text: &str) -> Day {
    text.parse().unwrap()
}

/// Events of ten accounts over January, February and March 2026, three a day each.
pub(crate) fn quarter() -> Vec<Event> {
    let mut events = Vec::new();
    let start = instant("2026-01-01T06:00:00Z");
    for hour in 0..90 * 3 {
        for account in 1..=10 {
            let mut next = event(events.len() as u64, Some(account), "2026-01-01T00:00:00Z");
            next.occurred_at = start + chrono::Duration::hours(8 * hour) + chrono::Duration::seconds(account);
            events.push(next);
        }
    }
    events
}

/// A lake in a folder that goes with it.
pub(crate) fn lake() -> (TempDir, Lake) {
    let folder = TempDir::new().unwrap();
    let settings = Settings { partitions: 2, ..Settings::new(folder.path().to_str().unwrap()) };
    let lake = Lake::open(&settings).unwrap();
    (folder, lake)
}

pub(crate) fn blob(events: &[Event]) -> Arc<[u8]> {
    tail::encode(events).unwrap().into()
}

/// Numbers sealed parts as a catalogue would.
pub(crate) fn catalogue(parts: Vec<SealedPart>) -> Vec<PartFile> {
    parts.into_iter().zip(1..).map(|(part, id)| part.into_file(id)).collect()
}

pub(crate) fn nobody() -> Attribution {
    Attribution::default()
}

pub(crate) async fn ask(view: &View, sql: &str) -> Frame {
    view.query(sql, &Params::new()).await.unwrap()
}

/// The only value of a frame that has one row and one column of whole numbers.
pub(crate) fn number(frame: &Frame) -> i64 {
    assert_eq!((frame.len(), frame.columns().len()), (1, 1));
    let (name, _) = frame.columns().next().unwrap();
    frame.ints(name).unwrap().next().unwrap().unwrap()
}

/// Rows as compact text, one line each.
pub(crate) fn lines(frame: &Frame) -> Vec<String> {
    let mut out = Vec::new();
    frame.write_csv(&mut out).unwrap();
    String::from_utf8(out).unwrap().lines().skip(1).map(str::to_owned).collect()
}
