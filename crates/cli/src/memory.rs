//! Memory that was used once goes back to the machine. The allocator keeps what was freed for the next request, which
//! for a server that computed a whole book is several times what it goes on to need; it can be told otherwise only by
//! its environment and only before the process begins. So the process begins anew, once, under its own settings.

use std::{env, io, os::unix::process::CommandExt, process::Command};

/// The allocator's own name for how many milliseconds it keeps what is free.
const KEEPS_FREE: &str = "MIMALLOC_PURGE_DELAY";

/// Begins anew with an allocator that keeps nothing, unless the environment already says how long it keeps what is free.
pub(crate) fn give_back_what_is_free() {
    #[expect(clippy::disallowed_methods, reason = "the allocator's setting, which is nobody's argument")]
    let told = env::var_os(KEEPS_FREE).is_some();
    if !told {
        let refused = begin_anew();
        tracing::debug!(error = %refused, "the allocator keeps what is free");
    }
}

/// Begins this command anew in this process, and says why it could not. Nothing of what it holds stays.
pub(crate) fn begin_anew() -> io::Error {
    match env::current_exe() {
        Ok(program) => Command::new(program).args(env::args_os().skip(1)).env(KEEPS_FREE, "0").exec(),
        Err(error) => error,
    }
}
