use domain::Instant;
use store::subscription_item::Unit;

use super::*;

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

fn item(account_id: i64, mrr_cents: i64, from: &str, to: Option<&str>) -> SubscriptionItem {
    SubscriptionItem {
        id: 0,
        subscription_id: 1,
        account_id,
        product: "Suite".to_owned(),
        plan: "Team".to_owned(),
        unit: Unit::Flat,
        quantity: 1,
        mrr_cents,
        currency: "USD".to_owned(),
        effective_from: day(from),
        effective_to: to.map(day),
        recorded_at: Instant::UNIX_EPOCH,
    }
}

/// Account 1 grows, 2 shrinks, 3 leaves and returns, 4 is new in March.
fn book() -> Ledger {
    steps(&[
        item(1, 10_000, "2026-01-01", Some("2026-02-10")),
        item(1, 15_000, "2026-02-10", None),
        item(2, 8_000, "2026-01-01", Some("2026-02-20")),
        item(2, 5_000, "2026-02-20", None),
        item(3, 4_000, "2026-01-01", Some("2026-02-15")),
        item(3, 4_500, "2026-03-05", None),
        item(4, 7_000, "2026-03-01", None),
    ])
    .into_values()
    .collect()
}

#[test]
fn a_month_reconciles_to_the_cent() {
    let february = book().movements(day("2026-02-14"));
    let expected = Movements {
        opening: 22_000,
        new: 0,
        reactivation: 0,
        expansion: 5_000,
        contraction: -3_000,
        churn: -4_000,
        closing: 20_000,
    };
    assert_eq!(february, expected);
    let march = book().movements(day("2026-03-31"));
    assert_eq!((march.new, march.reactivation, march.closing), (7_000, 4_500, 31_500));
    assert_eq!(march.opening, february.closing);
}

#[test]
fn retention_counts_only_who_paid_at_the_opening() {
    let retention = book().retention(day("2026-01-31"), day("2026-03-31"));
    // 1: 100 -> 150, 2: 80 -> 50, 3: 40 -> 45; 4 is new and out of both.
    assert_eq!(retention, Retention { opening: 22_000, closing: 24_500, kept: 19_000 });
    assert_eq!(book().retention(day("2025-01-01"), day("2026-01-01")).net(), None, "nothing over nothing is undefined");
}

#[test]
fn cohorts_show_only_quarters_that_have_ended() {
    let cohorts = book().cohorts(day("2026-07-15"));
    assert_eq!(cohorts.len(), 1);
    assert_eq!((cohorts[0].accounts, cohorts[0].opening), (4, 31_500));
    assert_eq!(cohorts[0].quarters, [31_500]);
    assert!(book().cohorts(day("2026-02-01")).is_empty());
}

proptest::proptest! {
    #[test]
    fn movements_always_add_up(items in proptest::collection::vec((1_i64..6, 0_i64..50_000, 0_u32..400, 1_u32..300), 0..40)) {
        let start = day("2025-01-01");
        let later = |days: u32| domain::time::days_after(start, u64::from(days)).to_string();
        let items: Vec<_> = items
            .into_iter()
            .map(|(account, cents, from, length)| item(account, cents, &later(from), Some(&later(from + length))))
            .collect();
        let ledger: Ledger = steps(&items).into_values().collect();
        let mut closing = None;
        for month in 0..30 {
            let movements = ledger.movements(months_after(start, month));
            proptest::prop_assert_eq!(movements.reconciled(), movements.closing);
            proptest::prop_assert!(closing.is_none_or(|closing| closing == movements.opening));
            closing = Some(movements.closing);
            let retention = ledger.retention(start, months_after(start, month));
            if let (Some(net), Some(gross)) = (retention.net(), retention.gross()) {
                proptest::prop_assert!((0.0..=1.0).contains(&gross) && gross <= net);
            }
        }
    }
}
