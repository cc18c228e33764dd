//! Files: what a dry run says is what the import does, the same file twice changes
//! nothing, and a row without its account goes where the mapping says.

use std::io::Cursor;

use engine::Engine;
use engine::import::{self, CsvImport, ImportReport, retry_parked};
use store::{Contact, account, record, source};

use crate::home::{company, open};

const ACCOUNTS: &str = "account_id,name,arr,renewal_date\n\
    north,North Ltd,90000.50,2027-01-31\n\
    south,\"South, Inc.\",1200,2026-12-31\n\
    bad,Bad Number,12x,2027-01-31\n";
const CONTACTS: &str =
    "account_id,email,name,role\nnorth,ann@north.test,Ann Lee,champion\nnope,bob@nope.test,Bob,user\n";
const EVENTS: &str = "message_id,account_id,user_id,event,timestamp\n\
    m1,north,u1,Report Exported,2026-06-01T10:00:00Z\n\
    m1,north,u1,Report Exported,2026-06-01T10:00:00Z\n\
    m2,north,u1,Report Exported,2036-06-01T10:00:00Z\n";

async fn send(engine: &Engine, object: &str, file: &str, mapping: &str, dry_run: bool) -> ImportReport {
    let import = CsvImport { object, mapping: Some(mapping), dry_run };
    import::csv(engine, import, Cursor::new(file.to_owned()), &mut |_| {}).await.unwrap()
}

/// Created, updated, unchanged, skipped, parked, failed.
fn counts(report: &ImportReport) -> [u64; 6] {
    let ImportReport { created, updated, unchanged, skipped, parked, failed, .. } = *report;
    assert_eq!(created + updated + unchanged + skipped + parked + failed, report.rows);
    [created, updated, unchanged, skipped, parked, failed]
}

async fn contacts(engine: &Engine) -> Vec<String> {
    let all = record::load::<Contact>(engine.store().read(), None, None).await.unwrap();
    let ours = |email: &String| CONTACTS.contains(email.as_str());
    all.into_iter().filter_map(|contact| contact.email).filter(ours).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dry_run_says_what_the_import_does_and_changes_nothing() {
    let (_home, settings) = company(6).await;
    let (engine, _) = open(&settings).await;
    let db = engine.store().read();

    let dry = send(&engine, "accounts", ACCOUNTS, "", true).await;
    assert_eq!(counts(&dry), [2, 0, 0, 0, 0, 1]);
    assert!(account::find_by_external_id(db, "north").await.unwrap().is_none());
    assert!(source::by_key(db, "csv").await.unwrap().is_none());

    let done = send(&engine, "accounts", ACCOUNTS, &dry.mapping, false).await;
    assert_eq!(counts(&done), counts(&dry));
    let refused = &done.refused[0];
    assert_eq!((refused.line, refused.column.as_deref(), refused.value.as_str()), (4, Some("arr"), "12x"));
    assert_eq!(refused.code, "bad_number");
    assert!(done.failed_rows.contains("bad,Bad Number,12x"), "{}", done.failed_rows);
    assert_eq!(counts(&send(&engine, "accounts", ACCOUNTS, "", false).await), [0, 0, 2, 0, 0, 1]);
    engine.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_of_a_file_are_counted_once() {
    let (_home, settings) = company(6).await;
    let (engine, _) = open(&settings).await;
    send(&engine, "accounts", ACCOUNTS, "", false).await;
    let taken = source::by_key(engine.store().read(), "csv").await.unwrap().unwrap().accepted;

    assert_eq!(counts(&send(&engine, "events", EVENTS, "", true).await), [1, 0, 0, 1, 0, 1]);
    assert_eq!(counts(&send(&engine, "events", EVENTS, "", false).await), [1, 0, 0, 1, 0, 1]);
    assert_eq!(counts(&send(&engine, "events", EVENTS, "", false).await), [0, 0, 1, 1, 0, 1]);
    let source = source::by_key(engine.store().read(), "csv").await.unwrap().unwrap();
    assert_eq!((source.accepted, source.refused), (taken + 1, 3));
    engine.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_without_its_account_goes_where_the_mapping_says() {
    let (_home, settings) = company(6).await;
    let (engine, clock) = open(&settings).await;
    send(&engine, "accounts", ACCOUNTS, "", false).await;

    assert_eq!(counts(&send(&engine, "contacts", CONTACTS, "", true).await), [1, 0, 0, 0, 0, 1]);
    let create = "orphans = 'create_account'";
    assert_eq!(counts(&send(&engine, "contacts", CONTACTS, create, true).await), [2, 0, 0, 0, 0, 0]);

    let park = "orphans = 'park'";
    assert_eq!(counts(&send(&engine, "contacts", CONTACTS, park, false).await), [1, 0, 0, 0, 1, 0]);
    assert_eq!(counts(&send(&engine, "contacts", CONTACTS, park, false).await), [0, 0, 1, 0, 1, 0]);
    retry_parked(&engine).await.unwrap();
    assert_eq!(contacts(&engine).await, ["ann@north.test"]);

    send(&engine, "accounts", "account_id,name\nnope,Nope\n", "", false).await;
    clock.advance(chrono::TimeDelta::minutes(1));
    retry_parked(&engine).await.unwrap();
    assert_eq!(contacts(&engine).await, ["ann@north.test", "bob@nope.test"]);
    assert_eq!(counts(&send(&engine, "contacts", CONTACTS, park, false).await), [0, 0, 2, 0, 0, 0]);
    engine.close().await.unwrap();
}
