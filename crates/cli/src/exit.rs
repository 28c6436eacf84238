//! How the program ends.

use std::process::ExitCode;

use crate::progress::say;

/// A comparison found a difference.
pub(crate) const DIFFERENT: u8 = 1;
/// Bad usage or input; also what clap exits with.
pub(crate) const USAGE: u8 = 2;
/// A bug in this program.
pub(crate) const INTERNAL: u8 = 70;
/// Interrupted, as shells count it.
pub(crate) const INTERRUPTED: u8 = 130;

/// Prints an error, if any, and turns the outcome of a command into an exit code.
pub(crate) fn code(outcome: anyhow::Result<u8>) -> ExitCode {
    match outcome {
        Ok(code) => ExitCode::from(code),
        // A reader that closed early, as `head` does, is no error.
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            say(format!("error: {}", told(&error)));
            ExitCode::from(USAGE)
        }
    }
}

/// The error and its causes, each said once: some messages hold their cause already.
fn told(error: &anyhow::Error) -> String {
    let mut told = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if told.is_empty() {
            told = cause;
        } else if !told.contains(&cause) {
            told = format!("{told}: {cause}");
        }
    }
    told
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        cause
            .downcast_ref::<std::io::Error>()
            .is_some_and(|io| io.kind() == std::io::ErrorKind::BrokenPipe)
    })
}

/// A panic is a bug: say so, with what to report, and end with the code for it.
pub(crate) fn install_panic_message() {
    let default = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        // The Parquet decoder panics on some damaged files and is caught: that is no bug of ours.
        if frames::is_decoding() {
            return;
        }
        default(info);
        say("this is a bug in cache-strategy; please report it with the command that shows it");
        std::process::exit(i32::from(INTERNAL));
    }));
}
