//! Single subscriptions, feature by feature.

use std::sync::Arc as Shared;

use super::*;

fn item(product: &str, unit: Unit, quantity: i64, price: Price, from: &str, to: Option<&str>) -> Item {
    Item {
        id: 1,
        product: product.into(),
        plan: "standard".into(),
        unit,
        quantity,
        price,
        discount: None,
        charge: Charge::Recurring,
        from: day(from),
        to: to.map(day),
    }
}

fn subscription(items: Vec<Item>) -> Subscription {
    Subscription {
        id: 1,
        account_id: 1,
        continues_id: None,
        currency: usd(),
        from: day("2026-01-01"),
        to: Some(day("2027-01-01")),
        term_months: 12,
        notice_days: 90,
        auto_renew: true,
        signed_on: day("2025-12-10"),
        cancelled_on: None,
        pauses: Vec::new(),
        discounts: Vec::new(),
        items,
    }
}

fn book(subscriptions: impl AsRef<[Subscription]>) -> Ledger {
    let subscriptions = subscriptions.as_ref();
    let mut ids: Vec<i64> = subscriptions.iter().map(|subscription| subscription.account_id).collect();
    ids.dedup();
    let of = |id: i64| subscriptions.iter().filter(|subscription| subscription.account_id == id).cloned().collect();
    ids.into_iter().map(|id| Shared::new(AccountLedger::new(id, of(id)))).collect()
}

const NO_RATES: &Rates = &Rates::none();

fn view() -> View<'static> {
    View { currency: usd(), rates: NO_RATES, reactivation_days: None }
}

fn rows(ledger: &Ledger, from: &str, through: &str) -> Vec<String> {
    let span = Span { after: day(from), through: day(through) };
    let write = |row: Movement| {
        let cause = row.cause.map_or("", Cause::as_str);
        format!("{} {} {} {cause} {}", row.day, row.account_id, row.kind.as_str(), row.amount.cents())
    };
    ledger.movements(span, &view()).into_iter().map(write).collect()
}

#[test]
fn an_annual_amount_keeps_its_cents() {
    let ledger =
        book(vec![subscription(vec![item("Suite", Unit::Flat, 1, Price::yearly(9_000_050), "2026-01-01", None)])]);
    assert_eq!(ledger.arr(day("2026-06-01"), &view()).exact_cents(), Some(9_000_050), "90,000.50 stays 90,000.50");
}

#[test]
fn every_period_has_an_exact_year() {
    let yearly = |cents, per| Price { cents, per }.arr().unwrap();
    assert_eq!(yearly(100, Per::Months(3)).exact_cents(), Some(400));
    assert_eq!(yearly(400, Per::Days(1)).exact_cents(), Some(146_100), "365.25 days");
    assert_eq!(yearly(2_800, Per::Days(7)).exact_cents(), Some(146_100));
    let thirds = yearly(100, Per::Months(36));
    assert_eq!((thirds.exact_cents(), (thirds + thirds + thirds).exact_cents()), (None, Some(100)));
    assert_eq!(Price { cents: 1, per: Per::Months(37) }.arr(), None, "no exact year: said, not rounded");
    assert_eq!(Price { cents: i64::MAX, per: Per::Days(1) }.arr(), None);
}

#[test]
fn price_is_told_apart_from_quantity() {
    let seats = |quantity, cents, from, to| item("Suite", Unit::Seat, quantity, Price::yearly(cents), from, to);
    let ledger = book(vec![subscription(vec![
        seats(10, 100_000, "2026-01-01", Some("2026-03-01")),
        // Two seats more, and each dearer by 20.00: 10 × 20.00 is price, 2 × 120.00 is expansion.
        seats(12, 144_000, "2026-03-01", Some("2026-06-01")),
        // Four seats fewer at the same price.
        seats(8, 96_000, "2026-06-01", None),
    ])]);
    let expected =
        ["2026-03-01 1 expansion seat 24000", "2026-03-01 1 price  20000", "2026-06-01 1 contraction seat -48000"];
    assert_eq!(rows(&ledger, "2026-02-01", "2026-12-31"), expected);
}

#[test]
fn growth_has_four_kinds() {
    let flat = |product, unit, from| item(product, unit, 1, Price::yearly(1_000), from, None);
    let ledger = book(vec![subscription(vec![
        item("Suite", Unit::Seat, 1, Price::yearly(1_000), "2026-01-01", None),
        flat("Reports", Unit::Flat, "2026-02-01"),
        flat("Fraud", Unit::UseCase, "2026-03-01"),
        flat("Daughter", Unit::Organisation, "2026-04-01"),
        item("Suite", Unit::Seat, 1, Price::yearly(1_000), "2026-05-01", None),
    ])]);
    let causes: Vec<String> = rows(&ledger, "2026-01-01", "2026-12-31");
    let expected = [
        "02-01 1 expansion feature",
        "03-01 1 expansion use_case",
        "04-01 1 expansion organisation",
        "05-01 1 expansion seat",
    ];
    assert_eq!(causes, expected.map(|row| format!("2026-{row} 1000")));
}

#[test]
fn a_discount_that_ends_is_a_price_change() {
    let mut suite = item("Suite", Unit::Flat, 1, Price::yearly(100_001), "2026-01-01", None);
    suite.discount = Some(Discount { off: Off::Share(2_500), from: Day::MIN, until: Some(day("2026-07-01")) });
    let ledger = book(vec![subscription(vec![suite])]);
    assert_eq!(ledger.arr(day("2026-03-01"), &view()).exact_cents(), Some(75_001));
    assert_eq!(rows(&ledger, "2026-02-01", "2026-12-31"), ["2026-07-01 1 price  25000"]);
}

/// 10.00 off each month: of one item, of two that share it to the cent, and never more than there is.
#[test]
fn an_amount_off_the_whole_is_shared_and_never_more_than_the_price() {
    let on = |from: &str, until: Option<&str>, cents| Discount {
        off: Off::Amount(Price::monthly(cents)),
        from: day(from),
        until: until.map(day),
    };
    let suite = item("Suite", Unit::Flat, 1, Price::monthly(10_000), "2026-01-01", None);
    let extra = Item { id: 2, ..item("Extra", Unit::Flat, 1, Price::yearly(40_000), "2026-04-01", Some("2026-05-01")) };
    let mut sold = subscription(vec![suite, extra]);
    sold.discounts = vec![on("2026-02-01", Some("2026-07-01"), 1_000), on("2026-06-01", None, 1)];
    let ledger = book(vec![sold.clone()]);
    let arr = |ledger: &Ledger, text: &str| ledger.arr(day(text), &view()).exact_cents();
    assert_eq!(arr(&ledger, "2026-01-31"), Some(120_000));
    assert_eq!(arr(&ledger, "2026-02-01"), Some(108_000));
    assert_eq!(arr(&ledger, "2026-04-15"), Some(148_000), "once, not from each item");
    assert_eq!((arr(&ledger, "2026-06-01"), arr(&ledger, "2026-07-01")), (Some(107_988), Some(119_988)));
    let of = |product: &str| {
        let held = ledger.accounts()[0].lines.iter().filter(|line| line.is_on(day("2026-04-15")));
        held.filter(|line| &*line.product == product).map(|line| line.arr.cents()).sum::<i64>()
    };
    assert_eq!((of("Suite"), of("Extra")), (111_000, 37_000), "by what each comes to");
    sold.discounts = vec![on("2026-02-01", None, 20_000)];
    let ledger = book(vec![sold]);
    assert_eq!((arr(&ledger, "2026-01-31"), arr(&ledger, "2026-04-15")), (Some(120_000), Some(0)));
    assert_eq!(rows(&ledger, "2026-01-01", "2026-12-31"), ["2026-02-01 1 churn  -120000"]);
}

#[test]
fn a_pause_leaves_and_returns() {
    let mut paused = subscription(vec![item("Suite", Unit::Flat, 1, Price::yearly(5_000), "2026-01-01", None)]);
    paused.pauses = vec![(day("2026-04-01"), Some(day("2026-06-01")))];
    let ledger = book(vec![paused]);
    let expected = ["2026-04-01 1 churn  -5000", "2026-06-01 1 reactivation  5000"];
    assert_eq!(rows(&ledger, "2026-02-01", "2026-12-31"), expected);
}

#[test]
fn a_contract_renews_itself_until_it_is_cancelled() {
    let lines = vec![item("Suite", Unit::Flat, 1, Price::yearly(5_000), "2026-01-01", Some("2027-01-01"))];
    let renewing = subscription(lines);
    let terms = renewing.terms(day("2028-06-01"));
    let expected = [("2026-01-01", "2027-01-01"), ("2027-01-01", "2028-01-01"), ("2028-01-01", "2029-01-01")];
    assert_eq!(terms, expected.map(|(from, to)| (day(from), day(to))));
    let ledger = book(vec![renewing.clone()]);
    assert_eq!(ledger.arr(day("2027-05-01"), &view()).exact_cents(), Some(5_000));
    let ledger = book(vec![Subscription { cancelled_on: Some(day("2026-09-01")), ..renewing }]);
    assert_eq!(
        rows(&ledger, "2026-02-01", "2027-12-31"),
        ["2027-01-01 1 churn  -5000"],
        "at the end, not at the notice"
    );
}

#[test]
fn an_open_end_is_over_when_the_notice_is_served() {
    let lines = vec![item("Suite", Unit::Flat, 1, Price::monthly(100), "2026-01-01", None)];
    let open = Subscription { to: None, notice_days: 30, cancelled_on: Some(day("2026-05-02")), ..subscription(lines) };
    assert_eq!(rows(&book(vec![open]), "2026-02-01", "2026-12-31"), ["2026-06-01 1 churn  -1200"]);
}

#[test]
fn what_moves_to_a_sibling_is_neither_lost_nor_new() {
    let of = |from, to| vec![item("Suite", Unit::Flat, 1, Price::yearly(5_000), from, to)];
    let mother = Subscription { auto_renew: false, ..subscription(of("2026-01-01", Some("2026-05-01"))) };
    let mut daughter =
        Subscription { id: 2, account_id: 2, continues_id: Some(1), ..subscription(of("2026-05-01", None)) };
    daughter.items[0].price = Price::yearly(5_600);
    let ledger = book(vec![mother, daughter]);
    let expected =
        ["2026-05-01 1 transfer  -5000", "2026-05-01 2 transfer  5000", "2026-05-01 2 expansion feature 600"];
    assert_eq!(rows(&ledger, "2026-02-01", "2026-12-31"), expected);
    let span = Span { after: day("2026-02-01"), through: day("2026-12-31") };
    let retention = ledger.retention(span, &view());
    assert_eq!((retention.logos, retention.logos_unbroken), (1, 1));
    assert_eq!(retention.net().unwrap().to_string(), "112.00 %");
    let logos = ledger.bridge(span, &view()).logos;
    assert_eq!((logos.opening, logos.moved_in, logos.moved_out, logos.closing()), (1, 1, 1, 1));
    let mother_alone = ledger.only(|id| id == 1).bridge(span, &view());
    assert_eq!(mother_alone.of(Kind::Churn), Arr::ZERO, "also for whoever may not see the daughter");
}

#[test]
fn one_off_usage_trial_and_refund_do_not_recur() {
    let of = |charge| Item { charge, ..item("Extra", Unit::Flat, 1, Price::monthly(9_900), "2026-01-01", None) };
    let charges = [Charge::OneOff, Charge::Usage, Charge::Trial, Charge::Refund];
    let ledger = book(vec![subscription(charges.map(of).to_vec())]);
    assert_eq!(ledger.arr(day("2026-03-01"), &view()), Arr::ZERO);
    assert_eq!(of(Charge::Refund).once_cents(), Some(-9_900));
    let span = Span { after: day("2025-12-31"), through: day("2026-01-31") };
    let once = ledger.once(span, &view());
    assert_eq!((once.0.cents(), once.1.cents()), (19_800, -9_900), "the sale and the usage; the refund apart");
    assert_eq!(ledger.once(Span { after: day("2026-01-01"), ..span }, &view()), (Arr::ZERO, Arr::ZERO));
    let committed = book(vec![subscription(vec![of(Charge::CommittedUsage)])]);
    assert_eq!(committed.arr(day("2026-03-01"), &view()).exact_cents(), Some(118_800));
}

#[test]
fn exchange_rates_move_revenue_on_their_own_line() {
    let euro: Currency = "eur".parse().unwrap();
    let mut rates = Rates::default();
    rates.insert(euro, day("2026-01-01"), "1.10".parse().unwrap());
    rates.insert(euro, day("2026-03-10"), "1.20".parse().unwrap());
    let seats = |quantity, cents, from, to| item("Suite", Unit::Seat, quantity, Price::yearly(cents), from, to);
    let items = vec![seats(1, 100_000, "2026-01-01", Some("2026-03-15")), seats(2, 200_000, "2026-03-15", None)];
    let ledger = book(vec![Subscription { currency: euro, ..subscription(items) }]);
    let view = View { currency: usd(), rates: &rates, reactivation_days: None };
    let bridges = ledger.bridges(&Span::months(day("2026-03-01"), day("2026-04-30")), &view);
    let told = |bridge: &Bridge| {
        [bridge.opening, bridge.of(Kind::Expansion), bridge.of(Kind::Fx), bridge.closing()].map(Arr::cents)
    };
    assert_eq!(told(&bridges[0]), [110_000, 110_000, 0, 220_000], "March is at the rate of its first day");
    assert_eq!(told(&bridges[1]), [220_000, 0, 20_000, 240_000]);
    let quarter = Span { after: day("2026-01-31"), through: day("2026-04-30") };
    assert_eq!(ledger.retention(quarter, &view).net().unwrap().to_string(), "200.00 %", "at the rates of the opening");
    let missing = ledger.unrated(quarter, &super::subscription::view());
    assert_eq!(
        missing[0].to_string(),
        "no rate from EUR to USD on 2026-01-01 or before, so what 1 account pays (1 contract) is unknown: add one, or ask for EUR by itself"
    );
}

#[test]
fn what_is_wrong_is_said_and_not_counted() {
    let good = item("Suite", Unit::Seat, 5, Price::yearly(1_000), "2026-01-01", None);
    let items = vec![
        good.clone(),
        Item { id: 2, to: Some(day("2025-06-01")), ..good.clone() },
        Item { id: 3, quantity: -4, ..good.clone() },
        Item { id: 4, price: Price { cents: 100, per: Per::Months(41) }, product: "Odd".into(), ..good.clone() },
        Item { id: 5, price: Price::yearly(1_200), ..good },
    ];
    let ledger = book(vec![subscription(items)]);
    let account = &ledger.accounts()[0];
    let said: Vec<String> =
        account.faults.iter().map(|fault| format!("{} {}", fault.item_id.unwrap_or_default(), fault.wrong)).collect();
    assert_eq!(said.len(), 4, "{said:?}");
    assert!(said[0].starts_with("2 ends on 2025-06-01, before its start on 2026-01-01"), "{}", said[0]);
    assert!(said[1].starts_with("3 has a negative quantity"), "{}", said[1]);
    assert!(said[2].starts_with("4 has an amount or a period"), "{}", said[2]);
    assert!(said[3].starts_with("5 overlaps item 1 of the same product"), "{}", said[3]);
    assert_eq!(
        ledger.arr(day("2026-03-01"), &view()).exact_cents(),
        Some(2_200),
        "a contradiction is shown, not averaged"
    );
}

#[test]
fn a_part_of_a_period_costs_its_days_and_the_parts_add_up() {
    let month = (day("2026-02-01"), day("2026-03-01"));
    let parts = |cuts: &[&str]| -> i64 {
        let days: Vec<Day> = cuts.iter().map(|cut| day(cut)).collect();
        days.windows(2).map(|pair| Proration::Daily.part(10_001, month, (pair[0], pair[1]))).sum()
    };
    assert_eq!(parts(&["2026-02-01", "2026-02-04", "2026-02-11", "2026-02-12", "2026-03-01"]), 10_001);
    let week = (day("2026-02-01"), day("2026-02-08"));
    assert_eq!(Proration::Daily.part(2_800, month, week), 700);
    assert_eq!((Proration::Full.part(2_800, month, week), Proration::Free.part(2_800, month, week)), (2_800, 0));
}

#[test]
fn a_renewal_rate_has_the_due_as_its_base() {
    let year = |id: i64, account_id, cents, auto_renew, cancelled: Option<&str>| Subscription {
        id,
        account_id,
        auto_renew,
        cancelled_on: cancelled.map(day),
        ..subscription(vec![item("Suite", Unit::Flat, 1, Price::yearly(cents), "2026-01-01", None)])
    };
    let next = |id, continues, account_id, cents, signed: &str| Subscription {
        from: day("2027-01-01"),
        to: Some(day("2028-01-01")),
        continues_id: Some(continues),
        signed_on: day(signed),
        items: vec![item("Suite", Unit::Flat, 1, Price::yearly(cents), "2027-01-01", None)],
        ..year(id, account_id, 0, false, None)
    };
    let ended = |subscription: Subscription| {
        let items =
            subscription.items.iter().map(|item| Item { to: Some(day("2027-01-01")), ..item.clone() }).collect();
        Subscription { items, ..subscription }
    };
    let ledger = book(vec![
        ended(year(1, 1, 1_000, false, None)),
        next(11, 1, 1, 1_500, "2026-10-01"),
        ended(year(2, 2, 1_000, false, None)),
        next(12, 2, 2, 800, "2027-01-20"),
        year(3, 3, 1_000, true, None),
        year(4, 4, 1_000, true, Some("2026-08-01")),
        year(5, 5, 1_000, false, None),
    ]);
    let span = Span { after: day("2026-06-30"), through: day("2027-06-30") };
    let renewals = ledger.renewals(span, day("2027-02-15"), Sensitivity::default(), &view());
    let outcomes: Vec<(i64, Outcome)> = renewals.iter().map(|renewal| (renewal.account_id, renewal.outcome)).collect();
    let expected =
        [(1, Outcome::Early), (2, Outcome::Late), (3, Outcome::OnTime), (4, Outcome::Lost), (5, Outcome::Overdue)];
    assert_eq!(outcomes, expected);
    assert_eq!(renewals[0].notice_by, day("2026-10-03"));
    let base = DueBase::of(&renewals);
    let rates = [base.gross_rate(), base.net_rate(), base.on_time_rate(), base.early_rate(), base.late_rate()];
    let rates = rates.map(|rate| rate.unwrap().to_string());
    assert_eq!(rates, ["56.00 %", "66.00 %", "40.00 %", "20.00 %", "16.00 %"]);
    assert_eq!(DueBase::of(&[]).gross_rate(), None, "nothing due is no rate");
}

#[test]
fn a_target_lies_on_its_scale() {
    let target = |scale, value| Target { scale, period_months: 12, base: Base::Level, value };
    let warning = target(Scale::Nps, 4.2).check().unwrap().unwrap();
    assert_eq!(
        warning.to_string(),
        "4.2 would be an unusual net promoter score, and a usual rating from 1 to 5: is that what was meant?"
    );
    assert_eq!(target(Scale::Growth, 1.1).check().unwrap(), Some(Warning::Fraction { value: 1.1 }));
    assert_eq!(target(Scale::Growth, 118.0).check(), Ok(None));
    let refused = target(Scale::Share, 118.0).check().unwrap_err();
    assert_eq!(refused.to_string(), "118 is no percent of a whole: it lies between 0 and 100");
    let points = Target { scale: Scale::Growth, period_months: 12, base: Base::Change, value: 18.0 };
    assert_eq!(points.check(), Ok(None), "eighteen points more");
}

#[test]
fn two_sources_that_disagree_are_told_and_nothing_is_averaged() {
    let of = |cents: i64| vec![item("Suite", Unit::Flat, 1, Price::yearly(cents), "2026-01-01", None)];
    let (sold, billed) = (subscription(of(1_200_000)), Subscription { id: 2, ..subscription(of(1_000_000)) });
    let statement = |source_id: i64, subscription: &Subscription, counts: bool| Statement {
        source_id: Some(source_id),
        counts,
        said_at: crate::time::start_of(day("2026-02-01")),
        lines: AccountLedger::new(1, vec![subscription.clone()]).lines,
    };
    let on = day("2026-06-01");
    let both = AccountLedger::new(1, vec![sold.clone(), billed.clone()]);
    assert_eq!(both.contradiction(on, &view()), None, "one source may hold two contracts");
    let both = both.with_statements(vec![statement(7, &sold, true), statement(8, &billed, true)]);
    let found = both.contradiction(on, &view()).unwrap();
    let said: Vec<(Option<i64>, i64)> = found.said.iter().map(|said| (said.source_id, said.arr.cents())).collect();
    assert_eq!(said, [(Some(7), 1_200_000), (Some(8), 1_000_000)]);
    assert_eq!(found.counted.cents(), 2_200_000, "not averaged, and it says so");
    let chosen = AccountLedger::new(1, vec![billed.clone()]);
    let chosen = chosen.with_statements(vec![statement(7, &sold, false), statement(8, &billed, true)]);
    let found = chosen.contradiction(on, &view()).unwrap();
    assert_eq!((found.counted.cents(), found.said[0].source_id), (1_000_000, Some(8)), "what counts comes first");
    assert_eq!(chosen.contradiction(day("2025-06-01"), &view()), None, "neither says anything of that day");
    let agree = Subscription { id: 3, ..subscription(of(1_000_000)) };
    let agree = AccountLedger::new(1, vec![billed.clone()])
        .with_statements(vec![statement(7, &agree, false), statement(8, &billed, true)]);
    assert_eq!(agree.contradiction(on, &view()), None, "they say the same, and it counts once");
}

#[test]
fn rates_are_given_either_way_round_and_the_given_one_holds() {
    let code = |code: &str| code.parse::<Currency>().unwrap();
    let mut exchange = Exchange::default();
    exchange.insert(code("EUR"), usd(), day("2026-01-01"), "1.25".parse().unwrap());
    exchange.insert(usd(), code("GBP"), day("2026-01-01"), "0.8".parse().unwrap());
    exchange.insert(usd(), code("EUR"), day("2026-01-01"), "0.7".parse().unwrap());
    let into = |code_of: &str, of: &str| {
        let rates = exchange.rates_into(code(code_of));
        rates.on(code(of), day("2026-06-01")).map(|rate| rate.to_string())
    };
    assert_eq!(into("USD", "EUR").as_deref(), Some("1.25"), "as given, and not one over 0.7");
    assert_eq!(into("USD", "GBP").as_deref(), Some("1.25"), "one over 0.8");
    assert_eq!(into("GBP", "USD").as_deref(), Some("0.8"));
    assert_eq!(into("GBP", "EUR"), None, "no rate is made of two others");
    let rates = exchange.rates_into(usd());
    let view = View { currency: usd(), rates: &rates, reactivation_days: None };
    let pound = rates.on(code("GBP"), day("2026-06-01")).unwrap();
    assert_eq!(view.convert(Arr::from_cents(80), code("GBP"), pound).exact_cents(), Some(100), "exactly");
    for text in ["0", "-1", "1e3", "", "1.0000000001", "1234567890"] {
        assert!(text.parse::<Rate>().is_err(), "{text}");
    }
    for text in ["1.0843", "999999999.999999999", "0.000000001", "25000"] {
        assert_eq!(text.parse::<Rate>().unwrap().to_string(), text);
    }
}

#[test]
fn a_term_that_ends_before_it_starts_is_told_and_its_items_count() {
    let mut backwards = subscription(vec![item("Suite", Unit::Flat, 1, Price::yearly(5_000), "2026-01-01", None)]);
    backwards.to = Some(day("2025-01-01"));
    let ledger = book(vec![backwards]);
    let fault = &ledger.accounts()[0].faults[0];
    assert_eq!((fault.item_id, fault.subscription_id), (None, 1));
    assert!(fault.wrong.to_string().starts_with("has a term that ends on 2025-01-01, before its start"), "{fault:?}");
    assert_eq!(ledger.arr(day("2026-06-01"), &view()).exact_cents(), Some(5_000));
}
