//! The traps of our statistics notes as one table: a book in, every figure out, worked by hand. Each row is a book on
//! which tools in use say something else. Amounts are whole dollars a month; the window is from the end of January to
//! the end of June 2026. Traps that are no revenue's (lifetime value, survival, discounting) are in `stats`.

use std::{fmt::Write as _, sync::Arc as Shared};

use super::*;

/// A trap: what it is, the subscriptions, one a line, and the figures.
struct Case(&'static str, &'static [&'static str], &'static str);

/// Every case. A subscription is `ACCOUNT FROM..TO QUANTITY@PRICE/PERIOD` and what is special about it.
const CASES: [Case; 12] = [
    Case(
        "one who was not there at the opening comes and goes: no retention is lost by it",
        &["A 2026-01-01.. 10@100/month", "B 2026-03-05..2026-05-20 1@400/month"],
        "1000 +400 new -400 churn = 1000; NRR 100.00 GRR 100.00 path 100.00; logos 1 of 1; churn 0.00 0.00; grew 0.00 quick 1.00; \
         as flows 60.00 with returns 60.00 compounded 71.43 everybody 100.00 capped in sum 60.00",
    ),
    Case(
        "one doubles while another halves: a cap on the total would hide the loss",
        &[
            "A 2026-01-01..2026-03-01 5@100/month",
            "A 2026-03-01.. 10@100/month",
            "B 2026-01-01..2026-04-01 10@50/month",
            "B 2026-04-01.. 5@50/month",
        ],
        "1000 +500 expansion -250 contraction = 1250; NRR 125.00 GRR 75.00 path 75.00; logos 2 of 2; churn 25.00 -25.00; grew 50.00 quick 2.00; \
         as flows 125.00 with returns 125.00 compounded 125.00 everybody 125.00 capped in sum 75.00",
    ),
    Case(
        "one leaves and comes back for less: the way down is not retained, and the return is no new customer",
        &["A 2026-01-01.. 1@600/month", "B 2026-01-01..2026-03-01 1@400/month", "B 2026-05-01.. 1@300/month"],
        "1000 +300 reactivation -400 churn = 900; NRR 90.00 GRR 90.00 path 60.00; logos 2 of 2; churn 10.00 10.00; grew 0.00 quick 0.75; \
         as flows 60.00 with returns 90.00 compounded 60.00 everybody 90.00 capped in sum 60.00",
    ),
    Case(
        "one comes and goes inside a month: snapshots by the month see neither",
        &["A 2026-01-01.. 1@500/month", "B 2026-04-03..2026-04-24 1@100/month"],
        "500 +100 new -100 churn = 500; NRR 100.00 GRR 100.00 path 100.00; logos 1 of 1; churn 0.00 0.00; grew 0.00 quick 1.00; \
         as flows 80.00 with returns 80.00 compounded 100.00 everybody 100.00 capped in sum 80.00",
    ),
    Case(
        "seats added in the middle of a month: the next invoice, 1,758 with what is owed for March, is no revenue of a month",
        &["A 2026-01-01..2026-03-16 10@100/month", "A 2026-03-16.. 15@100/month"],
        "1000 +500 expansion = 1500; NRR 150.00 GRR 100.00 path 100.00; logos 1 of 1; churn 0.00 -50.00; grew 50.00 quick –; \
         as flows 150.00 with returns 150.00 compounded 150.00 everybody 150.00 capped in sum 100.00",
    ),
    Case(
        "notice in March, term until the end of August: nothing has left yet",
        &["A 2026-01-01.. 1@700/month", "B 2025-09-01..2026-09-01 1@3600/year cancelled 2026-03-10"],
        "1000 = 1000; NRR 100.00 GRR 100.00 path 100.00; logos 2 of 2; churn 0.00 0.00; grew 0.00 quick –; \
         as flows 100.00 with returns 100.00 compounded 100.00 everybody 100.00 capped in sum 100.00",
    ),
    Case(
        "a discount ends: the same seats at another price are no expansion",
        &["A 2026-01-01.. 10@100/month -20%..2026-04-01"],
        "800 +200 price = 1000; NRR 125.00 GRR 100.00 path 100.00; logos 1 of 1; churn 0.00 -25.00; grew 0.00 quick –; \
         as flows 125.00 with returns 125.00 compounded 125.00 everybody 125.00 capped in sum 100.00",
    ),
    Case(
        "trials, one-off sales, usage and refunds do not recur; usage with a minimum does, to the minimum",
        &[
            "A 2026-01-01.. 1@400/month",
            "A 2026-03-01..2026-04-01 1@900/month trial",
            "A 2026-03-01..2026-04-01 1@5000/month one-off",
            "A 2026-04-01.. 1@70/month usage",
            "A 2026-04-01..2026-05-01 1@50/month refund",
            "B 2026-01-01.. 1@600/month committed",
        ],
        "1000 = 1000; NRR 100.00 GRR 100.00 path 100.00; logos 2 of 2; churn 0.00 0.00; grew 0.00 quick –; \
         as flows 100.00 with returns 100.00 compounded 100.00 everybody 100.00 capped in sum 100.00",
    ),
    Case(
        "a year has 52.18 weeks and 365.25 days: 161 a week are 700.06 a month, 23 a day are too",
        &["A 2026-01-01.. 1@161/week", "B 2026-03-01.. 1@23/day"],
        "700 +700 new = 1400; NRR 100.00 GRR 100.00 path 100.00; logos 1 of 1; churn 0.00 0.00; grew 0.00 quick –; \
         as flows 100.00 with returns 100.00 compounded 100.00 everybody 200.00 capped in sum 100.00",
    ),
    Case(
        "the dollar falls: what euros come to is no expansion, and retention is at the opening's rate",
        &["A 2026-01-01.. 1@500/month", "B 2026-01-01.. 1@500/month EUR"],
        "1000 +100 fx = 1100; NRR 100.00 GRR 100.00 path 100.00; logos 2 of 2; churn 0.00 0.00; grew 0.00 quick –; \
         as flows 100.00 with returns 100.00 compounded 100.00 everybody 110.00 capped in sum 100.00",
    ),
    Case(
        "a sibling takes a contract over: neither churn nor new, and the two count as one",
        &[
            "A 2026-01-01..2026-04-01 1@400/month cancelled 2026-03-01",
            "B 2026-01-01.. 1@600/month",
            "B 2026-04-01.. 1@400/month takes 1",
        ],
        "1000 = 1000; NRR 100.00 GRR 100.00 path 100.00; logos 1 of 1; churn 0.00 0.00; grew 0.00 quick –; \
         as flows 100.00 with returns 100.00 compounded 100.00 everybody 100.00 capped in sum 100.00",
    ),
    Case(
        "nobody paid at the opening: there is nothing to be retained, which is neither 0 nor 100 %",
        &["A 2026-03-01.. 1@400/month"],
        "0 +400 new = 400; NRR – GRR – path –; logos 0 of 0; churn – –; grew – quick –; \
         as flows – with returns – compounded – everybody – capped in sum –",
    ),
];

#[test]
fn every_trap_has_every_figure() {
    let mut wrong = String::new();
    for Case(trap, book, expected) in &CASES {
        let told = told(book);
        if told != *expected {
            let _ = writeln!(wrong, "{trap}\n  told     {told}\n  expected {expected}");
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// Every figure of a book, as it stands in the table.
fn told(book: &[&str]) -> String {
    let subscriptions: Vec<Subscription> = (1..).zip(book).map(|(id, line)| read(id, line)).collect();
    let of = |account: i64| subscriptions.iter().filter(|it| it.account_id == account).cloned().collect();
    let accounts = [1, 2].map(|account| Shared::new(AccountLedger::new(account, of(account))));
    let ledger: Ledger = accounts.into_iter().collect();
    // A euro costs 1.00 until March, and 1.20 since.
    let mut rates = Rates::default();
    for (from, rate) in [("2025-01-01", "1.00"), ("2026-03-01", "1.20")] {
        rates.insert("EUR".parse().unwrap(), day(from), rate.parse().unwrap());
    }
    let view = View { currency: usd(), rates: &rates, reactivation_days: None };
    let span = Span { after: day("2026-01-31"), through: day("2026-06-30") };
    let (bridge, retention) = (ledger.bridge(span, &view), ledger.retention(span, &view));
    let spans = Span::months(day("2026-02-01"), span.through);
    let months: Vec<Retention> = spans.iter().map(|month| ledger.retention(*month, &view)).collect();
    let measured = Measured { retention: &retention, bridge: &bridge, months: &months };
    let figure = |key: &str| Definition::named(key).unwrap().evaluate(&measured);
    let share = |key: &str| figure(key).map_or_else(|| "–".to_owned(), |it| format!("{:.2}", 100.0 * it.as_f64()));
    let ratio = |key: &str| figure(key).map_or_else(|| "–".to_owned(), |it| format!("{:.2}", it.as_f64()));
    let dollars = |arr: Arr| (arr.cents() as f64 / 1_200.0).round() as i64;
    let moved = Kind::ALL.map(|kind| (dollars(bridge.of(kind)), kind)).map(|(amount, kind)| match amount {
        0 => String::new(),
        _ => format!(" {amount:+} {}", kind.as_str()),
    });
    format!(
        "{}{} = {}; NRR {} GRR {} path {}; logos {} of {}; churn {} {}; grew {} quick {}; \
         as flows {} with returns {} compounded {} everybody {} capped in sum {}",
        dollars(bridge.opening),
        moved.concat(),
        dollars(bridge.closing()),
        share("nrr"),
        share("grr"),
        share("grr_path"),
        retention.logos_kept,
        retention.logos,
        share("revenue_churn_gross"),
        share("revenue_churn_net"),
        share("expansion_rate"),
        ratio("quick_ratio"),
        share("nrr_flows"),
        share("nrr_flows_returned"),
        share("nrr_compounded"),
        share("nrr_everybody"),
        share("grr_flows"),
    )
}

/// A subscription as it stands in the table.
fn read(id: i64, line: &str) -> Subscription {
    let mut words = line.split(' ');
    let mut next = || words.next().unwrap();
    let (account, days, terms) = (next(), next(), next());
    let (from, to) = days.split_once("..").unwrap();
    let (quantity, price) = terms.split_once('@').unwrap();
    let (amount, period) = price.split_once('/').unwrap();
    let (quantity, amount): (i64, i64) = (quantity.parse().unwrap(), amount.parse().unwrap());
    let per = match period {
        "day" => Per::Days(1),
        "week" => Per::Days(7),
        "month" => Per::Months(1),
        _ => Per::Months(12),
    };
    let item = Item {
        id,
        product: "Suite".into(),
        plan: "Pro".into(),
        unit: Unit::Seat,
        quantity,
        price: Price { cents: quantity * amount * 100, per },
        discount: None,
        charge: Charge::Recurring,
        from: day(from),
        to: Some(to).filter(|to| !to.is_empty()).map(day),
    };
    let mut subscription = Subscription {
        id,
        account_id: if account == "A" { 1 } else { 2 },
        continues_id: None,
        currency: usd(),
        from: item.from,
        to: item.to,
        term_months: 0,
        notice_days: 0,
        auto_renew: false,
        signed_on: item.from,
        cancelled_on: None,
        pauses: Vec::new(),
        discounts: Vec::new(),
        items: vec![item],
    };
    while let Some(word) = words.next() {
        let item = &mut subscription.items[0];
        match word {
            "cancelled" => subscription.cancelled_on = words.next().map(day),
            "takes" => subscription.continues_id = words.next().and_then(|id| id.parse().ok()),
            "EUR" => subscription.currency = "EUR".parse().unwrap(),
            "trial" => item.charge = Charge::Trial,
            "one-off" => item.charge = Charge::OneOff,
            "usage" => item.charge = Charge::Usage,
            "committed" => item.charge = Charge::CommittedUsage,
            "refund" => item.charge = Charge::Refund,
            discount => {
                let (percent, until) = discount[1..].split_once("%..").unwrap();
                let off = Off::Share(percent.parse::<u32>().unwrap() * 100);
                item.discount = Some(Discount { off, from: Day::MIN, until: Some(day(until)) });
            }
        }
    }
    subscription
}
