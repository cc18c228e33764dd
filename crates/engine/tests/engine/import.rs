//! Files: what a dry run says is what the import does, the same file twice changes
//! nothing, and a row without its account goes where the mapping says.

use std::{
    fs::File,
    io::{self, Cursor, Read, Seek, SeekFrom},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use engine::{
    Engine,
    fields::Hand,
    import::{self, CsvImport, ImportError, ImportReport, Undone, retry_parked},
};
use store::{Account, Contact, account, import_run, record, source};

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
    let import = CsvImport { object, mapping: Some(mapping), dry_run, ..CsvImport::default() };
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

async fn hand(engine: &Engine) -> Hand {
    let member = store::member::list(engine.store().read()).await.unwrap().remove(0);
    Hand { member_id: member.id, actor: format!("member:{}", member.id) }
}

/// Deleted, restored, kept.
fn taken_back(undone: &Undone) -> [u64; 3] {
    [undone.deleted, undone.restored, undone.kept]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_import_is_taken_back_as_far_as_nothing_else_touched_it() {
    let (_home, settings) = company(6).await;
    let (engine, _) = open(&settings).await;
    let facts = async |key: &str| {
        let account = account::find_by_external_id(engine.store().read(), key).await.unwrap()?;
        Some(engine.store().facts(None, Some(&[account.id])).await.unwrap())
    };
    let first = "account_id,name,arr\nnorth,North,1200\nsouth,South,2400\n";
    send(&engine, "accounts", first, "", false).await;
    let second = "account_id,name,arr\nnorth,North Ltd,2400\nsouth,South Ltd,2400\neast,East,100\nwest,West,100\n";
    let report = send(&engine, "accounts", second, "", false).await;
    assert_eq!(counts(&report), [2, 2, 0, 0, 0, 0]);
    // Somebody else speaks of two of them before it is taken back.
    send(&engine, "accounts", "account_id,tier\nsouth,gold\n", "", false).await;
    send(&engine, "contacts", "account_id,email\nwest,bob@west.test\n", "", false).await;

    let undone = import::undo(&engine, report.run_id.unwrap(), &hand(&engine).await).await.unwrap();
    // Gone: east with its contract and line, and west's; restored: north; kept: south, and west for its contact's sake.
    assert_eq!(taken_back(&undone), [5, 2, 2], "{undone:?}");
    assert!(facts("east").await.is_none());
    let north = facts("north").await.unwrap();
    let amounts: Vec<i64> = north.subscription_items.iter().map(|item| item.amount_cents).collect();
    assert_eq!((north.accounts[0].name.as_str(), &amounts[..]), ("North", &[120_000][..]));
    let south = &facts("south").await.unwrap().accounts[0];
    assert_eq!((south.name.as_str(), south.tier.as_deref()), ("South Ltd", Some("gold")), "changed since, so it stays");
    assert_eq!(facts("west").await.unwrap().contacts.len(), 1);
    let names: Vec<String> = engine.book().rows().iter().map(|row| row.account.external_id.clone()).collect();
    assert!(!names.contains(&"east".to_owned()), "the book knows");

    let again = import::undo(&engine, report.run_id.unwrap(), &hand(&engine).await).await.unwrap_err();
    assert_eq!(again.to_string(), "this import is undone: only one that is done can be taken back");
    assert_eq!(
        counts(&send(&engine, "accounts", second, "", false).await),
        [1, 2, 1, 0, 0, 0],
        "only south says it all"
    );
    let events = send(&engine, "events", EVENTS, "", false).await.run_id.unwrap();
    assert!(import::undo(&engine, events, &hand(&engine).await).await.is_err(), "events are facts");
    engine.close().await.unwrap();
}

/// A file on a drive that is pulled out.
struct Torn {
    file: Cursor<String>,
    torn: Arc<AtomicBool>,
}

impl Read for Torn {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.torn.load(Ordering::Relaxed) { Err(io::Error::other("unplugged")) } else { self.file.read(buffer) }
    }
}

impl Seek for Torn {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_was_stopped_goes_on_where_it_stopped() {
    const ROWS: u64 = 30_000;
    let (_home, settings) = company(6).await;
    let (engine, _) = open(&settings).await;
    let rows: Vec<String> = (0..ROWS).map(|n| format!("a-{n:05},Account {n},{n}\n")).collect();
    let file = format!("account_id,name,seats\n{}", rows.concat());
    let torn = Arc::new(AtomicBool::new(false));
    let pull = Arc::clone(&torn);
    let broken = Torn { file: Cursor::new(file.clone()), torn };
    let import = CsvImport { object: "accounts", file_name: "large.csv", ..CsvImport::default() };
    let stopped = import::csv(&engine, import, broken, &mut |_| pull.store(true, Ordering::Relaxed)).await;
    assert!(matches!(stopped, Err(ImportError::Read(_))), "{stopped:?}");
    let run = import_run::latest(engine.store().read(), 1).await.unwrap().remove(0);
    assert!(run.status == import_run::Status::Stopped && (1..ROWS as i64).contains(&run.rows_read), "{run:?}");
    let half = record::load::<Account>(engine.store().read(), None, None).await.unwrap();
    assert_eq!(half.iter().filter(|account| account.external_id.starts_with("a-")).count() as i64, run.rows_read);

    let report = import::csv(&engine, import, Cursor::new(file), &mut |_| {}).await.unwrap();
    assert_eq!((report.rows, counts(&report)), (ROWS, [ROWS, 0, 0, 0, 0, 0]));
    assert_eq!(report.run_id, Some(run.id), "one import, told once");
    assert!(report.notices[0].contains("goes on from there"), "{:?}", report.notices);
    let total = &report.totals[0];
    assert_eq!((total.field.as_str(), total.sum), ("seats", (0..ROWS as i64).sum()), "over the whole file");
    engine.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_import_in_the_background_is_stopped_by_hand_and_goes_on() {
    const ROWS: u64 = 40_000;
    let (_home, settings) = company(6).await;
    let (engine, _) = open(&settings).await;
    let rows: Vec<String> = (0..ROWS).map(|n| format!("b-{n:05},Account {n}\n")).collect();
    let file = format!("account_id,name\n{}", rows.concat());
    let import = CsvImport { object: "accounts", file_name: "large.csv", ..CsvImport::default() };
    let task = import::detached(&engine, import, Cursor::new(file.clone()));
    let run = loop {
        let latest = import_run::latest(engine.store().read(), 1).await.unwrap();
        match latest.into_iter().next().filter(|run| run.rows_read > 0) {
            Some(run) => break run,
            None => tokio::time::sleep(std::time::Duration::from_millis(5)).await,
        }
    };
    assert!(import::is_under_way(&engine, &run));
    let twice = import::csv(&engine, import, Cursor::new(file.clone()), &mut |_| {}).await;
    assert!(matches!(twice, Err(ImportError::UnderWay)), "{twice:?}");
    assert!(import::stop(&engine, run.id).await.unwrap());
    let Err(ImportError::Stopped { rows }) = task.await.unwrap() else { panic!("it was stopped") };
    let run = import_run::find(engine.store().read(), run.id).await.unwrap();
    assert_eq!((run.status, run.rows_read as u64), (import_run::Status::Stopped, rows));
    assert!((1..ROWS).contains(&rows) && !import::is_under_way(&engine, &run));
    assert!(!import::stop(&engine, run.id).await.unwrap(), "there is nothing to stop");

    let report = import::csv(&engine, import, Cursor::new(file), &mut |_| {}).await.unwrap();
    assert_eq!((report.rows, counts(&report)), (ROWS, [ROWS, 0, 0, 0, 0, 0]));
    assert_eq!(report.run_id, Some(run.id));
    engine.close().await.unwrap();
}

/// What was refused or set aside before a stop is not lost by it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_was_stopped_ends_like_one_that_was_not() {
    const ROWS: u64 = 24_000;
    let (_home, settings) = company(6).await;
    let (engine, _) = open(&settings).await;
    let known = engine.book().rows()[0].account.external_id.clone();
    let row = |n: u64| {
        let account = if n % 1_000 == 7 { "ghost" } else { known.as_str() };
        let due = if n % 1_000 == 8 { "never" } else { "2026-09-01" };
        format!("m-{n},{account},Milestone {n},{due},2\n")
    };
    let file = format!("id,account,title,due_on,weight\n{}", (0..ROWS).map(row).collect::<String>());
    let mapping = "orphans = 'park'\n[columns]\nid = 'external_id'\naccount = 'account'\ntitle = 'title'\ndue_on = 'due_on'\nweight = 'weight'\n";
    let import = CsvImport { object: "milestones", mapping: Some(mapping), ..CsvImport::default() };
    let torn = Arc::new(AtomicBool::new(false));
    let pull = Arc::clone(&torn);
    let broken = Torn { file: Cursor::new(file.clone()), torn };
    let stopped = import::csv(&engine, import, broken, &mut |_| pull.store(true, Ordering::Relaxed)).await;
    assert!(matches!(stopped, Err(ImportError::Read(_))), "{stopped:?}");
    let report = import::csv(&engine, import, Cursor::new(file), &mut |_| {}).await.unwrap();
    let each = ROWS / 1_000;
    assert_eq!((report.rows, counts(&report)), (ROWS, [ROWS - 2 * each, 0, 0, 0, each, each]));
    let lines = report.failed_rows.lines().map(|line| line.trim_start_matches('\u{feff}').split(',').next().unwrap());
    let expected = (0..each).map(|n| (1_000 * n + 10).to_string());
    assert_eq!(lines.collect::<Vec<_>>(), std::iter::once("_line".to_owned()).chain(expected).collect::<Vec<_>>());
    assert_eq!(report.refused.len() as u64, each);

    send(&engine, "accounts", "id,name\nghost,Ghost\n", "", false).await;
    import::retry_parked(&engine).await.unwrap();
    let milestones = record::load::<store::Milestone>(engine.store().read(), None, None).await.unwrap();
    let told = milestones.iter().filter(|milestone| milestone.title.starts_with("Milestone ")).count() as u64;
    assert_eq!(told, ROWS - each, "every row that waited has come, also those from before the stop");
    engine.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mapping_is_remembered_for_files_with_the_same_columns() {
    let (_home, settings) = company(6).await;
    let (engine, _) = open(&settings).await;
    let mapping = "[columns]\nWer = 'external_id'\nWas = 'industry'\n[constants]\ncurrency = 'EUR'\n";
    send(&engine, "accounts", "Wer;Was\nnorth;Handel\n", mapping, false).await;
    let import = CsvImport { object: "accounts", ..CsvImport::default() };
    let next = Cursor::new("Was,Wer\nBau,east\n".to_owned());
    let report = import::csv(&engine, import, next, &mut |_| {}).await.unwrap();
    assert_eq!(report.created, 1);
    assert!(report.notices[0].contains("its mapping is used again"), "{:?}", report.notices);
    let east = account::find_by_external_id(engine.store().read(), "east").await.unwrap().unwrap();
    assert_eq!((east.industry.as_deref(), east.currency.as_str()), (Some("Bau"), "EUR"));
    let stranger = Cursor::new("Wer,Sonst\nx,y\n".to_owned());
    assert!(import::csv(&engine, import, stranger, &mut |_| {}).await.is_err(), "other columns, another mapping");
    engine.close().await.unwrap();
}

/// The purchase log of 23,570 customers, as a book of events: what the report says is what awk counts in the file.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_cdnow_log_becomes_a_book_that_adds_up() {
    let path = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/reference/cdnow/CDNOW_master.txt"));
    if !path.exists() {
        eprintln!("SKIPPED: {} is not here", path.display());
        return;
    }
    let (_home, settings) = company(1).await;
    let (engine, _) = open(&settings).await;
    let before = record::load::<Account>(engine.store().read(), None, None).await.unwrap().len();
    let mapping = "orphans = 'create_account'\n[constants]\nname = 'purchase'\ncurrency = 'USD'\n";
    let import = CsvImport { object: "events", mapping: Some(mapping), ..CsvImport::default() };
    let report = import::csv(&engine, import, File::open(path).unwrap(), &mut |_| {}).await.unwrap();
    assert_eq!((report.rows, counts(&report)), (69_659, [69_659, 0, 0, 0, 0, 0]));
    let totals: Vec<_> = report.totals.iter().map(|total| (total.field.as_str(), total.sum)).collect();
    assert_eq!(totals, [("quantity", 167_881), ("revenue_cents", 250_031_563)]);
    let accounts = record::load::<Account>(engine.store().read(), None, None).await.unwrap().len();
    assert_eq!(accounts - before, 23_570);
    engine.close().await.unwrap();
}
