use proptest::prelude::*;

use super::*;
use crate::json::parse;
use crate::record::{Code, Given};

fn now() -> Instant {
    "2026-11-22T12:00:00Z".parse().unwrap()
}

fn preset(name: &str) -> Preset {
    Preset::named(name).unwrap().unwrap()
}

fn drafts(name: &str, stream: &str, record: &str) -> Vec<Draft> {
    let value = parse(record).unwrap().value;
    preset(name).drafts(stream, &value, now()).into_iter().map(|draft| draft.unwrap()).collect()
}

#[test]
fn every_preset_that_ships_is_sound() {
    for name in Preset::names() {
        assert_eq!(preset(name).name, name);
        assert!(!preset(name).doc.is_empty());
    }
    assert!(Preset::named("unheard").is_none());
}

#[test]
fn a_preset_that_names_strangers_is_refused() {
    let rule = |fields: &str| {
        Preset::from_toml(&format!(
            "name = 'x'\ndoc = 'x'\n[[rule]]\nstream = 's'\nobject = 'account'\nkey = 'id'\n[rule.fields]\n{fields}"
        ))
        .unwrap_err()
        .to_string()
    };
    assert_eq!(rule("revenue = 'r'"), "the rule for `s` fills `revenue`, which is not a field of account");
    assert_eq!(
        rule("mrr_cents = { path = 'r', as = 'dollars' }"),
        "the rule for `s` reads `mrr_cents` as `dollars`, which is neither minor nor a date format"
    );
    assert_eq!(rule("name = { pathh = 'r' }"), "the preset cannot be read");
}

#[test]
fn a_stripe_customer_is_an_account() {
    let record = r#"{"id":"cus_1","name":null,"email":"billing@acme.test","currency":"eur","metadata":{"account_id":"acme","region":"EU"}}"#;
    let draft = &drafts("stripe", "customers", record)[0];
    assert_eq!(draft.key, "cus_1");
    assert_eq!(draft.text("name"), Given::Set("billing@acme.test"));
    assert_eq!(draft.text("same_as"), Given::Set("acme"));
    assert_eq!(draft.text("currency"), Given::Set("EUR"));
    assert_eq!(serde_json::Value::Object(draft.extra.clone()).to_string(), r#"{"region":"EU"}"#);
}

/// The shape before API 2025-03-31 through tap-stripe: items are only named.
#[test]
fn an_old_stripe_subscription_has_one_item_by_its_plan() {
    let record = r#"{"id":"sub_1","customer":"cus_1","status":"active","start_date":"2026-01-15T03:49:55.000000Z",
        "cancel_at_period_end":false,"canceled_at":null,"ended_at":null,"current_period_end":"2026-12-22T03:49:55.000000Z",
        "items":["si_1"],"quantity":3,"trial_end":null,
        "plan":{"id":"pro-monthly","nickname":"Pro","product":"prod_pro","amount":250000,"currency":"usd","interval":"month","interval_count":1,"billing_scheme":"per_unit"}}"#;
    let found = drafts("stripe", "subscriptions", record);
    let [subscription, item] = &found[..] else { panic!("{found:?}") };
    assert_eq!((subscription.object, item.object), (Object::Subscription, Object::SubscriptionItem));
    assert_eq!(subscription.text("account"), Given::Set("cus_1"));
    assert_eq!(subscription.int("period_months"), Given::Set(1));
    assert_eq!(subscription.bool("auto_renew"), Given::Set(true));
    assert_eq!(subscription.day("effective_to"), Given::Set("2026-12-22".parse().unwrap()));
    assert_eq!(subscription.day("cancelled_on"), Given::Cleared, "null means there is none");
    assert_eq!(item.key, "si_1");
    assert_eq!(item.cents("mrr_cents"), Given::Set(750_000));
    assert_eq!((item.int("quantity"), item.text("unit")), (Given::Set(3), Given::Set("seat")));
    assert_eq!(item.day("effective_from"), Given::Set("2026-01-15".parse().unwrap()));
}

/// The shape since API 2025-03-31: periods and prices on the items, times as numbers.
#[test]
fn a_new_stripe_subscription_has_the_items_it_lists() {
    let record = r#"{"id":"sub_2","customer":"cus_2","status":"trialing","start_date":1795319596,"trial_end":1797911596,
        "cancel_at_period_end":true,"currency":"usd",
        "items":{"object":"list","data":[
          {"id":"si_a","quantity":10,"current_period_end":1797911596,"price":{"id":"p1","nickname":"Seats","product":"prod_1","unit_amount":1500,"unit_amount_decimal":"1500","currency":"usd","billing_scheme":"per_unit","recurring":{"interval":"month","interval_count":1}}},
          {"id":"si_b","quantity":1,"price":{"id":"p2","product":"prod_2","unit_amount":120000,"currency":"usd","recurring":{"interval":"year","interval_count":1}}}]}}"#;
    let found = drafts("stripe", "subscriptions", record);
    let [subscription, seats, support] = &found[..] else { panic!("{found:?}") };
    assert_eq!(subscription.bool("auto_renew"), Given::Set(false));
    assert_eq!(subscription.day("effective_from"), Given::Set("2026-11-22".parse().unwrap()));
    assert_eq!(subscription.day("effective_to"), Given::Set("2026-12-22".parse().unwrap()));
    assert_eq!((seats.key.as_str(), seats.cents("mrr_cents")), ("si_a", Given::Set(15_000)));
    assert_eq!((support.key.as_str(), support.cents("mrr_cents")), ("si_b", Given::Set(10_000)));
    assert_eq!(seats.text("subscription"), Given::Set("sub_2"));
    assert_eq!(seats.day("trial_to"), Given::Set("2026-12-22".parse().unwrap()), "revenue begins after the trial");
    assert_eq!((seats.day("effective_to"), seats.day("changed_on")), (Given::Absent, Given::Absent));
    assert_eq!(seats.text("lines"), Given::Set("si_a si_b"), "whatever else it had is no more");
}

/// A line that was added later, a change, and coupons: one that lasts, and one of the first invoice only.
#[test]
fn a_stripe_subscription_says_what_changed_when_and_what_is_taken_off() {
    let record = |coupon: &str, updated: u32| {
        format!(
            r#"{{"id":"sub_3","customer":"cus_3","created":1767225600,"start_date":1764547200,"updated":{updated},
            "discounts":[{{"end":1780000000,"coupon":{{"percent_off":12.5,"duration":"{coupon}"}}}}],
            "items":{{"has_more":false,"data":[
              {{"id":"si_a","created":1767225601,"quantity":1,"price":{{"unit_amount":100,"recurring":{{"interval":"month"}}}}}},
              {{"id":"si_b","created":1772323200,"quantity":1,"price":{{"unit_amount":100,"recurring":{{"interval":"month"}}}}}}]}}}}"#
        )
    };
    let found = drafts("stripe", "subscriptions", &record("repeating", 1_772_323_200));
    let [contract, first, added] = &found[..] else { panic!("{found:?}") };
    let day = |text: &str| Given::Set(text.parse::<domain::Day>().unwrap());
    assert_eq!(first.day("effective_from"), day("2025-12-01"), "backdated with the contract");
    assert_eq!(added.day("effective_from"), day("2026-03-01"));
    assert_eq!(first.day("changed_on"), day("2026-03-01"));
    assert_eq!(contract.text("discounts"), Given::Set("discount 12.5% - 2026-05-28"));
    assert_eq!((first.text("discount_percent"), first.text("discounts")), (Given::Absent, Given::Absent));
    let once = drafts("stripe", "subscriptions", &record("once", 1_767_225_600));
    assert_eq!(once[0].text("discounts"), Given::Cleared, "one invoice is not what recurs");
    assert_eq!(once[1].day("changed_on"), Given::Absent, "it was made then, and has not changed");
}

/// A coupon of an item, one of the contract, and a message about the latter alone; times and amounts as Stripe writes them.
#[test]
fn a_stripe_coupon_of_an_amount_is_taken_off_where_it_holds() {
    let record = r#"{"id":"sub_4","customer":"cus_4","created":1767225600,"start_date":1767225600,"updated":1772323200,"currency":"usd",
        "pause_collection":{"behavior":"void","resumes_at":1780000000},"discounts":["di_1"],
        "items":{"has_more":false,"data":[{"id":"si_a","created":1767225600,"quantity":1,
          "discounts":[{"id":"di_2","end":null,"coupon":{"amount_off":250,"percent_off":null,"currency":"usd","duration":"forever"}}],
          "price":{"unit_amount":1000,"currency":"usd","recurring":{"interval":"month","interval_count":1}}}]}}"#;
    let found = drafts("stripe", "subscriptions", record);
    let [contract, item] = &found[..] else { panic!("{found:?}") };
    assert_eq!(contract.text("discounts"), Given::Set("di_1"), "it holds, and what it takes off is told elsewhere");
    assert_eq!(
        (contract.bool("paused"), contract.day("resumes_on")),
        (Given::Set(true), Given::Set("2026-05-28".parse().unwrap()))
    );
    assert_eq!(contract.day("changed_on"), Given::Set("2026-03-01".parse().unwrap()));
    assert_eq!(
        (item.cents("arr_cents"), item.cents("discount_cents")),
        (Given::Set(12_000), Given::Set(3_000)),
        "a year"
    );

    let coupon = r#"{"id":"di_1","object":"discount","customer":"cus_4","subscription":"sub_4","subscription_item":null,"start":1772323200,"end":null,
        "coupon":{"id":"FIVE","object":"coupon","amount_off":500,"percent_off":null,"currency":"usd","duration":"forever"}}"#;
    let [told] = &drafts("stripe", "discounts", coupon)[..] else { panic!("one draft") };
    assert_eq!((told.object, told.key.as_str()), (Object::Subscription, "sub_4"));
    assert_eq!(told.text("discount"), Given::Set("di_1 5.00 USD 2026-03-01 -"));
    let of_item = coupon.replace("\"subscription_item\":null", "\"subscription_item\":\"si_a\"");
    assert_eq!(drafts("stripe", "discounts", &of_item), [], "not of the whole");
    for (state, paused) in [("\"behavior\":\"keep_as_draft\"", false), ("\"behavior\":\"mark_uncollectible\"", true)] {
        let record = record.replace("\"behavior\":\"void\"", state);
        assert_eq!(drafts("stripe", "subscriptions", &record)[0].bool("paused"), Given::Set(paused), "{state}");
    }
}

#[test]
fn stripe_invoices_and_charges() {
    let record = r#"{"id":"in_1","customer":"cus_1","status":"paid","total":750000,"currency":"usd","created":"2026-11-22T03:49:56.000000Z",
        "parent":{"subscription_details":{"subscription":"sub_1"}},
        "status_transitions":{"finalized_at":"2026-11-22T03:49:56.000000Z","paid_at":"2026-11-23T00:00:00.000000Z","voided_at":null}}"#;
    let draft = &drafts("stripe", "invoices", record)[0];
    assert_eq!(draft.cents("amount_cents"), Given::Set(750_000));
    assert_eq!(draft.text("subscription"), Given::Set("sub_1"));
    assert_eq!(draft.day("paid_on"), Given::Set("2026-11-23".parse().unwrap()));
    assert_eq!((draft.day("voided_on"), draft.day("due_on")), (Given::Cleared, Given::Absent));
    assert_eq!(drafts("stripe", "invoices", &record.replace("\"paid\"", "\"draft\"")), []);

    let charge = r#"{"id":"ch_1","customer":"cus_1","invoice":"in_1","created":1795319596,"status":"failed","failure_message":"Card declined"}"#;
    let draft = &drafts("stripe", "charges", charge)[0];
    assert_eq!((draft.bool("failed"), draft.text("reason")), (Given::Set(true), Given::Set("Card declined")));
    assert_eq!(drafts("stripe", "charges", r#"{"id":"ch_2","invoice":null,"status":"succeeded"}"#), []);
}

#[test]
fn hubspot_numbers_are_strings_and_unknown_properties_are_kept() {
    let record = r#"{"id":"101","properties":{"name":"Acme Ltd","domain":"acme.test","numberofemployees":"420","lifecyclestage":"customer","renewal_date":"2027-01-31","annualrevenue":"5000000","industry":null}}"#;
    let draft = &drafts("hubspot", "companies", record)[0];
    assert_eq!((draft.key.as_str(), draft.int("employees")), ("101", Given::Set(420)));
    assert_eq!(draft.text("status"), Given::Set("active"));
    assert_eq!(draft.text("industry"), Given::Cleared);
    assert_eq!(draft.text("region"), Given::Absent);
    assert_eq!(serde_json::Value::Object(draft.extra.clone()).to_string(), r#"{"annualrevenue":"5000000"}"#);
    let contact = r#"{"id":"201","properties":{"email":"Ann@acme.test","firstname":"Ann","lastname":"Lee","jobtitle":"CIO","associatedcompanyid":"101"}}"#;
    let draft = &drafts("hubspot", "contacts", contact)[0];
    assert_eq!((draft.text("name"), draft.text("account")), (Given::Set("Ann Lee"), Given::Set("101")));
}

#[test]
fn the_generic_preset_reads_a_table_by_its_names() {
    let record = r#"{"id":"4f56","name":"Acme Ltd","plan":"pro","seats":25,"mrr":2500.00,"created_at":"2026-11-22T03:56:54.022553+00:00","settings":{"sso":true},"tags":["beta"]}"#;
    let draft = &drafts("generic", "public-organizations", record)[0];
    assert_eq!((draft.key.as_str(), draft.cents("mrr_cents")), ("4f56", Given::Set(250_000)));
    assert_eq!(draft.int("seats"), Given::Set(25));
    assert_eq!(
        serde_json::Value::Object(draft.extra.clone()).to_string(),
        r#"{"settings":{"sso":true},"tags":["beta"]}"#
    );
    assert!(!preset("generic").knows("public-migrations"));
}

#[test]
fn what_does_not_fit_is_a_fault_with_its_field() {
    let value = parse(r#"{"id":"in_1","customer":"c","total":12.5,"created":1795319596}"#).unwrap().value;
    let fault = preset("stripe").drafts("invoices", &value, now()).remove(0).unwrap_err();
    assert_eq!((fault.field, fault.code), ("amount_cents", Code::BadNumber));
    let value = parse(r#"{"id":"in_1","customer":{"id":"c"},"total":12,"created":1795319596}"#).unwrap().value;
    let fault = preset("stripe").drafts("invoices", &value, now()).remove(0).unwrap_err();
    assert_eq!((fault.field, fault.code), ("account", Code::BadType));
    let value = parse(r#"{"customer":"c"}"#).unwrap().value;
    let fault = preset("stripe").drafts("subscriptions", &value, now()).remove(0).unwrap_err();
    assert_eq!(fault.code, Code::MissingKey);
}

proptest! {
    #[test]
    fn no_record_panics(members in prop::collection::hash_map("(id|name|customer|items|plan|quantity|total|created|properties|status)", "(null|\\{\\}|\\[\\{\\}\\]|\\[1\\]|-?[0-9]{1,20}|\"[a-z0-9-]{0,8}\"|true)", 0..8),
                        stream in "(customers|subscriptions|invoices|charges|companies|contacts|users|events)") {
        let members: Vec<String> = members.iter().map(|(key, value)| format!("\"{key}\":{value}")).collect();
        let text = format!("{{{}}}", members.join(","));
        let Ok(document) = parse(&text) else { return Ok(()) };
        for name in Preset::names() {
            preset(name).drafts(&stream, &document.value, now());
        }
    }
}

/// Records as each vendor's tap or API writes them, and what they must become.
#[test]
fn every_preset_reads_its_golden_records() {
    let golden = [
        (
            "chargebee",
            include_str!("../../presets/golden/chargebee.jsonl"),
            include_str!("../../presets/golden/chargebee.txt"),
        ),
        (
            "generic",
            include_str!("../../presets/golden/generic.jsonl"),
            include_str!("../../presets/golden/generic.txt"),
        ),
        (
            "hubspot",
            include_str!("../../presets/golden/hubspot.jsonl"),
            include_str!("../../presets/golden/hubspot.txt"),
        ),
        (
            "intercom",
            include_str!("../../presets/golden/intercom.jsonl"),
            include_str!("../../presets/golden/intercom.txt"),
        ),
        (
            "postgres",
            include_str!("../../presets/golden/postgres.jsonl"),
            include_str!("../../presets/golden/postgres.txt"),
        ),
        (
            "salesforce",
            include_str!("../../presets/golden/salesforce.jsonl"),
            include_str!("../../presets/golden/salesforce.txt"),
        ),
        ("stripe", include_str!("../../presets/golden/stripe.jsonl"), include_str!("../../presets/golden/stripe.txt")),
        (
            "zendesk",
            include_str!("../../presets/golden/zendesk.jsonl"),
            include_str!("../../presets/golden/zendesk.txt"),
        ),
    ];
    let mut differences = Vec::new();
    for (name, records, expected) in golden {
        let read: String = records.lines().map(|line| told(&preset(name), line)).collect();
        if read != expected {
            differences.push(format!("=== {name}\n{read}"));
        }
    }
    assert!(differences.is_empty(), "these presets read something else:\n{}", differences.concat());
}

/// A line of a golden file as sentences: what its record becomes.
fn told(preset: &Preset, line: &str) -> String {
    let document = parse(line).unwrap().value;
    let stream = document.get("stream").and_then(Value::as_text).unwrap();
    let drafts = preset.drafts(stream, document.get("record").unwrap(), now());
    if drafts.is_empty() {
        let fate = if preset.knows(stream) { "passed over" } else { "kept raw" };
        return format!("{stream}: {fate}\n");
    }
    let draft = |draft: Result<Draft, Fault>| match draft {
        Ok(draft) => {
            let fields = serde_json::to_string(&draft.fields).unwrap();
            let extra = serde_json::Value::Object(draft.extra);
            format!("{stream}: {} {} {fields} {extra}\n", draft.object.as_str(), draft.key)
        }
        Err(fault) => format!("{stream}: refused, {} {}: {fault}\n", fault.field, fault.code.as_str()),
    };
    drafts.into_iter().map(draft).collect()
}

#[test]
fn rules_of_ones_own_replace_those_of_their_stream() {
    let own = "[[rule]]\nstream = 'deals'\nobject = 'objective'\nkey = 'id'\n[rule.fields]\naccount = 'company'\ntitle = 'name'\ndue_on = 'close'\ntarget = 'amount'\n\
               [[rule]]\nstream = 'Companies'\nobject = 'account'\nkey = 'id'\n[rule.fields]\nname = 'properties.legal_name'\n";
    let mixed = preset("hubspot").with(Rules::from_toml(own).unwrap());
    let read = |stream, record: &str| mixed.drafts(stream, &parse(record).unwrap().value, now()).remove(0).unwrap();
    let deal = read("deals", r#"{"id":"d","company":"101","name":"Grow","close":"2027-01-31","amount":"12.5"}"#);
    assert_eq!((deal.object, deal.decimal("target")), (Object::Objective, Given::Set(12.5)));
    let company = read("companies", r#"{"id":"101","properties":{"name":"Acme","legal_name":"Acme Ltd"}}"#);
    assert_eq!(company.text("name"), Given::Set("Acme Ltd"));
    assert!(mixed.knows("contacts") && !preset("hubspot").knows("deals"));
}
