//! A small company on a real store in a temporary home, its members, and a way to send requests as any of them.

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode, header};
use chrono::TimeDelta;
use domain::access::Scope;
use domain::{Day, Instant};
use engine::{Clock, Engine};
use http_body_util::BodyExt;
use serde_json::Value;
use store::member::Role;
use store::{Account, Assignment, Member, Session, StoreError, record};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;
use web::auth::secret;
use web::auth::token::{NewToken, issue};
use web::gate::rate::{Allowance, Allowances};
use web::{AppState, Settings};

pub(crate) const ADMIN: i64 = 1;
pub(crate) const MANAGER: i64 = 2;
pub(crate) const ADA: i64 = 3;
pub(crate) const BEN: i64 = 4;
pub(crate) const VIEWER: i64 = 5;

/// Looked after by Ada, who reports to the manager.
pub(crate) const ADAS: i64 = 1;
/// Looked after by Ben, who reports to nobody.
pub(crate) const BENS: i64 = 2;

pub(crate) struct World {
    pub(crate) app: AppState,
    pub(crate) write_key: String,
    router: Router,
    clock: Clock,
    home: tempfile::TempDir,
}

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The `name=value` of the cookie that was set.
    pub(crate) fn cookie(&self) -> &str {
        self.header("set-cookie").split(';').next().unwrap()
    }
}

pub(crate) fn now() -> Instant {
    Day::from_ymd_opt(2026, 11, 22).unwrap().and_hms_opt(9, 0, 0).unwrap().and_utc()
}

/// Allowances that no test reaches by accident.
pub(crate) fn generous() -> Settings {
    let plenty = Allowance { per_second: 1e6, burst: 1e6 };
    let allowances = Allowances { page: plenty, api: plenty, heavy: plenty, sign_in: plenty, events: plenty };
    Settings { allowances, ..Settings::default() }
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(generous()).await
    }

    pub(crate) async fn with(settings: Settings) -> Self {
        let world = Self::empty(settings).await;
        let filled: Result<(), StoreError> = world
            .app
            .engine
            .store()
            .write(async |tx| {
                record::insert_many(tx, members()).await?;
                record::insert_many(tx, vec![account(ADAS, "Alder"), account(BENS, "Birch")]).await?;
                record::insert_many(tx, vec![assignment(ADAS, ADA), assignment(BENS, BEN)]).await?;
                record::insert_many(tx, sessions()).await?;
                Ok(())
            })
            .await;
        filled.unwrap();
        engine::refresh::all(&world.app.engine).await.unwrap();
        let new = web::api::source::NewSource { key: "shop".to_owned(), name: "Shop".to_owned() };
        let (_, key) = web::api::source::make(&world.app, new).await.unwrap();
        let spare = web::api::source::NewSource { key: "spare".to_owned(), name: "Spare".to_owned() };
        web::api::source::make(&world.app, spare).await.unwrap();
        Self { write_key: key.reveal().to_owned(), ..world }
    }

    /// A server nobody has set up yet.
    pub(crate) async fn empty(settings: Settings) -> Self {
        let home = tempfile::tempdir().unwrap();
        let clock = Clock::manual(now());
        let engine = Engine::open(&engine::Settings::at(home.path()), clock.clone()).await.unwrap();
        let app = AppState::new(engine, settings, CancellationToken::new()).unwrap();
        Self { router: web::router(app.clone()), app, write_key: String::new(), clock, home }
    }

    pub(crate) async fn close(self) {
        self.app.stop.cancel();
        drop(self.router);
        self.app.engine.close().await.unwrap();
        drop(self.home);
    }

    pub(crate) fn wait(&self, by: TimeDelta) {
        self.clock.advance(by);
    }

    /// A fresh session of a member, as a cookie; requests that end a session leave the others alone.
    pub(crate) async fn session(&self, member_id: i64) -> String {
        let word = secret::opaque().unwrap();
        let row = session(word.reveal(), member_id, now() + TimeDelta::days(1));
        let kept: Result<Session, StoreError> =
            self.app.engine.store().write(async |tx| store::session::insert(tx, row).await).await;
        kept.unwrap();
        format!("pomona_session={}", word.reveal())
    }

    pub(crate) async fn token(&self, member_id: i64, scopes: &[Scope]) -> (i64, String) {
        let new = NewToken { name: "test".to_owned(), member_id, scopes: scopes.to_vec(), expires_at: None };
        let (token, secret) = issue(self.app.engine.store(), new, self.app.engine.now()).await.unwrap();
        (token.id, secret.reveal().to_owned())
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Reply {
        let (parts, body) = self.begin(request).await.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        let body = String::from_utf8_lossy(&bytes).into_owned();
        Reply { status: parts.status, headers: parts.headers, body }
    }

    /// The answer without its body, for streams that do not end.
    pub(crate) async fn begin(&self, request: Request<Body>) -> axum::response::Response {
        self.router.clone().oneshot(request).await.unwrap()
    }

    pub(crate) async fn get(&self, path: &str, cookie: &str) -> Reply {
        self.send(Request::get(path).header(header::COOKIE, cookie).body(Body::empty()).unwrap()).await
    }

    pub(crate) async fn post_json(&self, path: &str, cookie: &str, body: &Value) -> Reply {
        let request =
            Request::post(path).header(header::COOKIE, cookie).header(header::CONTENT_TYPE, "application/json");
        self.send(request.body(Body::from(body.to_string())).unwrap()).await
    }

    pub(crate) async fn post_form(&self, path: &str, cookie: &str, body: &str) -> Reply {
        let request = Request::post(path)
            .header(header::COOKIE, cookie)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(request.body(Body::from(body.to_owned())).unwrap()).await
    }
}

/// The cookie of a member's session.
pub(crate) fn cookie(member_id: i64) -> String {
    format!("pomona_session=member-{member_id}")
}

/// The cookie of a session of the admin that has ended.
pub(crate) const EXPIRED: &str = "pomona_session=expired";

fn members() -> Vec<Member> {
    let member = |id, name: &str, role, manager_id| Member {
        id,
        email: format!("{}@example.com", name.to_lowercase()),
        name: name.to_owned(),
        role,
        title: None,
        manager_id,
        password_hash: None,
        active: true,
        created_at: now(),
    };
    vec![
        member(ADMIN, "Root", Role::Admin, None),
        member(MANAGER, "Mona", Role::Manager, None),
        member(ADA, "Ada", Role::Csm, Some(MANAGER)),
        member(BEN, "Ben", Role::Csm, None),
        member(VIEWER, "Vera", Role::Viewer, None),
    ]
}

fn account(id: i64, name: &str) -> Account {
    Account {
        id,
        external_id: name.to_lowercase(),
        name: name.to_owned(),
        domain: Some(format!("{}.example", name.to_lowercase())),
        parent_id: None,
        kind: store::account::Kind::Customer,
        status: store::account::Status::Active,
        tier: None,
        industry: None,
        region: None,
        stage: None,
        currency: "USD".to_owned(),
        employees: None,
        customer_from: Day::from_ymd_opt(2025, 1, 1),
        customer_to: None,
        traits: serde_json::json!({}),
        source_id: None,
        recorded_at: now(),
    }
}

fn assignment(account_id: i64, member_id: i64) -> Assignment {
    Assignment {
        id: 0,
        account_id,
        member_id,
        role: store::assignment::Role::Csm,
        effective_from: Day::from_ymd_opt(2025, 1, 1).unwrap(),
        effective_to: None,
        recorded_at: now(),
    }
}

fn sessions() -> Vec<Session> {
    let day = TimeDelta::days(1);
    let mut sessions: Vec<_> =
        [ADMIN, MANAGER, ADA, BEN, VIEWER].map(|id| session(&format!("member-{id}"), id, now() + day)).into();
    sessions.push(session("expired", ADMIN, now() - day));
    sessions
}

fn session(word: &str, member_id: i64, ends: Instant) -> Session {
    Session {
        token_hash: secret::hash(word),
        member_id,
        created_at: now(),
        last_seen_at: now(),
        expires_at: ends,
        user_agent: None,
    }
}
