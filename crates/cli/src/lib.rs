//! `pomona`: settings and wiring. Every command reads its settings here, opens
//! the engine, and prints; what it means is decided elsewhere. Exit codes: 0 for
//! done, 1 for failed with a sentence saying why, 2 for a command nobody has.

mod command;
mod memory;
mod print;
mod remote;
mod settings;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use settings::Settings;

/// The open-source customer success platform: who is healthy, who will leave, why, and what to do.
#[derive(Debug, Parser)]
#[command(name = "pomona", bin_name = "pomona", version, propagate_version = true)]
struct Arguments {
    #[command(flatten)]
    settings: Settings,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Demo(command::demo::Demo),
    Serve(command::serve::Serve),
    #[command(subcommand)]
    Import(command::import::Import),
    SingerTarget(command::singer_target::SingerTarget),
    Snapshot(command::snapshot::Snapshot),
    Query(command::query::Query),
    Revenue(command::revenue::Revenue),
    Forecast(command::forecast::ForecastCommand),
    #[command(subcommand)]
    Config(command::config::Config),
    #[command(subcommand)]
    Clv(command::clv::Clv),
}

/// Does what the command line says.
pub fn run() -> ExitCode {
    let arguments = Arguments::parse();
    settings::log(&arguments.settings);
    // A query is over before what it freed would be missed elsewhere, and a quarter slower where nothing is kept.
    if !matches!(arguments.command, Command::Query(_)) {
        memory::give_back_what_is_free();
    }
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&anyhow::Error::new(error).context("cannot start: no threads to be had")),
    };
    match runtime.block_on(carry_out(arguments)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error),
    }
}

async fn carry_out(Arguments { settings, command }: Arguments) -> anyhow::Result<()> {
    match command {
        Command::Demo(demo) => demo.run(&settings).await,
        Command::Serve(serve) => serve.run(&settings).await,
        Command::Import(import) => import.run(&settings).await,
        Command::SingerTarget(target) => target.run(&settings).await,
        Command::Snapshot(snapshot) => snapshot.run(&settings).await,
        Command::Query(query) => query.run(&settings).await,
        Command::Revenue(revenue) => revenue.run(&settings).await,
        Command::Forecast(forecast) => forecast.run(&settings).await,
        Command::Config(config) => config.run(&settings),
        Command::Clv(clv) => clv.run(&settings).await,
    }
}

fn fail(error: &anyhow::Error) -> ExitCode {
    print::error(&format!("error: {error:#}"));
    ExitCode::FAILURE
}
