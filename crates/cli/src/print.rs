//! Where output goes: answers to standard output, everything said to a person about them to standard error, so that
//! a pipe carries only answers. Nothing else in the binary writes to either.

use std::io::{self, Write};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Prints one line of an answer; a closed pipe ends quietly.
pub(crate) fn line(text: &str) {
    let mut out = io::stdout().lock();
    // Whoever closed the pipe has read enough.
    let _ = writeln!(out, "{text}").and_then(|()| out.flush());
}

/// Standard output, for an answer of many rows.
pub(crate) fn rows() -> io::StdoutLock<'static> {
    io::stdout().lock()
}

/// Says something about the answer.
pub(crate) fn note(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// Says why a command failed.
pub(crate) fn error(text: &str) {
    note(text);
}

/// A progress bar on standard error; nothing where that is not a terminal.
pub(crate) fn progress() -> ProgressBar {
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
    if let Ok(style) = ProgressStyle::with_template("{msg:>9} {wide_bar} {pos}/{len}") {
        bar.set_style(style);
    }
    bar
}
