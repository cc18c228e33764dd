//! The program `pomona`: the allocator, and a call of the command line. Everything else is in the library beside it, which
//! is compiled while the crates it rests on still are; a program has to wait for all of them.

use std::process::ExitCode;

use mimalloc::MiMalloc;

/// Reading records and running queries are many small allocations from several threads, and what a big query took
/// must go back to the machine: the system's allocator keeps it (650 MiB after the demo's start instead of 200).
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    cli::run()
}
