//! What people do on the pages of sources and of records: set a field that a file then contradicts, watch and stop an
//! import, choose a sheet of a workbook's, limit a key to websites, be told where a rule is broken.

use axum::body::Body;
use axum::http::{Request, header};
use store::{Contact, record};

use crate::world::{ADAS, ADMIN, Reply, World, cookie};

/// Sends the import form as a browser does.
async fn upload(world: &World, object: &str, file: &str, wanted: &str) -> Reply {
    let fields = [("object", object), ("do", wanted)];
    let part = |(name, value): (&str, &str)| {
        format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    let file =
        format!("--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"f.csv\"\r\n\r\n{file}\r\n--b--\r\n");
    let body = fields.into_iter().map(part).chain([file]).collect::<String>();
    let request = Request::post("/sources/import")
        .header(header::COOKIE, cookie(ADMIN))
        .header(header::CONTENT_TYPE, "multipart/form-data; boundary=b");
    world.send(request.body(Body::from(body)).unwrap()).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_person_sets_of_a_contact_stands_on_the_page_until_it_is_released() {
    let world = World::new().await;
    let file = |title: &str| format!("id,account_id,name,email,title\nc-1,alder,Ann,ann@alder.test,{title}\n");
    assert!(upload(&world, "contacts", &file("Buyer"), "import").await.body.contains("1 record written"));
    let all = record::load::<Contact>(world.app.engine.store().read(), None, None).await.unwrap();
    let page = format!("/accounts/{ADAS}/contacts/{}", all[0].id);
    let people = world.get(&format!("/accounts/{ADAS}?tab=people"), &cookie(ADMIN)).await;
    assert!(people.body.contains(&format!("href=\"{page}\"")), "{}", people.body);

    let fields = format!("{page}/fields");
    let refused = world.post_form(&fields, &cookie(ADMIN), "name=Ann&email=nowhere&title=Boss").await;
    assert_eq!(refused.status, 422);
    assert!(
        refused.body.contains("value=\"Boss\"") && refused.body.contains("is not a mail address"),
        "{}",
        refused.body
    );
    let set = world.post_form(&fields, &cookie(ADMIN), "name=Ann&email=ann%40alder.test&title=Boss").await;
    assert_eq!((set.status.as_u16(), set.header("location")), (303, page.as_str()));
    upload(&world, "contacts", &file("Chief"), "import").await;
    let shown = world.get(&page, &cookie(ADMIN)).await.body;
    for part in ["<b>Root</b>", "held", "Files says <b>Chief</b>", "value=\"Boss\""] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    world.post_form(&format!("{fields}/release"), &cookie(ADMIN), "field=title").await;
    let shown = world.get(&page, &cookie(ADMIN)).await.body;
    assert!(shown.contains("value=\"Chief\"") && !shown.contains("Boss"), "{shown}");
    assert_eq!(world.post_form(&fields, &cookie(ADMIN), "salary=1").await.status, 400);
    world.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_contact_is_to_us_is_set_on_their_page_and_a_file_that_differs_says_why_it_changed_nothing() {
    let world = World::new().await;
    let file = |role: &str| format!("id,account_id,name,start_date,role\nc-1,alder,Ann,2026-01-01,{role}\n");
    upload(&world, "contacts", &file("user"), "import").await;
    let all = record::load::<Contact>(world.app.engine.store().read(), None, None).await.unwrap();
    let page = format!("/accounts/{ADAS}/contacts/{}", all[0].id);
    let roles = format!("{page}/roles");
    let refused = world.post_form(&roles, &cookie(ADMIN), "champion=on&on=2126-01-01").await;
    assert!(refused.status == 422 && refused.body.contains("still to come"), "{}", refused.body);
    assert!(refused.body.contains("name=\"champion\" checked"), "{}", refused.body);
    assert_eq!(world.post_form(&roles, &cookie(ADMIN), "king=on").await.status, 400);
    let set = world.post_form(&roles, &cookie(ADMIN), "champion=on&on=2026-02-01").await;
    assert_eq!((set.status.as_u16(), set.header("location")), (303, page.as_str()));
    let shown = world.get(&page, &cookie(ADMIN)).await.body;
    for part in ["<b>Root</b>", "held", "Files says <b>user</b>", "name=\"champion\" checked"] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    for (wanted, said) in [("dry_run", "would write 0 records"), ("import", "Imported: 0 records written")] {
        let again = upload(&world, "contacts", &file("user"), wanted).await.body;
        let why = "1 row differs only in fields that a person holds";
        assert!(again.contains(said) && again.contains(why), "{again}");
    }
    let imports = world.get("/sources/imports", &cookie(ADMIN)).await.body;
    assert!(imports.contains("1 different only in what a person holds"), "{imports}");
    world.post_form(&format!("{page}/fields/release"), &cookie(ADMIN), "field=roles").await;
    let shown = world.get(&page, &cookie(ADMIN)).await.body;
    assert!(shown.contains("name=\"user\" checked") && !shown.contains("Files says"), "{shown}");
    world.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_table_is_refused_in_a_sentence() {
    let world = World::new().await;
    let noise: String = (0..4_000_u32).map(|n| char::from_u32(n * 7 % 128).unwrap()).collect();
    for (file, sentence) in [
        ("", "There is nothing in the file"),
        (noise.as_str(), "a file of another kind"),
        ("%PDF-1.7", "a PDF document"),
        ("PK\u{3}\u{4}nothing", "cannot be opened as one"),
        ("colour\nred\n", "No column holds `external_id`"),
    ] {
        let reply = upload(&world, "accounts", file, "import").await;
        assert!(reply.status == 422 && reply.body.contains(sentence), "{sentence}: {}", reply.body);
    }
    let none = upload(&world, "accounts", "account_id,name\n", "import").await;
    assert!(none.status == 200 && none.body.contains("0 records written"), "{}", none.body);
    world.close().await;
}

/// A stream without a rule sends three records; a person maps it, at first with a key that is not there.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_stands_nowhere_is_refused_and_one_that_nothing_shows_is_called_untested() {
    let world = World::new().await;
    let engine = &world.app.engine;
    let mut records = engine::import::Records::open(engine, 2, "generic").await.unwrap();
    for n in 1..=3 {
        let text = format!(r#"{{"no":"d{n}","company":"alder","name":"Deal {n}","close":"2027-01-0{n}"}}"#);
        records.take_text(n, "deals", &format!("d{n}"), &text).await.unwrap();
    }
    records.finish().await.unwrap();
    let rules = |stream: &str, key: &str| {
        format!(
            "[[rule]]\nstream = '{stream}'\nobject = 'objective'\nkey = {key}\n[rule.fields]\naccount = 'company'\n\
             title = 'name'\ndue_on = 'close'\n"
        )
    };
    let send = async |rules: String, wanted: &str| {
        let form =
            format!("preset=generic&stream=deals&do={wanted}&rules={}", rules.replace('\n', "%0A").replace('=', "%3D"));
        world.post_form("/sources/2/mapping", &cookie(ADMIN), &form).await
    };
    for wanted in ["try", "keep"] {
        let reply = send(rules("deals", "'number'"), wanted).await;
        assert_eq!(reply.status, 422, "{}", reply.body);
        for part in ["from `number`, which stands nowhere in the last 3 messages", "They have `no`, `company`, `name`"]
        {
            assert!(reply.body.contains(part), "{part}: {}", reply.body);
        }
    }
    let early = send(rules("leads", "'number'"), "keep").await;
    assert!(early.status == 200 && early.body.contains("so its rule is untested"), "{}", early.body);
    let kept = send(rules("deals", "'no'"), "keep").await;
    assert!(kept.status == 200 && kept.body.contains("3 created") && !kept.body.contains("untested"), "{}", kept.body);
    world.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broken_rule_says_its_line_and_nothing_typed_is_lost() {
    let world = World::new().await;
    let page = "/sources/2/mapping";
    let rules = "%5B%5Brule%5D%5D%0Astream%20%3D%20'deals'%0Aobject%20%3D";
    for wanted in ["try", "keep"] {
        let form = format!("preset=generic&stream=&rules={rules}&do={wanted}");
        let reply = world.post_form(page, &cookie(ADMIN), &form).await;
        assert!(reply.status == 422 && reply.body.contains("line 3, column "), "{}", reply.body);
        assert!(reply.body.contains("stream = 'deals'"), "{}", reply.body);
    }
    assert!(!world.get(page, &cookie(ADMIN)).await.body.contains("deals"), "nothing was kept");
    let long = format!("preset=generic&stream=&rules={}&do=try", "x".repeat(70_000));
    let refused = world.post_form(page, &cookie(ADMIN), &long).await;
    assert_eq!((refused.status.as_u16(), refused.header("connection")), (413, "close"), "its rest is never read");
    world.close().await;
}

/// Nothing answers at the address, so whatever is not said of the host was judged before anybody was asked.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_with_a_database_is_said_at_its_field_and_before_the_host_is_asked() {
    let world = World::new().await;
    let host = "postgres://reader:hush@127.0.0.1:1/app";
    for (url, query, keys, cursor, sentence) in [
        (
            "mysql://reader@db/app",
            "select id from t",
            "id",
            "",
            "Only PostgreSQL is read, not `mysql`: write postgres://",
        ),
        (
            host,
            "drop table t",
            "id",
            "",
            "because `drop` does not begin a statement that only reads: write one SELECT.",
        ),
        (host, "select 1 as id; select 2 as id", "id", "", "because these are 2 statements: write one SELECT."),
        (host, "select id, name from t", "org", "", "The query gives no column `org`, only `id`, `name`."),
        (host, "select id, name from t", "id", "changed", "The query gives no column `changed`, only `id`, `name`."),
        (host, "select id, name from t", "id", "", "Nothing answers at 127.0.0.1, port 1: "),
    ] {
        for wanted in ["keep", "try"] {
            let text = |text: &str| text.replace(';', "%3B").replace(' ', "+");
            let form = format!(
                "name=Lagerhaus&url={url}&query={}&stream=organizations&keys={keys}&cursor={cursor}&every_minutes=5&do={wanted}",
                text(query)
            );
            let reply = world.post_form("/sources/sql", &cookie(ADMIN), &form).await;
            assert!(reply.status == 422 && reply.body.contains(sentence), "{sentence}: {}", reply.body);
            assert!(!reply.body.contains("hush") && reply.body.contains("aria-invalid=\"true\""), "{}", reply.body);
        }
    }
    assert!(!world.get("/sources", &cookie(ADMIN)).await.body.contains("Lagerhaus"), "nothing was kept");
    world.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_is_limited_to_websites_on_its_page() {
    let world = World::new().await;
    let send = async |origins: &str| world.post_form("/sources/2/origins", &cookie(ADMIN), origins).await;
    let wrong = send("origins=app.example.com").await;
    assert!(wrong.status == 422 && wrong.body.contains("is not an origin"), "{}", wrong.body);
    for (origin, because) in [
        ("*", "leave the list empty"),
        ("https://*.example.com", "stands for many websites"),
        ("https://app.example.com:0", "is not an origin"),
        ("https://b\u{fc}cher.example", "is not an origin"),
        ("https://app.example.com:443", "write https://app.example.com."),
    ] {
        let refused = send(&format!("origins={origin}")).await;
        assert!(refused.status == 422 && refused.body.contains(because), "{origin}: {}", refused.body);
        assert!(refused.body.contains(&format!(">{origin}</textarea>")), "what was typed stays: {}", refused.body);
    }
    assert_eq!(send("origins=http%3A%2F%2F%5B%3A%3A1%5D%3A3000").await.status, 303);
    assert_eq!(send("origins=https%3A%2F%2Fapp.example.com%2F%0D%0A").await.status, 303);
    let page = world.get("/sources/2", &cookie(ADMIN)).await.body;
    assert!(page.contains("https://app.example.com</textarea>") && page.contains("Only pages of these"), "{page}");
    world.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_import_is_listed_with_its_sums_and_taken_back() {
    let world = World::new().await;
    let file = "account_id,name,arr,currency\ncedar,Cedar,1200,EUR\n";
    assert!(upload(&world, "accounts", file, "import").await.body.contains("Imported: 1 record written."));
    let page = world.get("/sources/imports", &cookie(ADMIN)).await.body;
    for part in ["f.csv", "1 created", "arr 1,200.00 EUR", "/sources/imports/1/undo", "by Root"] {
        assert!(page.contains(part), "{part}: {page}");
    }
    assert!(!page.contains("data-again"), "nothing is under way");
    let undone = world.post_form("/sources/imports/1/undo", &cookie(ADMIN), "").await;
    assert!(undone.status == 200 && undone.body.contains("Taken back: "), "{}", undone.body);
    assert_eq!(world.post_form("/sources/imports/1/undo", &cookie(ADMIN), "").await.status, 409);
    assert_eq!(world.post_form("/sources/imports/1/stop", &cookie(ADMIN), "").await.status, 303);
    world.close().await;
}
