//! The worked cases: a book in, every figure out, by hand. Each row is one that tools in use get wrong.

use std::sync::Arc as Shared;

use super::*;

/// Eight customers over five months, in whole units a month (the golden ledger of our statistics notes).
const GOLDEN: [(&str, [i64; 5]); 8] = [
    ("A", [100, 100, 100, 100, 100]),
    ("B", [100, 150, 150, 150, 150]),
    ("C", [100, 60, 60, 60, 60]),
    ("D", [100, 0, 0, 0, 0]),
    ("E", [100, 0, 0, 80, 80]),
    ("F", [0, 50, 50, 50, 50]),
    ("G", [0, 40, 0, 0, 0]),
    ("H", [100, 200, 100, 100, 50]),
];

fn month(n: u32) -> Day {
    months_after(day("2026-01-01"), n)
}

/// A line of a fixed monthly amount in whole units.
fn line(id: i64, units: i64, from: Day, to: Day) -> Line {
    Line {
        subscription_id: id,
        continues_id: None,
        product: "".into(),
        plan: "".into(),
        unit: Unit::Amount,
        quantity: 1,
        currency: usd(),
        arr: Price::monthly(units * 100).arr().unwrap(),
        from,
        to,
    }
}

fn golden() -> Ledger {
    let accounts = GOLDEN.iter().enumerate().map(|(at, (_, months))| {
        let lines = months.iter().enumerate().filter(|(_, units)| **units > 0);
        let lines = lines.map(|(n, units)| line(at as i64, *units, month(n as u32), month(n as u32 + 1)));
        Shared::new(AccountLedger::of_lines(at as i64, lines.collect()))
    });
    accounts.collect()
}

fn eve(day: Day) -> Day {
    crate::time::days_before(day, 1)
}

fn units(arr: Arr) -> i64 {
    arr.exact_cents().unwrap() / 1_200
}

#[test]
fn the_golden_ledger_has_every_figure_of_its_table() {
    let (ledger, rates) = (golden(), Rates::default());
    let view = View { currency: usd(), rates: &rates, reactivation_days: None };
    // start new exp contr churn react end | NRR GRR logo churn quick ratio
    let table = [
        "600 90 150 40 200 0 600 | 85.00 % 60.00 % 33.33 % 1.00",
        "600 0 0 100 40 0 460 | 76.67 % 76.67 % 16.67 % 0.00",
        "460 0 0 0 0 80 540 | 100.00 % 100.00 % 0.00 % –",
        "540 0 0 50 0 0 490 | 90.74 % 90.74 % 0.00 % 0.00",
    ];
    for (n, expected) in (1..).zip(table) {
        let span = Span::month(month(n));
        let (bridge, retention) = (ledger.bridge(span, &view), ledger.retention(span, &view));
        let measured = Measured { retention: &retention, bridge: &bridge, months: &[] };
        let part = |kind: Kind| units(bridge.of(kind));
        let share = |key: &str| Percent(Definition::named(key).unwrap().evaluate(&measured).unwrap());
        let quick = Definition::named("quick_ratio").unwrap().evaluate(&measured);
        let row = format!(
            "{} {} {} {} {} {} {} | {} {} {} {}",
            units(bridge.opening),
            part(Kind::New),
            part(Kind::Expansion),
            -part(Kind::Contraction),
            -part(Kind::Churn),
            part(Kind::Reactivation),
            units(bridge.closing()),
            share("nrr"),
            share("grr"),
            share("logo_churn"),
            quick.map_or_else(|| "–".to_owned(), |ratio| format!("{:.2}", ratio.as_f64())),
        );
        assert_eq!(row, expected, "month {n}");
    }
}

#[test]
fn one_window_has_one_retention_and_many_that_are_called_so() {
    let (ledger, rates) = (golden(), Rates::default());
    let view = View { currency: usd(), rates: &rates, reactivation_days: None };
    let span = Span { after: eve(month(1)), through: eve(month(5)) };
    let (bridge, retention) = (ledger.bridge(span, &view), ledger.retention(span, &view));
    let months: Vec<Retention> = (1..5).map(|n| ledger.retention(Span::month(month(n)), &view)).collect();
    let measured = Measured { retention: &retention, bridge: &bridge, months: &months };
    let table = [
        ("nrr", "73.33 %"),
        ("grr", "65.00 %"),
        ("grr_path", "51.67 %"),
        ("logo_retention", "83.33 %"),
        ("logo_retention_unbroken", "66.67 %"),
        ("logo_churn", "16.67 %"),
        ("revenue_churn_gross", "35.00 %"),
        ("revenue_churn_net", "26.67 %"),
        // What others call retention.
        ("nrr_flows", "53.33 %"),
        ("nrr_flows_returned", "66.67 %"),
        ("nrr_compounded", "59.13 %"),
        ("nrr_everybody", "81.67 %"),
        ("grr_flows", "28.33 %"),
    ];
    for (key, expected) in table {
        let definition = Definition::named(key).unwrap();
        assert_eq!(Percent(definition.evaluate(&measured).unwrap()).to_string(), expected, "{key}");
    }
}

#[test]
fn a_difference_is_told_account_by_account() {
    let (ledger, rates) = (golden(), Rates::default());
    let view = View { currency: usd(), rates: &rates, reactivation_days: None };
    let span = Span { after: eve(month(1)), through: eve(month(5)) };
    let (bridge, retention) = (ledger.bridge(span, &view), ledger.retention(span, &view));
    let measured = Measured { retention: &retention, bridge: &bridge, months: &[] };
    let named = |key: &str| Definition::named(key).unwrap();
    let difference = named("nrr").differs_from(named("nrr_flows"), &measured).unwrap();
    // E came back with 80, which movements leave out; G came and went with 40, which they count as churn.
    let told: Vec<(&str, i64)> =
        difference.accounts.iter().map(|(id, arr)| (GOLDEN[*id as usize].0, units(*arr))).collect();
    assert_eq!(told, [("E", 80), ("G", 40)]);
    assert_eq!(difference.points.to_string(), "+20.00 points");
    assert_eq!(named("nrr").formula(), "(opening + gained − shrunk − lost) / opening");
    let written = named("nrr").arithmetic(&measured, |arr| units(arr).to_string());
    assert_eq!(written, "(600 + 50 − 110 − 100) / 600");
}

#[test]
fn nothing_over_nothing_is_undefined() {
    let (ledger, rates) = (golden(), Rates::default());
    let view = View { currency: usd(), rates: &rates, reactivation_days: None };
    let before = Span { after: day("2025-01-01"), through: day("2025-06-30") };
    let retention = ledger.retention(before, &view);
    assert_eq!((retention.net(), retention.gross()), (None, None));
    let bridge = ledger.bridge(before, &view);
    let measured = Measured { retention: &retention, bridge: &bridge, months: &[] };
    assert!(DEFINITIONS.iter().all(|definition| definition.evaluate(&measured).is_none()));
}

#[test]
fn a_return_is_new_after_the_window_that_was_set() {
    let (ledger, rates) = (golden(), Rates::default());
    let kinds = |reactivation_days| {
        let view = View { currency: usd(), rates: &rates, reactivation_days };
        let bridge = ledger.bridge(Span::month(month(3)), &view);
        (units(bridge.of(Kind::New)), units(bridge.of(Kind::Reactivation)))
    };
    assert_eq!(kinds(None), (0, 80));
    assert_eq!(kinds(Some(90)), (0, 80), "59 days away");
    assert_eq!(kinds(Some(30)), (80, 0));
}

#[test]
fn who_comes_and_goes_inside_a_month_is_both_new_and_lost() {
    let account = AccountLedger::of_lines(1, vec![line(1, 70, day("2026-03-05"), day("2026-03-20"))]);
    let ledger: Ledger = [Shared::new(account)].into_iter().collect();
    let rates = Rates::default();
    let view = View { currency: usd(), rates: &rates, reactivation_days: None };
    let march = ledger.bridge(Span::month(day("2026-03-01")), &view);
    assert_eq!((units(march.of(Kind::New)), units(march.of(Kind::Churn)), units(march.closing())), (70, -70, 0));
    assert_eq!((march.logos.new, march.logos.churned), (1, 1));
}

#[test]
fn cohorts_leave_blank_what_not_everybody_has_reached() {
    let (ledger, rates) = (golden(), Rates::default());
    let view = View { currency: usd(), rates: &rates, reactivation_days: None };
    let cohorts = ledger.cohorts(Grain::Month, day("2026-05-30"), &view);
    assert_eq!(cohorts.len(), 2);
    let first: Vec<String> = (0..6).filter_map(|age| cohorts[0].revenue(age)).map(|share| share.to_string()).collect();
    assert_eq!(first, ["100.00 %", "85.00 %", "68.33 %", "81.67 %"], "May has not ended");
    let logos: Vec<String> = (0..4).filter_map(|age| cohorts[1].logos(age)).map(|share| share.to_string()).collect();
    assert_eq!(
        (cohorts[1].accounts, logos),
        (2, vec!["100.00 %".to_owned(), "50.00 %".to_owned(), "50.00 %".to_owned()])
    );
    let (revenue, _) = total(&cohorts, 1);
    assert_eq!(revenue.unwrap().to_string(), "81.16 %", "(510 + 50) / (600 + 90): weighted by how they began");
}
