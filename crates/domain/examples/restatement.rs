//! What a full restatement of five years costs: ledgers of 100,000 accounts with a million items, built, bridged month by
//! month and retained year by year, in memory. It prints CPU seconds, peak memory and the sums, and can write the lines, so
//! that `e2e/restatement.py` asks DuckDB the same question and compares the answers to the cent.

use std::{
    fs::{self, File},
    io::{BufWriter, Write},
    sync::Arc,
    time::Instant,
};

use domain::{
    Day,
    revenue::{AccountLedger, Currency, Kind, Ledger, Line, Price, Rates, Span, Unit, View, months_after},
    time::days_after,
};
use rand::{Rng, SeedableRng, rngs::StdRng};

/// Items of an account.
const ITEMS: u32 = 10;

fn main() -> std::io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let accounts: i64 = arguments.first().and_then(|count| count.parse().ok()).unwrap_or(100_000);
    let start = Day::from_ymd_opt(2021, 1, 1).unwrap_or_default();
    let lines: Vec<Vec<Line>> = (0..accounts).map(|id| lines(id, start)).collect();
    if let Some(path) = arguments.get(1) {
        write(path, &lines)?;
    }
    let (clock, cpu) = (Instant::now(), cpu_seconds());
    let of = |(id, lines)| Arc::new(AccountLedger::of_lines(id as i64, lines));
    let ledger: Ledger = lines.into_iter().enumerate().map(of).collect();
    let rates = Rates::none();
    let view = View { currency: Currency::USD, rates: &rates, reactivation_days: None };
    let months = Span::months(start, days_after(months_after(start, 60), 0).pred_opt().unwrap_or(start));
    let bridges = ledger.bridges(&months, &view);
    let bridged = cpu_seconds() - cpu;
    let years = months.windows(13).map(|year| Span { after: year[0].through, through: year[12].through });
    let retained: i64 = years.map(|year| ledger.retention(year, &view).kept().cents()).fold(0, i64::wrapping_add);
    let sum = |kind: Kind| bridges.iter().map(|bridge| bridge.of(kind)).sum::<domain::revenue::Arr>().cents();
    let kinds: Vec<String> = Kind::ALL.iter().map(|kind| format!("\"{}\":{}", kind.as_str(), sum(*kind))).collect();
    let closing = bridges.last().map_or(0, |bridge| bridge.closing().cents());
    println!(
        "{{\"accounts\":{accounts},\"items\":{},\"months\":{},\"bridge_cpu_s\":{bridged:.2},\"cpu_s\":{:.2},\"wall_s\":{:.2},\"peak_mib\":{},\"closing_cents\":{closing},\"kept_cents\":{retained},{}}}",
        accounts * i64::from(ITEMS),
        months.len(),
        cpu_seconds() - cpu,
        clock.elapsed().as_secs_f64(),
        peak_mib(),
        kinds.join(",")
    );
    Ok(())
}

/// Ten items of an account: three products whose quantity changes on the way, some of them gone for a while.
fn lines(id: i64, start: Day) -> Vec<Line> {
    let mut random = StdRng::seed_from_u64(id as u64);
    let products: [Arc<str>; 3] = ["Suite", "Reports", "Support"].map(Arc::from);
    let mut lines = Vec::with_capacity(ITEMS as usize);
    for (at, product) in products.iter().enumerate() {
        let mut from = days_after(start, random.random_range(0..900));
        for item in 0..if at == 0 { 4 } else { 3 } {
            let last = item == if at == 0 { 3 } else { 2 };
            let to = days_after(from, random.random_range(60..500));
            let quantity = random.random_range(1..200);
            lines.push(Line {
                subscription_id: id,
                continues_id: None,
                product: Arc::clone(product),
                plan: Arc::clone(product),
                unit: Unit::Seat,
                quantity,
                currency: Currency::USD,
                arr: Price::yearly(quantity * random.random_range(900..1_100)).arr().unwrap_or_default(),
                from,
                to: if last && random.random_bool(0.6) { Day::MAX } else { to },
            });
            from = if random.random_bool(0.15) { days_after(to, random.random_range(10..200)) } else { to };
        }
    }
    lines
}

fn write(path: &str, accounts: &[Vec<Line>]) -> std::io::Result<()> {
    let mut out = BufWriter::new(File::create(path)?);
    writeln!(out, "account,product,quantity,arr_cents,begins,ends")?;
    for (id, lines) in accounts.iter().enumerate() {
        for line in lines {
            let ends = if line.to == Day::MAX { "9999-12-31".to_owned() } else { line.to.to_string() };
            writeln!(out, "{id},{},{},{},{},{ends}", line.product, line.quantity, line.arr.cents(), line.from)?;
        }
    }
    out.flush()
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
