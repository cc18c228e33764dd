//! What a running server holds: wide here, narrow in the handlers, which take the parts they need.
//!
//! [`Settings`] are values chosen once by whoever starts the server; everything else in [`AppState`] is shared and cheap
//! to clone. Absent: globals, and anything that belongs to one request.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};

use axum::extract::FromRef;
use chrono::TimeDelta;
use engine::Engine;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tokio_util::sync::CancellationToken;

use crate::auth::cookie::SessionCookie;
use crate::auth::password::{Hasher, PasswordError};
use crate::auth::secret::{self, NoRandomness};
use crate::gate::pool::{Places, Pools};
use crate::gate::rate::{Allowances, Limiter};

/// Buckets kept at most; a bucket is about 100 bytes.
const BUCKETS: usize = 50_000;

/// What the operator chose.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The address people type, for example `https://pomona.example`; without it, whatever they typed.
    pub public_url: Option<String>,
    /// Whether a proxy stands in front and its `X-Forwarded-For` is to be believed.
    pub proxied: bool,
    /// A session ends after this long without a request.
    pub session_idle: TimeDelta,
    /// A session ends after this long in any case.
    pub session_length: TimeDelta,
    /// How often each kind of caller may ask.
    pub allowances: Allowances,
    /// How many requests are worked on at once.
    pub places: Places,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            public_url: None,
            proxied: false,
            session_idle: TimeDelta::hours(12),
            session_length: TimeDelta::days(30),
            allowances: Allowances::default(),
            places: Places::default(),
        }
    }
}

impl Settings {
    /// The session cookie, which depends on whether browsers reach us over HTTPS.
    pub fn cookie(&self) -> SessionCookie {
        SessionCookie { https: self.public_url.as_deref().is_some_and(|url| url.starts_with("https://")) }
    }
}

/// The shared parts of a running server.
#[derive(Clone, Debug)]
pub struct AppState {
    /// Records, numbers and the clock.
    pub engine: Engine,
    /// What the operator chose.
    pub settings: Arc<Settings>,
    /// How often who asked lately.
    pub limiter: Arc<Limiter>,
    /// How much is worked on at once.
    pub pools: Pools,
    /// Hashes passwords, a few at a time.
    pub hasher: Hasher,
    /// Renders the process's figures.
    pub metrics: PrometheusHandle,
    /// Names requests.
    pub requests: Arc<RequestNames>,
    /// Cancelled when the server stops, so that live streams end.
    pub stop: CancellationToken,
}

/// The process's figures: there is one recorder per process, whoever asks for it first.
static FIGURES: LazyLock<PrometheusHandle> = LazyLock::new(|| {
    let recorder = PrometheusBuilder::new().build_recorder();
    let handle = recorder.handle();
    if metrics::set_global_recorder(recorder).is_err() {
        tracing::warn!("something else already records the process's figures; /metrics will be empty");
    }
    handle
});

/// Why a server's state could not be made.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// Password hashing does not work here.
    #[error("passwords cannot be hashed on this machine")]
    Password(#[from] PasswordError),
    /// There is no randomness for secrets.
    #[error("secrets cannot be made on this machine")]
    Randomness(#[from] NoRandomness),
}

impl AppState {
    /// Puts the parts together; hashes one decoy password, which takes a moment.
    pub fn new(engine: Engine, settings: Settings, stop: CancellationToken) -> Result<Self, StateError> {
        Ok(Self {
            engine,
            limiter: Arc::new(Limiter::new(settings.allowances, BUCKETS)),
            pools: Pools::new(settings.places),
            settings: Arc::new(settings),
            hasher: Hasher::new()?,
            metrics: FIGURES.clone(),
            requests: Arc::new(RequestNames::new(secret::boot_id()?)),
            stop,
        })
    }
}

impl FromRef<AppState> for Engine {
    fn from_ref(app: &AppState) -> Self {
        app.engine.clone()
    }
}

/// Names requests: a word for this run of the process and a count.
#[derive(Debug)]
pub struct RequestNames {
    run: String,
    count: AtomicU64,
}

impl RequestNames {
    /// Starts counting under the name `run`.
    pub fn new(run: String) -> Self {
        Self { run, count: AtomicU64::new(0) }
    }

    /// The next name, such as `5f3a09c1-17`.
    pub fn next(&self) -> String {
        format!("{}-{}", self.run, self.count.fetch_add(1, Ordering::Relaxed) + 1)
    }
}
