//! Work on pages: a CTA from opening to its end by forms alone, whom it can be handed to, and what each role finds on
//! its first page.

use axum::body::Body;
use axum::http::{Request, StatusCode, header};

use crate::world::{ADA, ADMIN, BEN, MANAGER, Reply, VIEWER, World, cookie};

const NEW: &str = "account=alder&title=Invite+them&detail=They+asked&kind=opportunity&reason=by_hand&priority=low\
                   &due_on=2026-12-01&owner=me&tasks=Call%0A%0A+Write";

/// Opens a CTA of Ada's by the form, and says where its page is.
async fn opened(world: &World) -> String {
    let made = world.post_form("/ctas", &cookie(ADA), NEW).await;
    assert_eq!(made.status, StatusCode::SEE_OTHER, "{}", made.body);
    made.header("location").to_owned()
}

async fn post(world: &World, path: &str, body: &str) {
    let answer = world.post_form(path, &cookie(ADA), body).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{path} {body}: {}", answer.body);
}

async fn fragment(world: &World, request: axum::http::request::Builder, body: &'static str) -> Reply {
    let request = request
        .header(header::COOKIE, cookie(ADA))
        .header("x-fragment", "results")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    world.send(request.body(Body::from(body)).unwrap()).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cta_is_worked_to_its_end_by_forms_alone() {
    let world = World::new().await;
    let page = opened(&world).await;
    let ada = cookie(ADA);
    let html = world.get(&page, &ada).await.body;
    assert!(
        html.contains("Invite them") && html.contains("<p>They asked</p>") && html.contains("0 of 2 done"),
        "{html}"
    );
    let task = html.split_once(&format!("{page}/tasks/")).unwrap().1.split_once('"').unwrap().0.to_owned();

    post(&world, &format!("{page}/tasks/{task}"), "done=true").await;
    post(&world, &page, "status=in_progress").await;
    let html = world.get(&page, &ada).await.body;
    assert!(
        html.contains("1 of 2 done") && html.contains("Done: Call") && html.contains("Open → In progress"),
        "{html}"
    );

    let todo = "id=\"cta-";
    assert!(world.get("/ctas", &ada).await.body.contains(todo));
    post(&world, &format!("{page}/snooze"), "until=2026-12-24").await;
    assert!(!world.get("/ctas", &ada).await.body.contains(todo));
    assert!(world.get("/ctas?status=snoozed", &ada).await.body.contains(todo));
    let past = world.post_form(&format!("{page}/snooze"), &ada, "until=2026-11-22").await;
    assert_eq!(past.status, StatusCode::UNPROCESSABLE_ENTITY);

    post(&world, &format!("{page}/close"), "outcome=lost").await;
    let html = world.get(&page, &ada).await.body;
    assert!(html.contains("Closed as lost") && html.contains("Open it again"), "{html}");
    let board = world.get("/ctas?view=board", &ada).await.body;
    assert!(board.split_once("data-lane=\"closed\"").unwrap().1.contains(todo), "{board}");
    assert!(world.get("/ctas?status=closed", &ada).await.body.contains(todo));
    world.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_card_moves_with_and_without_the_script() {
    let world = World::new().await;
    let page = opened(&world).await;
    let path = format!("{page}/move");
    let moved = fragment(&world, Request::post(&path), "status=closed").await;
    assert_eq!((moved.status, moved.body.as_str()), (StatusCode::NO_CONTENT, ""));
    assert!(world.get(&page, &cookie(ADA)).await.body.contains("Closed as done"));
    let moved = world.post_form(&path, &cookie(ADA), "status=open").await;
    assert_eq!(moved.header("location"), "/ctas?view=board");
    let unknown = world.post_form(&path, &cookie(ADA), "status=paused").await;
    assert_eq!(unknown.status, StatusCode::UNPROCESSABLE_ENTITY);
    world.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cta_is_handed_only_to_who_sees_its_account() {
    let world = World::new().await;
    let page = opened(&world).await;
    let ada = cookie(ADA);
    for (owner, status) in [
        (BEN, StatusCode::UNPROCESSABLE_ENTITY),
        (VIEWER, StatusCode::UNPROCESSABLE_ENTITY),
        (MANAGER, StatusCode::SEE_OTHER),
        (ADMIN, StatusCode::SEE_OTHER),
    ] {
        let answer = world.post_form(&page, &ada, &format!("owner_id={owner}")).await;
        assert_eq!(answer.status, status, "{owner}");
    }
    post(&world, &page, "owner_id=&priority=high&due_on=2026-12-05").await;
    let html = world.get(&page, &ada).await.body;
    assert!(html.contains("Nobody") && html.contains("2026-12-05"), "{html}");
    world.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_form_that_is_wrong_comes_back_with_what_was_typed() {
    let world = World::new().await;
    for (body, fault) in [
        ("account=Birch&title=Call", "No account you can see has this name or external id."),
        ("account=Alder&title=+&kind=risk&reason=by_hand&priority=low&due_on=2026-12-01", "This must not be empty."),
        ("account=Alder&title=Call&kind=risk&reason=by_hand&priority=low&due_on=soon", "such as 2026-11-30."),
    ] {
        let answer = world.post_form("/ctas", &cookie(ADA), body).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{body}");
        assert!(answer.body.contains(fault) && answer.body.contains("aria-invalid=\"true\""), "{}", answer.body);
    }
    world.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_page_follows_the_role() {
    let world = World::new().await;
    opened(&world).await;
    let home = async |member| world.get("/", &cookie(member)).await.body;
    let csm = home(ADA).await;
    assert!(
        csm.contains("My work") && csm.contains("Invite them") && csm.contains("CTA “Invite them” opened"),
        "{csm}"
    );
    let manager = home(MANAGER).await;
    assert!(manager.contains("The team&#39;s work") || manager.contains("The team's work"), "{manager}");
    assert!(manager.contains("Alder · Ada") && !manager.contains("Birch"), "{manager}");
    let other = home(BEN).await;
    assert!(other.contains("Nothing to do") && !other.contains("Alder"), "{other}");
    let viewer = home(VIEWER).await;
    assert!(viewer.contains("Accounts that need a look") && !viewer.contains("work</h2>"), "{viewer}");
    let part = fragment(&world, Request::get("/"), "").await.body;
    assert!(part.contains("id=\"home\"") && !part.contains("<html"), "{part}");
    world.close().await;
}
