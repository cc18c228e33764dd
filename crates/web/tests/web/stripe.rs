//! One history of a Stripe account, told four times: as tap-stripe prints it, and as webhooks in the shape before API
//! 2025-03-31 and in the one since, in order and each twice. Every telling gives the same revenue, to the cent, and that
//! is the revenue written down here by hand. What tap-stripe really printed is told again as webhooks, too.

use std::{fs, path::PathBuf};

use axum::http::StatusCode;
use domain::Day;
use serde_json::{Value, json};

use crate::webhooks::{deliveries, listening, post, sign};
use crate::world::{ADMIN, World, cookie, now};

/// A subscription as it stood on a day.
#[derive(Clone)]
struct State {
    id: &'static str,
    currency: &'static str,
    /// The day of the message.
    on: &'static str,
    start: &'static str,
    status: &'static str,
    trial_to: Option<&'static str>,
    period_to: &'static str,
    cancelled_on: Option<&'static str>,
    ended_on: Option<&'static str>,
    coupon: Option<Coupon>,
    /// What happens to invoices while collection is paused.
    pause: Option<&'static str>,
    items: Vec<Item>,
}

/// A coupon of the contract: per cent or an amount of each invoice, from a day until another or for good.
#[derive(Clone, Copy)]
struct Coupon {
    percent: Option<u32>,
    cents: Option<i64>,
    from: &'static str,
    until: Option<&'static str>,
    lasts: &'static str,
}

#[derive(Clone)]
struct Item {
    id: &'static str,
    made: &'static str,
    quantity: i64,
    cents: i64,
    every: (&'static str, i64),
}

/// Noon of a day, as Stripe counts.
fn at(day: &str) -> i64 {
    day.parse::<Day>().unwrap().and_hms_opt(12, 0, 0).unwrap().and_utc().timestamp()
}

fn iso(day: &str) -> String {
    format!("{day}T12:00:00.000000Z")
}

fn item(id: &'static str, made: &'static str, quantity: i64, cents: i64, every: (&'static str, i64)) -> Item {
    Item { id, made, quantity, cents, every }
}

fn begins(id: &'static str, start: &'static str, items: Vec<Item>) -> State {
    State {
        id,
        currency: "usd",
        on: start,
        start,
        status: "active",
        trial_to: None,
        period_to: "2026-12-01",
        cancelled_on: None,
        ended_on: None,
        coupon: None,
        pause: None,
        items,
    }
}

fn less(cents: i64, from: &'static str, until: Option<&'static str>) -> Coupon {
    let lasts = if until.is_some() { "repeating" } else { "forever" };
    Coupon { percent: None, cents: Some(cents), from, until, lasts }
}

const MONTH: (&str, i64) = ("month", 1);
const YEAR: (&str, i64) = ("year", 1);

/// Every state, in the order in which Stripe told them.
fn history() -> Vec<State> {
    let seats = |on, quantity| State {
        on,
        ..begins("sub_seats", "2026-01-10", vec![item("si_seats", "2026-01-10", quantity, 250_000, MONTH)])
    };
    let plan = |on, cents| State {
        on,
        ..begins("sub_plan", "2026-01-20", vec![item("si_plan", "2026-01-20", 1, cents, YEAR)])
    };
    let trial = |id, si| State {
        status: "trialing",
        trial_to: Some("2026-02-15"),
        ..begins(id, "2026-02-01", vec![item(si, "2026-02-01", 1, 9_999, MONTH)])
    };
    let quit = begins("sub_quit", "2026-01-05", vec![item("si_quit", "2026-01-05", 1, 50_000, MONTH)]);
    let noticed = State { on: "2026-03-10", cancelled_on: Some("2026-03-10"), period_to: "2026-04-05", ..quit.clone() };
    let now = begins("sub_now", "2026-01-05", vec![item("si_now", "2026-01-05", 1, 70_000, MONTH)]);
    let base = item("si_base", "2026-01-01", 1, 100_000, MONTH);
    let more = item("si_more", "2026-02-10", 1, 30_000, MONTH);
    let off = begins("sub_off", "2026-01-15", vec![item("si_off", "2026-01-15", 1, 100_000, MONTH)]);
    let quarter = begins("sub_quarter", "2026-02-01", vec![item("si_quarter", "2026-02-01", 2, 45_000, ("month", 3))]);
    let fifth = Coupon { percent: Some(20), cents: None, ..less(0, "2026-01-15", Some("2026-04-15")) };
    let mut states = vec![
        begins("sub_items", "2026-01-01", vec![base.clone()]),
        quit.clone(),
        now.clone(),
        seats("2026-01-10", 3),
        State { coupon: Some(fifth), ..off },
        plan("2026-01-20", 9_000_050),
        State { currency: "eur", ..quarter },
        trial("sub_trial", "si_trial"),
        trial("sub_given_up", "si_given_up"),
        State { on: "2026-02-10", ..begins("sub_items", "2026-01-01", vec![base.clone(), more]) },
        State {
            on: "2026-02-10",
            status: "canceled",
            cancelled_on: Some("2026-02-10"),
            ended_on: Some("2026-02-10"),
            ..trial("sub_given_up", "si_given_up")
        },
        State { on: "2026-02-15", status: "active", ..trial("sub_trial", "si_trial") },
        seats("2026-03-05", 5),
        noticed.clone(),
        plan("2026-04-01", 12_000_000),
        State { on: "2026-04-05", status: "canceled", ended_on: Some("2026-04-05"), ..noticed },
        State {
            on: "2026-05-03",
            status: "canceled",
            cancelled_on: Some("2026-05-03"),
            ended_on: Some("2026-05-03"),
            ..now
        },
        State { on: "2026-05-12", ..begins("sub_items", "2026-01-01", vec![base]) },
        seats("2026-05-20", 4),
    ];
    states.extend(amounts_off());
    states.extend(pauses());
    states.sort_by_key(|state| state.on);
    states
}

/// Contracts of which a fixed amount is taken off: for a time, from two items until it is taken back, of one invoice only,
/// and more than the price.
fn amounts_off() -> Vec<State> {
    let one = |id, item_id, start, cents, coupon| State {
        coupon: Some(coupon),
        ..begins(id, start, vec![item(item_id, start, 1, cents, MONTH)])
    };
    let pair = vec![item("si_pair", "2026-01-01", 1, 10_000, MONTH), item("si_other", "2026-01-01", 1, 5_000, MONTH)];
    let pair = begins("sub_pair", "2026-01-01", pair);
    vec![
        one("sub_less", "si_less", "2026-01-15", 40_000, less(5_000, "2026-01-15", Some("2026-04-15"))),
        pair.clone(),
        State { on: "2026-02-01", coupon: Some(less(3_000, "2026-02-01", None)), ..pair.clone() },
        State { on: "2026-05-01", ..pair },
        one("sub_once", "si_once", "2026-01-10", 1_000, Coupon { lasts: "once", ..less(500, "2026-01-10", None) }),
        one("sub_free", "si_free", "2026-01-10", 2_000, less(2_500, "2026-01-10", Some("2026-03-10"))),
    ]
}

/// Contracts of which nothing is collected for a while, and one that is owed all the same later.
fn pauses() -> Vec<State> {
    let hold = begins("sub_hold", "2026-01-05", vec![item("si_hold", "2026-01-05", 1, 20_000, MONTH)]);
    let asleep = begins("sub_asleep", "2026-01-05", vec![item("si_asleep", "2026-01-05", 1, 6_000, MONTH)]);
    let paused = |on, behavior| State { on, pause: Some(behavior), ..hold.clone() };
    vec![
        hold.clone(),
        asleep.clone(),
        paused("2026-02-20", "void"),
        paused("2026-03-02", "void"),
        State { on: "2026-03-15", status: "paused", ..asleep },
        State { on: "2026-04-10", ..hold.clone() },
        paused("2026-05-15", "keep_as_draft"),
    ]
}

/// ARR in dollars at the end of each month from January to June 2026, in cents, and what led to it:
/// new, returned, expansion, price, contraction and churn.
const DOLLARS: [(i64, [i64; 6]); 6] = [
    // 3 seats of 2,500 a month, 90,000.50 a year, 500, 700 and 1,000 a month, and 1,000 less a fifth; then 400 less 50, 150,
    // 10 of which only the first invoice was less, 200 and 60. What is 20 less 25 is nothing.
    (22_524_050, [21_600_050 + 420_000 + 180_000 + 12_000 + 240_000 + 72_000, 0, 0, 0, 0, 0]),
    // A trial converts at 99.99 a month; 300 a month is added; the trial that was given up never was revenue. Of the 150
    // a month 30 are taken off, and the 200 are paused.
    (22_728_038, [119_988, 0, 360_000, -36_000, 0, 240_000]),
    // Two seats more. The coupon of more than the price ends, and the 60 a month fall asleep.
    (28_680_038, [24_000, 0, 6_000_000, 0, 0, 72_000]),
    // The year's price goes to 120,000, both discounts end, who had given notice is gone and the 200 are back.
    (31_619_988, [0, 240_000, 0, 2_999_950 + 240_000 + 60_000, 0, 600_000]),
    // A seat less, the 300 are dropped, one leaves at once, and the coupon of 30 is taken back. Invoices that are kept as
    // drafts are owed.
    (27_455_988, [0, 0, 0, 36_000, 3_000_000 + 360_000, 840_000]),
    (27_455_988, [0, 0, 0, 0, 0, 0]),
];

impl State {
    fn customer(&self) -> String {
        self.id.replace("sub_", "cus_")
    }

    fn price(&self, item: &Item) -> Value {
        json!({ "id": format!("price_{}", item.cents), "nickname": "Pro", "product": "prod_1", "currency": self.currency,
            "unit_amount": item.cents, "unit_amount_decimal": item.cents.to_string(), "billing_scheme": "per_unit",
            "recurring": { "interval": item.every.0, "interval_count": item.every.1 } })
    }

    fn plan(&self, item: &Item) -> Value {
        json!({ "id": format!("plan_{}", item.cents), "nickname": "Pro", "product": "prod_1", "currency": self.currency,
            "amount": item.cents, "billing_scheme": "per_unit", "interval": item.every.0, "interval_count": item.every.1 })
    }

    /// The coupon as Stripe writes a discount, its times by `time`.
    fn discount(&self, time: impl Fn(&str) -> Value) -> Value {
        let Some(coupon) = self.coupon else { return Value::Null };
        let currency = coupon.cents.map(|_| self.currency);
        let told = json!({ "id": "coupon_1", "object": "coupon", "amount_off": coupon.cents, "percent_off": coupon.percent,
            "currency": currency, "duration": coupon.lasts, "valid": true });
        json!({ "id": self.id.replace("sub_", "di_"), "object": "discount", "customer": self.customer(),
            "subscription": self.id, "subscription_item": null, "start": time(coupon.from),
            "end": coupon.until.map(time), "coupon": told })
    }

    fn pause_collection(&self) -> Value {
        self.pause.map_or(Value::Null, |behavior| json!({ "behavior": behavior, "resumes_at": null }))
    }

    /// What both shapes of a webhook say alike.
    fn head(&self) -> Value {
        json!({ "id": self.id, "object": "subscription", "customer": self.customer(), "status": self.status,
            "created": at(self.start), "start_date": at(self.start), "currency": self.currency,
            "trial_end": self.trial_to.map(at), "cancel_at_period_end": self.cancelled_on.is_some(),
            "canceled_at": self.cancelled_on.map(at), "ended_at": self.ended_on.map(at),
            "pause_collection": self.pause_collection() })
    }

    /// Periods and prices on the items, discounts by their ids.
    fn since_2025(&self) -> Vec<Value> {
        let item = |item: &Item| {
            json!({ "id": item.id, "object": "subscription_item", "created": at(item.made), "quantity": item.quantity,
                "current_period_end": at(self.period_to), "price": self.price(item) })
        };
        let mut whole = self.head();
        whole["items"] =
            json!({ "object": "list", "has_more": false, "data": self.items.iter().map(item).collect::<Vec<_>>() });
        whole["discounts"] = self.coupon.iter().map(|_| self.id.replace("sub_", "di_")).collect();
        // What they take off is a message of its own.
        let discount = self.coupon.map(|_| self.discount(|day| json!(at(day))));
        std::iter::once(whole).chain(discount).collect()
    }

    /// The period and, of a single item, the plan on the subscription.
    fn before_2025(&self) -> Value {
        let item = |item: &Item| {
            json!({ "id": item.id, "object": "subscription_item", "created": at(item.made), "quantity": item.quantity,
                "plan": self.plan(item) })
        };
        let mut whole = self.head();
        whole["items"] = json!({ "object": "list", "data": self.items.iter().map(item).collect::<Vec<_>>() });
        whole["current_period_end"] = json!(at(self.period_to));
        whole["discount"] = self.discount(|day| json!(at(day)));
        if let [only] = &self.items[..] {
            whole["plan"] = self.plan(only);
            whole["quantity"] = json!(only.quantity);
        }
        whole
    }

    /// As tap-stripe prints it: items by their ids, and those of a contract of several as a stream of their own.
    fn lines(&self) -> String {
        let ids: Vec<&str> = self.items.iter().map(|item| item.id).collect();
        let single = <&[Item; 1]>::try_from(&self.items[..]).ok().map(|[only]| only);
        let discount = self.discount(|day| json!(iso(day)));
        let subscription = json!({ "id": self.id, "object": "subscription", "customer": self.customer(), "status": self.status,
            "created": iso(self.start), "start_date": iso(self.start), "updated": iso(self.on), "discount": discount,
            "pause_collection": self.pause_collection(), "current_period_end": iso(self.period_to), "trial_end": self.trial_to.map(iso), "items": ids,
            "cancel_at_period_end": self.cancelled_on.is_some(), "canceled_at": self.cancelled_on.map(iso),
            "ended_at": self.ended_on.map(iso), "plan": single.map(|only| self.plan(only)),
            "quantity": single.map(|only| only.quantity) });
        let item = |item: &Item| {
            json!({ "id": item.id, "created": iso(item.made), "subscription": self.id, "quantity": item.quantity,
                "plan": self.plan(item) })
        };
        let several = if single.is_some() { &[][..] } else { &self.items[..] };
        let rows = std::iter::once(("subscriptions", subscription));
        let rows = rows.chain(several.iter().map(|of| ("subscription_items", item(of))));
        rows.map(|(stream, record)| json!({ "type": "RECORD", "stream": stream, "record": record }).to_string() + "\n")
            .collect()
    }
}

/// Revenue of both currencies over the months in which something happened, and items that are wrong.
async fn revenue(world: &World) -> Value {
    engine::refresh::all(&world.app.engine).await.unwrap();
    world.get("/api/v1/revenue?from=2026-01&to=2026-06", &cookie(ADMIN)).await.json()["reports"].clone()
}

async fn told_by_tap(runs: &[&str]) -> Value {
    let world = World::new().await;
    let source = engine::tap::source(&world.app.engine, "tap-stripe").await.unwrap();
    for run in runs {
        let (report, _) = engine::tap::take(&world.app.engine, source, "stripe", run.as_bytes(), None).await.unwrap();
        assert_eq!((report.failed, report.unmapped.len()), (0, 0), "{report:?}");
    }
    let told = revenue(&world).await;
    world.close().await;
    told
}

async fn told_by_webhooks(messages: &[(i64, Value)]) -> Value {
    let world = listening().await;
    for (number, (created, object)) in messages.iter().enumerate() {
        let kind = format!("{}.updated", object["object"].as_str().unwrap());
        let event =
            json!({ "id": format!("evt_{number}"), "type": kind, "created": created, "data": { "object": object } });
        for _ in 0..2 {
            let (body, sent) = (event.to_string(), now().timestamp());
            assert_eq!(post(&world, &body, &sign(&body, sent)).await.status, StatusCode::OK);
        }
    }
    let notes = deliveries(&world).await;
    let clean = |note: &Value| note["status"] == "taken" && !note["note"].as_str().unwrap().contains("refused");
    assert!(notes.iter().all(clean), "{notes:?}");
    let told = revenue(&world).await;
    world.close().await;
    told
}

fn customers() -> Vec<String> {
    let mut customers: Vec<String> = history().iter().map(State::customer).collect();
    customers.sort_unstable();
    customers.dedup();
    customers
}

fn tap_schema() -> String {
    let stream = |name: &str| json!({ "type": "SCHEMA", "stream": name, "schema": { "properties": { "id": {} } }, "key_properties": ["id"] });
    ["customers", "subscriptions", "subscription_items"].map(|name| stream(name).to_string() + "\n").concat()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_history_is_the_same_revenue_however_it_is_told() {
    let states = history();
    let introduced: String = customers()
        .iter()
        .map(|id| {
            json!({ "type": "RECORD", "stream": "customers", "record": { "id": id, "name": id } }).to_string() + "\n"
        })
        .collect();
    let lines = |states: &[State]| tap_schema() + &states.iter().map(State::lines).collect::<String>();
    let (early, late) = (introduced.clone() + &lines(&states[..9]), lines(&states[9..]));
    let early = tap_schema() + &early;
    let at_once = told_by_tap(&[&(early.clone() + &late)]).await;
    let messages = |shape: fn(&State) -> Vec<Value>| -> Vec<(i64, Value)> {
        let made = |id: &String| (at("2026-01-01"), json!({ "id": id, "object": "customer", "name": id }));
        let told = states.iter().flat_map(|state| shape(state).into_iter().map(|object| (at(state.on), object)));
        customers().iter().map(made).chain(told).collect()
    };
    let dollars = |reports: &Value| {
        let of =
            |currency: &str| reports.as_array().unwrap().iter().find(|report| report["currency"] == currency).cloned();
        of("USD").zip(of("EUR")).unwrap_or_else(|| panic!("{reports}"))
    };
    let (usd, eur) = dollars(&at_once);
    for (month, (closing, movements)) in usd["months"].as_array().unwrap().iter().zip(DOLLARS) {
        let moved = &month["movements"];
        let cents = |name: &str| moved[name].as_i64().unwrap();
        assert_eq!(cents("closing_cents"), closing, "{month}");
        let told = ["new", "reactivation", "expansion", "price", "contraction", "churn"]
            .map(|it| cents(&format!("{it}_cents")));
        assert_eq!(told, movements, "{month}");
    }
    assert_eq!(eur["window"]["movements"]["closing_cents"], 4 * 2 * 45_000);
    for (telling, told) in [
        ("tap-stripe, in two runs", told_by_tap(&[&early, &late]).await),
        ("webhooks before 2025-03-31", told_by_webhooks(&messages(|state| vec![state.before_2025()])).await),
        ("webhooks since 2025-03-31", told_by_webhooks(&messages(State::since_2025)).await),
    ] {
        assert_eq!(dollars(&told), (usd.clone(), eur.clone()), "{telling}");
    }
}

/// What tap-stripe really printed; not part of the repository.
fn sample() -> Option<String> {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/reference/singer"));
    fs::read_to_string(folder.join("tap-stripe.singer")).ok()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_tap_stripe_printed_is_the_same_revenue_as_webhooks() {
    let Some(sample) = sample() else {
        eprintln!("SKIPPED: the sample of tap-stripe is not here");
        return;
    };
    let world = World::new().await;
    let source = engine::tap::source(&world.app.engine, "tap-stripe").await.unwrap();
    let (report, _) = engine::tap::take(&world.app.engine, source, "stripe", sample.as_bytes(), None).await.unwrap();
    assert_eq!(report.failed, 0, "{report:?}");
    engine::refresh::all(&world.app.engine).await.unwrap();
    let read = async |world: &World| world.get("/api/v1/revenue", &cookie(ADMIN)).await.json()["reports"].clone();
    let printed = read(&world).await;
    world.close().await;
    // Three customers, three seats each, 2,500 dollars a month.
    assert_eq!(printed[0]["window"]["movements"]["closing_cents"], 3 * 3 * 250_000 * 12, "{printed}");

    let second = |value: &Value| -> Value {
        let at = value.as_str().and_then(|text| text.parse::<domain::Instant>().ok());
        at.map_or(Value::Null, |at| json!(at.timestamp()))
    };
    let messages: Vec<Value> = sample.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let records =
        |stream: &'static str| messages.iter().filter(move |it| it["stream"] == stream && it["type"] == "RECORD");
    let customer = |message: &Value| {
        let mut object = message["record"].clone();
        object["created"] = second(&object["created"]);
        object.as_object_mut().unwrap().remove("updated");
        (object["created"].as_i64().unwrap(), object)
    };
    let subscription = |message: &Value, since_2025: bool| {
        let mut object = message["record"].clone();
        for name in ["created", "start_date", "current_period_start", "current_period_end"] {
            object[name] = second(&object[name]);
        }
        let mut item = json!({ "id": object["items"][0], "object": "subscription_item", "created": object["created"], "quantity": object["quantity"] });
        let mut whole = object.as_object().unwrap().clone();
        whole.remove("updated");
        if since_2025 {
            let plan = whole.remove("plan").unwrap();
            whole.remove("quantity");
            item["current_period_end"] = whole.remove("current_period_end").unwrap();
            item["price"] = json!({ "id": plan["id"], "nickname": plan["nickname"], "product": plan["product"],
                "currency": plan["currency"], "unit_amount": plan["amount"], "billing_scheme": "per_unit",
                "recurring": { "interval": plan["interval"], "interval_count": plan["interval_count"] } });
        } else {
            item["plan"] = whole["plan"].clone();
        }
        whole["items"] = json!({ "object": "list", "data": [item] });
        (object["created"].as_i64().unwrap(), Value::Object(whole))
    };
    for since_2025 in [false, true] {
        let world = listening().await;
        let all =
            records("customers").map(customer).chain(records("subscriptions").map(|it| subscription(it, since_2025)));
        for (number, (created, object)) in all.enumerate() {
            let event = json!({ "id": format!("evt_{number}"), "type": "created", "created": created, "data": { "object": object } });
            let (body, sent) = (event.to_string(), now().timestamp());
            assert_eq!(post(&world, &body, &sign(&body, sent)).await.status, StatusCode::OK);
        }
        deliveries(&world).await;
        engine::refresh::all(&world.app.engine).await.unwrap();
        assert_eq!(read(&world).await, printed, "in the shape since 2025: {since_2025}");
        world.close().await;
    }
}
