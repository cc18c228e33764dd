//! `pomona demo`: a synthetic company in a home of its own, a server, and links to click for each kind of
//! colleague. Everything is made up from one seed, so two people with the same seed see the same company.

use std::{
    fs,
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};
use clap::Args;
use engine::{Clock, Engine, demo, serving::Claim};
use serde_json::{Value, json};
use web::server::Server;

use super::{
    intake::{self, Intake},
    serve::{Told, address, until_stopped},
};
use crate::{
    memory, print,
    settings::{Listening, Settings},
};

/// The file in the home that holds its keys.
const KEYS: &str = "demo.json";

/// Weeks of signals that the demo has behind it when it opens.
const PAST_WEEKS: u64 = 12;

/// Makes a synthetic company, serves it, and prints links to click.
///
/// Example: pomona demo --accounts 500 --home demo-home
#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// Accounts of the company
    #[arg(long, default_value_t = 500, value_parser = clap::value_parser!(u32).range(1..=200_000))]
    accounts: u32,
    /// Decides every detail of the company
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Events per account and year
    #[arg(long, default_value_t = 2_000)]
    events: u32,
    #[command(flatten)]
    listening: Listening,
}

impl Demo {
    pub(crate) async fn run(self, settings: &Settings) -> anyhow::Result<()> {
        let server = Server::bind(self.listening.listen).await?;
        let intake = intake::bind(self.listening.ingest_listen)?;
        let url = address(&server, &self.listening);
        let home = Home::of(settings)?;
        let clock = Clock::System;
        let engine_settings = settings.engine(home.path.clone());
        let _claim = Claim::of(&engine_settings)?;
        let bar = print::progress();
        let plan = demo::Demo {
            seed: self.seed,
            accounts: self.accounts as usize,
            events: self.events,
            past_weeks: PAST_WEEKS,
            today: clock.today(),
        };
        let built = demo::build(&engine_settings, plan, clock.now(), &mut |progress| {
            bar.set_message(progress.stage);
            bar.set_length(progress.total as u64);
            bar.set_position(progress.done as u64);
        })
        .await?;
        bar.finish_and_clear();
        if !built {
            home.must_hold_keys()?;
        }
        let engine = Engine::open(&engine_settings, clock).await?;
        if built {
            home.keep_keys(&engine).await?;
            engine.close().await?;
            // What making the company took is several times what serving it takes. The claim ends here and is made again.
            return Err(memory::begin_anew()).context("the company is made, but cannot be served; begin again");
        }
        let told = Told::listen()?;
        let ready = ready(&engine, &url, intake.as_ref(), &home.path).await?;
        if self.listening.ready_json {
            print::line(&ready.to_string());
        } else {
            greet(&ready, &home);
        }
        until_stopped(server, intake, engine, &self.listening, told).await
    }
}

/// Everything a script needs to drive the demo.
async fn ready(engine: &Engine, url: &str, intake: Option<&Intake>, home: &Path) -> anyhow::Result<Value> {
    let keys = read(&home.join(KEYS))?;
    let links = web::auth::demo::links(engine).await?;
    let login: serde_json::Map<String, Value> =
        links.into_iter().map(|(role, path)| (role.to_owned(), json!(format!("{url}{path}")))).collect();
    Ok(json!({
        "url": url,
        "ingest_url": intake.map(|intake| format!("http://{}", intake.address())),
        "write_key": keys["write_key"],
        "api_token": keys["api_token"],
        "login": login,
        "home": home.display().to_string(),
    }))
}

/// The home of a demo; a temporary one is named after the process and goes when the demo ends.
struct Home {
    path: PathBuf,
    temporary: bool,
}

impl Home {
    fn of(settings: &Settings) -> anyhow::Result<Self> {
        if let Some(path) = &settings.home {
            return Ok(Self { path: path.clone(), temporary: false });
        }
        let path = std::env::temp_dir().join(format!("pomona-demo-{}", std::process::id()));
        fs::create_dir_all(&path).with_context(|| format!("cannot make {}", path.display()))?;
        Ok(Self { path, temporary: true })
    }

    /// Fails where somebody can sign in, but to no demo.
    fn must_hold_keys(&self) -> anyhow::Result<()> {
        if self.path.join(KEYS).is_file() {
            return Ok(());
        }
        let path = self.path.display();
        bail!("the home {path} holds no demo: choose an empty folder, or serve what is there with `pomona serve`")
    }

    /// Writes the keys of the new company where only this user reads them.
    async fn keep_keys(&self, engine: &Engine) -> anyhow::Result<()> {
        let (path, keys) = (self.path.join(KEYS), web::auth::demo::keys(engine).await?);
        keep(&path, &keys.to_string()).with_context(|| format!("cannot write {}", path.display()))
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        if self.temporary {
            // What cannot be removed lies in the folder for temporary files.
            let _ = fs::remove_dir_all(&self.path);
        }
    }
}

fn keep(path: &Path, text: &str) -> io::Result<()> {
    let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())
}

fn read(path: &Path) -> anyhow::Result<Value> {
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    serde_json::from_str(&text).with_context(|| format!("cannot read {}", path.display()))
}

fn greet(ready: &Value, home: &Home) {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    print::note("");
    print::note("A company of your own, made up down to the last click. Open one of these:");
    print::note("");
    for (role, label) in
        [("csm", "as a CSM"), ("manager", "as a manager"), ("executive", "as an executive"), ("admin", "as the admin")]
    {
        print::note(&format!("  {label:<16} {}", text(&ready["login"][role])));
    }
    print::note("");
    print::note(&format!(
        "  send events to   {}/v1/batch with write key {}",
        text(&ready["url"]),
        text(&ready["write_key"])
    ));
    print::note(&format!("  API              {}/api with token {}", text(&ready["url"]), text(&ready["api_token"])));
    let fate = if home.temporary { "removed when you stop" } else { "kept" };
    print::note(&format!("  data             {} ({fate})", text(&ready["home"])));
    print::note("");
    print::note("Stop with Ctrl-C.");
}
