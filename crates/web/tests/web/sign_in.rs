//! Signing in, by every door, and being put out again.

use axum::http::StatusCode;
use chrono::TimeDelta;
use store::member::{self, Role};
use store::{Member, StoreError};
use web::auth::link::{self, Kind};
use web::auth::password::Typed;
use web::gate::rate::{Allowance, Allowances};

use crate::world::{ADA, World, cookie, generous};

async fn change(world: &World, id: i64, edit: impl FnOnce(&mut Member)) {
    let store = world.app.engine.store();
    let mut member = member::find(store.read(), id).await.unwrap().unwrap();
    edit(&mut member);
    let saved: Result<Member, StoreError> = store.write(async |tx| member::update(tx, member).await).await;
    saved.unwrap();
}

async fn with_password(world: &World, id: i64, password: &str) {
    let hash = world.app.hasher.hash(&Typed(password.to_owned())).await.unwrap();
    change(world, id, |member| member.password_hash = Some(hash)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_admin_comes_by_a_link_that_works_once() {
    let world = World::empty(generous()).await;
    let path = link::setup(&world.app.engine).await.unwrap().unwrap();
    let spare = link::setup(&world.app.engine).await.unwrap().unwrap();
    assert_eq!(world.get(&path, "").await.status, StatusCode::OK);
    let short = world.post_form(&path, "", "name=Root&email=root%40example.com&password=short").await;
    assert_eq!(short.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(short.body.contains("at least 12 characters"), "{}", short.body);
    let form = "name=Root&email=Root%40Example.com&password=a+long+pass+phrase";
    let made = world.post_form(&path, "", form).await;
    assert_eq!((made.status, made.header("location")), (StatusCode::SEE_OTHER, "/"));
    assert_eq!(world.get("/api/v1/me", made.cookie()).await.json()["role"], "admin");
    assert_eq!(world.post_form(&path, "", form).await.status, StatusCode::NOT_FOUND);
    let second = "name=Eve&email=eve%40example.com&password=a+long+pass+phrase";
    assert_eq!(world.post_form(&spare, "", second).await.status, StatusCode::NOT_FOUND, "a spare link makes no admin");
    assert_eq!(link::setup(&world.app.engine).await.unwrap(), None);
    let again = world.post_form("/login", "", "email=ROOT%40example.com&password=a+long+pass+phrase").await;
    assert_eq!(again.status, StatusCode::SEE_OTHER);
    world.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_password_opens_a_new_session_and_ends_the_old_one() {
    let world = World::new().await;
    with_password(&world, ADA, "a long pass phrase").await;
    let form = "email=ada%40example.com&password=a+long+pass+phrase&next=%2Faccounts%3Fq%3Da";
    let first = world.post_form("/login", "", form).await;
    assert_eq!((first.status, first.header("location")), (StatusCode::SEE_OTHER, "/accounts?q=a"));
    let attributes = first.header("set-cookie").split_once(';').unwrap().1;
    assert_eq!(attributes, " Path=/; HttpOnly; SameSite=Lax; Max-Age=2592000");
    let second = world.post_form("/login", first.cookie(), form).await;
    assert_ne!(first.cookie(), second.cookie());
    assert_eq!(world.get("/api/v1/me", first.cookie()).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(world.get("/api/v1/me", second.cookie()).await.json()["name"], "Ada");
    let left = world.post_form("/logout", second.cookie(), "").await;
    assert_eq!((left.status, left.cookie()), (StatusCode::SEE_OTHER, "pomona_session="));
    assert_eq!(world.get("/api/v1/me", second.cookie()).await.status, StatusCode::UNAUTHORIZED);
    world.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_password_and_an_unknown_address_read_alike() {
    let world = World::new().await;
    with_password(&world, ADA, "a long pass phrase").await;
    let wrong = world.post_form("/login", "", "email=ada%40example.com&password=another+phrase").await;
    let unknown = world.post_form("/login", "", "email=nobody%40example.com&password=another+phrase").await;
    let without = world.post_form("/login", "", "email=ben%40example.com&password=another+phrase").await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    for other in [unknown, without] {
        assert_eq!(other.status, wrong.status);
        let plain = |body: &str| body.replace("nobody@", "x@").replace("ben@", "x@").replace("ada@", "x@");
        assert_eq!(plain(&other.body), plain(&wrong.body));
        assert_eq!(other.header("set-cookie"), "");
    }
    world.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn guessing_is_slowed_down_per_account() {
    let slow = Allowance { per_second: 0.01, burst: 3.0 };
    let allowances = Allowances { sign_in: slow, ..generous().allowances };
    let world = World::with(web::Settings { allowances, ..generous() }).await;
    let mut last = world.post_form("/login", "", "email=ada%40example.com&password=guess+number+1").await;
    for _ in 0..3 {
        last = world.post_form("/login", "", "email=ada%40example.com&password=another+guess").await;
    }
    assert_eq!(last.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(last.header("retry-after").parse::<u64>().unwrap() > 0);
    world.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_logins_is_turned_away_and_says_when_to_come_back() {
    let world = World::new().await;
    let attempts = (0..60).map(|n| {
        let form = format!("email=user{n}%40example.com&password=a+wrong+pass+phrase");
        let world = &world;
        async move { world.post_form("/login", "", &form).await }
    });
    let replies = futures::future::join_all(attempts).await;
    let turned_away: Vec<_> = replies.iter().filter(|reply| reply.status == StatusCode::TOO_MANY_REQUESTS).collect();
    let compared = replies.iter().filter(|reply| reply.status == StatusCode::UNPROCESSABLE_ENTITY).count();
    assert_eq!(compared + turned_away.len(), 60);
    assert!(compared >= 18 && !turned_away.is_empty(), "{compared} were compared");
    assert!(turned_away.iter().all(|reply| reply.header("retry-after") == "3"));
    world.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_invitation_asks_before_it_is_used_up_and_a_demo_link_does_not() {
    let world = World::new().await;
    let (store, now) = (world.app.engine.store(), world.app.engine.now());
    let once = link::create(store, Kind::Invitation { member_id: ADA }, now).await.unwrap();
    assert_eq!(world.get(&once, "").await.header("set-cookie"), "");
    let used = world.post_form(&once, "", "").await;
    assert_eq!(used.status, StatusCode::SEE_OTHER);
    assert_eq!(world.get("/api/v1/me", used.cookie()).await.json()["name"], "Ada");
    assert_eq!(world.post_form(&once, "", "").await.status, StatusCode::NOT_FOUND);
    let demo = link::create(store, Kind::Demo { member_id: ADA }, now).await.unwrap();
    for _ in 0..2 {
        let followed = world.get(&demo, "").await;
        assert_eq!(followed.status, StatusCode::SEE_OTHER);
        assert_eq!(world.get("/api/v1/me", followed.cookie()).await.json()["name"], "Ada");
    }
    world.wait(link::DEMO_LIFE);
    assert_eq!(world.get(&demo, "").await.status, StatusCode::NOT_FOUND);
    world.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_idles_out_and_ages_out() {
    let world = World::new().await;
    let me = async |world: &World| world.get("/api/v1/me", &cookie(ADA)).await.status;
    world.wait(TimeDelta::hours(11));
    assert_eq!(me(&world).await, StatusCode::OK);
    world.wait(TimeDelta::hours(11));
    assert_eq!(me(&world).await, StatusCode::OK, "use keeps it alive");
    world.wait(TimeDelta::hours(3));
    assert_eq!(me(&world).await, StatusCode::UNAUTHORIZED, "a day is this session's age");
    world.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_member_who_is_disabled_or_demoted_is_so_at_once() {
    let world = World::new().await;
    let (_, token) = world.token(ADA, &[domain::access::Scope::AccountsRead]).await;
    let by_token = async |world: &World| {
        let request = axum::http::Request::get("/api/v1/me").header("authorization", format!("Bearer {token}"));
        world.send(request.body(axum::body::Body::empty()).unwrap()).await.status
    };
    assert_eq!(by_token(&world).await, StatusCode::OK);
    change(&world, ADA, |member| member.role = Role::Viewer).await;
    assert_eq!(world.get("/api/v1/me", &cookie(ADA)).await.json()["role"], "viewer");
    change(&world, ADA, |member| member.active = false).await;
    assert_eq!(world.get("/api/v1/me", &cookie(ADA)).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(by_token(&world).await, StatusCode::UNAUTHORIZED);
    world.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_that_needs_somebody_comes_back_after_signing_in() {
    let world = World::new().await;
    let page = world.get("/accounts?q=a&sort=arr", "").await;
    assert_eq!(page.status, StatusCode::SEE_OTHER);
    assert_eq!(page.header("location"), "/login?next=%2Faccounts%3Fq%3Da%26sort%3Darr");
    let login = world.get(page.header("location"), "").await;
    assert!(login.body.contains(r#"value="/accounts?q=a&amp;sort=arr""#), "{}", login.body);
    let outside = world.get("/login?next=https%3A%2F%2Fevil.example", "").await;
    assert!(!outside.body.contains("evil.example"));
    world.close().await;
}
