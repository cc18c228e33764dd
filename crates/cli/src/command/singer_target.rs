//! `pomona singer-target`: the last word of `tap | pomona singer-target`. It reads what an extractor prints and prints
//! the extractor's state, and nothing else, once everything before it is stored: in the home folder of this machine, or
//! at a server. Whoever keeps the last line printed can go on from there.

use std::{
    fs,
    io::{self, BufRead, Write},
    path::PathBuf,
};

use anyhow::{Context, bail};
use clap::Args;
use engine::{
    Clock, Engine,
    tap::{self, Tap, TapError, TapReport},
};
use serde::Deserialize;

use crate::{
    print,
    remote::{Remote, Upload},
    settings::Settings,
};

/// Stores what an extractor prints (Singer or Airbyte messages) and prints its state.
///
/// Example: tap-stripe --config c.json --state s.json | pomona singer-target --preset stripe >> state.jsonl
#[derive(Debug, Args)]
pub(crate) struct SingerTarget {
    /// A JSON file with any of the settings below, as Singer runners pass it
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// A server to send to instead of the home folder: https://…
    #[arg(long, env = "POMONA_URL", value_name = "URL")]
    url: Option<String>,
    /// Certificates (PEM) of the authority that vouches for the server, where it is not one of the public web
    #[arg(long, env = "POMONA_CA_FILE", value_name = "FILE")]
    ca_file: Option<PathBuf>,
    /// An API token with the scope events:write, or a source's write key, for the server
    #[arg(long, env = "POMONA_TOKEN", hide_env_values = true, value_name = "TOKEN")]
    token: Option<String>,
    /// Which mapping to use while the source has none of its own: stripe, hubspot, …
    #[arg(long)]
    preset: Option<String>,
    /// The key of the source in the home folder
    #[arg(long)]
    source: Option<String>,
}

/// The same, as a file.
#[derive(Debug, Default, Deserialize)]
struct Config {
    home: Option<PathBuf>,
    url: Option<String>,
    ca_file: Option<PathBuf>,
    token: Option<String>,
    preset: Option<String>,
    source: Option<String>,
}

impl SingerTarget {
    pub(crate) async fn run(self, settings: &Settings) -> anyhow::Result<()> {
        let config = match &self.config {
            Some(path) => read(path)?,
            None => Config::default(),
        };
        let preset = self.preset.or(config.preset).unwrap_or_else(|| "generic".to_owned());
        if let Some(url) = self.url.or(config.url) {
            let token = self.token.or(config.token).context("a server asks for a token: pass --token")?;
            let authorities = self.ca_file.or(config.ca_file);
            let remote = Remote::new(&url, &token, &preset, authorities.as_deref())?;
            return tokio::task::spawn_blocking(move || send(&remote)).await?;
        }
        let source = self.source.or(config.source).unwrap_or_else(|| format!("singer-{preset}"));
        store(settings, config.home, &source, &preset).await
    }
}

fn read(path: &PathBuf) -> anyhow::Result<Config> {
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    serde_json::from_str(&text).with_context(|| format!("{} is not a settings file", path.display()))
}

/// Stores what comes in the home folder.
async fn store(settings: &Settings, home: Option<PathBuf>, source: &str, preset: &str) -> anyhow::Result<()> {
    let home = settings.home.clone().or(home).unwrap_or_else(|| settings.home());
    let quiet = engine::Settings { background: false, book: false, ..settings.engine(home) };
    let engine = Engine::open(&quiet, Clock::System).await?;
    let outcome = listen(&engine, source, preset).await;
    engine.close().await?;
    let report = outcome?;
    tell(&report)
}

async fn listen(engine: &Engine, source: &str, preset: &str) -> anyhow::Result<TapReport> {
    let source_id = tap::source(engine, source).await?;
    let mut tap = Tap::open(engine, source_id, preset).await?;
    for line in io::stdin().lock().lines() {
        let line = line.context("standard input cannot be read as text")?;
        match tap.line(&line).await {
            Ok(states) => pass_on(&states)?,
            Err(TapError::Line { fault, states }) => {
                pass_on(&states)?;
                bail!("{}: {fault}", fault.code);
            }
            Err(error) => return Err(error.into()),
        }
    }
    let (report, states) = tap.finish().await?;
    pass_on(&states)?;
    Ok(report)
}

/// Sends what comes to a server, in parts; prints each part's state after the server has stored it.
fn send(remote: &Remote) -> anyhow::Result<()> {
    let mut upload = Upload::default();
    for line in io::stdin().lock().lines() {
        upload.push(line.context("standard input cannot be read as text")?);
        if upload.is_full() {
            pass_on(&remote.post(&mut upload)?)?;
        }
    }
    pass_on(&remote.post(&mut upload)?)
}

/// Prints states, each on its line, and nothing else.
fn pass_on(states: &[String]) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    for state in states {
        writeln!(out, "{state}").context("the state cannot be printed")?;
    }
    out.flush().context("the state cannot be printed")
}

/// Says on standard error what became of everything.
fn tell(report: &TapReport) -> anyhow::Result<()> {
    print::note(&serde_json::to_string(report)?);
    Ok(())
}
