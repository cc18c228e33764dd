//! `pomona serve`: opens a home folder, serves it until told to stop, then seals
//! what has arrived. The first time, it prints the link that sets up the admin.

use anyhow::Context;
use clap::Args;
use engine::{Clock, Engine, serving::Claim};
use serde_json::json;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;
use web::{AppState, server::Server};

use super::intake::{self, Intake};
use crate::{
    print,
    settings::{Listening, Settings},
};

/// Serves a home folder.
///
/// Example: pomona serve --home /var/lib/pomona --listen 127.0.0.1:8080
#[derive(Debug, Args)]
pub(crate) struct Serve {
    #[command(flatten)]
    listening: Listening,
}

impl Serve {
    pub(crate) async fn run(self, settings: &Settings) -> anyhow::Result<()> {
        let server = Server::bind(self.listening.listen).await?;
        let intake = intake::bind(self.listening.ingest_listen)?;
        let url = address(&server, &self.listening);
        let home = settings.engine(settings.home());
        let _claim = Claim::of(&home)?;
        let engine = Engine::open(&home, Clock::System).await?;
        let setup = web::auth::link::setup(&engine).await?;
        let told = Told::listen()?;
        if self.listening.ready_json {
            let setup = setup.map(|path| format!("{url}{path}"));
            let ingest = intake.as_ref().map(|intake| format!("http://{}", intake.address()));
            print::line(&json!({ "url": url, "setup": setup, "ingest_url": ingest }).to_string());
        } else {
            print::note(&format!("Pomona serves {} at {url}", settings.home().display()));
            if let Some(path) = setup {
                print::note(&format!("Nobody can sign in yet. Set up the first admin once, here: {url}{path}"));
            }
        }
        until_stopped(server, intake, engine, &self.listening, told).await
    }
}

/// The address people type.
pub(crate) fn address(server: &Server, listening: &Listening) -> String {
    listening.public_url.clone().unwrap_or_else(|| format!("http://{}", server.address()))
}

/// Serves until an interrupt or a termination, drains, and closes the engine.
pub(crate) async fn until_stopped(
    server: Server,
    intake: Option<Intake>,
    engine: Engine,
    listening: &Listening,
    mut told: Told,
) -> anyhow::Result<()> {
    let stop = CancellationToken::new();
    let settings = web::Settings {
        public_url: listening.public_url.clone(),
        proxied: listening.proxied,
        ..web::Settings::default()
    };
    let state = AppState::new(engine.clone(), settings, stop.clone())?;
    let taking = intake.map(|intake| intake.serve(state.clone(), stop.clone())).transpose()?;
    let serving = server.run(web::router(state), web::server::Limits::default(), stop.clone());
    tokio::pin!(serving);
    tokio::select! {
        () = &mut serving => {}
        () = told.heard() => {
            stop.cancel();
            serving.await;
        }
    }
    if let Some(taking) = taking {
        taking.finished().await;
    }
    Ok(engine.close().await?)
}

/// An interrupt or a termination, heard from when this is made: whoever reads that a server is ready may stop it at once.
#[derive(Debug)]
pub(crate) struct Told {
    interrupt: Signal,
    terminate: Signal,
}

impl Told {
    pub(crate) fn listen() -> anyhow::Result<Self> {
        let listen = |kind| signal(kind).context("cannot wait for signals");
        Ok(Self { interrupt: listen(SignalKind::interrupt())?, terminate: listen(SignalKind::terminate())? })
    }

    async fn heard(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
