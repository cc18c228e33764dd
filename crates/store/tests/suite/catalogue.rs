//! Sealing and merging: each event is in the tail or in exactly one listed part, whatever fails between.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use store::{
    Store, StoreError,
    catalogue::{self, ColumnStat, NewPart},
    inbox::Limits,
};

use super::{
    company::{at, sending_source},
    database::on_both,
    inbox::{request, with_inbox},
};

fn part(name: &str, record_count: i64) -> NewPart {
    NewPart {
        path: format!("month=2026-03/{name}.parquet"),
        record_count,
        file_size_bytes: 1000 + record_count,
        footer_size: 400,
        column_stats: vec![
            ColumnStat { column_id: 3, value_count: 0, null_count: record_count, min: None, max: None },
            ColumnStat {
                column_id: 8,
                value_count: record_count,
                null_count: 0,
                min: Some("1".to_owned()),
                max: Some("10".to_owned()),
            },
        ],
        month: "2026-03".to_owned(),
    }
}

async fn with_tail(store: &Store, requests: u64) -> Vec<i64> {
    store.write(async |tx| catalogue::found(tx, "/data/lake", at(0)).await).await.unwrap();
    let source = sending_source(store).await;
    with_inbox(store, Limits::default(), async |inbox| {
        for n in 0..requests {
            inbox.accept(request(source.id, [n * 2, n * 2 + 1])).await.unwrap();
        }
    })
    .await;
    store.read_lake().await.unwrap().tail.iter().map(|blob| blob.seq).collect()
}

pub(crate) async fn seal(store: &Store, seqs: &[i64], parts: &[NewPart]) -> Result<(), StoreError> {
    store.write(async |tx| catalogue::seal(tx, seqs, parts, at(60)).await).await
}

#[test]
fn sealing_moves_events_from_the_tail_to_a_part() {
    on_both(|store| async move {
        let seqs = with_tail(&store, 3).await;
        let before = store.read_lake().await.unwrap();
        assert_eq!((before.snapshot_id, before.parts.len(), before.tail.len()), (1, 0, 3));
        seal(&store, &seqs[..2], &[part("a", 4)]).await.unwrap();
        let after = store.read_lake().await.unwrap();
        assert_eq!((after.snapshot_id, after.parts.len(), after.tail.len()), (2, 1, 1));
        assert_eq!(after.tail[0].seq, seqs[2]);
        assert_eq!(after.parts[0].month(), "2026-03");
        assert_eq!(after.parts[0].column_stats, part("a", 4).column_stats);
    });
}

#[test]
fn a_part_of_rows_that_are_gone_is_not_listed() {
    on_both(|store| async move {
        let seqs = with_tail(&store, 2).await;
        seal(&store, &seqs[..1], &[part("a", 2)]).await.unwrap();
        // A second sealer read both rows before the first committed; its file is an orphan.
        let late = seal(&store, &seqs, &[part("b", 4)]).await;
        assert!(matches!(late, Err(StoreError::Lost { expected: 2, found: 1, .. })), "{late:?}");
        let lake = store.read_lake().await.unwrap();
        let paths: Vec<_> = lake.parts.iter().map(|part| part.path.as_str()).collect();
        assert_eq!((paths, lake.tail.len()), (vec!["month=2026-03/a.parquet"], 1));
        // A crash between file and commit is the same: nothing was committed, the next sealer takes the rows.
        seal(&store, &seqs[1..], &[part("c", 2)]).await.unwrap();
        let lake = store.read_lake().await.unwrap();
        let events: i64 = lake.parts.iter().map(|part| part.record_count).sum();
        assert_eq!((events, lake.tail.len()), (4, 0));
    });
}

#[test]
fn merged_parts_replace_the_old_which_are_deleted_later() {
    on_both(|store| async move {
        let seqs = with_tail(&store, 2).await;
        seal(&store, &seqs[..1], &[part("a", 2)]).await.unwrap();
        seal(&store, &seqs[1..], &[part("b", 2)]).await.unwrap();
        let old: Vec<i64> = store.read_lake().await.unwrap().parts.iter().map(|part| part.id).collect();
        let merge = async |new: NewPart| {
            store.write(async |tx| catalogue::replace_parts(tx, &old, &[new], at(100)).await).await
        };
        merge(part("ab", 4)).await.unwrap();
        let again = merge(part("late", 4)).await;
        assert!(matches!(again, Err(StoreError::Lost { .. })), "{again:?}");
        let lake = store.read_lake().await.unwrap();
        assert_eq!((lake.parts.len(), lake.parts[0].path.as_str()), (1, "month=2026-03/ab.parquet"));
        let due = async |second| catalogue::scheduled_for_deletion(store.read(), at(second)).await.unwrap();
        assert!(due(100).await.is_empty());
        let due = due(101).await;
        let expected = [(old[0], "month=2026-03/a.parquet"), (old[1], "month=2026-03/b.parquet")];
        assert_eq!(due, expected.map(|(id, path)| (id, path.to_owned())));
        store.write(async |tx| catalogue::forget(tx, &old).await).await.unwrap();
        assert!(catalogue::scheduled_for_deletion(store.read(), at(500)).await.unwrap().is_empty());
        assert_eq!(store.read_lake().await.unwrap(), lake);
    });
}

#[test]
fn a_catalogue_is_founded_once_and_may_move() {
    on_both(|store| async move {
        with_tail(&store, 1).await;
        store.write(async |tx| catalogue::found(tx, "/elsewhere/", at(9)).await).await.unwrap();
        assert_eq!(store.read_lake().await.unwrap().snapshot_id, 1);
    });
}

#[test]
fn a_reader_counts_each_event_once_while_it_is_sealed() {
    on_both(|store| async move {
        with_tail(&store, 0).await;
        let source = store::source::by_key(store.read(), "web").await.unwrap().unwrap().id;
        let acknowledged = AtomicI64::new(0);
        let sending = AtomicBool::new(true);
        let send = async {
            with_inbox(&store, Limits::default(), async |inbox| {
                for n in 0..60 {
                    inbox.accept(request(source, [n * 2, n * 2 + 1])).await.unwrap();
                    acknowledged.fetch_add(2, Ordering::SeqCst);
                }
            })
            .await;
            sending.store(false, Ordering::SeqCst);
        };
        let seal_all = async {
            for n in 0.. {
                let tail = catalogue::tail(store.read()).await.unwrap();
                let seqs: Vec<i64> = tail.iter().map(|blob| blob.seq).collect();
                let events = tail.iter().map(|blob| blob.events).sum();
                if !seqs.is_empty() {
                    seal(&store, &seqs, &[part(&n.to_string(), events)]).await.unwrap();
                } else if !sending.load(Ordering::SeqCst) {
                    break;
                }
                tokio::task::yield_now().await;
            }
        };
        let watch = async {
            while sending.load(Ordering::SeqCst) {
                let at_least = acknowledged.load(Ordering::SeqCst);
                let seen = count(&store).await;
                // One request may be committed but not yet acknowledged.
                let at_most = acknowledged.load(Ordering::SeqCst) + 2;
                assert!((at_least..=at_most).contains(&seen), "{seen} is not within {at_least}..={at_most}");
            }
        };
        tokio::join!(send, seal_all, watch);
        assert_eq!(count(&store).await, 120);
    });
}

async fn count(store: &Store) -> i64 {
    let lake = store.read_lake().await.unwrap();
    let sealed: i64 = lake.parts.iter().map(|part| part.record_count).sum();
    sealed + lake.tail.iter().map(|blob| blob.events).sum::<i64>()
}
