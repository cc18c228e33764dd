//! Who asks: from a header or a cookie to an [`Actor`].
//!
//! An API token in `Authorization` wins over a cookie, and a wrong one is refused instead of ignored. A cookie that
//! names no live session means nobody: the reader is asked to sign in again. Roles are read from the database with each
//! request, so a member who is disabled or demoted is so at once. Absent: write keys, which the engine knows.

use axum::http::{HeaderMap, header};
use chrono::TimeDelta;
use domain::Instant;
use domain::access::{Action, Actor, Colleague, Role, Scope};
use store::{Member, Token, member, session, token};

use super::origin::Csrf;
use crate::auth::secret::{self, TOKEN_PREFIX};
use crate::problem::{Answer, Problem};
use crate::route::Rule;
use crate::state::AppState;

/// How stale the last use of a session or token may be in the database, so that reading writes seldom.
const NOTED_EVERY: TimeDelta = TimeDelta::minutes(1);

/// Who asks and how we know.
#[derive(Clone, Debug)]
pub(super) struct Caller {
    /// Who.
    pub(super) actor: Actor,
    /// The member's name; empty for nobody.
    pub(super) name: String,
    /// The session's hash, when a cookie was the proof.
    pub(super) session: Option<String>,
    /// Whether a key was the proof, which no other website can send for us.
    pub(super) by_key: bool,
}

impl Caller {
    /// Finds out who asks; looks nothing up where it makes no difference.
    pub(super) async fn resolve(app: &AppState, rule: Rule, headers: &HeaderMap) -> Answer<Self> {
        if rule.action == Action::ReadPublic {
            return Ok(Self::nobody());
        }
        match bearer(headers) {
            Some(key) if key.starts_with(TOKEN_PREFIX) => return Self::by_token(app, key).await,
            _ if rule.csrf == Csrf::Keyed => return Ok(Self::nobody()),
            Some(_) => return Err(Problem::unauthenticated()),
            // Another scheme is the business of a proxy in front of us.
            None => {}
        }
        match app.settings.cookie().find(headers) {
            Some(cookie) => Self::by_session(app, cookie).await,
            None => Ok(Self::nobody()),
        }
    }

    fn nobody() -> Self {
        Self { actor: Actor::Anonymous, name: String::new(), session: None, by_key: false }
    }

    async fn by_token(app: &AppState, key: &str) -> Answer<Self> {
        if !secret::is_well_formed(TOKEN_PREFIX, key) {
            return Err(Problem::unauthenticated());
        }
        let (db, now) = (app.engine.store().read(), app.engine.now());
        let Some(token) = token::find_by_hash(db, &secret::hash(key)).await? else {
            return Err(Problem::unauthenticated());
        };
        if token.revoked_at.is_some() || token.expires_at.is_some_and(|end| end <= now) {
            return Err(Problem::unauthenticated());
        }
        let Some(member) = member::find(db, token.member_id).await?.filter(|member| member.active) else {
            return Err(Problem::unauthenticated());
        };
        if is_stale(token.last_used_at, now) {
            note_token(app, token.id, now).await;
        }
        let (name, scopes) = (member.name.clone(), scopes(&token));
        let member = colleague(app, member).await?;
        Ok(Self { actor: Actor::Token { id: token.id, member, scopes }, name, session: None, by_key: true })
    }

    async fn by_session(app: &AppState, cookie: &str) -> Answer<Self> {
        let (db, now, hash) = (app.engine.store().read(), app.engine.now(), secret::hash(cookie));
        let Some(session) = session::find(db, &hash).await? else { return Ok(Self::nobody()) };
        if session.expires_at <= now || now - session.last_seen_at > app.settings.session_idle {
            return Ok(Self::nobody());
        }
        let Some(member) = member::find(db, session.member_id).await?.filter(|member| member.active) else {
            return Ok(Self::nobody());
        };
        if is_stale(Some(session.last_seen_at), now) {
            note_session(app, &hash, now).await;
        }
        let name = member.name.clone();
        let actor = Actor::Member(colleague(app, member).await?);
        Ok(Self { actor, name, session: Some(hash), by_key: false })
    }
}

/// The part of a member that decisions need; only a manager's reports are looked up.
async fn colleague(app: &AppState, member: Member) -> Answer<Colleague> {
    let role = role(member.role);
    let reports = match role {
        Role::Manager => member::reports_of(app.engine.store().read(), member.id).await?,
        Role::Admin | Role::Csm | Role::Viewer => Vec::new(),
    };
    Ok(Colleague { id: member.id, role, reports })
}

/// The role that decisions speak of, for the role a record holds.
pub fn role(recorded: member::Role) -> Role {
    match recorded {
        member::Role::Admin => Role::Admin,
        member::Role::Manager => Role::Manager,
        member::Role::Csm => Role::Csm,
        member::Role::Viewer => Role::Viewer,
    }
}

/// The scopes a token record lists; a word this release does not know grants nothing.
pub fn scopes(token: &Token) -> Vec<Scope> {
    let words = token.scopes.as_array().into_iter().flatten();
    words.filter_map(|word| Scope::parse(word.as_str()?)).collect()
}

/// The key of an `Authorization: Bearer` header.
pub fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, key) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| key.trim())
}

fn is_stale(noted: Option<Instant>, now: Instant) -> bool {
    noted.is_none_or(|noted| now - noted > NOTED_EVERY)
}

/// Notes when a session was last used; a busy store must not keep a member out.
async fn note_session(app: &AppState, hash: &str, now: Instant) {
    if let Err(error) = app.engine.store().write(async |tx| session::seen(tx, hash, now).await).await {
        tracing::warn!(%error, "could not note that a session is in use");
    }
}

async fn note_token(app: &AppState, id: i64, now: Instant) {
    if let Err(error) = app.engine.store().write(async |tx| token::used(tx, id, now).await).await {
        tracing::warn!(%error, "could not note that a token is in use");
    }
}
