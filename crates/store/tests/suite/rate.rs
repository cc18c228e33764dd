//! Measurements, not assertions: `cargo test --release -p pomona-store --test suite rate -- --ignored --nocapture`.

use std::time::Instant;

use store::{
    Account, Invoice, Touchpoint,
    inbox::{self, Accept, Limits, NewEvent},
    record,
};

use super::{
    company::{an_account, at, sending_source},
    database::{Database, on_both},
    inbox::request,
};

/// Requests of `size` events from `callers` at once, until `total` events are accepted.
async fn accept(store: &store::Store, size: u64, callers: u64, total: u64) {
    let source = sending_source(store).await.id;
    let encoder = Box::new(|events: &[domain::Event]| {
        Ok(events.iter().flat_map(|event| event.id.into_iter().chain(event.name.bytes())).collect())
    });
    let (inbox, writer) = inbox::open(store.clone(), encoder, Limits::default());
    let started = Instant::now();
    let ((), ()) = tokio::join!(
        async {
            let each = total / callers;
            let callers = (0..callers).map(|caller| {
                let inbox = inbox.clone();
                async move {
                    for batch in 0..each / size {
                        let first = caller * each + batch * size;
                        let events: Vec<NewEvent> = request(source, first..first + size)
                            .events
                            .into_iter()
                            .map(|event| NewEvent { key: scattered(event.key), ..event })
                            .collect();
                        let sent = Accept { events, ..request(source, []) };
                        assert_eq!(inbox.accept(sent).await.unwrap().accepted, size);
                    }
                }
            });
            futures::future::join_all(callers).await;
            drop(inbox);
        },
        writer.run()
    );
    let seconds = started.elapsed().as_secs_f64();
    eprintln!("{store:?} batches of {size}: {:.0} events/s", total as f64 / seconds);
}

/// A key as a hash would be.
fn scattered(key: [u8; 16]) -> [u8; 16] {
    let number = u128::from_be_bytes(key);
    number.wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835).to_be_bytes()
}

#[test]
#[ignore = "a measurement"]
fn rate_of_small_requests() {
    on_both(|store| async move { accept(&store, 20, 64, 200_000).await });
}

#[test]
#[ignore = "a measurement"]
fn rate_of_large_requests() {
    on_both(|store| async move { accept(&store, 500, 16, 800_000).await });
}

#[test]
#[ignore = "a measurement"]
fn rate_of_records() {
    on_both(|store| async move {
        let accounts: Vec<Account> = (1..=20_000).map(|id| Account { id, ..an_account(&format!("a{id}")) }).collect();
        let invoices: Vec<Invoice> = (1..=100_000).map(|n| super::record::an_invoice(1 + n % 20_000)).collect();
        let touchpoints: Vec<Touchpoint> = (1..=80_000).map(|n| super::record::a_touchpoint(1 + n % 20_000)).collect();
        let started = Instant::now();
        store
            .write(async |tx| {
                record::insert_many(tx, accounts).await?;
                record::insert_many(tx, invoices).await?;
                record::insert_many(tx, touchpoints).await
            })
            .await
            .unwrap();
        let loaded = Instant::now();
        let facts = store.facts(None, None).await.unwrap();
        let read = loaded.elapsed();
        assert_eq!(facts.len(), 200_000);
        let known = Instant::now();
        store.facts(Some(at(0)), None).await.unwrap();
        eprintln!("{store:?} 200,000 records: {:?} in, {read:?} out, {:?} as known", loaded - started, known.elapsed());
    });
}

#[test]
#[ignore = "a measurement"]
fn time_to_open() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let database = Database::sqlite();
    let started = Instant::now();
    runtime.block_on(database.open());
    eprintln!("an empty store opens in {:?}", started.elapsed());
}
