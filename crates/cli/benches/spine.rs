//! `cargo bench [-- --quick]`: how fast the way from raw data to a decision is, in one run, each figure beside a peer or
//! a limit. The run itself is `e2e/bench.py`, which drives the finished program from outside; this hands it the program
//! in the profile of a release. Deliberately absent: assertions, since a slow machine is no defect.

use std::{
    path::Path,
    process::{Command, ExitCode},
};

fn main() -> ExitCode {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../e2e/bench.py");
    // Cargo tells every benchmark that it is one.
    let asked = std::env::args().skip(1).filter(|argument| argument != "--bench");
    let run = Command::new("python3").arg(script).args(["--binary", env!("CARGO_BIN_EXE_pomona")]).args(asked).status();
    match run {
        Ok(status) if status.success() => ExitCode::SUCCESS,
        Ok(status) => {
            eprintln!("e2e/bench.py ended with {status}");
            ExitCode::FAILURE
        }
        Err(problem) => {
            eprintln!("SKIPPED: python3, which runs e2e/bench.py, could not be started: {problem}");
            ExitCode::FAILURE
        }
    }
}
