//! The parsers against files that other programs wrote: the CSV cases, the CDNOW
//! purchase log and the output of real taps. The files are not part of the
//! repository; where their folder is missing the tests say so and pass over.

use std::fs::{self, File};
use std::io::BufReader;
use std::path::PathBuf;

use connectors::csv::{self, Mapping, RowError, Sheet};
use connectors::preset::Preset;
use connectors::record::{Draft, Given, Object};
use connectors::singer::{Message, Reader};
use domain::Instant;

fn reference(name: &str) -> Option<PathBuf> {
    let path = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/reference")).join(name);
    if !path.exists() {
        eprintln!("SKIPPED: {} is not here", path.display());
        return None;
    }
    Some(path)
}

fn now() -> Instant {
    "2026-11-22T12:00:00Z".parse().unwrap()
}

struct Outcome {
    sheet: Sheet,
    drafts: Vec<Draft>,
    errors: Vec<RowError>,
}

impl Outcome {
    fn codes(&self) -> Vec<(u64, &'static str)> {
        self.errors.iter().map(|error| (error.line, error.code.as_str())).collect()
    }
}

fn import(name: &str, object: Object, mapping: &str) -> Option<Outcome> {
    let path = reference(name)?;
    let mut file = BufReader::new(File::open(&path).unwrap());
    let sheet = csv::plan(&mut file, object, Some(Mapping::from_toml(mapping).unwrap())).unwrap();
    let (mut drafts, mut errors) = (Vec::new(), Vec::new());
    for row in sheet.rows(File::open(&path).unwrap(), now()) {
        match row {
            Ok(row) => drafts.push(row.draft),
            Err(error) => errors.push(error),
        }
    }
    Some(Outcome { sheet, drafts, errors })
}

#[test]
fn accounts_ok() {
    let Some(found) = import("csv/accounts_ok.csv", Object::Account, "") else { return };
    assert_eq!((found.drafts.len(), found.errors.len()), (4, 0));
    let amounts: Vec<_> = found.drafts.iter().map(|draft| draft.cents("arr_cents").set().unwrap()).collect();
    assert_eq!(amounts, [9_000_050, 0, 21_600_600, 120_000]);
    assert_eq!(found.drafts[1].text("name"), Given::Set("Globex, Inc."));
    assert_eq!(found.drafts[1].day("renewal_date"), Given::Absent);
    assert_eq!(found.drafts[3].text("name"), Given::Set("Müller\nSöhne"));
    assert_eq!(found.drafts[2].text("tier"), Given::Set("ent"));
}

#[test]
fn accounts_from_german_excel() {
    let Some(found) = import("csv/accounts_excel_de.csv", Object::Account, "") else { return };
    let facts: Vec<_> = found
        .drafts
        .iter()
        .map(|draft| {
            (draft.key.as_str(), draft.cents("arr_cents"), draft.day("renewal_date").set().unwrap().to_string())
        })
        .collect();
    assert_eq!(
        facts,
        [
            ("acme", Given::Set(123_456), "2026-12-31".to_owned()),
            ("mue", Given::Set(1_200_000), "2027-03-01".to_owned())
        ]
    );
    assert_eq!(found.errors, []);
}

#[test]
fn accounts_in_latin1() {
    let Some(found) = import("csv/accounts_latin1.csv", Object::Account, "") else { return };
    let names: Vec<_> = found.drafts.iter().map(|draft| draft.text("name").set().unwrap()).collect();
    assert_eq!(names, ["Müller", "Ångström"]);
    assert_eq!(found.sheet.notices[0].code, "encoding");
}

#[test]
fn accounts_with_every_fault() {
    let Some(found) = import("csv/accounts_bad.csv", Object::Account, "") else { return };
    assert_eq!(
        found.codes(),
        [
            (3, "bad_number"),
            (4, "bad_date"),
            (5, "missing_key"),
            (6, "duplicate_key"),
            (7, "too_few_fields"),
            (8, "too_many_fields")
        ]
    );
    assert_eq!(found.drafts.len(), 2);
    assert_eq!(found.drafts[1].text("name"), Given::Set("=HYPERLINK(\"http://x\",\"y\")"));
    assert_eq!(found.sheet.notices[0].code, "unknown_column");
}

#[test]
fn contacts_whose_account_may_not_exist() {
    let Some(found) = import("csv/contacts_orphans.csv", Object::Contact, "orphans = 'park'") else { return };
    let accounts: Vec<_> = found.drafts.iter().map(|draft| draft.text("account").set().unwrap()).collect();
    assert_eq!(accounts, ["acme", "nope"]);
    assert_eq!(found.drafts[0].text("role"), Given::Set("champion"));
    assert_eq!(found.sheet.mapping.orphans, csv::Orphans::Park);
}

#[test]
fn events() {
    let Some(found) = import("csv/events.csv", Object::Event, "") else { return };
    assert_eq!(found.codes(), [(3, "duplicate_key"), (4, "future"), (5, "ambiguous_date")]);
    assert!(found.errors[0].is_skip);
    let Some(found) = import("csv/events.csv", Object::Event, "formats = { occurred_at = 'mdy' }") else { return };
    assert_eq!(found.codes(), [(3, "duplicate_key"), (4, "future")]);
}

/// Row count, units and dollars as counted by awk and by decimal arithmetic elsewhere.
#[test]
fn the_cdnow_log_adds_up() {
    let mapping = "[constants]\nname = 'purchase'\ncurrency = 'USD'\n";
    let Some(found) = import("cdnow/CDNOW_master.txt", Object::Event, mapping) else { return };
    assert_eq!(found.errors, []);
    assert_eq!(found.drafts.len(), 69_659);
    assert_eq!(found.drafts.iter().map(|draft| draft.int("quantity").set().unwrap()).sum::<i64>(), 167_881);
    assert_eq!(found.drafts.iter().map(|draft| draft.cents("revenue_cents").set().unwrap()).sum::<i64>(), 250_031_563);
    let mut keys: Vec<_> = found.drafts.iter().map(|draft| draft.key.as_str()).collect();
    keys.sort_unstable();
    keys.dedup();
    assert_eq!(keys.len(), 69_659, "equal purchases stay apart");
}

#[test]
fn the_cdnow_sample_has_no_header() {
    let mapping =
        "[columns]\n2 = 'account'\n3 = ['issued_on', 'paid_on']\n5 = 'amount_cents'\n[constants]\ncurrency = 'USD'";
    let Some(found) = import("cdnow/CDNOW_sample.txt", Object::Invoice, mapping) else { return };
    assert!(!found.sheet.header);
    assert_eq!((found.drafts.len(), found.errors.len()), (6_919, 0));
}

#[test]
fn a_subscription_table_of_another_product() {
    let Some(found) = import("saas/ravenstack_subscriptions.csv", Object::Subscription, "") else { return };
    assert_eq!(found.errors, []);
    assert_eq!(found.drafts.len() as u64, found.sheet.records);
    let draft = &found.drafts[0];
    assert_eq!((draft.cents("mrr_cents"), draft.cents("arr_cents")), (Given::Set(278_600), Given::Set(3_343_200)));
    assert_eq!((draft.int("period_months"), draft.bool("auto_renew")), (Given::Set(1), Given::Set(true)));
}

/// The drafts of a tap's output, and the last state it printed.
fn tap(name: &str, preset: &str) -> Option<(Vec<Draft>, String)> {
    let text = fs::read_to_string(reference(name)?).unwrap();
    let preset = Preset::named(preset).unwrap().unwrap();
    let (mut reader, mut drafts, mut state) = (Reader::default(), Vec::new(), String::new());
    for line in text.lines() {
        match reader.message(line).unwrap() {
            Some(Message::Record(record)) => {
                drafts.extend(preset.drafts(&record.stream, &record.value, now()).into_iter().map(Result::unwrap));
            }
            Some(Message::State(value)) => value.clone_into(&mut state),
            _ => {}
        }
    }
    Some((drafts, state))
}

fn count(drafts: &[Draft], object: Object) -> usize {
    drafts.iter().filter(|draft| draft.object == object).count()
}

#[test]
fn tap_stripe() {
    let Some((drafts, state)) = tap("singer/tap-stripe.singer", "stripe") else { return };
    for object in [Object::Account, Object::Subscription, Object::SubscriptionItem, Object::Invoice] {
        assert_eq!(count(&drafts, object), 3, "{object:?}");
    }
    let sum = |object, field| -> i64 {
        drafts.iter().filter(|draft| draft.object == object).map(|draft| draft.cents(field).set().unwrap()).sum()
    };
    assert_eq!(sum(Object::SubscriptionItem, "mrr_cents"), 3 * 750_000);
    assert_eq!(sum(Object::Invoice, "amount_cents"), 3 * 750_000);
    let known: Vec<_> = drafts.iter().filter_map(|draft| draft.text("same_as").set()).collect();
    assert_eq!(known, ["acme", "globex", "initech"]);
    assert!(
        drafts.iter().filter(|draft| draft.object == Object::Invoice).all(|draft| draft.day("paid_on").set().is_some())
    );
    assert_eq!(
        state,
        r#"{"bookmarks": {"invoices": {"date": 1795319603}, "invoices_events": {"updates_created": 1794714803}}}"#
    );
}

#[test]
fn tap_hubspot() {
    let Some((drafts, _)) = tap("singer/tap-hubspot.singer", "hubspot") else { return };
    assert_eq!((count(&drafts, Object::Account), count(&drafts, Object::Contact)), (2, 1));
    assert_eq!(drafts[0].int("employees"), Given::Set(420));
    assert_eq!(drafts[1].text("industry"), Given::Cleared);
}

#[test]
fn tap_postgres() {
    let Some((drafts, _)) = tap("singer/tap-postgres.singer", "generic") else { return };
    let amounts: Vec<_> = drafts.iter().filter_map(|draft| draft.cents("mrr_cents").set()).collect();
    assert_eq!(amounts, [250_000, 0, 1_800_050], "exact, though written 2500.00");
    assert_eq!(drafts[2].text("name"), Given::Set("Initech \"Inc\", Ltd"));
}
