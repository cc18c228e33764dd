//! Settings: read once, from arguments and the environment, and passed on. The
//! only place of the product that looks at the environment.

use std::{io::IsTerminal as _, net::SocketAddr, path::PathBuf, time::Duration};

use clap::Args;
use engine::EngineError;
use tracing_subscriber::{EnvFilter, fmt};

/// Settings every command understands.
#[derive(Debug, Clone, Args)]
pub(crate) struct Settings {
    /// Folder for the store, the lake and definitions
    #[arg(long, global = true, env = "POMONA_HOME", value_name = "DIR")]
    pub(crate) home: Option<PathBuf>,
    /// PostgreSQL to use instead of the embedded database: postgres://…
    #[arg(long, global = true, env = "POMONA_DATABASE_URL", value_name = "URL", hide_env_values = true)]
    pub(crate) database_url: Option<String>,
    /// Where the lake is, instead of the home folder
    #[arg(long, global = true, env = "POMONA_LAKE", value_name = "URL")]
    pub(crate) lake: Option<String>,
    /// Memory queries may use, in MiB
    #[arg(long, global = true, env = "POMONA_QUERY_MEMORY_MIB", default_value_t = 512)]
    pub(crate) query_memory_mib: usize,
    /// How often the inbox is sealed, in milliseconds
    #[arg(long, global = true, hide = true, default_value_t = 20_000, value_name = "N")]
    pub(crate) seal_age_ms: u64,
    /// A deliberate fault, to prove that a test would notice it (debug builds only)
    #[arg(long, global = true, hide = true, value_parser = mutant)]
    pub(crate) mutant: Option<engine::Mutant>,
    /// What to log: a level, or module=level pairs
    #[arg(long, global = true, env = "POMONA_LOG", default_value = "warn,datafusion_common=error", value_parser = levels)]
    pub(crate) log: String,
}

impl Settings {
    /// The home folder: the one given, or `pomona-data` in the current folder.
    pub(crate) fn home(&self) -> PathBuf {
        self.home.clone().unwrap_or_else(|| PathBuf::from("pomona-data"))
    }

    /// What the engine needs to open a home folder.
    pub(crate) fn engine(&self, home: PathBuf) -> engine::Settings {
        engine::Settings {
            database_url: self.database_url.clone(),
            lake_url: self.lake.clone(),
            query_memory_bytes: self.query_memory_mib << 20,
            seal_every: Duration::from_millis(self.seal_age_ms.max(1)),
            mutant: self.mutant,
            ..engine::Settings::at(home)
        }
    }

    /// The same for a command that only reads: there must be a home.
    pub(crate) fn existing(&self) -> Result<engine::Settings, EngineError> {
        let settings = self.engine(self.home());
        settings.must_exist()?;
        Ok(settings)
    }
}

/// Where and how to serve.
#[derive(Debug, Clone, Args)]
pub(crate) struct Listening {
    /// Address to listen on; port 0 takes any free one
    #[arg(long, env = "POMONA_LISTEN", default_value = "127.0.0.1:8080", value_name = "ADDR")]
    pub(crate) listen: SocketAddr,
    /// Another address that only takes events, on threads of its own, so that pages cannot slow it
    #[arg(long, env = "POMONA_INGEST_LISTEN", value_name = "ADDR")]
    pub(crate) ingest_listen: Option<SocketAddr>,
    /// Address people type, where a proxy stands in front
    #[arg(long, env = "POMONA_PUBLIC_URL", value_name = "URL", value_parser = web_address)]
    pub(crate) public_url: Option<String>,
    /// Believe the proxy's X-Forwarded-For
    #[arg(long, env = "POMONA_PROXIED")]
    pub(crate) proxied: bool,
    /// Print one line of JSON once it serves, for scripts
    #[arg(long)]
    pub(crate) ready_json: bool,
}

/// Sends logs to standard error, in colours where a person reads them.
pub(crate) fn log(settings: &Settings) {
    let colours = std::io::stderr().is_terminal();
    let filter = EnvFilter::new(&settings.log);
    fmt().with_env_filter(filter).with_ansi(colours).with_writer(std::io::stderr).init();
}

/// What to log, if it can be understood.
fn levels(words: &str) -> Result<String, String> {
    let understood = EnvFilter::try_new(words).map_err(|error| error.to_string());
    understood.map(|_| words.to_owned())
}

/// The address of a website, without a slash at its end.
fn web_address(text: &str) -> Result<String, String> {
    let address = text.trim_end_matches('/');
    let host = address.strip_prefix("https://").or_else(|| address.strip_prefix("http://"));
    match host {
        Some(host) if !host.is_empty() && !host.contains(char::is_whitespace) => Ok(address.to_owned()),
        _ => Err("write it like https://pomona.example.com".to_owned()),
    }
}

/// The deliberate faults there are; a release build has none.
fn mutant(word: &str) -> Result<engine::Mutant, String> {
    match word {
        _ if !cfg!(debug_assertions) => Err("a release build has no mutants".to_owned()),
        "ack-before-commit" => Ok(engine::Mutant::AckBeforeCommit),
        "sync-normal" => Ok(engine::Mutant::SyncNormal),
        "swallow-errors" => Ok(engine::Mutant::SwallowErrors),
        "trust-compressed-size" => Ok(engine::Mutant::TrustCompressedSize),
        _ => Err("there is no such mutant in this build".to_owned()),
    }
}
