//! Order independence: the same facts in any order, with repeats and stragglers,
//! give the same bits (test 7 of the reliability contract). The mutant this
//! catches is a metric that sums floats in the order rows arrive.

use domain::Event;
use engine::{
    Engine, Settings,
    snapshot::{Ask, Basis},
};

use crate::home::{company, noon, open, today};

/// A small generator of permutations, so that the test needs no dependency: xorshift64.
struct Shuffle(u64);

impl Shuffle {
    fn next(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % below as u64) as usize
    }

    fn shuffle<T>(&mut self, items: &mut [T]) {
        for at in (1..items.len()).rev() {
            items.swap(at, self.next(at + 1));
        }
    }
}

/// What the snapshot says of every account, to the bit.
async fn bits(engine: &Engine) -> Vec<(i64, Vec<Option<u64>>)> {
    let basis = Basis::load(engine.store(), engine.lake(), Ask::default()).await.unwrap();
    let book = basis.book(engine.definitions(), today(), noon()).await.unwrap();
    let of = |row: &engine::Row| row.values.iter().map(|value| value.map(f64::to_bits)).collect();
    book.rows().iter().map(|row| (row.account.id, of(row))).collect()
}

fn events() -> Vec<Event> {
    let mut numbers = Shuffle(42);
    let names = ["report_viewed", "task_created", "export_run", "comment_added"];
    (0..4_000_u64)
        .map(|n| {
            let minutes_ago = numbers.next(100 * 24 * 60) as i64;
            let occurred_at = noon() - chrono::TimeDelta::minutes(minutes_ago);
            let mut id = [0; 16];
            id[..8].copy_from_slice(&n.to_be_bytes());
            Event {
                id,
                source_id: 1,
                account_id: Some(1 + numbers.next(6) as i64),
                user_id: Some(1 + numbers.next(30) as i64),
                name: names[numbers.next(names.len())].to_owned(),
                occurred_at,
                recorded_at: occurred_at + chrono::TimeDelta::minutes(numbers.next(40_000) as i64),
                quantity: 1,
                properties: None,
            }
        })
        .collect()
}

/// Hands events to the lake in batches as they come, each sealed on its own.
async fn arrive(engine: &Engine, events: &[Event]) {
    for batch in events.chunks(700) {
        let accept = engine::testing::accept(engine, batch).await;
        accept.unwrap();
        engine::seal::seal(engine).await.unwrap();
    }
}

async fn fresh() -> (tempfile::TempDir, Settings, Engine) {
    let (home, settings) = company(6).await;
    let (engine, _) = open(&settings).await;
    (home, settings, engine)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_orders_with_repeats_give_the_same_bits() {
    let mut events = events();
    let mut orders = Shuffle(9);
    let mut expected = None;
    for _ in 0..20 {
        let (_home, _settings, engine) = fresh().await;
        orders.shuffle(&mut events);
        let mut sent = events.clone();
        for _ in 0..300 {
            sent.push(events[orders.next(events.len())].clone());
        }
        arrive(&engine, &sent).await;
        let found = bits(&engine).await;
        assert_eq!(expected.get_or_insert_with(|| found.clone()), &found);
        engine.close().await.unwrap();
    }
}
