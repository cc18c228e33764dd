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
use mimalloc::MiMalloc;

use settings::Settings;

/// Reading records and running queries are many small allocations from several threads, and what a big query took
/// must go back to the machine: the system's allocator keeps it (650 MiB after the demo's start instead of 200).
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

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

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    settings::log(&arguments.settings);
    memory::give_back_what_is_free();
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&anyhow::Error::new(error).context("cannot start: no threads to be had")),
    };
    match runtime.block_on(run(arguments)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error),
    }
}

async fn run(Arguments { settings, command }: Arguments) -> anyhow::Result<()> {
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
