//! How the program ends.

use std::process::ExitCode;

use crate::progress::say;

/// A comparison found a difference.
pub(crate) const DIFFERENT: u8 = 1;
/// Bad usage or input; also what clap exits with.
pub(crate) const USAGE: u8 = 2;
/// `check` has nothing to compare with: no baseline, or that of another study.
pub(crate) const INCOMPARABLE: u8 = 3;
/// `check` cannot tell: an interval does not decide.
pub(crate) const INCONCLUSIVE: u8 = 4;
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

/// The error and its causes, each said once: some messages hold their cause already. Where a name is
/// nearly one of those expected, that one.
fn told(error: &anyhow::Error) -> String {
    let mut told = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if told.is_empty() {
            told = cause;
        } else if !told.contains(&cause) {
            told = format!("{told}: {cause}");
        }
    }
    match trace::error::did_you_mean(&told).filter(|_| !told.contains("\nhint: ")) {
        Some(hint) => format!("{told}\nhint: {hint}"),
        None => told,
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    /// The child of the next test: a bug.
    #[test]
    #[ignore = "ends the process; the next test starts it"]
    fn a_bug() {
        install_panic_message();
        panic!("a bug");
    }

    #[test]
    fn a_bug_ends_with_70_and_says_that_it_is_one() {
        let program = std::env::current_exe().unwrap();
        let args =
            ["--exact", "exit::tests::a_bug", "--ignored", "--nocapture", "--test-threads=1"];
        let output = std::process::Command::new(program).args(args).output().unwrap();
        assert_eq!(output.status.code(), Some(i32::from(INTERNAL)), "{output:?}");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(said.contains("this is a bug in cache-strategy"), "{said}");
    }
}
