//! What every answer carries and what the gate keeps out.

use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use web::gate::rate::{Allowance, Allowances};
use web::route::{Audience, table};

use crate::world::{ADA, ADAS, ADMIN, World, cookie, generous};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_answer_carries_the_protective_headers() {
    let world = World::new().await;
    for path in ["/accounts", "/login", "/api/v1/me", "/static/app.css", "/nowhere", "/healthz", "/api"] {
        let reply = world.get(path, &cookie(ADA)).await;
        let policy = reply.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self';"), "{path}: {policy}");
        assert_eq!(reply.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(reply.header("referrer-policy"), "same-origin", "{path}");
        assert!(!reply.header("x-request-id").is_empty(), "{path}");
        assert!(!reply.body.contains("style=\"") && !reply.body.contains("<script>"), "{path} has something inline");
    }
    assert_eq!(world.get("/accounts", &cookie(ADA)).await.header("cache-control"), "no-store");
    world.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_website_cannot_act_with_a_members_cookie() {
    let world = World::new().await;
    let send = async |site: &str, origin: Option<&str>| {
        let mut request = Request::post(format!("/accounts/{ADAS}/sentiment"))
            .header(header::HOST, "pomona.example")
            .header(header::COOKIE, cookie(ADA))
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        if !site.is_empty() {
            request = request.header("sec-fetch-site", site);
        }
        if let Some(origin) = origin {
            request = request.header(header::ORIGIN, origin);
        }
        world.send(request.body(Body::from("score=1&note=")).unwrap()).await.status
    };
    assert_eq!(send("cross-site", None).await, StatusCode::FORBIDDEN);
    assert_eq!(send("same-site", None).await, StatusCode::FORBIDDEN);
    assert_eq!(send("", Some("https://evil.example")).await, StatusCode::FORBIDDEN);
    assert_eq!(send("same-origin", None).await, StatusCode::SEE_OTHER);
    assert_eq!(send("", Some("https://pomona.example")).await, StatusCode::SEE_OTHER);
    world.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_problem_is_written_for_its_reader() {
    let world = World::new().await;
    let page = world.get("/nowhere", &cookie(ADA)).await;
    assert_eq!(page.status, StatusCode::NOT_FOUND);
    assert!(page.header("content-type").starts_with("text/html"));
    assert!(page.body.contains("There is nothing here that you can see."), "{}", page.body);
    assert!(page.body.contains(page.header("x-request-id")));
    let api = world.get("/api/v1/nowhere", &cookie(ADA)).await;
    assert_eq!(api.header("content-type"), "application/problem+json");
    assert_eq!(api.json()["code"], "not_found");
    assert_eq!(api.json()["request_id"], api.header("x-request-id"));
    let method = world.send(Request::delete("/api/v1/accounts").body(Body::empty()).unwrap()).await;
    assert_eq!(method.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(method.json()["code"], "wrong_method");
    assert!(method.header("allow").contains("GET"), "{:?}", method.headers);
    world.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_asks_too_often_is_told_when_to_come_back() {
    let slow = Allowance { per_second: 0.5, burst: 2.0 };
    let allowances = Allowances { api: slow, ..generous().allowances };
    let world = World::with(web::Settings { allowances, ..generous() }).await;
    for _ in 0..2 {
        assert_eq!(world.get("/api/v1/me", &cookie(ADA)).await.status, StatusCode::OK);
    }
    let refused = world.get("/api/v1/me", &cookie(ADA)).await;
    assert_eq!((refused.status, refused.header("retry-after")), (StatusCode::TOO_MANY_REQUESTS, "2"));
    assert_eq!(world.get("/api/v1/me", &cookie(ADA + 1)).await.status, StatusCode::OK);
    world.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn malformed_requests_are_refused_and_never_break_anything() {
    let world = World::new().await;
    let nested = "[".repeat(100_000);
    let bodies = ["", "{", "null", "[]", "\"x\"", "{\"a\":1e999}", "\u{0}", &nested, "{\"name\":\"\u{0}\"}"];
    for route in table().filter(|route| *route.method != Method::GET && *route.method != Method::OPTIONS) {
        let path = route.path.replace("{id}", "1").replace("{task}", "1").replace("{token}", "1");
        let path = path.replace("{object}", "accounts").replace("{secret}", "x");
        for body in bodies {
            for kind in ["application/json", "application/x-www-form-urlencoded", "text/plain"] {
                let request = Request::builder()
                    .method(route.method)
                    .uri(&path)
                    .header(header::COOKIE, cookie(1))
                    .header(header::CONTENT_TYPE, kind)
                    .body(Body::from(body.to_owned()))
                    .unwrap();
                let reply = world.send(request).await;
                assert!(reply.status.as_u16() < 500, "{} {path} {kind} {body:.20?}: {reply:?}", route.method);
                let is_problem = reply.status.is_client_error() && Audience::of(&path) != Audience::Page;
                assert!(!is_problem || reply.json()["code"].is_string(), "{path}: {}", reply.body);
            }
        }
    }
    world.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn static_files_are_kept_for_ever_only_under_their_fingerprint() {
    let world = World::new().await;
    let plain = world.get("/static/app.css", "").await;
    assert_eq!((plain.status, plain.header("cache-control")), (StatusCode::OK, "public, no-cache"));
    assert_eq!(plain.header("content-type"), "text/css");
    let kept = world.get("/static/app.css?v=1", "").await;
    assert_eq!(kept.header("cache-control"), "public, max-age=31536000, immutable");
    let again = Request::get("/static/app.css").header(header::IF_NONE_MATCH, plain.header("etag"));
    assert_eq!(world.send(again.body(Body::empty()).unwrap()).await.status, StatusCode::NOT_MODIFIED);
    world.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_navigation_leads_only_where_one_may_go() {
    let world = World::new().await;
    for (member, sources) in [(ADMIN, true), (ADA, false)] {
        let cookie = world.session(member).await;
        let home = world.get("/", &cookie).await.body;
        let (_, nav) = home.split_once("<nav class=\"side\"").unwrap();
        let (nav, _) = nav.split_once("</nav>").unwrap();
        assert_eq!(nav.contains("href=\"/sources\""), sources);
        for link in nav.split("href=\"").skip(1) {
            let (path, _) = link.split_once('"').unwrap();
            assert_eq!(world.get(path, &cookie).await.status, StatusCode::OK, "{path} of member {member}");
        }
        let found = world.get("/palette?q=sources", &cookie).await.body;
        assert_eq!(found.contains("/sources"), sources, "{found}");
    }
    world.close().await;
}
