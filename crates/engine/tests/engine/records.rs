//! Records of other systems: every kind of record can be brought and brought again, sources meet at one account by
//! their own word, and what nobody mapped waits until somebody does.

use std::io::Cursor;

use connectors::json;
use engine::{
    Engine,
    fields::{self, Hand, Origin, roles},
    import::{self, CsvImport, Records, SourceMapping},
};
use store::{Account, account, identity, raw_record, record, refusal, source};
use testkit::postgres::{Cluster, SKIPPED};

use crate::home::{company, open};

/// A file of each kind of record about one account, and how many records it makes.
const KINDS: [(&str, &str); 13] = [
    ("accounts", "account_id,name,domain\nnorth,North Ltd,north.test\n"),
    ("contacts", "account_id,email,name,role\nnorth,ann@north.test,Ann Lee,champion\n"),
    ("subscriptions", "id,account_id,mrr,start_date\ns1,north,1200.50,2026-01-01\n"),
    ("subscription_items", "id,subscription_id,product,mrr,start_date\ni1,s1,Add-on,80,2026-02-01\n"),
    ("invoices", "number,account_id,amount,date\nr1,north,1280.50,2026-03-01\n"),
    ("payment_attempts", "id,invoice_id,date,failed\np1,r1,2026-03-02T10:00:00Z,yes\n"),
    ("tickets", "ticket_id,email,subject,created\nt1,ann@north.test,Login fails,2026-03-03T10:00:00Z\n"),
    ("touchpoints", "id,account_id,type,date,email\nc1,north,call,2026-03-04T10:00:00Z,ann@north.test\n"),
    ("survey_responses", "email,survey,score,date\nann@north.test,nps,9,2026-03-05\n"),
    ("milestones", "account_id,title,due,reached\nnorth,First login,2026-03-06,\n"),
    ("objectives", "account_id,title,due,baseline,target\nnorth,Save time,2026-09-30,10,12.5\n"),
    ("entitlements", "account_id,feature,start\nnorth,sso,2026-01-01\n"),
    ("exchange_rates", "currency,into,day,rate\nEUR,USD,2026-01-01,1.0843\n"),
];

async fn sent(engine: &Engine, object: &str, file: &str, dry_run: bool) -> import::ImportReport {
    let import = CsvImport { object, dry_run, ..CsvImport::default() };
    import::csv(engine, import, Cursor::new(file.to_owned()), &mut |_| {}).await.unwrap()
}

async fn send(engine: &Engine, object: &str, file: &str) -> [u64; 4] {
    let report = sent(engine, object, file, false).await;
    assert_eq!(report.refused.len() as u64, report.failed, "{:?}", report.refused);
    [report.created, report.updated, report.unchanged, report.failed]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_kind_of_record_can_be_brought_and_brought_again() {
    let (_home, settings) = company(6).await;
    let (engine, _) = open(&settings).await;
    for (kind, file) in KINDS {
        assert_eq!(send(&engine, kind, file).await, [1, 0, 0, 0], "{kind}");
    }
    for (kind, file) in KINDS {
        assert_eq!(send(&engine, kind, file).await, [0, 0, 1, 0], "{kind} again");
    }
    let reached = "account_id,title,due,reached\nnorth,First login,2026-03-06,2026-03-07\n";
    assert_eq!(send(&engine, "milestones", reached).await, [0, 1, 0, 0]);
    let north = account::find_by_external_id(engine.store().read(), "north").await.unwrap().unwrap();
    let facts = engine.store().facts(None, Some(&[north.id])).await.unwrap();
    assert_eq!(facts.tickets[0].contact_id, Some(facts.contacts[0].id), "found by the mail address");
    assert_eq!(facts.survey_responses[0].contact_id, Some(facts.contacts[0].id));
    assert_eq!(facts.objectives[0].target, Some(12.5));
    assert_eq!(facts.milestones[0].reached_on.unwrap().to_string(), "2026-03-07");
    let amount = |item: &store::SubscriptionItem| (item.amount_cents, item.period_months);
    let amounts: Vec<(i64, i32)> = facts.subscription_items.iter().map(amount).collect();
    assert_eq!(amounts, [(120_050, 1), (8_000, 1)], "the contract's own line and the one that was named");
    engine.close().await.unwrap();
}

async fn a_source(engine: &Engine, key: &str) -> i64 {
    let source = store::Source::new(key, key, source::Kind::Singer, engine.now());
    engine.store().write(async |tx| store::source::insert(tx, source).await).await.unwrap().id
}

async fn bring(engine: &Engine, source_id: i64, preset: &str, records: &[(&str, &str)]) -> import::RecordsReport {
    let mut all = Records::open(engine, source_id, preset).await.unwrap();
    for (place, (stream, text)) in records.iter().enumerate() {
        let document = json::parse(text).unwrap();
        let key = document.value.get("id").and_then(json::Value::as_id).unwrap().to_owned();
        all.take(place as u64 + 1, stream, &key, &document.value).await.unwrap();
    }
    all.finish().await.unwrap()
}

async fn names(engine: &Engine, account: &Account) -> Vec<String> {
    let names = identity::of_record(engine.store().read(), "account", account.id).await.unwrap();
    names.into_iter().map(|name| name.external_id).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sources_meet_at_one_account_by_their_own_word_and_ids_of_vendors_do_not_collide() {
    let (_home, settings) = company(6).await;
    let (engine, _) = open(&settings).await;
    send(&engine, "accounts", "account_id,name,domain\nacme,Acme,acme.test\n").await;
    let (stripe, hubspot, zendesk) =
        (a_source(&engine, "stripe").await, a_source(&engine, "hubspot").await, a_source(&engine, "zendesk").await);

    let customer = r#"{"id":"cus_1","name":"ACME Inc","metadata":{"account_id":"acme"}}"#;
    let second = r#"{"id":"cus_2","name":"ACME Inc","metadata":{"account_id":"acme"}}"#;
    let invoice = r#"{"id":"in_1","customer":"cus_2","total":1000,"currency":"usd","created":1780000000}"#;
    let report =
        bring(&engine, stripe, "stripe", &[("customers", customer), ("customers", second), ("invoices", invoice)])
            .await;
    assert_eq!((report.created, report.updated, report.failed), (1, 1, 0), "{report:?}");
    let company = r#"{"id":"101","properties":{"name":"Acme Ltd","domain":"acme.test"}}"#;
    let other = r#"{"id":"102","properties":{"name":"Other","domain":"other.test"}}"#;
    bring(&engine, hubspot, "hubspot", &[("companies", company), ("companies", other)]).await;
    let stranger = r#"{"id":101,"name":"Somebody else"}"#;
    bring(&engine, zendesk, "zendesk", &[("organizations", stranger)]).await;

    let db = engine.store().read();
    let acme = account::find_by_external_id(db, "acme").await.unwrap().unwrap();
    assert_eq!(names(&engine, &acme).await, ["cus_1", "cus_2", "101"]);
    assert_eq!(acme.name, "Acme Ltd", "the last that spoke");
    let facts = engine.store().facts(None, Some(&[acme.id])).await.unwrap();
    assert_eq!(facts.invoices.len(), 1, "billed under another of its names");
    let origins = store::provenance::of_record(db, "account", acme.id).await.unwrap();
    let of = |field: &str| origins.iter().find(|origin| origin.field == field).and_then(|origin| origin.source_id);
    assert_eq!((of("name"), of("domain")), (Some(hubspot), None), "the domain is still the file's");
    let strangers = account::find_by_external_id(db, "101").await.unwrap().unwrap();
    assert_eq!(strangers.name, "Somebody else");
    assert_eq!(account::find_by_external_id(db, "cus_1").await.unwrap(), None);

    let again = bring(&engine, zendesk, "zendesk", &[("organizations", stranger)]).await;
    assert_eq!((again.created, again.unchanged), (0, 1));
    engine.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_nobody_mapped_waits_and_is_read_once_somebody_does() {
    let (_home, settings) = company(6).await;
    let (engine, _) = open(&settings).await;
    let hubspot = a_source(&engine, "hubspot").await;
    let company = r#"{"id":"101","properties":{"name":"Acme Ltd"}}"#;
    let deals: Vec<String> = (1..=30)
        .map(|n| format!(r#"{{"id":"d{n}","company":"101","name":"Deal {n}","close":"2026-12-{n:02}"}}"#))
        .collect();
    let records: Vec<(&str, &str)> = [("companies", company)]
        .into_iter()
        .chain(deals.iter().map(|deal| ("deals", deal.as_str())))
        .chain([("contacts", r#"{"id":"c1","properties":{"email":"x","associatedcompanyid":"101"}}"#)])
        .collect();
    let report = bring(&engine, hubspot, "hubspot", &records).await;
    assert_eq!((report.created, report.failed), (1, 1));
    assert_eq!(report.unmapped["deals"], 30, "none is dropped");
    let refused = refusal::of_source(engine.store().read(), hubspot, None, 10).await.unwrap();
    assert_eq!((refused[0].code.as_str(), refused[0].body.contains("c1")), ("bad_email", true));

    let rules = "[[rule]]\nstream = 'deals'\nobject = 'objective'\nkey = 'id'\n\
                 [rule.fields]\naccount = 'company'\ntitle = 'name'\ndue_on = 'close'\n";
    let mapping = SourceMapping { preset: "hubspot".to_owned(), rules: rules.to_owned() };
    let wrong = SourceMapping { rules: rules.replace("key = 'id'", "key = 'ident'"), ..mapping.clone() };
    let refused = import::keep_mapping(&engine, hubspot, &wrong).await.unwrap_err().to_string();
    assert_eq!(
        refused,
        "The rule for `deals` takes the key of each objective from `ident`, which stands nowhere in the last 20 messages. They \
         have `id`, `company`, `name`, `close`. Name one of these, or write `key = []` where a record has no id of its own."
    );
    assert_eq!(import::mapping_of(engine.store().read(), hubspot).await.unwrap(), None, "it was not kept");
    let early = SourceMapping { rules: wrong.rules.replace("'deals'", "'leads'"), ..mapping.clone() };
    let keys = import::try_keys(&engine, hubspot, &early).await.unwrap();
    assert_eq!(keys.untested, ["No message of `leads` has come yet, so its rule is untested."]);
    assert!(keys.faults.is_empty() && import::keep_mapping(&engine, hubspot, &early).await.is_ok());
    engine.store().write(async |tx| import::set_mapping(tx, hubspot, &mapping).await).await.unwrap();
    let report = import::read_waiting(&engine, hubspot, "deals").await.unwrap();
    assert_eq!((report.created, report.failed), (30, 0), "{report:?}");
    let streams = raw_record::streams(engine.store().read(), hubspot).await.unwrap();
    let deals = streams.iter().find(|stream| stream.name == "deals").unwrap();
    assert_eq!((deals.unmapped, deals.kept), (0, 20), "the last twenty stay, to try a mapping on");
    let objectives = record::load::<store::Objective>(engine.store().read(), None, None).await.unwrap();
    assert_eq!(objectives.iter().filter(|objective| objective.title.starts_with("Deal ")).count(), 30);
    engine.close().await.unwrap();
}

/// The field of an account: what it says, whether it is held, and what its source says instead.
async fn field(engine: &Engine, account: i64, key: &str) -> (String, bool, Option<String>, Origin) {
    let all = fields::of::<Account>(engine, account).await.unwrap();
    let field = all.into_iter().find(|field| field.key == key).unwrap();
    (field.value, field.held, field.offered.map(|offered| offered.value), field.origin)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_person_sets_is_left_alone_until_it_is_released() {
    let (_home, settings) = company(6).await;
    let (engine, clock) = open(&settings).await;
    let said = |text: &str| text.to_owned();
    let file = |tier: &str| format!("account_id,name,tier,region\nnorth,North,{tier},EU\n");
    send(&engine, "accounts", &file("growth")).await;
    let north = account::find_by_external_id(engine.store().read(), "north").await.unwrap().unwrap().id;
    let files = Origin::Source("Files".to_owned());
    assert_eq!(field(&engine, north, "tier").await, (said("growth"), false, None, files.clone()));

    let member = store::member::list(engine.store().read()).await.unwrap().remove(0);
    let hand = Hand { member_id: member.id, actor: format!("member:{}", member.id) };
    clock.advance(chrono::TimeDelta::minutes(1));
    let typed = [("tier", "strategic"), ("region", "EU")].map(|(key, value)| (said(key), said(value)));
    assert_eq!(
        fields::edit::<Account>(&engine, north, &typed.into(), &hand).await.unwrap(),
        1,
        "the region said so already"
    );
    let person = Origin::Person(member.name.clone());
    let held = (said("strategic"), true, Some(said("growth")), person.clone());
    assert_eq!(field(&engine, north, "tier").await, held);
    assert_eq!(field(&engine, north, "region").await.3, files);

    clock.advance(chrono::TimeDelta::minutes(1));
    assert_eq!(send(&engine, "accounts", &file("digital")).await, [0, 0, 1, 0], "the sync changes nothing");
    assert_eq!(field(&engine, north, "tier").await, (said("strategic"), true, Some(said("digital")), person));
    assert!(fields::release::<Account>(&engine, north, "tier", &hand).await.unwrap());
    assert_eq!(field(&engine, north, "tier").await, (said("digital"), false, None, files), "as its source says now");
    assert!(!fields::release::<Account>(&engine, north, "tier", &hand).await.unwrap());
    assert_eq!(send(&engine, "accounts", &file("growth")).await, [0, 1, 0, 0], "and it follows again");

    fields::edit::<Account>(&engine, north, &[(said("tier"), said("strategic"))].into(), &hand).await.unwrap();
    for (file, counts) in [
        (file("digital"), [0, 1, 1]),
        (file("strategic"), [0, 1, 0]),
        (said("account_id,name\nnorth,North\n"), [0, 1, 0]),
        (said("account_id,name,tier\nnorth,Northern,digital\n"), [1, 0, 0]),
    ] {
        let report = sent(&engine, "accounts", &file, true).await;
        assert_eq!([report.updated, report.unchanged, report.held], counts, "{file}");
    }
    let held = bring_tier(&engine, "digital").await;
    assert_eq!((held.unchanged, held.held), (1, 1), "other ways in say so too");

    let wrong = [(said("customer_from"), said("31.01.2026"))];
    assert!(fields::edit::<Account>(&engine, north, &wrong.into(), &hand).await.is_err());
    engine.close().await.unwrap();
}

/// The tier of the account, said by a database of the company's own.
async fn bring_tier(engine: &Engine, tier: &str) -> import::RecordsReport {
    let source = a_source(engine, "warehouse").await;
    let record = format!(r#"{{"id":"north","tier":"{tier}"}}"#);
    bring(engine, source, "generic", &[("accounts", &record)]).await
}

/// A file says champion; a person says sponsor instead, and the file goes on saying what it said, and more.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn roles_that_a_person_sets_are_left_alone_until_they_are_released() {
    use store::contact_role::Role::{self, Champion, EconomicBuyer, Sponsor};
    let (_home, settings) = company(6).await;
    let (engine, clock) = open(&settings).await;
    let account = engine.book().rows()[0].account.external_id.clone();
    let today = domain::time::day_of(engine.now());
    let ago = |days| today - chrono::TimeDelta::days(days);
    let file = |role: &str| format!("id,account_id,name,role,start_date\nc-1,{account},Ann,{role},{}\n", ago(100));
    assert_eq!(send(&engine, "contacts", &file("champion")).await, [1, 0, 0, 0]);
    let all = record::load::<store::Contact>(engine.store().read(), None, None).await.unwrap();
    let ann = all.into_iter().find(|contact| contact.external_id.as_deref() == Some("c-1")).unwrap();
    let standing = async || {
        let roles = roles::of(&engine, &ann).await.unwrap();
        let standing = roles.all.iter().filter(|role| roles::stands(role, today));
        let standing: Vec<_> = standing.map(|role| (role.role, role.effective_from)).collect();
        (standing, roles.held, roles.offered.map(|offered| offered.value))
    };
    assert_eq!(standing().await, (vec![(Champion, ago(100))], false, None));

    let member = store::member::list(engine.store().read()).await.unwrap().remove(0);
    let hand = Hand { member_id: member.id, actor: format!("member:{}", member.id) };
    let set = async |roles: &[Role], on| {
        let wanted = roles.iter().copied().collect();
        roles::set(&engine, ann.id, &wanted, on, &hand).await.map_err(|error| error.to_string())
    };
    clock.advance(chrono::TimeDelta::minutes(1));
    assert_eq!(set(&[Champion], today).await, Ok(0), "nothing changes, so nothing is held");
    assert!(!standing().await.1);
    assert_eq!(set(&[Sponsor], ago(10)).await, Ok(2));
    assert_eq!(standing().await, (vec![(Sponsor, ago(10))], true, Some("champion".to_owned())));
    assert!(set(&[Champion], ago(-1)).await.unwrap_err().contains("is still to come"));
    assert!(set(&[Champion], ago(50)).await.unwrap_err().contains(&format!("was champion until {}", ago(10))));
    assert!(set(&[Champion], ago(101)).await.unwrap_err().contains("before Ann came"));

    clock.advance(chrono::TimeDelta::minutes(1));
    for (role, offered) in [("champion", "champion"), ("economic_buyer", "champion, economic buyer")] {
        let report = sent(&engine, "contacts", &file(role), false).await;
        assert_eq!((report.unchanged, report.held), (1, 1), "{role}");
        assert_eq!(standing().await, (vec![(Sponsor, ago(10))], true, Some(offered.to_owned())));
    }
    assert!(roles::release(&engine, ann.id, &hand).await.unwrap());
    let (standing_now, held, _) = standing().await;
    assert_eq!((standing_now.len(), held), (2, false));
    assert!(standing_now.contains(&(Champion, today)) && standing_now.contains(&(EconomicBuyer, today)));
    assert!(!roles::release(&engine, ann.id, &hand).await.unwrap());
    let report = sent(&engine, "contacts", &file("champion"), false).await;
    assert_eq!((report.unchanged, report.held), (1, 0), "and it follows again");
    assert_eq!(set(&[], today).await, Ok(2), "a role that began today is taken back");
    let rows = roles::of(&engine, &ann).await.unwrap().all;
    let periods: Vec<_> = rows.iter().map(|role| (role.role, role.effective_from, role.effective_to)).collect();
    assert_eq!(periods, [(Sponsor, ago(10), Some(today)), (Champion, ago(100), Some(ago(10)))]);
    engine.close().await.unwrap();
}

/// A contact's title is set by hand; then two sources speak, one of them not of the title.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_person_sets_of_a_contact_is_left_alone_until_it_is_released() {
    let (_home, settings) = company(6).await;
    let (engine, clock) = open(&settings).await;
    let account = engine.book().rows()[0].account.external_id.clone();
    let row = |title: &str| format!("id,account_id,name,title\nc-1,{account},Ann,{title}\n");
    send(&engine, "contacts", &row("Buyer")).await;
    let all = record::load::<store::Contact>(engine.store().read(), None, None).await.unwrap();
    let ann = all.iter().find(|contact| contact.external_id.as_deref() == Some("c-1")).unwrap().id;
    let title = async || {
        let all = fields::of::<store::Contact>(&engine, ann).await.unwrap();
        let field = all.into_iter().find(|field| field.key == "title").unwrap();
        (field.value, field.held, field.offered.map(|offered| (offered.source, offered.value)))
    };
    let member = store::member::list(engine.store().read()).await.unwrap().remove(0);
    let hand = Hand { member_id: member.id, actor: format!("member:{}", member.id) };
    let typed = |key: &str, value: &str| std::collections::BTreeMap::from([(key.to_owned(), value.to_owned())]);
    clock.advance(chrono::TimeDelta::minutes(1));
    fields::edit::<store::Contact>(&engine, ann, &typed("title", "Head of Data"), &hand).await.unwrap();
    let files = |value: &str| Some((Some("Files".to_owned()), value.to_owned()));
    assert_eq!(title().await, ("Head of Data".to_owned(), true, files("Buyer")));

    clock.advance(chrono::TimeDelta::minutes(1));
    assert_eq!(send(&engine, "contacts", &row("VP Data")).await, [0, 0, 1, 0]);
    assert_eq!(title().await, ("Head of Data".to_owned(), true, files("VP Data")));
    let mute = format!("id,account_id,name\nc-1,{account},Ann Lee\n");
    assert_eq!(send(&engine, "contacts", &mute).await, [0, 1, 0, 0], "the name is nobody's");
    assert_eq!(title().await.2, files("VP Data"), "who does not speak of it says nothing new");
    assert_eq!(send(&engine, "contacts", &row("Head of Data")).await, [0, 1, 0, 0], "only the name goes back");
    assert_eq!(title().await, ("Head of Data".to_owned(), true, files("Head of Data")), "now they agree");
    assert!(fields::release::<store::Contact>(&engine, ann, "title", &hand).await.unwrap());
    assert_eq!(title().await, ("Head of Data".to_owned(), false, None));
    assert_eq!(send(&engine, "contacts", &row("CFO")).await, [0, 1, 0, 0]);
    assert_eq!(title().await.0, "CFO", "it follows its source again");

    let early = fields::edit::<store::Contact>(&engine, ann, &typed("effective_to", "2001-01-01"), &hand).await;
    assert!(early.unwrap_err().to_string().contains("is not after the first day"));
    assert!(fields::edit::<store::Contact>(&engine, ann, &typed("email", "ann at acme"), &hand).await.is_err());
    engine.close().await.unwrap();
}

/// The foreign database is another home's: its accounts are read by a query, then again by their cursor.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_is_read_by_its_cursor_and_never_written() {
    let Some(cluster) = Cluster::shared().unwrap() else {
        eprintln!("{SKIPPED}");
        return;
    };
    let url = cluster.database("foreign").unwrap();
    let foreign = store::Store::open(&store::Settings::new(&url)).await.unwrap();
    let (_home, settings) = company(4).await;
    let (engine, clock) = open(&settings).await;
    let theirs = async |key: &str, name: &str| {
        let account = Account {
            id: 0,
            external_id: key.to_owned(),
            name: name.to_owned(),
            recorded_at: clock.now(),
            source_id: None,
            ..engine.book().rows()[0].account.clone()
        };
        foreign.write(async |tx| record::save(tx, vec![(None, account)]).await).await.unwrap();
        clock.advance(chrono::TimeDelta::minutes(1));
    };
    theirs("o'hara", "O'Hara").await;
    theirs("piper", "Piper").await;

    let warehouse = a_source(&engine, "warehouse").await;
    let sql = import::SqlSource {
        url: url.clone(),
        query: "select external_id as id, name, recorded_at from account;".to_owned(),
        stream: "organizations".to_owned(),
        keys: vec!["id".to_owned()],
        cursor: Some("recorded_at".to_owned()),
        every_minutes: 60,
    };
    let keep = async |sql: &import::SqlSource| {
        engine.store().write(async |tx| import::set_sql_source(&engine, tx, warehouse, sql).await).await.unwrap();
    };
    keep(&sql).await;
    let counts = |report: import::RecordsReport| (report.created, report.updated, report.unchanged, report.failed);
    assert_eq!(counts(import::read_sql(&engine, warehouse).await.unwrap()), (2, 0, 0, 0));
    theirs("quinn", "Quinn").await;
    assert_eq!(counts(import::read_sql(&engine, warehouse).await.unwrap()), (1, 0, 1, 0), "from the last one on");
    let hara = account::find_by_external_id(engine.store().read(), "o'hara").await.unwrap().unwrap();
    assert_eq!(hara.name, "O'Hara");

    let query = "select external_id as id, name from account".to_owned();
    let all = import::SqlSource { query, cursor: None, ..sql.clone() };
    let changed = import::change_sql_source(&engine, warehouse, &all).await.unwrap();
    assert_eq!(counts(changed), (0, 0, 3, 0), "another query begins at the beginning");
    let hidden = import::SqlSource { keys: vec!["external_id".to_owned()], ..all.clone() };
    let query = "select * from (select external_id as id from account) t".to_owned();
    for wrong in [import::SqlSource { query, ..hidden.clone() }, hidden] {
        let fault = import::change_sql_source(&engine, warehouse, &wrong).await.unwrap_err().to_string();
        assert!(fault.starts_with("the query gives no column `external_id`, only `id`"), "{fault}");
    }
    let tried = import::try_sql(&engine, None, &all).await.unwrap();
    let first: Vec<_> = tried.iter().map(|row| (row.key.as_str(), row.becomes.len())).collect();
    assert_eq!(first, [("o'hara", 1), ("piper", 1), ("quinn", 1)]);
    assert_eq!(tried[0].becomes[0].as_deref(), Ok("account o'hara: name = O'Hara"));
    let broken = import::SqlSource { query: "select nothing from nowhere".to_owned(), ..sql.clone() };
    assert!(import::change_sql_source(&engine, warehouse, &broken).await.is_err());
    assert_eq!(import::sql_source(&engine, warehouse).await.unwrap(), Some(all), "what cannot be read is not kept");

    let counting = "select nextval(pg_get_serial_sequence('account', 'id')) as id, 1 as recorded_at";
    for (query, because) in [
        ("delete from account returning external_id as id, recorded_at", "`delete` does not begin"),
        (counting, "cannot execute nextval() in a read-only transaction"),
    ] {
        keep(&import::SqlSource { query: query.to_owned(), ..sql.clone() }).await;
        let fault = import::read_sql(&engine, warehouse).await.unwrap_err().to_string();
        assert!(fault.contains(because), "whatever its role may do: {fault}");
    }
    keep(&import::SqlSource { url: "postgres://nobody:x@127.0.0.1:1/none".to_owned(), ..sql }).await;
    let refused = import::read_sql(&engine, warehouse).await.unwrap_err().to_string();
    assert!(refused.starts_with("nothing answers at 127.0.0.1, port 1: "), "{refused}");
    let heard = source::find(engine.store().read(), warehouse).await.unwrap().last_message_at;
    clock.advance(chrono::TimeDelta::minutes(1));
    assert!(import::read_and_note(&engine, warehouse).await.unwrap().is_none());
    let noted = source::find(engine.store().read(), warehouse).await.unwrap();
    assert!(noted.last_error.unwrap().starts_with("Nothing answers at 127.0.0.1, port 1: "));
    assert_eq!(noted.last_message_at, heard, "an error is no message");
    assert_eq!(record::load::<Account>(foreign.read(), None, None).await.unwrap().len(), 3);
    engine.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_secret_of_a_source_lies_in_clear() {
    let (home, settings) = company(2).await;
    let (engine, _) = open(&settings).await;
    let id = a_source(&engine, "tillpoint").await;
    let secret = "whsec_planted_canary_7";
    let sender = serde_json::json!({ "sender": "stripe" });
    engine::webhook::set_up(&engine, id, sender, &[secret.to_owned()]).await.unwrap();
    let sql = import::SqlSource {
        url: "postgres://reader:planted_canary_8@db/app".to_owned(),
        query: "select 1".to_owned(),
        stream: "organizations".to_owned(),
        keys: vec!["id".to_owned()],
        cursor: None,
        every_minutes: 60,
    };
    engine.store().write(async |tx| import::set_sql_source(&engine, tx, id, &sql).await).await.unwrap();
    let known = engine::webhook::setup(&engine, id).await.unwrap().unwrap();
    assert_eq!((known.secrets[0].as_str(), import::sql_source(&engine, id).await.unwrap()), (secret, Some(sql)));
    // The database, its log and everything else in the home, byte by byte, while open and after.
    assert_eq!(holding(home.path(), b"planted_canary"), Vec::<std::path::PathBuf>::new());
    engine.close().await.unwrap();
    assert_eq!(holding(home.path(), b"planted_canary"), Vec::<std::path::PathBuf>::new());
    assert!(!holding(home.path(), b"tillpoint").is_empty(), "the search itself finds what is there");
}

/// The files below a folder that hold some bytes. What is gone by the time it is read, as the journal of a
/// compaction is, holds none.
fn holding(folder: &std::path::Path, bytes: &[u8]) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for path in std::fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            found.extend(holding(&path, bytes));
            continue;
        }
        match std::fs::read(&path) {
            Ok(content) if content.windows(bytes.len()).any(|some| some == bytes) => found.push(path),
            Ok(_) => {}
            Err(problem) => assert_eq!(problem.kind(), std::io::ErrorKind::NotFound, "{}", path.display()),
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lines_that_cannot_be_are_refused_and_those_that_contradict_are_told() {
    let (_home, settings) = company(2).await;
    let (engine, _) = open(&settings).await;
    assert_eq!(send(&engine, "accounts", "account_id,name\nnorth,North\n").await, [1, 0, 0, 0]);
    assert_eq!(
        send(&engine, "subscriptions", "account_id,subscription_id,start\nnorth,s1,2026-01-01\n").await,
        [1, 0, 0, 0]
    );
    let refused = async |line: &str| {
        let file = format!("id,subscription_id,product,quantity,arr,start,end\n{line}\n");
        let import = CsvImport { object: "subscription_items", ..CsvImport::default() };
        let report = import::csv(&engine, import, Cursor::new(file), &mut |_| {}).await.unwrap();
        report.refused.first().map(|refused| refused.message.clone()).unwrap_or_default()
    };
    let backwards = refused("i1,s1,Suite,1,1200,2026-05-01,2026-04-01").await;
    assert_eq!(backwards, "the line ends on 2026-04-01, before its start on 2026-05-01");
    assert_ne!(refused("i1,s1,Suite,-3,1200,2026-05-01,").await, "", "a negative quantity");
    assert_eq!(refused("i1,s1,Suite,1,1200,2026-02-01,").await, "");
    assert_eq!(refused("i2,s1,Suite,1,1500,2026-03-01,").await, "", "two sources may say two things");
    engine::refresh::all(&engine).await.unwrap();
    let north = account::find_by_external_id(engine.store().read(), "north").await.unwrap().unwrap();
    let book = engine.book();
    let ledger = &book.row(north.id).unwrap().revenue;
    assert_eq!(ledger.lines.len(), 2, "both count: {:?}", ledger.lines);
    assert!(!ledger.faults.is_empty(), "and the contradiction is told");
    engine.close().await.unwrap();
}
