//! What must hold for every book, exactly, and the rules that break it when they are broken.

use std::collections::BTreeMap;

use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};
use proptest::{prop_assert, prop_assert_eq};

use super::{
    book::{Sketch, books, ledger, nth},
    *,
};
use crate::revenue::{amount::PARTS, ledger::eve, mutant::Mutant};

/// Random books every run goes through.
const BOOKS: u32 = 10_000;

fn runner(cases: u32) -> TestRunner {
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 200, ..Config::default() };
    TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha))
}

fn hold(sketch: &Sketch) -> Result<(), TestCaseError> {
    let subscriptions = sketch.subscriptions();
    let (ledger, rates) = (ledger(&subscriptions), sketch.rates());
    let view = View { currency: usd(), rates: &rates, reactivation_days: None };
    let months = Span::months(nth(40), nth(700));
    let year = Span { after: months[0].after, through: months[months.len() - 1].through };
    let bridges = ledger.bridges(&months, &view);
    let movements = ledger.movements(year, &view);
    amounts_are_what_contracts_promise(&subscriptions, &ledger)?;
    months_reconcile(&ledger, &months, &bridges, &view)?;
    parts_add_up(&ledger, year, &movements, &view)?;
    retention_is_bounded(&ledger, year, &view)?;
    months.iter().step_by(5).try_for_each(|month| a_day_range_is_a_month(&ledger, *month, &view))?;
    newcomers_never_paid(&ledger, &movements, &view)?;
    transfers_are_what_moved(&subscriptions, &ledger, year)?;
    groups_add_up(&ledger, year, &view)?;
    slices_add_up(&ledger, year, &view)?;
    every_term_is_due_once(&ledger, year, &view)?;
    rounding_is_bounded(&ledger, nth(300), &view)
}

/// The amounts, from the subscriptions by another way: item by item on one day, over a common denominator.
fn amounts_are_what_contracts_promise(subscriptions: &[Subscription], ledger: &Ledger) -> Result<(), TestCaseError> {
    let empty = Rates::default();
    for on in [nth(0), nth(77), nth(260), nth(365), nth(611)] {
        for currency in ["USD", "EUR"].map(|code| code.parse::<Currency>().unwrap()) {
            let ours = subscriptions.iter().filter(|subscription| subscription.currency == currency);
            let expected: i128 = ours.map(|subscription| promised(subscription, on)).sum();
            let view = View { currency, rates: &empty, reactivation_days: None };
            // 28 · 7 · 4 · 12 is a multiple of every period the books use.
            prop_assert_eq!(ledger.arr(on, &view).0 * 9_408, expected * PARTS, "{} on {}", currency, on);
        }
    }
    Ok(())
}

/// What a subscription recurs with on a day, a year, in 9,408ths of a minor unit: its items, less what is taken off them
/// together.
fn promised(subscription: &Subscription, on: Day) -> i128 {
    let items: i128 = subscription.items.iter().map(|item| promised_by(subscription, item, on)).sum();
    (items - subscription.discounts.iter().map(|discount| amount_off(discount, on)).sum::<i128>()).max(0)
}

fn promised_by(subscription: &Subscription, item: &Item, on: Day) -> i128 {
    let renews = subscription.auto_renew && subscription.cancelled_on.is_none();
    let own_end = item.to.filter(|to| !(renews && subscription.to == Some(*to)));
    let over = own_end.is_some_and(|to| to <= on);
    let cancelled = subscription.cancelled_on.map(|notice| subscription.to.unwrap_or(notice + chrono::Days::new(30)));
    let gone = cancelled.is_some_and(|end| end.max(subscription.from) <= on);
    let paused = subscription.pauses.iter().any(|(from, to)| *from <= on && to.is_none_or(|to| on < to));
    if on < item.from || over || gone || paused || !matches!(item.charge, Charge::Recurring | Charge::CommittedUsage) {
        return 0;
    }
    let less = |cents: i128, discount: &Discount| match discount.off {
        Off::Share(bp) if discount.from <= on && discount.until.is_none_or(|until| on < until) => {
            (cents * i128::from(10_000 - bp) + 5_000) / 10_000
        }
        _ => cents,
    };
    let cents = item.discount.iter().chain(&subscription.discounts).fold(i128::from(item.price.cents), less);
    (yearly(cents, item.price.per) - item.discount.map_or(0, |discount| amount_off(&discount, on))).max(0)
}

fn amount_off(discount: &Discount, on: Day) -> i128 {
    match discount.off {
        Off::Amount(price) if discount.from <= on && discount.until.is_none_or(|until| on < until) => {
            yearly(price.cents.into(), price.per)
        }
        _ => 0,
    }
}

fn yearly(cents: i128, per: Per) -> i128 {
    cents
        * match per {
            Per::Months(months) => 9_408 * 12 / i128::from(months),
            Per::Days(days) => 9_408 / 4 * 1_461 / i128::from(days),
        }
}

/// closing = opening + new + reactivation + expansion + price − contraction − churn ± transfer ± fx, and so for accounts.
fn months_reconcile(
    ledger: &Ledger,
    months: &[Span],
    bridges: &[Bridge],
    view: &View<'_>,
) -> Result<(), TestCaseError> {
    for (month, bridge) in months.iter().zip(bridges) {
        prop_assert_eq!(bridge.opening, ledger.arr(month.after, view), "opening of {:?}", month);
        prop_assert_eq!(bridge.closing(), ledger.arr(month.through, view), "closing of {:?}", month);
        prop_assert_eq!(bridge.logos.opening, ledger.paying(month.after, view));
        prop_assert_eq!(bridge.logos.closing(), ledger.paying(month.through, view));
        for gain in [Kind::New, Kind::Reactivation] {
            prop_assert!(bridge.of(gain) >= Arr::ZERO, "{gain:?}");
        }
        for loss in [Kind::Contraction, Kind::Churn] {
            prop_assert!(bridge.of(loss) <= Arr::ZERO, "{loss:?}");
        }
        let organic = bridge.of(Kind::Expansion) + bridge.of(Kind::Contraction);
        prop_assert_eq!(bridge.by_cause.into_iter().sum::<Arr>(), organic);
        prop_assert_eq!(bridge.of(Kind::Transfer), Arr::ZERO, "what leaves one sibling reaches another");
    }
    Ok(())
}

/// Every partition of the movements adds up to the whole: by account, product, currency and group of accounts.
fn parts_add_up(ledger: &Ledger, year: Span, movements: &[Movement], view: &View<'_>) -> Result<(), TestCaseError> {
    let whole = ledger.bridge(year, view);
    let mut by_product: BTreeMap<(&str, Currency), Arr> = BTreeMap::new();
    for movement in movements {
        *by_product.entry((&movement.product, movement.currency)).or_default() += movement.amount;
    }
    prop_assert_eq!(whole.opening + by_product.into_values().sum(), whole.closing());
    let parts = [ledger.only(|id| id % 2 == 0), ledger.only(|id| id % 2 == 1)].map(|part| part.bridge(year, view));
    for (at, kind) in Kind::ALL.into_iter().enumerate() {
        prop_assert_eq!(parts[0].by_kind[at] + parts[1].by_kind[at], whole.by_kind[at], "{:?}", kind);
    }
    prop_assert_eq!(parts[0].opening + parts[1].opening, whole.opening);
    prop_assert_eq!(parts[0].logos.closing() + parts[1].logos.closing(), whole.logos.closing());
    Ok(())
}

/// 0 ≤ GRR ≤ 1, GRR ≤ NRR, equal exactly where nobody gained; undefined over nothing; the whole is the weighted mean.
fn retention_is_bounded(ledger: &Ledger, year: Span, view: &View<'_>) -> Result<(), TestCaseError> {
    let retention = ledger.retention(year, view);
    let capped: Arr = retention.accounts.iter().map(|account| account.closing.min(account.opening)).sum();
    prop_assert_eq!(retention.kept(), capped);
    prop_assert_eq!(retention.kept() + retention.shrunk + retention.lost, retention.opening);
    prop_assert!(retention.lowest <= retention.kept() && retention.logos_unbroken <= retention.logos_kept);
    let bridge = ledger.bridge(year, view);
    let measured = Measured { retention: &retention, bridge: &bridge, months: &[] };
    for definition in DEFINITIONS {
        let undefined = definition.evaluate(&measured).is_none();
        if retention.opening.is_zero() && definition.is_share() {
            prop_assert!(undefined, "{} over nothing", definition.key);
        }
    }
    let (Some(net), Some(gross)) = (retention.net(), retention.gross()) else {
        prop_assert!(retention.opening.is_zero());
        return Ok(());
    };
    let (zero, one) = (Ratio::new(0, 1).unwrap(), Ratio::new(1, 1).unwrap());
    prop_assert!(zero <= gross.0 && gross.0 <= one && gross <= net, "GRR {gross} and NRR {net}");
    prop_assert_eq!(gross == net, retention.gained.is_zero());
    let named = |key: &str| Definition::named(key).unwrap();
    prop_assert_eq!(named("nrr").evaluate(&measured), Some(net.0));
    prop_assert_eq!(named("grr").evaluate(&measured), Some(gross.0));
    let difference = named("nrr").differs_from(named("nrr_flows"), &measured).unwrap();
    let told: Arr = difference.accounts.iter().map(|(_, amount)| *amount).sum();
    let flows = retention.opening
        + bridge.of(Kind::Expansion)
        + bridge.of(Kind::Price)
        + bridge.of(Kind::Contraction)
        + bridge.of(Kind::Churn);
    if bridge.opening == retention.opening {
        prop_assert_eq!(told, retention.closing() - flows, "the difference is told to the cent");
    }
    Ok(())
}

/// Days put together are the month, so that any span chains with the next.
fn a_day_range_is_a_month(ledger: &Ledger, month: Span, view: &View<'_>) -> Result<(), TestCaseError> {
    let middle = month.after + chrono::Days::new(13);
    let halves = [Span { through: middle, ..month }, Span { after: middle, ..month }];
    let halves = ledger.bridges(&halves, view);
    let whole = ledger.bridge(month, view);
    prop_assert_eq!(halves[0].closing(), halves[1].opening);
    for (at, kind) in Kind::ALL.into_iter().enumerate() {
        prop_assert_eq!(halves[0].by_kind[at] + halves[1].by_kind[at], whole.by_kind[at], "{:?}", kind);
    }
    Ok(())
}

/// Who is new never paid; who returns did.
fn newcomers_never_paid(ledger: &Ledger, movements: &[Movement], view: &View<'_>) -> Result<(), TestCaseError> {
    for movement in movements {
        let account = ledger.accounts().iter().find(|account| account.account_id == movement.account_id).unwrap();
        let paid =
            account.lines.iter().any(|line| line.from < movement.day && view.value(line, line.from).is_positive());
        match movement.kind {
            Kind::New => prop_assert!(!paid, "{movement:?}"),
            Kind::Reactivation => prop_assert!(paid, "{movement:?}"),
            Kind::Churn => prop_assert!(account.arr(eve(movement.day), view).is_positive()),
            _ => {}
        }
    }
    Ok(())
}

/// What a sibling took over is a transfer, unconverted, whatever else happened on the day.
fn transfers_are_what_moved(subscriptions: &[Subscription], ledger: &Ledger, year: Span) -> Result<(), TestCaseError> {
    let empty = Rates::default();
    for taken in subscriptions.iter().filter(|subscription| subscription.continues_id.is_some_and(|id| id > 0)) {
        let of = |id: i64| {
            ledger.accounts().iter().flat_map(|account| &account.lines).filter(move |line| line.subscription_id == id)
        };
        let given: Vec<&Line> = of(taken.continues_id.unwrap_or_default()).collect();
        let handed: Arr = given.iter().filter(|line| year.contains(line.to)).map(|line| line.arr).sum();
        let view = View { currency: taken.currency, rates: &empty, reactivation_days: None };
        let movements = ledger.movements(year, &view);
        let moved = |movement: &&Movement| movement.kind == Kind::Transfer && movement.subscription_id == taken.id;
        let arrived: Arr = movements.iter().filter(moved).map(|movement| movement.amount).sum();
        // Where a product has one line on each side there is one way to pair them.
        let mut certain = Arr::ZERO;
        for line in of(taken.id).filter(|line| year.contains(line.from)) {
            let ended = |given: &&&Line| given.to == line.from && given.product == line.product;
            let mut ends = given.iter().filter(ended);
            let alone =
                of(taken.id).filter(|other| other.from == line.from && other.product == line.product).count() == 1;
            if let (true, Some(end), None) = (alone, ends.next(), ends.next()) {
                certain += end.arr.min(line.arr);
            }
        }
        prop_assert!(certain <= arrived && arrived <= handed, "{certain:?} ≤ {arrived:?} ≤ {handed:?}");
    }
    Ok(())
}

/// Groups at the opening add up to the whole in every figure; what changed hands sums to zero; and the retention of the
/// whole is the mean of theirs, weighted by what was paid at the opening, exactly.
fn groups_add_up(ledger: &Ledger, year: Span, view: &View<'_>) -> Result<(), TestCaseError> {
    let group = |by: i64| move |id: i64| (id % by > 0).then(|| (id % by).to_string());
    let parts = ledger.parts(year, view, group(2), group(3));
    let (whole, retention) = (ledger.bridge(year, view), ledger.retention(year, view));
    for (at, kind) in Kind::ALL.into_iter().enumerate() {
        prop_assert_eq!(parts.iter().map(|part| part.bridge.by_kind[at]).sum::<Arr>(), whole.by_kind[at], "{:?}", kind);
    }
    let sum = |of: fn(&Part) -> Arr| parts.iter().map(of).sum::<Arr>();
    prop_assert_eq!(sum(|part| part.bridge.opening), whole.opening);
    prop_assert_eq!(sum(|part| part.handed_on), sum(|part| part.taken_over));
    prop_assert_eq!(sum(|part| part.base), retention.opening);
    prop_assert_eq!(parts.iter().map(|part| part.accounts).sum::<usize>(), retention.logos);
    // A share of its base in lowest terms: the base is a multiple of its denominator.
    let kept = |base: Arr, share: Option<Percent>| {
        share.map_or(Arr::ZERO, |share| Arr(base.0 / share.0.denominator() * share.0.numerator()))
    };
    prop_assert_eq!(parts.iter().map(|part| kept(part.base, part.net)).sum::<Arr>(), retention.closing());
    prop_assert_eq!(parts.iter().map(|part| kept(part.base, part.gross)).sum::<Arr>(), retention.kept());
    for part in &parts {
        let there = ledger.only(|id| group(3)(id) == part.name);
        prop_assert_eq!(part.closing(), there.arr(year.through, view), "{:?} at the closing", part.name);
    }
    Ok(())
}

/// By product and by currency every amount is somewhere once, at the opening and at the closing.
fn slices_add_up(ledger: &Ledger, year: Span, view: &View<'_>) -> Result<(), TestCaseError> {
    let slices = ledger.bridges_by(year, view, |product, currency| (product.to_owned(), currency));
    let lines = || ledger.accounts().iter().flat_map(|account| &account.lines);
    for ((product, currency), bridge) in &slices {
        let ours = || lines().filter(|line| &*line.product == product && line.currency == *currency);
        let on = |day: Day| ours().filter(|line| line.is_on(day)).map(|line| view.value(line, day)).sum::<Arr>();
        prop_assert_eq!((bridge.opening, bridge.closing()), (on(year.after), on(year.through)), "{}", product);
    }
    let whole = ledger.bridge(year, view);
    prop_assert_eq!(slices.values().map(|bridge| bridge.opening).sum::<Arr>(), whole.opening);
    prop_assert_eq!(slices.values().map(Bridge::closing).sum::<Arr>(), whole.closing());
    Ok(())
}

/// A term is due in one span; what was due is renewed, shrunk, lost or unanswered, and the timings of what was renewed add up.
fn every_term_is_due_once(ledger: &Ledger, year: Span, view: &View<'_>) -> Result<(), TestCaseError> {
    let (as_of, middle) = (nth(700), nth(333));
    let due = |span: Span| ledger.renewals(span, as_of, Sensitivity::default(), view);
    let whole = due(year);
    let halves = [due(Span { through: middle, ..year }), due(Span { after: middle, ..year })].concat();
    prop_assert_eq!(&halves, &whole, "spans of renewals chain");
    let keys: std::collections::BTreeSet<(i64, Day)> = whole.iter().map(|it| (it.subscription_id, it.due)).collect();
    prop_assert_eq!(keys.len(), whole.len());
    let base = DueBase::of(&whole);
    prop_assert_eq!(base.early + base.on_time + base.late, base.gross);
    let gone = |outcome: Outcome| whole.iter().filter(|it| it.outcome == outcome).map(|it| it.arr).sum::<Arr>();
    let shrunk = whole.iter().filter(|it| it.outcome.is_renewed()).map(|it| (it.arr - it.renewed).max(Arr::ZERO));
    let left = base.gross + shrunk.sum() + gone(Outcome::Lost) + gone(Outcome::Overdue);
    prop_assert_eq!(left, base.due);
    prop_assert!(base.gross <= base.due && base.gross <= base.net);
    prop_assert!(whole.iter().all(|it| it.arr.is_positive() && it.notice_by <= it.due));
    Ok(())
}

/// Converting and adding differ by at most half a minor unit a line, and the line says by how much.
fn rounding_is_bounded(ledger: &Ledger, on: Day, view: &View<'_>) -> Result<(), TestCaseError> {
    let lines = ledger.accounts().iter().flat_map(|account| &account.lines);
    let n = lines.filter(|line| line.is_on(on) && line.currency != view.currency).count() as i128;
    prop_assert!(2 * ledger.rounding(on, view).0.abs() <= (n + 1) * PARTS);
    Ok(())
}

#[test]
fn every_invariant_holds_on_ten_thousand_books() {
    runner(BOOKS).run(&books(), |sketch| hold(&sketch)).unwrap();
}

#[test]
fn every_broken_rule_is_noticed() {
    let mutants = [
        Mutant::ContractionInNetOnly,
        Mutant::CapOnTotal,
        Mutant::ReactivationDropped,
        Mutant::SpotRate,
        Mutant::TransferAsChurn,
        Mutant::ListPrice,
        Mutant::PauseIgnored,
        Mutant::OneOffRecurs,
        Mutant::PriceDropped,
        Mutant::WholeTwelfth,
        Mutant::ReturnIsNew,
        Mutant::TornGroup,
        Mutant::NativeSlices,
    ];
    for mutant in mutants {
        BROKEN.set(Some(mutant));
        let noticed = runner(BOOKS).run(&books(), |sketch| hold(&sketch)).is_err();
        BROKEN.set(None);
        assert!(noticed, "{mutant:?} passes every invariant");
    }
}

#[test]
fn rates_of_a_year_and_a_month_go_both_ways() {
    assert!((annual_rate(0.05) - 0.459_639_91).abs() < 1e-8, "46 %, not 60 %");
    let named = |key: &str| Definition::named(key).unwrap();
    let churned = named("logo_churn").annualised(0.05).unwrap();
    let stayed = named("logo_retention").annualised(0.95).unwrap();
    assert!((churned + stayed - 1.0).abs() < 1e-12, "who leaves and who stays are everybody: {churned} and {stayed}");
    assert_eq!(named("nrr").annualised(0.0), Some(0.0), "a month that loses all leaves nothing of the year");
    assert_eq!(named("quick_ratio").annualised(2.0), None);
    for thousandths in 0..1_000 {
        let annual = f64::from(thousandths) / 1_000.0;
        let back = annual_rate(monthly_rate(annual));
        assert!((back - annual).abs() <= f64::EPSILON, "{annual} came back as {back}");
    }
}
