//! Sealing, compacting and sweeping: what is written is what was accepted, once, in
//! order, and described truly.

use std::{collections::HashSet, sync::Arc};

use chrono::Duration;
use domain::{Event, Instant, belonging::Belonging};
use lake::{Attribution, LakeError, PartFile, ducklake, tail};
use proptest::prelude::*;

use crate::world::{ask, blob, catalogue, day, event, instant, lake, lines, nobody, number, quarter};

#[test]
fn a_blob_gives_back_the_events_it_was_made_of() {
    let events: Vec<Event> = quarter().into_iter().chain([event(1, None, "2026-02-01T00:00:00.000001Z")]).collect();
    assert_eq!(tail::decode(&tail::encode(&events).unwrap()).unwrap(), events);
    assert_eq!(tail::decode(&tail::encode(&[]).unwrap()).unwrap(), vec![]);
    for broken in [&b""[..], b"PAR1", &tail::encode(&events).unwrap()[..200]] {
        assert!(matches!(tail::decode(broken), Err(LakeError::Corrupt { .. })));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_damaged_blob_is_never_read(at in any::<prop::sample::Index>(), bits in 1_u8..) {
        let mut blob = tail::encode(&quarter()[..40]).unwrap();
        let at = at.index(blob.len());
        blob[at] ^= bits;
        let is_corrupt = matches!(tail::decode(&blob), Err(LakeError::Corrupt { .. }));
        prop_assert!(is_corrupt);
    }
}

#[tokio::test]
async fn sealed_events_are_sorted_split_by_month_and_written_once() {
    let (_folder, lake) = lake();
    let events = quarter();
    let (first, second) = events.split_at(1500);
    let again = &events[1000..1600];
    let parts = lake.seal([blob(first), blob(second), blob(again)], &nobody()).unwrap();
    let months: Vec<_> = parts.iter().map(|part| (part.month, part.record_count)).collect();
    assert_eq!(months, [(day("2026-01-01"), 930), (day("2026-02-01"), 840), (day("2026-03-01"), 930)]);
    for part in &parts {
        let prefix = part.month.format("month=%Y-%m/").to_string();
        assert!(part.path.starts_with(&prefix), "{}", part.path);
        let size = std::fs::metadata(lake.root().join("main/event").join(&part.path)).unwrap().len();
        assert_eq!(part.file_size_bytes, size as i64);
    }
    let view = lake.view(catalogue(parts), &[], &nobody()).unwrap();
    assert_eq!(lines(&ask(&view, "select count(*), count(distinct event_id) from event").await), ["2700,2700"]);
}

#[test]
fn a_part_tells_the_catalogue_what_duckdb_needs() {
    let (_folder, lake) = lake();
    let parts = lake.seal([blob(&quarter()[..30])], &nobody()).unwrap();
    let told: Vec<_> = parts[0]
        .columns
        .iter()
        .zip(ducklake::columns())
        .map(|(stats, column)| {
            assert_eq!(stats.column_id, column.id);
            assert!(stats.column_size_bytes > 0);
            let bound = |value: &Option<String>| value.clone().unwrap_or_else(|| "-".to_owned());
            let (min, max) = (bound(&stats.min_value), bound(&stats.max_value));
            format!("{} {}/{} {min}..{max}", column.name, stats.null_count, stats.value_count)
        })
        .collect();
    assert_eq!(
        told,
        [
            "event_id 0/30 -..-",
            "source_id 0/30 1..1",
            "account_id 0/30 1..10",
            "user_id 0/30 10..102",
            "name 0/30 login..report_viewed",
            "occurred_at 0/30 2026-01-01 06:00:01.000000+00..2026-01-01 22:00:10.000000+00",
            "recorded_at 0/30 2026-11-22 00:00:00.000000+00..2026-11-22 00:00:00.000000+00",
            "quantity 0/30 1..1",
            "properties 24/6 -..-",
        ]
    );
}

#[test]
fn a_part_file_is_read_back_from_the_rows_of_the_catalogue() {
    let (_folder, lake) = lake();
    let part = lake.seal([blob(&quarter()[..30])], &nobody()).unwrap().remove(0);
    let file = part.clone().into_file(7);
    assert_eq!(file.account_id, Some((1, 10)));
    assert_eq!(file.occurred_at, Some((instant("2026-01-01T06:00:01Z"), instant("2026-01-01T22:00:10Z"))));
    let mut read = PartFile::new(7, part.path, part.record_count, part.file_size_bytes, part.footer_size);
    for column in &part.columns {
        let (min, max) = (column.min_value.as_deref(), column.max_value.as_deref());
        read.describe(column.column_id, Some(column.null_count), min, max);
    }
    assert_eq!(read, file);
}

#[tokio::test]
async fn events_without_an_account_lie_apart_until_somebody_knows() {
    let (_folder, lake) = lake();
    let known = event(1, Some(4), "2026-01-05T00:00:00Z");
    let unknown = event(2, None, "2026-01-06T00:00:00Z");
    let user = unknown.user_id.unwrap();
    let other = Event { user_id: None, ..event(3, None, "2026-01-07T00:00:00Z") };
    let sealed = lake.seal([blob(&[known, unknown, other])], &nobody()).unwrap();
    let parts = catalogue(sealed);
    let told: Vec<_> = parts.iter().map(|part| (part.account_id, part.unattributed, part.record_count)).collect();
    assert_eq!(told, [(Some((4, 4)), 0, 1), (None, 2, 2)]);
    assert!(parts[1].path.starts_with("month=2026-01/unattributed-"));

    let compacted = catalogue(lake.compact(&parts, &Attribution::new(vec![(user, 3)], Vec::new())).unwrap());
    let told: Vec<_> = compacted.iter().map(|part| (part.account_id, part.unattributed, part.record_count)).collect();
    assert_eq!(told, [(Some((3, 4)), 0, 2), (None, 1, 1)]);
    let view = lake.view(compacted, &[], &nobody()).unwrap();
    let accounts = ask(&view, "select account_id, user_id from event order by occurred_at").await;
    assert_eq!(lines(&accounts), ["4,41", "3,9002", ","]);
}

#[tokio::test]
async fn an_event_is_given_to_the_account_of_its_time() {
    let (_folder, lake) = lake();
    let did =
        |day: u32| Event { user_id: Some(7), ..event(u64::from(day), None, &format!("2026-01-{day:02}T00:00:00Z")) };
    let ties = [(4, instant("2026-01-05T00:00:00Z")), (3, instant("2026-01-10T00:00:00Z"))];
    let known = Attribution::new(Vec::new(), vec![(7, Belonging::over(&ties, None))]);
    let events: Arc<[u8]> = blob(&[did(2), did(9), did(10), did(20)]);
    let accounts = "select account_id from event order by occurred_at";
    let tail = lake.view(vec![], &[(1, Arc::clone(&events))], &known).unwrap();
    assert_eq!(lines(&ask(&tail, accounts).await), ["4", "4", "", ""], "when queried");
    let sealed = catalogue(lake.seal([&events], &known).unwrap());
    let view = lake.view(sealed, &[], &nobody()).unwrap();
    assert_eq!(lines(&ask(&view, accounts).await), ["4", "4", "", ""], "and when sealed");
}

#[tokio::test]
async fn compaction_keeps_every_event_once_and_in_order() {
    let (_folder, lake) = lake();
    let events = quarter();
    let mut parts = Vec::new();
    for chunk in events.chunks(137) {
        parts.extend(lake.seal([blob(chunk)], &nobody()).unwrap());
    }
    // The same events once more, some of them attributed differently by then.
    let mut again = events[..500].to_vec();
    again[0].account_id = None;
    parts.extend(lake.seal([blob(&again)], &nobody()).unwrap());
    let parts = catalogue(parts);
    assert!(parts.len() > 20);
    let compacted = lake.compact(&parts, &nobody()).unwrap();
    assert_eq!(compacted.len(), 3);
    lake.remove(parts.iter().map(|part| &part.path)).unwrap();

    let view = lake.view(catalogue(compacted), &[], &nobody()).unwrap();
    let whole = lake.view(vec![], &[(1, blob(&events))], &nobody()).unwrap();
    let all = "select * from event order by event_id";
    assert_eq!(ask(&view, all).await, ask(&whole, all).await);
    let first =
        ask(&view, "select account_id, occurred_at from event where occurred_at < '2026-02-01T00:00:00Z'").await;
    let read: Vec<_> = first.ints("account_id").unwrap().zip(first.instants("occurred_at").unwrap()).collect();
    assert!(read.is_sorted());
}

#[test]
fn an_account_that_was_attributed_by_hand_survives_its_unattributed_copy() {
    let (_folder, lake) = lake();
    let attributed = event(8, Some(2), "2026-01-05T00:00:00Z");
    let copy = Event { account_id: None, ..attributed.clone() };
    let mut parts = lake.seal([blob(&[copy])], &nobody()).unwrap();
    parts.extend(lake.seal([blob(&[attributed])], &nobody()).unwrap());
    let compacted = catalogue(lake.compact(&catalogue(parts), &nobody()).unwrap());
    assert_eq!(
        compacted.iter().map(|part| (part.account_id, part.record_count)).collect::<Vec<_>>(),
        [(Some((2, 2)), 1)]
    );
}

#[tokio::test]
async fn history_is_written_in_bulk() {
    let (_folder, lake) = lake();
    let mut writer = lake.bulk_writer();
    for chunk in quarter().chunks(100) {
        writer.push(chunk).unwrap();
    }
    let parts = writer.finish().unwrap();
    assert_eq!(parts.len(), 3);
    let view = lake.view(catalogue(parts), &[], &nobody()).unwrap();
    assert_eq!(number(&ask(&view, "select count(distinct event_id) as n from event").await), 2700);
}

#[test]
fn orphans_are_swept_and_catalogued_parts_stay() {
    let (_folder, lake) = lake();
    let parts = lake.seal([blob(&quarter())], &nobody()).unwrap();
    let catalogued = HashSet::from([parts[0].path.clone()]);
    let file = lake.root().join("main/event").join(&parts[1].path);
    let written: Instant = std::fs::metadata(file).unwrap().modified().unwrap().into();
    assert_eq!(lake.sweep(&catalogued, written - Duration::days(1)).unwrap(), Vec::<String>::new());
    let mut swept = lake.sweep(&catalogued, written + Duration::days(1)).unwrap();
    swept.sort();
    assert_eq!(swept, [parts[1].path.clone(), parts[2].path.clone()]);
    assert!(lake.root().join("main/event").join(&parts[0].path).exists());
    lake.remove(swept).unwrap();
}

#[test]
fn a_path_never_leaves_the_lake() {
    let (_folder, lake) = lake();
    for path in ["../../secret", "/etc/passwd"] {
        let part = PartFile::new(1, path, 1, 1, 1);
        assert!(lake.remove([path]).is_err());
        assert!(lake.view(vec![part], &[], &nobody()).is_err());
    }
}
