//! What is computed once for a book: it stays while nothing that it follows from changes, goes when something does, and is
//! never somebody else's.

use std::sync::Arc;

use domain::access::RowFilter;
use engine::{
    Book, Engine,
    expansion::{Prospect, prospects},
    refresh,
    revenue::{
        report::Report,
        source::{Question, of_book},
    },
};
use store::{Assignment, Entitlement, StoreError, SubscriptionItem, record};

use crate::home::{company, noon, open, today};

async fn reports(engine: &Engine, filter: &RowFilter) -> Arc<Vec<Report>> {
    of_book(engine, &engine.book(), filter, None, &Question::default()).await.unwrap()
}

fn closing(reports: &[Report]) -> i64 {
    reports[0].window.movements.closing_cents
}

async fn write(engine: &Engine, work: impl AsyncFnOnce(&store::Tx) -> Result<(), StoreError>) {
    let written: Result<(), StoreError> = engine.store().write(work).await;
    written.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_report_stays_until_a_contract_changes() {
    let (_home, settings) = company(20).await;
    let (engine, _) = open(&settings).await;
    let first = reports(&engine, &RowFilter::All).await;
    let items = record::load::<SubscriptionItem>(engine.store().read(), None, None).await.unwrap();
    let runs = |item: &&SubscriptionItem| item.effective_to.is_none() && item.amount_cents > 0;
    let item = items.iter().find(runs).unwrap();
    refresh::some(&engine, &[item.account_id]).await.unwrap();
    assert!(Arc::ptr_eq(&first, &reports(&engine, &RowFilter::All).await), "nothing of it has changed");
    write(&engine, async |tx| {
        record::edit::<SubscriptionItem>(tx, item.id, noon(), |item| item.effective_to = Some(today())).await?;
        Ok(())
    })
    .await;
    refresh::some(&engine, &[item.account_id]).await.unwrap();
    let lost = closing(&first) - closing(&reports(&engine, &RowFilter::All).await);
    assert_eq!(lost, item.amount_cents * 12 / i64::from(item.period_months));
    engine.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everybody_is_answered_from_their_own_accounts() {
    let (_home, settings) = company(90).await;
    let (engine, clock) = open(&settings).await;
    let whole = reports(&engine, &RowFilter::All).await;
    let book = engine.book();
    let members: Vec<i64> = book.choices(&RowFilter::All).owners.iter().map(|owner| owner.member_id).collect();
    let (one, other) = (RowFilter::Members(vec![members[0]]), RowFilter::Members(vec![members[1]]));
    let both = RowFilter::Members(vec![members[1], members[0]]);
    let shows_what_rows_say = |book: &Book| {
        for filter in [&RowFilter::All, &one, &other, &both, &RowFilter::Members(Vec::new())] {
            let shown: Vec<i64> = book.visible(filter).map(|row| row.account.id).collect();
            let say = book.rows().iter().filter(|row| row.visible(filter)).map(|row| row.account.id);
            assert_eq!(shown, say.collect::<Vec<_>>());
        }
    };
    shows_what_rows_say(&book);
    let of = |filter: &RowFilter| book.visible(filter).map(|row| book.arr_cents(row).unwrap()).sum::<i64>();
    for filter in [&one, &other] {
        let mine = closing(&reports(&engine, filter).await);
        assert_eq!(mine, of(filter));
        assert!(mine < closing(&whole), "some accounts are not theirs");
    }
    // An account is handed on: who had it no longer sees its revenue, though no contract has changed.
    let row = book.visible(&one).find(|row| row.team.len() == 1 && book.arr_cents(row).unwrap() > 0).unwrap();
    let (before, account) = (closing(&reports(&engine, &one).await), row.account.id);
    clock.advance(chrono::TimeDelta::hours(1));
    write(&engine, async |tx| {
        for each in record::load::<Assignment>(tx, None, Some(&[account])).await? {
            let now = clock.now();
            record::edit::<Assignment>(tx, each.id, now, |it| it.member_id = members[1]).await?;
        }
        Ok(())
    })
    .await;
    refresh::some(&engine, &[account]).await.unwrap();
    shows_what_rows_say(&engine.book());
    assert_eq!(before - closing(&reports(&engine, &one).await), book.arr_cents(row).unwrap());
    engine.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn prospects_of_a_refreshed_account_are_those_of_a_fresh_book() {
    let (_home, settings) = company(20).await;
    let (engine, _) = open(&settings).await;
    let before = prospects(&engine.book(), &RowFilter::All);
    let one = before.last().unwrap().account_id;
    let features = (0..40).map(|n| Entitlement {
        id: 0,
        account_id: one,
        feature: format!("never used {n}"),
        effective_from: today(),
        effective_to: None,
        recorded_at: noon(),
    });
    write(&engine, async |tx| record::insert_many(tx, features.collect()).await.map(drop)).await;
    refresh::some(&engine, &[one]).await.unwrap();
    let patched = prospects(&engine.book(), &RowFilter::All);
    let idle = |all: &[Arc<Prospect>]| {
        let it = all.iter().find(|it| it.account_id == one).unwrap();
        it.idle.iter().find(|idle| idle.kind == "feature").map(|idle| idle.has)
    };
    assert_eq!(idle(&patched), Some(idle(&before).unwrap_or_default() + 40.0));
    let kept = patched.iter().filter(|it| before.iter().any(|old| Arc::ptr_eq(old, it))).count();
    assert_eq!(kept, before.len() - 1, "the others were not computed again");
    refresh::all(&engine).await.unwrap();
    assert_eq!(patched, prospects(&engine.book(), &RowFilter::All));
    engine.close().await.unwrap();
}
