//! The program `cache-strategy`: arguments, progress, printing, exit codes.
//!
//! Standard output carries data, standard error carries talk. Exit codes: 0 done, 1 a comparison
//! found a difference, 2 bad usage or input, 3 `check` has nothing to compare with, 4 `check` is
//! inconclusive, 70 a bug in this program, 130 interrupted.

mod args;
mod capacity;
mod commands;
mod exit;
mod folder;
mod output;
mod progress;

use std::process::ExitCode;

use clap::Parser;

use args::{Args, Command};

fn main() -> ExitCode {
    exit::install_panic_message();
    let args = Args::parse();
    let outcome = match &args.command {
        Command::Run(run) => commands::run::run(run),
        Command::Rerun(rerun) => commands::run::rerun(rerun),
        Command::Sustain(sustain) => commands::sustain::sustain(sustain),
        Command::Test(test) => commands::test::test(test),
        Command::Validate(validate) => commands::scenario::validate(validate),
        Command::Show(show) => commands::scenario::show(show),
        Command::Schema(schema) => commands::scenario::schema(schema),
        Command::Replay(replay) => commands::replay::replay(replay),
        Command::Mrc(mrc) => commands::mrc::mrc(mrc),
        Command::Compare(compare) => commands::compare::compare(compare),
        Command::Verify(verify) => commands::verify::verify(verify),
        Command::Check(check) => commands::check::check(check),
        Command::Trend(trend) => commands::trend::trend(trend),
        Command::Audit(audit) => commands::audit::audit(audit),
        Command::Policies(policies) => commands::policies::policies(policies),
        Command::Trace(trace) => commands::trace::trace(trace),
        Command::Calibrate(calibrate) => commands::calibrate::calibrate(calibrate),
    };
    exit::code(outcome)
}
