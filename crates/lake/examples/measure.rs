//! Measures the lake: how fast history is written, and how fast the questions of a
//! customer success platform are answered over it.
//!
//! ```text
//! cargo run --release -p pomona-lake --example measure -- write FOLDER EVENTS
//! cargo run --release -p pomona-lake --example measure -- read FOLDER [RUNS]
//! ```
//!
//! The events are made from their numbers, the same every time: 20 000 accounts of
//! very different size, twelve kinds of event, one year. Times are wall seconds and
//! processor seconds of this process.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::time::Instant;

use chrono::{DateTime, Utc};
use domain::Event;
use lake::{Attribution, Lake, Params, PartFile, Settings, View};

type Outcome = Result<(), Box<dyn std::error::Error>>;

const NAMES: [&str; 12] = [
    "login",
    "page_view",
    "page_view_report",
    "search",
    "export",
    "invite",
    "comment",
    "api_call",
    "integration_sync",
    "settings_change",
    "support_view",
    "billing_view",
];
const YEAR_START: i64 = 1_761_955_200; // 2025-11-01
const YEAR_SECONDS: u64 = 365 * 86_400;

const QUESTIONS: [(&str, &str); 8] = [
    ("28 days against the 28 before", "select account_id,
        count(*) filter (where occurred_at >= timestamp '2026-10-04 00:00:00') as events,
        count(*) filter (where occurred_at < timestamp '2026-10-04 00:00:00') as events_before,
        count(distinct user_id) filter (where occurred_at >= timestamp '2026-10-04 00:00:00') as users,
        count(distinct user_id) filter (where occurred_at < timestamp '2026-10-04 00:00:00') as users_before,
        max(occurred_at) as last_at
      from event where occurred_at >= timestamp '2026-09-06 00:00:00' and occurred_at < timestamp '2026-11-01 00:00:00'
      group by account_id order by account_id"),
    ("by kind, 56 days", "select account_id, name, count(*) as n, sum(quantity) as q from event
      where occurred_at >= timestamp '2026-09-06 00:00:00' and occurred_at < timestamp '2026-11-01 00:00:00'
      group by account_id, name order by account_id, name"),
    ("weekly slope, year", "with w as (select account_id, date_trunc('week', occurred_at) as wk, count(*) as n
        from event group by account_id, date_trunc('week', occurred_at))
      select account_id, count(*) as weeks, sum(n) as events,
        round(regr_slope(cast(n as double precision), cast(extract(epoch from wk) as double precision) / 604800.0) * 1e6) as slope
      from w group by account_id order by account_id"),
    ("last event, year", "select account_id, max(occurred_at) as last_at from event group by account_id order by account_id"),
    ("one account, year", "select date_trunc('day', occurred_at) as d, name, count(*) as n, count(distinct user_id) as users
      from event where account_id = 7777 group by date_trunc('day', occurred_at), name order by d, name"),
    ("counts and users, year", "select account_id, count(*) as n, count(distinct user_id) as users,
        count(*) filter (where name = 'login') as logins, count(*) filter (where name = 'export') as exports,
        max(occurred_at) as last_at from event group by account_id order by account_id"),
    (
        "snapshot, 84 days",
        "with relation as (select account_id, user_id, name, quantity, occurred_at,
           (1793491200000000 - cast(occurred_at as bigint)) / 86400000000 as age_days from event
           where occurred_at < timestamp '2026-11-01 00:00:00' and occurred_at >= timestamp '2026-08-09 00:00:00')
         select account_id, count(distinct user_id) filter (where age_days < 28) as m0,
           count(distinct user_id) filter (where age_days between 28 and 55) as m1,
           count(*) filter (where age_days < 28) as m2, count(*) filter (where age_days between 28 and 55) as m3,
           sum(11 - age_days / 7) filter (where age_days < 84) as m4, count(*) filter (where age_days < 84) as m5,
           count(distinct age_days) filter (where age_days < 28) as m6,
           count(distinct user_id * 64 + age_days) filter (where age_days < 28) as m7,
           count(distinct name) filter (where age_days < 28) as m8
         from relation where account_id is not null group by account_id",
    ),
    ("count", "select count(*) as n, max(occurred_at) as last_at from event"),
];

fn main() -> Outcome {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["write", folder, events] => write(folder, events.parse()?),
        ["read", folder] => read(folder, 5),
        ["read", folder, runs] => read(folder, runs.parse()?),
        _ => Err("say: write FOLDER EVENTS, or read FOLDER [RUNS]".into()),
    }
}

fn write(folder: &str, events: u64) -> Outcome {
    let lake = Lake::open(&Settings::new(folder))?;
    let (wall, processor) = (Instant::now(), processor_seconds());
    let mut writer = lake.bulk_writer();
    for chunk in (0..events).collect::<Vec<_>>().chunks(50_000) {
        writer.push(&chunk.iter().map(|number| event(*number)).collect::<Vec<_>>())?;
    }
    let parts = writer.finish()?;
    report("write", wall.elapsed().as_secs_f64(), processor_seconds() - processor, parts.len());
    let mut listing = String::new();
    for (part, id) in parts.into_iter().zip(1..) {
        let part = part.into_file(id);
        let (min, max) = part.account_id.unwrap_or_default();
        let (from, to) = part.occurred_at.ok_or("a part without times")?;
        let numbers = [
            part.record_count,
            part.file_size_bytes,
            part.footer_size,
            min,
            max,
            from.timestamp_micros(),
            to.timestamp_micros(),
        ];
        writeln!(listing, "{} {}", part.path, numbers.map(|number| number.to_string()).join(" "))?;
    }
    Ok(fs::write(Path::new(folder).join("parts.txt"), listing)?)
}

fn read(folder: &str, runs: usize) -> Outcome {
    let lake = Lake::open(&Settings::new(folder))?;
    let mut parts = Vec::new();
    for line in fs::read_to_string(Path::new(folder).join("parts.txt"))?.lines() {
        let (path, numbers) = line.split_once(' ').ok_or("a broken line in parts.txt")?;
        let numbers = numbers.split(' ').map(str::parse).collect::<Result<Vec<i64>, _>>()?;
        let mut part = PartFile::new(1, path, numbers[0], numbers[1], numbers[2]);
        part.account_id = Some((numbers[3], numbers[4]));
        part.occurred_at =
            DateTime::<Utc>::from_timestamp_micros(numbers[5]).zip(DateTime::from_timestamp_micros(numbers[6]));
        parts.push(part);
    }
    let view = lake.view(parts, &[], &Attribution::default())?;
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    for (name, sql) in QUESTIONS {
        runtime.block_on(ask(&view, name, sql, runs))?;
    }
    Ok(())
}

async fn ask(view: &View, name: &str, sql: &str, runs: usize) -> Outcome {
    let mut times = Vec::new();
    for _ in 0..runs {
        let (wall, processor) = (Instant::now(), processor_seconds());
        let rows = view.query(sql, &Params::new()).await?.len();
        times.push((wall.elapsed().as_secs_f64(), processor_seconds() - processor, rows));
    }
    times.sort_by(|a, b| a.1.total_cmp(&b.1));
    let (wall, processor, rows) = times[times.len() / 2];
    report(name, wall, processor, rows);
    Ok(())
}

#[expect(clippy::print_stdout, reason = "an example that prints its measurements")]
fn report(name: &str, wall: f64, processor: f64, rows: usize) {
    println!("{name:32} {wall:8.3} s wall {processor:8.3} s processor {rows:9} rows");
}

/// Processor time of this process so far, from Linux; zero elsewhere.
fn processor_seconds() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    let ticks: f64 = fields.skip(11).take(2).filter_map(|field| field.parse::<f64>().ok()).sum();
    ticks / 100.0
}

/// The event of a number. The exponents skew activity towards few accounts, users and kinds.
fn event(number: u64) -> Event {
    let mut state = number;
    let mut random = || {
        state = mix(state.wrapping_add(0x9e37_79b9_7f4a_7c15));
        (state >> 11) as f64 / (1_u64 << 53) as f64
    };
    let account = 1 + (20_000.0 * random().powf(2.2)) as i64;
    let users = 3.0 + 40_000.0 / (account as f64 + 40.0);
    let user = account * 10_000 + (users * random().powf(1.7)) as i64;
    let name = NAMES[(12.0 * random().powi(2)) as usize];
    let second = YEAR_START + (random() * YEAR_SECONDS as f64) as i64;
    let occurred_at = DateTime::from_timestamp(second, (number % 1_000_000) as u32 * 1000).unwrap_or_default();
    let mut id = [0; 16];
    id[..8].copy_from_slice(&mix(number).to_be_bytes());
    id[8..].copy_from_slice(&mix(!number).to_be_bytes());
    Event {
        id,
        source_id: 1,
        account_id: Some(account),
        user_id: Some(user),
        name: name.to_owned(),
        occurred_at,
        recorded_at: occurred_at + chrono::Duration::seconds(2),
        quantity: 1 + (10.0 * random().powi(2)) as i64,
        properties: None,
    }
}

/// `SplitMix64` (Steele, Lea and Flood, 2014).
fn mix(number: u64) -> u64 {
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}
