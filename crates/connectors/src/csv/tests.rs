use std::io::Cursor;

use domain::Instant;
use proptest::prelude::*;

use super::*;
use crate::record::{Code, Draft, Given, Object, fields};

fn now() -> Instant {
    "2026-11-22T12:00:00Z".parse().unwrap()
}

fn try_sheet(bytes: &[u8], object: Object, mapping: &str) -> Result<Sheet, PlanError> {
    plan(&mut Cursor::new(bytes), object, Some(Mapping::from_toml(mapping).unwrap()))
}

fn read(bytes: &[u8], object: Object, mapping: &str) -> (Sheet, Vec<Result<Row, RowError>>) {
    let sheet = try_sheet(bytes, object, mapping).unwrap();
    let rows = sheet.rows(bytes, now()).collect();
    (sheet, rows)
}

fn drafts(bytes: &[u8], object: Object, mapping: &str) -> Vec<Draft> {
    read(bytes, object, mapping).1.into_iter().map(|row| row.unwrap().draft).collect()
}

fn codes(rows: &[Result<Row, RowError>]) -> Vec<(u64, Option<&'static str>)> {
    let code = |row: &Result<Row, RowError>| match row {
        Ok(row) => (row.line, None),
        Err(error) => (error.line, Some(error.code.as_str())),
    };
    rows.iter().map(code).collect()
}

fn notices(sheet: &Sheet) -> Vec<&'static str> {
    sheet.notices.iter().map(|notice| notice.code).collect()
}

#[track_caller]
fn refuses(bytes: &[u8], object: Object, mapping: &str, sentence: &str) {
    let error = try_sheet(bytes, object, mapping).unwrap_err().to_string();
    assert!(error.contains(sentence), "{error}");
}

#[test]
fn a_german_spreadsheet_is_read_as_it_was_meant() {
    let text = "\u{feff}Kundennummer;Name;ARR;Vertragsende\r\nacme;Acme GmbH;1.234,56;31.12.2026\r\nmue;\"Müller; Söhne\";12.000;01.03.2027\r\n";
    let (sheet, rows) = read(text.as_bytes(), Object::Account, "");
    assert_eq!(sheet.delimiter, Delimiter::Semicolon);
    assert_eq!(notices(&sheet), ["decimal", "dates"]);
    assert_eq!(sheet.notices[0].sentence, "numbers are read with a decimal comma, because line 2 says 1.234,56");
    let rows: Vec<Draft> = rows.into_iter().map(|row| row.unwrap().draft).collect();
    assert_eq!((rows[0].key.as_str(), rows[0].cents("arr_cents")), ("acme", Given::Set(123_456)));
    assert_eq!(rows[0].day("renewal_date"), Given::Set("2026-12-31".parse().unwrap()));
    assert_eq!(rows[1].text("name"), Given::Set("Müller; Söhne"));
    assert_eq!(rows[1].cents("arr_cents"), Given::Set(1_200_000), "12.000 is twelve thousand here");
    assert_eq!(rows[1].day("renewal_date"), Given::Set("2027-03-01".parse().unwrap()), "never January");
}

#[test]
fn every_fault_of_a_row_has_its_line_column_value_and_code() {
    let text = "account_id,name,arr,renewal_date,colour\n\
        ok1,\"Fine\nand two lines\",100,2027-01-31,x\n\
        badnum,Bad Num,12x,2027-01-31,\n\
        baddate,Bad Date,1,2027-02-30,\n\
        ,No Key,1,2027-01-31,\n\
        ok1,Duplicate,1,2027-01-31,\n\
        short,Too Few\n\
        long,Too Many,1,2027-01-31,x,y,z\n\
        tail,Trailing Comma,1,2027-01-31,x,\n\
        ok2,\"=HYPERLINK(\"\"http://x\"\",\"\"y\"\")\",5,2027-01-31,\n";
    let (sheet, rows) = read(text.as_bytes(), Object::Account, "");
    assert_eq!(
        codes(&rows),
        [
            (2, None),
            (4, Some("bad_number")),
            (5, Some("bad_date")),
            (6, Some("missing_key")),
            (7, Some("duplicate_key")),
            (8, Some("too_few_fields")),
            (9, Some("too_many_fields")),
            (10, None),
            (11, None),
        ]
    );
    assert_eq!(notices(&sheet), ["unknown_column"]);
    let errors: Vec<&RowError> = rows.iter().filter_map(|row| row.as_ref().err()).collect();
    assert_eq!((errors[0].column.as_deref(), errors[0].value.as_str()), (Some("arr"), "12x"));
    assert_eq!(errors[0].sentence, "`12x` is not an amount like 1234.50");
    assert_eq!((errors[1].column.as_deref(), errors[1].value.as_str()), (Some("renewal_date"), "2027-02-30"));
    assert_eq!(errors[2].column.as_deref(), Some("account_id"));
    assert_eq!(errors[3].sentence, "`ok1` came already on line 2");
    assert_eq!(errors[4].sentence, "the row has 2 cells where the header has 5");
    let formula = &rows.last().unwrap().as_ref().unwrap().draft;
    assert_eq!(formula.text("name"), Given::Set("=HYPERLINK(\"http://x\",\"y\")"));
}

#[test]
fn failed_rows_can_be_corrected_and_sent_again() {
    let text = "account_id;name;arr\nbad;=Bad;12x\nlong;Long;1;2\n";
    let mapping = "delimiter = ';'\nencoding = 'windows-1252'";
    let (sheet, rows) = read(text.as_bytes(), Object::Account, mapping);
    let mut failed = FailedRows::new(Vec::new(), &sheet).unwrap();
    for error in rows.iter().filter_map(|row| row.as_ref().err()) {
        failed.push(error).unwrap();
    }
    let written = String::from_utf8(failed.finish().unwrap()).unwrap();
    insta::assert_snapshot!(written.trim_start_matches('\u{feff}').replace('\r', ""), @r"
    _line,_error,account_id,name,arr
    2,bad_number: `12x` is not an amount like 1234.50,bad,'=Bad,12x
    3,too_many_fields: the row has 4 cells where the header has 3; a delimiter inside a cell needs quotes around it,long,Long,1,2
    ");

    let corrected = written.replace("12x", "12").replace("Long,1,2", "Long,1");
    let kept = sheet.mapping.to_toml().unwrap();
    let again = drafts(corrected.as_bytes(), Object::Account, &kept);
    assert_eq!(again[0].text("name"), Given::Set("=Bad"));
    assert_eq!(again[1].key, "long");
}

#[test]
fn empty_cells_leave_and_a_token_clears() {
    let text = "account_id,industry,region\na,,\\N\n";
    let draft = &drafts(text.as_bytes(), Object::Account, "")[0];
    assert_eq!((draft.text("industry"), draft.text("region")), (Given::Absent, Given::Cleared));
    let draft = &drafts(b"account_id,region\na,NULL\n", Object::Account, "clear = 'NULL'")[0];
    assert_eq!(draft.text("region"), Given::Cleared);
}

#[test]
fn events_repeat_lie_ahead_and_can_be_ambiguous() {
    let text = "message_id,account_id,user_id,event,timestamp,quantity\n\
        m1,acme,u1,Report Exported,2026-11-01T10:00:00Z,3\n\
        m1,acme,u1,Report Exported,2026-11-01T10:00:00Z,3\n\
        m2,acme,u1,Report Exported,2036-11-01T10:00:00Z,1\n\
        m3,acme,u2,Login,03/04/2026,1\n";
    let (sheet, rows) = read(text.as_bytes(), Object::Event, "");
    assert_eq!(codes(&rows), [(2, None), (3, Some("duplicate_key")), (4, Some("future")), (5, Some("ambiguous_date"))]);
    assert!(rows[1].as_ref().unwrap_err().is_skip);
    assert!(!rows[2].as_ref().unwrap_err().is_skip);
    assert_eq!(notices(&sheet), ["dates"]);

    let (_, rows) = read(text.as_bytes(), Object::Event, "formats = { occurred_at = 'dmy' }");
    let last = &rows[3].as_ref().unwrap().draft;
    assert_eq!(last.instant("occurred_at"), Given::Set("2026-04-03T00:00:00Z".parse().unwrap()));
}

/// The shape of the CDNOW purchase log: blanks, compact dates, no ids, equal rows.
const LOG: &str = " customer_id  date number_of_cds  dollar_value\n 00001 19970101  1   11.77\n 00002 19970112  5   77.00\n 00002 19970112  5   77.00\n";

#[test]
fn a_purchase_log_becomes_events() {
    let mapping = "unmapped = 'keep'\n[constants]\nname = 'purchase'\ncurrency = 'USD'\n";
    let (sheet, rows) = read(LOG.as_bytes(), Object::Event, mapping);
    assert_eq!(sheet.delimiter, Delimiter::Blank);
    let rows: Vec<Draft> = rows.into_iter().map(|row| row.unwrap().draft).collect();
    assert_eq!(rows[0].text("account"), Given::Set("00001"), "leading zeros belong to the id");
    assert_eq!(rows[0].instant("occurred_at"), Given::Set("1997-01-01T00:00:00Z".parse().unwrap()));
    assert_eq!(rows[0].int("quantity"), Given::Set(1));
    assert_eq!(rows[0].properties().unwrap(), r#"{"currency":"USD","revenue_cents":1177}"#);
    assert_ne!(rows[1].key, rows[2].key, "two equal purchases are two");
    assert!(!rows[1].key_given);
    assert_eq!(rows, drafts(LOG.as_bytes(), Object::Event, mapping), "and the same file gives the same keys");
}

#[test]
fn one_column_may_fill_two_fields() {
    let mapping = "[columns]\ndate = ['issued_on', 'paid_on']\nnumber_of_cds = '-'\n[constants]\ncurrency = 'USD'\n";
    let (sheet, rows) = read(LOG.as_bytes(), Object::Invoice, mapping);
    assert_eq!(notices(&sheet), [""; 0]);
    let draft = &rows[0].as_ref().unwrap().draft;
    assert_eq!(draft.day("issued_on"), draft.day("paid_on"));
    assert_eq!(draft.cents("amount_cents"), Given::Set(1_177));
}

#[test]
fn a_file_without_a_header_has_numbered_columns() {
    let mapping = "[columns]\n1 = 'account'\n3 = 'occurred_at'\n4 = 'quantity'\n[constants]\nname = 'purchase'\n";
    let (sheet, rows) =
        read(b" 00004 0001 19970101  2   29.33\n 00021 0002 19970101  3   63.34\n", Object::Event, mapping);
    assert!(!sheet.header);
    assert_eq!(notices(&sheet), ["no_header", "unknown_column", "unknown_column"]);
    assert_eq!(sheet.records, 2);
    assert_eq!(codes(&rows), [(1, None), (2, None)]);
}

#[test]
fn unknown_columns_are_kept_when_asked() {
    let text = "account_id,Score,code,plan type\na,1.50,007,Gold\nb,2,008,\n";
    let rows = drafts(text.as_bytes(), Object::Account, "unmapped = 'keep'");
    assert_eq!(
        serde_json::Value::Object(rows[0].extra.clone()).to_string(),
        r#"{"Score":1.5,"code":"007","plan type":"Gold"}"#
    );
    assert!(!rows[1].extra.contains_key("plan type"));
    let rows = drafts(text.as_bytes(), Object::Account, "[columns]\nScore = 'traits.score'\n");
    assert_eq!(serde_json::Value::Object(rows[0].extra.clone()).to_string(), r#"{"score":1.5}"#);
}

#[test]
fn latin1_is_read_with_a_notice_and_damage_is_refused() {
    let (sheet, rows) = read(b"account_id,name\nm1,M\xfcller\nm2,Engstr\xf6m\n", Object::Account, "");
    assert_eq!((sheet.encoding.name(), notices(&sheet)), ("windows-1252", vec!["encoding"]));
    assert_eq!(sheet.columns[1].samples, ["Müller", "Engström"]);
    assert_eq!(rows[0].as_ref().unwrap().draft.text("name"), Given::Set("Müller"));

    let (_, rows) = read(b"account_id,name\nm1,M\xfcller\nm2,Fine\n", Object::Account, "encoding = 'utf-8'");
    assert_eq!(codes(&rows), [(2, Some("encoding")), (3, None)]);
}

#[test]
fn numbers_that_contradict_each_other_are_read_one_by_one() {
    let text = "account_id,arr\na,\"1.234,56\"\nb,\"1,234.56\"\nc,\"1,234\"\n";
    let (sheet, rows) = read(text.as_bytes(), Object::Account, "");
    assert_eq!(codes(&rows), [(2, None), (3, None), (4, Some("ambiguous_number"))]);
    assert!(sheet.notices[0].sentence.contains("line 2 says 1.234,56"), "{}", sheet.notices[0].sentence);
    let (_, rows) = read(text.as_bytes(), Object::Account, "decimal = '.'");
    assert_eq!(codes(&rows), [(2, Some("bad_number")), (3, None), (4, None)]);
}

#[test]
fn headers_that_repeat_or_compete_are_settled_and_said() {
    let (sheet, rows) = read(b"id,account_id,name,name\n7,a,One,Two\n", Object::Account, "");
    let draft = &rows[0].as_ref().unwrap().draft;
    assert_eq!((draft.key.as_str(), draft.text("name")), ("a", Given::Set("One")), "the plainer name wins");
    assert_eq!(notices(&sheet), ["duplicate_header", "unknown_column", "unknown_column"]);
    assert_eq!(sheet.columns[3].header, "name (2)");
}

#[test]
fn what_cannot_be_imported_says_why() {
    refuses(b"", Object::Account, "", "the file is empty");
    refuses(b"\n\n", Object::Account, "", "the file is empty");
    refuses(b"PK\x03\x04rest", Object::Account, "", "this is a workbook or a zip archive");
    refuses(
        b"name,arr\nAcme,1\n",
        Object::Account,
        "",
        "no column holds `external_id` (an identifier); the file has name, arr",
    );
    refuses(b"id,when\n1,x\n", Object::Ticket, "", "no column holds `account`");
    refuses(b"event,time\n1,x\n", Object::Event, "", "no column holds `account`");
    refuses(b"a,b\n", Object::Account, "[columns]\na = 'revenue'", "`revenue` is not a field of account");
    refuses(b"a,b\n", Object::Account, "[columns]\na = 'name'\nb = 'name'", "`name` is filled twice");
    refuses(b"a,b\n", Object::Account, "encoding = 'klingon'", "`klingon` is not a character encoding");
    refuses(b"id\n", Object::Account, "[constants]\ncurrency = 'Dollars'", "the constant `currency` does not fit");
    refuses(b"id\n", Object::Account, "object = 'contact'", "the mapping is for contact, not for account");
    refuses(b"id\n", Object::Account, "[formats]\nbirthday = 'dmy'", "`birthday` is not a field");
    let wide = vec!["c"; 100_000].join(",");
    refuses(wide.as_bytes(), Object::Account, "", "the first row has 100000 cells; a table has at most 1000");
    refuses("x".repeat(2 << 20).as_bytes(), Object::Account, "", "more than 1 MiB");
}

#[test]
fn a_kept_mapping_does_not_guess_again() {
    let text = "Kundennummer;ARR;Vertragsende;Farbe\nacme;1.234,56;31.12.2026;rot\n";
    let (sheet, _) = read(text.as_bytes(), Object::Account, "");
    let kept = sheet.mapping.to_toml().unwrap();
    insta::assert_snapshot!(kept, @r#"
    object = "account"
    delimiter = ";"
    encoding = "UTF-8"
    header = true
    decimal = ","
    clear = '\N'
    orphans = "error"
    unmapped = "ignore"

    [columns]
    ARR = "arr_cents"
    Farbe = "-"
    Kundennummer = "external_id"
    Vertragsende = "renewal_date"

    [formats]
    renewal_date = "dmy"

    [constants]
    "#);
    let (again, _) = read(text.as_bytes(), Object::Account, &kept);
    assert_eq!((again.mapping, notices(&sheet).len()), (sheet.mapping.clone(), 3));
    assert_eq!(again.notices, [], "nothing is left to say");
    let next = "Kundennummer;ARR;Vertragsende;Farbe\nglobex;12.000;01.02.2027;blau\n";
    assert_eq!(drafts(next.as_bytes(), Object::Account, &kept)[0].cents("arr_cents"), Given::Set(1_200_000));
}

#[test]
fn a_person_may_be_at_two_accounts_and_a_line_may_change() {
    let people = "contact_id,account_id,email\nc1,a,x@y.test\nc1,b,x@y.test\nc1,b,x@y.test\n";
    assert_eq!(
        codes(&read(people.as_bytes(), Object::Contact, "").1),
        [(2, None), (3, None), (4, Some("duplicate_key"))]
    );
    let lines = "item_id,subscription_id,mrr,start_date\ni,s,1,2026-01-01\ni,s,2,2026-02-01\n";
    assert_eq!(codes(&read(lines.as_bytes(), Object::SubscriptionItem, "").1), [(2, None), (3, None)]);
}

#[test]
fn progress_reaches_the_end_of_the_file() {
    let text = format!("account_id\n{}", "a\n".repeat(100_000));
    let sheet = try_sheet(text.as_bytes(), Object::Account, "").unwrap();
    assert_eq!(sheet.records, 100_000);
    let mut rows = sheet.rows(text.as_bytes(), now());
    rows.next().unwrap().unwrap();
    assert!(rows.bytes_read() <= 128 << 10, "it streams");
    assert_eq!(rows.by_ref().count(), 99_999);
    assert_eq!(rows.bytes_read(), text.len() as u64);
}

fn mess() -> impl Strategy<Value = Vec<u8>> {
    let letters = prop::sample::select(b"a1,;\t|\"\r\n .-/\x00\xfc\xff=".to_vec());
    let body = prop::collection::vec(prop_oneof![4 => letters, 1 => any::<u8>()], 0..300);
    let header = prop::sample::select(vec![
        &b""[..],
        b"account_id,name,arr,date\n",
        b"id;event;timestamp\n",
        b"sep=;\n",
        b"\xff\xfe",
    ]);
    (header, body).prop_map(|(header, body)| [header, &body].concat())
}

proptest! {
    #[test]
    fn no_file_panics_and_every_row_is_judged(bytes in mess(), object in prop::sample::select(Object::ALL.to_vec())) {
        let columns: String = (1..6).map(|n| format!("{n} = '{}'", fields(object)[n - 1].name)).collect::<Vec<_>>().join("\n");
        for mapping in [String::new(), format!("header = false\n[columns]\n{columns}")] {
            let Ok(sheet) = try_sheet(&bytes, object, &mapping) else { continue };
            let rows: Vec<_> = sheet.rows(&bytes[..], now()).collect();
            prop_assert_eq!(rows.len() as u64, sheet.records);
            let mut failed = FailedRows::new(Vec::new(), &sheet).unwrap();
            for row in &rows {
                match row {
                    Ok(row) => { row.draft.properties(); }
                    Err(error) => {
                        prop_assert_ne!(error.code, Code::Unreadable);
                        failed.push(error).unwrap();
                    }
                }
            }
            failed.finish().unwrap();
            Mapping::from_toml(&sheet.mapping.to_toml().unwrap()).unwrap();
        }
    }
}
