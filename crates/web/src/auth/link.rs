//! Links that let somebody in: the first admin, an invited member, the visitors of a demo.
//!
//! A link holds an opaque secret and works once, unless it was made reusable (the demo, one per role). Following a
//! one-time link asks before it is used up, because mail scanners follow links too. Absent: sending them; whoever makes
//! one shows it.

use chrono::TimeDelta;
use domain::Instant;
use engine::Engine;
use store::{LoginLink, Store, StoreError, login_link, member};

use super::secret::{self, NoRandomness};

pub use store::login_link::Purpose;

/// A set-up link works this long.
pub const SETUP_LIFE: TimeDelta = TimeDelta::days(7);
/// An invitation works this long.
pub const INVITATION_LIFE: TimeDelta = TimeDelta::days(3);
/// A demo's link works this long.
pub const DEMO_LIFE: TimeDelta = TimeDelta::days(365);

/// Why a link could not be made.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// There is no randomness for its secret.
    #[error(transparent)]
    Randomness(#[from] NoRandomness),
    /// It could not be stored.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What kind of link to make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Creates the first admin.
    Setup,
    /// Lets an invited member in, once.
    Invitation {
        /// The member.
        member_id: i64,
    },
    /// Lets anybody in as a member of the demo, again and again.
    Demo {
        /// The member.
        member_id: i64,
    },
}

/// Makes a set-up link if nobody can sign in yet, and returns its path.
pub async fn setup(engine: &Engine) -> Result<Option<String>, LinkError> {
    if member::any(engine.store().read()).await? {
        return Ok(None);
    }
    create(engine.store(), Kind::Setup, engine.now()).await.map(Some)
}

/// Makes a link and returns its path: `/setup/…` or `/login/…`.
pub async fn create(store: &Store, kind: Kind, now: Instant) -> Result<String, LinkError> {
    let secret = secret::opaque()?;
    let (purpose, member_id, life, reusable) = match kind {
        Kind::Setup => (Purpose::Setup, None, SETUP_LIFE, false),
        Kind::Invitation { member_id } => (Purpose::Login, Some(member_id), INVITATION_LIFE, false),
        Kind::Demo { member_id } => (Purpose::Login, Some(member_id), DEMO_LIFE, true),
    };
    let row =
        LoginLink { token_hash: secret.hash(), member_id, purpose, expires_at: now + life, used_at: None, reusable };
    let kept: Result<_, StoreError> = store.write(async |tx| login_link::insert(tx, row).await).await;
    kept?;
    Ok(format!("/{}/{}", purpose.as_str(), secret.reveal()))
}
