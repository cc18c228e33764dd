//! There is one revenue: the metric, the executive page and the report say the same, and a late fact restates it without
//! losing what was said before.

use domain::{
    Day,
    access::RowFilter,
    revenue::{Ledger, View, months_before},
    time::{days_before, end_of},
};
use engine::revenue::{
    NO_RATES, main_currency,
    report::Report,
    segments::Owners,
    source::{By, Question, of_home, of_ledger},
};
use store::{SubscriptionItem, record};

use crate::home::{company, noon, open, today};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_place_says_the_same_arr() {
    let (_home, settings) = company(20).await;
    let (engine, _) = open(&settings).await;
    let book = engine.book();
    let ledger: Ledger = book.rows().iter().map(|row| row.revenue.clone()).collect();
    let view = View { currency: main_currency(&ledger, today()), rates: &NO_RATES, reactivation_days: None };
    let mut sum = 0;
    for row in book.rows() {
        assert_eq!(book.arr_cents(row).unwrap(), row.revenue.arr(today(), &view).cents(), "{}", row.account.name);
        sum += book.arr_cents(row).unwrap();
    }
    assert!(sum > 0, "the company has revenue");
    let figures = engine::executive::executive(&book, &RowFilter::All);
    assert_eq!(figures.recurring.arr_cents, sum);
    let owners = Owners::load(engine.store(), None).await.unwrap();
    let by = By { conventions: &book.conventions, owners: Some(&owners) };
    let reports = of_ledger(&ledger, by, today(), &Question::default()).unwrap();
    let whole = of_home(engine.store(), None, today(), &Question::default()).await.unwrap();
    assert_eq!(reports, whole, "from the book and from the store");
    let months = &reports[0].months;
    assert_eq!(months.len(), 12);
    assert_eq!(months[11].movements.closing_cents, sum);
    for (before, month) in months.iter().zip(&months[1..]) {
        assert_eq!(month.movements.sum(), month.movements.closing_cents, "{}", month.span);
        assert_eq!(before.movements.closing_cents, month.movements.opening_cents);
    }
    assert_eq!(figures.recurring.retention.net.is_some(), reports[0].window.metrics["nrr"].value.is_some());
    engine.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_late_fact_restates_and_the_earlier_figure_is_still_there() {
    let (_home, settings) = company(12).await;
    let (engine, clock) = open(&settings).await;
    let running = |items: &[SubscriptionItem]| {
        let old =
            |item: &&SubscriptionItem| item.effective_to.is_none() && item.effective_from < days_before(today(), 200);
        items.iter().find(old).cloned().unwrap()
    };
    let items = record::load::<SubscriptionItem>(engine.store().read(), None, None).await.unwrap();
    let item = running(&items);
    clock.advance(chrono::TimeDelta::days(2));
    let learned = clock.now();
    let ended: Day = days_before(today(), 90);
    let edited: Result<_, store::StoreError> = engine
        .store()
        .write(async |tx| {
            record::edit::<SubscriptionItem>(tx, item.id, learned, |item| item.effective_to = Some(ended)).await
        })
        .await;
    edited.unwrap();
    let ask = async |known_on| -> Report {
        let question = Question { from: Some(months_before(today(), 5)), ..Question::default() };
        of_home(engine.store(), known_on, today(), &question).await.unwrap().remove(0)
    };
    let (then, now) = (ask(Some(noon())).await, ask(None).await);
    let closing = |report: &Report| report.window.movements.closing_cents;
    let arr = item.amount_cents * 12 / i64::from(item.period_months);
    assert_eq!(closing(&then) - closing(&now), arr, "restated by what had ended");
    assert_eq!(then, ask(Some(end_of(today()))).await, "as known before, for ever");
    assert_ne!(then.window.movements, now.window.movements);
    engine.close().await.unwrap();
}
